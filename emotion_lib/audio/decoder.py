"""Decode a recording in blocks: MPEG audio with miniaudio, the rest with soundfile, or FFmpeg where that cannot.

The decoder goes on until the recording ends. The choice between the three follows the content, not the name.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import soundfile as sf

from emotion_lib.audio.containers import File, Part, find_samples, read_at
from emotion_lib.audio.resampler import HIGHEST_RATE
from emotion_lib.audio.sources import NOTHING_LEFT, Name, Source, audio_error, check_source, name_of, open_source

_UNKNOWN_LENGTH = 2**62  # libsndfile reports 2**63 - 1 for a file without a length
_FORMATS = {"AIFF", "AU", "CAF", "FLAC", "MP3", "NIST", "OGG", "RF64", "W64", "WAV", "WAVEX"}
_CLAIMING = {"matroska", "asf"}  # of the others, FFmpeg only estimates the length, or refuses what is cut short
_LIKE_WAV = {"wav", "aiff", "caf"}
_PRIMING = 0.1  # seconds that codecs add to the length
_FRAMES = 2**14  # samples of MPEG audio decoded at a time
_MPEG = re.compile(
    rb"(?s)\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][^\xf0-\xff].(?:(?:.{9}|.{17}|.{32})"
    rb"(?:VBRI.{10}|(?:Xing|Info)...(?P<flags>[\x01\x03\x05\x07\x09\x0b\x0d\x0f]))(?P<frames>.{4}))?"
)
"""The first frame of MPEG audio, in which there may be a tag with the number of frames."""
_MPEG_RATES = 44_100, 48_000, 32_000

# How a kind of file begins, what it is, and its name in FFmpeg or the cure. FFmpeg gets the format by name and never
# chooses one itself, since some of its formats are lists of other files to open.
_IS_NOT = "give the path of a recording"
_KINDS = {
    rb"\x1aE\xdf\xa3": ("WebM or Matroska", "matroska"),
    rb"(?s).{4}ftyp": ("M4A or MP4", "mov"),
    rb"\x30\x26\xb2\x75": ("WMA", "asf"),
    rb"#!AMR": ("AMR", "amr"),
    rb"caff": ("CAF, damaged or with an unknown codec", "caf"),
    rb"\xff[\xf1\xf9]": ("AAC", "aac"),
    rb"(?s).{8}WAVE": ("WAV with a damaged header or an unknown codec", "wav"),
    rb"FORM": ("AIFF with a damaged header or an unknown codec", "aiff"),
    rb"fLaC": ("FLAC, damaged or cut short", "flac"),
    rb"OggS": ("Ogg, damaged or with an unknown codec", "ogg"),
    rb"ID3|\xff[\xe2-\xfd]": ("MP3 or MP2", "mp3"),
    rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf": ("an archive", "unpack it, and give the path of one recording in it"),
    rb"\x89PNG|\xff\xd8\xff|%PDF": ("a picture or a document", _IS_NOT),
    rb"version https://git-lfs": ("a Git LFS pointer", "fetch the recording itself with `git lfs pull`"),
    rb"(?i)\s*<(!doctype )?html": ("a web page", "the download has failed: download the recording again"),
    rb"\0+\Z": ("only zeros", NOTHING_LEFT),
}


class DecodingError(Exception):
    """A decoder does not know the recording, or cannot go on."""


class Stream(NamedTuple):
    """The decoder of an open recording.

    Attributes
    ----------
    name : Name
        The recording in error messages.
    parts : list of File
        What is decoded.
    rate, channels : int
        Sampling rate in Hz, and number of channels.
    blocks : callable
        Takes the number of the first sample (0 unless `exact`) and the length of a block, and yields blocks of shape
        (n_samples, n_channels) until the recording ends.
    n_samples : int
        Number of samples in each channel according to the header; 0 if it does not say.
    slack : int
        Number of samples by which that may be wrong.
    exact : bool
        Whether that is also the number in the file, and any sample can be read first: uncompressed audio.
    bounded : bool
        Whether the samples are integers, which can be neither NaN nor beyond full scale.
    """

    name: Name
    parts: list[File]
    rate: int
    channels: int
    blocks: Callable[[int, int], Iterator[np.ndarray]]
    n_samples: int = 0
    slack: int = 0
    exact: bool = False
    bounded: bool = False


@contextmanager
def recording(source: Source, notes: list[str], *, whole: bool = False) -> Iterator[Stream]:
    """Open a recording and read its header; set `whole` if it will be read to its end."""
    if not isinstance(source, (str, os.PathLike, bytes, bytearray)):
        check_source(source)
    name = name_of(source)
    with open_source(source, name, whole=whole) as opened:
        parts, n_samples, may_be_mpeg = find_samples(opened, name, notes)
        stream = None
        with suppress(DecodingError, sf.LibsndfileError, ImportError, OverflowError):  # miniaudio has no wheel for some
            stream = _by_miniaudio(parts[0], name) if may_be_mpeg else None
            stream = stream or _by_soundfile(parts, name, n_samples)
        stream = stream or _by_ffmpeg(parts[0], name)
        if not 1 <= stream.rate <= HIGHEST_RATE:
            raise audio_error(name, f"a sampling rate of {stream.rate} Hz, expected 1 to {HIGHEST_RATE}")
        yield stream


def _by_soundfile(parts: list[File], name: Name, n_samples: int) -> Stream:
    """Return libsndfile's decoder of a recording."""
    parts[0].seek(0)
    sounds = [*map(sf.SoundFile, parts)]
    sound = sounds[0]
    if sound.format not in _FORMATS:
        cure = f"convert it with {name.conversion()}"
        raise audio_error(name, f"not audio that can be read ({sound.format_info})", cure)
    if sound.format == "MP3":  # of which it reads only as much as it estimates
        raise DecodingError
    if len(set(map(attrgetter("samplerate", "channels"), sounds))) > 1:
        what = "several recordings in one file, with different rates or numbers of channels"
        raise audio_error(name, what, f"make them one with {name.conversion()}")

    def blocks(first: int, length: int) -> Iterator[np.ndarray]:
        try:
            if first:
                sound.seek(first)
            for each in sounds:
                each.seekable = bool  # it would seek after every block, which is slow in damaged FLAC
                while len(block := each.read(length, dtype="float32", always_2d=True)):
                    yield block
        except sf.LibsndfileError as problem:
            raise DecodingError from problem

    n_samples = n_samples or (0 if sound.frames > _UNKNOWN_LENGTH else sum(map(attrgetter("frames"), sounds)))
    exact = sound.format != "FLAC" and sound.subtype.startswith(("PCM", "FLOAT", "DOUBLE"))
    bounded = sound.subtype.startswith("PCM")
    return Stream(name, parts, sound.samplerate, sound.channels, blocks, n_samples, exact=exact, bounded=bounded)


