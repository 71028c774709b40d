"""`import emotion_lib` brings nothing until it is asked for, and turns off the telemetry of ONNX Runtime."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import emotion_lib


def printed(code: str) -> str:
    """Return what some Python prints in a new process."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_version_is_the_one_that_is_installed() -> None:
    assert emotion_lib.__version__ == version("emotion_lib")


def test_rooms_are_there_without_an_import_of_their_own() -> None:
    code = "import emotion_lib; print(emotion_lib.corpora.index('tess')['id'][0], emotion_lib.audio.__name__)"
    assert printed(code) == "OAF_back_angry emotion_lib.audio\n"


def test_a_room_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'emotion_lib' has no attribute 'kitchen'"):
        emotion_lib.kitchen  # noqa: B018 (the access is what raises)


def test_the_import_is_light() -> None:
    code = "import sys, emotion_lib; print(sorted({'numpy', 'pandas', 'emotion_lib.corpora'} & set(sys.modules)))"
    assert printed(code) == "[]\n"


@pytest.fixture
def without_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has not set the variable of ONNX Runtime, as the library did in this process."""
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)


TELEMETRY = "import os, subprocess, sys, emotion_lib; print(os.environ['ORT_DISABLE_TELEMETRY'], flush=True)\n"
IN_A_CHILD = "subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"ORT_DISABLE_TELEMETRY\"])'])"
STAND_IN = """
import sys, types
sys.modules["onnxruntime"] = types.SimpleNamespace(disable_telemetry_events=lambda: print("no more events"))
"""


@pytest.mark.usefixtures("without_a_choice")
def test_telemetry_is_off_in_this_process_and_its_children() -> None:
    assert printed(TELEMETRY + IN_A_CHILD) == "1\n1\n"


@pytest.mark.usefixtures("without_a_choice")
def test_onnx_runtime_that_is_imported_already_is_told_to_report_no_more() -> None:
    assert printed(STAND_IN + TELEMETRY) == "no more events\n1\n"


@pytest.mark.parametrize("choice", ["0", "1"])
def test_a_choice_that_the_user_has_made_stays(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", choice)

    assert printed(STAND_IN + TELEMETRY) == f"{choice}\n"


def test_onnx_runtime_has_the_switch_that_the_library_turns() -> None:
    import onnxruntime

    onnxruntime.disable_telemetry_events()
