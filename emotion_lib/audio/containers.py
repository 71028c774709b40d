"""Find the recordings in a file, often one, by its content: what its header claims is only compared with the file."""

import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, BinaryIO, Literal, NamedTuple

from emotion_lib.audio.sources import NOTHING_LEFT, audio_error

PLACEHOLDER = 2_000_000_000
"""Bytes that a program claims when it writes into a pipe and does not know the length yet; some claim more, or 0."""

_A_FEW = 64  # bytes by which careless programs miscount
_MOST_CHUNKS = 1000  # a crafted file could hold millions of empty chunks, or of recordings
_LONGEST_HEAD = 2**20
_LONGEST_PAGE = 65_307
_PIECE = 2**20


class Part:
    """A recording in an open file: `head`, which replaces a header, and the file from `start` to `stop`.

    It is a file object for libsndfile, miniaudio and FFmpeg. It raises no exceptions, since C code cannot pass them on:
    an error of the disk ends the recording and is kept in `error_in_readcallback`, the name that miniaudio looks for.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int, head: bytes = b"") -> None:
        self._file, self._head = file, head
        self._offset = start - len(head)
        self._at = 0
        self.size = len(head) + stop - start
        self.n_samples = 0  # according to a header that was replaced
        self.error_in_readcallback: OSError | None = None
        if type(file) is io.BytesIO and file.getbuffer().nbytes == self.size and not head:  # a small file, quickly
            self.read, self.tell = file.read, file.tell  # type: ignore[assignment,method-assign]

    def seek(self, offset: int, whence: Any = os.SEEK_SET) -> int:
        """Move to a position, unless there is none, and return the current position."""
        position = (0, self.tell(), self.size)[getattr(whence, "value", whence)] + offset
        if 0 <= position < sys.maxsize:
            self._at = position
            if self._offset == 0:
                self._file.seek(position)
        return self.tell()

    def tell(self) -> int:
        """Return the current position."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end, or if the file cannot be read."""
        first, end = self._at, self.size if size < 0 else min(self.size, self._at + size)
        content = self._head[first:end]
        first += len(content)
        if first < end:
            try:
                self._file.seek(self._offset + first)
                content += self._file.read(end - first)
            except OSError as problem:
                self.error_in_readcallback = problem
                return b""
            except ValueError as problem:  # the file was closed
                self.error_in_readcallback = OSError(errno.EBADF, str(problem))
                return b""
        self._at += len(content)
        return content

    def check(self) -> None:
        """Raise the error of the disk that ended the recording, if there was one."""
        if self.error_in_readcallback is not None:
            raise self.error_in_readcallback


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
_FORMS = {
    b"RIFF....WAVE": _WAV,
    b"RF64....WAVE": _WAV,
    b"BW64....WAVE": _WAV,
    b"RIFX....WAVE": Form(12, b"data", 4, "big"),
    b"FORM....AIFF": _AIFF,
    b"FORM....AIFC": _AIFF,
    b"caff....desc": Form(8, b"data", 8, "big", before=4, padding=1),
    b"riff....\xa5\xd6\x28\xdb": Form(
        40, b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", 8, "little", counted=24, padding=8
    ),
}
_JOINED = {b"fLaC": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"), b"OggS": re.compile(rb"OggS\x00\x02")}
"""How a FLAC file and the first page of an Ogg stream begin; several of them in a file are recordings joined."""


class Samples(NamedTuple):
    """A chunk of samples: where its header begins and ends, where its samples begin, and the length that it claims."""

    origin: int
    fields: int
    start: int
    claimed: int


def find_parts(file: BinaryIO, name: str, notes: list[str]) -> list[Part]:
    """Return the recordings in a file: one, or several that were joined; add a note if an end is missing.

    Raises
    ------
    AudioError
        If the file is empty or has no samples, or much less than its header claims.
    """
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise audio_error(name, "an empty file (0 bytes)", NOTHING_LEFT)
    file.seek(0)
    head = file.read(12)
    form = _AU if head[:4] == b".snd" else _FORMS.get(head[:4] + b"...." + head[8:])
    if form:
        return _parts_of_chunks(file, form, size, name, notes)
    if head[:4] not in _JOINED:
        return [Part(file, 0, size)]
    starts = _find_joined(file, _JOINED[head[:4]])
    if len(starts) > _MOST_CHUNKS:
        raise audio_error(name, f"more than {_MOST_CHUNKS} recordings in one file")
    if head[:4] == b"OggS":
        return _ogg_parts(file, starts, size, notes)
    return [_flac_part(file, *ends) for ends in pairwise([*starts, size])] or [Part(file, 0, size)]


def _parts_of_chunks(file: BinaryIO, form: Form, size: int, name: str, notes: list[str]) -> list[Part]:
    """Return the chunks of samples as recordings, each with a header that has its true length."""
    found: list[tuple[Samples, int]] = []
    number = 0
    for number, chunk in enumerate(_find_samples(file, form), start=1):  # noqa: B007 (the last number is used)
        claimed, present = chunk.claimed, size - chunk.start
        stop = chunk.start + claimed
        is_empty = claimed <= form.before
        # A length of 0 is true if another chunk follows; else samples follow.
        if present <= form.before or (is_empty and _is_chunk(file, chunk.start + form.before)):
            continue
        missing = claimed - present
        if is_empty or claimed == 0xFFFFFFFF or (missing > 0 and claimed + form.counted >= PLACEHOLDER):
            stop = _end_of_stream(file, form, chunk, size)
            missing = 0 if claimed > 2 * present else missing
        elif missing >= _A_FEW:
            what = f"cut short: its header claims {claimed} bytes of samples, but the file holds {present}"
            raise audio_error(name, what)
        elif missing < 0:
            stop = _end_of_chunk(file, form, chunk, size, notes)
        if missing > 0:
            notes.append(f"{missing} byte{'s' * (missing > 1)} of samples fewer than its header claims")
        found.append((chunk, min(stop, size)))
        if stop > chunk.start + claimed:
            break
    if number and not found:
        raise audio_error(name, f"no samples ({size} bytes, only a header)", NOTHING_LEFT)
    file.seek(0)
    # libsndfile gets a file as it is where it can; it does not know RF64 under its newer name.
    if number == 0 or (number == 1 and found[0][1] == chunk.start + chunk.claimed and file.read(4) != b"BW64"):
        return [Part(file, 0, size)]
    return [Part(file, c.start, end, _header(file, form, c, end - c.start, name)) for c, end in found]


def _end_of_chunk(file: BinaryIO, form: Form, chunk: Samples, size: int, notes: list[str]) -> int:
    """Return where samples end whose chunk ends before the file does: where another chunk begins."""
    stop = chunk.start + chunk.claimed
    if form is _WAV:  # its length counts up to 4 GB, and then from 0 again
        stop += (size - stop) >> 32 << 32
    if size - stop < _A_FEW or _is_chunk(file, stop + -chunk.claimed % form.padding):
        return stop
    notes.append(f"the file goes on for {size - stop} bytes after the end that its header claims")
    return size


def _is_chunk(file: BinaryIO, position: int) -> bool:
    """Return whether a chunk begins at a position, or the file ends: the name of one is four printable characters."""
    file.seek(position)
    return all(32 <= byte < 127 for byte in file.read(4))


def _find_samples(file: BinaryIO, form: Form) -> Iterator[Samples]:
    """Yield the chunks of samples in a file, and in files of the same kind that are joined to it."""
    file.seek(0)
    head = file.read(12)
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
            fields = fields or position  # a second chunk of samples has the header of the first
            yield Samples(origin, fields, start, claimed)
        position = start + max(0, claimed) + -claimed % form.padding


def _end_of_stream(file: BinaryIO, form: Form, chunk: Samples, size: int) -> int:
    """Return where the samples of a stream end: at the end of the file, or before its header if that comes again.

    libsndfile, and sox with it, writes its header twice before the samples into a pipe, and once after them.
    """
    again = size - (chunk.start + form.before - chunk.origin)
    file.seek(chunk.origin)
    magic = file.read(4)
    file.seek(max(again, chunk.start))
    return again if again > chunk.start and file.read(4) == magic else size


def _header(file: BinaryIO, form: Form, chunk: Samples, length: int, name: str) -> bytes:
    """Return the header before a chunk of samples, with this length in it."""
    file.seek(chunk.origin)
    head = file.read(min(chunk.fields - chunk.origin, _LONGEST_HEAD))
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


def _find_joined(file: BinaryIO, mark: re.Pattern[bytes]) -> list[int]:
    """Return the positions of a mark of at most 8 bytes in a file."""
    found: set[int] = set()
    position, text = 0, b""
    file.seek(0)
    while len(found) <= _MOST_CHUNKS and (piece := file.read(_PIECE)):
        text = text[-7:] + piece  # a mark may lie across two pieces
        position += len(piece)
        found.update(position - len(text) + match.start() for match in mark.finditer(text))
    return sorted(found)[: _MOST_CHUNKS + 1]


def _flac_part(file: BinaryIO, start: int, stop: int) -> Part:
    """Return a FLAC recording without the number of samples in its header, where libsndfile would stop."""
    file.seek(start)
    head = file.read(26)
    if len(head) < 26:
        return Part(file, start, stop)
    part = Part(file, start + len(head), stop, head[:21] + bytes([head[21] & 0xF0, 0, 0, 0, 0]))
    part.n_samples = (head[21] & 0x0F) << 32 | int.from_bytes(head[22:], "big")
    return part


def _ogg_parts(file: BinaryIO, marks: list[int], size: int, notes: list[str]) -> list[Part]:
    """Return the recordings of an Ogg file, each beginning with the first pages of its streams."""
    starts: list[int] = []
    follows = -1
    for position in marks:
        if position != follows:  # the first pages of several streams at once, such as sound and pictures, are together
            starts.append(position)
        file.seek(position)
        follows = position + _length_of_page(file.read(_LONGEST_PAGE))
    file.seek(max(0, size - _LONGEST_PAGE))
    _, _, page = file.read().rpartition(b"OggS")
    page = b"OggS" + page
    if len(page) < _length_of_page(page) or not page[5] & 4:
        notes.append("it ends before an Ogg file does, so its end may be missing")
    return [Part(file, *ends) for ends in pairwise([*starts, size])] or [Part(file, 0, size)]


def _length_of_page(page: bytes) -> int:
    """Return the length of an Ogg page (RFC 3533): a header of 27, up to 255 lengths, and the segments themselves."""
    return 27 + page[26] + sum(page[27 : 27 + page[26]]) if len(page) > 26 else _LONGEST_PAGE
