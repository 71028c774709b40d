"""What the recogniser answers to bad inputs: the odd are predicted, the rest refused in `audio`'s words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_lib import EmotionRecognizer, audio, corpora
from emotion_lib.errors import EmotionLibError, ParameterError
from tests.bad_inputs import CASES, HANDED_ON, WAV, Case

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


@pytest.mark.parametrize(
    ("x", "sr", "why"),
    [
        ({"array": np.zeros(9), "sampling_rate": 16000, "path": None}, None, r"write predict\(x\['array'\], sr=x\['sa"),
        (bytes(100), 16000, r"for samples without a header, write np\.frombuffer\(x, dtype=np\.int16\)"),
        ((path for path in ["a.wav"]), None, "for several recordings, use `predictions`, or a list"),
    ],
)
def test_what_is_nearly_a_recording_is_told_what_to_write(
    x: Any, sr: int | None, why: str, recognizer: EmotionRecognizer
) -> None:
    with pytest.raises(ParameterError, match=why):
        recognizer.predict(x, sr)


def test_a_missing_end_is_a_note_on_the_answer(recognizer: EmotionRecognizer) -> None:
    answer = recognizer.predict(WAV[:-2])
    assert answer.notes == ("2 bytes of samples fewer than its header claims",)
    assert str(answer).endswith("2 bytes of samples fewer than its header claims")


def test_channels_that_cancel_are_a_note_on_the_answers(recognizer: EmotionRecognizer) -> None:
    y, sr = audio.read(corpora.load("demo")["path"].iloc[0])
    both = np.stack([y, -y], axis=1)
    expected = recognizer.predict(y, sr)
    answer = recognizer.predict(both, sr)
    assert answer.probabilities == expected.probabilities
    assert answer.notes == ("its channels cancel each other, so that channel 1 alone is read",)
    assert recognizer.predict(both, sr, channel="left").notes == ()
    segments = list(recognizer.segments(np.tile(both, (5, 1)), sr))
    assert segments
    assert {segment.notes for segment in segments} == {answer.notes}
