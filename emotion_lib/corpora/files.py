"""Where a corpus lies on this machine, and which files are in it."""

import os
import posixpath
from pathlib import Path
from typing import NamedTuple

import platformdirs

from emotion_lib.audio import sources
from emotion_lib.audio.sources import has_audio_suffix, walk
from emotion_lib.errors import AudioError, CorpusError


class File(NamedTuple):
    """A file below the folder of a corpus; `relative` is written with forward slashes on every system."""

    path: str
    relative: str
    size: int

    @property
    def is_audio(self) -> bool:
        """Whether its suffix is one of a recording."""
        return has_audio_suffix(self.relative)

    @property
    def stem(self) -> str:
        """Its name without folder and suffix."""
        return posixpath.splitext(posixpath.basename(self.relative))[0]

    def digest(self) -> str:
        """Return the SHA-256 of its bytes in hexadecimal; raise a CorpusError where they cannot be read."""
        return digest(self.path)


def digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal; raise a CorpusError where it cannot be read."""
    try:
        return sources.digest(path, os.fspath(path)).hex()
    except AudioError as error:
        raise CorpusError(str(error)) from error


def files_below(folder: str | os.PathLike[str]) -> list[File]:
    """Return every file below a folder, the shallow ones first, so that a nested copy comes after what it copies.

    Hidden files and folders and what macOS adds to archives are skipped.
    """
    root = os.path.join(os.path.abspath(folder), "")
    found = (
        File(path, path[len(root) :].replace(os.sep, "/"), os.path.getsize(path))
        for path in walk(root)
        if os.path.isfile(path)
    )
    return sorted(found, key=lambda file: (file.relative.count("/"), file.relative))


def has_audio(folder: Path) -> bool:
    """Return whether a recording lies below a folder."""
    return folder.is_dir() and any(has_audio_suffix(path) and os.path.isfile(path) for path in walk(str(folder)))


def places(name: str) -> list[Path]:
    """Return where a corpus is looked for, the first place first."""
    return [_spelt(parent, name) for parent in folders_of_corpora().values()]


def folders_of_corpora() -> dict[str, Path]:
    """Return the folders that corpora are looked for in, by what they are, the first place first."""
    given = os.environ.get("EMOTION_LIB_DATA")
    checkout = _checkout()
    folders = {"EMOTION_LIB_DATA": Path(given).expanduser()} if given else {}
    folders |= {"checkout": checkout / "data"} if checkout else {}
    return folders | {"user": platformdirs.user_data_path("emotion_lib")}


def _spelt(parent: Path, name: str) -> Path:
    """Return the folder of a corpus as it is spelt there (`TESS` for `tess`)."""
    exact = parent / name
    if exact.exists() or not parent.is_dir():
        return exact
    return next((entry for entry in sorted(parent.iterdir()) if entry.name.lower() == name), exact)


def _checkout() -> Path | None:
    """Return the clone of the repository that this file runs from, or None in an installed package."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None
