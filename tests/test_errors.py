"""Messages print no commands to a terminal, whatever names of files they quote."""

import warnings

import pytest

from emotion_lib import errors
from emotion_lib.errors import legible

MESSAGES = [
    errors.EmotionLibError,
    errors.ParameterError,
    errors.AudioError,
    errors.CorpusError,
    errors.ModelFileError,
    errors.MissingExtraError,
    errors.CorpusWarning,
    errors.TrainingWarning,
]


@pytest.mark.parametrize("kind", MESSAGES)
def test_no_message_has_control_characters(kind: type[Exception]) -> None:
    assert str(kind("\x1b[2J\x07\u202egnp.wav\udcff: no such file")) == r"\x1b[2J\x07\u202egnp.wav\udcff: no such file"


def test_every_error_and_warning_of_the_library_is_among_them() -> None:
    public = {each for name, each in vars(errors).items() if isinstance(each, type) and not name.startswith("_")}

    assert {each for each in public if issubclass(each, Exception)} == set(MESSAGES)


def test_a_warning_that_python_prints_has_none_either() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("a\x1b[2Jb", errors.CorpusWarning, stacklevel=1)

    assert str(caught[0].message) == r"a\x1b[2Jb"


def test_what_languages_are_written_with_stays() -> None:
    text = "Überraschung, غضب, ক্ষ\u200d\nzweite Zeile"

    assert legible(text) == text
    assert legible(text, one_line=True) == text.replace("\n", r"\n")
