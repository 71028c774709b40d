"""From an open file to blocks of samples: mend the headers of streams, decode, and refuse what is no audio."""

import os
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
import soundfile as sf

from emotion_lib.audio.resampler import HIGHEST_RATE, averaged, check_samples
from emotion_lib.audio.sources import UNNAMED, Source, audio_error, open_source
from emotion_lib.errors import AudioError

_STREAMED_SIZES = {0, 0x7FFFF000, 0xFFFFFFFF}
_MOST_BYTES = 0xFFFFFFFF
_MOST_CHUNKS = 1000
_LONGEST_PAGE = 65_307


class DataChunk(NamedTuple):
    """How many bytes of samples a header claims, and where they start."""

    size: int
    start: int


class SafeFile:
    """A file for soundfile: without a name, and without exceptions, which its C code could not pass on.

    A damaged header that sends soundfile out of the file leaves it where it is; four bytes can be read as others,
    which mends a header without a copy of the recording.
    """

    def __init__(self, file: BinaryIO, size: int, *, patch: bytes = b"", patch_start: int = 0) -> None:
        self._file = file
        self.size = size
        self._patch = patch
        self._start = patch_start
        self.tell = file.tell
        self.problem: Exception | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, if there is such a one, and return where the file is."""
        with suppress(OSError, ValueError, OverflowError):
            self._file.seek(offset, whence)
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none where the file cannot be read, and keep why."""
        position = self._file.tell()
        try:
            content = self._file.read(size)
        except (OSError, ValueError) as problem:
            self.problem = problem
            return b""
        return self._patched(content, position)

    def _patched(self, content: bytes, position: int) -> bytes:
        """Return the bytes that stand at `position`, those of the patch in the place of the file's."""
        first = max(position, self._start)
        end = min(position + len(content), self._start + len(self._patch))
        if first >= end:
            return content
        patch = self._patch[first - self._start : end - self._start]
        return content[: first - position] + patch + content[end - position :]


def mended(file: BinaryIO, name: str) -> SafeFile:
    """Return the file, its header checked against its size, and filled in where a pipe left it at 0."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise audio_error(name, "an empty file (0 bytes)")
    claim = _data_chunk(file)
    claimed, start = claim or DataChunk(size, 0)
    present = size - start
    if present <= 0 or (claimed == 0 and _is_chunk(file, start)):
        raise audio_error(name, f"no samples ({size} bytes, a header alone)")
    if claimed > present and claimed not in _STREAMED_SIZES:
        raise audio_error(name, f"cut short: its header claims {claimed} bytes of samples, the file holds {present}")
    if claimed in _STREAMED_SIZES and present > _MOST_BYTES:
        raise audio_error(name, "longer than the 4 GB that its header can tell", "convert it to FLAC where it was made")
    if _ends_in_a_page(file, size):
        raise audio_error(name, "cut short: it ends in the middle of a page")
    patch = present.to_bytes(4, "little") if claimed == 0 else b""
    file.seek(0)
    return SafeFile(file, size, patch=patch, patch_start=start - len(patch))


def _data_chunk(file: BinaryIO) -> DataChunk | None:
    """Return what the header of a WAV, RF64, AIFF or AU file claims; None for other formats."""
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
    """Return the claimed size and the start of the first chunk of this name at or after the file's position."""
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        size, start = int.from_bytes(head[4:], order), file.tell()
        if head[:4] == name:
            return DataChunk(size, start)
        file.seek(start + size + size % 2)
    return None


def _rf64_data_chunk(file: BinaryIO) -> DataChunk | None:
    """Return what an RF64 header claims: its sizes stand in a chunk of their own."""
    sizes = _find_chunk(file, b"ds64", "little")
    if sizes is None:
        return None
    size = int.from_bytes(file.read(16)[8:], "little")
    file.seek(sizes.start + sizes.size)
    samples = _find_chunk(file, b"data", "little")
    return samples and (DataChunk(size, samples.start) if samples.size == 0xFFFFFFFF else samples)


def _is_chunk(file: BinaryIO, start: int) -> bool:
    """Return whether a chunk's name, four printable characters, stands at `start`."""
    file.seek(start)
    return all(32 <= byte < 127 for byte in file.read(4))


