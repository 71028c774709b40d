"""The Keras networks, and their export to ONNX."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import check_seed, extra
from emotion_lib.models.keras_import import import_keras, silent_stderr

if TYPE_CHECKING:
    import keras

STANDARDISE = "standardise"
"""Name of the layer whose mean and variance `training.fit` sets from the training utterances."""

STEPS = 5
"""Batches that TensorFlow trains on before it returns to Python; each return costs time."""

STATISTICS = "statistics"
"""Name of the input that takes voice statistics."""


def mean_mfcc_lstm(
    n_mfcc: int = 40, *, n_emotions: int = len(EMOTIONS), normalise: bool = False, seed: int = 0
) -> "keras.Model":
    """Build the original network: an LSTM that reads the averaged coefficients one after the other.

    The coefficients are averaged over time, so the LSTM steps from coefficient to coefficient, not through time.
    The network is kept as it was published, for comparison; it is not recommended.

    Parameters
    ----------
    n_mfcc : int > 0
        Number of averaged coefficients of an utterance.
    n_emotions : int > 1
        Number of outputs, one for each emotion.
    normalise : bool
        Whether to scale each coefficient to mean 0 and variance 1 over the training utterances, which the
        original does not do.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; maps (n_utterances, n_mfcc, 1) to probabilities of shape (n_utterances, n_emotions). It has
        307 655 trainable parameters with the defaults.

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. doi:10.1162/neco.1997.9.8.1735

    Notebook: 03_model
    """
    keras = import_keras()
    dense, lstm, dropout = _seeded_layers(seed)
    layers = [keras.Input((n_mfcc, 1), name="mean_mfcc")]
    if normalise:
        layers.append(_standardise(axis=1))
    layers += [lstm(256), dropout(0.5)]
    for units in (128, 64, 32):
        layers += [dense(units, "relu"), dropout(0.5)]
    layers.append(dense(n_emotions, "softmax"))
    return _compiled(keras.Sequential(layers, name="mean_mfcc_lstm"))


def frame_lstm(
    n_features: int = 40, *, n_emotions: int = len(EMOTIONS), units: int = 128, seed: int = 0
) -> "keras.Model":
    """Build an LSTM over time, and average its outputs over the frames of the utterance.

    An LSTM reads forwards, so padding at the end cannot affect the frames before it; the average gives padding
    a weight of zero. Each feature is scaled to mean 0 and variance 1 over the frames of the training utterances.

    Parameters
    ----------
    n_features : int > 0
        Number of features in a frame.
    n_emotions : int > 1
        Number of outputs, one for each emotion.
    units : int > 0
        Number of LSTM cells.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; takes frames (n_utterances, n_frames, n_features) and the weight of each frame
        (n_utterances, n_frames), which `features.frame_weights` computes from lengths; returns
        probabilities of shape (n_utterances, n_emotions).

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. doi:10.1162/neco.1997.9.8.1735

    Notebook: 03_model
    """
    keras = import_keras()
    dense, lstm, dropout = _seeded_layers(seed)
    frames = keras.Input((None, n_features), name="frames")
    weights = keras.Input((None,), name="frame_weights")
    hidden = lstm(units, return_sequences=True)(_standardise(axis=-1)(frames))
    average = keras.layers.Dot(axes=1, name="average_over_frames")([weights, hidden])
    hidden = dense(64, "relu")(dropout(0.5)(average))
    probabilities = dense(n_emotions, "softmax")(dropout(0.5)(hidden))
    return _compiled(keras.Model([frames, weights], probabilities, name="frame_lstm"))


def frame_cnn(
    n_features: int = 64, *, n_emotions: int = len(EMOTIONS), channels: Sequence[int] = (24, 48, 96, 128), seed: int = 0
) -> "keras.Model":
    """Build a convolutional network over time and frequency with attentive pooling over time.

    A convolution detects the same pattern at every frequency and at every time, which generalises better to a new
    voice than a separate weight for each band. Each utterance is first scaled to mean 0 and variance 1, so that its
    level does not matter. Padding is set to zero after each layer, so that an utterance gets the same probabilities
    alone and in a batch with longer ones.

    Parameters
    ----------
    n_features : int > 0, a multiple of 16
        Number of mel bands in a frame.
    n_emotions : int > 1
        Number of outputs, one for each emotion.
    channels : sequence of int > 0, of length 4
        Number of filters in each convolution.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; takes frames and their weights, as `frame_lstm` does, and returns probabilities of shape
        (n_utterances, n_emotions). It has 263 744 parameters with the defaults.

    References
    ----------
    Okabe, K., Koshinaka, T. and Shinoda, K. (2018). Attentive statistics pooling for deep speaker embedding.
    doi:10.21437/Interspeech.2018-993
    """
    keras = import_keras()
    dense, _, dropout = _seeded_layers(seed)
    frames = keras.Input((None, n_features), name="frames")
    weights = keras.Input((None,), name="frame_weights")
    # Each convolution but the last halves time; pooling drops a remainder, which must not be a real frame.
    longer = keras.layers.ZeroPadding1D((0, 2 ** (len(channels) - 1) - 1))
    counted = longer(weights[:, :, None])
    real = keras.ops.cast(counted > 0, "float32")[..., None]
    hidden = _standardised_utterance(longer(frames), counted)[..., None] * real
    for number, n in enumerate(channels):  # seeds from 500 on, since `_seeded_layers` counts up from 0
        halve_time = number < len(channels) - 1
        hidden, real = _convolved(hidden, real, n, halve_time=halve_time, seed=1000 * seed + 500 + number)
    hidden, real = keras.layers.Reshape((-1, channels[-1] * n_features // 2 ** len(channels)))(hidden), real[:, :, 0]
    # Five steps of time are 0.8 seconds here, two or three syllables.
    initial = keras.initializers.HeNormal(1000 * seed + 600)
    syllables = keras.layers.Conv1D(96, 5, padding="same", activation="relu", kernel_initializer=initial)
    hidden = syllables(dense(96, "relu")(hidden) * real)
    hidden = dropout(0.2)(hidden)
    scores = dense(1, None)(dense(32, "tanh")(hidden))
    attention = keras.layers.Softmax(axis=1)(scores + (real - 1) * 1e4)  # -1e4 gives padding a weight of zero
    probabilities = dense(n_emotions, "softmax")(dropout(0.2)(_mean_and_deviation(hidden, attention)))
    optimizer = keras.optimizers.AdamW(2e-3, weight_decay=1e-3)
    return _compiled(keras.Model([frames, weights], probabilities, name="frame_cnn"), optimizer=optimizer)


def average_networks(members: Sequence[Any]) -> "keras.Model":
    """Combine trained networks into one that returns the renormalised geometric mean of their probabilities.

    Parameters
    ----------
    members : sequence of keras.Model
        At least one, all with the same inputs and outputs. They become parts of the combined network.

    Returns
    -------
    keras.Model
        A network with the same inputs as the members.
    """
    keras = import_keras()
    for number, member in enumerate(members):
        member.name = f"{member.name}_{number}"  # names within a network must differ
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in members[0].inputs]
    logarithms = [keras.ops.log(member(inputs) + 1e-7) for member in members]
    probabilities = keras.ops.softmax(sum(logarithms) / len(members))
    return keras.Model(inputs, probabilities, name=f"{len(members)}_networks")


def _standardised_utterance(frames: Any, weights: Any) -> Any:
    """Scale the frames of each utterance to mean 0 and variance 1, counting only real frames."""
    ops = import_keras().ops
    weight = weights / frames.shape[-1]
    centred = frames - ops.sum(frames * weight, axis=(1, 2), keepdims=True)
    return centred / (ops.sqrt(ops.sum(ops.square(centred) * weight, axis=(1, 2), keepdims=True)) + 1e-3)


def _convolved(hidden: Any, real: Any, channels: int, *, halve_time: bool, seed: int) -> tuple[Any, Any]:
    """Apply a convolution that halves frequency and optionally time; return its output and the mask of real frames."""
    keras = import_keras()
    initial = keras.initializers.HeNormal(seed)
    hidden = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer=initial)(hidden)
    hidden = keras.layers.Activation("relu")(keras.layers.BatchNormalization()(hidden))
    hidden = keras.layers.MaxPooling2D((2 if halve_time else 1, 2))(hidden)
    if halve_time:
        real = keras.layers.MaxPooling2D((2, 1))(real)
    return keras.layers.SpatialDropout2D(0.07, seed=seed)(hidden * real), real


def _mean_and_deviation(hidden: Any, weights: Any) -> Any:
    ops = import_keras().ops
    mean = ops.sum(hidden * weights, axis=1)
    variance = ops.sum(ops.square(hidden) * weights, axis=1) - ops.square(mean)
    return ops.concatenate([mean, ops.sqrt(ops.maximum(variance, 1e-5))], axis=-1)


def _seeded_layers(seed: int) -> tuple[Any, Any, Any]:
    """Return functions that make dense, LSTM and dropout layers; each layer gets the next seed after 1000 * `seed`."""
    check_seed(seed)
    keras = import_keras()
    seeds = iter(range(1000 * seed, 1000 * seed + 1000))

    def dense(units: int, activation: str | None) -> Any:
        initial = keras.initializers.GlorotUniform(next(seeds))
        return keras.layers.Dense(units, activation, kernel_initializer=initial)

    def lstm(units: int, **options: Any) -> Any:
        initial = keras.initializers.GlorotUniform(next(seeds))
        recurrent = keras.initializers.Orthogonal(seed=next(seeds))
        return keras.layers.LSTM(units, kernel_initializer=initial, recurrent_initializer=recurrent, **options)

    def dropout(rate: float) -> Any:
        return keras.layers.Dropout(rate, seed=next(seeds))

    return dense, lstm, dropout


def _standardise(*, axis: int) -> Any:
    """Return a layer that subtracts a mean and divides by a standard deviation, both set by `training.fit`.

    Keras' own Normalization loses its mean and variance in the export to ONNX; a batch normalisation that never
    trains keeps them as weights.
    """
    keras = import_keras()
    return keras.layers.BatchNormalization(
        axis=axis, center=False, scale=False, epsilon=1e-6, trainable=False, name=STANDARDISE
    )


def _compiled(model: Any, *, optimizer: Any = "adam") -> Any:
    """Compile the model like the original: cross-entropy, accuracy, and Adam by default."""
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=STEPS,
    )
    return model


def to_onnx(model: Any) -> bytes:
    """Export a network to ONNX, which runs without Keras.

    Parameters
    ----------
    model : keras.Model
        A network of this module, trained or not.

    Returns
    -------
    bytes

    Raises
    ------
    MissingExtraError
        If tf2onnx is not installed.
    """
    with TemporaryDirectory() as folder, silent_stderr(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In the future `np.object`", category=FutureWarning)
        shapes = [[1, *(size or 16 for size in each.shape[1:])] for each in model.inputs]
        given = [np.ones(shape, np.float32) for shape in shapes]
        model.predict(given if len(given) > 1 else given[0], verbose=0)  # Keras exports only networks that have run
        with extra("train"):
            import tf2onnx  # noqa: F401 (Keras imports it later, with a less clear error)
        path = Path(folder) / "network.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()
