"""Decode an open file into blocks of samples; repair the headers of streams, and refuse files that are not audio."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
import soundfile as sf

from emotion_lib.audio.resampler import HIGHEST_RATE, averaged, check_samples
from emotion_lib.audio.sources import UNNAMED, Source, audio_error, open_source
from emotion_lib.errors import AudioError

_STREAMED_SIZES = {0, 0x7FFFF000, 0xFFFFFFFF}  # a program that writes into a pipe does not know the size yet
_MOST_BYTES = 0xFFFFFFFF
_MOST_CHUNKS = 1000  # a crafted file could hold millions of empty chunks
_LONGEST_PAGE = 65_307  # bytes of an Ogg page (RFC 3533): a header of 27, 255 lengths, 255 segments of 255


class DataChunk(NamedTuple):
    """The number of bytes of samples according to the header, and the position of the first byte."""

    size: int
    start: int


class SafeFile:
    """A file object for soundfile that raises no exceptions, since libsndfile's C code cannot pass them on.

    If a damaged header makes libsndfile seek outside the file, the position stays as it was. `patch` replaces some
    bytes of the file as they are read, which repairs a header without copying the recording.
    """

    def __init__(self, file: BinaryIO, size: int, *, patch: bytes = b"", patch_start: int = 0) -> None:
        self._file = file
        self.size = size
        self._patch = patch
        self._start = patch_start
        self.tell = file.tell
        self.problem: Exception | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, if it exists, and return the current position."""
        with suppress(OSError, ValueError, OverflowError):
            self._file.seek(offset, whence)
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; if the file cannot be read, return no bytes and keep the error in `problem`."""
        position = self._file.tell()
        try:
            content = self._file.read(size)
        except (OSError, ValueError) as problem:
            self.problem = problem
            return b""
        first = max(position, self._start)
        end = min(position + len(content), self._start + len(self._patch))
        if first >= end:
            return content
        patch = self._patch[first - self._start : end - self._start]
        return content[: first - position] + patch + content[end - position :]


def mended(file: BinaryIO, name: str) -> SafeFile:
    """Check the length in the header against the size of the file, and fill it in if it was left at 0."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise audio_error(name, "an empty file (0 bytes)")
    claimed, start = _data_chunk(file) or DataChunk(size, 0)
    present = size - start
    file.seek(start)
    # A length of 0 is true if another chunk follows, whose name is four printable characters; else samples follow.
    is_empty = claimed == 0 and all(32 <= byte < 127 for byte in file.read(4))
    if present <= 0 or is_empty:
        raise audio_error(name, f"no samples ({size} bytes, only a header)")
    if claimed > present and claimed not in _STREAMED_SIZES:
        raise audio_error(
            name, f"cut short: its header claims {claimed} bytes of samples, but the file holds {present}"
        )
    if claimed in _STREAMED_SIZES and present > _MOST_BYTES:
        cure = "save it as FLAC with the program that made it"
        raise audio_error(name, "more than 4 GB of samples, too many for its header to count", cure)
    if _ends_in_a_page(file, size):
        raise audio_error(name, "cut short: it ends in the middle of an Ogg page")
    patch = present.to_bytes(4, "little") if claimed == 0 else b""  # libsndfile would believe the 0
    file.seek(0)
    return SafeFile(file, size, patch=patch, patch_start=start - len(patch))


def _data_chunk(file: BinaryIO) -> DataChunk | None:
    """Find the samples in a WAV, RF64, AIFF or AU file by its header; return None for other formats."""
    file.seek(0)
    head = file.read(12)
    kind, form = head[:4], head[8:]
    if kind == b"RIFF" and form == b"WAVE":
        return _find_chunk(file, b"data", "little")
    if kind == b"RF64" and form == b"WAVE":
        return _rf64_data_chunk(file)
    if kind == b"FORM" and form in (b"AIFF", b"AIFC"):
        return _find_chunk(file, b"SSND", "big")
    if kind == b".snd" and len(form) == 4:
        return DataChunk(int.from_bytes(form, "big"), int.from_bytes(head[4:8], "big"))
    return None


def _find_chunk(file: BinaryIO, name: bytes, order: Literal["little", "big"]) -> DataChunk | None:
    """Return size and start of the next chunk with this name, searching from the current position of the file."""
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        size, start = int.from_bytes(head[4:], order), file.tell()
        if head[:4] == name:
            return DataChunk(size, start)
        file.seek(start + size + size % 2)  # chunks are padded to an even number of bytes
    return None


