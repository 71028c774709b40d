"""Decode a recording in blocks: MPEG audio with miniaudio, the rest with soundfile, or FFmpeg where that cannot.

The decoder goes on until the recording ends. The choice between the three follows the content, not the name.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
import soundfile as sf

from emotion_lib.audio.containers import Part, find_parts
from emotion_lib.audio.resampler import HIGHEST_RATE
from emotion_lib.audio.sources import NOTHING_LEFT, Name, Source, audio_error, check_source, name_of, open_source

_BLOCK = 2**20  # samples decoded at a time, over all channels
_UNKNOWN_LENGTH = 2**62  # libsndfile reports 2**63 - 1 for a file without a length
_FORMATS = {"AIFF", "AU", "CAF", "FLAC", "NIST", "OGG", "RF64", "W64", "WAV", "WAVEX"}
_CLAIMING = {"matroska", "asf"}  # of the others, FFmpeg only estimates the length, or refuses what is cut short
_LIKE_WAV = {"wav", "aiff", "caf"}
_PRIMING = 0.1  # seconds that codecs add to the length
_FRAMES = 2**14  # samples of MPEG audio decoded at a time

# Position and bytes of a signature, the format that it belongs to, and its name in FFmpeg or the cure. FFmpeg gets the
# format by name and never chooses one itself, since some of its formats are lists of other files to open.
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska", "matroska"),
    (4, b"ftyp", "M4A or MP4", "mov"),
    (0, b"\x30\x26\xb2\x75", "WMA", "asf"),
    (0, b"#!AMR", "AMR", "amr"),
    (0, b"caff", "CAF, damaged or with an unknown codec", "caf"),
    (0, b"wvpk", "WavPack", "wv"),
    (0, b"MAC ", "Monkey's Audio", "ape"),
    (0, b"FLV", "Flash video", "flv"),
    (8, b"AVI ", "AVI", "avi"),
    (0, b"\xff\xf1", "AAC", "aac"),
    (0, b"\xff\xf9", "AAC", "aac"),
    (8, b"WAVE", "WAV with a damaged header or an unknown codec", "wav"),
    (0, b"FORM", "AIFF with a damaged header or an unknown codec", "aiff"),
    (0, b"fLaC", "FLAC, damaged or cut short", "flac"),
    (0, b"OggS", "Ogg, damaged or with an unknown codec", "ogg"),
    (0, b"ID3", "MP3, damaged or cut short", "mp3"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x1f\x8b", "a gzip archive", "unpack it, and give the path of one recording in it"),
    (0, b"7z\xbc\xaf", "a 7z archive", "unpack it, and give the path of one recording in it"),
    (0, b"\x89PNG", "a PNG picture", "give the path of a recording"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "give the path of a recording"),
    (0, b"%PDF", "a PDF document", "give the path of a recording"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "fetch the recording itself with `git lfs pull`"),
)


class DecodingError(Exception):
    """A decoder does not know the recording, or cannot go on."""


class Stream(NamedTuple):
    """The decoder of one part of a file.

    Attributes
    ----------
    rate, channels : int
        Sampling rate in Hz, and number of channels.
    n_samples : int
        Number of samples in each channel according to the header; 0 if it does not say.
    exact : bool
        Whether that is also the number in the file, and any sample can be read first: uncompressed audio.
    bounded : bool
        Whether the samples are integers, which can be neither NaN nor beyond full scale.
    blocks : callable
        Takes the number of the first sample (0 unless `exact`) and the length of a block, and yields blocks of shape
        (n_samples, n_channels) until the recording ends.
    """

    rate: int
    channels: int
    n_samples: int
    exact: bool
    bounded: bool
    blocks: Callable[[int, int], Iterator[np.ndarray]]


class OpenRecording(NamedTuple):
    """An open recording: its name in error messages, its parts, and the decoder of each."""

    name: Name
    parts: list[Part]
    streams: list[Stream]


@contextmanager
def recording(source: Source, notes: list[str], *, whole: bool = False) -> Iterator[OpenRecording]:
    """Open a recording and read its header; set `whole` if it will be read to its end."""
    if not isinstance(source, (str, os.PathLike, bytes, bytearray)):
        check_source(source)
    name = name_of(source)
    with open_source(source, name, whole=whole) as file:
        parts = find_parts(file, name, notes)
        streams = [*map(partial(_open_part, name), parts)]
        rate = streams[0].rate
        if len(streams) > 1 and len({each[:2] for each in streams}) > 1:
            raise audio_error(name, "several recordings in one file, with different rates or numbers of channels")
        if not 1 <= rate <= HIGHEST_RATE:
            raise audio_error(name, f"a sampling rate of {rate} Hz, expected 1 to {HIGHEST_RATE}")
        yield OpenRecording(name, parts, streams)


def decoded(
    found: OpenRecording, *, offset: float = 0.0, duration: float | None = None, growth: float = 1.0
) -> Iterator[np.ndarray]:
    """Yield a part of a recording in blocks of shape (n_samples, n_channels).

    A block has at most `_BLOCK` samples over all channels, or after resampling by `growth`, so that a damaged header
    that claims too many samples cannot fill the memory.
    """
    rate, channels = found.streams[0][:2]
    first = int(offset * rate)
    wanted = None if duration is None else max(1, int(duration * rate))
    length = max(1, int(_BLOCK / max(channels, growth)))
    length = length if wanted is None else min(length, first + wanted)
    position = n_read = 0
    for part, stream in zip(found.parts, found.streams, strict=True):
        start, end = position, position + stream.n_samples
        position = min(first, end) if stream.exact and first > start else start
        try:
            for block in stream.blocks(position - start, min(length, stream.n_samples or length)):
                chosen = block[max(0, first - position) :][: None if wanted is None else wanted - n_read]
                position, n_read = position + len(block), n_read + len(chosen)
                if len(chosen):
                    yield chosen
                if n_read == wanted:
                    return
                if stream.exact and position == end:
                    break
        except DecodingError as problem:
            if not 0 < end - start <= position - start:  # after the end there may be a tag that is no audio
                raise audio_error(found.name, "damaged or cut short") from problem
        part.check()
        if position < end:
            claim = f"its header claims {end - start} samples, but the file holds {position - start}"
            raise audio_error(found.name, f"cut short: {claim}")
    if n_read == 0:
        cure = f"choose an offset below its {position / rate:.3f} s" if position else NOTHING_LEFT
        raise audio_error(found.name, f"offset={offset} s is past its end" if position else "no samples", cure)


def _open_part(name: Name, part: Part) -> Stream:
    """Return the decoder of a recording, chosen by its content: MPEG audio, what libsndfile reads, the rest."""
    part.seek(0)
    head = part.read(512)
    mpeg = _find_mpeg(part) if head[:1] in (b"I", b"\xff") else None
    with suppress(DecodingError, sf.LibsndfileError, OverflowError):
        if mpeg:
            return _by_miniaudio(part, *mpeg)
        part.seek(0)
        sound = sf.SoundFile(part)
        if sound.format == "MP3":  # something else comes before its first frame
            return _by_miniaudio(part, sound.samplerate, sound.channels)
        if sound.format not in _FORMATS:
            cure = f"convert it with {name.conversion()}"
            raise audio_error(name, f"not audio that can be read ({sound.format_info})", cure)
        sound.seekable = bool  # it would seek after every block, which is slow in damaged FLAC
        n_samples = part.n_samples or sound.frames
        return Stream(
            sound.samplerate,
            sound.channels,
            n_samples=n_samples if 0 < n_samples < _UNKNOWN_LENGTH else 0,
            exact=sound.format != "FLAC" and sound.subtype.startswith(("PCM", "FLOAT", "DOUBLE")),
            bounded=sound.subtype.startswith("PCM"),
            blocks=partial(_sound_blocks, sound),
        )
    return _by_signature(part, name, ("MP3 or MP2", "mp3") if mpeg else None)


def _by_signature(part: Part, name: Name, known: tuple[str, str] | None) -> Stream:
    """Return FFmpeg's decoder of a recording, or raise the error that says what the file seems to be."""
    part.seek(0)
    head = part.read(512)
    named = next((each[2:] for each in _FOREIGN if head.startswith(each[1], each[0])), None)
    what, cure = known or named or _by_its_characters(head)
    if " " in cure:
        raise audio_error(name, f"not audio that can be read ({what})", cure)
    try:
        return _by_ffmpeg(part, cure)
    except ImportError as missing:
        cure = f"run `pip install 'emotion_lib[formats]'`, or convert it with {name.conversion()}"
        raise audio_error(name, f"not audio that can be read without an extra ({what})", cure) from missing
    except DecodingError as problem:
        cure = f"convert it with {name.conversion()}"
        raise audio_error(name, f"not audio that can be read ({what})", cure) from problem


