"""Malformed and odd recordings, one a line: what it is called, how it is made, and what comes of it.

`CASES` is the documentation of what the library does with a bad input, and other tests use it too:
`case.source(folder)` gives what `audio.read` is called with, `case.make` makes it, and `case.comes` is a `Heard` (how
long, at which rate, how loud) or the whole sentence of the error.
"""

import io
import json
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile as sf

RATE = 16_000
TONE = (0.5 * np.sin(2 * np.pi * 500 * np.arange(RATE // 2) / RATE)).astype(np.float32)
"""Half a second of 500 Hz, which peaks at 0.5."""

THREE_HOURS = 3 * 3600

Make = Callable[[Path], Any]


class Heard(NamedTuple):
    """What is read: length in seconds, rate in Hz, and the largest sample."""

    seconds: float
    rate: int = RATE
    peak: float = 0.5


class Case(NamedTuple):
    """One input: its name, what makes it in a folder and returns the source, and what comes of reading it."""

    id: str
    make: Make
    comes: Heard | str

    @contextmanager
    def source(self, folder: Path) -> Iterator[Any]:
        """Give what `make` makes, and close it if it is an open file."""
        made = self.make(folder)
        yield made
        if isinstance(made, io.IOBase):
            made.close()

    def is_said_by(self, error: Exception, folder: Path) -> bool:
        """Return whether an error is the sentence of this case; commands in it have the path of the recording."""
        return str(error).replace(os.path.join(folder, ""), "") == self.comes


def encoded(y: np.ndarray = TONE, *, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    """Return the bytes of a recording."""
    file = io.BytesIO()
    sf.write(file, y, rate, format=kind, subtype=subtype)
    return file.getvalue()


def patched(content: bytes, position: int, number: int, size: int = 4) -> bytes:
    """Return the bytes with a little-endian number written over them."""
    return content[:position] + number.to_bytes(size, "little") + content[position + size :]


def chunk(name: bytes, size: int = 4) -> bytes:
    """Return a chunk of a WAV file with nothing of interest in it."""
    return name + size.to_bytes(4, "little") + bytes(size)


WAV = encoded()
HEADER = 44
FLAC = encoded(kind="FLAC")
OPEN_FLAC = FLAC[:21] + bytes([FLAC[21] & 0xF0]) + bytes(4) + FLAC[26:]
"""As a FLAC encoder writes it into a pipe: the number of samples is 0, for unknown."""


def file(content: bytes, name: str = "recording.wav") -> Make:
    """Return what writes these bytes to a file."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def wav(y: np.ndarray = TONE, *, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> Make:
    """Return what writes this waveform to `recording.wav`, of whatever kind."""
    return file(encoded(y, rate=rate, kind=kind, subtype=subtype))


def given(source: object) -> Make:
    """Return what gives the source as it is."""
    return lambda folder: source


def path(name: str) -> Make:
    """Return what gives a path in the folder at which there is nothing."""
    return lambda folder: folder / name


def device(name: str) -> Make:
    """Return what gives a device of this machine."""

    def make(folder: Path) -> str:
        return name if os.path.exists(name) else pytest.skip(f"no {name} here")

    return make


def named_pipe(folder: Path) -> Path:
    """Make a named pipe into which nobody writes."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(folder / "recording.wav")
    return folder / "recording.wav"


def pipe(content: bytes = WAV) -> int:
    """Return the reading end of a pipe with a recording in it."""
    reading, writing = os.pipe()
    with open(writing, "wb") as end:
        end.write(content)
    return reading


def link(target: str) -> Make:
    """Return what makes a symbolic link."""

    def make(folder: Path) -> Path:
        (folder / "recording.wav").symlink_to(folder / target)
        return folder / "recording.wav"

    return make


def sub_folder(folder: Path) -> Path:
    """Make a folder that is named as a recording."""
    (folder / "recording.wav").mkdir()
    return folder / "recording.wav"


def opened(mode: str, *, close: bool = False) -> Make:
    """Return what opens a recording, and closes it again if asked to."""

    def make(folder: Path) -> Any:
        made = open(file(WAV)(folder), mode)  # noqa: SIM115 (the test that gets it reads it)
        if close:
            made.close()
        return made

    return make


def sparse(claimed: int, size: int) -> Make:
    """Return what writes a WAV file of silence that takes no place on the disk."""

    def make(folder: Path) -> Path:
        made: Path = file(patched(WAV[:HEADER], HEADER - 4, claimed))(folder)
        os.truncate(made, HEADER + size)
        return made

    return make


SPARSE_SILENCE = sparse(THREE_HOURS * RATE * 2, THREE_HOURS * RATE * 2)


def flac_silence(folder: Path) -> Path:
    """Write three hours of silence as FLAC, at 8 kHz."""
    with sf.SoundFile(folder / "recording.wav", "w", 8000, 1, format="FLAC") as sound:
        for _ in range(THREE_HOURS // 600):
            sound.write(np.zeros(600 * 8000, dtype=np.int16))
    return folder / "recording.wav"


CONVERT = "convert it with `ffmpeg -i recording.wav converted.wav`"
KEEP = "keep what is there of it with `ffmpeg -i recording.wav converted.wav`"
NOTHING = "copy it again from where it was recorded, or leave it out"
PROGRAM = "check the program that made it"
IT_IS_NOT = "give the path of a recording"
PATH = "check the path"
OPEN_IT = 'open it with open(path, "rb")'
NOT_A_SOURCE = "must be a path, bytes or a file opened in binary mode"
BROKEN_WAV = "WAV with a damaged header or an unknown codec"
NOT_FINITE = "not finite (NaN or infinite samples)"
FULL_SCALE = "divide its samples by their full scale"
NO_LENGTH = "an empty file (0 bytes)"
DEVICE_CURE = "record from it to a file first, or give the path of a recording"
PIPE_CURE = "pipe its content in: `emotion-lib predict - < THE_PIPE`"


def no(what: str, cure: str = KEEP, name: str = "recording.wav") -> str:
    """Return the sentence of an error."""
    return f"{name}: {what}; {cure}"


def cut_short(claimed: int, size: int) -> str:
    """Return the sentence for a file with less in it than its header says."""
    return no(f"cut short: its header claims {claimed} bytes of samples, but the file holds {size}")


def not_audio(what: str, cure: str = CONVERT, name: str = "recording.wav") -> str:
    """Return the sentence for a file of another kind."""
    return no(f"not audio that can be read ({what})", cure, name)


CASES = (
    # Whole and odd: it is read
    Case("8-bit", wav(subtype="PCM_U8"), Heard(0.5)),
    Case("24-bit", wav(subtype="PCM_24"), Heard(0.5)),
    Case("32-bit integers", wav(subtype="PCM_32"), Heard(0.5)),
    Case("32-bit floats", wav(subtype="FLOAT"), Heard(0.5)),
    Case("64-bit floats", wav(subtype="DOUBLE"), Heard(0.5)),
    Case("8 channels", wav(np.tile(TONE[:, None], 8)), Heard(0.5)),
    Case("2 channels that cancel", wav(np.stack([TONE, -TONE], 1), subtype="FLOAT"), Heard(0.5)),
    Case("8 kHz", wav(rate=8000), Heard(1.0, 8000)),
    Case("192 kHz", wav(rate=192_000), Heard(8000 / 192_000, 192_000)),
    Case("1 Hz", wav(TONE[:40], rate=1), Heard(40.0, 1)),
    Case("5 ms", wav(TONE[:80]), Heard(0.005)),
    Case("1 sample", wav(TONE[8:9]), Heard(1 / RATE)),
    Case("direct current", wav(np.full(8000, 0.25)), Heard(0.5, peak=0.25)),
    Case("silence", wav(np.zeros(8000)), Heard(0.5, peak=0.0)),
    Case("beyond full scale", wav(3 * TONE, subtype="FLOAT"), Heard(0.5, peak=1.0)),
    Case("3 hours in a WAV", SPARSE_SILENCE, Heard(THREE_HOURS, peak=0.0)),
    Case("3 hours in a FLAC", flac_silence, Heard(THREE_HOURS, 8000, peak=0.0)),
    # Other formats, all named .wav
    Case("AIFF", wav(kind="AIFF"), Heard(0.5)),
    Case("FLAC", wav(kind="FLAC"), Heard(0.5)),
    Case("FLAC from a pipe", file(OPEN_FLAC), Heard(0.5)),
    Case("MP3", wav(kind="MP3"), Heard(0.5)),
    Case("Vorbis in Ogg", wav(kind="OGG"), Heard(0.5)),
    Case("Opus in Ogg", wav(kind="OGG", subtype="OPUS"), Heard(0.5, peak=0.65)),
    Case("RF64", wav(kind="RF64"), Heard(0.5)),
    Case("extensible WAV", wav(kind="WAVEX"), Heard(0.5)),
    Case("W64", wav(kind="W64"), Heard(0.5)),
    Case("AU", wav(kind="AU"), Heard(0.5)),
    Case("CAF", wav(kind="CAF"), Heard(0.5)),
    Case("NIST SPHERE", wav(kind="NIST"), Heard(0.5)),
    Case("mu-law", wav(subtype="ULAW"), Heard(0.5)),
    Case("A-law", wav(subtype="ALAW"), Heard(0.5)),
    Case("IMA ADPCM", wav(np.tile(TONE, 2), subtype="IMA_ADPCM"), Heard(16_272 / RATE)),
    Case("Microsoft ADPCM", wav(np.tile(TONE, 2), subtype="MS_ADPCM"), Heard(16_192 / RATE)),
    Case("GSM 6.10", wav(subtype="GSM610"), Heard(0.52, peak=0.83)),
    # Odd headers
    Case("an odd number of bytes", file(patched(WAV, HEADER - 4, 16_001) + bytes(2)), Heard(0.5)),
    Case("a byte too many", file(WAV + b"\0"), Heard(0.5)),
    Case("PAD before", file(WAV[:36] + chunk(b"PAD ") + WAV[36:]), Heard(0.5)),
    Case("FLLR before", file(WAV[:36] + chunk(b"FLLR", 4044) + WAV[36:]), Heard(0.5)),
    Case("LIST after", file(WAV + chunk(b"LIST", 26)), Heard(0.5)),
    Case("a length of 0", file(patched(WAV, HEADER - 4, 0)), Heard(0.5)),
    Case("a length of 0x7FFFF000", file(patched(WAV, HEADER - 4, 0x7FFFF000)), Heard(0.5)),
    Case("a length of 0xFFFFFFFF", file(patched(WAV, HEADER - 4, 0xFFFFFFFF)), Heard(0.5)),
    Case("a length of 4 GB", file(patched(WAV, HEADER - 4, 4 * 10**9)), Heard(0.5)),
    Case("a rate of 0", file(patched(WAV, 24, 0)), not_audio(BROKEN_WAV)),
    Case("a rate of 1 MHz", file(patched(WAV, 24, 10**6)), no("a sampling rate of 1000000 Hz, expected 1 to 768000")),
    Case("a rate of 4 GHz", file(patched(WAV, 24, 4 * 10**9)), not_audio(BROKEN_WAV)),
    Case("0 channels", file(patched(WAV, 22, 0, 2)), not_audio(BROKEN_WAV)),
    Case("65535 channels", file(patched(WAV, 22, 65_535, 2)), not_audio(BROKEN_WAV)),
    Case("0 bits", file(patched(WAV, 34, 0, 2)), not_audio(BROKEN_WAV)),
    Case("MP3 in WAV", file(patched(WAV, 20, 0x55, 2)), not_audio(BROKEN_WAV)),
    Case("an unknown codec", file(patched(WAV, 20, 0x4321, 2)), not_audio(BROKEN_WAV)),
    Case("100 000 empty chunks", file(WAV[:36] + chunk(b"junk", 0) * 100_000), not_audio(BROKEN_WAV)),
    # Damaged
    Case("an empty file", file(b""), no(NO_LENGTH, NOTHING)),
    Case("a header alone", file(WAV[:HEADER]), no("no samples (44 bytes, only a header)", NOTHING)),
    Case("an open header alone", file(patched(WAV[:HEADER], HEADER - 4, 0xFFFFFFFF)),
         no("no samples (44 bytes, only a header)", NOTHING)),
    Case("metadata alone", file(encoded(TONE[:0]) + chunk(b"LIST")),
         no("no samples (56 bytes, only a header)", NOTHING)),
    Case("a header cut short", file(WAV[:30]), not_audio(BROKEN_WAV)),
    Case("a WAV cut short", file(WAV[:-8000]), cut_short(16000, 8000)),
    Case("an AIFF cut short", file(encoded(kind="AIFF")[:-8000]), cut_short(16008, 8008)),
    Case("an RF64 cut short", file(encoded(kind="RF64")[:-8000]), cut_short(16000, 8000)),
    Case("an AU cut short", file(encoded(kind="AU")[:-8000]), cut_short(16000, 8000)),
    Case("a FLAC cut short", file(FLAC[:-500]), no("damaged or cut short")),
    Case("an MP3 cut short", file(encoded(kind="MP3")[:-500]),
         no("cut short: its header claims 8000 samples, but the file holds 6959")),
    Case("a FLAC header alone", file(FLAC[:42]), no("cut short: its header claims 8000 samples, but the file holds 0")),
    Case("a FLAC of 2**36 samples", file(FLAC.replace(b"\xf0\x00\x00\x1f\x40", b"\xff" * 5, 1)),
         no(f"cut short: its header claims {2**36 - 1} samples, but the file holds 8000")),
    Case("an Ogg cut short", file(encoded(kind="OGG")[:-50]), no("no samples", NOTHING)),
    Case("NaN", wav(np.append(TONE, np.nan), subtype="FLOAT"), no(NOT_FINITE, PROGRAM)),
    Case("infinity", wav(np.append(TONE, -np.inf), subtype="FLOAT"), no(NOT_FINITE, PROGRAM)),
    Case("opposite infinities", wav(np.array([[np.inf, -np.inf]]), subtype="FLOAT"), no(NOT_FINITE, PROGRAM)),
    Case("integers as floats", wav(65534 * TONE, subtype="FLOAT"),
         no("samples up to 32767, expected a waveform in [-1, 1]", FULL_SCALE)),
    Case("zeros", file(bytes(5000)), not_audio("only zeros", NOTHING)),
    Case("raw samples", file(TONE.tobytes(), "recording.raw"),
         not_audio("no known format", "convert it to WAV or FLAC with the program that made it", "recording.raw")),
    # No audio, or none that is known
    Case("text", file(b"Say the word back"), not_audio("text", IT_IS_NOT)),
    Case("JSON", file(json.dumps({"emotion": "sad"}).encode()), not_audio("text", IT_IS_NOT)),
    Case("a web page", file(b"<!DOCTYPE html><html><title>404</title></html>"),
         not_audio("a web page", "the download has failed: download the recording again")),
    Case("Git LFS", file(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
         not_audio("a Git LFS pointer", "fetch the recording itself with `git lfs pull`")),
    Case("a zip", file(b"PK\x03\x04" + bytes(40)),
         not_audio("an archive", "unpack it, and give the path of one recording in it")),
    Case("a picture", file(b"\x89PNG\r\n\x1a\n" + bytes(40)), not_audio("a picture or a document", IT_IS_NOT)),
    Case("WebM", file(b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(40), "my voice.webm"),
         not_audio("WebM or Matroska", "convert it with `ffmpeg -i 'my voice.webm' converted.wav`", "my voice.webm")),
    Case("MATLAB", wav(kind="MAT5"), not_audio("MAT5 (GNU Octave 2.1 / Matlab 5.0)")),
    Case("M4A", file(struct.pack(">I", 32) + b"ftypM4A " + bytes(40)), not_audio("M4A or MP4")),
    Case("M4A as bytes", given(struct.pack(">I", 32) + b"ftypM4A " + bytes(40)),
         not_audio("M4A or MP4", "convert it with `ffmpeg -i recording converted.wav`", "the recording")),
    # Paths
    Case("no such file", path("recording.wav"), no("no such file", PATH)),
    Case("a file as a folder", lambda folder: file(WAV)(folder) / "x.wav", no("no such file", PATH, "x.wav")),
    Case("an empty path", given(""), no("no such file", PATH, "an empty path")),
    Case("a folder", sub_folder, no("a folder, not a recording", "give the path of one recording in it")),
    Case("a named pipe", named_pipe, no("a named pipe, not a file", PIPE_CURE)),
    Case("an endless device", device("/dev/zero"), no("a device, not a file", DEVICE_CURE, "zero")),
    Case("a device that is empty", device("/dev/null"), no("a device, not a file", DEVICE_CURE, "null")),
    Case("a broken link", link("lost.wav"),
         no("a symbolic link that leads to no file", "give the path of the recording itself")),
    Case("a link to itself", link("recording.wav"),
         no("a symbolic link that leads to no file", "give the path of the recording itself")),
    Case("spaces and letters", file(WAV, "Пошёл – größer 声音 😀.wav"), Heard(0.5)),
    Case("letters in an error", file(b"", "größer 声音.wav"), no(NO_LENGTH, NOTHING, "größer 声音.wav")),
    Case("two lines", file(b"", "two\nlines.wav"), no(NO_LENGTH, NOTHING, r"two\nlines.wav")),
    Case("a NUL", given("no\0path.wav"),
         no("cannot be opened (a character that no file name can have)", PATH, r"no\x00path.wav")),
    Case("a long name", path("a" * 300), no("cannot be opened (File name too long)", PATH, "a" * 300)),
    # Other sources
    Case("bytes", given(WAV), Heard(0.5)),
    Case("a view of bytes", given(memoryview(WAV)), Heard(0.5)),
    Case("no bytes", given(b""), no(NO_LENGTH, NOTHING, "the recording")),
    Case("an open file", opened("rb"), Heard(0.5)),
    Case("a pipe", lambda folder: os.fdopen(pipe(), "rb"), Heard(0.5)),
    Case("a descriptor", lambda folder: f"/dev/fd/{pipe()}", Heard(0.5)),
    Case("a closed descriptor", given("/dev/fd/9999"),
         no("cannot be opened (Bad file descriptor)", PATH, "/dev/fd/9999")),
    Case("a text file object", opened("r"), f"source: the file object is in text mode; {OPEN_IT}"),
    Case("a closed file object", opened("rb", close=True), f"source: the file object is closed; {OPEN_IT}"),
    Case("a file object to write to", opened("ab"), f"source: the file object cannot be read; {OPEN_IT}"),
    Case("None", given(None), f"source=None: {NOT_A_SOURCE}"),
    Case("a number", given(3), f"source=3: {NOT_A_SOURCE}"),
    Case("a list", given([0.5, 0.25]), f"source=[0.5, 0.25]: {NOT_A_SOURCE}"),
    Case("an array", given(np.zeros(2)),
         f"source=array([0., 0.]): {NOT_A_SOURCE}; for samples in memory, use `audio.waveform`"),
)  # fmt: skip

HANDED_ON = ("an empty file", "a WAV cut short", "NaN", "a folder", "a closed file object")
"""A case of each kind of refusal, for whatever hands recordings on to `audio.read`."""
