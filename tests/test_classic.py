"""Baselines: what knowing nothing scores, and that scale is none of their business."""

import numpy as np
import pytest

from emotion_lib import classic
from emotion_lib.errors import ParameterError


def clouds(n: int = 30, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features and emotions of three clouds of points, far apart."""
    emotion = np.repeat(["angry", "happy", "sad"], n)
    centres = np.repeat([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]], n, axis=0)
    return centres + np.random.default_rng(seed).standard_normal((3 * n, 2)), emotion


def rings(n: int = 60, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features and emotions of a ring around another, which no straight border divides."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, 2 * n)
    radius = np.repeat([1.0, 4.0], n)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]), np.repeat(["neutral", "fear"], n)


def test_the_most_frequent_emotion_is_heard_in_everything() -> None:
    fitted = classic.baseline("most_frequent").fit(np.eye(3), ["sad", "happy", "sad"])
    assert fitted.predict(np.ones((2, 3))).tolist() == ["sad", "sad"]


@pytest.mark.parametrize("name", ["logistic_regression", "svm"])
def test_a_classifier_learns_what_is_easy(name: str) -> None:
    fitted = classic.baseline(name).fit(*clouds())
    X, emotion = clouds(seed=1)
    assert np.mean(fitted.predict(X) == emotion) > 0.97


@pytest.mark.parametrize("name", classic.BASELINES)
def test_the_unit_of_a_feature_changes_nothing(name: str) -> None:
    X, emotion = clouds()
    unit = np.array([1e-4, 1e4])
    plain, scaled = (classic.baseline(name).fit(each, emotion).predict(each) for each in (X, X * unit))
    np.testing.assert_array_equal(plain, scaled)


def test_only_the_svm_draws_curved_borders() -> None:
    X, emotion = rings()
    scores = {name: classic.baseline(name).fit(X, emotion).score(X, emotion) for name in classic.BASELINES}
    assert scores["svm"] == 1
    assert scores["logistic_regression"] < 0.75


@pytest.mark.parametrize("name", classic.BASELINES)
def test_the_same_seed_gives_the_same_predictions(name: str) -> None:
    X, emotion = rings()
    first, again = (classic.baseline(name, seed=3).fit(X, emotion).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_an_unknown_baseline_is_a_parameter_error() -> None:
    with pytest.raises(
        ParameterError, match="baseline 'oracle': must be one of most_frequent, logistic_regression, svm"
    ):
        classic.baseline("oracle")
