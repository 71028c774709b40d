"""A fitted network: predict from features, turn it into a recogniser, combine several into an ensemble."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import models
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.extraction.store import AnyFeatures
from emotion_lib.features import FeatureSettings, frame_weights
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.training.discriminant import Discriminant, statistics_of

AHEAD = 2
"""Batches prepared in the background while the network trains on the current one."""

INFERENCE_BATCH = 256
"""Utterances in a batch for prediction; the number affects speed and memory, not the result."""


def in_batches(features: AnyFeatures) -> Iterator[Features]:
    """Yield all utterances in order, in batches; a store on disk is read one batch at a time.

    Parameters
    ----------
    features : Features or StoredFeatures
        The utterances.

    Yields
    ------
    Features
        A batch, padded to the longest of all utterances.
    """
    for start in range(0, len(features), INFERENCE_BATCH):
        yield taken(features, np.arange(start, min(start + INFERENCE_BATCH, len(features))))


def taken(features: AnyFeatures, rows: np.ndarray) -> Features:
    """Load some of the utterances into memory, padded to the longest of all.

    Parameters
    ----------
    features : Features or StoredFeatures
        All utterances.
    rows : ndarray of int
        Positions of the utterances to load.

    Returns
    -------
    Features
    """
    some = features[rows]
    if isinstance(some, Features):
        return some
    # A store pads to the longest of the rows it reads. Features in memory are padded to the longest of all, so batches
    # from disk must be too if they are to give the same weights.
    read = some.load()
    missing = [(0, wanted - found) for wanted, found in zip(features.shape[1:], read.shape[1:], strict=True)]
    return replace(read, X=np.pad(read.X, [(0, 0), *missing]))


def dataset(
    model: Any,
    features: AnyFeatures,
    *,
    rows: np.ndarray | None = None,
    batch_size: int = INFERENCE_BATCH,
    version: Callable[[Features], Features] | None = None,
    emotions: Sequence[str] = (),
) -> Any:
    """Return utterances as a dataset that Keras can train on or predict.

    Parameters
    ----------
    model : keras.Model
        A network that takes these features.
    features : Features or StoredFeatures
        The utterances; with a store on disk, only a few batches are in memory at a time.
    rows : ndarray of int or None
        Positions of the utterances, in the order of the dataset; None takes all.
    batch_size : int > 0
        Utterances in a batch; the last batch may have fewer.
    version : callable or None
        Function that varies a batch, called once for each batch, in order; None leaves batches unchanged.
    emotions : sequence of str
        The emotion of each output of the network, for training and scoring; empty for prediction.

    Returns
    -------
    tf.data.Dataset
        The inputs of each batch and, if emotions are given, the index of each utterance's emotion.
    """
    import tensorflow as tf

    positions = np.arange(len(features)) if rows is None else rows
    numbers = [np.array([emotions.index(each) for each in features.emotion])[positions]] if emotions else []
    n_inputs = len(model.inputs)
    shapes = [each.shape for each in model.inputs] + [(None,) for _ in numbers]
    types = [tf.float32] * n_inputs + [tf.int64 for _ in numbers]

    def read(batch: int) -> list[np.ndarray]:
        chosen = slice(batch * batch_size, (batch + 1) * batch_size)
        some = taken(features, positions[chosen])
        inputs = _inputs(model, version(some) if version else some)
        return [*(each.astype(np.float32, copy=False) for each in inputs), *(each[chosen] for each in numbers)]

    def element(batch: Any) -> tuple[Any, ...]:
        arrays = [*map(tf.ensure_shape, tf.numpy_function(read, [batch], types), shapes)]
        return (arrays[0] if n_inputs == 1 else tuple(arrays[:n_inputs]), *arrays[n_inputs:])

    options = tf.data.Options()
    options.autotune.enabled = False  # otherwise an epoch sometimes waits at its end for the tuner's thread
    batches = tf.data.Dataset.range(math.ceil(len(positions) / batch_size)).map(element)
    return batches.prefetch(AHEAD).with_options(options)


def _inputs(model: Any, features: Features) -> tuple[np.ndarray, ...]:
    """Return the inputs of a network: a vector; frames and their weights; or frames, weights and voice statistics."""
    if len(model.inputs) == 1:
        return (features.X[..., None],)
    frames = (features.X, frame_weights(features.lengths, features.X.shape[1]))
    if len(model.inputs) == 2:
        return frames
    return (*frames, statistics_of(features))


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network with the emotions of its outputs and the settings of its features.

    Parameters
    ----------
    model : keras.Model
        The network.
    emotions : tuple of str
        The emotion of each output.
    feature : str
        Name of its input feature.
    settings : FeatureSettings
        Settings of that feature.
    history : DataFrame
        One row per epoch: `epoch`; `loss` and `accuracy` during training (with dropout, while the weights change);
        `test_loss` and `test_accuracy` if held-out features were observed. Test figures belong to the weights after
        that epoch, which differ from the final weights if the schedule has an `ema_momentum`.
    seconds : float
        Duration of the training, including the time before a run was resumed.

    Notebook: 03_model
    """

    model: Any = field(repr=False)
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    history: pd.DataFrame = field(repr=False)
    seconds: float = 0.0

    def predict_proba(self, features: AnyFeatures) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features or StoredFeatures
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ParameterError
            If the features differ from the training features in kind or settings.
        """
        check_same("features", features, self.feature, self.settings)
        if len(features) == 0:
            return np.empty((0, len(self.emotions)), dtype=np.float32)
        probabilities: np.ndarray = self.model.predict(dataset(self.model, features), verbose=0)
        return probabilities

    def predict(self, features: AnyFeatures) -> np.ndarray:
        """Return the most probable emotion of each utterance.

        Parameters
        ----------
        features : Features or StoredFeatures
            Extracted with the settings of the training features.

        Returns
        -------
        ndarray of shape (n_utterances,), str

        Raises
        ------
        ParameterError
            If the features differ from the training features in kind or settings.
        """
        predicted: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return predicted

    def recognizer(self, **options: Any) -> EmotionRecognizer:
        """Convert the network into a recogniser, which can be saved and runs without TensorFlow.

        Parameters
        ----------
        **options
            `calibration`, `about`, `trained_on` and `voices` of `EmotionRecognizer`.

        Returns
        -------
        EmotionRecognizer
        """
        onnx = models.to_onnx(self.model)
        return EmotionRecognizer(onnx, emotions=self.emotions, feature=self.feature, settings=self.settings, **options)


def check_same(name: str, features: AnyFeatures, feature: str, settings: FeatureSettings) -> None:
    """Refuse features of another kind or with other settings, and name the differences.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    features : Features or StoredFeatures
        The features given.
    feature : str
        Name of the expected feature.
    settings : FeatureSettings
        Settings of the expected feature.

    Raises
    ------
    ParameterError
        If the features differ from the expected ones in kind or settings.
    """
    made = {"feature": features.feature} | asdict(features.settings)
    expected = {"feature": feature} | asdict(settings)
    if differ := [key for key in made if made[key] != expected[key]]:
        found, needed = (", ".join(f"{key}={values[key]!r}" for key in differ) for values in (made, expected))
        raise ParameterError(
            f"{name}: made with {found}; the model takes features made with {needed}; extract them with these values"
        )


STATISTICS_WEIGHT = 0.2
"""Weight of the voice statistics relative to the network; chosen on left-out speakers of EMO-DB and RAVDESS."""


def ensemble(networks: Sequence[FittedNetwork]) -> FittedNetwork:
    """Combine several networks into one, by the geometric mean of their probabilities.

    Networks that differ only in their seed make different errors, so their mean makes fewer errors than each of them.

    Parameters
    ----------
    networks : sequence of FittedNetwork
        At least one; all trained for the same emotions on the same kind of features.

    Returns
    -------
    FittedNetwork
        The combined network; its history is the mean of the histories, epoch by epoch, and its `seconds` are the sum.

    Raises
    ------
    ParameterError
        If `networks` is empty, or the networks differ in emotions, feature or settings.

    References
    ----------
    Hansen, L. K. and Salamon, P. (1990). Neural network ensembles. doi:10.1109/34.58871
    """
    if len({(each.emotions, each.feature, each.settings) for each in networks}) != 1:
        raise ParameterError(
            f"networks: {len(networks)} given; must be one or more with the same emotions, feature and settings"
        )
    first = networks[0]
    history = pd.concat([each.history for each in networks]).groupby("epoch", as_index=False).mean()
    model = models.average_networks([each.model for each in networks])
    seconds = sum(each.seconds for each in networks)
    return FittedNetwork(model, first.emotions, first.feature, first.settings, history, seconds)


def with_statistics(network: FittedNetwork, discriminant: Discriminant) -> FittedNetwork:
    """Combine a network and a discriminant on voice statistics, by the weighted product of their probabilities.

    The network follows the course of the utterance; the discriminant measures how far pitch, level and spectrum move
    in it. They make different errors.

    Parameters
    ----------
    network : FittedNetwork
        A network trained on log-mel frames.
    discriminant : Discriminant
        Fitted on the same utterances, with the same emotions.

    Returns
    -------
    FittedNetwork
        The combined network; its `seconds` are the sum of both.

    Raises
    ------
    ParameterError
        If the two differ in emotions, feature or settings.
    """
    if network.emotions != discriminant.emotions:
        theirs, its = ", ".join(discriminant.emotions), ", ".join(network.emotions)
        raise ParameterError(f"discriminant: tells apart {theirs}, the network {its}; fit both on the same utterances")
    if (network.feature, network.settings) != (discriminant.feature, discriminant.settings):
        raise ParameterError(
            f"discriminant: fitted on {discriminant.feature}, {discriminant.settings}, the network on "
            f"{network.feature}, {network.settings}; fit both on the same features"
        )
    keras = models.import_keras()
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in network.model.inputs]
    statistics = keras.Input((len(discriminant.coefficients),), name=models.STATISTICS)
    linear = keras.layers.Dense(len(discriminant.emotions), trainable=False, name="discriminant")
    log_probabilities = keras.ops.log_softmax(linear(statistics))
    linear.set_weights([discriminant.coefficients, discriminant.intercept])
    # A sum of logarithms is a product of probabilities; 1e-7 keeps the logarithm of a probability of 0 finite.
    product = keras.ops.log(network.model(inputs) + 1e-7) + STATISTICS_WEIGHT * log_probabilities
    name = f"{network.model.name}_with_statistics"
    model = keras.Model([*inputs, statistics], keras.ops.softmax(product), name=name)
    return replace(network, model=model, seconds=network.seconds + discriminant.seconds)
