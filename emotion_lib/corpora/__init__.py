"""Load, describe, check and fetch corpora of emotional speech; a corpus is a table with one row per utterance.

`inventory` finds a folder and sorts its files into utterances, copies and foreign files; `table` turns the utterances
into the corpus table; `digests` keeps what was read for it. `check` also reads the audio and lists the faults;
`mirrors` and `download` fetch a corpus. Each corpus has a file of its own, which describes it and reads its file names,
with its index beside it. `own` reads a corpus of your own from folders or a CSV file, and `labels` has the synonyms of
the emotions. `excerpt` reads what comes with the repository: a part of TESS, numbers measured on the whole, and vectors
of utterances of CREMA-D.
"""

import pandas as pd

from emotion_lib.corpora.check import CheckReport, Finding, check
from emotion_lib.corpora.corpus import read_index
from emotion_lib.corpora.excerpt import embeddings, measurements
from emotion_lib.corpora.inventory import digest
from emotion_lib.corpora.labels import UNKNOWN_SPEAKER
from emotion_lib.corpora.mirrors import fetch
from emotion_lib.corpora.table import CORPORA, Description, describe, find, is_here, load, make_index
from emotion_lib.errors import ParameterError

__all__ = [
    "UNKNOWN_SPEAKER",
    "CheckReport",
    "Description",
    "Finding",
    "check",
    "describe",
    "embeddings",
    "fetch",
    "find",
    "index",
    "is_here",
    "load",
    "make_index",
    "measurements",
    "published_digests",
]


def index(name: str = "tess") -> pd.DataFrame:
    """Return the index of a corpus: all its utterances as published, whether or not they are on this machine.

    The seven recordings of CREMA-D that `load` leaves out are not in it either.

    Parameters
    ----------
    name : str, default "tess"
        `"tess"`, `"emodb"`, `"ravdess"`, `"crema-d"`, `"nemo"` or `"demo"`.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, then those that only this corpus has (as in `load`), then rate (Hz), samples
        (missing values in nEMO), sha256 (of the file); sorted by id. RAVDESS, CREMA-D and nEMO also have `in_figures`,
        a bool: whether figures of this project were measured on the utterance. In other corpora they were on all.

    Raises
    ------
    ParameterError
        If there is no corpus with this name, or it has no index.

    Examples
    --------
    >>> index("tess").groupby(["speaker", "emotion"]).size().unique()
    array([200])
    """
    indexed = [corpus.name for corpus in CORPORA.values() if corpus.has_index]
    if name not in indexed:
        raise ParameterError(f"corpus {name!r}: has no index; corpora with an index are {', '.join(indexed)}")
    table = read_index(name)
    return table[table["id"].isin(CORPORA[name].ids)].reset_index(drop=True)


def published_digests(table: pd.DataFrame) -> tuple[bytes, ...]:
    """Return the SHA-256 of each utterance as published, so that originals are recognised after training on copies.

    Copies of a corpus are often decoded from a compressed form or resampled. For a corpus with an index, the digest is
    that of the original, whatever the bytes of the copy; for all others it is that of the file.

    Parameters
    ----------
    table : DataFrame
        A corpus table with the columns `id`, `corpus` and `path`.

    Returns
    -------
    tuple of bytes
        32 bytes for each row.

    Raises
    ------
    CorpusError
        If a file of a corpus without an index cannot be read.

    Examples
    --------
    >>> utterance = pd.DataFrame({"id": ["03a01Fa"], "corpus": ["emodb"], "path": ["resampled/03a01Fa.wav"]})
    >>> published_digests(utterance)[0].hex() == index("emodb").set_index("id").loc["03a01Fa", "sha256"]
    True
    """
    known = {name: CORPORA[name].digests for name in set(table["corpus"]) & CORPORA.keys()}
    hexadecimal = (
        known.get(corpus, {}).get(id.partition("#")[0]) or digest(path)  # id#2 is a copy of id
        for id, corpus, path in zip(table["id"], table["corpus"], table["path"], strict=True)
    )
    return tuple(map(bytes.fromhex, hexadecimal))
