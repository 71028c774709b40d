"""A corpus table in, arrays of features out: on all cores or a cluster, kept for the next time.

What was left out is reported.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emotion_lib import audio
from emotion_lib.cache import FeatureCache
from emotion_lib.errors import AudioError, CorpusError, ParameterError
from emotion_lib.features import DEFAULT, FEATURES, FeatureSettings
from emotion_lib.progress import bar

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 64
_MOST_WORKERS = 8
_MOST_REASONS = 5


class LeftOut(NamedTuple):
    """A recording that could not be used, and why."""

    id: str
    path: Path
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class Features:
    """Hold the features of a corpus, and the rows of its table that they belong to.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances, n_frames, n_features), float32
        The features; utterances shorter than the longest end in frames of zeros.
    lengths : ndarray of shape (n_utterances,), int32
        Frames of each utterance that are not padding; 1 where a feature is one vector.
    table : DataFrame
        The rows of the corpus table that could be used, in its order, numbered from 0.
    feature : str
        The name of the feature.
    settings : FeatureSettings
        How it was made.
    left_out : tuple of LeftOut
        The recordings that could not be used.

    Notebook: 02_features
    """

    X: np.ndarray
    lengths: np.ndarray
    table: "pd.DataFrame"
    feature: str
    settings: FeatureSettings
    left_out: tuple[LeftOut, ...] = ()

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.X)

    def __getitem__(self, rows: "np.ndarray | Sequence[int] | pd.Series | slice") -> "Features":
        """Take some of the utterances.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask as long as the table, or positions in it.

        Returns
        -------
        Features
            Padded as before; it knows nothing of what was left out.

        Raises
        ------
        ParameterError
            If the rows reach past the utterances, or the mask has another length.
        """
        try:
            taken = np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise ParameterError(
                f"rows: {error}; where recordings were left out, split `features.table`, not the table extracted from"
            ) from error
        table = self.table.iloc[taken].reset_index(drop=True)
        return Features(self.X[taken], self.lengths[taken], table, self.feature, self.settings)

    @property
    def emotion(self) -> np.ndarray:
        """The emotion of each utterance, ndarray of shape (n_utterances,), str."""
        if "emotion" not in self.table:
            raise ParameterError("the table has no column 'emotion': load it with corpora.load, or add the labels")
        return np.asarray(self.table["emotion"], dtype=str)

    @property
    def report(self) -> str:
        """How many recordings were used, which were left out, and why."""
        if not self.left_out:
            return f"{len(self)} recordings"
        reasons = [each.reason for each in self.left_out[:_MOST_REASONS]]
        if len(self.left_out) > _MOST_REASONS:
            reasons.append(f"and {len(self.left_out) - _MOST_REASONS} more, in `left_out`")
        count = f"{len(self)} of {len(self) + len(self.left_out)} recordings; left out {len(self.left_out)}:"
        return (" " if len(reasons) == 1 else "\n  ").join([count, *reasons])

    def __repr__(self) -> str:
        """Return one line that says what this holds."""
        return f"{self.feature}, {' x '.join(map(str, self.X.shape))}: {self.report}"

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return f"<p>{'<br>'.join(map(escape, repr(self).splitlines()))}</p>"


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

    A recording that cannot be used is left out and reported; the others are not lost. What was extracted before is
    taken from the cache, where it is found by the content of the recording, the feature, and its settings.

    Parameters
    ----------
    table : DataFrame
        A corpus table; its columns `id` and `path` are used.
    feature : str
        A name in `features.FEATURES`, such as "mean_mfcc".
    settings : FeatureSettings
        How the recordings are read and the feature is made.
    cache : bool
        Whether features are kept on disk for the next time, in $EMOTION_LIB_CACHE or the user's folder for caches.
    progress : bool, optional
        Whether a bar shows the progress; by default on a terminal and in a live notebook.
    executor : concurrent.futures.Executor, optional
        Where recordings are read and computed instead of in threads of this process, and left open: a pool of
        processes, or a cluster of Dask through `client.get_executor()`. Its workers need this version of the
        library, and the recordings under the same paths; the cache stays here.

    Returns
    -------
    Features

    Raises
    ------
    ParameterError
        If the feature is unknown, the table is empty or lacks a column, or `executor` is no Executor.
    CorpusError
        If none of the recordings could be used.

    Notebook: 02_features
    """
    _check(table, feature, executor)
    # A worker elsewhere has a working folder of its own.
    paths = [Path(path).absolute() for path in table["path"]]
    kept_before = FeatureCache(feature, settings) if cache else None
    values = _values(paths, feature, settings, cache=kept_before, progress=progress, executor=executor)
    left_out = tuple(
        LeftOut(str(id_), path, str(value))
        for id_, path, value in zip(table["id"], paths, values, strict=True)
        if isinstance(value, AudioError)
    )
    kept = [value for value in values if isinstance(value, np.ndarray)]
    if not kept:
        raise CorpusError(f"none of {len(paths)} recordings could be used; the first: {left_out[0].reason}")
    rows = table[[isinstance(value, np.ndarray) for value in values]].reset_index(drop=True)
    X, lengths = _padded(kept)
    return Features(X, lengths, rows, feature, settings, left_out)


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
    _check_feature(feature)
    y, sr = audio.read(recording, sr=settings.sr, offset=settings.offset, duration=settings.duration)
    return FEATURES[feature](y, sr, settings=settings)