def _by_miniaudio(file: File, name: Name) -> Stream | None:
    """Return the decoder of MPEG audio, or None for others; a tag in its first frame counts its frames."""
    start = 0
    while (head := read_at(file, start, 200))[:3] == b"ID3":
        start += 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    found = _MPEG.match(head)
    if not found or head[2] >> 2 & 3 == 3:
        return None
    version, channels = head[1] >> 3 & 3, 1 if head[3] >> 6 == 3 else 2
    rate, per_frame = _MPEG_RATES[head[2] >> 2 & 3] >> (2, 0, 1, 0)[version], 1152 if version == 3 else 576
    n_samples = per_frame * int.from_bytes(found["frames"] or b"", "big")
    if found["flags"] == b"\x0f":  # LAME's extension: 12 bits each for the delay and the padding
        lame = int.from_bytes(head[found.end() + 129 : found.end() + 132], "big")
        n_samples = max(0, n_samples - (lame >> 12) - (lame & 0xFFF))
    # Without the number of frames in its tag, the decoder goes on to the end.
    kept = head[: found.start("frames")] + bytes(4) if found["frames"] else b""
    stop = file.seek(0, os.SEEK_END)
    stop -= 128 if read_at(file, max(0, stop - 128), 3) == b"TAG" else 0  # ID3 of version 1 costs the frame before it
    part = Part(file, start + len(kept), stop, kept)
    import miniaudio

    def blocks(first: int, length: int) -> Iterator[np.ndarray]:
        part.seek(0)
        left, padding = n_samples or sys.maxsize, np.empty((0, channels), dtype=np.float32)
        kind, samples = miniaudio.FileFormat.MP3, miniaudio.SampleFormat.FLOAT32
        try:
            for block in miniaudio.stream_any(part, kind, samples, channels, rate, _FRAMES):
                y = np.frombuffer(block, dtype=np.float32).reshape(-1, channels)
                yield y[:left]
                left, padding = max(0, left - len(y)), np.concatenate([padding, y[left:]])
                if len(padding) > 3 * per_frame:  # more than padding of the last frame: another recording is joined
                    yield padding
                    left, padding = sys.maxsize, padding[:0]
        except miniaudio.MiniaudioError as problem:
            raise DecodingError from problem

    if not any(map(len, blocks(0, 0))):
        raise DecodingError
    return Stream(name, [file], rate, channels, blocks, n_samples, slack=per_frame)


