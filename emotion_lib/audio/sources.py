"""Open a recording that is given as a path, as bytes, as an open file or as a pipe."""

import errno
import hashlib
import io
import os
import re
import reprlib
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from emotion_lib.errors import AudioError, ParameterError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A recording to read: a path, the bytes of a file, or a binary file object."""

SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
"""Suffixes by which a search of folders recognises recordings; a single file is recognised by its content instead."""

UNNAMED = "the recording"

_IN_MEMORY = 2**24  # bytes; larger files are read from disk, larger pipes are copied to disk
_LONGEST_PIPE = 2**32  # bytes; a pipe may never end, and would fill the disk
_PIECE = 2**20
_DESCRIPTOR = re.compile(r"/dev/(?:fd/(\d+)|stdin)|/proc/self/fd/(\d+)")
# OA and ps are oddities of TESS: one file starts with OA_ instead of OAF_, and "ps" (pleasant surprise) is surprise.
_TESS_NAME = re.compile(r"(OAF?|YAF)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)\.wav", re.IGNORECASE)
_UNOPENED = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.ENOTDIR: ("no such file", "check the path"),
    errno.ENAMETOOLONG: ("its name or path is too long", "check the path"),
    errno.ELOOP: ("a symbolic link that points to itself", "give the path of the recording itself"),
    errno.EACCES: ("no permission to read it", "make it readable for this user"),
    errno.EPERM: ("no permission to read it", "make it readable for this user"),
}


def audio_error(name: str, what: str, cure: str | None = None) -> AudioError:
    """Return an error that names the recording, the problem and the cure."""
    if cure is None:
        fetch = "fetch TESS again with `emotion-lib fetch tess`"
        cure = f"delete it or {fetch if _TESS_NAME.fullmatch(name) else 'get a fresh copy'}"
    return AudioError(f"{name}: {what}; {cure}")


def check_source(source: Any) -> None:
    """Raise a `ParameterError` unless `source` is a path, bytes or a binary file object that can be read."""
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return
    if not hasattr(source, "read"):
        shown = " ".join(reprlib.repr(source).split())
        cure = "; for samples in memory, use `audio.waveform`" if hasattr(source, "__array__") else ""
        raise ParameterError(f"source={shown}: must be a path, bytes or a file opened in binary mode{cure}")
    try:
        gives_bytes = isinstance(source.read(0), bytes)
    except (OSError, ValueError) as problem:
        state = "is closed" if getattr(source, "closed", False) else "cannot be read"
        raise ParameterError(f'source: the file object {state}; open it with open(path, "rb")') from problem
    if not gives_bytes:
        raise ParameterError('source: the file object is in text mode; open it with open(path, "rb")')


def name_of(source: Source) -> str:
    """Return the name of the recording for error messages: the file's name without its folder, on one line."""
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(path, (str, os.PathLike)):
        return UNNAMED
    path = os.fsdecode(path)
    name = path if _DESCRIPTOR.fullmatch(path) else Path(path).name or path
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name) or "an empty path"


@contextmanager
def open_source(source: Source, name: str, *, whole: bool = False) -> Iterator[BinaryIO]:
    """Open `source` as a seekable file; with `whole`, a small file is read into memory at once."""
    with ExitStack() as opened:
        if isinstance(source, (bytes, bytearray, memoryview)):
            file: BinaryIO = io.BytesIO(source)
        elif isinstance(source, (str, os.PathLike)):
            file = opened.enter_context(_opened_path(os.fsdecode(source), name, whole=whole))
        else:
            file = source
        if not getattr(file, "seekable", bool)():  # a file without the method is taken for a pipe: bool() is False
            file = opened.enter_context(_copied(file, name))
        yield file


