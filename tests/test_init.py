"""`import emotion_lib` brings nothing until it is asked for."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import emotion_lib


def test_the_version_is_the_one_that_is_installed() -> None:
    assert emotion_lib.__version__ == version("emotion_lib")


def test_rooms_are_there_without_an_import_of_their_own() -> None:
    code = "import emotion_lib; print(emotion_lib.corpora.index('tess')['id'][0], emotion_lib.audio.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "OAF_back_angry emotion_lib.audio\n"


def test_a_room_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'emotion_lib' has no attribute 'kitchen'"):
        emotion_lib.kitchen  # noqa: B018 (the access is what raises)


def test_the_import_is_light() -> None:
    code = "import sys, emotion_lib; print(sorted({'numpy', 'pandas', 'emotion_lib.corpora'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
