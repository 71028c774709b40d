"""Files that are either whole or not there: what a kill or a full disk interrupts leaves the old one in place."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from emotion_lib.errors import EmotionLibError


@contextmanager
def written_whole(path: Path, *, error: type[EmotionLibError]) -> Iterator[BinaryIO]:
    """Give a file to write to, which appears under its name only when all is written.

    Parameters
    ----------
    path : Path
        Where to; folders that are missing are made.
    error : type
        What is raised where nothing can be written there.

    Yields
    ------
    binary file object

    Raises
    ------
    EmotionLibError
        Of the type `error`, if `path` is a folder, or nothing can be written there.

    Examples
    --------
    >>> with written_whole(Path("."), error=EmotionLibError) as file:
    ...     pass
    Traceback (most recent call last):
    emotion_lib.errors.EmotionLibError: .: a folder; give the name of a file in it
    """
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
        with suppress(OSError, ValueError):
            unfinished.unlink()
