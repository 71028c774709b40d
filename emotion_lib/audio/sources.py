"""Open a recording that is given as a path, as bytes, as an open file or as a pipe."""

import errno
import hashlib
import io
import os
import re
import reprlib
import shlex
import stat
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from emotion_lib.errors import AudioError, ParameterError

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""A recording to read: a path, the bytes of a file, or a binary file object."""

SUFFIXES = frozenset(
    f".{name}"
    for names in (
        "wav wave bwf rf64 w64 flac aif aiff aifc au snd caf nist sph ogg oga opus mp3 mp2 mpga",
        "m4a m4b aac amr awb 3gp 3ga webm weba wma mka",
    )
    for name in names.split()
)
"""Suffixes by which a search of folders recognises recordings; a single file is recognised by its content instead."""

UNNAMED = "the recording"

NOTHING_LEFT = "copy it again from where it was recorded, or leave it out"
"""The cure for a recording of which nothing is there."""

_IN_MEMORY = 2**24  # bytes; larger files are read from disk, larger pipes are copied to disk
_LONGEST_PIPE = 2**32  # bytes; a pipe may never end, and would fill the disk
_PIECE = 2**20
_DESCRIPTOR = re.compile(r"/dev/(?:fd/(\d+)|stdin)|/proc/self/fd/(\d+)")
# OA and ps are oddities of TESS: one file starts with OA_ instead of OAF_, and "ps" (pleasant surprise) is surprise.
_TESS_NAME = re.compile(r"(OAF?|YAF)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)\.wav", re.IGNORECASE)


class Name(str):  # noqa: SLOT000 (it has an attribute)
    """The name of a recording in messages: the file's name on one line; `path` is the path that was given."""

    path = ""

    def conversion(self) -> str:
        """Return the command that converts the recording, or what is there of it, to WAV."""
        # FFmpeg takes what is before a colon for a protocol, unless one is named.
        given = f"file:{self.path}" if ":" in self.path and not os.path.isabs(self.path) else self.path
        return f"`ffmpeg -i {shlex.quote(one_line(given)) if given else 'recording'} converted.wav`"


def one_line(text: str) -> str:
    """Return a text with everything that cannot be printed on one line as escape sequences."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def audio_error(name: str, what: str, cure: str | None = None) -> AudioError:
    """Return an error that names the recording, the problem and the cure: by default, to keep what is there of it."""
    if cure in (None, NOTHING_LEFT) and _TESS_NAME.fullmatch(name):
        cure = "fetch TESS again with `emotion-lib fetch tess`"
    elif cure is None:
        cure = f"keep what is there of it with {name.conversion()}" if isinstance(name, Name) else NOTHING_LEFT
    return AudioError(f"{name}: {what}; {cure}")


def check_source(source: Any) -> None:
    """Raise a `ParameterError` unless `source` is a path, bytes or a binary file object that can be read."""
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return
    if not hasattr(source, "read"):
        shown = " ".join(reprlib.repr(source).split())
        cure = "; for samples in memory, use `audio.waveform`" if hasattr(source, "__array__") else ""
        cure = "; for several recordings, use `predictions`, or a list" if hasattr(source, "__next__") else cure
        raise ParameterError(f"source={shown}: must be a path, bytes or a file opened in binary mode{cure}")
    try:
        content = source.read(0)
    except (OSError, ValueError) as problem:
        state = "is closed" if getattr(source, "closed", False) else "cannot be read"
        raise ParameterError(f'source: the file object {state}; open it with open(path, "rb")') from problem
    if hasattr(content, "close"):  # a coroutine, as of FastAPI's UploadFile
        content.close()
        raise ParameterError("source: read is asynchronous; give the file in it, as in predict(upload.file)")
    if not isinstance(content, bytes):
        raise ParameterError('source: the file object is in text mode; open it with open(path, "rb")')


def name_of(source: Source) -> Name:
    """Return the name of the recording for error messages: the file's name without its folder, on one line."""
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(path, (str, os.PathLike)) or path == "<stdin>":
        return Name(UNNAMED)
    path = os.fsdecode(path)
    shown = (path if _DESCRIPTOR.fullmatch(path) else os.path.basename(path) or path) or "an empty path"
    name = Name(shown if shown.isprintable() else one_line(shown))
    name.path = path
    return name


