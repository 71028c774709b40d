"""Fit a linear discriminant on the states of the speech encoder: one weighted sum for each emotion."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.linalg

from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED
from emotion_lib.training.discriminant import Discriminant, check_emotions

# Both were chosen on left-out speakers and corpora, without TESS: see benchmarks/configurations.csv.
SHRINKAGE = 0.6
"""How far the covariance within an emotion is shrunk towards a multiple of the identity."""
DEVIATIONS = 0.6
"""Weight of the deviations of the states in a squared distance; that of their means is 1."""


def fit_encoded(
    features: Features,
    *,
    corpus_weights: Mapping[str, float] | None = None,
    shrinkage: float = SHRINKAGE,
    deviations: float = DEVIATIONS,
) -> Discriminant:
    """Fit a linear discriminant on the states of the speech encoder.

    Parameters
    ----------
    features : Features
        The training utterances, as `encoder_statistics`.
    corpus_weights : mapping of str to float > 0, optional
        Weight of all utterances of a corpus together; 1 for a corpus without an entry. Each emotion in a corpus has the
        same weight.
    shrinkage : float in (0, 1)
        As `SHRINKAGE`.
    deviations : float > 0
        As `DEVIATIONS`.

    Returns
    -------
    Discriminant

    Raises
    ------
    ParameterError
        If the features are others, or there are fewer than two emotions.

    References
    ----------
    Ledoit, O. and Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices.
    doi:10.1016/S0047-259X(03)00096-4
    """
    started = time.perf_counter()
    known = scaled(features, corpus_weights=corpus_weights, deviations=deviations)
    weights = divided_by_covariance(known.effects.T, known.within, shrinkage)
    intercept = -0.5 * np.sum(known.effects.T * weights, axis=0) - known.centre @ weights
    spread = _spread(known.Z @ weights.astype(np.float32), known.weight)
    coefficients = weights * known.scale[:, None] / spread  # they include the scaling, so prediction need not scale
    return Discriminant(
        known.emotions,
        coefficients.astype(np.float32),
        (intercept / spread - known.mean @ coefficients).astype(np.float32),
        features.settings,
        seconds=time.perf_counter() - started,
        feature=ENCODED,
    )


@dataclass(frozen=True, eq=False)
class Scaled:
    """The states of the training utterances, centred and scaled, and the means of the emotions.

    Parameters
    ----------
    emotions : tuple of str
        The emotions that occur.
    number : ndarray of shape (n_utterances,), int
        The emotion of each utterance, as an index of `emotions`.
    weight : ndarray of shape (n_utterances,)
        Weight of each utterance; they sum to 1.
    mean, scale : ndarray of shape (n_statistics,)
        `(X - mean) * scale` gives `Z`.
    Z : ndarray of shape (n_utterances, n_statistics), float32
        The scaled states.
    effects : ndarray of shape (n_emotions, n_statistics)
        The means of the emotions, relative to their centre, as if every corpus had all emotions.
    centre : ndarray of shape (n_statistics,)
        The centre of these means.
    """

    emotions: tuple[str, ...]
    number: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    Z: np.ndarray
    effects: np.ndarray
    centre: np.ndarray

    @property
    def within(self) -> np.ndarray:
        """The weighted deviations of the utterances from the mean of their emotion."""
        share = np.where(self.number == np.arange(len(self.emotions))[:, None], self.weight, 0)
        means = share @ self.Z / share.sum(axis=1, keepdims=True)
        return np.asarray(((self.Z - means[self.number]) * np.sqrt(self.weight)[:, None]).astype(np.float32))


def scaled(
    features: Features, *, corpus_weights: Mapping[str, float] | None = None, deviations: float = DEVIATIONS
) -> Scaled:
    """Centre and scale the states of the speech encoder, and estimate the means of the emotions.

    Parameters
    ----------
    features, corpus_weights, deviations
        As for `fit_encoded`.

    Returns
    -------
    Scaled

    Raises
    ------
    ParameterError
        As `fit_encoded`.
    """
    emotions = in_order(features.emotion)
    if features.feature != ENCODED:
        raise ParameterError(f"features: {features.feature}; extract {ENCODED}")
    check_emotions(features, emotions)
    number = np.array([emotions.index(each) for each in features.emotion])
    weight = _weights(features.table, corpus_weights or {})
    mean = weight @ features.X
    deviation = np.sqrt(weight @ (features.X - mean) ** 2)
    of_layer = np.sqrt([1, deviations]).repeat(features.X.shape[1] // 6)  # means, then deviations, of three layers
    scale = np.tile(of_layer, 3) / (deviation + 1e-6)  # the deviation of a constant statistic is 0
    # Single precision halves the time of the products; the answers stay the same.
    Z = ((features.X - mean) * scale).astype(np.float32)
    share = np.where(number == np.arange(len(emotions))[:, None], weight, 0)
    effects, centre = _means_in_every_corpus(Z, share, features.table["corpus"].to_numpy(dtype=str))
    return Scaled(emotions, number, weight, mean, scale, Z, effects, centre)


def _weights(table: pd.DataFrame, corpus_weights: Mapping[str, float]) -> np.ndarray:
    """Return the weights of the utterances, which sum to 1."""
    emotions = table.groupby("corpus")["emotion"].transform("nunique")
    alike = table.groupby(["corpus", "emotion"])["emotion"].transform("size")
    of_corpus = table["corpus"].map(lambda name: corpus_weights.get(name, 1.0))
    weight = (of_corpus / (emotions * alike)).to_numpy(dtype=float)
    return np.asarray(weight / weight.sum())


def _means_in_every_corpus(Z: np.ndarray, share: np.ndarray, corpus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of the emotions, relative to their centre, and the centre.

    An utterance is modelled as the sum of an offset of its corpus and an effect of its emotion, so the means are as if
    every corpus had all emotions. In a plain mean, the microphone of the only corpus with an emotion would become
    a part of that emotion.
    """
    names, number = np.unique(corpus, return_inverse=True)
    of_corpus = np.where(number == np.arange(len(names))[:, None], share.sum(axis=0), 0)
    cell = of_corpus @ (share > 0).T
    total = cell.sum(axis=1)
    sums = of_corpus @ Z
    # Without the last term, the effects would be known up to a constant only; it makes their sum zero.
    system = np.diag(cell.sum(axis=0)) - (cell.T / total) @ cell + 1 / len(share) ** 2
    # Corpora without a common emotion leave the system without a unique solution; the smallest is as good as any.
    effects = np.linalg.lstsq(system, share @ Z - (cell.T / total) @ sums, rcond=1e-9)[0]
    offsets = (sums - cell @ effects) / total[:, None]
    centre = effects.mean(axis=0)
    return effects - centre, centre + total @ offsets / total.sum()


