"""Download a corpus: resume interrupted downloads, compare every file with the index, and unpack archives."""

import errno
import io
import json
import math
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from logging import WARNING
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

import pooch
import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from emotion_lib import audio
from emotion_lib.audio.sources import has_audio_suffix
from emotion_lib.corpora.corpus import Corpus
from emotion_lib.corpora.inventory import digest
from emotion_lib.errors import AudioError, CorpusError
from emotion_lib.progress import Progress, bar

# zipfile raises these for members that are damaged, encrypted, or packed by an unknown method.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

_BLOCK = 1 << 16
_MOST_LISTING = 1 << 24  # bytes; the list of the 2800 files of TESS has 4 MB as JSON, and 600 kB in an archive


class Wanted(NamedTuple):
    """A recording to download: its path in the folder of the corpus, its SHA-256, and a limit on its size in bytes.

    The SHA-256 is empty if the index does not have it.
    """

    place: str
    sha256: str
    most_bytes: int

    def is_met_by(self, path: str | os.PathLike[str]) -> bool:
        """Return whether a file has this SHA-256 or, if the SHA-256 is not known, is audio that can be read."""
        if self.sha256:
            return digest(path) == self.sha256
        try:
            audio.read(path)
        except AudioError:
            return False
        return True


def unpack(corpus: Corpus, archive: Path, target: Path, wanted: Mapping[str, Wanted]) -> None:
    """Unpack each wanted recording once, under its name in the index.

    Paths come from the index, not from the archive, and the size of each file is limited, so an archive can neither
    write outside the target nor fill the disk.

    Parameters
    ----------
    corpus : Corpus
        The corpus, whose `read_name` reads the names of the files.
    archive : Path
        A zip file that holds each recording at least once, in any folders.
    target : Path
        Folder to write to; it is emptied first.
    wanted : mapping of str to Wanted
        The recordings by id.

    Raises
    ------
    CorpusError
        If the archive cannot be read, has a path that leads out of it, or lacks a correct copy of a recording.
    """
    shutil.rmtree(target, ignore_errors=True)
    done: set[str] = set()
    wrong: set[str] = set()
    try:
        with _Archive(io.FileIO(archive)) as file, zipfile.ZipFile(file) as opened:
            for member in _audio_members(opened.infolist(), archive.name):
                path = PurePosixPath(member.filename)
                name = corpus.read_name(path.stem, path.parent.name)
                if name is None or name.id in done or name.id not in wanted:
                    continue
                right = _unpack_member(opened, member, target, wanted[name.id])
                (done if right else wrong).add(name.id)
    except zipfile.BadZipFile as error:
        raise CorpusError(f"{archive.name}: not a complete zip archive ({error})") from error
    _refuse(wrong - done, _WRONG)  # one correct copy is enough
    _refuse(wanted.keys() - done, _MISSING)


_WRONG = "not as published (the SHA-256 differs, or the audio cannot be read)"
_MISSING = "missing at the source"


def _refuse(names: Iterable[str], why: str) -> None:
    """Raise a CorpusError with the names of some recordings, if there are any, and the reason."""
    if listed := sorted(names):
        more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
        raise CorpusError(f"{', '.join(listed[:5])}{more}: {why}")


