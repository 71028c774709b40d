"""Fetch a corpus from one of the places that offer it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import requests

from emotion_lib.corpora.corpus import Corpus, read_index
from emotion_lib.corpora.download import Archive, Dataverse, DownloadSource, Wanted
from emotion_lib.corpora.inventory import File, files_below, has_audio, places
from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import CorpusError, ParameterError, path_of
from emotion_lib.progress import Progress
from emotion_lib.writing import locked

_KAGGLE = "https://www.kaggle.com/api/v1/datasets/download"
_ZENODO = "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1"
_GITHUB = "https://github.com/amu-cai/nEMO/archive/06f1f83dde8f1a780443a57d53b2af3971af34ab.zip"

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
            f"{_KAGGLE}/uwrfkaggler/ravdess-emotional-speech-audio", "about 590 MB, in an archive that holds it twice"
        ),
    },
    # On GitHub, git-lfs keeps the recordings of CREMA-D out of the archive.
    "crema-d": {"kaggle": Archive(f"{_KAGGLE}/ejlok1/cremad", "about 600 MB, in an archive of 450 MB")},
    "nemo": {"github": Archive(_GITHUB, "about 600 MB, in one archive")},
}
"""The sources of each corpus, by the names that the command line takes; the first is the default."""

# The size of a recording is limited, so that a wrong or hostile archive cannot fill the disk.
_BYTES_PER_FRAME = 4  # two channels of 16 bits; no corpus has more
_MOST_BYTES_AROUND = 1 << 16  # header and notes; files of RAVDESS have up to 60 kB of them
_MOST_BYTES = 1 << 21  # if the index does not have the length: ten seconds of stereo at 48 kHz


def fetch(
    name: str,
    to: str | os.PathLike[str] | None = None,
    *,
    source: str | DownloadSource | None = None,
    index: pd.DataFrame | None = None,
    progress: Progress = None,
) -> Path:
    """Download a corpus and put it where `load` finds it.

    Every file is compared with the index byte for byte, and the corpus becomes visible in one step, when it is complete
    and correct. An interrupted fetch keeps its files beside the target, and the next fetch resumes there. A complete
    copy is left alone; a broken one is kept under another name. Two fetches to one folder at a time are refused, and so
    is a folder that cannot take the corpus, before anything is downloaded.

    Parameters
    ----------
    name : str
        `"tess"`, `"emodb"`, `"ravdess"`, `"crema-d"` or `"nemo"`.
    to : str or path, optional
        Folder for the recordings. By default the folder where `find` finds the corpus, or the first folder that it
        searches: `$EMOTION_LIB_DATA/<name>`, `data/<name>` in the repository, or the user's data folder.
    source : str or DownloadSource, optional
        Source of the download: `"kaggle"` or `"dataverse"` for TESS, `"makers"` or `"kaggle"` for EMO-DB, `"zenodo"` or
        `"kaggle"` for RAVDESS, `"kaggle"` for CREMA-D, `"github"` for nEMO. By default the first one.
    index : DataFrame, optional
        Recordings to fetch, as rows of `corpora.index`. By default the whole corpus.
    progress : bool or callable, optional
        Whether to show a progress bar, by default only on a terminal and in a live notebook; or a function that is
        told in words how far the download is.

    Returns
    -------
    Path
        The folder of the recordings.

    Raises
    ------
    ParameterError
        If the corpus cannot be fetched, or has no source with this name.
    CorpusError
        If the download breaks off, a file differs from the index, the folder cannot be written, is too small or holds
        other files, or another fetch is writing to it.
    """
    chosen = _download_source(name, source)
    corpus = CORPORA[name]
    index = read_index(name) if index is None else index
    in_folder = [corpus.place.format_map(row) for row in index.to_dict("records")]
    most_bytes = (_BYTES_PER_FRAME * index["samples"] + _MOST_BYTES_AROUND).fillna(_MOST_BYTES)
    wanted = dict(zip(index["id"], map(Wanted, in_folder, index["sha256"], most_bytes), strict=True))
    if to is None:
        searched = places(name)
        to = next((place for place in searched if has_audio(place)), searched[0])
    try:
        target = path_of("to", to).resolve()  # through links, since the folder that they lead to will be renamed
    except (OSError, RuntimeError, ValueError) as error:
        raise ParameterError(f"to={os.fspath(to)!r}: must be a folder ({error})") from error
    # Beside the target, hence on the same disk: the folder can then be moved into place in one step.
    staging = target.parent / f".{target.name}.fetch"
    with _corpus_errors(target):
        if not _is_complete(corpus, target, wanted):
            _check_place(target, 2 * int(index["samples"].fillna(0).sum()))
            staging.mkdir(parents=True, exist_ok=True)
            with locked(staging, error=CorpusError):
                if not _is_complete(corpus, target, wanted):  # another fetch may just have brought it
                    _install(chosen.bring(corpus, wanted, staging, progress=progress), target)
        shutil.rmtree(staging, ignore_errors=True)
    return target


def terms(name: str, source: str | None = None) -> str:
    """Return one sentence with the size of a download, its licence and its reference.

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
        If the corpus cannot be fetched, or has no source with this name.

    Examples
    --------
    >>> print(terms("emodb"))
    EMO-DB, the Berlin database of emotional speech (48 MB, in an archive of 41 MB); licence: free for research,
    Technical University of Berlin; cite Burkhardt et al. 2005, doi:10.21437/Interspeech.2005-446
    """
    size, corpus = _download_source(name, source).size, CORPORA[name]
    return f"{corpus.title} ({size}); licence: {corpus.licence}; cite {corpus.reference}"


def _download_source(name: str, source: str | DownloadSource | None) -> DownloadSource:
    """Return the source with this name, or the default source of the corpus."""
    if name not in SOURCES:
        cure = f"; {CORPORA[name].cure}" if name in CORPORA else ""
        raise ParameterError(f"corpus {name!r}: cannot be fetched; must be one of {', '.join(SOURCES)}{cure}")
    known = SOURCES[name]
    if source is None:
        return next(iter(known.values()))
    if not isinstance(source, str):
        return source
    if source not in known:
        raise ParameterError(f"source={source!r}: must be one of {', '.join(known)} for {name}")
    return known[source]


def _is_complete(corpus: Corpus, target: Path, wanted: Mapping[str, Wanted]) -> bool:
    """Return whether a folder holds every wanted recording; raise a CorpusError for a folder with other files."""
    if target.exists() and not target.is_dir():
        raise CorpusError(f"{target}: a file, not a folder; give a new folder with `--to`")
    named: list[tuple[str, File]] = []
    foreign: list[File] = []
    for file in files_below(target) if target.is_dir() else []:
        name = corpus.read_name(file.stem, file.folder) if file.is_audio else None
        if name and name.id in wanted:
            named.append((name.id, file))
        else:
            foreign.append(file)
    # Reading every file takes a long time, so a folder with too few is not read.
    if len(named) >= len(wanted) and {id for id, file in named if wanted[id].is_met_by(file.path)} >= wanted.keys():
        return True
    if foreign:
        cure = "give another folder with `--to`"
        raise CorpusError(f"{target}: holds {foreign[0].relative}, which is not part of {corpus.short_title}; {cure}")
    return False


def _check_place(target: Path, n_bytes: int) -> None:
    """Raise a CorpusError if a folder cannot be replaced by a new one, or its disk has no room for so many bytes."""
    if target.is_mount() or Path.cwd().is_relative_to(target):
        raise CorpusError(f"{target}: a disk, or the folder in which you are; name a new folder in it with `--to`")
    parent = next(parent for parent in target.parents if parent.exists())
    if (free := shutil.disk_usage(parent).free) < n_bytes:
        sizes = f"{free / 1e6:.0f} MB are free, and the corpus takes {n_bytes / 1e6:.0f} MB"
        raise CorpusError(f"{target}: {sizes}; free some disk space, or give another folder with `--to`")


def _install(folder: Path, target: Path) -> None:
    """Move the finished folder to the target; rename any folder that is already there."""
    if target.exists() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        names = (target.with_name(f"{target.name}.old{n}") for n in count(1))
        os.replace(target, next(name for name in names if not name.exists()))
    os.replace(folder, target)


@contextmanager
def _corpus_errors(target: Path) -> Iterator[None]:
    """Turn errors of the network and the disk into a CorpusError with the cure."""
    try:
        yield
    except requests.RequestException as error:
        reason = str(error)
        # The text of a connection error is a nest of internal objects; the name of the server is enough.
        if isinstance(error, requests.ConnectionError) and error.request is not None:
            reason = f"{urlsplit(str(error.request.url)).hostname} cannot be reached; check the connection"
        cure = "finished parts are kept: run the same command again, or fetch with another `--source`"
        raise CorpusError(f"the download stopped ({reason}); {cure}") from error
    except OSError as error:
        raise CorpusError(
            f"{target}: cannot be written ({error}); free some disk space, or give another folder with `--to`"
        ) from error
