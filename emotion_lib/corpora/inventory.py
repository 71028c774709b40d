"""Find the folder of a corpus, list its files, and sort them into utterances, copies and foreign files."""

import hashlib
import os
import posixpath
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from emotion_lib import audio
from emotion_lib.audio import sources
from emotion_lib.audio.sources import has_audio_suffix, walk
from emotion_lib.corpora.corpus import Corpus, Name
from emotion_lib.corpora.digests import Digests
from emotion_lib.errors import AudioError, CorpusError, path_of


class File(NamedTuple):
    """A file below the folder of a corpus; `relative` has forward slashes on every system."""

    path: str
    relative: str
    size: int

    @property
    def is_audio(self) -> bool:
        """Whether the suffix is that of an audio file."""
        return has_audio_suffix(self.relative)

    @property
    def stem(self) -> str:
        """The file name without folder and suffix."""
        return posixpath.splitext(posixpath.basename(self.relative))[0]

    @property
    def folder(self) -> str:
        """The name of the folder that the file is in, without the path to it."""
        return os.path.basename(os.path.dirname(self.path))


def digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal; raise a CorpusError if it cannot be read."""
    try:
        return sources.digest(path, os.fspath(path)).hex()
    except AudioError as error:
        raise CorpusError(str(error)) from error


def files_below(folder: str | os.PathLike[str]) -> list[File]:
    """Return every file below a folder, except hidden files and those that macOS adds to archives.

    Files in upper folders come first, so that a copy in a nested folder is left out and the original is kept.
    """
    root = os.path.join(os.path.abspath(folder), "")
    found = (
        File(path, _encodable(path[len(root) :]).replace(os.sep, "/"), os.path.getsize(path))
        for path in walk(root)
        if os.path.isfile(path)
    )
    return sorted(found, key=lambda file: (file.relative.count("/"), file.relative))


def _encodable(name: str) -> str:
    """Return a name as it is, or with escape sequences for bytes that are no UTF-8, which could not be printed."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def has_audio(folder: Path) -> bool:
    """Return whether there is a recording below a folder."""
    return folder.is_dir() and any(has_audio_suffix(path) and os.path.isfile(path) for path in walk(str(folder)))


def places(name: str) -> list[Path]:
    """Return the folders that are searched for a corpus, in order."""
    return [_spelt(parent, name) for parent in folders_of_corpora().values()]


def folders_of_corpora() -> dict[str, Path]:
    """Return the parent folders of corpora by name, in the order in which they are searched."""
    given = os.environ.get("EMOTION_LIB_DATA")
    checkout = _checkout()
    folders = {"EMOTION_LIB_DATA": path_of("EMOTION_LIB_DATA", given)} if given else {}
    folders |= {"checkout": checkout / "data"} if checkout else {}
    return folders | {"user": platformdirs.user_data_path("emotion_lib")}


def _spelt(parent: Path, name: str) -> Path:
    """Return the folder of a corpus, in upper or lower case as it is spelt there (`TESS` for `tess`)."""
    exact = parent / name
    if exact.exists() or not parent.is_dir():
        return exact
    return next((entry for entry in sorted(parent.iterdir()) if entry.name.lower() == name), exact)


def _checkout() -> Path | None:
    """Return the clone of the repository that this file is in, or None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None


@dataclass(frozen=True)
class NamedRecording:
    """A file with the facts in its name; `id` is the one in the corpus table, and `digests` are kept between loads."""

    id: str
    name: Name
    file: File
    digests: Digests | None = field(default=None, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file, which is read only once."""
        return self._recalled("bytes", lambda: digest(self.file.path))

    @cached_property
    def sound(self) -> str:
        """The SHA-256 of the rate and the samples, which are the same in a WAV file and a FLAC file made of it."""
        return self._recalled("sound", self._digest_of_sound)

    def _digest_of_sound(self) -> str:
        try:
            y, sr = audio.read(self.file.path)
        except AudioError:
            return self.digest
        return sound_digest(y, sr)

    def _recalled(self, kind: str, compute: Callable[[], str]) -> str:
        return self.digests.recall(self.file.path, kind, compute) if self.digests else compute()


def sound_digest(y: np.ndarray, sr: int) -> str:
    """Return the SHA-256 of a waveform and its rate."""
    return hashlib.sha256(sr.to_bytes(4, "little") + y.tobytes()).hexdigest()


class Pair(NamedTuple):
    """A recording that was left out, and the recording that is used instead."""

    left_out: NamedRecording
    kept: NamedRecording