def _by_its_characters(head: bytes) -> tuple[str, str]:
    """Return the format and the cure for content without a known signature."""
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page", "the download has failed: download the recording again"
    if not any(head):
        return "only zeros", NOTHING_LEFT
    with suppress(UnicodeDecodeError):
        if all(each.isprintable() or each.isspace() for each in head.decode("utf-8")):
            return "text", "give the path of a recording"
    return "no known format", "convert it to WAV or FLAC with the program that made it"


def _sound_blocks(sound: sf.SoundFile, first: int, length: int) -> Iterator[np.ndarray]:
    try:
        if first:
            sound.seek(first)
        while len(block := sound.read(length, dtype="float32", always_2d=True)):
            yield block
    except sf.LibsndfileError as problem:
        raise DecodingError from problem


_RATES = 44_100, 48_000, 32_000


def _find_mpeg(part: Part) -> tuple[int, int, int, int] | None:
    """Return rate, channels, position and samples of the first frame, if the recording is MPEG audio."""
    position = 0
    while True:
        part.seek(position)
        head = part.read(10).ljust(10, b"\0")
        if head[:3] != b"ID3":
            break
        length = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        position += 10 + length + (10 if head[5] & 0x10 else 0)
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 2 & 3
    if head[:1] != b"\xff" or head[1] < 0xE0 or version == 1 or layer == 0 or rate == 3 or head[2] >> 4 == 15:
        return None
    n_samples = 384 if layer == 3 else 576 if layer == 1 and version < 3 else 1152
    return _RATES[rate] >> (2, 0, 1, 0)[version], 1 if head[3] >> 6 == 3 else 2, position, n_samples


