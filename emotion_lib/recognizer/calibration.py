"""Calibrate probabilities for new voices, and choose the threshold below which the answer is "I don't know"."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from emotion_lib.errors import ParameterError, is_number

SMALLEST_PROBABILITY = 1e-7
"""Probability below which the logarithm goes no lower, so that it is finite for 0."""

_LOWEST, _HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Calibration:
    """Temperature and threshold for the probabilities of a network.

    Parameters
    ----------
    temperature : float > 0
        Values above 1 make the probabilities more equal, values below 1 less equal; the order of the emotions stays
        the same.
    threshold : float in [0, 1]
        Below this probability the answer is `unknown`.

    Raises
    ------
    ParameterError
        If a value is outside its range.

    Examples
    --------
    >>> Calibration(temperature=2.0).apply(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.75, 0.25]]
    """

    temperature: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not (is_number(self.temperature) and _LOWEST <= self.temperature <= _HIGHEST):
            raise ParameterError(f"temperature={self.temperature!r}: must be from {_LOWEST} to {_HIGHEST}")
        if not (is_number(self.threshold) and 0 <= self.threshold <= 1):
            raise ParameterError(f"threshold={self.threshold!r}: must be a probability, from 0 to 1")

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Scale probabilities by the temperature.

        Parameters
        ----------
        probabilities : ndarray of shape (n_utterances, n_emotions)
            The probabilities of a network.

        Returns
        -------
        ndarray of the same shape, float64
            Each row sums to 1.
        """
        scores = (
            np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), SMALLEST_PROBABILITY)) / self.temperature
        )
        return np.asarray(softmax(scores, axis=1))


