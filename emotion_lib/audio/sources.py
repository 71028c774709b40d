"""What a recording can be given as: a path, bytes, an open file, or a pipe; and how it is opened."""

import errno
import hashlib
import io
import os
import re
import reprlib
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from emotion_lib.errors import AudioError, ParameterError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""What can be read: a path, the bytes of a file, or a binary file object."""

SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
"""What the name of a recording in a folder ends in."""

UNNAMED = "the recording"

_IN_MEMORY = 2**24
_LONGEST_PIPE = 2**32
_PIECE = 2**20
_DESCRIPTOR = re.compile(r"/dev/(?:fd/(\d+)|stdin)|/proc/self/fd/(\d+)")
_TESS_NAME = re.compile(r"(OAF?|YAF)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)\.wav", re.IGNORECASE)
_UNOPENED = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.ENOTDIR: ("no such file", "check the path"),
    errno.ENAMETOOLONG: ("its name or path is longer than a file's can be", "check the path"),
    errno.ELOOP: ("a symbolic link that leads back to itself", "give the path of the recording itself"),
    errno.EACCES: ("no permission to read it", "make it readable for this user"),
    errno.EPERM: ("no permission to read it", "make it readable for this user"),
}
_DEVICES = (stat.S_ISCHR, stat.S_ISBLK, stat.S_ISSOCK)


def audio_error(name: str, what: str, cure: str | None = None) -> AudioError:
    """Return the error that names the recording, what is wrong with it, and what to do."""
    if cure is None:
        fetch = "fetch TESS again with `emotion-lib fetch tess`"
        cure = f"delete it or {fetch if _TESS_NAME.fullmatch(name) else 'bring a fresh copy'}"
    return AudioError(f"{name}: {what}; {cure}")


def check_source(source: Any) -> None:
    """Raise a `ParameterError` for what is neither a path, nor bytes, nor a file that gives bytes."""
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return
    if not hasattr(source, "read"):
        shown = " ".join(reprlib.repr(source).split())
        cure = "; for samples in memory there is `audio.waveform`" if hasattr(source, "__array__") else ""
        raise ParameterError(f"source={shown}: must be a path, bytes or a file opened in binary mode{cure}")
    _check_file(source)


def _check_file(file: BinaryIO) -> None:
    try:
        gives_bytes = isinstance(file.read(0), bytes)
    except (OSError, ValueError) as problem:
        state = "is closed" if getattr(file, "closed", False) else "cannot be read"
        raise ParameterError(f'source: the file object {state}; open it with open(path, "rb")') from problem
    if not gives_bytes:
        raise ParameterError('source: the file object is in text mode; open it with open(path, "rb")')


def name_of(source: Source) -> str:
    """Return what an error calls the recording: the file's name without its folder, on one line."""
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(path, (str, os.PathLike)):
        return UNNAMED
    path = os.fsdecode(path)
    name = path if _DESCRIPTOR.fullmatch(path) else Path(path).name or path
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name) or "an empty path"


@contextmanager
def open_source(source: Source, name: str, *, whole: bool = False) -> Iterator[BinaryIO]:
    """Give `source` as a file in which one can seek; a small one that is wanted whole is taken into memory."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        with _opened_path(os.fsdecode(source), name, whole=whole) as file, _seekable(file, name) as seekable:
            yield seekable
    else:
        with _seekable(source, name) as seekable:
            yield seekable


def _opened_path(path: str, name: str, *, whole: bool) -> BinaryIO:
    """Return the open file, once it is known that opening and reading it come to an end."""
    try:
        if descriptor := _DESCRIPTOR.fullmatch(path):
            return _own_descriptor(int(descriptor[1] or descriptor[2] or 0), name)
        status = os.stat(path)
        _refuse_special(status.st_mode, name)
        content = _content(path, status.st_size) if whole and status.st_size <= _IN_MEMORY else None
        return io.BytesIO(content) if content else open(path, "rb")
    except (OSError, ValueError) as problem:
        raise _unopened(path, name, problem) from problem


def _content(path: str, size: int) -> bytes | None:
    """Return all bytes of a file, taken at once; None where not all can be read, which is told where they are missed.

    Threads of Python wait for each other at every step of reading a file.
    """
    with open(path, "rb", buffering=0) as file, suppress(OSError):
        content = file.read(size)
        return content if len(content) == size else None
    return None


def _own_descriptor(number: int, name: str) -> BinaryIO:
    """Return what a shell has opened for this process: `< recording.wav`, a pipe, or `<(command)`."""
    mode = os.fstat(number).st_mode
    if not stat.S_ISFIFO(mode):
        _refuse_special(mode, name)
    return os.fdopen(os.dup(number), "rb")


def _refuse_special(mode: int, name: str) -> None:
    """Raise an `AudioError` for what may never answer, or never end."""
    if stat.S_ISFIFO(mode):
        raise audio_error(name, "a named pipe, not a file", "pipe its content in: `emotion-lib predict - < THE_PIPE`")
    if any(is_device(mode) for is_device in _DEVICES):
        raise audio_error(
            name, "a device, not a file", "record from it to a file first, or give the path of a recording"
        )


def _unopened(path: str, name: str, problem: Exception) -> AudioError:
    if isinstance(problem, ValueError):
        return audio_error(name, "its path has a character that no path can have", "check the path")
    number = getattr(problem, "errno", None)
    if os.path.isdir(path):
        return audio_error(name, "a folder, not a recording", "give the path of one recording in it")
    if number == errno.ENOENT and os.path.islink(path):
        return audio_error(
            name, "a symbolic link to a file that is not there", "bring that file back, or delete the link"
        )
    why = getattr(problem, "strerror", None) or type(problem).__name__
    return audio_error(name, *_UNOPENED.get(number or 0, (f"cannot be opened ({why})", "check the path")))


@contextmanager
def _seekable(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Give the file itself, or a copy of all that comes where it is a pipe."""
    if getattr(file, "seekable", bool)():
        yield file
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        while piece := file.read(_PIECE):
            if copy.tell() + len(piece) > _LONGEST_PIPE:
                raise audio_error(name, "more than 4 GB through a pipe", "write it to a file first, and give its path")
            copy.write(piece)
        yield copy  # type: ignore[misc]


def digest(source: Source, name: str) -> bytes:
    """Return the SHA-256 of all bytes of `source`; raise an `AudioError` where they cannot be read."""
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
    """Return whether a file of this name says that it is a recording."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def walk(folder: str, *, onerror: Callable[[OSError], object] | None = None) -> Iterator[str]:
    """Yield the path of every file below a folder, without hidden ones and what macOS adds to archives.

    A folder that cannot be read goes to `onerror`, or is an error.
    """
    for parent, folders, files in os.walk(folder, onerror=onerror or _raise):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        yield from (os.path.join(parent, name) for name in sorted(files) if not name.startswith("."))


def _raise(problem: OSError) -> None:
    raise problem
