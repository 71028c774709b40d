"""The evidence of a base: it is used where it helps on left-out speakers, and its licence comes with it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emotion_lib import evaluation
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.bases import Base, add_by_fold, add_evidence, choose_weight, shared_head
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED, SPEECH_ENCODER
from emotion_lib.recognizer import EmotionRecognizer, Utterances
from emotion_lib.recognizer.description import describe_recognizer
from emotion_lib.recognizer.heads import LinearHead
from emotion_lib.training.encoded import fit_encoded

OF_BASE = ("angry", "fear", "happy", "neutral", "sad")
OWN = ("angry", "happy", "neutral", "sad", "müde")
LICENCE = "for tests only"


@pytest.fixture(scope="module")
def base() -> EmotionRecognizer:
    """A recogniser that finds each of its emotions in a statistic of its own."""
    coefficients = np.eye(3072, len(OF_BASE), dtype=np.float32)
    head = LinearHead(coefficients, np.arange(len(OF_BASE), dtype=np.float32))
    known = Utterances(("other/1",), (b"12345678",))
    about = {"licence": LICENCE, "version": "9"}
    return EmotionRecognizer(
        head, emotions=OF_BASE, feature=ENCODED, settings=SPEECH_ENCODER, about=about, trained_on=known
    )


def utterances(signal: float, n: int = 100) -> Features:
    """Return statistics of two speakers in which the base finds the emotions as clearly as told."""
    rng = np.random.default_rng(0)
    emotion = np.array([OWN[number % len(OWN)] for number in range(n)])
    X = rng.normal(size=(n, 3072)).astype(np.float32)
    for number, name in enumerate(OF_BASE):
        X[emotion == name, number] += signal
    ids = [f"u{number}" for number in range(n)]
    table = pd.DataFrame({"id": ids, "emotion": emotion, "corpus": "own", "text": "", "path": ids})
    table["speaker"] = np.where(np.arange(n) < n // 2, "A", "B")
    return Features(X, np.ones(n, dtype=np.int32), table, ENCODED, SPEECH_ENCODER)


def evaluated(features: Features) -> evaluation.Evaluation:
    return evaluation.evaluate(features.table, "discriminant", "leave_speaker_out", features=features)


def test_an_emotion_that_the_base_does_not_know_gets_the_mean_of_its_evidence(base: EmotionRecognizer) -> None:
    head = shared_head(base, OWN)
    X = np.random.default_rng(0).normal(size=(3, 3072))
    scores = X @ head.coefficients + head.intercept
    of_base = X[:, [0, 2, 3, 4]] + [0, 2, 3, 4]

    np.testing.assert_allclose(scores[:, :4], of_base - of_base.mean(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_array_equal(scores[:, 4], 0)


def test_a_base_that_helps_gets_weight_and_makes_the_scores_better(base: EmotionRecognizer) -> None:
    features = utterances(signal=6.0)
    before = evaluated(features)
    weighed, after, _ = Base(base, shared_head(base, OWN), OWN).weighed(features, before, None)
    right = [(each.predictions["predicted"] == each.predictions["emotion"]).mean() for each in (before, after)]

    assert weighed.weight > 0
    assert right[1] > right[0] + 0.1


def test_with_several_corpora_those_left_out_choose_the_weight(base: EmotionRecognizer) -> None:
    features = utterances(signal=6.0)
    before = evaluated(features)
    added = Base(base, shared_head(base, OWN), OWN)
    weighed, of_speakers, of_corpora = added.weighed(features, before, before)

    assert weighed.weight == choose_weight(before.predictions, added.evidence(features))
    assert of_corpora is not None
    pd.testing.assert_frame_equal(
        of_speakers.predictions, add_evidence(before.predictions, added.evidence(features), weighed.weight)
    )
    pd.testing.assert_frame_equal(of_corpora.predictions, add_by_fold(before.predictions, added.evidence(features)))


def test_a_base_that_does_not_help_is_not_used(base: EmotionRecognizer) -> None:
    features = utterances(signal=-6.0)
    before = evaluated(features)
    weighed, after, _ = Base(base, shared_head(base, OWN), OWN).weighed(features, before, None)
    seen = Utterances(("own/u0",), (bytes(8),))

    assert (weighed.weight, after) == (0.0, before)
    assert weighed.story("mine") == {
        "base": {"name": "recogniser version 9", "shared": ["angry", "happy", "neutral", "sad"], "weight": 0.0},
        "licence": "mine",
    }
    assert weighed.trained_on(seen) == seen


def test_the_sum_is_one_linear_head_that_predicts_as_the_evaluation_does(base: EmotionRecognizer) -> None:
    features = utterances(signal=2.0)
    added = Base(base, shared_head(base, OWN), OWN, weight=0.5)
    fitted = fit_encoded(features)
    own = pd.DataFrame(fitted.predict_proba(features), columns=list(OWN))
    expected = add_evidence(features.table.join(own), added.evidence(features), 0.5)

    np.testing.assert_allclose(added.add_to(fitted).predict_proba(features), expected[list(OWN)], atol=1e-4)
    np.testing.assert_array_equal(added.add_to(fitted).predict(features), expected["predicted"])


def test_each_fold_gets_the_weight_that_is_best_on_the_others(base: EmotionRecognizer) -> None:
    features = utterances(signal=6.0)
    predictions = evaluated(features).predictions
    found = Base(base, shared_head(base, OWN), OWN).evidence(features)
    second = predictions["fold"] == "2"
    expected = add_evidence(predictions[second], found, choose_weight(predictions[~second], found))

    pd.testing.assert_frame_equal(add_by_fold(predictions, found)[second], expected)


def test_its_licence_and_its_utterances_come_with_it(base: EmotionRecognizer) -> None:
    added = Base(base, shared_head(base, OWN), OWN, weight=1.0)
    fitted = added.add_to(fit_encoded(utterances(signal=2.0)))
    about = {"model": "discriminant", "seed": 0, "corpora": {"own": {"utterances": 100, "speakers": 2}}}
    made = fitted.recognizer(about=about | added.story("mine"), trained_on=added.trained_on(Utterances()))
    said = describe_recognizer(made)

    assert made.trained_on == base.trained_on
    assert f"Licence: mine; the base: {LICENCE}" in said
    assert "Base: recogniser version 9, which shares angry, happy, neutral, sad; weight 1.0" in said


def test_a_base_that_cannot_be_used_is_a_sentence(base: EmotionRecognizer) -> None:
    table = utterances(signal=0.0).table
    with pytest.raises(ParameterError, match=r"base: it shares 3 emotions with the labels \(angry, happy, sad\)"):
        Base.of(base, "discriminant", table, ("angry", "happy", "sad", "müde"))
    with pytest.raises(ParameterError, match="base: cannot be added to the model frame_cnn; train discriminant"):
        Base.of(base, "frame_cnn", table, OWN)
    network = EmotionRecognizer(
        LinearHead(np.ones((40, 2), np.float32), np.ones(2, np.float32)),
        emotions=("angry", "sad"),
        feature="mean_mfcc",
        settings=replace(SPEECH_ENCODER, trim_speech=False),
    )
    with pytest.raises(ParameterError, match="must be a weighted sum of encoder_statistics"):
        Base.of(network, "discriminant", table, OWN)


def test_a_base_must_not_know_the_recordings(base: EmotionRecognizer, tmp_path: object) -> None:
    table = utterances(signal=0.0).table.assign(corpus="other", id=[f"{number}" for number in range(100)])
    table["corpus"], table["path"] = "other", __file__
    with pytest.raises(ParameterError, match="base: it was trained on 1 of these 100 recordings"):
        Base.of(base, "discriminant", table, OWN)
