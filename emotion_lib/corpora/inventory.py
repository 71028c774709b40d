"""Which recordings lie where: the folders that are searched, the audio files in them, copies and gaps."""

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import platformdirs

from emotion_lib.audio import sources
from emotion_lib.audio.sources import has_audio_suffix, walk
from emotion_lib.corpora.corpus import Corpus, Name
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


@dataclass(frozen=True)
class NamedRecording:
    """A file and what its name says; `id` is the one of the corpus table."""

    id: str
    name: Name
    file: File

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes, read once."""
        return self.file.digest()


class Pair(NamedTuple):
    """A recording that was left out, and the one that stands for it."""

    left_out: NamedRecording
    kept: NamedRecording


@dataclass(frozen=True)
class Inventory:
    """The files of a corpus, sorted into what is used and what is not.

    Attributes
    ----------
    kept : list of Recording
        One for each id, sorted by id.
    copies : list of Pair
        Byte-identical to a kept one.
    rivals : list of Pair
        Other contents under the id of a kept one.
    strangers : list of str
        Relative paths of recordings whose names are not of this corpus.
    others : list of str
        Relative paths of files that are no recordings.
    missing : list of str
        Ids of the index that are not there, sorted.
    """

    kept: list[NamedRecording]
    copies: list[Pair] = field(default_factory=list)
    rivals: list[Pair] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def take_inventory(corpus: Corpus, files: Iterable[File]) -> Inventory:
    """Sort the files of a corpus; only files of equal size, or of one id, are read."""
    files = list(files)
    recordings, strangers = recognise(corpus, files)
    distinct, copies = _without_copies(recordings, corpus.digests)
    kept, rivals = _one_for_each_id(distinct, corpus.digests)
    others = [file.relative for file in files if not file.is_audio]
    kept.sort(key=lambda recording: recording.id)
    return Inventory(kept, copies, rivals, strangers, others, _missing(corpus, kept))


def recognise(corpus: Corpus, files: Iterable[File]) -> tuple[list[NamedRecording], list[str]]:
    """Return the recordings whose names are of the corpus, and the relative paths of those whose are not."""
    recordings, strangers = [], []
    for file in files:
        if not file.is_audio:
            continue
        name = corpus.read_name(file.stem)
        if name is None or (corpus.has_index and name.id not in corpus.ids):
            strangers.append(file.relative)
        else:
            recordings.append(NamedRecording(name.id if corpus.has_index else file.relative, name, file))
    return recordings, strangers


def _without_copies(
    recordings: list[NamedRecording], digests: dict[str, str]
) -> tuple[list[NamedRecording], list[Pair]]:
    """Return one recording of each content, in the order given, and the copies."""
    of_size = defaultdict(list)
    for recording in recordings:
        of_size[recording.file.size].append(recording)
    of_content = defaultdict(list)
    for size, group in of_size.items():
        for recording in group:
            of_content[size, recording.digest if len(group) > 1 else ""].append(recording)
    return _best_of_each(of_content.values(), digests)


def _one_for_each_id(
    recordings: list[NamedRecording], digests: dict[str, str]
) -> tuple[list[NamedRecording], list[Pair]]:
    """Return one recording of each id, and its rivals."""
    of_id = defaultdict(list)
    for recording in recordings:
        of_id[recording.id].append(recording)
    return _best_of_each(of_id.values(), digests)


def _best_of_each(
    groups: Iterable[list[NamedRecording]], digests: dict[str, str]
) -> tuple[list[NamedRecording], list[Pair]]:
    """Return of each group the recording that agrees with the index, else the first, and pairs of the rest with it."""
    best, pairs = [], []
    for group in groups:
        agreeing = (r for r in group if len(group) > 1 and digests.get(r.id) == r.digest)
        kept = next(agreeing, group[0])
        best.append(kept)
        pairs += [Pair(recording, kept) for recording in group if recording is not kept]
    return best, pairs


def _missing(corpus: Corpus, kept: Iterable[NamedRecording]) -> list[str]:
    """Return the ids of the index that are not there, nor under another id with which they were published alike."""
    present = {recording.id for recording in kept}
    contents = {digest for id, digest in corpus.digests.items() if id in present}
    return sorted(id for id in corpus.ids - present if corpus.digests.get(id) not in contents)
