"""Which part of a recording decided the answer."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from emotion_lib import audio
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer

SR = 16_000
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


def test_of_an_angry_and_a_neutral_half_the_angry_one_decides_for_angry(pretrained: EmotionRecognizer) -> None:
    halves = product(SAMPLES.glob("*_ANG_*.flac"), SAMPLES.glob("*_NEU_*.flac"))
    shares = []
    for angry, neutral in halves:
        first, second = (audio.read(path, sr=SR)[0] for path in (angry, neutral))
        for parts, is_first in (((first, second), True), ((second, first), False)):
            found = pretrained.explain(np.concatenate(parts), SR, emotion="angry")
            weight = np.maximum(found.drop, 0)
            is_angry = ((found.start + found.end) / 2 < len(parts[0]) / SR) == is_first
            shares.append(weight[is_angry].sum() / weight.sum())

    assert len(shares) == 8
    assert np.mean(np.array(shares) >= 0.75) >= 0.9


def test_the_pieces_follow_each_other_through_the_speech(pretrained: EmotionRecognizer, speech: np.ndarray) -> None:
    found = pretrained.explain(np.pad(speech, (2 * SR, SR)), SR)

    assert found.start[1:].tolist() == found.end[:-1].tolist()
    assert found.end - found.start == pytest.approx(0.2, abs=0.02)
    assert 1.5 < found.start[0] < 2.5
    assert found.end[-1] <= 2 + len(speech) / SR + 0.3
    assert len(found.drop) == len(found.start)


def test_the_answer_is_explained_unless_another_emotion_is_named(
    recognizer: EmotionRecognizer, speech: np.ndarray
) -> None:
    answer = recognizer.predict(speech, SR)
    found, other = recognizer.explain(speech, SR), recognizer.explain(speech, SR, emotion="sad")

    assert (found.emotion, other.emotion) == (answer.emotion, "sad")
    assert found.probability == pytest.approx(answer.confidence)
    assert other.probability == pytest.approx(answer.probabilities["sad"])


def test_where_there_is_nothing_to_explain_is_an_error(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    with pytest.raises(AudioError, match="recording: silence, so there is no answer to explain"):
        recognizer.explain(np.zeros(SR), SR)
    with pytest.raises(AudioError, match="recording: longer than 15 s; cut out the part to explain"):
        recognizer.explain(np.zeros(16 * SR), SR)
    with pytest.raises(ParameterError, match="emotion='bored': must be one of angry, disgust"):
        recognizer.explain(speech, SR, emotion="bored")
