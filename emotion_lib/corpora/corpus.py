"""The description of a corpus: its names, how its files are named, its index, its licence and its reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

INTEGERS = {"rate": "Int64", "samples": "Int64"}
"""The integer columns of an index; blank where a number is not known."""

OF_FILE = ("in_figures", "rate", "samples", "sha256")
"""The columns of an index that a corpus table does not have."""

# Speaker "03" of EMO-DB would become the number 3.
_TEXTS = dict.fromkeys(("id", "speaker", "text"), "str")

_NOTHING: Mapping[str, str | int] = MappingProxyType({})


class Name(NamedTuple):
    """The facts in the file name of a recording.

    Attributes
    ----------
    id : str
        The name, spelt correctly.
    speaker, emotion, text : str
        The speaker, the emotion, and the word or sentence.
    misspelt : bool
        Whether the file's own name is misspelt.
    more : mapping of str to str or int
        Further columns that only this corpus has, such as the take.
    """

    id: str
    speaker: str
    emotion: str
    text: str
    misspelt: bool = False
    more: Mapping[str, str | int] = _NOTHING

    @property
    def columns(self) -> dict[str, str | int]:
        """The columns of the corpus table that the name gives."""
        return {"speaker": self.speaker, "emotion": self.emotion, "text": self.text, **self.more}


@dataclass(frozen=True)
class Corpus:
    """A description of a corpus.

    Attributes
    ----------
    name : str
        Its name for `load`, and the value of the column `corpus`.
    title : str
        Its title: the short name, then the long one after a comma.
    read_name : callable
        Reads the file name of a recording (without its suffix) and the name of its folder; returns None for a name that
        this corpus does not use.
    cure : str
        How to get the corpus, as the end of an error message.
    repair : str
        How to repair a copy of it, as a sentence.
    note : str
        A remark that `describe` adds.
    kind_of_text : str
        The kind of text in the column `text`: a word or a sentence.
    place : str
        The path of a recording in the folder that `fetch` writes: a format string, filled from its row of the index.
    licence, reference : str
        The licence, and the publication to cite.
    has_index : bool
        Whether the library has an index of every utterance.
    design : frozenset of str
        The ids of a corpus without an index whose names follow from its design. With neither, ids are relative paths.
    names : mapping of str to Name
        In a corpus of your own, the facts about each recording by relative path; they replace `read_name`.
    left_out : mapping of str to str
        Ids of published recordings that are in no table, with the reason.
    """

    name: str
    title: str
    read_name: Callable[[str, str], Name | None]
    cure: str
    repair: str = ""
    note: str = ""
    kind_of_text: str = "word"
    place: str = ""
    licence: str = ""
    reference: str = ""
    has_index: bool = True
    design: frozenset[str] = frozenset()
    names: Mapping[str, Name] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def short_title(self) -> str:
        """The title up to the comma."""
        return self.title.partition(",")[0]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all utterances without those left out; empty if they are not known."""
        return _ids(self.name) - self.left_out.keys() if self.has_index else self.design

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each published recording by id, where the index has it."""
        return _digests(self.name) if self.has_index else {}

    @property
    def seconds(self) -> dict[str, float]:
        """The duration of each published recording by id, where the index has it."""
        return _seconds(self.name) if self.has_index else {}


@cache
def read_index(name: str) -> pd.DataFrame:
    """Return the index of a corpus, one row per published recording, sorted by id; it is shared: do not change it."""
    with resources.files("emotion_lib.corpora").joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(
            file,
            dtype=_TEXTS | INTEGERS | {"in_figures": "bool"},
            keep_default_na=False,  # a text may be "nan" or "null"
            na_values=dict.fromkeys(INTEGERS, ""),
        )


@cache
def _ids(name: str) -> frozenset[str]:
    return frozenset(read_index(name)["id"])


@cache
def _digests(name: str) -> dict[str, str]:
    table = read_index(name)
    return {id: digest for id, digest in zip(table["id"], table["sha256"], strict=True) if digest}


@cache
def _seconds(name: str) -> dict[str, float]:
    table = read_index(name).dropna(subset=["samples"])
    return dict(zip(table["id"], table["samples"] / table["rate"], strict=True))