def _ends_in_a_page(file: BinaryIO, size: int) -> bool:
    """Return whether an Ogg file is over before its last page is."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    file.seek(max(0, size - _LONGEST_PAGE))
    _, _, page = file.read().rpartition(b"OggS")
    n_segments = page[22] if len(page) > 22 else 256
    return len(page) < 23 + n_segments + sum(page[23 : 23 + n_segments])


_PAGE = ("a web page", "it is what a failed download leaves: download the recording again")
_CONVERT = "convert it first"
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska", _CONVERT),
    (4, b"ftyp", "M4A or MP4", _CONVERT),
    (0, b"\x30\x26\xb2\x75", "WMA", _CONVERT),
    (0, b"#!AMR", "AMR", _CONVERT),
    (0, b"caff", "CAF, damaged or of an unknown codec", _CONVERT),
    (0, b"wvpk", "WavPack", _CONVERT),
    (0, b"MAC ", "Monkey's Audio", _CONVERT),
    (0, b"FLV", "Flash video", _CONVERT),
    (8, b"AVI ", "AVI", _CONVERT),
    (0, b"\xff\xf1", "AAC", _CONVERT),
    (0, b"\xff\xf9", "AAC", _CONVERT),
    (8, b"WAVE", "WAV, its header damaged or its codec unknown", _CONVERT),
    (0, b"FORM", "AIFF, its header damaged or its codec unknown", _CONVERT),
    (0, b"fLaC", "FLAC, damaged or cut short", "bring a fresh copy"),
    (0, b"OggS", "Ogg, damaged or of an unknown codec", _CONVERT),
    (0, b"ID3", "MP3, damaged or cut short", "bring a fresh copy"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x1f\x8b", "a gzip archive", "unpack it, and give the path of one recording in it"),
    (0, b"7z\xbc\xaf", "a 7z archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x89PNG", "a PNG picture", "give the path of a recording"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "give the path of a recording"),
    (0, b"%PDF", "a PDF document", "give the path of a recording"),
    (0, b"version https://git-lfs", "a pointer of Git LFS", "fetch what it stands for with `git lfs pull`"),
)


def unreadable(file: BinaryIO, name: str) -> AudioError:
    """Return the error for content that soundfile does not read: what it looks like, and what to do."""
    file.seek(0)
    head = file.read(512)
    found = (each[2:] for each in _FOREIGN if head.startswith(each[1], each[0]))
    what, cure = next(found, None) or _by_its_characters(head)
    return audio_error(name, f"not audio that can be read ({what})", conversion(name) if cure == _CONVERT else cure)


def conversion(name: str) -> str:
    """Return the cure for a format that others can read."""
    return f"convert it with `ffmpeg -i {'recording' if name == UNNAMED else shlex.quote(name)} converted.wav`"


def _by_its_characters(head: bytes) -> tuple[str, str]:
    """Return what content without a signature looks like, and what to do."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return _PAGE
    if not any(head):
        return "nothing but zeros", "bring a fresh copy"
    with suppress(UnicodeDecodeError):
        if all(each.isprintable() or each.isspace() for each in head.decode("utf-8")):
            return "text", "give the path of a recording"
    return "no known format", "convert it to WAV or FLAC, or bring a fresh copy"


_BLOCK = 2**20
_UNKNOWN_LENGTH = 2**62
_SAMPLES_PER_BYTE = 8192  # silence in FLAC takes the least: 12 bytes for 65 535 samples
_FORMATS = {"AIFF", "AU", "CAF", "FLAC", "MP3", "NIST", "OGG", "RF64", "W64", "WAV", "WAVEX"}
_EXACT_SEEK = {"WAV", "WAVEX", "RF64", "AIFF"}


class _Straight(sf.SoundFile):  # type: ignore[misc]
    """A sound file that is read straight through.

    Otherwise soundfile seeks after every block, which in MP3 loses samples, and in a damaged FLAC takes long.
    """

    def seekable(self) -> bool:
        return False


class OpenRecording(NamedTuple):
    """A recording that is open, its header read."""

    name: str
    file: SafeFile
    sound: _Straight

    @property
    def rate(self) -> int:
        """Its sampling rate in Hz."""
        return int(self.sound.samplerate)

    @property
    def bounded(self) -> bool:
        """Whether its samples are integers, which cannot be beyond full scale, or be no number."""
        return str(self.sound.subtype).startswith("PCM")

    @property
    def n_samples(self) -> int | None:
        """How many samples its header claims; None where it does not say (FLAC through a pipe)."""
        return int(self.sound.frames) if self.sound.frames < _UNKNOWN_LENGTH else None