class _Archive(io.BufferedReader):
    """An open archive with a bounded list of files: zipfile reads the list at once, and would fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_LISTING:
            raise zipfile.BadZipFile(f"its list of files claims {size} bytes")
        return super().read(size)


def _audio_members(members: Iterable[zipfile.ZipInfo], archive: str) -> list[zipfile.ZipInfo]:
    """Return the audio files of an archive; raise a CorpusError if any path leads out of it."""
    members = [member for member in members if not member.is_dir()]
    for member in members:
        # Windows takes backslashes as separators, and C: as another drive.
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise CorpusError(f"{archive}: {member.filename!r} leads out of the folder where it is unpacked")
    return [member for member in members if has_audio_suffix(member.filename)]


def _unpack_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, wanted: Wanted) -> bool:
    """Write one member to its place; return whether it agrees with the index."""
    place = target / wanted.place
    place.parent.mkdir(parents=True, exist_ok=True)
    left = wanted.most_bytes
    try:
        with opened.open(member) as packed, open(place, "wb") as file:
            # One byte more than allowed is read, so that a member that is too large is found to be wrong.
            while left >= 0 and (block := packed.read(min(_BLOCK, left + 1))):
                left -= len(block)
                file.write(block)
    except _UNREADABLE:
        return False
    return wanted.is_met_by(place)


RETRIES = 3
MOST_SECONDS = 60
"""How long a server may ask to wait (Retry-After); if it asks for more, the download stops with a sentence."""
_SECONDS_TO_CONNECT_AND_READ = (15, 60)
_MOST_WRONG = 5  # after so many wrong files the download stops: the rest are probably wrong too
_ARCHIVE_COPIES = 4  # largest size of an archive, in copies of the corpus; those of TESS and RAVDESS on Kaggle hold two


@dataclass(frozen=True)
class Archive:
    """A corpus in one zip archive that can be downloaded without an account.

    Attributes
    ----------
    address : str
        The URL of the archive.
    size : str
        The size of the download, in words.
    md5 : str
        The MD5 of the archive, if it was published; it covers recordings whose SHA-256 is not in the index.
    retries : int
        How often a failed request is repeated.
    """

    address: str
    size: str = ""
    md5: str = ""
    retries: int = RETRIES

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: Progress) -> Path:
        """Download the archive and unpack each recording once; delete a wrong archive."""
        archive, folder = staging / f"{Path(urlsplit(self.address).path).stem}.zip", staging / "recordings"
        most_bytes = _ARCHIVE_COPIES * sum(item.most_bytes for item in wanted.values())
        kennel = _kennel(staging, {archive.name: (self.address, self.md5 and f"md5:{self.md5}")}, self.retries)
        with requests.Session() as session, _quiet():
            as_published = _fetched(
                kennel, archive.name, Resuming(session, staging, most_bytes, corpus.short_title, progress)
            )
        try:
            if not as_published:
                raise CorpusError(f"{archive.name}: not the published archive (MD5 differs)")
            unpack(corpus, archive, folder, wanted)
        except CorpusError as error:
            archive.unlink(missing_ok=True)
            cure = "the archive was deleted: fetch again, or with another `--source`"
            raise CorpusError(f"{error}; {cure}") from error
        return folder


@dataclass(frozen=True)
class Dataverse:
    """A corpus that is offered file by file in a Dataverse repository of research data.

    Attributes
    ----------
    address : str
        The URL of the repository.
    doi : str
        The DOI of the corpus in it.
    size : str
        The size of the download, in words.
    retries : int
        How often a failed request is repeated.
    """

    address: str
    doi: str
    size: str = ""
    retries: int = RETRIES

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: Progress) -> Path:
        """Download the recordings that are not there yet, and compare each with the index."""
        folder = staging / "recordings"
        wrong: list[str] = []
        with requests.Session() as session, _quiet():
            downloader = Resuming(session, staging, _MOST_LISTING, corpus.short_title, progress, of_bytes=False)
            addresses = self._addresses(corpus, downloader)
            _refuse(wanted.keys() - addresses.keys(), _MISSING)
            files = {item.place: (addresses[name], item.sha256) for name, item in wanted.items()}
            kennel = _kennel(folder, files, self.retries)
            for name, item in bar(wanted.items(), description=corpus.short_title, progress=progress):
                one = replace(downloader, most_bytes=item.most_bytes)
                wrong += [] if _fetched(kennel, item.place, one) else [name]
                if len(wrong) == _MOST_WRONG:
                    break
        _refuse(wrong, _WRONG)
        # pooch writes to a temporary file beside the target, which a killed download leaves behind.
        for path in folder.rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in files:
                path.unlink()
        return folder

    def _addresses(self, corpus: Corpus, downloader: "Resuming") -> dict[str, str]:
        listing = f"{self.address}/api/datasets/:persistentId/versions/:latest-published/files?persistentId={self.doi}"
        path = downloader.staging / "files.json"
        for old in (path, downloader.part(listing)):
            old.unlink(missing_ok=True)  # the list may have changed since an earlier fetch
        kennel = _kennel(downloader.staging, {path.name: (listing, None)}, self.retries)
        kennel.fetch(path.name, downloader=downloader)
        try:
            listed = json.loads(path.read_bytes())["data"]
            rows = [(Path(row["label"]).stem, int(row["dataFile"]["id"])) for row in listed]
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise CorpusError(f"{listing}: not the expected list of files; fetch with another `--source`") from error
        found = [(corpus.read_name(stem, ""), number) for stem, number in rows]
        return {name.id: f"{self.address}/api/access/datafile/{number}" for name, number in found if name}


DownloadSource: TypeAlias = Archive | Dataverse
"""A place from which a corpus can be downloaded.

