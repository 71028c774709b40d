"""Whether adapting to a voice helps is judged on its own recordings."""

from collections.abc import Sequence

import numpy as np
import pytest

from emotion_lib.recognizer.benefit import DIFFERENT_LABELS, DIFFERENT_VOICES, why_not_adapt
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.training.voices import learn_voice_model
from tests.recognizer.test_voice_model import EMOTIONS, before, features, speak


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    learnt = learn_voice_model(features(range(20)))
    assert learnt is not None
    return learnt


def judged(model: VoiceModel, x: np.ndarray, labels: Sequence[str | None], recording: list[int] | None = None) -> str:
    return why_not_adapt(model, x, labels, before(model, x), emotions=EMOTIONS, recording=recording)


def test_recordings_of_one_voice_are_adapted_to(model: VoiceModel) -> None:
    for seed in range(100, 110):
        x, emotion = speak(seed, 3)
        assert judged(model, x, list(emotion)) == ""
        assert judged(model, x, [None] * len(x)) == ""
        assert judged(model, x[6:9], ["neutral"] * 3) == ""


def test_labels_that_are_less_probable_than_chance_are_not(model: VoiceModel) -> None:
    for seed in range(100, 110):
        x, emotion = speak(seed, 3)
        assert judged(model, x, emotion[::-1]) == DIFFERENT_LABELS


def test_one_recording_of_each_emotion_leaves_none_to_compare_with(model: VoiceModel) -> None:
    x, _ = speak(100, 1)
    assert judged(model, x, ["sad", "angry", "happy", "neutral"]) == ""


def test_parts_of_a_recording_are_left_out_together(model: VoiceModel) -> None:
    x, emotion = speak(100, 2)
    mixed = emotion[::-1]
    assert judged(model, x, mixed, list(range(8))) == DIFFERENT_LABELS
    assert judged(model, x, mixed, [0, 0, 1, 1, 2, 2, 3, 3]) == ""  # one recording of each emotion


@pytest.mark.parametrize("label", [None, "neutral"])
def test_recordings_that_differ_more_than_those_of_a_voice_are_not(model: VoiceModel, label: str | None) -> None:
    x = np.concatenate([speak(seed, 1)[0][2:3] + 40 * np.eye(12)[seed % 12] for seed in range(100, 106)])
    assert judged(model, x.astype(np.float32), [label] * len(x)) == DIFFERENT_VOICES


def test_a_single_recording_says_nothing_against_it(model: VoiceModel) -> None:
    x, _ = speak(100, 1)
    assert judged(model, x[:1], [None]) == ""
    assert model.coherence(x[:1], before(model, x[:1])) == pytest.approx(0, abs=1e-6)
