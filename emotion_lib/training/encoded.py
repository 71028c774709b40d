"""Fit a linear head on the states of the speech encoder: a discriminant and a softmax regression, added up.

The discriminant is robust on corpora that it has never met, the regression better on those that it knows. Both are
linear, so their sum is one weighted sum for each emotion.
"""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.optimize
from scipy.special import log_softmax

from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED
from emotion_lib.training.discriminant import Discriminant, check_emotions

# All of these were chosen on left-out speakers and corpora, without TESS: see benchmarks/configurations.csv.
SHRINKAGE = 0.6
"""How far the covariance within an emotion is shrunk towards a multiple of the identity."""
DEVIATIONS = 0.6
"""Weight of the deviations of the states in a squared distance, beside 1 for their means."""
REGRESSION = 0.6
"""Weight of the regression beside the discriminant, when the scores of both have the same spread."""
PENALTY = 0.1
"""Penalty of the regression on the squares of its weights, which are measured by the covariance within an emotion."""
STEPS = 50
"""Most steps of the optimisation of the regression."""

_ABSENT = -1e4  # score of an emotion that the corpus of an utterance does not have


def fit_encoded(features: Features) -> Discriminant:
    """Fit a linear head on the states of the speech encoder.

    A corpus weighs as much as the root of its number of speakers, and each emotion in it the same.

    Parameters
    ----------
    features : Features
        The training utterances, as `encoder_statistics`.

    Returns
    -------
    Discriminant

    Raises
    ------
    ParameterError
        If the features are others, or there are fewer than two emotions.
    """
    emotions = in_order(features.emotion)
    if features.feature != ENCODED:
        raise ParameterError(f"features: {features.feature}; extract {ENCODED}")
    check_emotions(features, emotions)
    started = time.perf_counter()
    known = _Standardised(features, emotions)
    head = known.joined(known.discriminant(), known.regression())
    coefficients = head[:-1] * known.scale[:, None]  # the weights include the scaling, so prediction need not scale
    intercept = head[-1] - known.mean @ coefficients
    coefficients -= coefficients.mean(axis=1, keepdims=True)  # what all emotions share says nothing
    return Discriminant(
        emotions,
        coefficients.astype(np.float32),
        (intercept - intercept.mean()).astype(np.float32),
        features.settings,
        seconds=time.perf_counter() - started,
        feature=ENCODED,
    )


