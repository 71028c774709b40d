"""The networks: how each is built, and nothing of how it is trained.

Keras is imported inside the functions, silently, since it takes seconds and writes to the terminal.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from emotion_lib.emotions import EMOTIONS

if TYPE_CHECKING:
    import keras

STANDARDISE = "standardise"
"""Name of the layer whose mean and variance `training.fit` takes from the training utterances."""


def import_keras() -> Any:
    """Import Keras with TensorFlow behind it, without the lines that TensorFlow writes as it starts.

    Returns
    -------
    module
        `keras`, ready for use.

    Raises
    ------
    ImportError
        If TensorFlow is not installed; it comes with the extra `train`.

    Notebook: 03_model
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _silent_descriptor_2():
        try:
            import keras
            import tensorflow as tf
        except ModuleNotFoundError as error:
            raise ImportError("networks need TensorFlow: pip install 'emotion_lib[train]'") from error
        tf.zeros(1)
        tf.get_logger().setLevel("ERROR")
    return keras


@contextmanager
def _silent_descriptor_2() -> Iterator[None]:
    """Send to nowhere what compiled code writes to file descriptor 2, as long as the block runs."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


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
        (n_utterances, n_frames), which `training.frame_weights` makes from lengths; gives
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


def _seeded_layers(seed: int) -> tuple[Any, Any, Any]:
    """Return makers of dense, LSTM and dropout layers, each layer with its own seed that follows from `seed`."""
    keras = import_keras()
    seeds = iter(range(1000 * seed, 1000 * seed + 1000))

    def dense(units: int, activation: str) -> Any:
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


def _compiled(model: Any) -> Any:
    """Return the model compiled as the original was: Adam, cross-entropy, accuracy."""
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model
