"""A fitted network: it predicts features, becomes a recogniser, and joins others in an ensemble."""

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
from emotion_lib.features import FeatureSettings, frame_weights, voice_statistics
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.training.discriminant import Discriminant

AHEAD = 2
"""Batches that are made ready while a network learns."""

INFERENCE_BATCH = 256
"""Utterances in a batch that nothing is learnt from."""


def in_batches(features: AnyFeatures) -> Iterator[Features]:
    """Yield all utterances in their order, a batch at a time; of those on disk, no more than that is read.

    Parameters
    ----------
    features : Features or StoredFeatures
        The utterances.

    Yields
    ------
    Features
        Padded to the longest of all utterances.
    """
    for start in range(0, len(features), INFERENCE_BATCH):
        yield taken(features, np.arange(start, min(start + INFERENCE_BATCH, len(features))))


def taken(features: AnyFeatures, rows: np.ndarray) -> Features:
    """Return some utterances in memory, padded to the longest of all.

    Parameters
    ----------
    features : Features or StoredFeatures
        All utterances.
    rows : ndarray of int
        Positions of some.

    Returns
    -------
    Features
    """
    some = features[rows]
    return some if isinstance(some, Features) else _padded(some.load(), features.shape)


def _padded(features: Features, shape: tuple[int, ...]) -> Features:
    """Return the utterances with as many frames as a shape has, where they have frames."""
    missing = [(0, wanted - found) for wanted, found in zip(shape[1:], features.shape[1:], strict=True)]
    return replace(features, X=np.pad(features.X, [(0, 0), *missing]))


