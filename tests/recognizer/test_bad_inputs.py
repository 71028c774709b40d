"""What the recogniser answers to bad inputs: the odd are predicted, the rest refused in `audio`'s words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_lib import EmotionRecognizer, audio, corpora
from emotion_lib.errors import EmotionLibError, ParameterError
from tests.bad_inputs import CASES, HANDED_ON, WAV, Case, encoded

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


@pytest.mark.parametrize("channel", ["left", "right", 2])
@pytest.mark.parametrize("is_file", [True, False])
def test_a_channel_is_taken_alone_by_everything_that_takes_recordings(
    channel: audio.Channel, is_file: bool, pretrained: EmotionRecognizer
) -> None:
    voices = corpora.load("demo").groupby("speaker").first()
    (left, sr), (right, _) = (audio.read(path) for path in voices["path"][:2])
    length = min(len(left), len(right))
    both = np.stack([left[:length], right[:length]], axis=1)
    alone = both[:, int(channel != "left")]
    given: Any = ([encoded(both, rate=sr)], None) if is_file else ([both], sr)
    expected: Any = ([encoded(alone, rate=sr)], None) if is_file else ([alone], sr)

    np.testing.assert_array_equal(pretrained.embed(*given, channel=channel), pretrained.embed(*expected))
    ours, theirs = (
        pretrained.enrol(x, "neutral", rate, channel=only) for (x, rate), only in ((given, channel), (expected, None))
    )
    assert ours.predict(alone, sr) == theirs.predict(alone, sr)
    tried = [
        pretrained.enrol_and_predict(x, ["sad"], rate, channel=only).predictions
        for (x, rate), only in ((given, channel), (expected, None))
    ]
    assert tried[0] == tried[1]
    assert list(pretrained.stream([both], sr, channel=channel)) == list(pretrained.stream([alone], sr))


def test_the_vector_of_a_channel_is_not_taken_from_the_cache(
    pretrained: EmotionRecognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    path = tmp_path / "both.wav"
    path.write_bytes(encoded(rng.uniform(-0.5, 0.5, (16_000, 2))))
    channels: tuple[audio.Channel, ...] = (None, "left", "right", None)
    vectors = [pretrained.embed([path], channel=channel)[0] for channel in channels]
    assert len({vector.tobytes() for vector in vectors}) == 3