def _by_ffmpeg(file: File, name: Name) -> Stream:
    """Return FFmpeg's decoder of a recording, or raise the error that says what the file seems to be."""
    file.seek(0)
    what, kind = _kind_of(file.read(512))
    if " " in kind:
        raise audio_error(name, f"not audio that can be read ({what})", kind)
    cure = f"convert it with {name.conversion()}"
    file.seek(0)
    try:
        import av

        container = av.open(file, "r", format=kind)
        codec = container.streams.audio[0].codec_context
        if codec is None or (kind in _LIKE_WAV and codec.name.startswith("pcm")):
            raise DecodingError  # libsndfile reads these, so that the header is damaged, and FFmpeg would guess
        frames = container.decode(audio=0)
        start = next(frames)
    except ImportError as missing:
        cure = f"run `pip install 'emotion_lib[formats]'`, or {cure}"
        raise audio_error(name, f"not audio that can be read without an extra ({what})", cure) from missing
    except (av.FFmpegError, DecodingError, IndexError, StopIteration, ValueError) as problem:
        raise audio_error(name, f"not audio that can be read ({what})", cure) from problem

    def blocks(first: int, length: int) -> Iterator[np.ndarray]:
        # Floats, at the rate and with the channels of the recording; interleaved, since PyAV crashes where more than
        # eight channels lie one after the other.
        resampler = av.AudioResampler(format="flt")
        try:
            with container:
                for frame in chain([start], frames, [None]):
                    for each in resampler.resample(frame):
                        yield each.to_ndarray().reshape(-1, each.layout.nb_channels)
        except (av.FFmpegError, IndexError, ValueError) as problem:
            raise DecodingError from problem

    rate, claimed = start.sample_rate, (container.duration or 0) / 1_000_000 if kind in _CLAIMING else 0.0
    channels, n_samples, slack = start.layout.nb_channels, int(claimed * rate), int(_PRIMING * rate)
    return Stream(name, [file], rate, channels, blocks, n_samples, slack)


def _kind_of(head: bytes) -> tuple[str, str]:
    """Return what a file seems to be, and its name in FFmpeg or the cure."""
    for begins, kind in _KINDS.items():
        if re.match(begins, head):
            return kind
    with suppress(UnicodeDecodeError):
        if all(each.isprintable() or each.isspace() for each in head.decode("utf-8")):
            return "text", _IS_NOT
    return "no known format", "convert it to WAV or FLAC with the program that made it"
