"""Find the samples in a file by its content: what its header claims is only compared with the file."""

import errno
import os
import re
import sys
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any, BinaryIO, Literal, NamedTuple

from emotion_lib.audio.sources import NOTHING_LEFT, Memory, audio_error

PLACEHOLDER = 2_000_000_000
"""Bytes that a program claims when it writes into a pipe and does not know the length yet; some claim more, or 0."""

_A_FEW = 64  # bytes by which careless programs miscount
_MOST_CHUNKS = 1000  # a crafted file could hold millions of empty chunks
_LONGEST_HEAD = 2**20
_PIECE = 2**20
_MOST_JOINED = 100
_FLAC = re.compile(rb"(?s)fLaC[\x00\x80]\x00\x00\x22.{18}")  # how a FLAC file begins
_NIST = re.compile(rb"(?s)NIST_1A\s+(?=(\d+))" + b"".join(
    rb"(?=.*?\b%s -i (\d+))" % name for name in (b"sample_count", b"channel_count", b"sample_n_bytes")
))  # fmt: skip


class Part:
    """A part of an open file after another header: `head`, and then the file from `start` to `stop`.

    It is a file object for libsndfile, miniaudio and FFmpeg. It raises no exceptions, since C code cannot pass them on:
    an error of the disk ends the recording and is kept in `error_in_readcallback`, the name that miniaudio looks for.
    """

    def __init__(self, file: "BinaryIO | Part", start: int, stop: int, head: bytes = b"") -> None:
        self._file, self._head, self._offset, self._at = file, head, start - len(head), 0
        self.size = len(head) + stop - start
        self.error_in_readcallback: OSError | None = None

    def seek(self, offset: int, whence: Any = os.SEEK_SET) -> int:
        """Move to a position, unless there is none, and return the current position."""
        position = (0, self._at, self.size)[getattr(whence, "value", whence)] + offset
        self._at = position if 0 <= position < sys.maxsize else self._at
        return self._at

    def tell(self) -> int:
        """Return the current position."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end, or if the file cannot be read."""
        end = self.size if size < 0 else min(self.size, self._at + size)
        content = self._head[self._at : end]
        try:
            if (first := self._at + len(content)) < end:
                self._file.seek(self._offset + first)
                content += self._file.read(end - first)
        except (OSError, ValueError) as problem:  # ValueError: the file was closed
            self.error_in_readcallback = problem if isinstance(problem, OSError) else OSError(errno.EBADF, str(problem))
            return b""
        self._at += len(content)
        return content


File = Memory | Part


class Form(NamedTuple):
    """How a container names its chunks.

    Attributes
    ----------
    first : int
        Position of the first chunk.
    samples : bytes
        Name of the chunk with the samples.
    width : int
        Bytes of the length of a chunk.
    order : str
        Their order.
    counted : int
        Bytes of the chunk's name and length that the length counts too.
    before : int
        Bytes of the chunk before the first sample.
    padding : int
        Chunks begin at a multiple of this number of bytes after the one before.
    """

    first: int
    samples: bytes
    width: int
    order: Literal["little", "big"]
    counted: int = 0
    before: int = 0
    padding: int = 2


_WAV = Form(12, b"data", 4, "little")
_AIFF = Form(12, b"SSND", 4, "big", before=8)
_AU = Form(0, b"", 4, "big")
_W64_NAME = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_FORMS = {
    b"RIFFWAVE": _WAV,
    b"RF64WAVE": _WAV,
    b"BW64WAVE": _WAV,
    b"RIFXWAVE": Form(12, b"data", 4, "big"),
    b"FORMAIFF": _AIFF,
    b"FORMAIFC": _AIFF,
    b"caffdesc": Form(8, b"data", 8, "big", before=4, padding=1),
    b"riff\xa5\xd6\x28\xdb": Form(40, _W64_NAME, 8, "little", counted=24, padding=8),
}
"""The containers by their first 4 bytes and bytes 8 to 12."""


class Samples(NamedTuple):
    """A chunk of samples: where its header begins and ends, where its samples begin, and the length that it claims."""

    origin: int
    fields: int
    start: int
    claimed: int


class Found(NamedTuple):
    """A file for a decoder.

    Attributes
    ----------
    parts : list of File
        The file, perhaps with another header, or the recordings of which it is joined.
    n_samples : int
        The number of samples according to a header that was replaced, else 0.
    may_be_mpeg : bool
        Whether it begins as MPEG audio does.
    """

    parts: list[File]
    n_samples: int = 0
    may_be_mpeg: bool = False


