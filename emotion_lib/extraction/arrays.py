"""Extracted features in memory: the arrays, the matching rows of the corpus table, and the recordings left out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.features import FeatureSettings

if TYPE_CHECKING:
    import pandas as pd

Rows: TypeAlias = "np.ndarray | Sequence[int] | pd.Series | slice"
"""A mask with one entry per row of the table, or the positions of rows."""

_MOST_REASONS = 5


class LeftOut(NamedTuple):
    """A recording that could not be used, and the reason."""

    id: str
    path: Path
    reason: str


class Extracted(ABC):
    """Base class of features in memory and features on disk."""

    lengths: np.ndarray
    table: "pd.DataFrame"
    feature: str
    left_out: tuple[LeftOut, ...]

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of all features in one array."""

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.lengths)

    @property
    def emotion(self) -> np.ndarray:
        """The emotion of each utterance, ndarray of shape (n_utterances,), str."""
        check_columns("the table", self.table, "emotion")
        return np.asarray(self.table["emotion"], dtype=str)

    @property
    def report(self) -> str:
        """The number of recordings that were used, and the reasons why others were left out."""
        if not self.left_out:
            return f"{len(self)} recordings"
        reasons = [each.reason for each in self.left_out[:_MOST_REASONS]]
        if len(self.left_out) > _MOST_REASONS:
            reasons.append(f"and {len(self.left_out) - _MOST_REASONS} more, in `left_out`")
        count = f"{len(self)} of {len(self) + len(self.left_out)} recordings; left out {len(self.left_out)}:"
        return (" " if len(reasons) == 1 else "\n  ").join([count, *reasons])

    def __repr__(self) -> str:
        """Return the feature, its shape and the report."""
        return f"{self.feature}, {' x '.join(map(str, self.shape))}: {self.report}"

    def _repr_html_(self) -> str:
        """Return the same text as HTML for a notebook."""
        return f"<p>{'<br>'.join(map(escape, repr(self).splitlines()))}</p>"

    def _positions(self, rows: Rows) -> np.ndarray:
        try:
            return np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise ParameterError(
                f"rows: {error}; if recordings were left out, split `features.table`, not the original table"
            ) from error


@dataclass(frozen=True, eq=False, repr=False)
class Features(Extracted):
    """The features of a corpus, with the matching rows of its table.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances, n_frames, n_features), float32
        The features; shorter utterances are padded at the end with frames of zeros.
    lengths : ndarray of shape (n_utterances,), int32
        Number of frames in each utterance, without padding; 1 if the feature is one vector.
    table : DataFrame
        The corpus table without the recordings left out, in the same order, with rows numbered from 0.
    feature : str
        The name of the feature.
    settings : FeatureSettings
        The settings of the extraction.
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

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `X`."""
        return self.X.shape

    def __getitem__(self, rows: Rows) -> "Features":
        """Select some of the utterances.

        Parameters
        ----------
        rows : array of bool, sequence of int, or slice
            A mask with one entry per row of the table, or the positions of rows.

        Returns
        -------
        Features
            The selected utterances, padded as before, with an empty `left_out`.

        Raises
        ------
        ParameterError
            If a position does not exist, or the mask and the table differ in length.
        """
        taken = self._positions(rows)
        table = self.table.iloc[taken].reset_index(drop=True)
        return Features(self.X[taken], self.lengths[taken], table, self.feature, self.settings)
