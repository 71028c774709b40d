"""Extract a feature from many recordings on all cores or a cluster, or take it from the cache."""

import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_lib import audio, features
from emotion_lib.audio.sources import name_of
from emotion_lib.errors import AudioError, CorpusError, ParameterError, check_columns, path_of
from emotion_lib.extraction.arrays import Features, LeftOut
from emotion_lib.extraction.cache import FeatureCache
from emotion_lib.features import DEFAULT, FeatureSettings, check_feature
from emotion_lib.parallel import map_in_order
from emotion_lib.progress import bar

if TYPE_CHECKING:
    import pandas as pd

BATCH = 64  # recordings in one task of a worker

Value = np.ndarray | AudioError
"""The features of a recording, or the reason why there are no features."""


def check_arguments(feature: str, executor: Executor | None = None) -> None:
    """Raise a `ParameterError` for an unknown feature, or an executor that is not an `Executor`."""
    check_feature(feature)
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError(
            f"executor={executor!r}: must be a concurrent.futures.Executor; a Dask client gives one with "
            "`client.get_executor()`"
        )


def compute(
    paths: Iterable[Path], feature: str, settings: FeatureSettings, *, executor: Executor | None = None
) -> Iterator[list[tuple[Path, Value]]]:
    """Yield batches of recordings with their features, in order, working only a few batches ahead.

    Parameters
    ----------
    paths : iterable of Path
        Any number of recordings.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        Settings for reading the recordings and computing the feature.
    executor : concurrent.futures.Executor, optional
        Workers; the executor stays open. By default, threads of this process.

    Yields
    ------
    list of tuple of Path and Value
    """
    remaining = iter(paths)
    batches = iter(lambda: list(islice(remaining, BATCH)), [])  # until a batch is empty
    return map_in_order(partial(_computed, feature=feature, settings=settings), batches, executor=executor)