Its `bring` downloads into a folder, and returns the folder in it that holds every wanted recording, verified.
"""


@dataclass(frozen=True)
class Resuming:
    """A downloader for pooch that resumes an interrupted download instead of starting again.

    Attributes
    ----------
    session : requests.Session
        A session, which keeps the connection open from file to file.
    staging : Path
        Folder for unfinished files, which are named after the address.
    most_bytes : int
        The largest size that the file can have.
    description : str
        The text of the progress bar.
    progress : bool or callable, optional
        Whether to show a progress bar, by default only on a terminal and in a live notebook; or a function that is
        told in words how far the download is.
    of_bytes : bool
        Whether the bar shows the bytes of the file, too, or only how long a busy server asks to wait.
    """

    session: requests.Session
    staging: Path
    most_bytes: int
    description: str
    progress: Progress = None
    of_bytes: bool = True

    def part(self, url: str) -> Path:
        """Return the place of the unfinished file of a URL."""
        return self.staging / f"{Path(urlsplit(url).path).name}.part"

    def __call__(self, url: str, output_file: str, _: pooch.Pooch) -> None:
        """Download `url`, and move it to `output_file` when it is complete."""
        part = self.part(url)
        have = part.stat().st_size if part.exists() else 0
        # Without "identity" a server may compress the response, and its positions are then not those in the file.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        timeout = _SECONDS_TO_CONNECT_AND_READ
        with self.session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            self._wait_as_told(response)
            if response.status_code != requests.codes.requested_range_not_satisfiable:
                self._write(response, part, have)
            # A range past the end is fine if the file is complete already.
            elif _size(response, have) != have:
                part.unlink()
                raise requests.ConnectionError(f"{url}: the file changed since the download began")
        os.replace(part, output_file)

    def _wait_as_told(self, response: requests.Response) -> None:
        """Wait if a busy server asks for it, as pooch then tries again; raise a CorpusError if the wait is too long."""
        if response.ok or "Retry-After" not in response.headers:
            return
        try:  # a number of seconds, or a date
            seconds = min(Retry().parse_retry_after(response.headers["Retry-After"]), 86400.0)
        except (InvalidHeader, ValueError, OverflowError):
            return
        if seconds > MOST_SECONDS:
            raise CorpusError(
                f"{urlsplit(response.url).hostname} is busy, and asks to come back in {seconds / 60:.0f} minutes; "
                "finished parts are kept: run the same command again then, or fetch with another `--source`"
            )
        description = f"{self.description}: the server is busy"
        for _ in bar(range(math.ceil(seconds)), description=description, progress=self.progress, unit="s"):
            time.sleep(1)

    def _write(self, response: requests.Response, part: Path, have: int) -> None:
        """Append the response to `part`, or start again if the server sends the whole file."""
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        begun = have if resumed else 0
        total = _size(response, begun)
        coming = min(total or 0, self.most_bytes) - begun
        if coming > shutil.disk_usage(part.parent).free:
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} for {coming / 1e6:.0f} MB")
        unit = {"total": total, "initial": begun, "unit": "B", "unit_scale": True}
        blocks = response.iter_content(_BLOCK)
        progress = self.progress if self.of_bytes else False
        with (
            open(part, "ab" if resumed else "wb") as file,
            bar(blocks, description=self.description, progress=progress, **unit) as shown,
        ):
            for block in blocks:
                file.write(block)
                shown.update(len(block))
                if file.tell() > self.most_bytes:
                    break
        come = part.stat().st_size
        if come > self.most_bytes:
            part.unlink()
            what = f"more than {self.most_bytes} bytes, which is too large to be the corpus"
            raise CorpusError(f"{response.url}: {what}; fetch with another `--source`")
        if total is not None and come != total:
            raise requests.ConnectionError(f"{response.url}: broke off after {come} of {total} bytes")


def _size(response: requests.Response, begun: int) -> int | None:
    """Return the size of the whole file in bytes, or None if the server does not state it."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    length = response.headers.get("Content-Length", "")
    if total.isdigit():
        return int(total)
    return begun + int(length) if length.isdigit() else None


def _fetched(kennel: pooch.Pooch, place: str, downloader: Resuming) -> bool:
    """Download one file; return whether it has the expected digest."""
    try:
        kennel.fetch(place, downloader=downloader)
    except requests.RequestException:
        raise  # some of these are ValueErrors too
    except ValueError:  # raised by pooch if the digest differs
        return False
    return True


def _kennel(folder: Path, files: Mapping[str, tuple[str, str | None]], retries: int) -> pooch.Pooch:
    """Return a pooch for files with their addresses and, where known, their digests."""
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