def _check_feature(feature: str) -> None:
    """Raise a `ParameterError` for a feature that is unknown."""
    if feature not in FEATURES:
        raise ParameterError(f"feature={feature!r}: must be one of {', '.join(FEATURES)}")


def _check(table: "pd.DataFrame", feature: str, executor: Executor | None) -> None:
    """Raise a `ParameterError` for an unknown feature, a table without recordings, or what is no executor."""
    _check_feature(feature)
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError(
            f"executor={executor!r}: must be a concurrent.futures.Executor; that of a Dask client is "
            "`client.get_executor()`"
        )
    missing = [column for column in ("id", "path") if column not in table]
    if missing:
        raise ParameterError(f"the table has no column {missing[0]!r}: load it with corpora.load, or add the column")
    if len(table) == 0:
        raise ParameterError("the table is empty: must have at least one recording")


def _values(
    paths: list[Path],
    feature: str,
    settings: FeatureSettings,
    *,
    cache: FeatureCache | None,
    progress: bool | None,
    executor: Executor | None,
) -> list[np.ndarray | AudioError]:
    """Return the features of each recording, from the cache or anew, or the error that says why there are none."""
    recalled = cache.recall(paths) if cache else [None] * len(paths)
    missing = [path for path, value in zip(paths, recalled, strict=True) if value is None]
    anew = bar(
        _compute(missing, feature, settings, cache, executor),
        description="Extracting features",
        progress=progress,
        total=len(missing),
    )
    computed = dict(zip(missing, anew, strict=True))
    return [computed[path] if value is None else value for path, value in zip(paths, recalled, strict=True)]


def _compute(
    paths: list[Path],
    feature: str,
    settings: FeatureSettings,
    cache: FeatureCache | None,
    executor: Executor | None,
) -> Iterator[np.ndarray | AudioError]:
    """Yield the features of each recording or its error, in order; each batch is kept as soon as it is there."""
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    one_batch = partial(_compute_batch, feature=feature, settings=settings)
    with _threads() if executor is None else nullcontext(executor) as pool:
        for batch, values in zip(batches, pool.map(one_batch, batches), strict=True):
            if cache:
                found = zip(batch, values, strict=True)
                cache.keep({path: value for path, value in found if isinstance(value, np.ndarray)})
            yield from values


def _threads() -> ThreadPoolExecutor:
    """Return a thread for each core."""
    # NumPy, SciPy and soundfile let go of the interpreter, and a process pool starts slower than it gains.
    return ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_WORKERS))


def _compute_batch(paths: list[Path], *, feature: str, settings: FeatureSettings) -> list[np.ndarray | AudioError]:
    """Return the features of each recording, or the error that says why there are none."""
    return [_compute_one(path, feature, settings) for path in paths]


def _compute_one(path: Path, feature: str, settings: FeatureSettings) -> np.ndarray | AudioError:
    """Return the features of one recording, or the error that says why there are none."""
    try:
        return extract_one(path, feature, settings=settings)
    except AudioError as error:
        return error


def _padded(values: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the features as one array, padded with zeros to the longest, and the real lengths."""
    if values[0].ndim == 1:
        return np.stack(values).astype(np.float32), np.ones(len(values), dtype=np.int32)
    lengths = np.array([len(value) for value in values], dtype=np.int32)
    X = np.zeros((len(values), lengths.max(), values[0].shape[1]), dtype=np.float32)
    for row, value in zip(X, values, strict=True):
        row[: len(value)] = value
    return X, lengths
