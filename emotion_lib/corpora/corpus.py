"""What a corpus is: its name, how its files are named, its index, and what is to be said of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

INTEGERS = {"rate": "Int64", "samples": "Int64"}
"""Columns of an index that are whole numbers, or blank where they are not known."""

_TEXTS = dict.fromkeys(("id", "speaker", "text"), "str")
"""Columns of an index that may look like numbers and are none."""

_NOTHING: Mapping[str, str | int] = MappingProxyType({})


class Name(NamedTuple):
    """What the name of a recording says.

    Attributes
    ----------
    id : str
        The name as it ought to be spelt.
    speaker, emotion, text : str
        Who says what, and how.
    misspelt : bool
        Whether the file is called otherwise.
    more : mapping of str to str or int
        What names say in this corpus alone, by column.
    """

    id: str
    speaker: str
    emotion: str
    text: str
    misspelt: bool = False
    more: Mapping[str, str | int] = _NOTHING

    @property
    def columns(self) -> dict[str, str | int]:
        """What it says, by column of the corpus table."""
        return {"speaker": self.speaker, "emotion": self.emotion, "text": self.text, **self.more}


@dataclass(frozen=True)
class Corpus:
    """A corpus.

    Attributes
    ----------
    name : str
        What `load` calls it, and the value of the column `corpus`.
    title : str
        What people call it: the short name, then the long one after a comma.
    read_name : callable
        Reads the name of a recording without its suffix; None where it is not one of this corpus.
    cure : str
        How to get it, as the end of an error message.
    repair : str
        How to mend a copy of it, as a sentence.
    note : str
        What `describe` adds about it.
    kind_of_text : str
        What the column `text` holds.
    place : str
        Where `fetch` puts a recording in the folder of the corpus, as a format of its row in the index.
    licence, reference : str
        On what terms it may be used, and what to cite.
    has_index : bool
        Whether the library knows every utterance of it. Its ids are names then, and relative paths otherwise.
    """

    name: str
    title: str
    read_name: Callable[[str], Name | None]
    cure: str
    repair: str = ""
    note: str = ""
    kind_of_text: str = "word"
    place: str = ""
    licence: str = ""
    reference: str = ""
    has_index: bool = True

    @property
    def short_title(self) -> str:
        """Its title up to the comma."""
        return self.title.partition(",")[0]

    @property
    def ids(self) -> frozenset[str]:
        """Every utterance of it; empty where there is no index."""
        return _ids(self.name) if self.has_index else frozenset()

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each utterance by id, as far as the index knows them."""
        return _digests(self.name) if self.has_index else {}


@cache
def read_index(name: str) -> pd.DataFrame:
    """Return the index of a corpus, one row an utterance, sorted by id; nobody may change it."""
    with resources.files("emotion_lib.corpora").joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(
            file,
            dtype=_TEXTS | INTEGERS,
            keep_default_na=False,
            na_values=dict.fromkeys(INTEGERS, ""),
        )


@cache
def _ids(name: str) -> frozenset[str]:
    return frozenset(read_index(name)["id"])


@cache
def _digests(name: str) -> dict[str, str]:
    table = read_index(name)
    return {id: digest for id, digest in zip(table["id"], table["sha256"], strict=True) if digest}
