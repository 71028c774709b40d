"""Linear discriminants on voice statistics or on the states of the encoder: one weighted sum for each emotion."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError, check_seed, extra
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.heads import LinearHead
from emotion_lib.training import schedules

SHRINKAGE = 0.2
"""How far the covariance within an emotion is shrunk towards a multiple of the identity, from 0 to 1."""

OTHER_VOICES = 4
"""Number of versions in other voices that are added to each training utterance."""


@dataclass(frozen=True, eq=False)
class Discriminant:
    """A fitted linear discriminant: the score of an emotion is a weighted sum of statistics.

    Parameters
    ----------
    emotions : tuple of str
        The columns of `coefficients`, in the order of the vocabulary.
    coefficients : ndarray of shape (n_statistics, n_emotions), float32
        The weights.
    intercept : ndarray of shape (n_emotions,), float32
        A constant added to the score of each emotion.
    settings : FeatureSettings
        Settings of the feature from which the statistics are computed.
    history : DataFrame
        Always empty, since the fit has no epochs.
    seconds : float
        Duration of the fit.
    feature : str
        Name of that feature: `log_mel` for voice statistics, `encoder_statistics` for the states of the encoder.
    """

    emotions: tuple[str, ...]
    coefficients: np.ndarray = field(repr=False)
    intercept: np.ndarray = field(repr=False)
    settings: FeatureSettings
    history: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    seconds: float = 0.0
    feature: str = "log_mel"

    def predict_proba(self, features: Features) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float64

        Raises
        ------
        ParameterError
            If the features differ from the training features in kind or settings.
        """
        if (features.feature, features.settings) != (self.feature, self.settings):
            raise ParameterError(
                f"features: {features.feature}, {features.settings}; expected {self.feature}, {self.settings}; "
                "extract them with these settings"
            )
        if len(features) == 0:
            return np.empty((0, len(self.emotions)))
        scores = statistics_of(features) @ self.coefficients + self.intercept
        probabilities: np.ndarray = softmax(scores, axis=1)
        return probabilities

    def predict(self, features: Features) -> np.ndarray:
        """Return the most probable emotion of each utterance.

        Parameters
        ----------
        features : Features
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances,), str
        """
        predicted: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return predicted

    def recognizer(self, **options: Any) -> EmotionRecognizer:
        """Convert a discriminant on the states of the encoder into a recogniser, which can be saved.

        Parameters
        ----------
        **options
            `calibration`, `about`, `trained_on` and `voices` of `EmotionRecognizer`.

        Returns
        -------
        EmotionRecognizer

        Raises
        ------
        ModelFileError
            If the discriminant takes voice statistics, which a recogniser can use only together with a network.
        """
        head = LinearHead(self.coefficients, self.intercept)
        return EmotionRecognizer(head, emotions=self.emotions, feature=self.feature, settings=self.settings, **options)


def fit_discriminant(features: Features, *, seed: int = 0) -> Discriminant:
    """Fit a linear discriminant on voice statistics.

    Each emotion has the same weight, however many utterances it has, and so does each corpus: the utterances of a small
    corpus are repeated, and each repetition is varied to other voices.

    Parameters
    ----------
    features : Features
        The training utterances, as log-mel frames.
    seed : int
        Seed of the varied voices.

    Returns
    -------
    Discriminant

    Raises
    ------
    ParameterError
        If the features are not log-mel frames at a fixed sampling rate, or there are fewer than two emotions.
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    Ledoit, O. and Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices.
    doi:10.1016/S0047-259X(03)00096-4
    """
    with extra("train"):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    check_seed(seed)
    emotions = in_order(features.emotion)
    _check_log_mel(features, emotions)
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    features = features[_each_corpus_as_often(features.table)]
    versions = [statistics_of(features), *(_statistics_of_other_voices(features, rng) for _ in range(OTHER_VOICES))]
    statistics = np.concatenate(versions).astype(np.float64)
    mean, scale = statistics.mean(axis=0), statistics.std(axis=0) + 1e-6  # the deviation of a constant statistic is 0
    numbers = np.tile([emotions.index(emotion) for emotion in features.emotion], len(versions))
    same_share = np.full(len(emotions), 1 / len(emotions))  # otherwise a frequent emotion is predicted more often
    linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE, priors=same_share)
    linear.fit((statistics - mean) / scale, numbers)
    coefficients, intercept = linear.coef_, linear.intercept_
    if len(emotions) == 2:  # for two classes scikit-learn keeps only the difference; each emotion gets half
        coefficients, intercept = np.outer([-0.5, 0.5], coefficients), np.outer([-0.5, 0.5], intercept)[:, 0]
    coefficients = coefficients.T / scale[:, None]  # the weights include the scaling, so prediction need not scale
    return Discriminant(
        emotions,
        coefficients.astype(np.float32),
        (intercept - mean @ coefficients).astype(np.float32),
        features.settings,
        seconds=time.perf_counter() - started,
    )


def _check_log_mel(features: Features, emotions: tuple[str, ...]) -> None:
    if features.feature != "log_mel" or features.settings.sr is None:
        raise ParameterError(
            f"features: {features.feature} at sr={features.settings.sr}; extract log_mel with settings that have an sr"
        )
    check_emotions(features, emotions)


def check_emotions(features: Features, emotions: Sequence[str]) -> None:
    """Raise a `ParameterError` if there are fewer than two emotions to tell apart."""
    if len(emotions) < 2:
        raise ParameterError(
            f"features: {len(emotions)} emotions in {len(features)} utterances; at least two are needed"
        )


def _each_corpus_as_often(table: pd.DataFrame) -> np.ndarray:
    """Return row numbers that repeat the rows of small corpora, so that each corpus occurs about equally often."""
    sizes = table.groupby("corpus")["corpus"].transform("size").to_numpy()
    repeats = np.rint(sizes.max() / sizes).astype(int)
    rows: np.ndarray = np.repeat(np.arange(len(table)), repeats)
    return rows


def statistics_of(features: Features) -> np.ndarray:
    """Return one vector for each utterance: the voice statistics of frames, or a feature that is one vector.

    Parameters
    ----------
    features : Features
        The utterances.

    Returns
    -------
    ndarray of shape (n_utterances, n_statistics), float32
    """
    if features.X.ndim == 2:
        return features.X
    return voice_statistics(features.X, features.lengths, feature=features.feature)


def _statistics_of_other_voices(features: Features, rng: np.random.Generator) -> np.ndarray:
    assert features.settings.sr is not None  # `_check_log_mel` has refused settings without an sr
    spoken = [
        schedules.spoken_by_another(frames[:length], rng, sr=features.settings.sr)
        for frames, length in zip(features.X, features.lengths, strict=True)
    ]
    return np.concatenate([voice_statistics(frames[None], np.array([len(frames)])) for frames in spoken])
