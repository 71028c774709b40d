"""Download an archive: resume it, check it, unpack its recordings, and swap them into place."""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from logging import WARNING
from pathlib import Path, PurePosixPath
from typing import NamedTuple, NoReturn, Protocol
from urllib.parse import urlsplit

import pooch
import requests
from tqdm.auto import tqdm

from emotion_lib import audio
from emotion_lib.audio.sources import has_audio_suffix
from emotion_lib.corpora.corpus import Corpus
from emotion_lib.corpora.inventory import digest
from emotion_lib.errors import AudioError, CorpusError
from emotion_lib.progress import bar

_BLOCK = 1 << 18
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for members that are damaged, packed in an unknown way, or encrypted."""


class Wanted(NamedTuple):
    """A recording to bring: its place in the folder of the corpus, its SHA-256, and the most bytes it can have.

    The SHA-256 is empty where the index does not know it.
    """

    place: str
    sha256: str
    most_bytes: int

    def is_met_by(self, path: str | os.PathLike[str]) -> bool:
        """Return whether a file has these bytes or, where nobody knows them, is a recording that can be read."""
        return digest(path) == self.sha256 if self.sha256 else _can_be_read(path)


def unpack(corpus: Corpus, archive: Path, target: Path, wanted: Mapping[str, Wanted]) -> None:
    """Unpack each wanted recording once, under the name that the index gives it.

    A place is never taken from the archive, and no more bytes are written than the index allows, so an archive can
    neither write elsewhere nor fill the disk.

    Parameters
    ----------
    corpus : Corpus
        Says which names are recordings.
    archive : Path
        A zip file that holds each recording once or more often, in any folders.
    target : Path
        Folder to write to; it is emptied first.
    wanted : mapping of str to Wanted
        The recordings by id.

    Raises
    ------
    CorpusError
        If the archive cannot be read, has a path that leads out of it, or lacks a recording with the right bytes.
    """
    shutil.rmtree(target, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _audio_members(opened.infolist(), archive.name)
            done, wrong = _unpack_members(corpus, opened, members, target, wanted)
    except zipfile.BadZipFile as error:
        raise CorpusError(f"{archive.name}: not a whole zip archive ({error})") from error
    refuse_wrong(wrong - done)
    refuse_missing(wanted.keys() - done)


def refuse_wrong(names: Iterable[str]) -> None:
    """Raise a CorpusError that names the recordings with other bytes than the index says, or that cannot be read."""
    if listed := sorted(names):
        raise CorpusError(f"{_few(listed)}: not as published (other bytes than the index says, or no audio)")


def refuse_missing(names: Iterable[str]) -> None:
    """Raise a CorpusError that names the recordings that the source does not have."""
    if listed := sorted(names):
        raise CorpusError(f"{_few(listed)}: missing at the source")


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _can_be_read(path: str | os.PathLike[str]) -> bool:
    try:
        audio.read(path)
    except AudioError:
        return False
    return True


def _audio_members(members: Iterable[zipfile.ZipInfo], archive: str) -> list[zipfile.ZipInfo]:
    """Return the members that are recordings; a path that leads out of the archive is an error."""
    members = [member for member in members if not member.is_dir()]
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise CorpusError(f"{archive}: {member.filename!r} leads out of the folder it is unpacked to")
    return [member for member in members if has_audio_suffix(member.filename)]


def _unpack_members(
    corpus: Corpus,
    opened: zipfile.ZipFile,
    members: Iterable[zipfile.ZipInfo],
    target: Path,
    wanted: Mapping[str, Wanted],
) -> tuple[set[str], set[str]]:
    """Unpack members; return the ids that came out right, and those of which a copy came out wrong."""
    done: set[str] = set()
    wrong: set[str] = set()
    for member in members:
        name = corpus.read_name(PurePosixPath(member.filename).stem)
        if name is None or name.id in done or name.id not in wanted:
            continue
        right = _unpack_member(opened, member, target, wanted[name.id])
        (done if right else wrong).add(name.id)
    return done, wrong


def _unpack_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, wanted: Wanted) -> bool:
    """Write one member to its place; return whether it came out as the index says."""
    place = target / wanted.place
    place.parent.mkdir(parents=True, exist_ok=True)
    left = wanted.most_bytes
    try:
        with opened.open(member) as packed, open(place, "wb") as file:
            while left >= 0 and (block := packed.read(min(_BLOCK, left + 1))):
                left -= len(block)
                file.write(block)
    except _UNREADABLE:
        return False
    return wanted.is_met_by(place)


RETRIES = 3
_SECONDS_TO_CONNECT_AND_READ = (15, 60)
_BLOCK = 1 << 16
_MOST_WRONG = 5
_ARCHIVE_COPIES = 4
"""An archive may hold a corpus this often; Kaggle's of TESS and of RAVDESS hold it twice."""


