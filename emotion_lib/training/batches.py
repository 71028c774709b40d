"""Batches for a network: the next ones are read and put into its form while it learns from this one."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from emotion_lib import enrolment
from emotion_lib.extraction import Features, StoredFeatures
from emotion_lib.features import frame_weights

AnyFeatures: TypeAlias = Features | StoredFeatures
"""Utterances in memory, or on disk."""

AHEAD = 2
"""Batches that are made ready while a network learns."""

HEARD = 256
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
    for start in range(0, len(features), HEARD):
        yield taken(features, np.arange(start, min(start + HEARD, len(features))))


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
    batch_size: int = HEARD,
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
    return (*frames, enrolment.statistics(features.X, features.lengths, feature=features.feature))