@dataclass(frozen=True)
class Inventory:
    """The files of a corpus, sorted into those that are used and those that are not.

    Attributes
    ----------
    kept : list of NamedRecording
        The recordings that are used, one for each id, sorted by id.
    copies : list of Pair
        Recordings that are byte-identical to a kept one, or have its name and its samples.
    rivals : list of Pair
        Recordings with the id of a kept one, but other contents.
    contradictions : list of tuple of two NamedRecording
        Recordings that are kept, but byte-identical to another with another label, which is kept too.
    faulty : list of NamedRecording
        Recordings that the corpus leaves out.
    strangers : list of str
        Relative paths of recordings whose names do not fit this corpus.
    others : list of str
        Relative paths of files that are not audio.
    missing : list of str
        Ids of the index that have no recording, sorted.
    """

    kept: list[NamedRecording]
    copies: list[Pair] = field(default_factory=list)
    rivals: list[Pair] = field(default_factory=list)
    contradictions: list[tuple[NamedRecording, NamedRecording]] = field(default_factory=list)
    faulty: list[NamedRecording] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def take_inventory(corpus: Corpus, files: Iterable[File], *, digests: Digests | None = None) -> Inventory:
    """Sort the files of a corpus; files are read only if they share a size, a name or an id with another.

    With `digests`, files that have not changed since an earlier call are not read again.
    """
    files = list(files)
    recordings, faulty, strangers = recognise(corpus, files, digests=digests)
    contents = _by_content(recordings)
    contradictions = []
    if corpus.names:
        # Nobody but the user knows which of two labels is right, so both are kept.
        by_label = [list(_divided(group, attrgetter("name.emotion"))) for group in contents]
        contradictions = [(part[0], first[0]) for first, *others in by_label for part in others]
        contents = list(chain.from_iterable(by_label))
    distinct, copies = _best_of_each(contents, corpus.digests)
    distinct.sort(key=lambda recording: files.index(recording.file))
    # Made of one another, as a FLAC file of a WAV file: of one name, other bytes, and the same samples.
    sounds = [part for group in _divided(distinct, _label) for part in _divided(group, attrgetter("sound"))]
    distinct, converted = _best_of_each(sounds, corpus.digests)
    copies += converted
    kept, rivals = _one_for_each_id(distinct, corpus.digests)
    others = [file.relative for file in files if not _is_recording(corpus, file)]
    kept.sort(key=lambda recording: recording.id)
    # Two ids of RAVDESS were published with the same bytes: one of them is a copy, so it is not missing.
    present = {recording.id for recording in kept}
    published = {digest for id, digest in corpus.digests.items() if id in present}
    missing = sorted(id for id in corpus.ids - present if corpus.digests.get(id) not in published)
    return Inventory(kept, copies, rivals, contradictions, faulty, strangers, others, missing)


def _label(recording: NamedRecording) -> tuple[str, str, str]:
    """Return the name and the label of a recording, which a copy in another format has too."""
    name = recording.name
    # In a corpus of your own, the id is the path with the suffix.
    return recording.file.stem if name.id == recording.file.relative else name.id, name.speaker, name.emotion


class Recognised(NamedTuple):
    """Recordings sorted by name; `Inventory` describes the last two."""

    recordings: list[NamedRecording]
    faulty: list[NamedRecording]
    strangers: list[str]


def recognise(corpus: Corpus, files: Iterable[File], *, digests: Digests | None = None) -> Recognised:
    """Sort recordings into those whose names fit the corpus, those that it leaves out, and all others."""
    found, ids = Recognised([], [], []), corpus.ids
    for file in files:
        if not _is_recording(corpus, file):
            continue
        name = name_of(corpus, file)
        if name and name.id in corpus.left_out:
            found.faulty.append(NamedRecording(name.id, name, file))
        elif name is None or (ids and name.id not in ids):
            found.strangers.append(file.relative)
        else:
            found.recordings.append(NamedRecording(name.id if ids else file.relative, name, file, digests))
    return found


def name_of(corpus: Corpus, file: File) -> Name | None:
    """Return the facts about a recording, from its name or, in a corpus of your own, from its folder or the list."""
    return corpus.names.get(file.relative) or corpus.read_name(file.stem, file.folder)


def _is_recording(corpus: Corpus, file: File) -> bool:
    return file.is_audio or file.relative in corpus.names  # a list may name recordings with any suffix


def _by_content(recordings: list[NamedRecording]) -> list[list[NamedRecording]]:
    """Return the recordings in groups of byte-identical ones."""
    # Copies have the same size, so a file whose size is unique is never read: `load` stays quick. CREMA-D has only a
    # hundred sizes, so files of equal size are first compared by a few bytes.
    groups = [recordings]
    for key in (attrgetter("file.size"), _glimpse, attrgetter("digest")):
        groups = [part for group in groups for part in _divided(group, key)]
    return groups


def _divided(group: list[NamedRecording], key: Callable[[NamedRecording], Hashable]) -> Iterable[list[NamedRecording]]:
    """Divide a group by a key, in the order of first occurrence; a group of one is left as it is."""
    if len(group) == 1:
        return [group]
    parts = defaultdict(list)
    for recording in group:
        parts[key(recording)].append(recording)
    return parts.values()


def _glimpse(recording: NamedRecording) -> bytes:
    """Return some bytes from the middle of a file, or nothing if it cannot be read; the digest then reports why."""
    try:
        with open(recording.file.path, "rb") as file:
            file.seek(recording.file.size // 2)
            return file.read(64)
    except OSError:
        return b""


def _one_for_each_id(
    recordings: list[NamedRecording], digests: dict[str, str]
) -> tuple[list[NamedRecording], list[Pair]]:
    """Return one recording of each id, and the rest of them as rivals."""
    of_id = defaultdict(list)
    for recording in recordings:
        of_id[recording.id].append(recording)
    return _best_of_each(of_id.values(), digests)


def _best_of_each(
    groups: Iterable[list[NamedRecording]], digests: dict[str, str]
) -> tuple[list[NamedRecording], list[Pair]]:
    """Return the recording of each group that agrees with the index (else its first), and pairs of the rest with it."""
    best, pairs = [], []
    for group in groups:
        agreeing = (r for r in group if len(group) > 1 and digests.get(r.id) == r.digest)
        kept = next(agreeing, group[0])
        best.append(kept)
        pairs += [Pair(recording, kept) for recording in group if recording is not kept]
    return best, pairs
