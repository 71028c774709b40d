"""Write a file completely or not at all, and a folder by one process at a time."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from emotion_lib.errors import EmotionLibError


@contextmanager
def written_whole(path: Path, *, error: type[EmotionLibError]) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when it is complete.

    Parameters
    ----------
    path : Path
        Path of the file; missing folders are created.
    error : type
        Type of the error to raise if the file cannot be written.

    Yields
    ------
    binary file object

    Raises
    ------
    EmotionLibError
        Of the type `error`, if `path` is a folder or cannot be written.

    Examples
    --------
    >>> with written_whole(Path("."), error=EmotionLibError) as file:
    ...     pass
    Traceback (most recent call last):
    emotion_lib.errors.EmotionLibError: .: a folder; give the name of a file in it
    """
    # In the same folder, since only a rename within one file system is atomic; hidden, so that no search finds it.
    unfinished = path.parent / f".{uuid.uuid4().hex}"
    try:
        if path.is_dir():
            raise error(f"{path}: a folder; give the name of a file in it")
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    except (OSError, ValueError) as reason:
        why = getattr(reason, "strerror", None) or reason
        raise error(f"{path}: cannot be written ({why}); choose another place") from reason
    finally:
        with suppress(OSError, ValueError):  # after the rename there is nothing left to remove
            unfinished.unlink()


LOCK = ".lock"
"""Name of the file in a folder that `locked` locks; it stays there, empty."""


@contextmanager
def locked(folder: Path, *, error: type[EmotionLibError]) -> Iterator[None]:
    """Lock a folder, so that no other process or thread that asks for the lock writes to it at the same time.

    Parameters
    ----------
    folder : Path
        The folder; it is created if it is missing.
    error : type
        Type of the error to raise if the folder is locked already, or cannot be written.

    Yields
    ------
    None

    Raises
    ------
    EmotionLibError
        Of the type `error`, if the folder is locked or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name, locked(Path(name), error=EmotionLibError):
    ...     with locked(Path(name), error=EmotionLibError):
    ...         pass
    Traceback (most recent call last):
    emotion_lib.errors.EmotionLibError: ...: another process is writing to it; wait until it is done
    """
    import sqlite3

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # SQLite locks a file in the same way on all systems, and the lock of a process that was killed is gone.
        lock = sqlite3.connect(folder / LOCK, timeout=0, isolation_level=None)
    except (OSError, ValueError, sqlite3.Error) as reason:
        why = getattr(reason, "strerror", None) or reason
        raise error(f"{folder}: cannot be written ({why}); choose another place") from reason
    with closing(lock):
        try:
            lock.execute("PRAGMA journal_mode = MEMORY")  # no second file
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as reason:
            if reason.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise error(f"{folder}: another process is writing to it; wait until it is done") from reason
            raise error(f"{folder}: cannot be written ({reason}); choose another place") from reason
        yield
