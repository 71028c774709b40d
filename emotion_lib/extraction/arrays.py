"""Extracted features in memory: arrays beside the corpus table, and what was left out."""

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
"""A mask as long as the table, or positions in it."""

_MOST_REASONS = 5


class LeftOut(NamedTuple):
    """A recording that could not be used, and why."""

    id: str
    path: Path
    reason: str


class Extracted(ABC):
    """Have what features in memory and features on disk have in common: labels, a report, a line that shows them."""

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
        return f"{self.feature}, {' x '.join(map(str, self.shape))}: {self.report}"

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return f"<p>{'<br>'.join(map(escape, repr(self).splitlines()))}</p>"

    def _positions(self, rows: Rows) -> np.ndarray:
        try:
            return np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise ParameterError(
                f"rows: {error}; where recordings were left out, split `features.table`, not the table extracted from"
            ) from error


@dataclass(frozen=True, eq=False, repr=False)
class Features(Extracted):
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

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `X`."""
        return self.X.shape

    def __getitem__(self, rows: Rows) -> "Features":
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
        taken = self._positions(rows)
        table = self.table.iloc[taken].reset_index(drop=True)
        return Features(self.X[taken], self.lengths[taken], table, self.feature, self.settings)
