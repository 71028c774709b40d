"""Measures of predictions: accuracy, recall, UAR, the confusion matrix, and their intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError

Labels = Sequence[str] | np.ndarray | pd.Series


def confusion_matrix(emotion: Labels, predicted: Labels) -> pd.DataFrame:
    """Count how often each acted emotion was predicted as each emotion.

    Parameters
    ----------
    emotion, predicted : sequences of str, of equal length
        The acted and the predicted emotions.

    Returns
    -------
    DataFrame, int
        One row per emotion, one column per prediction, both in order; emotions that were neither
        acted nor predicted are left out.

    Raises
    ------
    ParameterError
        If the sequences differ in length or are empty, or a name cannot be a label.

    Examples
    --------
    >>> confusion_matrix(["happy", "happy", "sad"], ["happy", "sad", "sad"]).to_numpy().tolist()
    [[1, 1], [0, 1]]

    Notebook: 04_evaluate
    """
    truth, predicted = _as_labels(emotion, predicted)
    labels = list(in_order([*truth, *predicted]))
    counts = pd.crosstab(truth, predicted).reindex(index=labels, columns=labels, fill_value=0)
    return counts.rename_axis(index="emotion", columns="predicted")


def recall(emotion: Labels, predicted: Labels) -> pd.Series:
    """Compute the share of each emotion's utterances that were predicted as that emotion.

    Parameters
    ----------
    emotion, predicted : sequences of str, of equal length
        The acted and the predicted emotions.

    Returns
    -------
    Series, float
        One value for each acted emotion.

    Raises
    ------
    ParameterError
        As for `confusion_matrix`.

    Examples
    --------
    >>> recall(["happy", "happy", "sad"], ["happy", "sad", "sad"]).to_dict()
    {'happy': 0.5, 'sad': 1.0}

    Notebook: 04_evaluate
    """
    truth, predicted = _as_labels(emotion, predicted)
    shares = pd.Series(truth == predicted).groupby(truth).mean()
    return shares.reindex(in_order(truth)).rename_axis("emotion").rename("recall")


def accuracy(emotion: Labels, predicted: Labels) -> float:
    """Compute the share of utterances whose emotion was predicted.

    Parameters
    ----------
    emotion, predicted : sequences of str, of equal length
        The acted and the predicted emotions.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        As for `confusion_matrix`.

    Examples
    --------
    >>> accuracy(["happy", "sad", "sad", "sad"], ["sad", "sad", "sad", "sad"])
    0.75

    Notebook: 03_model
    """
    truth, predicted = _as_labels(emotion, predicted)
    return float(np.mean(truth == predicted))


def uar(emotion: Labels, predicted: Labels) -> float:
    """Compute the unweighted average recall: each emotion has the same weight, however often it occurs.

    Guessing scores one over the number of emotions: 14.3 % for seven. UAR equals scikit-learn's balanced accuracy.

    Parameters
    ----------
    emotion, predicted : sequences of str, of equal length
        The acted and the predicted emotions.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        As for `confusion_matrix`.

    References
    ----------
    Schuller, B., Steidl, S. and Batliner, A. (2009). The INTERSPEECH 2009 emotion challenge.
    doi:10.21437/Interspeech.2009-103

    Examples
    --------
    >>> uar(["happy", "sad", "sad", "sad"], ["sad", "sad", "sad", "sad"])
    0.5

    Notebook: 04_evaluate
    """
    return float(recall(emotion, predicted).mean())


ENOUGH_SPEAKERS = 8
"""Minimum number of speakers for an interval over speakers; with fewer, the interval is over words."""

METRICS = {"accuracy": accuracy, "uar": uar}
"""The metrics that have an interval, by name."""


def interval(
    emotion: Labels,
    predicted: Labels,
    *,
    groups: Labels,
    metric: str = "uar",
    confidence: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Estimate how far a score would move with other words, or with other speakers.

    Utterances of one word tend to be right or wrong together, so whole groups are drawn with replacement and the score
    is computed for each draw; the interval spans the middle 95 % of the draws. An interval over words says nothing
    about other voices, and an interval over speakers says nothing about other words.

    Parameters
    ----------
    emotion, predicted : sequences of str, of equal length
        The acted and the predicted emotions.
    groups : sequence of str, of the same length
        The word of each utterance, or its speaker; whole groups are drawn.
    metric : {"uar", "accuracy"}
        The metric.
    confidence : float in (0, 1)
        The share of draws inside the interval.
    n_resamples : int > 0
        Number of draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    tuple of float
        The lower and the upper end of the interval.

    Raises
    ------
    ParameterError
        If `groups` has another length, there are fewer than two groups, or the metric is unknown.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife. doi:10.1214/aos/1176344552

    Examples
    --------
    >>> truth, words = ["happy", "sad"] * 50, [str(i // 2) for i in range(100)]
    >>> interval(truth, truth, groups=words)
    (1.0, 1.0)

    Notebook: 04_evaluate
    """
    scores = resampled(emotion, predicted, groups=groups, metric=metric, n_resamples=n_resamples, seed=seed)
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def resampled(
    emotion: Labels,
    predicted: Labels,
    *,
    groups: Labels,
    metric: str = "uar",
    n_resamples: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Compute the score of each draw of `interval`.

    Two predictions for the same utterances have the same draws if the seed is the same, so the difference of their
    scores is a paired one.

    Parameters
    ----------
    emotion, predicted, groups, metric, n_resamples, seed
        As for `interval`.

    Returns
    -------
    ndarray of shape (n_resamples,), float64

    Raises
    ------
    ParameterError
        As for `interval`.

    Examples
    --------
    >>> resampled(["happy", "sad"], ["happy", "sad"], groups=["a", "b"], n_resamples=3).tolist()
    [1.0, 1.0, 1.0]
    """
    truth, predicted = _as_labels(emotion, predicted)
    if len(groups) != len(truth):
        raise ParameterError(f"groups: {len(groups)} values for {len(truth)} utterances; give one each")
    if metric not in METRICS:
        raise ParameterError(f"metric={metric!r}: must be one of {', '.join(METRICS)}")
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise ParameterError("groups: all utterances are of one group; an interval needs at least two groups")
    # The right utterances and all utterances of each group (rows) and emotion (columns).
    emotions, number = np.unique(truth, return_inverse=True)
    correct, total = np.zeros((2, len(names), len(emotions)))
    np.add.at(total, (group, number), 1)
    np.add.at(correct, (group, number), truth == predicted)
    # A bootstrap sample is a count of draws for each group, so one matrix product gives the counts of all samples.
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), n_resamples)
    correct, total = draws @ correct, draws @ total
    if metric == "accuracy":
        return np.asarray(correct.sum(axis=1) / total.sum(axis=1))
    # A draw without utterances of an emotion averages over the others.
    shares = np.divide(correct, total, out=np.full_like(correct, np.nan), where=total > 0)
    return np.asarray(np.nanmean(shares, axis=1))


class Interval(NamedTuple):
    """A 95 % interval over speakers or over words.

    Attributes
    ----------
    low, high : float
        The ends of the interval.
    interval_over : {"speakers", "words"}
        The groups that were drawn.
    """

    low: float
    high: float
    interval_over: str


def interval_of(predictions: pd.DataFrame, *, metric: str = "uar") -> Interval | None:
    """Estimate the interval to show beside a score: over speakers if there are enough, else over words.

    Parameters
    ----------
    predictions : DataFrame
        One row per utterance: `emotion`, `predicted`, `speaker` and `text`.
    metric : {"uar", "accuracy"}
        The metric.

    Returns
    -------
    Interval or None
        Over speakers if there are at least `ENOUGH_SPEAKERS`; None if all utterances are of one word.

    Examples
    --------
    >>> voices = pd.DataFrame({"emotion": ["happy", "sad"] * 8, "predicted": "sad", "speaker": list("abcdefgh") * 2})
    >>> interval_of(voices.assign(text="back"))
    Interval(low=0.5, high=0.5, interval_over='speakers')
    """
    many = predictions["speaker"].nunique() >= ENOUGH_SPEAKERS
    groups = predictions["speaker" if many else "text"]
    if groups.nunique() < 2:
        return None
    low, high = interval(predictions["emotion"], predictions["predicted"], groups=groups, metric=metric)
    return Interval(low, high, "speakers" if many else "words")


def _as_labels(emotion: Labels, predicted: Labels) -> tuple[np.ndarray, np.ndarray]:
    truth, predicted = np.asarray(emotion, dtype=str), np.asarray(predicted, dtype=str)
    if len(truth) != len(predicted):
        raise ParameterError(f"predicted: {len(predicted)} values for {len(truth)} utterances; give one each")
    if len(truth) == 0:
        raise ParameterError("emotion: no utterances; there is nothing to score")
    return truth, predicted
