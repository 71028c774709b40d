"""Corpora of emotional speech: from a name or a folder to a table with one row an utterance, and its check.

`inventory` finds a folder and sorts its files into utterances, copies and strangers; `table` makes the corpus table of
them. `check` reads the audio too and names whatever is wrong; `mirrors` and `download` fetch a corpus. What is known of
each corpus, and how it names its recordings, is in a file of its own with its index beside it.
"""

import pandas as pd

from emotion_lib.corpora.check import CheckReport, Finding, check
from emotion_lib.corpora.corpus import read_index
from emotion_lib.corpora.mirrors import fetch
from emotion_lib.corpora.table import CORPORA, Description, describe, find, load, make_index
from emotion_lib.errors import ParameterError

__all__ = [
    "CheckReport",
    "Description",
    "Finding",
    "check",
    "describe",
    "fetch",
    "find",
    "index",
    "load",
    "make_index",
]


def index(name: str = "tess") -> pd.DataFrame:
    """Return the index of a corpus: every utterance it has, on whatever machine.

    Parameters
    ----------
    name : str, default "tess"
        `"tess"`, `"emodb"`, `"ravdess"` or `"demo"`.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, then `take` (EMO-DB) or `intensity` and `take` (RAVDESS), then rate (Hz),
        samples, sha256 (of the file); sorted by id. Of most of RAVDESS the last three are not known: rate and samples
        are missing values there, and sha256 is empty.

    Raises
    ------
    ParameterError
        If there is no corpus of that name.

    Examples
    --------
    >>> index("tess").groupby(["speaker", "emotion"]).size().unique()
    array([200])
    """
    if name not in CORPORA:
        raise ParameterError(f"corpus {name!r}: has no index; those that have one are {', '.join(CORPORA)}")
    return read_index(name).copy()
