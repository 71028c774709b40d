"""The discriminant on the states of the encoder: what plain algebra gives, whatever the sizes of the corpora."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED, SPEECH_ENCODER
from emotion_lib.training import encoded
from emotion_lib.training.discriminant import Discriminant
from emotion_lib.training.encoded import fit_encoded

EMOTIONS = ("angry", "happy", "sad")
EFFECTS = np.random.default_rng(1).normal(size=(len(EMOTIONS), 24))


def utterances(emotion: str = "angry happy sad", *, n: int = 10, corpus: str = "a", offset: float = 0.0) -> Features:
    """Return n utterances of each emotion of a corpus; a microphone adds an offset to all statistics."""
    names = np.repeat(emotion.split(), n)
    noise = np.random.default_rng(sum(map(ord, corpus))).normal(size=(len(names), 24))
    X = EFFECTS[[EMOTIONS.index(name) for name in names]] + noise + offset
    table = pd.DataFrame({"emotion": names, "corpus": corpus})
    return Features(X.astype(np.float32), np.ones(len(X), int), table, ENCODED, SPEECH_ENCODER)


def joined(*parts: Features) -> Features:
    """Return the utterances of several corpora."""
    X, table = np.concatenate([part.X for part in parts]), pd.concat([part.table for part in parts], ignore_index=True)
    return replace(parts[0], X=X, lengths=np.ones(len(X), int), table=table)


def scaled(X: np.ndarray) -> np.ndarray:
    """Return statistics in the units in which the discriminant measures distances."""
    weight = np.tile([1] * 4 + [encoded.DEVIATIONS] * 4, 3)
    return (X - X.mean(axis=0)) / X.std(axis=0) * np.sqrt(weight)


def assert_same(found: Discriminant, expected: Discriminant, X: np.ndarray) -> None:
    """Check that two discriminants give the same probabilities."""
    one, other = (softmax(X @ each.coefficients + each.intercept, axis=1) for each in (found, expected))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_with_one_corpus_it_equals_that_of_scikit_learn_but_for_the_temperature() -> None:
    features = utterances()
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=encoded.SHRINKAGE, priors=[1 / 3] * 3)
    expected = reference.fit(scaled(features.X), features.emotion).decision_function(scaled(features.X))
    fitted = fit_encoded(features)
    found = features.X @ fitted.coefficients + fitted.intercept

    expected, found = (scores - scores.mean(axis=1, keepdims=True) for scores in (expected, found))
    np.testing.assert_allclose(found / found.std(), expected / expected.std(), atol=1e-3)


def test_fewer_utterances_than_statistics_are_fitted_by_the_same_formula() -> None:
    rng = np.random.default_rng(0)
    within, right = rng.normal(size=(20, 24)).astype(np.float32), rng.normal(size=(24, 3))
    covariance = 0.4 * within.T @ within
    covariance += 0.6 * np.trace(within.T @ within) / 24 * np.eye(24)

    found = encoded._divided_by_covariance(right, within, 0.6)
    np.testing.assert_allclose(found, np.linalg.solve(covariance, right), atol=1e-5)


def test_the_scores_of_the_training_utterances_have_a_spread_of_1() -> None:
    features = utterances()
    fitted = fit_encoded(features)
    scores = features.X @ fitted.coefficients + fitted.intercept

    centred = scores - scores.mean(axis=1, keepdims=True)
    assert centred.std(axis=0).mean() == pytest.approx(1, abs=1e-3)


def test_the_offset_of_a_corpus_that_lacks_an_emotion_is_not_taken_for_the_emotion() -> None:
    whole, part = utterances(corpus="a", n=200), utterances("angry happy", corpus="b", n=200, offset=20.0)
    found = fit_encoded(joined(whole, part))
    again = utterances(corpus="a", n=200)

    assert (found.predict(again) == again.emotion).mean() > 0.95
    assert (found.predict(part) == part.emotion).mean() > 0.95


def test_the_means_of_emotions_are_those_without_the_offset() -> None:
    corpus, Z = np.array(["a"] * 3 + ["b"] * 2), EFFECTS[[0, 1, 2, 0, 1]]
    share = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [0, 0, 1, 0, 0]]) / np.array([3, 3, 3, 2, 2]) / 2
    offsets = np.where(corpus == "b", 20.0, 0.0)[:, None]
    means, centre = encoded._means_in_every_corpus(Z + offsets, share, corpus)

    np.testing.assert_allclose(means, EFFECTS - EFFECTS.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(centre, EFFECTS.mean(axis=0) + 10, atol=1e-12)


def test_means_of_corpora_that_have_all_emotions_are_plain_means() -> None:
    corpus = np.repeat(["a", "b"], 3)
    Z = np.random.default_rng(0).normal(size=(6, 24))
    means, centre = encoded._means_in_every_corpus(Z, np.tile(np.eye(3), 2) / 6, corpus)

    np.testing.assert_allclose(means + centre, (Z[:3] + Z[3:]) / 2, atol=1e-12)


@pytest.mark.parametrize("chosen", ["emotion == 'sad'", "corpus == 'b'"], ids=["an emotion", "a corpus"])
def test_more_utterances_of_the_same_kind_change_nothing(chosen: str) -> None:
    features = joined(utterances(), utterances(corpus="b", offset=1.0))
    more = features.table.query(chosen).index.to_numpy()

    assert_same(fit_encoded(joined(features, features[more])), fit_encoded(features), features.X)


def test_a_weight_of_nearly_0_leaves_a_corpus_out() -> None:
    one, other = utterances(), utterances(corpus="b", offset=1.0)
    found = fit_encoded(joined(one, other), corpus_weights={"b": 1e-9})

    assert_same(found, fit_encoded(one), one.X)


def test_equal_weights_are_no_weights() -> None:
    features = joined(utterances(), utterances(corpus="b", offset=1.0))

    assert_same(fit_encoded(features, corpus_weights={"a": 3.0, "b": 3.0}), fit_encoded(features), features.X)


def test_a_statistic_that_never_changes_does_no_harm() -> None:
    features = utterances()
    features.X[:, 3] = 0.1

    assert np.isfinite(fit_encoded(features).predict_proba(features)).all()


def test_only_the_states_of_the_encoder_with_two_emotions_are_taken() -> None:
    with pytest.raises(ParameterError, match="features: mean_mfcc; extract encoder_statistics"):
        fit_encoded(replace(utterances(), feature="mean_mfcc"))
    with pytest.raises(ParameterError, match="features: 1 emotions in 10 utterances; at least two are needed"):
        fit_encoded(utterances("sad"))


def test_its_recogniser_gives_the_same_probabilities() -> None:
    features = utterances()
    wide = replace(features, X=np.tile(features.X, 128))  # as many statistics as the encoder gives
    fitted = fit_encoded(wide)
    recognizer = fitted.recognizer()

    assert (recognizer.emotions, recognizer.feature, recognizer.settings) == (EMOTIONS, ENCODED, SPEECH_ENCODER)
    np.testing.assert_allclose(recognizer.head.probabilities(wide.X), fitted.predict_proba(wide), atol=1e-4)
