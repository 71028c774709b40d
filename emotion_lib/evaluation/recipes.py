"""The models that are compared, by name, each with its feature, settings and training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, runtime_checkable

import numpy as np
import pandas as pd

from emotion_lib import classic, models, training
from emotion_lib.emotions import in_order
from emotion_lib.extraction import Features
from emotion_lib.features import DEFAULT, ENCODED, ORIGINAL, SPEECH_ENCODER, FeatureSettings
from emotion_lib.training import discriminant, encoded

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ANY_VOICE = FeatureSettings(sr=16000, n_fft=640, hop_length=320, n_mels=64, n_mfcc=40, top_db=None, trim_db=40.0)
"""Settings of the network for any voice: 16 kHz, which every corpus has, and frames of 40 ms every 20 ms."""
STANDARD = FeatureSettings(sr=16000)
"""Settings of eGeMAPS, which depends only on the sampling rate."""


class Options(TypedDict, total=False):
    """Options of `training.fit` that do not affect the weights."""

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
    train : callable
        Takes training features, a seed, options of `training.fit`, and `constants` by name; returns a Predictor.
    constants : dict
        Further arguments of `train`: the length and kind of the training.
    is_network : bool
        Whether the fitted model is a network, whose figures differ between processors.
    is_recognizer : bool
        Whether the fitted model can become a recogniser, as every network can.
    version : int
        Increased if the training changes in a way that no constant shows; earlier figures are then out of date.
    """

    title: str
    feature: str
    settings: FeatureSettings
    train: Callable[..., Predictor]
    constants: dict[str, Any] = field(default_factory=dict)
    is_network: bool = False
    is_recognizer: bool = False
    version: int = 1

    @property
    def configuration(self) -> dict[str, Any]:
        """Everything that determines the figures, by name: feature, settings, constants and version."""
        return {name: getattr(self, name) for name in ("feature", "settings", "constants", "version")}

    def fit(self, features: Features, seed: int, options: Options) -> Predictor:
        """Train a model.

        Parameters
        ----------
        features : Features
            The training utterances.
        seed : int
            Seed of the initial weights, the order of the utterances and all other random draws.
        options : Options
            Further options of `training.fit`.

        Returns
        -------
        Predictor
        """
        return self.train(features, seed, options, **self.constants)


@dataclass(frozen=True)
class _FittedBaseline:
    """A scikit-learn pipeline with the interface of a network."""

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


def _baseline(train: Features, seed: int, options: Options, *, name: str) -> Predictor:
    """Fit a baseline."""
    return _FittedBaseline(classic.baseline(name, seed=seed).fit(train.X, train.emotion))


def _original(train: Features, seed: int, options: Options, *, normalise: bool, **constants: Any) -> Predictor:
    """Train the original network."""
    network = models.mean_mfcc_lstm(n_emotions=len(set(train.emotion)), normalise=normalise, seed=seed)
    return training.fit(network, train, seed=seed, **constants, **options)


def _frame_lstm(train: Features, seed: int, options: Options, **constants: Any) -> Predictor:
    """Train the network over time."""
    network = models.frame_lstm(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, seed=seed, **constants, **options)


def _frame_cnn(train: Features, seed: int, options: Options, **constants: Any) -> training.FittedNetwork:
    """Train the network for any voice."""
    network = models.frame_cnn(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, seed=seed, **constants, **options)


def _frame_cnns(
    train: Features, seed: int, options: Options, *, members: int, **constants: Any
) -> training.FittedNetwork:
    """Train the network for any voice several times from different initial weights, and combine the results."""
    seeds = range(members * seed, members * (seed + 1))
    return training.ensemble([_frame_cnn(train, each, _of_member(options, each), **constants) for each in seeds])


def _discriminant(train: Features, seed: int, options: Options) -> discriminant.Discriminant:
    return discriminant.fit_discriminant(train, seed=seed)


def _encoded(train: Features, seed: int, options: Options, **constants: Any) -> discriminant.Discriminant:
    return encoded.fit_encoded(train, **constants)


