"""Take stock of a folder: which files are utterances, which are copies of them, and which are neither."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from emotion_lib.corpora.base import Corpus, Name
from emotion_lib.corpora.files import File


@dataclass(frozen=True)
class Recording:
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

    left_out: Recording
    kept: Recording


@dataclass(frozen=True)
class Stock:
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

    kept: list[Recording]
    copies: list[Pair] = field(default_factory=list)
    rivals: list[Pair] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def take_stock(corpus: Corpus, files: Iterable[File]) -> Stock:
    """Sort the files of a corpus; only files of equal size, or of one id, are read."""
    files = list(files)
    recordings, strangers = recognise(corpus, files)
    distinct, copies = _without_copies(recordings, corpus.digests)
    kept, rivals = _one_for_each_id(distinct, corpus.digests)
    others = [file.relative for file in files if not file.is_audio]
    kept.sort(key=lambda recording: recording.id)
    return Stock(kept, copies, rivals, strangers, others, _missing(corpus, kept))


def recognise(corpus: Corpus, files: Iterable[File]) -> tuple[list[Recording], list[str]]:
    """Return the recordings whose names are of the corpus, and the relative paths of those whose are not."""
    recordings, strangers = [], []
    for file in files:
        if not file.is_audio:
            continue
        name = corpus.read_name(file.stem)
        if name is None or (corpus.has_index and name.id not in corpus.ids):
            strangers.append(file.relative)
        else:
            recordings.append(Recording(name.id if corpus.has_index else file.relative, name, file))
    return recordings, strangers


def _without_copies(recordings: list[Recording], digests: dict[str, str]) -> tuple[list[Recording], list[Pair]]:
    """Return one recording of each content, in the order given, and the copies."""
    of_size = defaultdict(list)
    for recording in recordings:
        of_size[recording.file.size].append(recording)
    of_content = defaultdict(list)
    for size, group in of_size.items():
        for recording in group:
            of_content[size, recording.digest if len(group) > 1 else ""].append(recording)
    return _best_of_each(of_content.values(), digests)


def _one_for_each_id(recordings: list[Recording], digests: dict[str, str]) -> tuple[list[Recording], list[Pair]]:
    """Return one recording of each id, and its rivals."""
    of_id = defaultdict(list)
    for recording in recordings:
        of_id[recording.id].append(recording)
    return _best_of_each(of_id.values(), digests)


def _best_of_each(groups: Iterable[list[Recording]], digests: dict[str, str]) -> tuple[list[Recording], list[Pair]]:
    """Return of each group the recording that agrees with the index, else the first, and pairs of the rest with it."""
    best, pairs = [], []
    for group in groups:
        agreeing = (r for r in group if len(group) > 1 and digests.get(r.id) == r.digest)
        kept = next(agreeing, group[0])
        best.append(kept)
        pairs += [Pair(recording, kept) for recording in group if recording is not kept]
    return best, pairs


def _missing(corpus: Corpus, kept: Iterable[Recording]) -> list[str]:
    """Return the ids of the index that are not there, nor under another id with which they were published alike."""
    present = {recording.id for recording in kept}
    contents = {digest for id, digest in corpus.digests.items() if id in present}
    return sorted(id for id in corpus.ids - present if corpus.digests.get(id) not in contents)