def divided_by_covariance(right: np.ndarray, within: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return the inverse of a shrunken covariance, times the columns of `right`.

    Parameters
    ----------
    right : ndarray of shape (n_statistics, n_columns)
        The columns.
    within : ndarray of shape (n_utterances, n_statistics), float32
        Weighted deviations; the sum of their products is the covariance.
    shrinkage : float in (0, 1)
        How far the covariance is shrunk towards a multiple of the identity.

    Returns
    -------
    ndarray of shape (n_statistics, n_columns), float32
    """
    right = right.astype(np.float32)
    sphere = shrinkage * float(np.sum(within**2, dtype=float)) / within.shape[1]
    if len(within) >= within.shape[1]:
        return _solve((1 - shrinkage) * (within.T @ within), sphere, right)
    # A covariance has one row per statistic, and products of utterances have one per utterance. Where there are fewer
    # utterances, the matrix inversion lemma of Woodbury gives the same from the smaller matrix.
    inner = _solve(within @ within.T, sphere / (1 - shrinkage), within @ right)
    return np.asarray((right - within.T @ inner) / sphere)


def _solve(matrix: np.ndarray, diagonal: float, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric system after adding a number to the diagonal of its matrix, which is overwritten."""
    matrix[np.diag_indices_from(matrix)] += diagonal
    return np.asarray(scipy.linalg.cho_solve(scipy.linalg.cho_factor(matrix, overwrite_a=True), right))


def _spread(scores: np.ndarray, weight: np.ndarray) -> float:
    """Return the spread of scores; divided by it, they fit one temperature whatever the training utterances are."""
    scores = scores - scores.mean(axis=1, keepdims=True)
    return float(np.sqrt(weight @ (scores - weight @ scores) ** 2).mean())
