"""Voice statistics and one linear step: what scikit-learn learns, folded into weights, and joined with a network."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from emotion_lib import models, training
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.training import discriminant

EMOTIONS = ("angry", "happy", "sad")
SETTINGS = FeatureSettings(sr=16000, n_fft=640, hop_length=320, n_mels=64, top_db=None)


def utterances(n: int = 30, *, emotions: tuple[str, ...] = EMOTIONS, seed: int = 0) -> Features:
    """Return mel spectrograms that move the more, the later their emotion comes."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 31, n).astype(np.int32)
    number = np.arange(n) % len(emotions)
    X = (rng.standard_normal((n, 30, 64)) * (3 + 4 * number[:, None, None]) - 40).astype(np.float32)
    X[np.arange(30) >= lengths[:, None]] = 0
    names = [f"u{i}" for i in range(n)]
    table = pd.DataFrame({"id": names, "emotion": np.array(emotions)[number], "corpus": "a", "speaker": "A"})
    return Features(X, lengths, table, "log_mel", SETTINGS)


@pytest.fixture(scope="module")
def known() -> discriminant.Discriminant:
    return discriminant.fit_discriminant(utterances())


def test_what_differs_in_its_movement_is_told_apart(known: discriminant.Discriminant) -> None:
    other = utterances(seed=1)
    assert (known.predict(other) == other.emotion).mean() > 0.8
    np.testing.assert_allclose(known.predict_proba(other).sum(axis=1), 1)


def test_without_other_voices_it_is_what_scikit_learn_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discriminant, "OTHER_VOICES", 0)
    features = utterances()
    statistics = voice_statistics(features.X, features.lengths)
    scaled = (statistics - statistics.mean(axis=0)) / (statistics.std(axis=0) + 1e-6)
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=discriminant.SHRINKAGE, priors=[1 / 3] * 3)
    reference.fit(scaled, features.emotion)
    found = discriminant.fit_discriminant(features).predict_proba(features)
    np.testing.assert_allclose(found, reference.predict_proba(scaled), atol=1e-3)


def test_two_emotions_are_two_columns() -> None:
    features = utterances(emotions=("angry", "sad"))
    known = discriminant.fit_discriminant(features)
    assert known.predict_proba(features).shape == (30, 2)
    assert (known.predict(features) == features.emotion).mean() > 0.9


def test_a_small_corpus_counts_as_much_as_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discriminant, "OTHER_VOICES", 0)
    features = utterances()
    small = features.table.index >= 20
    of_two = replace(features, table=features.table.assign(corpus=np.where(small, "b", "a")))
    doubled = features[np.sort(np.concatenate([np.arange(30), np.flatnonzero(small)]))]
    found, expected = (discriminant.fit_discriminant(each).coefficients for each in (of_two, doubled))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_seed_draws_the_other_voices() -> None:
    first, again, other = (discriminant.fit_discriminant(utterances(), seed=seed).coefficients for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_nothing_can_be_learnt_from_says_why() -> None:
    features = utterances()
    with pytest.raises(ParameterError, match="features: mfcc at sr=16000; extract log_mel with"):
        discriminant.fit_discriminant(replace(features, feature="mfcc"))
    with pytest.raises(ParameterError, match="features: log_mel at sr=None; extract log_mel with"):
        discriminant.fit_discriminant(replace(features, settings=replace(SETTINGS, sr=None)))
    with pytest.raises(ParameterError, match="features: 1 emotions in 30 utterances; at least two are needed"):
        discriminant.fit_discriminant(utterances(emotions=("sad",)))


def network(features: Features, seed: int = 0) -> training.FittedNetwork:
    """Return a small network of frames, hardly trained."""
    small = models.frame_cnn(64, n_emotions=len(EMOTIONS), channels=(2, 2, 2, 2), seed=seed)
    return training.fit(small, features, epochs=1, seed=seed)


def test_networks_and_the_discriminant_answer_with_the_product_of_their_probabilities_as_a_recogniser_too(
    known: discriminant.Discriminant,
) -> None:
    features = utterances()
    heard = training.ensemble([network(features), network(features, seed=1)])
    product = heard.predict_proba(features) * known.predict_proba(features) ** training.STATISTICS_WEIGHT
    joined = training.with_statistics(heard, known)
    expected = product / product.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(joined.predict_proba(features), expected, atol=1e-4)
    assert joined.seconds == heard.seconds + known.seconds
    exported = joined.recognizer().head
    np.testing.assert_allclose(exported.probabilities(features.X, features.lengths), expected, atol=1e-4)
    alone = exported.probabilities(features.X[:1, : features.lengths[0]])
    np.testing.assert_allclose(alone, expected[:1], atol=1e-4)


def test_both_must_know_the_same_emotions_and_frames(known: discriminant.Discriminant) -> None:
    small, two = network(utterances()), utterances(emotions=("angry", "sad"))
    other = replace(utterances(), settings=replace(SETTINGS, hop_length=160))
    with pytest.raises(ParameterError, match="discriminant: tells apart angry, sad, the network angry, happy, sad"):
        training.with_statistics(small, discriminant.fit_discriminant(two))
    with pytest.raises(ParameterError, match="discriminant: fitted on log_mel, FeatureSettings"):
        training.with_statistics(small, discriminant.fit_discriminant(other))
    with pytest.raises(ParameterError, match=r"features: log_mel, .*hop_length=160"):
        known.predict(other)


def test_of_no_utterances_there_are_no_probabilities(known: discriminant.Discriminant) -> None:
    assert known.predict_proba(utterances()[:0]).shape == (0, 3)
