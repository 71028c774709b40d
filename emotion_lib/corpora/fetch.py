"""Download TESS, which happens only when this is called: unpack it once, check it, and put it in place in one step."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import requests

from emotion_lib.corpora.archive import Wanted
from emotion_lib.corpora.base import read_index
from emotion_lib.corpora.download import Dataverse, Kaggle, Source
from emotion_lib.corpora.files import File, files_below, has_audio, places
from emotion_lib.corpora.naming import read_name
from emotion_lib.corpora.tess import TESS
from emotion_lib.errors import CorpusError, ParameterError

SOURCES: dict[str, Source] = {"kaggle": Kaggle(), "dataverse": Dataverse()}
"""Where TESS can be fetched from, by the name that the command line takes."""

_BYTES_PER_SAMPLE = 2
_MOST_HEADER_BYTES = 4096


def fetch_tess(
    to: str | os.PathLike[str] | None = None,
    *,
    source: str | Source = "kaggle",
    index: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> Path:
    """Download TESS and put it where `load` finds it.

    What comes is compared with the index byte for byte, and becomes visible in one step when all of it is right. What
    an interrupted fetch has brought is kept beside the target, and the next one goes on from there. A whole copy in
    place is left alone; a broken one is kept under another name.

    Parameters
    ----------
    to : str or path, optional
        Folder that is to hold the recordings. By default the one where TESS is or would be found first:
        `$EMOTION_LIB_DATA/tess`, `data/tess` in the repository, or the user's data folder.
    source : {"kaggle", "dataverse"} or Source, default "kaggle"
        One archive from Kaggle, or file by file from Dataverse.
    index : DataFrame, optional
        What to bring, as `corpora.index` returns it; all of TESS when not given.
    progress : bool, optional
        Whether to show a bar; on a terminal when None.

    Returns
    -------
    Path
        The folder of the recordings.

    Raises
    ------
    ParameterError
        If there is no source of that name.
    CorpusError
        If the download breaks off, the bytes are not those of the index, or the folder holds something else.
    """
    wanted = _wanted(read_index("tess") if index is None else index)
    target = _default_target() if to is None else Path(to).expanduser().absolute()
    chosen = _source(source)
    if _is_whole(target, wanted):
        return target
    _refuse_foreign(target, wanted)
    staging = target.with_name(f".{target.name}.fetch")
    with _told_plainly(target):
        staging.mkdir(parents=True, exist_ok=True)
        _install(chosen.bring(wanted, staging, progress=progress), target)
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _wanted(index: pd.DataFrame) -> dict[str, Wanted]:
    """Return the recordings of an index by id."""
    places = index["speaker"] + "_" + index["emotion"] + "/" + index["id"] + ".wav"
    most_bytes = _BYTES_PER_SAMPLE * index["samples"] + _MOST_HEADER_BYTES
    return dict(zip(index["id"], map(Wanted, places, index["sha256"], most_bytes), strict=True))


def _default_target() -> Path:
    """Return the folder where TESS is found, or the first of those where it would be."""
    looked = places(TESS.name)
    return next((place for place in looked if has_audio(place)), looked[0])


def _source(source: str | Source) -> Source:
    """Return the source of a name."""
    if not isinstance(source, str):
        return source
    if source not in SOURCES:
        raise ParameterError(f"source={source!r}: must be one of {', '.join(SOURCES)}")
    return SOURCES[source]


def _is_whole(target: Path, wanted: Mapping[str, Wanted]) -> bool:
    """Return whether every wanted recording is in a folder, byte for byte."""
    files = [file for file in _files(target) if _id(file) in wanted]
    if len(files) < len(wanted):
        return False
    return {(_id(file), file.digest()) for file in files} >= {(id, item.sha256) for id, item in wanted.items()}


def _refuse_foreign(target: Path, wanted: Mapping[str, Wanted]) -> None:
    """Raise a CorpusError where the target is something else than a copy of the corpus."""
    if target.exists() and not target.is_dir():
        raise CorpusError(f"{target}: a file, not a folder; give a folder that is not there yet with `--to`")
    foreign = [file.relative for file in _files(target) if _id(file) not in wanted]
    if foreign:
        raise CorpusError(f"{target}: holds {foreign[0]}, which is not of TESS; give another folder with `--to`")


def _files(target: Path) -> list[File]:
    """Return the files below a folder, which may not be there."""
    return files_below(target) if target.is_dir() else []


def _id(file: File) -> str | None:
    """Return the id of a recording, or None for a file that is not named as one."""
    name = read_name(file.stem) if file.is_audio else None
    return name.id if name else None


def _install(folder: Path, target: Path) -> None:
    """Move the finished folder to the target; a folder that was there keeps its contents under another name."""
    if target.exists() and not any(target.iterdir()):
        target.rmdir()
    if target.exists():
        os.replace(target, _free_name(target))
    os.replace(folder, target)


def _free_name(target: Path) -> Path:
    """Return a name beside the target that nothing has."""
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
