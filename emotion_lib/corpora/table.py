"""The corpus table: load it from a name or a folder, describe it, and make an index."""

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
from emotion_lib.corpora.corpus import INTEGERS, OF_FILE, Corpus, read_index
from emotion_lib.corpora.crema_d import CREMA_D
from emotion_lib.corpora.digests import Digests
from emotion_lib.corpora.emodb import EMODB
from emotion_lib.corpora.excerpt import EXCERPT, excerpt_folder
from emotion_lib.corpora.inventory import (
    File,
    Inventory,
    NamedRecording,
    files_below,
    has_audio,
    name_of,
    places,
    recognise,
    take_inventory,
)
from emotion_lib.corpora.labels import UNKNOWN_SPEAKER
from emotion_lib.corpora.nemo import NEMO
from emotion_lib.corpora.own import SUFFIXES, own_corpus, read_folders, read_list
from emotion_lib.corpora.ravdess import RAVDESS
from emotion_lib.corpora.report import Report, Section, counted, enumerated
from emotion_lib.corpora.savee import SAVEE
from emotion_lib.corpora.tess import DEMO, FOLDER, TESS
from emotion_lib.emotions import in_order
from emotion_lib.errors import CorpusError, CorpusWarning, ParameterError, path_of

CORPORA = {corpus.name: corpus for corpus in (TESS, EMODB, RAVDESS, CREMA_D, NEMO, SAVEE, DEMO)}
"""The corpora that can be loaded by name."""


class FoundCorpus(NamedTuple):
    """A corpus, its folder, and every file below that folder."""

    corpus: Corpus
    folder: Path
    files: list[File]


def find(name: str) -> Path:
    """Find the folder of a corpus on this machine.

    The search goes through `$EMOTION_LIB_DATA`, `data` in the repository, and the user's data folder, in this order. A
    folder counts only if it holds a recording, at any depth.

    Parameters
    ----------
    name : str
        `"tess"`, `"emodb"`, `"ravdess"`, `"crema-d"`, `"nemo"`, `"savee"` or `"demo"`.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If there is no corpus with this name.
    CorpusError
        If no recording is found; the message says how to get the corpus.
    """
    if name not in CORPORA:
        only = "; only `corpora.load` knows the excerpt" if name == EXCERPT else ""
        raise ParameterError(f"corpus {name!r}: must be one of {', '.join(CORPORA)}{only}")
    if name in os.environ.get("EMOTION_LIB_HIDDEN", "").split(","):  # to see what it is like without the corpus
        raise CorpusError(f"{name}: hidden by EMOTION_LIB_HIDDEN; unset it, or {CORPORA[name].cure}")
    looked = places(name)
    for place in looked:
        if has_audio(place):
            return place
    raise CorpusError(f"{name}: no recordings in {', '.join(map(str, looked))}; {CORPORA[name].cure}")


def is_here(name: str) -> bool:
    """Return whether every recording of a corpus is on this machine, by the names of the files.

    Parameters
    ----------
    name : str
        As for `find`.

    Returns
    -------
    bool

    Raises
    ------
    ParameterError
        If there is no corpus with this name.

    Examples
    --------
    >>> is_here("demo")
    True
    """
    try:
        files = files_below(find(name))
    except CorpusError:
        return False
    corpus = CORPORA[name]
    return {recording.id for recording in recognise(corpus, files).recordings} >= corpus.ids


def load(name_or_path: str | os.PathLike[str] = "tess", *, keep_duplicates: bool = False) -> pd.DataFrame:
    """Load a corpus as a table with one row per utterance.

    Only file names and sizes are read, plus the bytes of files of equal size and the samples of files of the same name.
    Their digests are kept in the cache folder, so a corpus loads in a second; `check` reads all of the audio. The file
    names of a folder show which corpus it holds. If most of them fit no corpus, the folder of a recording is its
    emotion.

    Parameters
    ----------
    name_or_path : str or path, default "tess"
        A name, as for `find`; `"tess-excerpt"`, the 28 recordings of TESS that come with a clone of the repository,
        a name that no other function knows; or a folder that holds, at any depth, one of these corpora, recordings that
        are named as in TESS, or folders EMOTION or SPEAKER/EMOTION with recordings; or a CSV file with the columns path
        (or file, filename) and emotion (or label), and perhaps speaker and text.
    keep_duplicates : bool, default False
        Keep copies too, to measure how they change a result. The second recording with an id becomes `id#2`.

    Returns
    -------
    DataFrame
        Columns id, path, corpus, speaker, emotion, text, then `take` (EMO-DB), `intensity` and `take` (RAVDESS), or
        `intensity`, `sex` and `voice_vote` (CREMA-D: the emotion that most listeners to the sound alone named,
        tied ones joined by `:`), or the other columns of a CSV file; sorted by id; index 0 to n - 1. In a corpus of
        your own, `corpus` is the name of the folder or file, `id` is the relative path, `speaker` is
        `UNKNOWN_SPEAKER` and `text` is empty where they are not given. Synonyms of known emotions, such as
        "happiness", become the known word.

    Raises
    ------
    CorpusError
        If the corpus or folder is not found, no recording in it has a name that fits a corpus, or a CSV file has a
        mistake.

    Warns
    -----
    CorpusWarning
        If files were left out (copies, foreign names, faults of the published corpus), utterances of the corpus are
        missing, or the same recording has two labels; the message gives their number.

    Notes
    -----
    Notebook: 01_explore
    """
    if isinstance(name_or_path, str) and name_or_path == EXCERPT:
        return _table(TESS, recognise(TESS, files_below(excerpt_folder())).recordings)
    corpus, _, files = open_corpus(name_or_path)
    if keep_duplicates:
        return _table(corpus, _number_copies(recognise(corpus, files).recordings))
    digests = Digests()
    stock = take_inventory(corpus, files, digests=digests)
    digests.keep()
    _warn(corpus, os.fspath(name_or_path), stock)
    return _table(corpus, stock.kept)