def find_samples(file: BinaryIO, name: str, notes: list[str]) -> Found:
    """Return a file as a decoder needs it, with its true length in its header; add a note if an end is missing.

    Raises
    ------
    AudioError
        If the file is empty or has no samples, or much less than its header claims, or is joined of several.
    """
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise audio_error(name, "an empty file (0 bytes)", NOTHING_LEFT)
    file.seek(0)
    head = file.read(12)
    form = _AU if head[:4] == b".snd" else _FORMS.get(head[:4] + head[8:])
    as_it_is = file if isinstance(file, Memory) else Part(file, 0, size)
    if form:
        return Found([_with_true_length(file, form, size, head, name=name, notes=notes) or as_it_is])
    if head[:4] == b"OggS":
        ends = pairwise([*_find_ogg(file, size, name, notes), size])
        return Found([Part(file, start, stop) for start, stop in ends] or [as_it_is])
    if head[:4] == b"fLaC" and size > 26:
        parts = [_flac_part(file, start, stop) for start, stop in pairwise([*_find_flac(file, name), size])]
        return Found([part for part, _ in parts], sum(n_samples for _, n_samples in parts))
    if nist := _NIST.match(read_at(file, 0, 1024)):
        start, samples, channels, width = map(int, nist.groups())
        _check_claim(name, notes, samples * channels * width, size - start)
    return Found([as_it_is], may_be_mpeg=head[:1] in b"I\xff")


def _check_claim(name: str, notes: list[str], claimed: int, present: int) -> None:
    """Add a note if a few bytes are missing of what a header claims; raise an `AudioError` if it is more."""
    missing = claimed - present
    if missing >= _A_FEW and claimed < PLACEHOLDER:
        raise audio_error(
            name, f"cut short: its header claims {claimed} bytes of samples, but the file holds {present}"
        )
    if missing > 0:
        notes.append(f"{missing} byte{'s' * (missing > 1)} of samples fewer than its header claims")


def read_at(file: BinaryIO | Part, position: int, size: int) -> bytes:
    """Return some bytes of a file from a position on."""
    file.seek(position)
    return file.read(size)


def _is_chunk(file: BinaryIO, position: int) -> bool:
    """Return whether a chunk begins at a position, or the file ends: the name of one is four printable characters."""
    return all(32 <= byte < 127 for byte in read_at(file, position, 4))


def _with_true_length(
    file: BinaryIO, form: Form, size: int, head: bytes, *, name: str, notes: list[str]
) -> Part | None:
    """Return a file with a header that has its true length, or None if it can be read as it is."""
    found, number, stop = None, 0, 0
    for number, chunk in enumerate(_find_chunks(file, form, head), start=1):  # noqa: B007 (the last number is used)
        claimed, present = chunk.claimed, size - chunk.start
        is_empty = claimed <= form.before
        # A length of 0 is true if another chunk follows; else samples follow.
        if present <= form.before or (is_empty and _is_chunk(file, chunk.start + form.before)):
            continue
        if found:
            what = f"several recordings in one file, the next from byte {chunk.start} on"
            raise audio_error(name, what, "save each in a file of its own with the program that made it")
        found, stop = chunk, chunk.start + claimed
        if is_empty or claimed == 0xFFFFFFFF or (claimed > present and claimed >= PLACEHOLDER):
            stop = _end_of_stream(file, form, chunk, size)
            _check_claim(name, notes, 0 if claimed > 2 * present else claimed, present)
        elif claimed > present:
            _check_claim(name, notes, claimed, present)
        else:
            wraps = 2**32 if form is _WAV else sys.maxsize  # its length counts up to 4 GB, and then from 0 again
            stop += (size - stop) // wraps * wraps
            if size - stop >= _A_FEW and not _is_chunk(file, stop + -claimed % form.padding):
                notes.append(f"the file goes on for {size - stop} bytes after the end that its header claims")
                stop = size
        if stop != chunk.start + claimed:
            break
    if number and not found:
        raise audio_error(name, f"no samples ({size} bytes, only a header)", NOTHING_LEFT)
    # libsndfile does not know RF64 under its newer name.
    if not found or (number == 1 and stop == found.start + found.claimed <= size and head[:4] != b"BW64"):
        return None
    stop = min(stop, size)
    return Part(file, found.start, stop, _header(file, form, found, stop - found.start, name))


def _end_of_stream(file: BinaryIO, form: Form, chunk: Samples, size: int) -> int:
    """Return where the samples of a stream end: at the end of the file, or before its header if that comes again.

    libsndfile, and sox with it, writes its header twice before the samples into a pipe, and once after them.
    """
    again = size - (chunk.start + form.before - chunk.origin)
    is_again = again > chunk.start and read_at(file, again, 4) == read_at(file, chunk.origin, 4)
    return again if is_again else size


