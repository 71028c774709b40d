"""Where each corpus can be fetched from, and the fetching of one."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import requests

from emotion_lib.corpora.corpus import Corpus, read_index
from emotion_lib.corpora.download import Archive, Dataverse, DownloadSource, Wanted
from emotion_lib.corpora.inventory import File, files_below, has_audio, places
from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import CorpusError, ParameterError

_KAGGLE = "https://www.kaggle.com/api/v1/datasets/download"
_ZENODO = "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1"

SOURCES: dict[str, dict[str, DownloadSource]] = {
    "tess": {
        "kaggle": Archive(
            f"{_KAGGLE}/ejlok1/toronto-emotional-speech-set-tess",
            "281 MB, in an archive of about 450 MB that holds it twice",
        ),
        "dataverse": Dataverse("https://borealisdata.ca", "doi:10.5683/SP2/E8H2MF", "281 MB in 2800 files"),
    },
    "emodb": {
        "makers": Archive("http://emodb.bilderbar.info/download/download.zip", "48 MB, in an archive of 41 MB"),
        "kaggle": Archive(f"{_KAGGLE}/piyushagni5/berlin-database-of-emotional-speech-emodb", "48 MB, in one archive"),
    },
    "ravdess": {
        "zenodo": Archive(_ZENODO, "about 590 MB, in an archive of 208 MB", md5="bc696df654c87fed845eb13823edef8a"),
        "kaggle": Archive(
            f"{_KAGGLE}/uwrfkaggler/ravdess-emotional-speech-audio",
            "about 590 MB, in an archive that holds it twice",
        ),
    },
}
"""Where each corpus can be fetched from, by the names that the command line takes; the first is the default."""

_BYTES_PER_FRAME = 4
"""Two channels of 16 bits, which is the most that any corpus has."""

_MOST_BYTES_AROUND = 1 << 16
"""What stands before and behind the samples; in RAVDESS up to 60 kB."""

_MOST_BYTES = 1 << 21
"""Of a recording whose length the index does not know: ten seconds at 48 kHz in stereo."""


def fetch(
    name: str,
    to: str | os.PathLike[str] | None = None,
    *,
    source: str | DownloadSource | None = None,
    index: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> Path:
    """Download a corpus and put it where `load` finds it.

    What comes is compared with the index byte for byte, and becomes visible in one step when all of it is right. Of
    most of RAVDESS the index knows no bytes: there the MD5 of Zenodo's archive vouches for them, while from Kaggle
    only the names, their number, and that each can be read are sure. What an interrupted fetch has brought is kept
    beside the target, and the next one goes on from there. A whole copy in place is left alone; a broken one is kept
    under another name.

    Parameters
    ----------
    name : str
        `"tess"`, `"emodb"` or `"ravdess"`.
    to : str or path, optional
        Folder that is to hold the recordings. By default the one where the corpus is or would be found first:
        `$EMOTION_LIB_DATA/<name>`, `data/<name>` in the repository, or the user's data folder.
    source : str or Source, optional
        Where to fetch it from: `"kaggle"` or `"dataverse"` for TESS, `"makers"` or `"kaggle"` for EMO-DB, `"zenodo"` or
        `"kaggle"` for RAVDESS; the first of them when not given.
    index : DataFrame, optional
        What to bring, as `corpora.index` returns it; all of the corpus when not given.
    progress : bool, optional
        Whether to show a bar; on a terminal when None.

    Returns
    -------
    Path
        The folder of the recordings.

    Raises
    ------
    ParameterError
        If the corpus cannot be fetched, or not from a source of that name.
    CorpusError
        If the download breaks off, the bytes are not those of the index, or the folder holds something else.
    """
    chosen = _download_source(name, source)
    corpus = CORPORA[name]
    wanted = _wanted(corpus, read_index(name) if index is None else index)
    target = _default_target(name) if to is None else Path(to).expanduser().absolute()
    if _is_whole(corpus, target, wanted):
        return target
    _refuse_foreign(corpus, target, wanted)
    staging = target.with_name(f".{target.name}.fetch")
    with _told_plainly(target):
        staging.mkdir(parents=True, exist_ok=True)
        _install(chosen.bring(corpus, wanted, staging, progress=progress), target)
        shutil.rmtree(staging, ignore_errors=True)
    return target


def terms(name: str, source: str | None = None) -> str:
    """Say in a sentence what `fetch` would download, on what terms it may be used, and what to cite.

    Parameters
    ----------
    name : str
        As for `fetch`.
    source : str, optional
        As for `fetch`.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        If the corpus cannot be fetched, or not from a source of that name.

    Examples
    --------
    >>> print(terms("emodb"))
    EMO-DB, the Berlin database of emotional speech (48 MB, in an archive of 41 MB); licence: free for research,
    Technical University of Berlin; cite Burkhardt et al. 2005, doi:10.21437/Interspeech.2005-446
    """
    size, corpus = _download_source(name, source).size, CORPORA[name]
    return f"{corpus.title} ({size}); licence: {corpus.licence}; cite {corpus.reference}"


def _download_source(name: str, source: str | DownloadSource | None) -> DownloadSource:
    """Return the source of a name, or the first that a corpus has."""
    if name not in SOURCES:
        raise ParameterError(f"corpus {name!r}: cannot be fetched; those that can are {', '.join(SOURCES)}")
    known = SOURCES[name]
    if source is None:
        return next(iter(known.values()))
    if not isinstance(source, str):
        return source
    if source not in known:
        raise ParameterError(f"source={source!r}: must be one of {', '.join(known)} for {name}")
    return known[source]


def _wanted(corpus: Corpus, index: pd.DataFrame) -> dict[str, Wanted]:
    in_folder = [corpus.place.format_map(row) for row in index.to_dict("records")]
    most_bytes = (_BYTES_PER_FRAME * index["samples"] + _MOST_BYTES_AROUND).fillna(_MOST_BYTES)
    return dict(zip(index["id"], map(Wanted, in_folder, index["sha256"], most_bytes), strict=True))


def _default_target(name: str) -> Path:
    """Return the folder where a corpus is found, or the first of those where it would be."""
    looked = places(name)
    return next((place for place in looked if has_audio(place)), looked[0])


def _is_whole(corpus: Corpus, target: Path, wanted: Mapping[str, Wanted]) -> bool:
    """Return whether every wanted recording is in a folder, byte for byte as far as the bytes are known."""
    named = [(id, file) for file in _files(target) if (id := _id(corpus, file)) in wanted]
    if len(named) < len(wanted):
        return False
    return {id for id, file in named if id and wanted[id].is_met_by(file.path)} >= wanted.keys()


def _refuse_foreign(corpus: Corpus, target: Path, wanted: Mapping[str, Wanted]) -> None:
    """Raise a CorpusError where the target is something else than a copy of the corpus."""
    if target.exists() and not target.is_dir():
        raise CorpusError(f"{target}: a file, not a folder; give a folder that is not there yet with `--to`")
    foreign = [file.relative for file in _files(target) if _id(corpus, file) not in wanted]
    if foreign:
        cure = "give another folder with `--to`"
        raise CorpusError(f"{target}: holds {foreign[0]}, which is not of {corpus.short_title}; {cure}")


def _files(target: Path) -> list[File]:
    return files_below(target) if target.is_dir() else []


def _id(corpus: Corpus, file: File) -> str | None:
    """Return the id of a recording, or None for a file that is not named as one."""
    name = corpus.read_name(file.stem) if file.is_audio else None
    return name.id if name else None


def _install(folder: Path, target: Path) -> None:
    """Move the finished folder to the target; a folder that was there keeps its contents under another name."""
    if target.exists() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        os.replace(target, _free_name(target))
    os.replace(folder, target)


def _free_name(target: Path) -> Path:
    n = 1
    while (name := target.with_name(f"{target.name}.old{n}")).exists():
        n += 1
    return name


@contextmanager
def _told_plainly(target: Path) -> Iterator[None]:
    """Turn what networks and disks raise into a CorpusError with the cure."""
    try:
        yield
    except requests.RequestException as error:
        cure = "what has come is kept: run the same command again, or fetch with another `--source`"
        raise CorpusError(f"the download stopped ({_reason(error)}); {cure}") from error
    except OSError as error:
        raise CorpusError(
            f"{target}: cannot be written ({error}); make room, or give another folder with `--to`"
        ) from error


def _reason(error: requests.RequestException) -> str:
    """Return why a download stopped; of a server that cannot be reached, no more than its name."""
    if isinstance(error, requests.ConnectionError) and error.request is not None:
        return f"{urlsplit(str(error.request.url)).hostname} cannot be reached; check the connection"
    return str(error)
