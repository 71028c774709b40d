"""Recordings in, features or errors out: in threads of this process, or in the workers of an executor."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from emotion_lib import audio
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import DEFAULT, FEATURES, FeatureSettings

BATCH = 64
_AHEAD = 64
"""Batches that the workers of an executor, of which there may be many, have before them; threads have two each."""

_THREADS = min(os.cpu_count() or 1, 8)

Value = np.ndarray | AudioError
"""The features of a recording, or the error that says why there are none."""


def check(feature: str, executor: Executor | None = None) -> None:
    """Raise a `ParameterError` for a feature that is unknown, or what is no executor."""
    if feature not in FEATURES:
        raise ParameterError(f"feature={feature!r}: must be one of {', '.join(FEATURES)}")
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError(
            f"executor={executor!r}: must be a concurrent.futures.Executor; that of a Dask client is "
            "`client.get_executor()`"
        )


def compute(
    paths: Iterable[Path], feature: str, settings: FeatureSettings, *, executor: Executor | None = None
) -> Iterator[tuple[list[Path], list[Value]]]:
    """Yield batches of recordings with their features, in order; only some batches are taken ahead.

    Parameters
    ----------
    paths : iterable of Path
        The recordings, of which there may be any number.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        How the recordings are read and the feature is made.
    executor : concurrent.futures.Executor, optional
        Where, and left open; threads of this process when not given.

    Yields
    ------
    batch : list of Path
    values : list of Value
        As many.
    """
    work = partial(_compute_batch, feature=feature, settings=settings)
    pending: deque[tuple[list[Path], Future[list[Value]]]] = deque()
    ahead = 2 * _THREADS if executor is None else _AHEAD
    # NumPy, SciPy and soundfile let go of the interpreter, and a process pool starts slower than it gains.
    with ThreadPoolExecutor(_THREADS) if executor is None else nullcontext(executor) as pool:
        try:
            for batch in _batches(paths):
                pending.append((batch, pool.submit(work, batch)))
                if len(pending) > ahead:
                    yield _done(pending)
            while pending:
                yield _done(pending)
        finally:
            for _, future in pending:
                future.cancel()


def extract_one(recording: audio.Source, feature: str, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Extract one feature from one recording, which may be in memory; the cache is not asked.

    Parameters
    ----------
    recording : path, bytes or binary file object
        Whatever `audio.read` takes.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        How the recording is read and the feature is made.

    Returns
    -------
    ndarray of shape (n_features,) or (n_frames, n_features), float32

    Raises
    ------
    ParameterError
        If the feature is unknown, or the recording is nothing that can be read.
    AudioError
        If the recording cannot be used.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [0.1] * 8000, 16000, format="WAV")
    >>> extract_one(recording, "duration_level").round(2).tolist()
    [0.5, -20.0]

    Notebook: 02_features
    """
    check(feature)
    y, sr = audio.read(recording, sr=settings.sr, offset=settings.offset, duration=settings.duration)
    return FEATURES[feature](y, sr, settings=settings)


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Yield the paths, `BATCH` at a time."""
    remaining = iter(paths)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _done(pending: deque[tuple[list[Path], Future[list[Value]]]]) -> tuple[list[Path], list[Value]]:
    """Return the first batch, when it is done, with its values."""
    batch, future = pending.popleft()
    return batch, future.result()


def _compute_batch(paths: list[Path], *, feature: str, settings: FeatureSettings) -> list[Value]:
    """Return the features of each recording, or the error that says why there are none."""
    return [_value(path, feature, settings) for path in paths]


def _value(path: Path, feature: str, settings: FeatureSettings) -> Value:
    """Return the features of one recording, or the error that says why there are none."""
    try:
        return extract_one(path, feature, settings=settings)
    except AudioError as error:
        return error