class Memory(io.BytesIO):
    """A file in memory; it ignores a seek to before its start, since C code cannot pass on an exception."""

    error_in_readcallback = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, and return the current one."""
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


@contextmanager
def open_source(source: Source, name: str, *, whole: bool = False) -> Iterator[BinaryIO]:
    """Open `source` as a seekable file; with `whole`, a small file is read into memory at once.

    An error of the disk while the file is open, in its middle too, is an `AudioError` that names the recording.
    """
    with ExitStack() as opened:
        try:
            if isinstance(source, (bytes, bytearray, memoryview)):
                file: BinaryIO = Memory(source)
            elif isinstance(source, (str, os.PathLike)):
                file = opened.enter_context(_opened_path(os.path.expanduser(os.fsdecode(source)), name, whole=whole))
            else:
                file = source
            if not getattr(file, "seekable", bool)():  # a file without the method is taken for a pipe: bool() is False
                file = opened.enter_context(_copied(file, name))
            yield file
        except OSError as problem:
            why = f"cannot be read to its end ({problem.strerror or problem})"
            raise audio_error(name, why, "try again, or copy it to another disk") from problem


def _opened_path(path: str, name: str, *, whole: bool) -> BinaryIO:
    """Open a file, unless opening or reading it might never end."""
    # A file descriptor that the shell made for this process: `< recording.wav`, a pipe, or `<(command)`.
    descriptor = _DESCRIPTOR.fullmatch(path)
    place = int(descriptor[1] or descriptor[2] or 0) if descriptor else path
    try:
        status = os.stat(place)
        if stat.S_ISFIFO(status.st_mode) and not descriptor:  # a descriptor has a writer already
            cure = "pipe its content in: `emotion-lib predict - < THE_PIPE`"
            raise audio_error(name, "a named pipe, not a file", cure)
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            cure = "record from it to a file first, or give the path of a recording"
            raise audio_error(name, "a device, not a file", cure)
        # A duplicate of a descriptor, so that closing it leaves the original open.
        place = os.dup(place) if isinstance(place, int) else place
        if not (whole and 0 < status.st_size <= _IN_MEMORY):
            return open(place, "rb")
        # In one step, because Python's threads wait for each other at every step of reading a file.
        with open(place, "rb", buffering=0) as file:
            return Memory(file.read(status.st_size))
    except (OSError, ValueError) as problem:
        raise _unopened(path, name, problem) from problem


def _unopened(path: str, name: str, problem: Exception) -> AudioError:
    number = getattr(problem, "errno", None)
    if os.path.isdir(path):  # not EISDIR: Windows reports "permission denied" for a folder
        return audio_error(name, "a folder, not a recording", "give the path of one recording in it")
    if os.path.islink(path) and number in (errno.ENOENT, errno.ELOOP):
        return audio_error(name, "a symbolic link that leads to no file", "give the path of the recording itself")
    if number in (errno.EACCES, errno.EPERM):
        return audio_error(name, "no permission to read it", "make it readable for this user")
    missing = number in (errno.ENOENT, errno.ENOTDIR)
    said = problem.strerror if isinstance(problem, OSError) else "a character that no file name can have"
    why = "no such file" if missing else f"cannot be opened ({said})"
    return audio_error(name, why, "check the path")


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
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.digest()


def has_audio_suffix(name: str) -> bool:
    """Return whether the name has the suffix of a recording."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def walk(folder: str, *, onerror: Callable[[OSError], object] | None = None) -> Iterator[str]:
    """Yield the path of every file below a folder, except hidden files and the `__MACOSX` folders in archives.

    Linked folders come last, and each folder comes once, however many links lead to it. If a folder cannot be read,
    `onerror` is called with the error; by default, the error is raised.
    """
    waiting, known = deque([folder]), set()
    while waiting:
        for parent, folders, files in os.walk(waiting.popleft(), onerror=onerror or _raise):
            status = os.stat(parent)
            # In place, since os.walk then visits the folders in this list; sorted, since the order on disk varies.
            names = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
            folders[:] = [name for name in names if not os.path.islink(os.path.join(parent, name))]
            if (status.st_dev, status.st_ino) in known:
                folders.clear()
                continue
            known.add((status.st_dev, status.st_ino))
            waiting.extend(os.path.join(parent, name) for name in names if name not in folders)
            yield from (os.path.join(parent, name) for name in sorted(files) if not name.startswith("."))


def _raise(problem: OSError) -> None:
    raise problem
