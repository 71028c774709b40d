"""The networks, and their ONNX form."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import extra
from emotion_lib.models.keras_import import import_keras, silent_stderr

if TYPE_CHECKING:
    import keras

STANDARDISE = "standardise"
"""Name of the layer whose mean and variance `training.fit` takes from the training utterances."""

STEPS = 5
"""Batches that TensorFlow trains on before it comes back to Python."""

STATISTICS = "statistics"
"""Name of the input that takes voice statistics."""


def mean_mfcc_lstm(
    n_mfcc: int = 40, *, n_emotions: int = len(EMOTIONS), normalise: bool = False, seed: int = 0
) -> "keras.Model":
    """Build the original network: an LSTM that reads the averaged coefficients one after the other.

    What it takes for time is the index of the coefficient, since time was averaged away before. It is here
    to be measured as it was published, not to be recommended.

    Parameters
    ----------
    n_mfcc : int > 0
        Averaged coefficients of an utterance.
    n_emotions : int > 1
        Outputs.
    normalise : bool
        Whether each coefficient is first brought to mean 0 and variance 1 over the training utterances;
        the original does not.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; takes (n_utterances, n_mfcc, 1), gives (n_utterances, n_emotions) probabilities.
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
    """Build an LSTM over real time, whose outputs are averaged over the real frames of the utterance.

    An LSTM reads forwards, so padding at the end cannot reach the frames before it; the average gives padding
    a weight of zero. Every frame is brought to mean 0 and variance 1 over the training utterances' frames.

    Parameters
    ----------
    n_features : int > 0
        Numbers in a frame.
    n_emotions : int > 1
        Outputs.
    units : int > 0
        Cells of the LSTM.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; takes frames (n_utterances, n_frames, n_features) and the weight of each frame
        (n_utterances, n_frames), which `features.frame_weights` makes from lengths; gives
        (n_utterances, n_emotions) probabilities.

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
    """Build convolutions over time and frequency, whose outputs are averaged where the network attends to.

    A convolution looks for the same pattern at every pitch and at every time, which carries further to a new voice
    than a weight for each band. Each utterance is brought to mean 0 and variance 1 first, so that level and microphone
    say nothing. Padding is set to zero after each step, so that an utterance gives the same probabilities alone and
    among longer ones.

    Parameters
    ----------
    n_features : int > 0, a multiple of 16
        Mel bands of a frame.
    n_emotions : int > 1
        Outputs.
    channels : sequence of int > 0, of length 4
        Patterns that each convolution looks for.
    seed : int
        Seed of the initial weights.

    Returns
    -------
    keras.Model
        Compiled; takes frames and their weights, as `frame_lstm` does, and gives (n_utterances, n_emotions)
        probabilities. 263 744 parameters with the defaults.

    References
    ----------
    Okabe, K., Koshinaka, T. and Shinoda, K. (2018). Attentive statistics pooling for deep speaker embedding.
    doi:10.21437/Interspeech.2018-993
    """
    keras = import_keras()
    dense, _, dropout = _seeded_layers(seed)
    frames = keras.Input((None, n_features), name="frames")
    weights = keras.Input((None,), name="frame_weights")
    longer = keras.layers.ZeroPadding1D((0, 2 ** (len(channels) - 1) - 1))  # so that no real frame is cut off
    counted = longer(weights[:, :, None])
    real = keras.ops.cast(counted > 0, "float32")[..., None]
    hidden = _standardised_utterance(longer(frames), counted)[..., None] * real
    for number, n in enumerate(channels):
        hidden, real = _convolved(
            hidden, real, n, halve_time=number < len(channels) - 1, seed=1000 * seed + 500 + number
        )
    hidden, real = keras.layers.Reshape((-1, channels[-1] * n_features // 2 ** len(channels)))(hidden), real[:, :, 0]
    hidden = _over_neighbours(dense(96, "relu")(hidden) * real, 96, seed=1000 * seed + 600)
    hidden = dropout(0.2)(hidden)
    attention = _attention(dense(1, None)(dense(32, "tanh")(hidden)), real)
    probabilities = dense(n_emotions, "softmax")(dropout(0.2)(_mean_and_deviation(hidden, attention)))
    optimizer = keras.optimizers.AdamW(2e-3, weight_decay=1e-3)
    return _compiled(keras.Model([frames, weights], probabilities, name="frame_cnn"), optimizer=optimizer)


def average_networks(members: Sequence[Any]) -> "keras.Model":
    """Join trained networks to one, whose probabilities are the geometric mean of theirs.

    Parameters
    ----------
    members : sequence of keras.Model
        At least one; of the same inputs and outputs. They become parts of the result.

    Returns
    -------
    keras.Model
        Takes what they take.
    """
    keras = import_keras()
    for number, member in enumerate(members):
        member.name = f"{member.name}_{number}"  # names within a network must differ
    inputs = [keras.Input(each.shape[1:], name=each.name) for each in members[0].inputs]
    logarithms = [keras.ops.log(member(inputs) + 1e-7) for member in members]
    probabilities = keras.ops.softmax(sum(logarithms) / len(members))
    return keras.Model(inputs, probabilities, name=f"{len(members)}_networks")


def _standardised_utterance(frames: Any, weights: Any) -> Any:
    """Return frames of mean 0 and variance 1 over all the real ones of the utterance."""
    ops = import_keras().ops
    weight = weights / frames.shape[-1]
    centred = frames - ops.sum(frames * weight, axis=(1, 2), keepdims=True)
    return centred / (ops.sqrt(ops.sum(ops.square(centred) * weight, axis=(1, 2), keepdims=True)) + 1e-3)


def _convolved(hidden: Any, real: Any, channels: int, *, halve_time: bool, seed: int) -> tuple[Any, Any]:
    """Return the output of a convolution, frequency and perhaps time halved, and which of its frames are real."""
    keras = import_keras()
    initial = keras.initializers.HeNormal(seed)
    hidden = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer=initial)(hidden)
    hidden = keras.layers.Activation("relu")(keras.layers.BatchNormalization()(hidden))
    hidden = keras.layers.MaxPooling2D((2 if halve_time else 1, 2))(hidden)
    if halve_time:
        real = keras.layers.MaxPooling2D((2, 1))(real)
    return keras.layers.SpatialDropout2D(0.07, seed=seed)(hidden * real), real


def _over_neighbours(hidden: Any, channels: int, *, seed: int) -> Any:
    """Return the output of a convolution over five steps of time: 0.8 seconds, two or three syllables."""
    keras = import_keras()
    initial = keras.initializers.HeNormal(seed)
    return keras.layers.Conv1D(channels, 5, padding="same", activation="relu", kernel_initializer=initial)(hidden)


def _attention(scores: Any, real: Any) -> Any:
    """Return how much each frame counts: the weights of the real frames sum to 1, padding counts nothing."""
    keras = import_keras()
    return keras.layers.Softmax(axis=1)(scores + (real - 1) * 1e4)


def _mean_and_deviation(hidden: Any, weights: Any) -> Any:
    ops = import_keras().ops
    mean = ops.sum(hidden * weights, axis=1)
    variance = ops.sum(ops.square(hidden) * weights, axis=1) - ops.square(mean)
    return ops.concatenate([mean, ops.sqrt(ops.maximum(variance, 1e-5))], axis=-1)


def _seeded_layers(seed: int) -> tuple[Any, Any, Any]:
    """Return makers of dense, LSTM and dropout layers, each layer with its own seed that follows from `seed`."""
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
    """Return a layer that subtracts a mean and divides by a deviation which `training.fit` sets once.

    Keras' own Normalization loses its mean and variance on the way to ONNX; a batch normalisation that never
    trains keeps them as weights.
    """
    keras = import_keras()
    return keras.layers.BatchNormalization(
        axis=axis, center=False, scale=False, epsilon=1e-6, trainable=False, name=STANDARDISE
    )


def _compiled(model: Any, *, optimizer: Any = "adam") -> Any:
    """Return the model compiled as the original was: Adam unless told, cross-entropy, accuracy."""
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
        steps_per_execution=STEPS,
    )
    return model


def to_onnx(model: Any) -> bytes:
    """Write a network in ONNX's form, which runs without Keras.

    Parameters
    ----------
    model : keras.Model
        From this module.

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
        _call_once(model)
        with extra("train"):
            import tf2onnx  # noqa: F401 (Keras asks for it later, and less clearly)
        path = Path(folder) / "network.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()


def _call_once(model: Any) -> None:
    """Run the network once, on ones; a network that was never called cannot be exported."""
    shapes = [[1, *(size or 16 for size in each.shape[1:])] for each in model.inputs]
    given = [np.ones(shape, np.float32) for shape in shapes]
    model.predict(given if len(given) > 1 else given[0], verbose=0)