class DownloadSource(Protocol):
    """Where a corpus comes from."""

    @property
    def size(self) -> str:
        """How much is downloaded, in words."""

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Download into `staging`, and return the folder there that holds every wanted recording, verified."""


@dataclass(frozen=True)
class Archive:
    """A corpus as one zip archive that anybody may download.

    Attributes
    ----------
    address : str
        Where the archive is.
    size : str
        How much is downloaded, in words.
    md5 : str
        Its MD5 where that was published; it vouches for recordings whose bytes the index does not know.
    retries : int
        How often to ask again.
    """

    address: str
    size: str = ""
    md5: str = ""
    retries: int = RETRIES

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Download the archive and unpack each recording once; an archive that is wrong is thrown away."""
        archive, folder = staging / f"{_name_at(self.address).stem}.zip", staging / "recordings"
        most_bytes = _ARCHIVE_COPIES * sum(item.most_bytes for item in wanted.values())
        kennel = _kennel(staging, {archive.name: (self.address, self.md5 and f"md5:{self.md5}")}, self.retries)
        try:
            with requests.Session() as session, _quiet():
                resuming = Resuming(session, staging, most_bytes, corpus.short_title, progress)
                if not _fetched(kennel, archive.name, resuming):
                    raise CorpusError(f"{archive.name}: not the archive that was published (MD5 differs)")
            unpack(corpus, archive, folder, wanted)
        except CorpusError as error:
            archive.unlink(missing_ok=True)
            cure = "the archive was thrown away: fetch again, or from another place with `--source`"
            raise CorpusError(f"{error}; {cure}") from error
        return folder