@contextmanager
def recording(source: Source, name: str, *, whole: bool = False) -> Iterator[OpenRecording]:
    """Give a recording whose header is sound; `whole` where it will be read to its end."""
    with open_source(source, name, whole=whole) as file:
        safe = mended(file, name)
        try:
            sound = _Straight(safe)
        except sf.LibsndfileError as problem:
            raise unreadable(file, name) from problem
        with closing(sound):
            found = OpenRecording(name, safe, sound)
            _check_header(found)
            yield found


def _check_header(found: OpenRecording) -> None:
    """Raise an `AudioError` for a format that is not for speech, and a rate or a length that no recording has."""
    if found.sound.format not in _FORMATS:
        raise audio_error(found.name, f"not audio that can be read ({found.sound.format_info})", conversion(found.name))
    if found.rate > HIGHEST_RATE:
        raise audio_error(found.name, f"a sampling rate of {found.rate} Hz, expected 1 to {HIGHEST_RATE}")
    if found.n_samples == 0:
        raise audio_error(found.name, "no samples")
    if found.n_samples is not None and found.n_samples > found.file.size * _SAMPLES_PER_BYTE:
        claim = f"its header claims {found.n_samples} samples, the file has {found.file.size} bytes"
        raise audio_error(found.name, f"cut short: {claim}")


def decoded(
    found: OpenRecording, *, offset: float = 0.0, duration: float | None = None, growth: float = 1.0
) -> Iterator[np.ndarray]:
    """Yield the asked part as mono float32 blocks, which have `_BLOCK` samples even when they grow by `growth`."""
    length = max(1, int(_BLOCK / max(found.sound.channels, growth)))
    first, wanted = _span(found, offset, duration)
    _skip(found, first, length)
    yield from _blocks(found, wanted, length)


def _span(found: OpenRecording, offset: float, duration: float | None) -> tuple[int, int | None]:
    """Return the first sample and the number of samples that are asked for; None for all where it is not known."""
    first = int(offset * found.rate)
    wanted = None if duration is None else max(1, int(duration * found.rate))
    if found.n_samples is None:
        return first, wanted
    if first >= found.n_samples:
        raise _past_the_end(found, offset, found.n_samples)
    left = found.n_samples - first
    return first, left if wanted is None else min(left, wanted)


def _past_the_end(found: OpenRecording, offset: float, n_samples: int) -> AudioError:
    seconds = n_samples / found.rate
    return audio_error(found.name, f"offset={offset} s is past its end", f"choose an offset below its {seconds:.3f} s")


def _skip(found: OpenRecording, first: int, length: int) -> None:
    """Go to sample `first`: by reading, where a seek of libsndfile is not exact or can take long."""
    if found.sound.format in _EXACT_SEEK and found.sound.subtype.startswith(("PCM", "FLOAT")):
        found.sound.seek(first)
        return
    n_skipped = 0
    while n_skipped < first and (n := len(_next_block(found, min(length, first - n_skipped)))):
        n_skipped += n


def _blocks(found: OpenRecording, wanted: int | None, length: int) -> Iterator[np.ndarray]:
    """Yield mono blocks of up to `length` samples, `wanted` in all: a header's claim alone must not claim memory."""
    n_read = 0
    while wanted is None or n_read < wanted:
        block = _next_block(found, length if wanted is None else min(length, wanted - n_read))
        if len(block) == 0:
            break
        n_read += len(block)
        mono = averaged(block)
        yield mono if found.bounded else check_samples(mono, found.name)
    if found.n_samples is not None and wanted is not None and n_read < wanted:
        raise audio_error(found.name, f"cut short: its header claims {wanted} samples, the file holds {n_read}")
    if n_read == 0:
        raise audio_error(found.name, "no samples from the offset on", "choose a smaller offset")


def _next_block(found: OpenRecording, length: int) -> np.ndarray:
    """Return the next samples, (n_samples, n_channels); none at the end."""
    try:
        block: np.ndarray = found.sound.read(length, dtype="float32", always_2d=True)
    except sf.LibsndfileError as problem:
        raise audio_error(found.name, "damaged, or cut short") from problem
    if found.file.problem is not None:
        why = getattr(found.file.problem, "strerror", None) or found.file.problem
        raise audio_error(found.name, f"cannot be read to its end ({why})", "try again, or copy it to another disk")
    return block
