"""Calibration: truths that can be counted, and properties that hold whatever a network says."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from emotion_lib.errors import ParameterError
from emotion_lib.recognizer.calibration import (
    Calibration,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
    fit_threshold,
    reliability_curve,
)

SCORES = np.random.default_rng(0).normal(0, 1.5, (20_000, 7))
HONEST = softmax(SCORES, axis=1)
"""Probabilities of 20 000 utterances; each emotion of `TRUTH` is drawn from them, so that they mean what they say."""
TRUTH = (HONEST.cumsum(axis=1) > np.random.default_rng(1).random((20_000, 1))).argmax(axis=1)
CONFIDENCE, CORRECT = HONEST.max(axis=1), HONEST.argmax(axis=1) == TRUTH


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_scores_that_were_exaggerated_or_played_down_get_their_temperature_back(temperature: float) -> None:
    assert fit_temperature(softmax(SCORES * temperature, axis=1), TRUTH) == pytest.approx(temperature, rel=0.03)


def test_at_the_temperature_that_was_found_probabilities_mean_what_they_say() -> None:
    overconfident = softmax(SCORES * 3, axis=1)
    scaled = Calibration(temperature=fit_temperature(overconfident, TRUTH)).apply(overconfident)
    np.testing.assert_allclose(scaled, HONEST, atol=0.03)
    before, after = (
        expected_calibration_error(each.max(axis=1), each.argmax(axis=1) == TRUTH) for each in (overconfident, scaled)
    )
    assert before > 0.2
    assert after < 0.02


def test_a_weight_counts_as_so_many_utterances() -> None:
    weight = np.random.default_rng(0).integers(1, 4, 300)
    repeated = np.repeat(np.arange(300), weight)
    heard = softmax(SCORES[:300] * 3, axis=1)
    assert fit_temperature(heard, TRUTH[:300], weight=weight) == pytest.approx(
        fit_temperature(heard[repeated], TRUTH[repeated]), rel=1e-3
    )
    assert fit_threshold(CONFIDENCE[:300], CORRECT[:300], precision=0.6, weight=weight) == fit_threshold(
        CONFIDENCE[repeated], CORRECT[repeated], precision=0.6
    )


probabilities = arrays(
    np.float64, st.tuples(st.integers(1, 20), st.just(4)), elements=st.floats(0, 1, allow_subnormal=False)
).map(lambda drawn: (drawn + 1e-9) / (drawn + 1e-9).sum(axis=1, keepdims=True))


@given(probabilities, st.floats(0.05, 20))
def test_calibrated_probabilities_sum_to_1_and_keep_their_order(given_: np.ndarray, temperature: float) -> None:
    scaled = Calibration(temperature=temperature).apply(given_)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    assert ((scaled >= 0) & (scaled <= 1)).all()
    rows, order = np.arange(len(given_))[:, None], given_.argsort(axis=1)
    assert (np.diff(scaled[rows, order], axis=1) >= 0).all()


@given(probabilities)
def test_a_higher_temperature_makes_nobody_surer(given_: np.ndarray) -> None:
    sure = [Calibration(temperature=each).apply(given_).max(axis=1) for each in (0.5, 1.0, 2.0, 4.0)]
    assert (np.diff(sure, axis=0) <= 1e-12).all()


heard = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=40)
"""Pairs of confidence, in tenths so that some are equal, and whether the answer was right."""


def split(pairs: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences and answers of their own."""
    return np.array([tenth / 10 for tenth, _ in pairs]), np.array([right for _, right in pairs])


@given(heard, st.floats(0.01, 1))
def test_from_the_threshold_on_answers_are_right_as_often_as_asked_and_from_none_below(
    pairs: list[tuple[int, bool]], precision: float
) -> None:
    confidence, correct = split(pairs)
    threshold = fit_threshold(confidence, correct, precision=precision)
    enough = [each for each in set(confidence.tolist()) if correct[confidence >= each].mean() >= precision]
    assert threshold == min(enough, default=1.0)


def test_what_is_calibrated_has_no_error_and_what_is_sure_and_wrong_has_all() -> None:
    assert expected_calibration_error(CONFIDENCE, CORRECT) < 0.02
    assert expected_calibration_error(np.ones(10), np.zeros(10, dtype=bool)) == 1
    assert expected_calibration_error(np.ones(10), np.ones(10, dtype=bool)) == 0


def test_the_reliability_of_probabilities_that_mean_what_they_say_is_the_diagonal() -> None:
    curve = reliability_curve(CONFIDENCE, CORRECT)
    np.testing.assert_allclose(curve.accuracy, curve.confidence, atol=0.05)
    assert curve.weight.tolist() == [2000] * 10


