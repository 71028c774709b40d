"""From a name or a folder to the corpus table: load it, describe it, list it as an index."""

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from emotion_lib import audio
from emotion_lib.corpora.corpus import INTEGERS, Corpus, Name
from emotion_lib.corpora.emodb import EMODB
from emotion_lib.corpora.inventory import (
    File,
    Inventory,
    NamedRecording,
    files_below,
    has_audio,
    places,
    recognise,
    take_inventory,
)
from emotion_lib.corpora.ravdess import RAVDESS
from emotion_lib.corpora.report import Report, Section, counted, enumerated
from emotion_lib.corpora.tess import DEMO, FOLDER, TESS
from emotion_lib.emotions import in_order
from emotion_lib.errors import CorpusError, CorpusWarning, ParameterError

CORPORA = {corpus.name: corpus for corpus in (TESS, EMODB, RAVDESS, DEMO)}
"""The corpora that have a name of their own."""


class FoundCorpus(NamedTuple):
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
        return _table(corpus, _number_copies(recognise(corpus, files)[0]))
    stock = take_inventory(corpus, files)
    _warn(corpus, os.fspath(name_or_path), stock)
    return _table(corpus, stock.kept)


def open_corpus(name_or_path: str | os.PathLike[str]) -> FoundCorpus:
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
    return FoundCorpus(corpus, folder, files)


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


def _number_copies(recordings: Sequence[NamedRecording]) -> list[NamedRecording]:
    """Return the recordings sorted by id, where the second of an id is `id#2`."""
    seen: Counter[str] = Counter()
    numbered = []
    for recording in recordings:
        seen[recording.id] += 1
        n = seen[recording.id]
        numbered.append(recording if n == 1 else replace(recording, id=f"{recording.id}#{n}"))
    return sorted(numbered, key=lambda recording: recording.id)


def _table(corpus: Corpus, recordings: Iterable[NamedRecording]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"id": r.id, "path": r.file.path, "corpus": corpus.name, **r.name.columns} for r in recordings]
    )


def _warn(corpus: Corpus, where: str, stock: Inventory) -> None:
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


_MOST_NAMED = 7


@dataclass(frozen=True, repr=False)
class Description(Report):
    """What a corpus table holds; prints as sentences.

    Attributes
    ----------
    sentences : tuple of str
        One or two for each corpus in the table.
    """

    sentences: tuple[str, ...]

    def _parts(self) -> Iterator[Section]:
        yield from map(Section, self.sentences)


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
    return f" ({enumerated(names)})" if len(names) <= _MOST_NAMED else ""


class _Named(NamedTuple):
    name: Name
    file: File


def make_index(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Make the index of a folder of recordings, in the naming of whichever corpus most of them are.

    The same files give the same index, wherever and in whatever folders they lie.

    Parameters
    ----------
    folder : str or path
        With each recording once.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, what names in this corpus say besides, rate (Hz), samples, sha256 (of the
        file); sorted by id.

    Raises
    ------
    CorpusError
        If the folder has no recordings in the naming of a corpus, or two with one name.
    AudioError
        If a recording cannot be read.
    """
    return pd.DataFrame([_row(recording) for recording in _named_once(folder)]).astype(INTEGERS)


def _named_once(folder: str | os.PathLike[str]) -> list[_Named]:
    """Return the recordings of a folder sorted by name, each name once."""
    files = [file for file in files_below(existing(folder)) if file.is_audio]
    read_name = named_as(files).read_name
    named = [_Named(name, file) for file in files if (name := read_name(file.stem))]
    if not named:
        raise CorpusError(f"{folder}: no recordings in TESS's naming, or that of another corpus; {FOLDER.cure}")
    named.sort(key=lambda recording: recording.name.id)
    for one, next_one in pairwise(named):
        if one.name.id == next_one.name.id:
            pair = f"{one.file.relative} and {next_one.file.relative}"
            raise CorpusError(f"{pair}: two recordings of one name; an index needs each once, remove one")
    return named


def _row(recording: _Named) -> dict[str, str | int]:
    name, file = recording
    y, rate = audio.read(file.path)
    return {"id": name.id, **name.columns, "rate": rate, "samples": len(y), "sha256": file.digest()}
