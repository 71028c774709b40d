"""From a name or a folder to the corpus table."""

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from emotion_lib.corpora.base import Corpus
from emotion_lib.corpora.demo import DEMO
from emotion_lib.corpora.emodb import EMODB
from emotion_lib.corpora.files import File, files_below, has_audio, places
from emotion_lib.corpora.folder import FOLDER
from emotion_lib.corpora.prose import counted
from emotion_lib.corpora.ravdess import RAVDESS
from emotion_lib.corpora.stock import Recording, Stock, recognise, take_stock
from emotion_lib.corpora.tess import TESS
from emotion_lib.errors import CorpusError, CorpusWarning, ParameterError

CORPORA = {corpus.name: corpus for corpus in (TESS, EMODB, RAVDESS, DEMO)}
"""The corpora that have a name of their own."""


class Opened(NamedTuple):
    """A corpus, the folder it is in, and every file below that."""

    corpus: Corpus
    folder: Path
    files: list[File]


def find(name: str) -> Path:
    """Find the folder of a corpus on this machine.

    It is looked for in `$EMOTION_LIB_DATA`, in `data` of the repository, and in the user's data folder, in this order;
    a folder counts when a recording lies somewhere below it.

    Parameters
    ----------
    name : str
        `"tess"`, `"emodb"`, `"ravdess"` or `"demo"`.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If there is no corpus of that name.
    CorpusError
        If none of the places holds a recording; the message says how to get the corpus.
    """
    if name not in CORPORA:
        raise ParameterError(f"corpus {name!r}: not a name the library knows ({', '.join(CORPORA)})")
    looked = places(name)
    for place in looked:
        if has_audio(place):
            return place
    raise CorpusError(f"{name}: no recordings in {', '.join(map(str, looked))}; {CORPORA[name].cure}")


def load(
    name_or_path: str | os.PathLike[str] = "tess", *, otherwise: str | None = None, keep_duplicates: bool = False
) -> pd.DataFrame:
    """Load a corpus as a table with one row an utterance.

    Only names and sizes are looked at, and the bytes of files of equal size, so that a corpus loads in a fraction of a
    second; `check` reads the audio too. A folder that holds a corpus with a name is recognised by its file names.

    Parameters
    ----------
    name_or_path : str or path, default "tess"
        `"tess"`, `"emodb"`, `"ravdess"`, `"demo"`, or a folder that holds one of them or recordings named as TESS
        names them, at any depth.
    otherwise : str, optional
        Corpus to load instead where the first is not found, for instance `"demo"`; `describe` says so then.
    keep_duplicates : bool, default False
        Keep copies too: the second recording of an id becomes `id#2`. To measure what copies do to a result.

    Returns
    -------
    DataFrame
        Columns id, path, corpus, speaker, emotion, text, then `take` (EMO-DB) or `intensity` and `take` (RAVDESS);
        sorted by id; index 0 to n - 1.

    Raises
    ------
    CorpusError
        If the corpus or folder is not found, or has no recordings that are named as in a corpus.

    Warns
    -----
    CorpusWarning
        If files were left out (copies, foreign names), or utterances of the corpus are missing, with their number.

    Notes
    -----
    Notebook: 01_explore
    """
    try:
        corpus, _, files = open_corpus(name_or_path)
    except CorpusError:
        if otherwise is None:
            raise
        table = load(otherwise, keep_duplicates=keep_duplicates)
        table.attrs["instead_of"] = os.fspath(name_or_path)
        return table
    if keep_duplicates:
        return _table(corpus, _numbered(recognise(corpus, files)[0]))
    stock = take_stock(corpus, files)
    _warn(corpus, os.fspath(name_or_path), stock)
    return _table(corpus, stock.kept)


def open_corpus(name_or_path: str | os.PathLike[str]) -> Opened:
    """Return what corpus a name or folder is and the files there.

    Raises
    ------
    CorpusError
        If it is not found, or no recording there is named as in the corpus.
    """
    if isinstance(name_or_path, str) and name_or_path in CORPORA:
        corpus, folder = CORPORA[name_or_path], find(name_or_path)
        files = files_below(folder)
    else:
        folder = existing(name_or_path)
        files = files_below(folder)
        corpus = _corpus_of(files)
    if not any(file.is_audio for file in files):
        raise CorpusError(f"{folder}: no recordings in it or below; {corpus.cure}")
    if not recognise(corpus, files)[0]:
        found = counted(sum(file.is_audio for file in files), "recording")
        raise CorpusError(f"{folder}: {found}, none of them named as in {corpus.title}; {corpus.cure}")
    return Opened(corpus, folder, files)


def existing(path: str | os.PathLike[str]) -> Path:
    """Return a folder that exists; raise a CorpusError where it does not."""
    folder = Path(path).expanduser()
    if not folder.exists():
        raise CorpusError(f"{folder}: no such folder; give one that holds recordings, or {TESS.cure}")
    if not folder.is_dir():
        raise CorpusError(f"{folder}: a file, not a folder; unpack it where it is an archive, and give the folder")
    return folder


def named_as(files: Iterable[File]) -> Corpus:
    """Return the corpus in whose naming most of the recordings are; a folder where TESS's and others' share one."""
    stems = [file.stem for file in files if file.is_audio]
    return max(
        (FOLDER, *CORPORA.values()), key=lambda corpus: sum(corpus.read_name(stem) is not None for stem in stems)
    )


def _corpus_of(files: Sequence[File]) -> Corpus:
    """Return the corpus to which most of the recordings belong, by their names."""
    read_name = named_as(files).read_name
    ids = [name.id for file in files if file.is_audio and (name := read_name(file.stem))]
    for corpus in CORPORA.values():
        if 2 * sum(id in corpus.ids for id in ids) > len(ids):
            return corpus
    return FOLDER


def _numbered(recordings: Sequence[Recording]) -> list[Recording]:
    """Return the recordings sorted by id, where the second of an id is `id#2`."""
    seen: Counter[str] = Counter()
    numbered = []
    for recording in recordings:
        seen[recording.id] += 1
        n = seen[recording.id]
        numbered.append(recording if n == 1 else replace(recording, id=f"{recording.id}#{n}"))
    return sorted(numbered, key=lambda recording: recording.id)


def _table(corpus: Corpus, recordings: Iterable[Recording]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"id": r.id, "path": r.file.path, "corpus": corpus.name, **r.name.columns} for r in recordings]
    )


def _warn(corpus: Corpus, where: str, stock: Stock) -> None:
    """Warn, with a number, of whatever is not as its makers published it."""
    cases = {
        "{} byte-identical to others and left out": len(stock.copies),
        "{} left out because another has the same name": len(stock.rivals),
        "{} left out because the name is not of this corpus": len(stock.strangers),
        f"{{}} missing of {len(corpus.ids)}": len(stock.missing),
    }
    for sentence, n in cases.items():
        if n:
            what = sentence.format(counted(n, "recording"))
            warnings.warn(f"{corpus.name}: {what}; `emotion-lib check {where}` names them", CorpusWarning, stacklevel=3)