class ReliabilityCurve(NamedTuple):
    """Accuracy over confidence; each array has one entry per bin, from the least to the most confident.

    Parameters
    ----------
    confidence : ndarray of shape (n_bins,)
        Mean confidence of the answers.
    accuracy : ndarray of shape (n_bins,)
        Share of the answers that are correct.
    weight : ndarray of shape (n_bins,)
        Number of utterances, or the sum of their weights.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    weight: np.ndarray


class CoverageCurve(NamedTuple):
    """Accuracy of the most confident answers; each array has one entry per threshold, the highest threshold first.

    Parameters
    ----------
    coverage : ndarray of shape (n_thresholds,)
        Share of the utterances that are answered, increasing to 1.
    accuracy : ndarray of shape (n_thresholds,)
        Share of these answers that are correct.
    threshold : ndarray of shape (n_thresholds,)
        The lowest confidence at which an answer is given.
    """

    coverage: np.ndarray
    accuracy: np.ndarray
    threshold: np.ndarray


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray, *, weight: np.ndarray | None = None) -> float:
    """Find the temperature that maximises the likelihood of the true emotions.

    Parameters
    ----------
    probabilities : ndarray of shape (n_utterances, n_emotions)
        Probabilities for speakers that the network was not trained on.
    truth : ndarray of shape (n_utterances,), int
        Column of the acted emotion.
    weight : ndarray of shape (n_utterances,), > 0, optional
        Weight of each utterance; by default all utterances count equally.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If there are no utterances, if scores, utterances and weights differ in number, or if a weight is not positive.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern neural networks.
    arXiv:1706.04599

    Examples
    --------
    A network that is very confident, and wrong half the time:

    >>> fit_temperature(np.array([[0.99, 0.01]] * 2), np.array([0, 1])) > 10
    True
    """
    from scipy.optimize import minimize_scalar  # slow to import, and not needed to predict

    weights = _checked_weights(probabilities, truth, weight)

    def surprise(log_temperature: float) -> float:
        scaled = Calibration(temperature=float(np.exp(log_temperature))).apply(probabilities)
        return float(-np.average(np.log(scaled[np.arange(len(truth)), truth]), weights=weights))

    # On a logarithmic scale, halving and doubling the temperature are steps of equal size.
    found = minimize_scalar(surprise, bounds=(np.log(_LOWEST), np.log(_HIGHEST)), method="bounded")
    return float(np.exp(found.x))


def fit_threshold(
    confidence: np.ndarray, correct: np.ndarray, *, precision: float, weight: np.ndarray | None = None
) -> float:
    """Find the lowest threshold at which the share of correct answers reaches a precision.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion is the acted emotion.
    precision : float in (0, 1]
        The share of the answers that must be correct.
    weight : ndarray of shape (n_utterances,), > 0, optional
        Weight of each utterance; by default all utterances count equally.

    Returns
    -------
    float
        The threshold; 1.0 if no threshold reaches the precision.

    Raises
    ------
    ParameterError
        If there are no utterances, if scores, utterances and weights differ in number, if a weight is not positive, or
        if `precision` is not above 0 and at most 1.

    Examples
    --------
    >>> fit_threshold(np.array([0.2, 0.5, 0.8, 0.9]), np.array([False, False, True, True]), precision=0.6)
    0.5
    """
    if not 0 < precision <= 1:
        raise ParameterError(f"precision={precision}: must be above 0 and at most 1")
    curve = coverage_curve(confidence, correct, weight=weight)
    enough = np.flatnonzero(curve.accuracy >= precision)
    return float(curve.threshold[enough[-1]]) if len(enough) else 1.0


def coverage_curve(confidence: np.ndarray, correct: np.ndarray, *, weight: np.ndarray | None = None) -> CoverageCurve:
    """Compute the accuracy of the answers when only the most confident ones are given.

    If confidence is informative, a recogniser that answers "I don't know" more often is correct more often. If it is
    not, the curve is flat.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion is the acted emotion.
    weight : ndarray of shape (n_utterances,), > 0, optional
        Weight of each utterance; by default all utterances count equally.

    Returns
    -------
    CoverageCurve
        One entry for each distinct confidence; equally confident answers are counted together.

    Raises
    ------
    ParameterError
        If there are no utterances, if scores, utterances and weights differ in number, or if a weight is not positive.

    References
    ----------
    El-Yaniv, R. and Wiener, Y. (2010). On the foundations of noise-free selective classification. Journal of Machine
    Learning Research 11, 1605-1641.

    Examples
    --------
    >>> curve = coverage_curve(np.array([0.9, 0.8, 0.5, 0.5]), np.array([True, True, False, True]))
    >>> curve.coverage.tolist(), curve.accuracy.tolist(), curve.threshold.tolist()
    ([0.25, 0.5, 1.0], [1.0, 1.0, 0.75], [0.9, 0.8, 0.5])

    Notebook: 05_second_chance
    """
    weights = _checked_weights(confidence, correct, weight)
    order = np.argsort(-confidence, kind="stable")
    weights = weights[order]
    answered, right = np.cumsum(weights), np.cumsum(weights * correct[order])
    last = np.append(np.diff(confidence[order]) < 0, True)
    accuracy = right[last] / answered[last]
    return CoverageCurve(answered[last] / answered[-1], accuracy, confidence[order][last])


def reliability_curve(
    confidence: np.ndarray, correct: np.ndarray, *, n_bins: int = 10, weight: np.ndarray | None = None
) -> ReliabilityCurve:
    """Compare the confidence of the answers with their accuracy.

    Utterances are sorted into bins of equal size by their confidence, so that every point is equally reliable. Above
    the diagonal the network is underconfident, below it overconfident.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion is the acted emotion.
    n_bins : int > 0
        Number of bins; if there are fewer utterances, each has its own bin.
    weight : ndarray of shape (n_utterances,), > 0, optional
        Weight of each utterance; by default all utterances count equally.

    Returns
    -------
    ReliabilityCurve

    Raises
    ------
    ParameterError
        If there are no utterances, if scores, utterances and weights differ in number, or if a weight or `n_bins` is
        not positive.

    References
    ----------
    DeGroot, M. H. and Fienberg, S. E. (1983). The comparison and evaluation of forecasters. doi:10.2307/2987588

    Examples
    --------
    >>> curve = reliability_curve(np.array([0.4, 0.6, 0.9, 0.9]), np.array([False, True, True, True]), n_bins=2)
    >>> curve.confidence.round(2).tolist(), curve.accuracy.tolist(), curve.weight.tolist()
    ([0.5, 0.9], [0.5, 1.0], [2.0, 2.0])

    Notebook: 05_second_chance
    """
    weights = _checked_weights(confidence, correct, weight)
    if n_bins < 1:
        raise ParameterError(f"n_bins={n_bins}: must be a positive number")
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(n_bins, len(confidence)))
    sums = np.array([weights[rows].sum() for rows in bins])
    means = [[np.average(each[rows], weights=weights[rows]) for rows in bins] for each in (confidence, correct)]
    return ReliabilityCurve(np.array(means[0]), np.array(means[1]), sums)


def expected_calibration_error(
    confidence: np.ndarray, correct: np.ndarray, *, n_bins: int = 10, weight: np.ndarray | None = None
) -> float:
    """Compute the expected calibration error: the mean distance between confidence and accuracy.

    It is the mean distance of the `reliability_curve` from its diagonal.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion is the acted emotion.
    n_bins : int > 0
        Number of bins.
    weight : ndarray of shape (n_utterances,), > 0, optional
        Weight of each utterance; by default all utterances count equally.

    Returns
    -------
    float
        0 for perfect calibration, at most 1.

    Raises
    ------
    ParameterError
        As for `reliability_curve`.

    References
    ----------
    Naeini, M. P., Cooper, G. F. and Hauskrecht, M. (2015). Obtaining well calibrated probabilities using Bayesian
    binning. doi:10.1609/aaai.v29i1.9602

    Examples
    --------
    >>> expected_calibration_error(np.full(4, 0.75), np.array([True, True, True, False]), n_bins=1)
    0.0
    """
    curve = reliability_curve(confidence, correct, n_bins=n_bins, weight=weight)
    return float(np.average(np.abs(curve.confidence - curve.accuracy), weights=curve.weight))


def _checked_weights(scores: np.ndarray, truth: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Check that the arrays fit together, and return the weights, by default 1 for each utterance."""
    if len(scores) == 0 or len(scores) != len(truth):
        raise ParameterError(f"{len(scores)} scores for {len(truth)} utterances: give one for each, and at least one")
    weights = np.ones(len(truth)) if weight is None else np.asarray(weight, dtype=float)
    if weights.shape != (len(truth),):
        raise ParameterError(f"weight: {len(weights)} values for {len(truth)} utterances; give one weight for each")
    if not (weights > 0).all():
        raise ParameterError("weight: must be positive; leave out utterances that should not count")
    return weights