def open_corpus(name_or_path: str | os.PathLike[str]) -> FoundCorpus:
    """Return the corpus that a name or folder stands for, with its files.

    Raises
    ------
    CorpusError
        If the corpus or folder is not found, or no recording in it has a name that fits the corpus.
    """
    if isinstance(name_or_path, str) and name_or_path in CORPORA:
        corpus, folder = CORPORA[name_or_path], find(name_or_path)
        files = files_below(folder)
    else:
        folder = existing(name_or_path)
        naming, files = _named(folder)
        corpus = naming if naming.names else _corpus_of(naming, files)
    if corpus.names:
        return FoundCorpus(corpus, folder, files)
    if not any(file.is_audio for file in files):
        raise CorpusError(f"{folder}: no recordings in this folder or below; {corpus.cure}")
    if not recognise(corpus, files).recordings:
        found = counted(sum(file.is_audio for file in files), "recording")
        raise CorpusError(f"{folder}: {found}, but no name that fits {corpus.title}; {corpus.cure}")
    return FoundCorpus(corpus, folder, files)


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the path of an existing folder or CSV file; raise a CorpusError if there is none."""
    place = path_of("path", path)
    if not os.path.exists(place):
        raise CorpusError(f"{place}: no such folder; give a folder with recordings or a CSV file, or {TESS.cure}")
    if not place.is_dir() and place.suffix.lower() not in SUFFIXES:
        raise CorpusError(
            f"{place}: a file, not a folder; unpack it if it is an archive, and give the folder; "
            "save it as CSV if it is a table"
        )
    return place


def _named(place: Path) -> tuple[Corpus, list[File]]:
    """Return the files of a folder or list, and the corpus whose file names they follow, or one of your own."""
    if not place.is_dir():
        files, names = read_list(place)
        return own_corpus(_name_of_own(place.stem), names), files
    files = files_below(place)
    naming = named_as(files)
    recordings = [file for file in files if file.is_audio]
    if 2 * sum(name_of(naming, file) is not None for file in recordings) >= len(recordings):
        return naming, files
    names = read_folders(place, recordings)
    return (own_corpus(_name_of_own(place.resolve().name), names) if names else naming), files


def _name_of_own(name: str) -> str:
    """Return the name of a corpus of your own, which no known corpus may have."""
    # Figures, lists of splits and digests of a known corpus would be taken for those of this one.
    return f"own-{name}" if name.lower() in {*CORPORA, FOLDER.name, ""} else name


def named_as(files: Iterable[File]) -> Corpus:
    """Return the corpus whose file names most of these recordings follow."""
    # FOLDER comes first and wins a tie: TESS and the demo corpus use the same names, and so does a folder of your own.
    recordings = [file for file in files if file.is_audio]
    return max(
        (FOLDER, *CORPORA.values()), key=lambda corpus: sum(name_of(corpus, file) is not None for file in recordings)
    )


def _corpus_of(naming: Corpus, files: Sequence[File]) -> Corpus:
    """Return the corpus that lists most of the recordings, by the names of another, else FOLDER."""
    ids = [name.id for file in files if file.is_audio and (name := name_of(naming, file))]
    for corpus in CORPORA.values():
        published = corpus.ids | corpus.left_out.keys()
        if 2 * sum(id in published for id in ids) > len(ids):
            return corpus
    return FOLDER


def _number_copies(recordings: Sequence[NamedRecording]) -> list[NamedRecording]:
    """Return the recordings sorted by id, with `id#2` for the second recording with an id."""
    seen: Counter[str] = Counter()
    numbered = []
    for recording in recordings:
        seen[recording.id] += 1
        n = seen[recording.id]
        numbered.append(recording if n == 1 else replace(recording, id=f"{recording.id}#{n}"))
    return sorted(numbered, key=lambda recording: recording.id)


def _table(corpus: Corpus, recordings: Iterable[NamedRecording]) -> pd.DataFrame:
    """Return the corpus table of some recordings, with the facts from their names and those that only the index has."""
    recordings = list(recordings)
    table = pd.DataFrame(
        [{"id": r.id, "path": r.file.path, "corpus": corpus.name, **r.name.columns} for r in recordings]
    )
    if not corpus.has_index:
        return table
    index = read_index(corpus.name).set_index("id")
    more = index.columns.difference([*table, *OF_FILE], sort=False)
    return table.join(index.loc[[r.name.id for r in recordings], more].set_axis(table.index))


def _warn(corpus: Corpus, where: str, stock: Inventory) -> None:
    """Warn about recordings that were left out or are missing, with their number."""
    cases = {
        "{} identical to others and left out": len(stock.copies),
        "{} left out because another has the same name": len(stock.rivals),
        "{} left out because of a fault in the published corpus": len(stock.faulty),
        "{} left out because the name does not fit this corpus": len(stock.strangers),
        f"{{}} missing of {len(corpus.ids)}": len(stock.missing),
    }
    for sentence, n in cases.items():
        if n:
            what = sentence.format(counted(n, "recording"))
            # stacklevel 3 is the line that calls `load`.
            warnings.warn(f"{corpus.name}: {what}; `emotion-lib check {where}` lists them", CorpusWarning, stacklevel=3)
    if stock.contradictions:
        first = " and ".join(f"{r.id} ({r.name.emotion})" for r in reversed(stock.contradictions[0]))
        what = f"{counted(len(stock.contradictions), 'recording')} byte-identical to others with another label and kept"
        warnings.warn(f"{corpus.name}: {what}, such as {first}; correct the labels", CorpusWarning, stacklevel=3)


_MOST_NAMED = 7  # TESS has seven emotions, and all are named


@dataclass(frozen=True, repr=False)
class Description(Report):
    """The contents of a corpus table; prints as sentences.

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
        A table from `load`, some rows of one, or the tables of several corpora one below the other.

    Returns
    -------
    Description
        Prints as text, or as a paragraph in a notebook. Of the demo corpus, it warns that nothing measured
        on it is a result.
    """
    sentences = []
    for name, rows in table.groupby("corpus"):
        known = CORPORA | {FOLDER.name: FOLDER}
        corpus = known.get(str(name)) or own_corpus(str(name), {})
        title = _capital(corpus.title) if name in known else corpus.title
        sentences.append(f"{title}: {_contents(rows, corpus.kind_of_text)}.")
        sentences += [corpus.note] if corpus.note else []
    return Description(tuple(sentences) or ("No utterances.",))


def _capital(text: str) -> str:
    return text.capitalize() if text.islower() else text  # nEMO stays nEMO


def _contents(rows: pd.DataFrame, kind_of_text: str) -> str:
    """Return the numbers of utterances, texts, speakers and emotions, and the names of the last two."""
    speakers, emotions = sorted(set(rows["speaker"]) - {UNKNOWN_SPEAKER}), in_order(rows["emotion"])
    of_texts = f" of {counted(rows['text'].nunique(), kind_of_text)}" if rows["text"].any() else ""
    by_speakers = f"{counted(len(speakers), 'speaker')}{_in_brackets(speakers)}" if speakers else "unknown speakers"
    others = " and unknown ones" if speakers and (rows["speaker"] == UNKNOWN_SPEAKER).any() else ""
    return (
        f"{counted(len(rows), 'utterance')}{of_texts} by {by_speakers}{others} "
        f"in {counted(len(emotions), 'emotion')}{_in_brackets(emotions)}"
    )


def _in_brackets(names: list[str] | tuple[str, ...]) -> str:
    """Return names in brackets, or an empty string if there are too many to read."""
    return f" ({enumerated(names)})" if len(names) <= _MOST_NAMED else ""


def make_index(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Make the index of a folder of recordings.

    File names are read by the rules of the corpus that most of the recordings follow. The same files then give the same
    index, whatever folders they are in; in a corpus of your own, the id is the relative path.

    Parameters
    ----------
    folder : str or path
        A folder that holds each recording once, or a CSV file that lists recordings.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, any that only this corpus has (such as `take`), rate (Hz), samples, sha256
        (of the file); sorted by id.

    Raises
    ------
    CorpusError
        If no recording in the folder has a name that fits a corpus, or two recordings have the same name.
    AudioError
        If a recording cannot be read.
    """
    rows = []
    for recording in _named_once(folder):
        y, rate = audio.read(recording.file.path)
        known = {"id": recording.id, **recording.name.columns}
        rows.append(known | {"rate": rate, "samples": len(y), "sha256": recording.digest})
    return pd.DataFrame(rows).astype(INTEGERS)


def _named_once(folder: str | os.PathLike[str]) -> list[NamedRecording]:
    """Return the recordings of a folder sorted by name; raise a CorpusError if a name occurs twice."""
    naming, files = _named(existing(folder))
    recordings = [file for file in files if naming.names or file.is_audio]
    named = [NamedRecording(name.id, name, file) for file in recordings if (name := name_of(naming, file))]
    if not named:
        raise CorpusError(f"{folder}: no recordings named as in TESS or another corpus; {FOLDER.cure}")
    named.sort(key=lambda recording: recording.id)
    for one, next_one in pairwise(named):
        if one.id == next_one.id:
            pair = f"{one.file.relative} and {next_one.file.relative}"
            raise CorpusError(
                f"{pair}: two recordings with the same name; remove one, since an index lists each name once"
            )
    return named