def _find_chunks(file: BinaryIO, form: Form, head: bytes) -> Iterator[Samples]:
    """Yield the chunks of samples in a file, and in files of the same kind that are joined to it."""
    magic, origin, fields, position, large = head[:4], 0, 0, form.first, 0
    if form is _AU:
        yield Samples(0, 8, max(24, int.from_bytes(head[4:8], "big")), int.from_bytes(head[8:], "big"))
        return
    for _ in range(_MOST_CHUNKS):
        if position > sys.maxsize:
            return
        file.seek(position)
        head = file.read(len(form.samples) + form.width)
        if len(head) < len(form.samples) + form.width:
            return
        if head[:4] == magic:
            origin, fields, position = position, 0, position + form.first
            continue
        claimed, start = int.from_bytes(head[-form.width :], form.order) - form.counted, position + len(head)
        if head[:4] == b"ds64":  # has the lengths of an RF64 file, which may need more than 32 bits
            large = int.from_bytes(file.read(16)[8:], "little")
        if head.startswith(form.samples):
            claimed = large if claimed == 0xFFFFFFFF and magic != b"RIFF" and form is _WAV else claimed
            fields = fields or position
            yield Samples(origin, fields, start, claimed)
        position = start + max(0, claimed) + -claimed % form.padding


def _header(file: BinaryIO, form: Form, chunk: Samples, length: int, name: str) -> bytes:
    """Return the header before a chunk of samples, with this length in it."""
    head = read_at(file, chunk.origin, min(chunk.fields - chunk.origin, _LONGEST_HEAD))
    if form is _AU:
        return head + min(length, 0xFFFFFFFF).to_bytes(4, "big") + file.read(min(chunk.start - 8, _LONGEST_HEAD))[4:]
    if form is _WAV:
        fields = head[12:]
        if fields.startswith(b"ds64"):
            fields = fields[8 + int.from_bytes(fields[4:8], "little") :]
        if length >= 2**32 - _LONGEST_HEAD:  # too long for the RIFF of a WAV file, but not for RF64
            sizes = (length + _LONGEST_HEAD).to_bytes(8, "little") + length.to_bytes(8, "little") + bytes(12)
            large = b"\xff" * 4
            return b"RF64" + large + b"WAVEds64" + len(sizes).to_bytes(4, "little") + sizes + fields + b"data" + large
        head = b"RIFF" + (length + len(fields) + 12).to_bytes(4, "little") + b"WAVE" + fields
    if length + form.counted >= 256**form.width:
        raise audio_error(name, "more than 4 GB of samples, too many for its header to count")
    return head + form.samples + (length + form.counted).to_bytes(form.width, form.order)


def _flac_part(file: BinaryIO, start: int, stop: int) -> tuple[Part, int]:
    """Return a FLAC recording without the number of samples in its header, where libsndfile would stop, and this."""
    head = read_at(file, start, 26)
    n_samples = (head[21] & 0x0F) << 32 | int.from_bytes(head[22:], "big")
    return Part(file, start + 26, stop, head[:21] + bytes([head[21] & 0xF0, 0, 0, 0, 0])), n_samples


def _check_number(starts: Collection[int], name: str) -> None:
    if len(starts) > _MOST_JOINED:
        raise audio_error(name, f"more than {_MOST_JOINED} recordings in one file")


def _find_flac(file: BinaryIO, name: str) -> list[int]:
    """Return where the FLAC recordings begin that are joined in a file."""
    starts, position, text = {0}, 0, b""
    while piece := read_at(file, position, _PIECE):
        position, text = position + len(piece), text[-25:] + piece  # a header may lie across two pieces
        starts.update(position - len(text) + match.start() for match in _FLAC.finditer(text))
        _check_number(starts, name)
    return sorted(starts)


def _find_ogg(file: BinaryIO, size: int, name: str, notes: list[str]) -> list[int]:
    """Return where the recordings begin that are joined in an Ogg file; add a note if the last page is missing."""
    starts: list[int] = []
    position = flags = 0
    is_begun = True
    while len(page := read_at(file, position, 282)) > 27 and page.startswith(b"OggS"):
        flags = page[5]
        if flags & 2 and is_begun:  # the first pages of several streams, such as sound and pictures, are together
            starts.append(position)
            _check_number(starts, name)
        is_begun = not flags & 2
        position += 27 + page[26] + sum(page[27 : 27 + page[26]])  # RFC 3533
    if position != size or not flags & 4:
        notes.append("it ends before an Ogg file does, so its end may be missing")
    return starts
