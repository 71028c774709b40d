"""Unpack the recordings of a corpus from an archive that may be nested, broken or hostile."""

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from emotion_lib import audio
from emotion_lib.audio.sources import has_audio_suffix
from emotion_lib.corpora.base import Corpus
from emotion_lib.corpora.files import digest
from emotion_lib.errors import AudioError, CorpusError

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
            members = _recordings(opened.infolist(), archive.name)
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


def _recordings(members: Iterable[zipfile.ZipInfo], archive: str) -> list[zipfile.ZipInfo]:
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
