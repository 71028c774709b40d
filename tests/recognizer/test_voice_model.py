"""Enrolment on the speech encoder: voices made of numbers, each with an offset of its own."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED, SPEECH_ENCODER
from emotion_lib.recognizer.voice_model import VoiceModel, VoiceOffsets
from emotion_lib.training.voices import learn_voice_model

EMOTIONS = ("angry", "happy", "neutral", "sad")
N = 12  # statistics
PLACES = 3 * np.eye(4, N)


def speak(seed: int, n: int) -> tuple[np.ndarray, list[str]]:
    """Return `n` utterances of each emotion: the place of the emotion, an offset of the voice, and noise."""
    rng = np.random.default_rng(seed)
    emotion = [name for name in EMOTIONS for _ in range(n)]
    number = [EMOTIONS.index(name) for name in emotion]
    return (rng.normal(scale=2, size=N) + PLACES[number] + rng.normal(size=(len(emotion), N))).astype(
        np.float32
    ), emotion


def features(voices: range) -> Features:
    """Return the utterances of some voices as if they were states of the encoder."""
    spoken = [speak(seed, 10) for seed in voices]
    rows = [("a", f"s{seed}", name) for seed, (_, emotion) in zip(voices, spoken, strict=True) for name in emotion]
    table = pd.DataFrame(rows, columns=["corpus", "speaker", "emotion"]).assign(id=[str(i) for i in range(len(rows))])
    X = np.concatenate([x for x, _ in spoken])
    return Features(X, np.ones(len(X), np.int32), table, ENCODED, SPEECH_ENCODER)


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    learnt = learn_voice_model(features(range(20)))
    assert learnt is not None
    return learnt


def before(model: VoiceModel, x: np.ndarray) -> np.ndarray:
    """Return the probabilities of a recogniser that knows how emotions differ, but not this voice."""
    covariance = model.within + model.of_emotion + model.of_voice
    distance = (x @ model.transform)[:, None] - model.emotions
    squares = np.einsum("nci,ij,ncj->nc", distance, np.linalg.inv(covariance), distance)
    return np.asarray(softmax(-squares / 4, axis=1))


def share_right(probabilities: np.ndarray, emotion: list[str]) -> float:
    return float(np.mean(np.array(EMOTIONS)[probabilities.argmax(axis=1)] == emotion))


@pytest.mark.parametrize("kind", ["labelled", "neutral", "unlabelled"])
def test_a_few_utterances_of_a_voice_make_the_others_easier(model: VoiceModel, kind: str) -> None:
    gains = []
    for seed in range(100, 120):
        x, emotion = speak(seed, 20)
        shown = {"labelled": slice(0, 80, 10), "neutral": slice(40, 43), "unlabelled": slice(0, 80, 8)}[kind]
        labels = [None if kind == "unlabelled" else name for name in emotion[shown]]
        known = before(model, x)
        used = model.adapt(x[shown], labels, known[shown], emotions=EMOTIONS)
        gains.append(share_right(used.apply(known, x), emotion) - share_right(known, emotion))
    assert np.mean(gains) > 0.05


def test_a_label_of_another_vocabulary_is_refused(model: VoiceModel) -> None:
    with pytest.raises(ParameterError, match="'fear': must be one of angry, happy, neutral, sad, or None"):
        model.adapt(np.zeros((1, N)), ["fear"], np.full((1, 4), 0.25), emotions=EMOTIONS)


def test_arrays_make_the_same_model_and_the_same_offsets_again(model: VoiceModel) -> None:
    x, emotion = speak(96, 2)
    given = before(model, x)
    used = model.adapt(x, emotion, given, emotions=EMOTIONS)
    restored = VoiceOffsets.from_arrays(used.arrays(), VoiceModel.from_arrays(model.arrays()))
    np.testing.assert_array_equal(restored.apply(given, x), used.apply(given, x))


def test_a_covariance_that_is_none_is_refused(model: VoiceModel) -> None:
    with pytest.raises(ParameterError, match="of_voice: must be a covariance matrix"):
        VoiceModel.from_arrays(model.arrays() | {"of_voice": -model.of_voice})


def test_most_new_voices_count_as_similar(model: VoiceModel) -> None:
    unlike = [model.is_unlike(speak(seed, 10)[0]) for seed in range(200, 240)]
    assert np.mean(unlike) < 0.25
    assert model.is_unlike(speak(1, 10)[0] + 50)


@pytest.mark.parametrize("rows", [slice(0, 40), slice(0, 800, 10)])
def test_one_voice_or_one_utterance_of_each_emotion_shows_no_variances(rows: slice) -> None:
    known = features(range(20))
    assert learn_voice_model(known[np.arange(len(known))[rows]]) is None