def _rf64_data_chunk(file: BinaryIO) -> DataChunk | None:
    """Find the samples in an RF64 file, which keeps sizes of more than 32 bits in a separate chunk."""
    sizes = _find_chunk(file, b"ds64", "little")
    if sizes is None:
        return None
    size = int.from_bytes(file.read(16)[8:], "little")
    file.seek(sizes.start + sizes.size)
    samples = _find_chunk(file, b"data", "little")
    return samples and (DataChunk(size, samples.start) if samples.size == 0xFFFFFFFF else samples)


def _ends_in_a_page(file: BinaryIO, size: int) -> bool:
    """Return whether an Ogg file ends before its last page does; libsndfile would drop that page silently."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    file.seek(max(0, size - _LONGEST_PAGE))
    _, _, page = file.read().rpartition(b"OggS")
    n_segments = page[22] if len(page) > 22 else 256  # more than any page has, so an incomplete header is a cut page
    return len(page) < 23 + n_segments + sum(page[23 : 23 + n_segments])


_CONVERT = "convert it first"  # `unreadable` replaces it with the command for this file
# Position and bytes of a signature, the format that it belongs to, and the cure. Formats that soundfile
# reads are listed too, because it refuses their damaged files.
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska", _CONVERT),
    (4, b"ftyp", "M4A or MP4", _CONVERT),
    (0, b"\x30\x26\xb2\x75", "WMA", _CONVERT),
    (0, b"#!AMR", "AMR", _CONVERT),
    (0, b"caff", "CAF, damaged or with an unknown codec", _CONVERT),
    (0, b"wvpk", "WavPack", _CONVERT),
    (0, b"MAC ", "Monkey's Audio", _CONVERT),
    (0, b"FLV", "Flash video", _CONVERT),
    (8, b"AVI ", "AVI", _CONVERT),
    (0, b"\xff\xf1", "AAC", _CONVERT),
    (0, b"\xff\xf9", "AAC", _CONVERT),
    (8, b"WAVE", "WAV with a damaged header or an unknown codec", _CONVERT),
    (0, b"FORM", "AIFF with a damaged header or an unknown codec", _CONVERT),
    (0, b"fLaC", "FLAC, damaged or cut short", "get a fresh copy"),
    (0, b"OggS", "Ogg, damaged or with an unknown codec", _CONVERT),
    (0, b"ID3", "MP3, damaged or cut short", "get a fresh copy"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x1f\x8b", "a gzip archive", "unpack it, and give the path of one recording in it"),
    (0, b"7z\xbc\xaf", "a 7z archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x89PNG", "a PNG picture", "give the path of a recording"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "give the path of a recording"),
    (0, b"%PDF", "a PDF document", "give the path of a recording"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "fetch the recording itself with `git lfs pull`"),
)


def unreadable(file: BinaryIO, name: str) -> AudioError:
    """Return the error for a file that soundfile cannot read, with the format that it seems to have and the cure."""
    file.seek(0)
    head = file.read(512)
    found = (each[2:] for each in _FOREIGN if head.startswith(each[1], each[0]))
    what, cure = next(found, None) or _by_its_characters(head)
    return audio_error(name, f"not audio that can be read ({what})", conversion(name) if cure == _CONVERT else cure)


def conversion(name: str) -> str:
    """Return the cure for a format that ffmpeg can read: the command that converts the file."""
    return f"convert it with `ffmpeg -i {'recording' if name == UNNAMED else shlex.quote(name)} converted.wav`"


def _by_its_characters(head: bytes) -> tuple[str, str]:
    """Return the format and the cure for content without a known signature."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page", "the download has failed: download the recording again"
    if not any(head):
        return "only zeros", "get a fresh copy"
    with suppress(UnicodeDecodeError):
        if all(each.isprintable() or each.isspace() for each in head.decode("utf-8")):
            return "text", "give the path of a recording"
    return "no known format", "convert it to WAV or FLAC, or get a fresh copy"


_BLOCK = 2**20  # samples decoded at a time, over all channels
_UNKNOWN_LENGTH = 2**62  # libsndfile reports 2**63 - 1 for a file without a length
_SAMPLES_PER_BYTE = 8192  # silence in FLAC takes the least: 12 bytes for 65 535 samples
_FORMATS = {"AIFF", "AU", "CAF", "FLAC", "MP3", "NIST", "OGG", "RF64", "W64", "WAV", "WAVEX"}
_EXACT_SEEK = {"WAV", "WAVEX", "RF64", "AIFF"}  # uncompressed: the number of a sample gives its position