def extract_one(recording: audio.Source, feature: str, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Extract one feature from one recording, without the cache.

    Parameters
    ----------
    recording : path, bytes or binary file object
        A recording, as for `audio.read`.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        Settings for reading the recording and computing the feature.

    Returns
    -------
    ndarray of shape (n_features,) or (n_frames, n_features), float32

    Raises
    ------
    ParameterError
        If the feature is unknown, or the recording is not a path, bytes or a binary file object.
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
    check_feature(feature)  # before a file is read
    y, sr = audio.read(recording, sr=settings.sr, offset=settings.offset, duration=settings.duration)
    try:
        return features.compute(feature, y, sr, settings=settings)
    except AudioError as error:  # it names no file, since it is about a waveform
        raise AudioError(f"{name_of(recording)}: {error}") from error


def _computed(paths: list[Path], *, feature: str, settings: FeatureSettings) -> list[tuple[Path, Value]]:
    # At the top level of the module, so that it can be sent to other processes.
    found: list[tuple[Path, Value]] = []
    for path in paths:
        try:
            found.append((path, extract_one(path, feature, settings=settings)))
        except AudioError as error:
            found.append((path, error))
    return found


SECONDS_UNTIL_KEPT = 1.0
"""Seconds between two writes to the cache; a killed process loses at most the features extracted in that time."""


def extract(
    table: "pd.DataFrame",
    feature: str,
    *,
    settings: FeatureSettings = DEFAULT,
    cache: bool = True,
    progress: bool | None = None,
    executor: Executor | None = None,
) -> Features:
    """Extract one feature from every recording of a corpus table.

    A recording that cannot be used is left out and reported, and the others are still extracted. Features that were
    extracted before come from the cache, which identifies them by the content of the recording, the feature and its
    settings.

    Parameters
    ----------
    table : DataFrame
        A corpus table; its columns `id` and `path` are used.
    feature : str
        A name in `features.FEATURES`, such as "mean_mfcc".
    settings : FeatureSettings
        Settings for reading the recordings and computing the feature.
    cache : bool
        Whether to cache features on disk, in $EMOTION_LIB_CACHE or the user's cache folder.
    progress : bool, optional
        Whether to show a progress bar. By default only on a terminal and in a live notebook.
    executor : concurrent.futures.Executor, optional
        Workers instead of threads of this process: a pool of processes, or a Dask cluster through
        `client.get_executor()`. They need this version of the library and the recordings under the same paths. The
        cache stays on this machine, and the executor stays open.

    Returns
    -------
    Features

    Raises
    ------
    ParameterError
        If the feature is unknown, the table is empty or lacks a column, or `executor` is not an Executor.
    CorpusError
        If no recording could be used, or one is so long that the others, padded to its length, would fill the memory.

    Notebook: 03_model
    """
    check_arguments(feature, executor)
    check_columns("the table", table, "id", "path")
    if len(table) == 0:
        raise ParameterError("the table is empty: must have at least one recording")
    # Workers on other machines have their own working folder, so relative paths would fail.
    paths = [path_of("path", path).absolute() for path in table["path"]]
    store = FeatureCache(feature, settings) if cache else None
    values = _values(paths, feature, settings, cache=store, progress=progress, executor=executor)
    left_out = tuple(
        LeftOut(str(id_), path, str(value))
        for id_, path, value in zip(table["id"], paths, values, strict=True)
        if isinstance(value, AudioError)
    )
    kept = [value for value in values if isinstance(value, np.ndarray)]
    if not kept:
        raise CorpusError(f"none of the {len(paths)} recordings could be used; the first: {left_out[0].reason}")
    rows = table[[isinstance(value, np.ndarray) for value in values]].reset_index(drop=True)
    _check_padding(kept, rows["path"])
    X, lengths = _pad(kept)
    return Features(X, lengths, rows, feature, settings, left_out)


def _values(
    paths: list[Path],
    feature: str,
    settings: FeatureSettings,
    *,
    cache: FeatureCache | None,
    progress: bool | None,
    executor: Executor | None,
) -> list[Value]:
    """Return the features of each recording, from the cache or newly computed, or its error."""
    recalled = cache.recall(paths) if cache else [None] * len(paths)
    missing = [path for path, value in zip(paths, recalled, strict=True) if value is None]
    # Closed at once if the bar is interrupted, so that finished features still reach the cache.
    with closing(_anew(missing, feature, settings, cache, executor)) as anew:
        computed = dict(bar(anew, description="Extracting features", progress=progress, total=len(missing)))
    return [computed[path] if value is None else value for path, value in zip(paths, recalled, strict=True)]


def _anew(
    paths: list[Path], feature: str, settings: FeatureSettings, cache: FeatureCache | None, executor: Executor | None
) -> Generator[tuple[Path, Value]]:
    """Yield each recording with its features or its error, and cache the features about once a second."""
    new: dict[Path, np.ndarray] = {}
    kept = time.monotonic()
    try:
        for found in compute(paths, feature, settings, executor=executor):
            new |= {path: value for path, value in found if isinstance(value, np.ndarray)}
            if cache and time.monotonic() - kept > SECONDS_UNTIL_KEPT:
                cache.keep(new)
                new, kept = {}, time.monotonic()
            yield from found
    finally:
        if cache and new:
            cache.keep(new)


MOST_PADDING = 2**29
"""Bytes of padding that `extract` adds at most, unless there are as many bytes of features."""


def _check_padding(values: list[np.ndarray], paths: "pd.Series[Any]") -> None:
    """Raise a `CorpusError` if one long recording would make the array much larger than the features in it."""
    sizes = [value.nbytes for value in values]
    padded, longest = len(values) * max(sizes), paths.iloc[int(np.argmax(sizes))]
    if padded - sum(sizes) > max(MOST_PADDING, sum(sizes)):
        raise CorpusError(
            f"{longest}: so long that all {len(values)} recordings, padded to its length, take {padded / 1e9:.1f} GB; "
            "leave it out, read a part of each with `duration`, or extract to a Zarr folder"
        )


def _pad(values: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the features as one array, padded with zeros to the longest, and the lengths without padding."""
    if values[0].ndim == 1:
        return np.stack(values).astype(np.float32), np.ones(len(values), dtype=np.int32)
    lengths = np.array([len(value) for value in values], dtype=np.int32)
    X = np.zeros((len(values), lengths.max(), values[0].shape[1]), dtype=np.float32)
    for row, value in zip(X, values, strict=True):
        row[: len(value)] = value
    return X, lengths
