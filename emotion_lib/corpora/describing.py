"""Say in a sentence or two what a corpus table holds."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from emotion_lib.corpora.folder import FOLDER
from emotion_lib.corpora.loading import CORPORA
from emotion_lib.corpora.prose import Part, Prose, counted, listed
from emotion_lib.emotions import in_order

_MOST_NAMED = 7


@dataclass(frozen=True, repr=False)
class Description(Prose):
    """What a corpus table holds; prints as sentences.

    Attributes
    ----------
    sentences : tuple of str
        One or two for each corpus in the table.
    """

    sentences: tuple[str, ...]

    def _parts(self) -> Iterator[Part]:
        yield from map(Part, self.sentences)


def describe(table: pd.DataFrame) -> Description:
    """Describe a corpus table in a sentence or two.

    Parameters
    ----------
    table : DataFrame
        As `load` returns it, or rows of it, or tables of several corpora one below the other.

    Returns
    -------
    Description
        Prints as text, and as a paragraph in a notebook. Of the demo corpus it says that nothing measured on it is
        a result, and whether it stands in for a corpus that was not found.

    Notes
    -----
    Notebook: 01_explore
    """
    wanted = table.attrs.get("instead_of")
    sentences = [f"{_called(wanted)} was not found on this machine."] if wanted else []
    for name, rows in table.groupby("corpus"):
        corpus = CORPORA.get(str(name), FOLDER)
        sentences.append(f"{_capital(corpus.title)}: {_contents(rows, corpus.kind_of_text)}.")
        sentences += [corpus.note] if corpus.note else []
    return Description(tuple(sentences) or ("No utterances.",))


def _called(wanted: str) -> str:
    """Return what people call the corpus of a name, at the start of a sentence; a path stays what it is."""
    return _capital(CORPORA[wanted].short_title) if wanted in CORPORA else wanted


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _contents(rows: pd.DataFrame, kind_of_text: str) -> str:
    """Return how many utterances, speakers, emotions and texts there are, and the names of the few."""
    speakers, emotions = sorted(set(rows["speaker"])), in_order(rows["emotion"])
    return (
        f"{counted(len(rows), 'utterance')} of {counted(rows['text'].nunique(), kind_of_text)} "
        f"by {counted(len(speakers), 'speaker')}{_in_brackets(speakers)} "
        f"in {counted(len(emotions), 'emotion')}{_in_brackets(emotions)}"
    )


def _in_brackets(names: list[str] | tuple[str, ...]) -> str:
    """Return names in brackets, or nothing where there are too many to read."""
    return f" ({listed(names)})" if len(names) <= _MOST_NAMED else ""
