"""Read a recording, whatever its format, rate and channels: one mono waveform, or an `AudioError` that says why not."""

import io
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import soundfile as sf
import soxr

from emotion_lib.errors import AudioError, ParameterError

Source = str | os.PathLike[str] | bytes | BinaryIO
"""What can be read: a path, the bytes of a file, or a binary file object."""

HIGHEST_RATE = 768_000
"""The highest sampling rate in Hz that a recording can have; a header that claims more is broken."""

_HIGHEST_PEAK = 8.0
_BLOCK = 2**20
_STREAMED_SIZES = {0, 0x7FFFF000, 0xFFFFFFFF}
_TESS_NAME = re.compile(r"(OAF?|YAF)_[a-z]+_(angry|disgust|fear|happy|neutral|ps|sad)\.wav", re.IGNORECASE)


def read(
    source: Source, *, sr: int | None = None, offset: float = 0.0, duration: float | None = None
) -> tuple[np.ndarray, int]:
    """Read a recording as one mono waveform.

    Channels are averaged; another rate is reached with soxr (high quality). Samples beyond full scale, which float
    files and the resampler can have, are clipped as a player would clip them. WAV, AIFF, FLAC, OGG and MP3 are known
    by their content, not by their name.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording; a file object is read from its start.
    sr : int > 0, optional
        Rate in Hz to resample to; the file's own when not given.
    offset : float >= 0
        Seconds to skip at the start of the recording.
    duration : float > 0, optional
        Seconds to read, or as many as there are; all when not given.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1], with at least one sample.
    sr : int
        Its sampling rate in Hz.

    Raises
    ------
    ParameterError
        If `source` is nothing that can be read, or `sr`, `offset` or `duration` is outside its range.
    AudioError
        If the recording is missing, empty, not audio, cut short, not finite, or over before `offset`.

    Notes
    -----
    A WAV header may claim 0, 0x7FFFF000 or 0xFFFFFFFF bytes of samples, which is what programs write into a pipe: all
    samples that follow are read. Any other claim must be met by the file.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [[0.5, 0.0], [0.25, 0.75]], 16000, format="WAV")
    >>> read(recording)
    (array([0.25, 0.5 ], dtype=float32), 16000)
    """
    _check_parameters(source, sr, offset, duration)
    name = _name(source)
    with _opened(source, name) as file:
        y, rate = _decode(_mended(file, name), name, offset, duration)
    y = _resampled(_checked(y, name), rate, sr, name)
    return np.clip(y, -1.0, 1.0, out=y), sr or rate


def _check_parameters(source: Source, sr: int | None, offset: float, duration: float | None) -> None:
    """Raise a `ParameterError` for the first argument that is outside its range."""
    if not isinstance(source, (str, os.PathLike, bytes)) and not _is_binary_file(source):
        raise ParameterError(f"source={source!r}: must be a path, bytes or a file opened in binary mode")
    if sr is not None and not 0 < sr <= HIGHEST_RATE:
        raise ParameterError(f"sr={sr}: must be a rate in Hz from 1 to {HIGHEST_RATE}, or None for the file's own")
    if not (math.isfinite(offset) and offset >= 0):
        raise ParameterError(f"offset={offset}: must be a number of seconds, 0 or more")
    if duration is not None and not (math.isfinite(duration) and duration > 0):
        raise ParameterError(f"duration={duration}: must be a positive number of seconds, or None for all")


def _is_binary_file(source: object) -> bool:
    """Return whether `source` is an open file that gives bytes."""
    return hasattr(source, "read") and not isinstance(source, io.TextIOBase)


def _name(source: Source) -> str:
    """Return what an error calls the recording: the file's name without its folder."""
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    return Path(path).name or str(path) if isinstance(path, (str, os.PathLike)) else "the recording"


def _error(name: str, what: str, cure: str | None = None) -> AudioError:
    """Return the error that names the recording, what is wrong with it, and what to do."""
    if cure is None:
        fetch = "fetch TESS again with `emotion-lib fetch tess`"
        cure = f"delete it or {fetch if _TESS_NAME.fullmatch(name) else 'bring a fresh copy'}"
    return AudioError(f"{name}: {what}; {cure}")


@contextmanager
def _opened(source: Source, name: str) -> Iterator[BinaryIO]:
    """Give `source` as a file in which one can seek."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        try:
            file = open(source, "rb")  # noqa: SIM115 (closed below; only the opening may be caught here)
        except (OSError, ValueError) as error:
            raise _unopened(source, name, error) from error
        with file:
            yield _seekable(file)
    else:
        yield _seekable(source)


def _seekable(file: BinaryIO) -> BinaryIO:
    """Return the file itself, or all of it in memory where it is a pipe."""
    return file if file.seekable() else io.BytesIO(file.read())


def _unopened(path: str | os.PathLike[str], name: str, error: Exception) -> AudioError:
    """Return the error for a path that cannot be opened."""
    if os.path.isdir(path):
        return _error(name, "a folder, not a recording", "give the path of one recording in it")
    if isinstance(error, FileNotFoundError):
        return _error(name, "no such file", "check the path")
    if isinstance(error, PermissionError):
        return _error(name, "no permission to read it", "make it readable for this user")
    return _error(name, f"cannot be opened ({error})", "check the path")


def _mended(file: BinaryIO, name: str) -> BinaryIO:
    """Return the file, its header checked against its size, and filled in where a pipe left it at 0."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        raise _error(name, "an empty file (0 bytes)")
    claimed, start = _sample_chunk(file) or (size, 0)
    present = size - start
    if present <= 0 or (claimed == 0 and _is_chunk(file, start)):
        raise _error(name, f"no samples ({size} bytes, a header alone)")
    if claimed == 0:
        return _filled_in(file, start, present)
    if claimed > present and claimed not in _STREAMED_SIZES:
        raise _error(name, f"cut short: its header claims {claimed} bytes of samples, the file holds {present}")
    file.seek(0)
    return file


