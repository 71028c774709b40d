"""Features on disk, for more recordings than memory holds: a Zarr store, written as it goes and read in batches."""

import os
from collections.abc import Iterable, Iterator, Sized
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from emotion_lib.errors import CorpusError, ParameterError, check_columns, extra
from emotion_lib.extraction.arrays import Extracted, Features, LeftOut, Rows
from emotion_lib.extraction.extractor import Value, check_feature, compute
from emotion_lib.features import DEFAULT, FEATURES_VERSION, FeatureSettings
from emotion_lib.progress import bar

if TYPE_CHECKING:
    import pandas as pd
    import zarr

STORE_FORMAT = 1
"""Version of the layout; another one is refused."""

ATTRIBUTES = ("format", "features_version", "feature", "settings", "recordings", "frames", "finished")
"""What a group says of itself."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredFeatures(Extracted):
    """Know the features of any number of recordings, which stay on disk until they are read.

    It is what `extract_to` wrote and `open_stored` opens.

    Parameters
    ----------
    frames : zarr.Array of shape (n_frames, n_features), float32
        The features of all utterances, one below the other.
    starts : ndarray of shape (n_utterances,), int64
        The first frame of each utterance.
    lengths : ndarray of shape (n_utterances,), int32
        Frames of each utterance; 1 where a feature is one vector.
    over_time : bool
        Whether the feature has frames, even if it is only one; it is one vector otherwise.
    table : DataFrame
        A row for each utterance, numbered from 0: its `path`, and more after `joined`.
    feature : str
        The name of the feature.
    settings : FeatureSettings
        How it was made.
    left_out : tuple of LeftOut
        The recordings that could not be used; their `id` is the position among all recordings, from 0.
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
        """The shape that all utterances have when read at once, as in `Features`."""
        longest = (int(self.lengths.max(initial=0)),) if self.over_time else ()
        return (len(self), *longest, self.frames.shape[1])

    def read(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Read the features of some utterances.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask as long as the table, or positions in it. What is read is fastest where they follow one another.

        Returns
        -------
        X : ndarray of shape (n_rows, n_features) or (n_rows, n_frames, n_features), float32
            In the order of `rows`; utterances shorter than the longest of them end in frames of zeros.
        lengths : ndarray of shape (n_rows,), int32
            Frames of each that are not padding.

        Raises
        ------
        ParameterError
            If the rows reach past the utterances, or the mask has another length.
        CorpusError
            If files of the folder are missing.
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
        """Take some of the utterances, without reading them.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask as long as the table, or positions in it.

        Returns
        -------
        StoredFeatures
            It knows nothing of what was left out.

        Raises
        ------
        ParameterError
            If the rows reach past the utterances, or the mask has another length.
        """
        taken = self._positions(rows)
        table = self.table.iloc[taken].reset_index(drop=True)
        return replace(self, starts=self.starts[taken], lengths=self.lengths[taken], table=table, left_out=())

    def joined(self, table: "pd.DataFrame") -> "StoredFeatures":
        """Give each utterance the row that its recording has in a corpus table, and with it its labels.

        Parameters
        ----------
        table : DataFrame
            A corpus table, in any order; its column `path` is compared with the paths that were extracted.

        Returns
        -------
        StoredFeatures
            The same utterances in the same order.

        Raises
        ------
        ParameterError
            If the table has no column `path`, has a path twice, or lacks that of an utterance.
        """
        import pandas as pd

        check_columns("the table", table, "path")
        paths = pd.Index([as_text(path) for path in table["path"]])
        if not paths.is_unique:
            raise ParameterError(f"the table has {paths[paths.duplicated()][0]} twice: must have one row for each path")
        rows = paths.get_indexer(pd.Index(self.table["path"]))
        if (rows < 0).any():
            raise ParameterError(
                f"the table has no row for {self.table['path'][int(rows.argmin())]}: must have the paths that were "
                "extracted; where the recordings were moved, extract again"
            )
        return replace(self, table=table.iloc[rows].reset_index(drop=True))

    def _at(self, positions: np.ndarray) -> np.ndarray:
        frames = np.asarray(self.frames.oindex[positions])
        if np.isnan(frames).any():
            raise CorpusError(f"{self.frames.store}: damaged (files of it are missing); delete it and extract again")
        return frames


AnyFeatures: TypeAlias = Features | StoredFeatures
"""Utterances in memory, or on disk."""


def open_stored(store: str | os.PathLike[str]) -> StoredFeatures:
    """Open what `extract_to` wrote.

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
        If there is no such folder, it is something else, damaged, unfinished, or was written by another version.
    MissingExtraError
        If Zarr is not installed.
    """
    store = Path(store)
    group = open_group(store)
    if not group.attrs["finished"]:
        raise CorpusError(
            f"{store}: unfinished, with {group.attrs['recordings']} recordings in it; extract to it once more, with "
            "the same recordings, and it goes on where it stopped"
        )
    try:
        return _stored(group)
    except (ValueError, KeyError, TypeError, OSError, RuntimeError) as error:
        raise CorpusError(f"{store}: damaged ({error}); delete it and extract again") from error


def _stored(group: Any) -> StoredFeatures:
    """Return what a whole group holds."""
    import pandas as pd

    paths, lengths, reasons = (group[name][:] for name in ("paths", "lengths", "reasons"))
    if (len(lengths), lengths.sum()) != (group.attrs["recordings"], group.attrs["frames"]):
        raise ValueError("files of it are missing")
    used = lengths > 0
    left_out = tuple(LeftOut(str(row), Path(paths[row]), reasons[row]) for row in np.flatnonzero(~used))
    lengths = lengths[used]
    return StoredFeatures(
        group["frames"],
        np.cumsum(lengths, dtype=np.int64) - lengths,
        lengths,
        group["frames"].metadata.dimension_names[0] == "frame",
        pd.DataFrame({"path": paths[used].astype(object)}),
        group.attrs["feature"],
        FeatureSettings(**group.attrs["settings"]),
        left_out,
    )


def open_group(store: Path, *, mode: Literal["r", "r+"] = "r") -> Any:
    """Return the group in a folder, or raise a `CorpusError` where it is not one that this version can use."""
    with extra("zarr"):
        import zarr
    try:
        group = zarr.open_group(store, mode=mode, zarr_format=3)
        attributes = {"features_version": None, **group.attrs}  # the first stores had none
        version, features_version, *_ = (attributes[name] for name in ATTRIBUTES)
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"{store}: holds no features; name a folder that `extract_to` wrote, or a new one") from error
    if (version, features_version) != (STORE_FORMAT, FEATURES_VERSION):
        raise CorpusError(f"{store}: written by another version of the library; delete it and extract again")
    return group


