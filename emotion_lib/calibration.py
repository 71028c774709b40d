"""How sure to be: probabilities that mean what they say on voices never heard, and when to say "I don't know"."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_lib.errors import ParameterError

_SMALLEST = 1e-7
_LOWEST, _HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Calibration:
    """Say how the probabilities of a network are to be read.

    Parameters
    ----------
    temperature : float > 0
        Above 1 probabilities are drawn together, below 1 pushed apart; the order of the emotions stays.
    threshold : float in [0, 1]
        Where the highest probability is below it, the answer is `unknown`.

    Raises
    ------
    ParameterError
        If a value is out of its range.

    Examples
    --------
    >>> Calibration(temperature=2.0).apply(np.array([[0.9, 0.1]])).round(2).tolist()
    [[0.75, 0.25]]
    """

    temperature: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not _LOWEST <= self.temperature <= _HIGHEST:
            raise ParameterError(f"temperature={self.temperature}: must be from {_LOWEST} to {_HIGHEST}")
        if not 0 <= self.threshold <= 1:
            raise ParameterError(f"threshold={self.threshold}: must be a probability, from 0 to 1")

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the probabilities at this temperature.

        Parameters
        ----------
        probabilities : ndarray of shape (n_utterances, n_emotions)
            As a network gives them.

        Returns
        -------
        ndarray of the same shape, float64
            Each row sums to 1.
        """
        scores = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _SMALLEST)) / self.temperature
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scaled: np.ndarray = scores / scores.sum(axis=1, keepdims=True)
        return scaled


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray, *, weight: np.ndarray | None = None) -> float:
    """Find the temperature at which the true emotions were least of a surprise.

    Parameters
    ----------
    probabilities : ndarray of shape (n_utterances, n_emotions)
        Of speakers that the network was not trained on.
    truth : ndarray of shape (n_utterances,), int
        Column of the emotion that was acted.
    weight : ndarray of shape (n_utterances,), > 0, optional
        How much each utterance counts; all the same when not given.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If there are no utterances, scores, utterances and weights differ in number, or a weight is not positive.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern neural networks.
    arXiv:1706.04599

    Examples
    --------
    Sure of itself, and wrong half of the time:

    >>> fit_temperature(np.array([[0.99, 0.01]] * 2), np.array([0, 1])) > 10
    True
    """
    from scipy.optimize import minimize_scalar

    _check(probabilities, truth)
    weights = _weights(len(truth), weight)

    def surprise(log_temperature: float) -> float:
        scaled = Calibration(temperature=float(np.exp(log_temperature))).apply(probabilities)
        return float(-np.average(np.log(scaled[np.arange(len(truth)), truth]), weights=weights))

    found = minimize_scalar(surprise, bounds=(np.log(_LOWEST), np.log(_HIGHEST)), method="bounded")
    return float(np.exp(found.x))


def fit_threshold(
    confidence: np.ndarray, correct: np.ndarray, *, precision: float, weight: np.ndarray | None = None
) -> float:
    """Find the lowest confidence from which on answers are right as often as asked.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion was the one acted.
    precision : float in (0, 1]
        The share of the answers that must be right.
    weight : ndarray of shape (n_utterances,), > 0, optional
        How much each utterance counts; all the same when not given.

    Returns
    -------
    float
        1.0 where no threshold reaches the precision.

    Raises
    ------
    ParameterError
        If there are no utterances, scores, utterances and weights differ in number, a weight is not positive, or
        `precision` is not a share.

    Examples
    --------
    >>> fit_threshold(np.array([0.2, 0.5, 0.8, 0.9]), np.array([False, False, True, True]), precision=0.6)
    0.5
    """
    _check(confidence, correct)
    if not 0 < precision <= 1:
        raise ParameterError(f"precision={precision}: must be a share, above 0 and at most 1")
    order = np.argsort(-confidence, kind="stable")
    weights = _weights(len(order), weight)[order]
    share = np.cumsum(weights * correct[order]) / np.cumsum(weights)
    # Where several are equally sure, all of them answer or none.
    last = np.append(np.diff(confidence[order]) < 0, True)
    enough = np.flatnonzero((share >= precision) & last)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, *, n_bins: int = 10) -> float:
    """Measure how far confidence is from the share of answers that are right.

    Utterances are put into bins of equal numbers by their confidence; the result is the mean distance between the
    confidence of a bin and its accuracy.

    Parameters
    ----------
    confidence : ndarray of shape (n_utterances,)
        Highest probability of each utterance.
    correct : ndarray of shape (n_utterances,), bool
        Whether the most probable emotion was the one acted.
    n_bins : int > 0
        How many bins.

    Returns
    -------
    float
        0 for perfect calibration, at most 1.

    Raises
    ------
    ParameterError
        If there are no utterances, the two differ in length, or `n_bins` is not positive.

    References
    ----------
    Naeini, M. P., Cooper, G. F. and Hauskrecht, M. (2015). Obtaining well calibrated probabilities using Bayesian
    binning. doi:10.1609/aaai.v29i1.9602

    Examples
    --------
    >>> expected_calibration_error(np.full(4, 0.75), np.array([True, True, True, False]), n_bins=1)
    0.0
    """
    _check(confidence, correct)
    if n_bins < 1:
        raise ParameterError(f"n_bins={n_bins}: must be a positive number")
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(n_bins, len(confidence)))
    gaps = [len(rows) * abs(confidence[rows].mean() - correct[rows].mean()) for rows in bins]
    return float(sum(gaps) / len(confidence))


def _weights(n: int, weight: np.ndarray | None) -> np.ndarray:
    """Return how much each of n utterances counts."""
    weights = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    if weights.shape != (n,):
        raise ParameterError(f"weight: {len(weights)} values for {n} utterances; give one each")
    if not (weights > 0).all():
        raise ParameterError("weight: must be positive; leave out utterances that are not to count")
    return weights


def _check(scores: np.ndarray, truth: np.ndarray | Sequence[object]) -> None:
    """Raise a `ParameterError` where there is nothing to fit, or one side has more than the other."""
    if len(scores) == 0 or len(scores) != len(truth):
        raise ParameterError(f"{len(scores)} scores for {len(truth)} utterances: give one each, and at least one")
