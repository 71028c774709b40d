"""A linear discriminant of voice statistics: one linear step from an utterance to its emotion."""

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import softmax

from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError, extra
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.training import schedules

SHRINKAGE = 0.2
"""Share of the covariance within an emotion that is drawn towards a sphere."""

OTHER_VOICES = 4
"""Versions of each utterance that are learnt from besides."""


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Weigh voice statistics for each emotion, and add up.

    Parameters
    ----------
    emotions : tuple of str
        The columns of `coefficients`, in the order of the vocabulary.
    coefficients : ndarray of shape (n_statistics, n_emotions), float32
        Weights.
    intercept : ndarray of shape (n_emotions,), float32
        What is added.
    settings : FeatureSettings
        How the frames are made that the statistics are of.
    history : DataFrame
        Empty: there are no epochs.
    seconds : float
        How long it took to learn.
    """

    emotions: tuple[str, ...]
    coefficients: np.ndarray = field(repr=False)
    intercept: np.ndarray = field(repr=False)
    settings: FeatureSettings
    history: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    seconds: float = 0.0
    feature = "log_mel"

    def predict_proba(self, features: Features) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features
            Frames, made as those that it was fitted on.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float64

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        if (features.feature, features.settings) != (self.feature, self.settings):
            raise ParameterError(
                f"features: {features.feature}, {features.settings}; expected {self.feature}, {self.settings}"
            )
        if len(features) == 0:
            return np.empty((0, len(self.emotions)))
        scores = _statistics(features) @ self.coefficients + self.intercept
        probabilities: np.ndarray = softmax(scores, axis=1)
        return probabilities

    def predict(self, features: Features) -> np.ndarray:
        """Return the most probable emotion of each utterance.

        Parameters
        ----------
        features : Features
            Frames, made as those that it was fitted on.

        Returns
        -------
        ndarray of shape (n_utterances,), str
        """
        predicted: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return predicted


def fit_discriminant(features: Features, *, seed: int = 0) -> Discriminant:
    """Learn which voice statistics speak for which emotion.

    Each emotion counts the same, however many utterances it has, and each corpus: the utterances of a small one are
    varied to more voices.

    Parameters
    ----------
    features : Features
        The training utterances, as log-mel frames.
    seed : int
        Draws the other voices.

    Returns
    -------
    Discriminant

    Raises
    ------
    ParameterError
        If the features are no log-mel frames of one rate, or there are fewer than two emotions.
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    Ledoit, O. and Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices.
    doi:10.1016/S0047-259X(03)00096-4
    """
    with extra("train"):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    emotions = in_order(features.emotion)
    _check_log_mel(features, emotions)
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    features = features[_each_corpus_as_often(features.table)]
    versions = [_statistics(features), *(_of_other_voices(features, rng) for _ in range(OTHER_VOICES))]
    statistics = np.concatenate(versions).astype(np.float64)
    mean, scale = statistics.mean(axis=0), statistics.std(axis=0) + 1e-6
    numbers = np.tile([emotions.index(emotion) for emotion in features.emotion], len(versions))
    same_share = np.full(len(emotions), 1 / len(emotions))
    linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE, priors=same_share)
    found = linear.fit((statistics - mean) / scale, numbers)
    coefficients, intercept = _of_all_emotions(found.coef_, found.intercept_)
    coefficients = coefficients.T / scale[:, None]
    return Discriminant(
        emotions,
        coefficients.astype(np.float32),
        (intercept - mean @ coefficients).astype(np.float32),
        features.settings,
        seconds=time.perf_counter() - started,
    )


def _check_log_mel(features: Features, emotions: tuple[str, ...]) -> None:
    if features.feature != "log_mel" or features.settings.sr is None:
        raise ParameterError(f"features: {features.feature} at sr={features.settings.sr}; give log_mel of one rate")
    if len(emotions) < 2:
        raise ParameterError(f"features: {len(emotions)} emotions in {len(features)} utterances; two are the least")


def _each_corpus_as_often(table: pd.DataFrame) -> np.ndarray:
    """Return rows so that each corpus has about as many; those of a small one are repeated."""
    sizes = table.groupby("corpus")["corpus"].transform("size").to_numpy()
    repeats = np.rint(sizes.max() / sizes).astype(int)
    rows: np.ndarray = np.repeat(np.arange(len(table)), repeats)
    return rows


def _of_all_emotions(coefficients: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a row for each emotion; of two, scikit-learn tells their difference alone."""
    if len(intercept) > 1:
        return coefficients, intercept
    return np.concatenate([-coefficients, coefficients]) / 2, np.concatenate([-intercept, intercept]) / 2


def _statistics(features: Features) -> np.ndarray:
    return voice_statistics(features.X, features.lengths, feature=features.feature)


def _of_other_voices(features: Features, rng: np.random.Generator) -> np.ndarray:
    """Return the statistics of each utterance, spoken by another voice at another tempo."""
    assert features.settings.sr is not None  # refused before
    spoken = [
        schedules.spoken_by_another(frames[:length], rng, sr=features.settings.sr)
        for frames, length in zip(features.X, features.lengths, strict=True)
    ]
    return np.concatenate([voice_statistics(frames[None], np.array([len(frames)])) for frames in spoken])
