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


def in_batches(features: AnyFeatures, *, rows: np.ndarray | None = None, batch_size: int = HEARD) -> Iterator[Features]:
    """Yield some utterances, a batch at a time; of those on disk, no more than that is read.

    Parameters
    ----------
    features : Features or StoredFeatures
        The utterances.
    rows : ndarray of int or None
        Positions of the utterances, in their order; None takes all.
    batch_size : int > 0
        Utterances in a batch; the last one may have fewer.

    Yields
    ------
    Features
        Padded to the longest of all utterances.
    """
    rows = np.arange(len(features)) if rows is None else rows
    for start in range(0, len(rows), batch_size):
        taken = features[rows[start : start + batch_size]]
        yield taken if isinstance(taken, Features) else _padded(taken.load(), features.shape)


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
    features, rows, batch_size
        As for `in_batches`.
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

    number = {emotion: index for index, emotion in enumerate(emotions)}

    def elements() -> Iterator[tuple[Any, ...]]:
        for batch in in_batches(features, rows=rows, batch_size=batch_size):
            heard = [np.array([number[emotion] for emotion in batch.emotion])] if emotions else []
            yield (_inputs(model, version(batch) if version else batch), *heard)

    inputs = tuple(tf.TensorSpec((None, *each.shape[1:]), tf.float32) for each in model.inputs)
    targets = [tf.TensorSpec((None,), tf.int64)] if emotions else []
    signature = (inputs if len(inputs) > 1 else inputs[0], *targets)
    n_batches = math.ceil((len(features) if rows is None else len(rows)) / batch_size)
    batches = tf.data.Dataset.from_generator(elements, output_signature=signature)
    return batches.apply(tf.data.experimental.assert_cardinality(n_batches)).prefetch(AHEAD)


def _inputs(model: Any, features: Features) -> np.ndarray | tuple[np.ndarray, ...]:
    """Return what the network takes: averaged coefficients one by one, or frames and their weights, and statistics."""
    if len(model.inputs) == 1:
        return features.X[..., None]
    frames = (features.X, frame_weights(features.lengths, features.X.shape[1]))
    if len(model.inputs) == 2:
        return frames
    return (*frames, enrolment.statistics(features.X, features.lengths, feature=features.feature))