def dataset(
    model: Any,
    features: AnyFeatures,
    *,
    rows: np.ndarray | None = None,
    batch_size: int = INFERENCE_BATCH,
    version: Callable[[Features], Features] | None = None,
    emotions: Sequence[str] = (),
) -> Any:
    """Return utterances as Keras takes them.

    Parameters
    ----------
    model : keras.Model
        Takes what the utterances are.
    features : Features or StoredFeatures
        The utterances; of those on disk, only some batches are in memory.
    rows : ndarray of int or None
        Their positions, in the order in which they are taken; None takes all.
    batch_size : int > 0
        Utterances in a batch; the last one may have fewer.
    version : callable or None
        Returns what is shown of a batch, asked once for each, in their order; None shows it as it is.
    emotions : sequence of str
        What each output of the network stands for, where it is to learn from the utterances or is scored on them.

    Returns
    -------
    tf.data.Dataset
        Of inputs, and where emotions are given of their numbers.
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
    options.autotune.enabled = False  # its thread sleeps, and now and then the end of an epoch waits until it wakes
    batches = tf.data.Dataset.range(math.ceil(len(positions) / batch_size)).map(element)
    return batches.prefetch(AHEAD).with_options(options)


def _inputs(model: Any, features: Features) -> tuple[np.ndarray, ...]:
    """Return what the network takes: averaged coefficients one by one, or frames and their weights, and statistics."""
    if len(model.inputs) == 1:
        return (features.X[..., None],)
    frames = (features.X, frame_weights(features.lengths, features.X.shape[1]))
    if len(model.inputs) == 2:
        return frames
    return (*frames, voice_statistics(features.X, features.lengths, feature=features.feature))


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network, what its outputs mean, and how the features it was trained on were made.

    Parameters
    ----------
    model : keras.Model
        The network.
    emotions : tuple of str
        What each output stands for.
    feature : str
        Name of the feature it takes.
    settings : FeatureSettings
        How that feature is made.
    history : DataFrame
        One row an epoch: `epoch`, `loss`, `accuracy` as training saw them (dropout on, weights changing), and
        `test_loss`, `test_accuracy` where held-out features were observed: of the weights after that epoch, which are
        not what is kept where a schedule has `ema_momentum`.
    seconds : float
        How long its training took, what was done before a resumption included.

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
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
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
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances,), str

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        predicted: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return predicted

    def recognizer(self, **options: Any) -> EmotionRecognizer:
        """Return the network as a recogniser, which needs no TensorFlow and can be saved.

        Parameters
        ----------
        **options
            `calibration`, `about`, `trained_on` and `voices`, as `EmotionRecognizer` takes them.

        Returns
        -------
        EmotionRecognizer
        """
        onnx = models.to_onnx(self.model)
        return EmotionRecognizer(onnx, emotions=self.emotions, feature=self.feature, settings=self.settings, **options)


def check_same(name: str, features: AnyFeatures, feature: str, settings: FeatureSettings) -> None:
    """Refuse features that were made in another way, and name the differences.

    Parameters
    ----------
    name : str
        What an error calls them.
    features : Features or StoredFeatures
        What was given.
    feature : str
        The feature that is expected.
    settings : FeatureSettings
        How it is to be made.

    Raises
    ------
    ParameterError
        If they differ.
    """
    made = {"feature": features.feature} | asdict(features.settings)
    expected = {"feature": feature} | asdict(settings)
    if differ := [key for key in made if made[key] != expected[key]]:
        found, trained = (", ".join(f"{key}={values[key]!r}" for key in differ) for values in (made, expected))
        raise ParameterError(f"{name}: made with {found}; this network was trained with {trained}; extract them so")


STATISTICS_WEIGHT = 0.2
"""How much voice statistics count beside a network; chosen on speakers left out of EMO-DB and RAVDESS."""


def ensemble(networks: Sequence[FittedNetwork]) -> FittedNetwork:
    """Return one network that answers what several agree on: the geometric mean of their probabilities.

    Networks that differ in their seed alone err in different places; their mean errs less than each.

    Parameters
    ----------
    networks : sequence of FittedNetwork
        At least one; trained for the same emotions on the same kind of features.

    Returns
    -------
    FittedNetwork
        Its history is the mean of theirs, epoch by epoch, and its time the sum.

    Raises
    ------
    ParameterError
        If there is none, or they differ in emotions, feature or settings.

    References
    ----------
    Hansen, L. K. and Salamon, P. (1990). Neural network ensembles. doi:10.1109/34.58871
    """
    if len({(each.emotions, each.feature, each.settings) for each in networks}) != 1:
        raise ParameterError(f"networks: {len(networks)} of different kinds; give some that differ in their seed alone")
    first = networks[0]
    history = pd.concat([each.history for each in networks]).groupby("epoch", as_index=False).mean()
    model = models.average_networks([each.model for each in networks])
    seconds = sum(each.seconds for each in networks)
    return FittedNetwork(model, first.emotions, first.feature, first.settings, history, seconds)


def with_statistics(network: FittedNetwork, discriminant: Discriminant) -> FittedNetwork:
    """Let a network and a discriminant of voice statistics answer together: a product of probabilities.

    The network follows what happens when; the discriminant, how the utterance moves. They err in different places.

    Parameters
    ----------
    network : FittedNetwork
        Of log-mel frames.
    discriminant : Discriminant
        Of the same emotions, learnt from the same utterances.

    Returns
    -------
    FittedNetwork
        Its time is the sum of both.

    Raises
    ------
    ParameterError
        If they know other emotions, or learnt from other features.
    """
    if network.emotions != discriminant.emotions:
        theirs, its = ", ".join(discriminant.emotions), ", ".join(network.emotions)
        raise ParameterError(f"discriminant: of {theirs}, the network of {its}; fit both on the same")
    if (network.feature, network.settings) != (discriminant.feature, discriminant.settings):
        raise ParameterError(
            f"discriminant: of {discriminant.feature}, {discriminant.settings}, the network of {network.feature}, "
            f"{network.settings}; fit both on the same"
        )
    keras = models.import_keras()
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in network.model.inputs]
    statistics = keras.Input((len(discriminant.coefficients),), name=models.STATISTICS)
    linear = keras.layers.Dense(len(discriminant.emotions), trainable=False, name="discriminant")
    log_probabilities = keras.ops.log_softmax(linear(statistics))
    linear.set_weights([discriminant.coefficients, discriminant.intercept])
    product = keras.ops.log(network.model(inputs) + 1e-7) + STATISTICS_WEIGHT * log_probabilities
    name = f"{network.model.name}_with_statistics"
    model = keras.Model([*inputs, statistics], keras.ops.softmax(product), name=name)
    return replace(network, model=model, seconds=network.seconds + discriminant.seconds)