def _opened_path(path: str, name: str, *, whole: bool) -> BinaryIO:
    """Open a file, unless opening or reading it might never end."""
    try:
        # A file descriptor that the shell made for this process: `< recording.wav`, a pipe, or `<(command)`.
        if descriptor := _DESCRIPTOR.fullmatch(path):
            number = int(descriptor[1] or descriptor[2] or 0)
            mode = os.fstat(number).st_mode
            if not stat.S_ISFIFO(mode):  # unlike a named pipe, this one has a writer already
                _refuse_special(mode, name)
            return os.fdopen(os.dup(number), "rb")  # a duplicate, so that closing it leaves the original open
        status = os.stat(path)
        _refuse_special(status.st_mode, name)
        content = _content(path, status.st_size) if whole and status.st_size <= _IN_MEMORY else None
        return io.BytesIO(content) if content else open(path, "rb")
    except (OSError, ValueError) as problem:
        raise _unopened(path, name, problem) from problem


def _content(path: str, size: int) -> bytes | None:
    """Read all bytes of a file in one step, or return None, so that the decoder reports why they cannot be read.

    It takes one step, because Python's threads wait for each other at every step of reading a file.
    """
    with open(path, "rb", buffering=0) as file, suppress(OSError):
        content = file.read(size)
        return content if len(content) == size else None
    return None


def _refuse_special(mode: int, name: str) -> None:
    """Raise an `AudioError` for pipes and devices, since opening or reading them may never end."""
    if stat.S_ISFIFO(mode):
        raise audio_error(name, "a named pipe, not a file", "pipe its content in: `emotion-lib predict - < THE_PIPE`")
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise audio_error(
            name, "a device, not a file", "record from it to a file first, or give the path of a recording"
        )


def _unopened(path: str, name: str, problem: Exception) -> AudioError:
    if isinstance(problem, ValueError):
        return audio_error(name, "its path has a character that is not allowed in paths", "check the path")
    number = getattr(problem, "errno", None)
    if os.path.isdir(path):  # not EISDIR: Windows reports "permission denied" for a folder
        return audio_error(name, "a folder, not a recording", "give the path of one recording in it")
    if number == errno.ENOENT and os.path.islink(path):
        return audio_error(
            name, "a symbolic link to a file that does not exist", "restore that file, or delete the link"
        )
    why = getattr(problem, "strerror", None) or type(problem).__name__
    return audio_error(name, *_UNOPENED.get(number or 0, (f"cannot be opened ({why})", "check the path")))


@contextmanager
def _copied(pipe: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Yield a copy of the content of a pipe, in memory or, if it is large, on disk."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        while piece := pipe.read(_PIECE):
            if copy.tell() + len(piece) > _LONGEST_PIPE:
                raise audio_error(name, "more than 4 GB through a pipe", "write it to a file first, and give its path")
            copy.write(piece)
        yield copy  # type: ignore[misc]


def digest(source: Source, name: str) -> bytes:
    """Return the SHA-256 of the bytes of `source`, or raise an `AudioError` if they cannot be read."""
    found = hashlib.sha256()
    with open_source(source, name) as file:
        file.seek(0)
        try:
            while piece := file.read(_PIECE):
                found.update(piece)
        except OSError as problem:
            why = f"cannot be read to its end ({problem.strerror})"
            raise audio_error(name, why, "try again, or copy it to another disk") from problem
    return found.digest()


def has_audio_suffix(name: str) -> bool:
    """Return whether the name has the suffix of a recording."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def walk(folder: str, *, onerror: Callable[[OSError], object] | None = None) -> Iterator[str]:
    """Yield the path of every file below a folder, except hidden files and the `__MACOSX` folders in archives.

    If a folder cannot be read, `onerror` is called with the error; by default, the error is raised.
    """
    for parent, folders, files in os.walk(folder, onerror=onerror or _raise):
        # In place, since os.walk then visits the folders in this list; sorted, since the order on disk varies.
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        yield from (os.path.join(parent, name) for name in sorted(files) if not name.startswith("."))


def _raise(problem: OSError) -> None:
    raise problem