@dataclass(frozen=True)
class Dataverse:
    """A corpus file by file, from a repository of research data that runs Dataverse.

    Attributes
    ----------
    address : str
        Where the repository is.
    doi : str
        Which data set of it is the corpus.
    size : str
        How much is downloaded, in words.
    retries : int
        How often to ask again.
    """

    address: str
    doi: str
    size: str = ""
    retries: int = RETRIES

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Download the recordings that are not there yet, each compared with the index."""
        folder = staging / "recordings"
        wrong: list[str] = []
        with requests.Session() as session, _quiet():
            addresses = self._addresses(corpus, staging)
            refuse_missing(wanted.keys() - addresses.keys())
            files = {item.place: (addresses[name], item.sha256) for name, item in wanted.items()}
            kennel = _kennel(folder, files, self.retries)
            for name, item in bar(wanted.items(), description=corpus.short_title, progress=progress):
                downloader = Resuming(session, staging, item.most_bytes, corpus.short_title, progress=False)
                wrong += [] if _fetched(kennel, item.place, downloader) else [name]
                if len(wrong) == _MOST_WRONG:
                    break
        refuse_wrong(wrong)
        _remove_others(folder, files)
        return folder

    def _addresses(self, corpus: Corpus, staging: Path) -> dict[str, str]:
        listing = f"{self.address}/api/datasets/:persistentId/versions/:latest-published/files?persistentId={self.doi}"
        path = staging / "files.json"
        path.unlink(missing_ok=True)  # the repository may have another list by now
        kennel = _kennel(staging, {path.name: (listing, None)}, self.retries)
        kennel.fetch(path.name, downloader=pooch.HTTPDownloader(timeout=_SECONDS_TO_CONNECT_AND_READ))
        try:
            rows = [(Path(row["label"]).stem, row["dataFile"]["id"]) for row in json.loads(path.read_bytes())["data"]]
        except (KeyError, TypeError, ValueError) as error:
            cure = "fetch from another place with `--source`"
            raise CorpusError(f"{listing}: not the list of files that was expected; {cure}") from error
        found = [(corpus.read_name(stem), number) for stem, number in rows]
        return {name.id: f"{self.address}/api/access/datafile/{number}" for name, number in found if name}


@dataclass(frozen=True)
class Resuming:
    """A downloader for pooch that asks only for the bytes that an interrupted download did not bring.

    Attributes
    ----------
    session : requests.Session
        Keeps the connection open from file to file.
    staging : Path
        Folder for what has come so far, in a file named after the address.
    most_bytes : int
        The most that the file can have.
    description : str
        What the bar says.
    progress : bool, optional
        Whether to show a bar; on a terminal when None.
    """

    session: requests.Session
    staging: Path
    most_bytes: int
    description: str
    progress: bool | None = None

    def __call__(self, url: str, output_file: str, _: pooch.Pooch) -> None:
        """Download `url`, and put it in the place of `output_file` once it is whole."""
        part = self.staging / f"{_name_at(url).name}.part"
        have = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        timeout = _SECONDS_TO_CONNECT_AND_READ
        with self.session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code != requests.codes.requested_range_not_satisfiable:
                self._write(response, part, have)
            elif _size(response, have) != have:
                part.unlink()
                raise requests.ConnectionError(f"{url}: has changed since the download began")
        os.replace(part, output_file)

    def _write(self, response: requests.Response, part: Path, have: int) -> None:
        """Add what the server sends to `part`, or begin anew where it sends everything; raise where it breaks off."""
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        begun = have if resumed else 0
        total = _size(response, begun)
        with open(part, "ab" if resumed else "wb") as file, self._bar(begun, total) as shown:
            for block in response.iter_content(_BLOCK):
                file.write(block)
                shown.update(len(block))
                if file.tell() > self.most_bytes:
                    break
        come = part.stat().st_size
        if come > self.most_bytes:
            part.unlink()
            raise CorpusError(f"{response.url}: more than {self.most_bytes} bytes, so it is not what was asked for")
        if total is not None and come != total:
            raise requests.ConnectionError(f"{response.url}: broke off after {come} of {total} bytes")

    def _bar(self, begun: int, total: int | None) -> "tqdm[NoReturn]":
        shown: tqdm[NoReturn] = bar((), description=self.description, progress=self.progress, total=total)
        shown.unit, shown.unit_scale = "B", True
        shown.initial = shown.n = begun
        return shown


def _name_at(address: str) -> Path:
    """Return the path that an address ends in, without its query."""
    return Path(urlsplit(address).path)


def _size(response: requests.Response, begun: int) -> int | None:
    """Return the size of the whole file in bytes, as far as the server says."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    length = response.headers.get("Content-Length", "")
    if total.isdigit():
        return int(total)
    return begun + int(length) if length.isdigit() else None


def _fetched(kennel: pooch.Pooch, place: str, downloader: Resuming) -> bool:
    """Bring one file; return whether it has the digest that is known of it."""
    try:
        kennel.fetch(place, downloader=downloader)
    except requests.RequestException:
        raise
    except ValueError:
        return False
    return True


def _remove_others(folder: Path, places: Container[str]) -> None:
    """Remove what a killed download left between the recordings."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in places:
            path.unlink()


def _kennel(folder: Path, files: Mapping[str, tuple[str, str | None]], retries: int) -> pooch.Pooch:
    """Return a pooch for files with their addresses and digests, as far as these are known."""
    return pooch.Pooch(
        path=folder,
        base_url="",
        registry={name: digest or None for name, (_, digest) in files.items()},
        urls={name: address for name, (address, _) in files.items()},
        retry_if_failed=retries,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pooch from reporting every file on stderr."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