class _Straight(sf.SoundFile):  # type: ignore[misc]
    """A sound file that is read from start to end without seeking.

    If a file is seekable, soundfile seeks after every block, which loses samples in MP3 and is slow in damaged FLAC.
    """

    def seekable(self) -> bool:
        return False


class OpenRecording(NamedTuple):
    """An open recording whose header has been read.

    Attributes
    ----------
    name : str
        Its name in error messages.
    file : SafeFile
        Its content.
    sound : soundfile.SoundFile
        Its decoder.
    rate : int
        Its sampling rate in Hz.
    n_samples : int or None
        Number of samples according to its header; None if the header has no length (FLAC through a pipe).
    bounded : bool
        Whether its samples are integers, which can be neither NaN nor beyond full scale.
    """

    name: str
    file: SafeFile
    sound: _Straight
    rate: int
    n_samples: int | None
    bounded: bool


@contextmanager
def recording(source: Source, name: str, *, whole: bool = False) -> Iterator[OpenRecording]:
    """Open a recording and check its header; set `whole` if it will be read to its end."""
    with open_source(source, name, whole=whole) as file:
        safe = mended(file, name)
        try:
            sound = _Straight(safe)
        except sf.LibsndfileError as problem:
            raise unreadable(file, name) from problem
        with sound:
            if sound.format not in _FORMATS:
                raise audio_error(name, f"not audio that can be read ({sound.format_info})", conversion(name))
            if sound.samplerate > HIGHEST_RATE:
                raise audio_error(name, f"a sampling rate of {sound.samplerate} Hz, expected 1 to {HIGHEST_RATE}")
            n_samples = sound.frames if sound.frames < _UNKNOWN_LENGTH else None
            if n_samples == 0:
                raise audio_error(name, "no samples")
            if n_samples is not None and n_samples > safe.size * _SAMPLES_PER_BYTE:
                claim = f"its header claims {n_samples} samples, but the file has {safe.size} bytes"
                raise audio_error(name, f"cut short: {claim}")
            yield OpenRecording(name, safe, sound, sound.samplerate, n_samples, sound.subtype.startswith("PCM"))


def decoded(
    found: OpenRecording, *, offset: float = 0.0, duration: float | None = None, growth: float = 1.0
) -> Iterator[np.ndarray]:
    """Yield a part of a recording as mono float32 blocks, of at most `_BLOCK` samples after resampling by `growth`.

    The part is decoded block by block, so that a damaged header that claims too many samples cannot fill the memory.
    """
    length = max(1, int(_BLOCK / max(found.sound.channels, growth)))
    wanted = _move_to(found, offset, duration, length)
    n_read = 0
    while wanted is None or n_read < wanted:
        block = _next_block(found, length if wanted is None else min(length, wanted - n_read))
        if len(block) == 0:
            break
        n_read += len(block)
        mono = averaged(block)
        yield mono if found.bounded else check_samples(mono, found.name)
    if found.n_samples is not None and wanted is not None and n_read < wanted:
        raise audio_error(found.name, f"cut short: its header claims {wanted} samples, but the file holds {n_read}")
    if n_read == 0:
        raise audio_error(found.name, "no samples after the offset", "choose a smaller offset")


def _move_to(found: OpenRecording, offset: float, duration: float | None, length: int) -> int | None:
    """Move to an offset, and return the number of samples to read; None means up to the end, wherever it is."""
    first = int(offset * found.rate)
    wanted = None if duration is None else max(1, int(duration * found.rate))
    if found.n_samples is not None:
        left = found.n_samples - first
        if left <= 0:
            cure = f"choose an offset below its {found.n_samples / found.rate:.3f} s"
            raise audio_error(found.name, f"offset={offset} s is past its end", cure)
        wanted = left if wanted is None else min(left, wanted)
    # Seek where libsndfile does so exactly and quickly, or else read up to the first sample.
    if found.sound.format in _EXACT_SEEK and found.sound.subtype.startswith(("PCM", "FLOAT")):
        found.sound.seek(first)
        return wanted
    while first > 0 and (n := len(_next_block(found, min(length, first)))):
        first -= n
    return wanted


def _next_block(found: OpenRecording, length: int) -> np.ndarray:
    """Return the next samples, of shape (n_samples, n_channels), or an empty array at the end."""
    try:
        block: np.ndarray = found.sound.read(length, dtype="float32", always_2d=True)
    except sf.LibsndfileError as problem:
        raise audio_error(found.name, "damaged or cut short") from problem
    if found.file.problem is not None:
        why = getattr(found.file.problem, "strerror", None) or found.file.problem
        raise audio_error(found.name, f"cannot be read to its end ({why})", "try again, or copy it to another disk")
    return block