def test_a_network_that_boasts_lies_below_the_diagonal_and_a_modest_one_above() -> None:
    boasting, modest = (softmax(SCORES * factor, axis=1).max(axis=1) for factor in (3, 0.3))
    assert (np.diff([*reliability_curve(boasting, CORRECT)[:2]], axis=0) < 0).all()
    assert (np.diff([*reliability_curve(modest, CORRECT)[:2]], axis=0) > 0).all()


@given(heard, st.integers(1, 30))
def test_a_reliability_curve_counts_every_utterance_once(pairs: list[tuple[int, bool]], n_bins: int) -> None:
    confidence, correct = split(pairs)
    curve = reliability_curve(confidence, correct, n_bins=n_bins)
    assert curve.weight.sum() == len(pairs)
    assert np.ptp(curve.weight) <= 1
    assert (np.diff(curve.confidence) >= -1e-12).all()
    assert np.average(curve.accuracy, weights=curve.weight) == pytest.approx(correct.mean())


def test_in_a_reliability_curve_a_weight_counts_as_so_many_utterances() -> None:
    confidence, correct = np.array([0.3, 0.5, 0.6, 0.9]), np.array([False, True, False, True])
    curve = reliability_curve(confidence, correct, n_bins=2, weight=np.array([3, 1, 1, 1]))
    assert curve.accuracy.tolist() == [0.25, 0.5]
    assert curve.confidence == pytest.approx([0.35, 0.75])
    assert curve.weight.tolist() == [4, 2]
    error = expected_calibration_error(confidence, correct, n_bins=2, weight=np.array([3, 1, 1, 1]))
    assert error == pytest.approx((4 * 0.1 + 2 * 0.25) / 6)


@given(heard)
def test_at_each_threshold_of_a_coverage_curve_that_share_is_answered_and_that_share_of_it_right(
    pairs: list[tuple[int, bool]],
) -> None:
    confidence, correct = split(pairs)
    curve = coverage_curve(confidence, correct)
    assert curve.threshold.tolist() == sorted(set(confidence.tolist()), reverse=True)
    for coverage, accuracy, threshold in zip(*curve, strict=True):
        assert coverage == pytest.approx((confidence >= threshold).mean())
        assert accuracy == pytest.approx(correct[confidence >= threshold].mean())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"temperature": 0}, r"temperature=0: must be from 0\.05 to 20\.0"),
        ({"temperature": 21}, r"temperature=21: must be from 0\.05 to 20\.0"),
        ({"temperature": float("nan")}, "temperature=nan: must be from"),
        ({"threshold": -0.1}, r"threshold=-0\.1: must be a probability, from 0 to 1"),
        ({"threshold": 1.1}, r"threshold=1\.1: must be a probability, from 0 to 1"),
    ],
)
def test_a_calibration_out_of_range_is_a_parameter_error(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        Calibration(**wrong)


@pytest.mark.parametrize(
    ("n_scores", "n_utterances", "weight", "sentence"),
    [
        (0, 0, None, "0 scores for 0 utterances: give one for each, and at least one"),
        (3, 2, None, "3 scores for 2 utterances: give one for each"),
        (3, 3, np.ones(1), "weight: 1 values for 3 utterances; give one weight for each"),
        (2, 2, np.array([1, 0]), "weight: must be positive; leave out utterances"),
    ],
)
def test_scores_utterances_and_weights_that_do_not_fit_are_refused(
    n_scores: int, n_utterances: int, weight: np.ndarray | None, sentence: str
) -> None:
    with pytest.raises(ParameterError, match=sentence):
        fit_temperature(HONEST[:n_scores], TRUTH[:n_utterances], weight=weight)
    of_confidence = (expected_calibration_error, reliability_curve, coverage_curve)
    for measure in (partial(fit_threshold, precision=0.5), *of_confidence):
        with pytest.raises(ParameterError, match=sentence):
            measure(CONFIDENCE[:n_scores], CORRECT[:n_utterances], weight=weight)


@pytest.mark.parametrize("precision", [0, -0.5, 75])
def test_a_precision_that_is_no_share_is_refused(precision: float) -> None:
    with pytest.raises(ParameterError, match=f"precision={precision}: must be above 0 and at most 1"):
        fit_threshold(CONFIDENCE, CORRECT, precision=precision)


@pytest.mark.parametrize("measure", [expected_calibration_error, reliability_curve])
def test_no_bins_are_refused(measure: Callable[..., object]) -> None:
    with pytest.raises(ParameterError, match="n_bins=0: must be a positive number"):
        measure(CONFIDENCE, CORRECT, n_bins=0)
