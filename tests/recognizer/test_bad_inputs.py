"""What the recogniser answers to bad inputs: the odd are predicted, the rest refused in `audio`'s words."""

from pathlib import Path

import pytest

from emotion_lib import EmotionRecognizer
from emotion_lib.errors import EmotionLibError
from tests.bad_inputs import CASES, HANDED_ON, Case

NOBODY_SPEAKS = {
    "silence": "silence",
    "3 hours in a FLAC": "silence",
    "8 channels": "no speech",
    "a length of 0": "no speech",
    "MP3": "no speech",
}
"""Odd recordings, and why their emotion is unknown."""


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load()


def named(names: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [case for case in CASES if case.id in names], ids=lambda case: case.id)  # type: ignore[operator]


@named(NOBODY_SPEAKS)
def test_what_can_be_read_is_predicted(case: Case, recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    with case.source(tmp_path) as source:
        assert recognizer.predict(source).reason == NOBODY_SPEAKS[case.id]


@named(HANDED_ON)
def test_what_cannot_be_read_is_refused_in_the_same_sentence(
    case: Case, recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    with case.source(tmp_path) as source, pytest.raises(EmotionLibError) as caught:
        recognizer.predict(source)
    assert case.is_said_by(caught.value, tmp_path)