def as_text(path: str | os.PathLike[str]) -> str:
    """Return the whole path as a store keeps it: bytes of a name that are no text are written out."""
    return encodable(str(Path(path).absolute()))


def encodable(text: str) -> str:
    """Return a text that every file can hold."""
    return text.encode("utf-8", "backslashreplace").decode()


ROWS = 4096
"""Recordings in a chunk, and at most held back before they are written."""

CHUNK_BYTES = 2**18
"""Of frames: an utterance is read with all of its chunk, and each chunk is a file."""

HELD_BYTES = 2**22
"""Of frames, at most held back before they are written."""

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
    """Extract one feature from any number of recordings, to a folder that is read without loading it whole.

    Recordings are taken from the iterable as they are needed and features are written as they come, so that memory
    does not grow with their number. The same call goes on where a run was stopped or killed, and adds what the
    iterable has beyond what is there; recordings that are there, or were left out, are not looked at again.

    Parameters
    ----------
    store : path
        The folder, a Zarr group: new, empty, or written by the same call. Only one process may write to it.
    recordings : iterable of path
        Such as the column `path` of a corpus table, or a generator.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        How the recordings are read and the feature is made.
    executor : concurrent.futures.Executor, optional
        Where recordings are read and computed, as in `extract`; what they come to is written here.
    progress : bool, optional
        Whether a bar shows the progress; by default on a terminal and in a live notebook.

    Returns
    -------
    StoredFeatures

    Raises
    ------
    ParameterError
        If the feature is unknown, `recordings` is one path or a table or empty, or `executor` is no Executor.
    CorpusError
        If the folder is something else or holds other features or recordings, nothing can be written there, or none
        of the recordings could be used.
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
    check_feature(feature, executor)
    if isinstance(recordings, (str, os.PathLike)) or hasattr(recordings, "columns"):
        raise ParameterError("recordings: must be an iterable of paths, such as the column 'path' of a corpus table")
    made = {
        "format": STORE_FORMAT,
        "features_version": FEATURES_VERSION,
        "feature": feature,
        "settings": asdict(settings),
    }
    folder = _Folder(Path(store), made)
    paths = (Path(path).absolute() for path in recordings)
    folder.pass_over(paths)
    computed = chain.from_iterable(compute(paths, feature, settings, executor=executor))
    total = len(recordings) - folder.recordings if isinstance(recordings, Sized) else None
    for path, value in bar(computed, description="Extracting features", progress=progress, total=total):
        folder.add(path, value)
    folder.finish()
    return open_stored(store)


class _Folder:
    """The folder while it is written: how much of it is whole, and what is held back until it is worth a write.

    Parameters
    ----------
    path : Path
        New, empty, or written before.
    made : dict
        Feature and settings, as they stand in the attributes.
    """

    def __init__(self, path: Path, made: dict[str, Any]) -> None:
        self.path = path
        with _writing(path):
            self._group = _begun(path, made) if _is_free(path) else _gone_on_with(path, made)
        self.recordings: int = self._group.attrs["recordings"]
        self._frames: int = self._group.attrs["frames"]
        self._held: list[tuple[Path, Value]] = []
        self._held_bytes = 0

    def pass_over(self, paths: Iterator[Path]) -> None:
        """Take from the paths those that were written before; raise a `CorpusError` where they are others."""
        for row, kept in enumerate(self._kept("paths")):
            path = next(paths, None)
            if path is None or as_text(path) != kept:
                raise CorpusError(
                    f"{self.path}: its recording {row} is {kept}, given was {path or 'none'}; give the same recordings "
                    "in the same order, name another folder, or delete it"
                )

    def add(self, path: Path, value: Value) -> None:
        """Take one recording, and write what is held back when that is enough."""
        self._held.append((path, value))
        self._held_bytes += value.nbytes if isinstance(value, np.ndarray) else 0
        if len(self._held) >= ROWS or self._held_bytes >= HELD_BYTES:
            self._write(finished=False)

    def finish(self) -> None:
        """Write the rest, and that it is all."""
        if not self.recordings and not self._held:
            raise ParameterError("recordings: none given; must have at least one")
        self._write(finished=True)
        if not self._frames:
            raise CorpusError(
                f"{self.path}: none of {self.recordings} recordings could be used; the first: "
                f"{next(self._kept('reasons'))}; delete the folder when that is mended"
            )

    def _kept(self, name: str) -> Iterator[str]:
        """Yield what is written of each recording."""
        for start in range(0, self.recordings, ROWS):
            yield from self._group[name][start : min(start + ROWS, self.recordings)]

    def _write(self, *, finished: bool) -> None:
        """Write what is held back; it counts once the attributes, which are written last, say so."""
        values = [value for _, value in self._held]
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        lengths = np.array([_n_frames(value) for value in values], dtype=np.int32)
        columns = {
            "paths": np.array([as_text(path) for path, _ in self._held], dtype=_TEXT),
            "lengths": lengths,
            "reasons": np.array(["" if _n_frames(value) else encodable(str(value)) for value in values], dtype=_TEXT),
        }
        with _writing(self.path):
            if arrays:
                frames = np.concatenate([np.atleast_2d(value) for value in arrays])
                _extend(self._group, "frames", frames, after=self._frames, **_layout(arrays[0]))
            for name, column in columns.items():
                _extend(self._group, name, column, after=self.recordings, chunks=(ROWS,))
            self.recordings += len(values)
            self._frames += int(lengths.sum())
            self._group.update_attributes({"recordings": self.recordings, "frames": self._frames, "finished": finished})
        self._held, self._held_bytes = [], 0


def _is_free(path: Path) -> bool:
    return not path.exists() or (path.is_dir() and not any(path.iterdir()))


def _begun(path: Path, made: dict[str, Any]) -> Any:
    with extra("zarr"):
        import zarr
    counts = {"recordings": 0, "frames": 0, "finished": False}
    return zarr.create_group(path, zarr_format=3, attributes=made | counts)


def _gone_on_with(path: Path, made: dict[str, Any]) -> Any:
    """Return the group that was written before, if it was made alike."""
    group = open_group(path, mode="r+")
    if any(group.attrs[name] != value for name, value in made.items()):
        raise CorpusError(
            f"{path}: holds {group.attrs['feature']} made with {FeatureSettings(**group.attrs['settings'])}; "
            "name another folder, or delete it"
        )
    return group


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be written ({error.strerror or error}); mend that, and the same call goes on where it "
            "stopped"
        ) from error


def _extend(group: Any, name: str, values: np.ndarray, *, after: int, **layout: Any) -> None:
    """Write rows below the first ones that are whole; what stands there is of a run that was killed."""
    if name not in group:
        group.create_array(name, shape=(0, *values.shape[1:]), dtype=values.dtype, **layout)
    array = group[name]
    array.resize((after + len(values), *values.shape[1:]))
    array[after:] = values


def _layout(value: np.ndarray) -> dict[str, Any]:
    """Return how frames are laid out on disk, for the features of one recording."""
    n_features = value.shape[-1]
    return {
        "chunks": (max(1, CHUNK_BYTES // (4 * n_features)), n_features),
        "compressors": None,  # lossless ones save 8 % and make reading in any order half as fast
        "fill_value": np.nan,  # what is read where a file of the folder was lost
        "chunk_key_encoding": {"name": "default", "separator": "."},  # all files in one folder
        "dimension_names": ("frame" if value.ndim == 2 else "utterance", "feature"),
    }


def _n_frames(value: Value) -> int:
    """Return the frames of a recording, 1 where a feature is one vector, and 0 where it was left out."""
    return len(np.atleast_2d(value)) if isinstance(value, np.ndarray) else 0
