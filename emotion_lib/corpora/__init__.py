"""Load, describe, check and fetch corpora of emotional speech; a corpus is a table with one row per utterance.

`inventory` finds a folder and sorts its files into utterances, copies and foreign files; `table` turns the utterances
into the corpus table. `check` also reads the audio and lists the faults; `mirrors` and `download` fetch a corpus. Each
corpus has a file of its own, which describes it and reads its file names, with its index beside it.
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
    """Return the index of a corpus: all its utterances as published, whether or not they are on this machine.

    Parameters
    ----------
    name : str, default "tess"
        `"tess"`, `"emodb"`, `"ravdess"` or `"demo"`.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, then `take` (EMO-DB) or `intensity` and `take` (RAVDESS), then rate (Hz),
        samples, sha256 (of the file); sorted by id. The last three are not known for most of RAVDESS: rate and samples
        are missing values there, and sha256 is empty.

    Raises
    ------
    ParameterError
        If there is no corpus with this name.

    Examples
    --------
    >>> index("tess").groupby(["speaker", "emotion"]).size().unique()
    array([200])
    """
    if name not in CORPORA:
        raise ParameterError(f"corpus {name!r}: has no index; corpora with an index are {', '.join(CORPORA)}")
    return read_index(name).copy()
