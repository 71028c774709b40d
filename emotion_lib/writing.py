"""Write a file completely or not at all: if writing is interrupted, the old file stays as it was."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs

from emotion_lib.errors import EmotionLibError


def cache_folder() -> Path:
    """Return the folder of the cache: $EMOTION_LIB_CACHE, or the user's cache folder.

    Returns
    -------
    Path
        The folder, which may not exist yet.
    """
    given = os.environ.get("EMOTION_LIB_CACHE") or platformdirs.user_cache_dir("emotion_lib")
    return Path(os.path.expanduser(given))


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
