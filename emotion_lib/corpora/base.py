"""What the library knows about a corpus, and the index of one: every utterance with its length and SHA-256."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import pandas as pd


@dataclass(frozen=True)
class Corpus:
    """A corpus in TESS's naming.

    Attributes
    ----------
    name : str
        What `load` calls it, and the value of the column `corpus`.
    title : str
        What people call it.
    cure : str
        How to get it, as the end of an error message.
    repair : str
        How to mend a copy of it, as a sentence.
    note : str
        What `describe` adds about it.
    has_index : bool
        Whether the library knows every utterance of it. Its ids are names then, and relative paths otherwise.
    """

    name: str
    title: str
    cure: str
    repair: str = ""
    note: str = ""
    has_index: bool = True

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each utterance by id; empty where there is no index."""
        return _digests(self.name) if self.has_index else {}


@cache
def read_index(name: str) -> pd.DataFrame:
    """Return the index of a corpus, one row an utterance, sorted by id; nobody may change it."""
    with resources.files("emotion_lib.corpora").joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


@cache
def _digests(name: str) -> dict[str, str]:
    """Return id -> SHA-256."""
    table = read_index(name)
    return dict(zip(table["id"], table["sha256"], strict=True))
