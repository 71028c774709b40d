"""Where a corpus lies on this machine, and which files are in it."""

import hashlib
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import platformdirs

from emotion_lib.errors import CorpusError

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})


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


def digest(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """Return the digest of a file in hexadecimal; raise a CorpusError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); make it readable or delete it") from error


def has_audio_suffix(name: str) -> bool:
    """Return whether a file of this name says that it is a recording."""
    return os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES


def files_below(folder: str | os.PathLike[str]) -> list[File]:
    """Return every file below a folder, the shallow ones first, so that a nested copy comes after what it copies.

    Hidden files and folders and what macOS adds to archives are skipped.
    """
    root = os.path.join(os.path.abspath(folder), "")
    found = (File(e.path, e.path[len(root) :].replace(os.sep, "/"), e.stat().st_size) for e in _walk(root))
    return sorted(found, key=lambda file: (file.relative.count("/"), file.relative))


def _walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of files at any depth."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path)
            elif entry.is_file():
                yield entry


def has_audio(folder: Path) -> bool:
    """Return whether a recording lies below a folder."""
    return folder.is_dir() and any(has_audio_suffix(entry.name) for entry in _walk(str(folder)))


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