def _by_miniaudio(part: Part, rate: int, channels: int, position: int = 0, per_frame: int = 0) -> Stream:
    """Return the decoder of MPEG audio; a tag in its first frame says how much of the end is padding."""
    n_samples = field = 0
    part.seek(-128, os.SEEK_END)
    stop = part.size - 128 if part.read(3) == b"TAG" else part.size  # ID3 of version 1 costs the frame before it
    part.seek(position)
    tag = part.read(200) if per_frame else b""
    start = next((each for each in (36, 21, 13) if tag[each : each + 4] in (b"Xing", b"Info", b"VBRI")), 0)
    is_vbri = tag[start : start + 4] == b"VBRI"
    if start and len(tag) == 200 and (is_vbri or tag[start + 7] & 1):
        field = start + (14 if is_vbri else 8)
        n_samples = per_frame * int.from_bytes(tag[field : field + 4], "big")
        if tag[start + 7] == 15 and not is_vbri:  # LAME's extension: 12 bits each for the delay and the padding
            lame = int.from_bytes(tag[start + 141 : start + 144], "big")
            n_samples -= (lame >> 12) + (lame & 0xFFF)
    # Without the number of frames in its tag, the decoder goes on to the end.
    head = tag[:field] + bytes(4) if n_samples else b""
    part = Part(part, position + len(head), stop, head)  # type: ignore[arg-type]
    if n_samples:
        present = sum(map(len, _mpeg_blocks(part, (rate, channels, 0), 0, 0)))
        # More is padding of the last frame, or other recordings that were joined to this one.
        if present > n_samples + 3 * per_frame:
            n_samples = 0
        elif present > n_samples - per_frame:
            n_samples = min(n_samples, present)
    elif not any(map(len, _mpeg_blocks(part, (rate, channels, 0), 0, 0))):
        raise DecodingError
    blocks = partial(_mpeg_blocks, part, (rate, channels, n_samples))
    return Stream(rate, channels, n_samples, exact=False, bounded=False, blocks=blocks)


def _mpeg_blocks(part: Part, form: tuple[int, int, int], first: int, length: int) -> Iterator[np.ndarray]:
    """Yield the samples of MPEG audio; its decoder chooses the lengths, and begins at the start."""
    try:
        import miniaudio
    except ImportError as missing:  # no wheel for this machine
        raise DecodingError from missing
    part.seek(0)
    rate, channels, n_samples = form
    left = n_samples or None
    try:
        kind, samples = miniaudio.FileFormat.MP3, miniaudio.SampleFormat.FLOAT32
        for block in miniaudio.stream_any(part, kind, samples, channels, rate, _FRAMES):
            y = np.frombuffer(block, dtype=np.float32).reshape(-1, channels)[:left]
            left = None if left is None else left - len(y)
            yield y
    except miniaudio.MiniaudioError as problem:
        raise DecodingError from problem


def _by_ffmpeg(part: Part, kind: str) -> Stream:
    """Return the decoder of a kind of file that FFmpeg reads."""
    import av

    part.seek(0)
    try:
        with av.open(part, "r", format=kind) as container:
            codec = container.streams.audio[0].codec_context
            if codec is None or (kind in _LIKE_WAV and codec.name.startswith("pcm")):
                raise DecodingError  # libsndfile reads these, so that the header is damaged, and FFmpeg would guess
            frame = next(container.decode(audio=0))
            claimed = (container.duration or 0) / 1_000_000 if kind in _CLAIMING else 0.0
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as problem:
        raise DecodingError from problem
    rate, channels = frame.sample_rate, frame.layout.nb_channels
    n_samples = max(0, int((claimed - _PRIMING) * rate))
    return Stream(rate, channels, n_samples, exact=False, bounded=False, blocks=partial(_ffmpeg_blocks, part, kind))


def _ffmpeg_blocks(part: Part, kind: str, first: int, length: int) -> Iterator[np.ndarray]:
    import av

    part.seek(0)
    # Floats, at the rate and with the channels of the recording; interleaved, since PyAV crashes where more than eight
    # channels lie one after the other.
    resampler = av.AudioResampler(format="flt")
    try:
        with av.open(part, "r", format=kind) as container:
            for frame in chain(container.decode(audio=0), [None]):
                for each in resampler.resample(frame):
                    yield each.to_ndarray().reshape(-1, each.layout.nb_channels)
    except (av.FFmpegError, IndexError, ValueError) as problem:
        raise DecodingError from problem
