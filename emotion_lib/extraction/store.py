"""Features on disk, for corpora larger than memory: a Zarr store, written step by step and read in batches."""

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sized
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from emotion_lib.errors import CorpusError, ParameterError, check_columns, extra
from emotion_lib.extraction.arrays import Extracted, Features, LeftOut, Rows
from emotion_lib.extraction.extractor import Value, check_arguments, compute
from emotion_lib.features import DEFAULT, FEATURES_VERSION, FeatureSettings
from emotion_lib.progress import bar
from emotion_lib.writing import LOCK, locked

if TYPE_CHECKING:
    import pandas as pd
    import zarr

STORE_FORMAT = 1
"""Version of the layout; stores with another version are refused."""

ATTRIBUTES = ("format", "features_version", "feature", "settings", "recordings", "frames", "finished")
"""The attributes of the Zarr group, beside the `checksum` of all but the last, which the first stores did not have."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredFeatures(Extracted):
    """Features of any number of recordings, which stay on disk until they are read.

    `extract_to` writes them and `open_stored` opens them.

    Parameters
    ----------
    frames : zarr.Array of shape (n_frames, n_features), float32
        The features of all utterances, one after another.
    starts : ndarray of shape (n_utterances,), int64
        The first frame of each utterance.
    lengths : ndarray of shape (n_utterances,), int32
        Number of frames in each utterance; 1 if the feature is one vector.
    over_time : bool
        Whether the feature is a sequence of frames (True) or one vector (False).
    table : DataFrame
        A row for each utterance, numbered from 0, with its `path`; `joined` adds the other columns.
    feature : str
        The name of the feature.
    settings : FeatureSettings
        The settings of the extraction.
    left_out : tuple of LeftOut
        The recordings that could not be used; `id` is the position among all recordings, from 0.
    """

    frames: "zarr.Array[Any]"
    starts: np.ndarray
    lengths: np.ndarray
    over_time: bool
    table: "pd.DataFrame"
    feature: str
    settings: FeatureSettings
    left_out: tuple[LeftOut, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all features in one array, as in `Features`."""
        longest = (int(self.lengths.max(initial=0)),) if self.over_time else ()
        return (len(self), *longest, self.frames.shape[1])

    def read(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Read the features of some utterances.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask with one entry per row of the table, or the positions of rows. Neighbouring rows are read fastest.

        Returns
        -------
        X : ndarray of shape (n_rows, n_features) or (n_rows, n_frames, n_features), float32
            In the order of `rows`; shorter utterances are padded at the end with frames of zeros.
        lengths : ndarray of shape (n_rows,), int32
            Number of frames in each utterance, without padding.

        Raises
        ------
        ParameterError
            If a position does not exist, or the mask and the table differ in length.
        CorpusError
            If files of the folder are missing or damaged.
        """
        taken = self._positions(rows)
        starts, lengths = self.starts[taken], self.lengths[taken]
        if not self.over_time:
            return self._at(starts), lengths
        steps = np.arange(lengths.max(initial=0))
        real = steps < lengths[:, None]
        X = np.zeros((*real.shape, self.frames.shape[1]), dtype=np.float32)
        X[real] = self._at((starts[:, None] + steps)[real])
        return X, lengths

    def load(self) -> Features:
        """Read all utterances into memory.

        Returns
        -------
        Features
        """
        X, lengths = self.read(slice(None))
        return Features(X, lengths, self.table, self.feature, self.settings, self.left_out)

    def __getitem__(self, rows: Rows) -> "StoredFeatures":
        """Select some of the utterances without reading them.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask with one entry per row of the table, or the positions of rows.

        Returns
        -------
        StoredFeatures
            A selection with an empty `left_out`.

        Raises
        ------
        ParameterError
            If a position does not exist, or the mask and the table differ in length.
        """
        taken = self._positions(rows)
        table = self.table.iloc[taken].reset_index(drop=True)
        return replace(self, starts=self.starts[taken], lengths=self.lengths[taken], table=table, left_out=())

    def joined(self, table: "pd.DataFrame") -> "StoredFeatures":
        """Add the labels of a corpus table: each utterance gets the row with its path.

        Parameters
        ----------
        table : DataFrame
            A corpus table, in any order; its column `path` must contain the extracted paths.

        Returns
        -------
        StoredFeatures
            The same utterances in the same order.

        Raises
        ------
        ParameterError
            If the table has no column `path`, has a path twice, or lacks the path of an utterance.
        """
        import pandas as pd

        check_columns("the table", table, "path")
        paths = pd.Index([as_text(path) for path in table["path"]])
        if not paths.is_unique:
            raise ParameterError(f"the table has {paths[paths.duplicated()][0]} twice: must have one row for each path")
        rows = paths.get_indexer(pd.Index(self.table["path"]))
        if (rows < 0).any():
            raise ParameterError(
                f"the table has no row for {self.table['path'][int(rows.argmin())]}: must have the paths of all "
                "extracted recordings; if they were moved, extract again"
            )
        return replace(self, table=table.iloc[rows].reset_index(drop=True))

    def _at(self, positions: np.ndarray) -> np.ndarray:
        with _damage(self.frames.store):
            frames = np.asarray(self.frames.oindex[positions])
            _check_present(frames)
        return frames


AnyFeatures: TypeAlias = Features | StoredFeatures
"""Features in memory or on disk."""


def open_stored(store: str | os.PathLike[str]) -> StoredFeatures:
    """Open a store that `extract_to` wrote.

    Parameters
    ----------
    store : path
        The folder.

    Returns
    -------
    StoredFeatures

    Raises
    ------
    CorpusError
        If the folder is missing, not a store, damaged, unfinished, or written by another version of the library.
    MissingExtraError
        If Zarr is not installed.
    """
    store = Path(store)
    group = open_group(store)
    if not group.attrs["finished"]:
        raise CorpusError(
            f"{store}: unfinished, with {group.attrs['recordings']} recordings; call `extract_to` again with the same "
            "recordings to resume"
        )
    with _damage(store):
        return _stored(group)


@contextmanager
def _damage(store: object) -> Iterator[None]:
    """Turn any error of Zarr about damaged or missing files into a `CorpusError` with the cure."""
    try:
        yield
    except Exception as error:  # Zarr and its codecs raise many types for bytes that they did not write
        raise CorpusError(f"{store}: damaged ({error}); delete it and extract again") from error


def _check_present(frames: np.ndarray) -> None:
    if np.isnan(frames).any():  # the fill value of a missing file
        raise ValueError("some of its files are missing")


def _stored(group: Any) -> StoredFeatures:
    """Return the features of a finished group; damage raises errors of various types."""
    import pandas as pd

    _check_attributes(group)
    paths, lengths, reasons = (group[name][:] for name in ("paths", "lengths", "reasons"))
    if (len(lengths), lengths.sum()) != (group.attrs["recordings"], group.attrs["frames"]):
        raise ValueError("some of its files are missing")
    if (kind := group["frames"].metadata.dimension_names[0]) not in {"frame", "utterance"}:
        raise ValueError(f"frames has the dimension {kind!r}")
    used = lengths > 0
    left_out = tuple(LeftOut(str(row), Path(paths[row]), reasons[row]) for row in np.flatnonzero(~used))
    lengths = lengths[used]
    return StoredFeatures(
        group["frames"],
        np.cumsum(lengths, dtype=np.int64) - lengths,
        lengths,
        kind == "frame",
        pd.DataFrame({"path": paths[used].astype(object)}),
        group.attrs["feature"],
        FeatureSettings(**group.attrs["settings"]),
        left_out,
    )


def open_group(store: Path, *, mode: Literal["r", "r+"] = "r") -> Any:
    """Return the Zarr group in a folder; raise a `CorpusError` if this version of the library cannot use it."""
    with extra("zarr"):
        import zarr
    try:
        group = zarr.open_group(store, mode=mode, zarr_format=3)
        attributes = {"features_version": None, **group.attrs}  # the first stores had no version
        version, features_version, *_ = (attributes[name] for name in ATTRIBUTES)
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"{store}: holds no features; give a folder that `extract_to` wrote, or a new one") from error
    if (version, features_version) != (STORE_FORMAT, FEATURES_VERSION):
        raise CorpusError(f"{store}: written by another version of the library; delete it and extract again")
    return group


def _check_attributes(group: Any) -> None:
    """Raise a ValueError if the attributes have a checksum that does not fit."""
    if group.attrs.get("checksum", _checksum(group.attrs)) != _checksum(group.attrs):
        raise ValueError("the checksum of its attributes differs")


def _checksum(attributes: Mapping[str, Any]) -> int:
    """Return a checksum of the attributes that say what the store holds."""
    told = [attributes[name] for name in ATTRIBUTES if name != "finished"]
    return zlib.crc32(json.dumps(told, sort_keys=True).encode())


def as_text(path: str | os.PathLike[str]) -> str:
    """Return the absolute path as text, with invalid bytes of the file name escaped."""
    return encodable(str(Path(path).absolute()))


def encodable(text: str) -> str:
    """Return the text with escapes for characters that UTF-8 cannot encode."""
    return text.encode("utf-8", "backslashreplace").decode()


ROWS = 4096
"""Number of recordings in a chunk of a column, and the largest number held in memory before a write."""

CHUNK_BYTES = 2**18
"""Bytes of frames in a chunk. Small chunks make many files; a large chunk is read whole even for one utterance."""

HELD_BYTES = 2**22
"""Bytes of frames held in memory before a write."""

_TEXT = np.dtypes.StringDType()


def extract_to(
    store: str | os.PathLike[str],
    recordings: Iterable[str | os.PathLike[str]],
    feature: str,
    *,
    settings: FeatureSettings = DEFAULT,
    executor: Executor | None = None,
    progress: bool | None = None,
) -> StoredFeatures:
    """Extract one feature from any number of recordings into a store on disk.

    Recordings are taken from the iterable as they are needed and features are written as they are computed, so memory
    use does not grow with the number of recordings. Repeat the call to resume a run that was stopped or killed, or to
    extract recordings that were added at the end of the iterable. Recordings that were extracted or left out before
    are not read again.

    Parameters
    ----------
    store : path
        The folder, a Zarr group: new, empty, or written by the same call. Only one process at a time can write to it.
        What it holds is read and checked before it is extended.
    recordings : iterable of path
        The column `path` of a corpus table, for instance, or a generator.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        Settings for reading the recordings and computing the feature.
    executor : concurrent.futures.Executor, optional
        Workers that read and compute, as for `extract`; this process writes.
    progress : bool, optional
        Whether to show a progress bar. By default only on a terminal and in a live notebook.

    Returns
    -------
    StoredFeatures

    Raises
    ------
    ParameterError
        If the feature is unknown, `recordings` is empty, a single path or a table, or `executor` is not an Executor.
    CorpusError
        If the folder is not a store, is damaged, holds other features or recordings, cannot be written, or another
        process is writing to it, or if no recording could be used.
    MissingExtraError
        If Zarr is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import soundfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("short", "long"):
    ...         soundfile.write(f"{folder}/{name}.wav", [0.1] * (4000 * len(name)), 16000)
    ...     recordings = (f"{folder}/{name}.wav" for name in ("short", "long"))
    ...     stored = extract_to(f"{folder}/features.zarr", recordings, "duration_level")
    ...     stored, stored.read([1, 0])[0].round(2).tolist()
    (duration_level, 2 x 2: 2 recordings, [[1.0, -20.0], [1.25, -20.0]])
    """
    check_arguments(feature, executor)
    if isinstance(recordings, (str, os.PathLike)) or hasattr(recordings, "columns"):
        raise ParameterError("recordings: must be an iterable of paths, such as the column 'path' of a corpus table")
    made = {
        "format": STORE_FORMAT,
        "features_version": FEATURES_VERSION,
        "feature": feature,
        "settings": asdict(settings),
    }
    store = Path(store)
    with _writing(store):
        if not _is_free(store):
            open_group(store)  # refuses a folder that is not ours, before a lock is put into it
        store.mkdir(parents=True, exist_ok=True)
    with locked(store, error=CorpusError):
        folder = _Folder(store, made)
        paths = (Path(path).absolute() for path in recordings)
        folder.pass_over(paths)
        computed = chain.from_iterable(compute(paths, feature, settings, executor=executor))
        total = len(recordings) - folder.recordings if isinstance(recordings, Sized) else None
        for path, value in bar(computed, description="Extracting features", progress=progress, total=total):
            folder.add(path, value)
        folder.finish()
        return open_stored(store)


_LEFT_BEHIND = re.compile(r".*\.[0-9a-f]{32}\.partial")  # by Zarr, if it is killed while it writes a file


def _is_free(store: Path) -> bool:
    """Return whether nothing is in the place of a store, or only what a killed run left before it wrote anything."""
    if not store.exists():
        return True
    return store.is_dir() and all(file.name == LOCK or _LEFT_BEHIND.fullmatch(file.name) for file in store.iterdir())


class _Folder:
    """A store that is being written; recordings are held in memory until there are enough for a write.

    Parameters
    ----------
    path : Path
        A folder that is empty or a store, and locked.
    made : dict
        The attributes that stay the same: versions, feature and settings.
    """

    def __init__(self, path: Path, made: dict[str, Any]) -> None:
        self.path = path
        with extra("zarr"):
            import zarr
        with _writing(path):
            is_free = _is_free(path)
            for file in path.rglob("*.partial"):
                if _LEFT_BEHIND.fullmatch(file.name):
                    file.unlink()
            if is_free:
                begun = {**made, "recordings": 0, "frames": 0, "finished": False}
                self._group: Any = zarr.create_group(path, zarr_format=3, attributes=begun)
            else:
                self._group = open_group(path, mode="r+")
        kept = self._group.attrs
        if any(kept[name] != value for name, value in made.items()):
            settings = FeatureSettings(**kept["settings"])
            raise CorpusError(
                f"{path}: holds {kept['feature']} with {settings}; give another folder, or delete this one"
            )
        self.recordings: int = self._group.attrs["recordings"]
        self._frames: int = self._group.attrs["frames"]
        self._held: list[tuple[Path, Value]] = []
        self._held_bytes = 0
        self._check_kept()

    def _check_kept(self) -> None:
        """Read all that was written before, so that a damaged store is not gone on with."""
        with _damage(self.path):
            _check_attributes(self._group)
            if any(sum(1 for _ in self._kept(name)) != self.recordings for name in ("paths", "reasons")):
                raise ValueError("some of its files are missing")
            if sum(map(int, self._kept("lengths"))) != self._frames:
                raise ValueError("the lengths differ from the number of frames")
            for start in range(0, self._frames, ROWS):
                frames = self._group["frames"][start : min(start + ROWS, self._frames)]
                _check_present(frames)

    def pass_over(self, paths: Iterator[Path]) -> None:
        """Skip the paths that were written before; raise a `CorpusError` if they differ from those in the store."""
        for row, kept in enumerate(self._kept("paths")):
            path = next(paths, None)
            if path is None or as_text(path) != kept:
                raise CorpusError(
                    f"{self.path}: recording {row} is {kept} in the store, but {path or 'missing'} in the call; give "
                    "the same recordings in the same order, give another folder, or delete the store"
                )

    def add(self, path: Path, value: Value) -> None:
        """Hold one recording in memory, and write all held recordings once there are enough."""
        self._held.append((path, value))
        self._held_bytes += value.nbytes if isinstance(value, np.ndarray) else 0
        if len(self._held) >= ROWS or self._held_bytes >= HELD_BYTES:
            self._write(finished=False)

    def finish(self) -> None:
        """Write the rest, and mark the store as finished."""
        if not self.recordings and not self._held:
            raise ParameterError("recordings: empty; must have at least one")
        self._write(finished=True)
        if not self._frames:
            raise CorpusError(
                f"{self.path}: none of the {self.recordings} recordings could be used; the first: "
                f"{next(self._kept('reasons'))}; delete the folder once you have fixed this"
            )

    def _kept(self, name: str) -> Iterator[str]:
        """Yield the entries of a column, read in chunks."""
        for start in range(0, self.recordings, ROWS):
            yield from self._group[name][start : min(start + ROWS, self.recordings)]

    def _write(self, *, finished: bool) -> None:
        """Write the held recordings; the attributes come last, since they record how much of the store is valid."""
        values = [value for _, value in self._held]
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        # One frame if the feature is one vector, and none if the recording was left out.
        n_frames = [len(np.atleast_2d(value)) if isinstance(value, np.ndarray) else 0 for value in values]
        reasons = ["" if n else encodable(str(value)) for value, n in zip(values, n_frames, strict=True)]
        columns = {
            "paths": np.array([as_text(path) for path, _ in self._held], dtype=_TEXT),
            "lengths": np.array(n_frames, dtype=np.int32),
            "reasons": np.array(reasons, dtype=_TEXT),
        }
        with _writing(self.path):
            if arrays:
                frames = np.concatenate([np.atleast_2d(value) for value in arrays])
                _extend(self._group, "frames", frames, after=self._frames, **_layout(arrays[0]))
            for name, column in columns.items():
                _extend(self._group, name, column, after=self.recordings, chunks=(ROWS,))
            self.recordings += len(values)
            self._frames += sum(n_frames)
            counts = {"recordings": self.recordings, "frames": self._frames, "finished": finished}
            checksum = _checksum({**self._group.attrs, **counts})
            self._group.update_attributes({**counts, "checksum": checksum})
        self._held, self._held_bytes = [], 0


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be written ({error.strerror or error}); fix this and repeat the call to resume"
        ) from error


def _extend(group: Any, name: str, values: np.ndarray, *, after: int, **layout: Any) -> None:
    """Write rows after the valid ones, overwriting any rows left by a killed run."""
    from zarr.codecs import Crc32cCodec, ZstdCodec

    if name not in group:
        # Lossless compression of frames saves 8 %, but makes reading in random order half as fast.
        codecs = [Crc32cCodec()] if name == "frames" else [ZstdCodec(), Crc32cCodec()]
        group.create_array(name, shape=(0, *values.shape[1:]), dtype=values.dtype, compressors=codecs, **layout)
    array = group[name]
    array.resize((after + len(values), *values.shape[1:]))
    array[after:] = values


def _layout(value: np.ndarray) -> dict[str, Any]:
    """Return the Zarr layout for frames like those of one recording."""
    n_features = value.shape[-1]
    return {
        "chunks": (max(1, CHUNK_BYTES // (4 * n_features)), n_features),
        "fill_value": np.nan,  # Zarr returns it for a missing file, so the loss is detected
        "chunk_key_encoding": {"name": "default", "separator": "."},  # all files in one folder
        "dimension_names": ("frame" if value.ndim == 2 else "utterance", "feature"),
    }