def _sample_chunk(file: BinaryIO) -> tuple[int, int] | None:
    """Return how many bytes of samples a WAV or AIFF header claims and where they start; None for other formats."""
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return _find_chunk(file, b"data", "little")
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _find_chunk(file, b"SSND", "big")
    return None


def _find_chunk(file: BinaryIO, name: bytes, order: Literal["little", "big"]) -> tuple[int, int] | None:
    """Return the claimed size and the start of the first chunk of this name at or after the file's position."""
    while len(head := file.read(8)) == 8:
        size, start = int.from_bytes(head[4:], order), file.tell()
        if head[:4] == name:
            return size, start
        file.seek(start + size + size % 2)
    return None


def _is_chunk(file: BinaryIO, start: int) -> bool:
    """Return whether a chunk's name, four printable characters, stands at `start`."""
    file.seek(start)
    return all(32 <= byte < 127 for byte in file.read(4))


def _filled_in(file: BinaryIO, start: int, size: int) -> BinaryIO:
    """Return a copy in memory of a WAV file whose sample chunk says its true size."""
    file.seek(0)
    content = bytearray(file.read())
    content[start - 4 : start] = min(size, 0xFFFFFFFF).to_bytes(4, "little")
    return io.BytesIO(content)


class _Quiet:
    """A file without a name, which stays where it is when a damaged header sends soundfile before its start."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = file.read
        self.tell = file.tell

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, if there is such a one, and return where the file is."""
        with suppress(OSError, ValueError):
            self._file.seek(offset, whence)
        return self._file.tell()


def _decode(file: BinaryIO, name: str, offset: float, duration: float | None) -> tuple[np.ndarray, int]:
    """Return the asked part of an audio file as mono float32 samples, and the file's rate."""
    try:
        with sf.SoundFile(_Quiet(file)) as sound:
            first, wanted = _span(sound, name, offset, duration)
            sound.seek(first)
            y = _blocks(sound, wanted)
            rate = sound.samplerate
    except sf.LibsndfileError as error:
        why = f"not audio that can be read, or cut short ({error.error_string.rstrip('.') or 'damaged'})"
        raise _error(name, why, "convert it to WAV or FLAC, or bring a fresh copy") from error
    if len(y) < wanted:
        raise _error(name, f"cut short: its header claims {wanted} samples, the file holds {len(y)}")
    return y, rate


def _span(sound: Any, name: str, offset: float, duration: float | None) -> tuple[int, int]:
    """Return the first sample and the number of samples that `offset` and `duration` ask for, in that order."""
    rate, n_samples = sound.samplerate, sound.frames
    if rate > HIGHEST_RATE:
        raise _error(name, f"a sampling rate of {rate} Hz, expected 1 to {HIGHEST_RATE}")
    if n_samples == 0:
        raise _error(name, "no samples")
    first = int(offset * rate)
    if first >= n_samples:
        seconds = n_samples / rate
        raise _error(name, f"offset={offset} s is past its end", f"choose an offset below its {seconds:.3f} s")
    left = n_samples - first
    return first, left if duration is None else min(left, max(1, int(duration * rate)))


def _blocks(sound: Any, wanted: int) -> np.ndarray:
    """Return up to `wanted` mono samples, read in blocks: a header that claims too many must not claim memory."""
    blocks = []
    length = max(1, _BLOCK // sound.channels)
    while wanted > 0:
        block = sound.read(min(wanted, length), dtype="float32", always_2d=True)
        blocks.append(block[:, 0] if sound.channels == 1 else _averaged(block))
        wanted = wanted - len(block) if len(block) else 0
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _averaged(block: np.ndarray) -> np.ndarray:
    """Return the mean of the channels; infinite ones are for `_checked` to find."""
    with np.errstate(invalid="ignore", over="ignore"):
        mean: np.ndarray = block.mean(axis=1)
    return mean


def _checked(y: np.ndarray, name: str) -> np.ndarray:
    """Return the waveform, whose samples are finite and not on the scale of integers."""
    peak = max(y.max(), -y.min())
    if not math.isfinite(peak):
        raise _error(name, "not finite (NaN or infinite samples)")
    if peak > _HIGHEST_PEAK:
        cure = "divide its samples by the full scale they were made with, and write it again"
        raise _error(name, f"samples up to {peak:g}, expected a waveform in [-1, 1]", cure)
    return y


def _resampled(y: np.ndarray, rate: int, sr: int | None, name: str) -> np.ndarray:
    """Return the waveform at rate `sr`, or as it is when `sr` is its rate or not given."""
    if sr is None or sr == rate:
        return y
    resampled: np.ndarray = soxr.resample(y, rate, sr, quality="HQ")
    if len(resampled) == 0:
        raise _error(name, f"too short for {sr} Hz ({len(y)} samples at {rate} Hz)")
    return resampled
