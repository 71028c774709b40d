"""The compared models by name: the feature, its settings, and the fit of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict, runtime_checkable

import numpy as np
import pandas as pd

from emotion_lib import classic, models, training
from emotion_lib.emotions import in_order
from emotion_lib.extraction import Features
from emotion_lib.features import DEFAULT, ORIGINAL, FeatureSettings
from emotion_lib.training import discriminant

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FRAME_LSTM_EPOCHS = 15
FRAME_CNN_EPOCHS = 60
ENSEMBLE_SIZE = 3
ORIGINAL_EPOCHS = 50

ANY_VOICE = FeatureSettings(sr=16000, n_fft=640, hop_length=320, n_mels=64, n_mfcc=40, top_db=None, trim_db=40.0)
"""Settings of the network for any voice: 16 kHz, which every corpus has, and frames of 40 ms every 20 ms."""
STANDARD = FeatureSettings(sr=16000)
"""Settings of eGeMAPS, which depends only on the sampling rate."""


class Options(TypedDict, total=False):
    """Further options of `training.fit`; none of them changes the weights."""

    observe: Features
    checkpoint: Path
    progress: bool | None


class Predictor(Protocol):
    """A fitted model that predicts the emotion of each utterance."""

    def predict(self, features: Features) -> np.ndarray:
        """Return the emotion of each utterance.

        Parameters
        ----------
        features : Features
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances,), str
        """
        ...


@runtime_checkable
class ProbabilisticPredictor(Predictor, Protocol):
    """A predictor that also gives probabilities, such as a network that `training.fit` returns."""

    @property
    def emotions(self) -> tuple[str, ...]:
        """The columns of `predict_proba`."""
        ...

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch; empty if the model is not trained in epochs."""
        ...

    @property
    def seconds(self) -> float:
        """Duration of its training."""
        ...

    def predict_proba(self, features: Features) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a score besides the corpus, the protocol and the seed.

    Parameters
    ----------
    title : str
        Its name in prose.
    feature : str
        Name of its input feature.
    settings : FeatureSettings
        Settings of that feature.
    fit : callable
        (training features, seed, options of `training.fit`) -> Predictor.
    is_network : bool
        Whether the fitted model is a network, which can become a recogniser.
    """

    title: str
    feature: str
    settings: FeatureSettings
    fit: Callable[[Features, int, Options], Predictor]
    is_network: bool = False


@dataclass(frozen=True)
class _FittedBaseline:
    """A pipeline of scikit-learn with the interface of a network."""

    pipeline: "Pipeline"

    def predict(self, features: Features) -> np.ndarray:
        predicted: np.ndarray = self.pipeline.predict(features.X)
        return predicted


@dataclass(frozen=True)
class _Uniform:
    """A predictor for which all emotions are always equally probable."""

    emotions: tuple[str, ...]
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    seconds: float = 0.0

    def predict_proba(self, features: Features) -> np.ndarray:
        return np.full((len(features), len(self.emotions)), 1 / len(self.emotions))

    def predict(self, features: Features) -> np.ndarray:
        return np.full(len(features), self.emotions[0])


def _uniform(train: Features, seed: int, options: Options) -> Predictor:
    """Learn nothing but the set of emotions."""
    return _Uniform(in_order(train.emotion))


def _baseline(name: str) -> Callable[[Features, int, Options], Predictor]:

    def fit(train: Features, seed: int, options: Options) -> Predictor:
        return _FittedBaseline(classic.baseline(name, seed=seed).fit(train.X, train.emotion))

    return fit


def _original(*, normalise: bool) -> Callable[[Features, int, Options], Predictor]:

    def fit(train: Features, seed: int, options: Options) -> Predictor:
        n_emotions = len(set(train.emotion))
        network = models.mean_mfcc_lstm(n_emotions=n_emotions, normalise=normalise, seed=seed)
        return training.fit(network, train, epochs=ORIGINAL_EPOCHS, seed=seed, **options)

    return fit


def _frame_lstm(train: Features, seed: int, options: Options) -> Predictor:
    network = models.frame_lstm(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, epochs=FRAME_LSTM_EPOCHS, seed=seed, **options)


def _frame_cnn(train: Features, seed: int, options: Options) -> training.FittedNetwork:
    network = models.frame_cnn(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, epochs=FRAME_CNN_EPOCHS, seed=seed, schedule=training.AUGMENTED, **options)


def _frame_cnns(train: Features, seed: int, options: Options) -> training.FittedNetwork:
    """Train the network for any voice several times, each from other first weights, and let them answer together."""
    seeds = range(ENSEMBLE_SIZE * seed, ENSEMBLE_SIZE * (seed + 1))
    return training.ensemble([_frame_cnn(train, member, _of_member(options, member)) for member in seeds])


def _discriminant(train: Features, seed: int, options: Options) -> discriminant.Discriminant:
    return discriminant.fit_discriminant(train, seed=seed)


def _frame_cnn_statistics(train: Features, seed: int, options: Options) -> training.FittedNetwork:
    """Train the network for any voice, and let it answer together with the voice statistics."""
    return training.with_statistics(_frame_cnn(train, seed, options), discriminant.fit_discriminant(train, seed=seed))


def _frame_cnns_statistics(train: Features, seed: int, options: Options) -> training.FittedNetwork:
    """Train the network for any voice several times, and let all answer together with the voice statistics."""
    return training.with_statistics(_frame_cnns(train, seed, options), discriminant.fit_discriminant(train, seed=seed))


def _of_member(options: Options, member: int) -> Options:
    if "checkpoint" not in options:
        return options
    checkpoint = options["checkpoint"]
    return {**options, "checkpoint": checkpoint.with_name(f"{checkpoint.stem}-{member}.npz")}


RECIPES = {
    "most_frequent": Recipe("most frequent emotion", "mean_mfcc", DEFAULT, _baseline("most_frequent")),
    "logistic_regression": Recipe(
        "40 averages, logistic regression", "mean_mfcc", DEFAULT, _baseline("logistic_regression")
    ),
    "logistic_regression_original": Recipe(
        "original's averages, logistic regression", "mean_mfcc", ORIGINAL, _baseline("logistic_regression")
    ),
    "svm": Recipe("40 averages, SVM", "mean_mfcc", DEFAULT, _baseline("svm")),
    "mean_std_logistic_regression": Recipe(
        "40 averages and deviations, logistic regression", "mean_std_mfcc", DEFAULT, _baseline("logistic_regression")
    ),
    "mean_std_svm": Recipe("40 averages and deviations, SVM", "mean_std_mfcc", DEFAULT, _baseline("svm")),
    "egemaps_svm": Recipe("eGeMAPS, SVM", "egemaps", STANDARD, _baseline("svm")),
    "mean_mfcc_lstm": Recipe("original LSTM", "mean_mfcc", ORIGINAL, _original(normalise=False), is_network=True),
    "mean_mfcc_lstm_normalised": Recipe(
        "original LSTM, normalised", "mean_mfcc", ORIGINAL, _original(normalise=True), is_network=True
    ),
    "frame_lstm": Recipe("LSTM over time", "mfcc", DEFAULT, _frame_lstm, is_network=True),
    "frame_cnn": Recipe("convolutions over time", "log_mel", ANY_VOICE, _frame_cnn, is_network=True),
    "statistics_lda": Recipe("voice statistics, linear discriminant", "log_mel", ANY_VOICE, _discriminant),
    "frame_cnn_statistics": Recipe(
        "convolutions and voice statistics", "log_mel", ANY_VOICE, _frame_cnn_statistics, is_network=True
    ),
    "frame_cnns_statistics": Recipe(
        f"{ENSEMBLE_SIZE} networks of convolutions and voice statistics",
        "log_mel",
        ANY_VOICE,
        _frame_cnns_statistics,
        is_network=True,
    ),
    "class_means": Recipe("class means of the voice", "log_mel", ANY_VOICE, _uniform),
}
"""The models that the table of results compares, by name.

`class_means` learns nothing in training; adapted to a voice, it predicts only from the class means of that voice's
utterances.
"""