def _and_statistics(fit: Callable[..., training.FittedNetwork]) -> Callable[..., training.FittedNetwork]:
    """Return a function that trains networks and combines them with the voice statistics."""

    def both(train: Features, seed: int, options: Options, **constants: Any) -> training.FittedNetwork:
        return training.with_statistics(fit(train, seed, options, **constants), _discriminant(train, seed, options))

    return both


def _of_member(options: Options, member: int) -> Options:
    if "checkpoint" not in options:
        return options
    checkpoint = options["checkpoint"]
    return {**options, "checkpoint": checkpoint.with_name(f"{checkpoint.stem}-{member}.npz")}


_AS_ORIGINAL = {"epochs": 50, "batch_size": 64}
_FOR_ANY_VOICE = {"epochs": 60, "batch_size": 64, "schedule": training.AUGMENTED}

RECIPES = {
    "most_frequent": Recipe("most frequent emotion", "mean_mfcc", DEFAULT, _baseline, {"name": "most_frequent"}),
    "logistic_regression": Recipe(
        "40 averages, logistic regression", "mean_mfcc", DEFAULT, _baseline, {"name": "logistic_regression"}
    ),
    "logistic_regression_original": Recipe(
        "original's averages, logistic regression", "mean_mfcc", ORIGINAL, _baseline, {"name": "logistic_regression"}
    ),
    "svm": Recipe("40 averages, SVM", "mean_mfcc", DEFAULT, _baseline, {"name": "svm"}),
    "mean_std_logistic_regression": Recipe(
        "40 averages and deviations, logistic regression",
        "mean_std_mfcc",
        DEFAULT,
        _baseline,
        {"name": "logistic_regression"},
    ),
    "mean_std_svm": Recipe("40 averages and deviations, SVM", "mean_std_mfcc", DEFAULT, _baseline, {"name": "svm"}),
    "egemaps_svm": Recipe("eGeMAPS, SVM", "egemaps", STANDARD, _baseline, {"name": "svm"}),
    "mean_mfcc_lstm": Recipe(
        "original LSTM", "mean_mfcc", ORIGINAL, _original, {**_AS_ORIGINAL, "normalise": False}, is_network=True
    ),
    "mean_mfcc_lstm_normalised": Recipe(
        "original LSTM, normalised",
        "mean_mfcc",
        ORIGINAL,
        _original,
        {**_AS_ORIGINAL, "normalise": True},
        is_network=True,
    ),
    "frame_lstm": Recipe(
        "LSTM over time", "mfcc", DEFAULT, _frame_lstm, {"epochs": 15, "batch_size": 64}, is_network=True
    ),
    "frame_cnn": Recipe(
        "convolutions over time", "log_mel", ANY_VOICE, _frame_cnn, {**_FOR_ANY_VOICE}, is_network=True
    ),
    "statistics_lda": Recipe("voice statistics, linear discriminant", "log_mel", ANY_VOICE, _discriminant),
    "frame_cnn_statistics": Recipe(
        "convolutions and voice statistics",
        "log_mel",
        ANY_VOICE,
        _and_statistics(_frame_cnn),
        {**_FOR_ANY_VOICE},
        is_network=True,
    ),
    "frame_cnns_statistics": Recipe(
        "3 networks of convolutions and voice statistics",
        "log_mel",
        ANY_VOICE,
        _and_statistics(_frame_cnns),
        {**_FOR_ANY_VOICE, "members": 3},
        is_network=True,
    ),
    "discriminant": Recipe(
        "speech encoder, linear discriminant",
        ENCODED,
        SPEECH_ENCODER,
        _encoded,
        # Many voices tell more about new ones than two do; chosen on left-out speakers and corpora, without TESS.
        {"corpus_weights": {"crema-d": 2.0, "tess": 0.25}},
        is_recognizer=True,
    ),
    "class_means": Recipe("class means of the voice", "log_mel", ANY_VOICE, _uniform),
}
"""The models that the table of results compares, by name.

`class_means` learns nothing in training; adapted to a voice, it predicts only from the class means of that voice's
utterances.
"""
