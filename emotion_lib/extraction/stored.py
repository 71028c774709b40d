"""Features on disk: a Zarr group that is opened, joined with labels, and read some utterances at a time.

The group has a row for each recording in `paths`, `lengths` (its frames, 0 where it was left out) and `reasons` (why),
and in `frames` those of all utterances, one below the other. Its attributes say how they were made, and how many rows
and frames are whole: what stands below those is of a run that was killed.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from emotion_lib.errors import CorpusError, ParameterError, check_columns, extra
from emotion_lib.extraction.extracted import Extracted, Features, LeftOut, Rows
from emotion_lib.features import FEATURES_VERSION, FeatureSettings

if TYPE_CHECKING:
    import pandas as pd
    import zarr

FORMAT = 1
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
    group = opened(store)
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


def opened(store: Path, *, mode: Literal["r", "r+"] = "r") -> Any:
    """Return the group in a folder, or raise a `CorpusError` where it is not one that this version can use."""
    with extra("zarr"):
        import zarr
    try:
        group = zarr.open_group(store, mode=mode, zarr_format=3)
        attributes = {"features_version": None, **group.attrs}  # the first stores had none
        version, features_version, *_ = (attributes[name] for name in ATTRIBUTES)
    except (OSError, ValueError, KeyError) as error:
        raise CorpusError(f"{store}: holds no features; name a folder that `extract_to` wrote, or a new one") from error
    if (version, features_version) != (FORMAT, FEATURES_VERSION):
        raise CorpusError(f"{store}: written by another version of the library; delete it and extract again")
    return group


def as_text(path: str | os.PathLike[str]) -> str:
    """Return the whole path as a store keeps it: bytes of a name that are no text are written out."""
    return encodable(str(Path(path).absolute()))


def encodable(text: str) -> str:
    """Return a text that every file can hold."""
    return text.encode("utf-8", "backslashreplace").decode()