class _Standardised:
    """The training utterances with unit variance, and their covariance within an emotion as a Cholesky factor.

    A head is an array of shape (n_features + 1, n_emotions): the weights, and the intercepts in the last row.
    """

    def __init__(self, features: Features, emotions: Sequence[str]) -> None:
        self.n = len(emotions)
        self.emotion = np.array([emotions.index(each) for each in features.emotion])
        self.corpus = np.unique(features.table["corpus"], return_inverse=True)[1]
        self.weight = _weights(features.table)
        self.mean = self.weight @ features.X
        deviation = np.sqrt(self.weight @ (features.X - self.mean) ** 2)
        of_states = np.sqrt([1, DEVIATIONS]).repeat(features.X.shape[1] // 6)  # means and deviations of three layers
        self.scale = np.tile(of_states, 3) / (deviation + 1e-6)  # the deviation of a constant is 0
        # Single precision halves the time of the products; the solutions agree to four digits.
        self.Z = ((features.X - self.mean) * self.scale).astype(np.float32)
        self.root = self._covariance_root()

    def _covariance_root(self) -> np.ndarray:
        share = self._share_of_emotions()
        means = share @ self.Z / share.sum(axis=1, keepdims=True)
        within = (self.Z - means[self.emotion]) * np.sqrt(self.weight)[:, None]
        within = within.astype(np.float32)
        covariance = (1 - SHRINKAGE) * (within.T @ within)
        covariance[np.diag_indices_from(covariance)] += (
            SHRINKAGE / (1 - SHRINKAGE) * covariance.trace() / len(covariance)
        )
        root: np.ndarray = scipy.linalg.cholesky(covariance, lower=True, overwrite_a=True)
        return root

    def _share_of_emotions(self) -> np.ndarray:
        """Return the weight of each utterance in the row of its emotion, of shape (n_emotions, n_utterances)."""
        return np.where(self.emotion == np.arange(self.n)[:, None], self.weight, 0)

    def discriminant(self) -> np.ndarray:
        """Return the head of a linear discriminant."""
        means = self._means_in_every_corpus()
        centre = means.mean(axis=0)
        apart = means - centre
        half = scipy.linalg.solve_triangular(self.root, apart.T, lower=True)
        weights = scipy.linalg.solve_triangular(self.root, half, lower=True, trans="T")
        intercepts = -0.5 * np.sum(apart.T * weights, axis=0) - centre @ weights
        return np.vstack([weights, intercepts])

    def _means_in_every_corpus(self) -> np.ndarray:
        """Return the means of the emotions as if every corpus had all of them.

        An utterance is the sum of an offset of its corpus and an effect of its emotion. A plain mean would take the
        offset of the only corpus with an emotion for that emotion.
        """
        share = self._share_of_emotions()
        corpora = self.corpus == np.arange(self.corpus.max() + 1)[:, None]
        of_corpus = np.where(corpora, self.weight, 0)
        cell = of_corpus @ (share > 0).T
        total = cell.sum(axis=1)
        # Effects are known up to a constant; the last term makes their sum zero.
        system = np.diag(cell.sum(axis=0)) - (cell.T / total) @ cell + 1 / self.n**2
        sums = of_corpus @ self.Z
        effects = np.linalg.solve(system, share @ self.Z - (cell.T / total) @ sums)
        offsets = (sums - cell @ effects) / total[:, None]
        return np.asarray(effects + total @ offsets / total.sum())

    def regression(self) -> np.ndarray:
        """Return the head of a softmax regression that compares only the emotions that a corpus has.

        So it cannot learn to tell a corpus apart instead of an emotion.
        """
        has = np.zeros((self.corpus.max() + 1, self.n), dtype=bool)
        has[self.corpus, self.emotion] = True
        absent = np.where(has, 0, _ABSENT).astype(np.float32)[self.corpus]
        target = np.eye(self.n, dtype=np.float32)[self.emotion]
        weight = self.weight.astype(np.float32)[:, None]

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            head = flat.astype(np.float32).reshape(-1, self.n)
            logs = log_softmax(self.Z @ self._plain(head[:-1]) + head[-1] + absent, axis=1)
            wrong = (np.exp(logs) - target) * weight
            slope = scipy.linalg.solve_triangular(self.root, self.Z.T @ wrong, lower=True) + PENALTY * head[:-1]
            value = PENALTY / 2 * np.square(head[:-1]).sum() - (weight * target * logs).sum()
            return float(value), np.vstack([slope, wrong.sum(axis=0)]).ravel().astype(np.float64)

        start = np.zeros((self.Z.shape[1] + 1) * self.n)
        found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
        head = found.x.reshape(-1, self.n)
        return np.vstack([self._plain(head[:-1]), head[-1]])

    def _plain(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights of features, from weights of features with unit covariance within an emotion."""
        plain: np.ndarray = scipy.linalg.solve_triangular(self.root, weights, lower=True, trans="T")
        return plain

    def joined(self, discriminant: np.ndarray, regression: np.ndarray) -> np.ndarray:
        """Add up two heads, after giving their scores a spread that does not depend on the training utterances."""
        return discriminant / self._spread(discriminant) + REGRESSION * regression / self._spread(regression)

    def _spread(self, head: np.ndarray) -> float:
        scores = self.Z @ head[:-1].astype(np.float32)
        scores -= scores.mean(axis=1, keepdims=True)
        return float(np.sqrt(self.weight @ (scores - self.weight @ scores) ** 2).mean())


def _weights(table: pd.DataFrame) -> np.ndarray:
    """Return the weights of the utterances, which sum to 1."""
    by_corpus = table.groupby("corpus")
    speakers = by_corpus["speaker"].transform("nunique")
    emotions = by_corpus["emotion"].transform("nunique")
    alike = table.groupby(["corpus", "emotion"])["emotion"].transform("size")
    weight = np.sqrt(speakers.to_numpy(dtype=float)) / (emotions * alike).to_numpy(dtype=float)
    return np.asarray(weight / weight.sum())
