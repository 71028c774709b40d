"""One file for a checkpoint: JSON that says what it is, and plain arrays; nothing in it is executed."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from emotion_lib.errors import ModelFileError
from emotion_lib.writing import written_whole

FORMAT = 2
"""Version of the file; another one is refused."""

_CURE = "delete it, or name another file, and train from the beginning"


def write(path: Path, manifest: dict[str, Any], arrays: Iterable[np.ndarray]) -> Path:
    """Write a file that is either whole or not there.

    Parameters
    ----------
    path : Path
        Where to; folders that are missing are made.
    manifest : dict
        What JSON can say of it.
    arrays : iterable of ndarray
        The weights, in their order.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ModelFileError
        If `path` is a folder, or nothing can be written there.
    """
    text = json.dumps({"format": FORMAT} | manifest)
    numbered = {f"weight_{number}": array for number, array in enumerate(arrays)}
    with written_whole(path, error=ModelFileError) as file:
        np.savez(file, allow_pickle=False, manifest=np.array(text), **numbered)
    return path


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read a file that `write` wrote.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    manifest : dict
        What was said of it.
    arrays : list of ndarray
        The weights, in their order.

    Raises
    ------
    ModelFileError
        If there is no such file, it is no checkpoint, damaged, or written by another version.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            manifest: dict[str, Any] = json.loads(str(file["manifest"]))
            arrays = [file[f"weight_{number}"] for number in range(len(file.files) - 1)]
        version = manifest["format"]
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except (ValueError, KeyError, TypeError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path}: not a checkpoint, or a damaged one; {_CURE}") from error
    if version != FORMAT:
        raise ModelFileError(f"{path}: written in format {version}, this version reads {FORMAT}; {_CURE}")
    return manifest, arrays
