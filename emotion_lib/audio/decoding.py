"""From a file to its samples: straight through with soundfile, in blocks that bound the memory."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

import numpy as np
import soundfile as sf

from emotion_lib.audio.headers import SafeFile, conversion, mended, unreadable
from emotion_lib.audio.resampling import HIGHEST_RATE, averaged, checked
from emotion_lib.audio.sources import Source, error, opened
from emotion_lib.errors import AudioError

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


class Recording(NamedTuple):
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
def recording(source: Source, name: str, *, whole: bool = False) -> Iterator[Recording]:
    """Give a recording whose header is sound; `whole` where it will be read to its end."""
    with opened(source, name, whole=whole) as file:
        safe = mended(file, name)
        try:
            sound = _Straight(safe)
        except sf.LibsndfileError as problem:
            raise unreadable(file, name) from problem
        with closing(sound):
            found = Recording(name, safe, sound)
            _check_header(found)
            yield found


def _check_header(found: Recording) -> None:
    """Raise an `AudioError` for a format that is not for speech, and a rate or a length that no recording has."""
    if found.sound.format not in _FORMATS:
        raise error(found.name, f"not audio that can be read ({found.sound.format_info})", conversion(found.name))
    if found.rate > HIGHEST_RATE:
        raise error(found.name, f"a sampling rate of {found.rate} Hz, expected 1 to {HIGHEST_RATE}")
    if found.n_samples == 0:
        raise error(found.name, "no samples")
    if found.n_samples is not None and found.n_samples > found.file.size * _SAMPLES_PER_BYTE:
        claim = f"its header claims {found.n_samples} samples, the file has {found.file.size} bytes"
        raise error(found.name, f"cut short: {claim}")


def decoded(
    found: Recording, *, offset: float = 0.0, duration: float | None = None, growth: float = 1.0
) -> Iterator[np.ndarray]:
    """Yield the asked part as mono float32 blocks, which have `_BLOCK` samples even when they grow by `growth`."""
    length = max(1, int(_BLOCK / max(found.sound.channels, growth)))
    first, wanted = _span(found, offset, duration)
    _skip(found, first, length)
    yield from _blocks(found, wanted, length)


def _span(found: Recording, offset: float, duration: float | None) -> tuple[int, int | None]:
    """Return the first sample and the number of samples that are asked for; None for all where it is not known."""
    first = int(offset * found.rate)
    wanted = None if duration is None else max(1, int(duration * found.rate))
    if found.n_samples is None:
        return first, wanted
    if first >= found.n_samples:
        raise _past_the_end(found, offset, found.n_samples)
    left = found.n_samples - first
    return first, left if wanted is None else min(left, wanted)


def _past_the_end(found: Recording, offset: float, n_samples: int) -> AudioError:
    seconds = n_samples / found.rate
    return error(found.name, f"offset={offset} s is past its end", f"choose an offset below its {seconds:.3f} s")


def _skip(found: Recording, first: int, length: int) -> None:
    """Go to sample `first`: by reading, where a seek of libsndfile is not exact or can take long."""
    if found.sound.format in _EXACT_SEEK and found.sound.subtype.startswith(("PCM", "FLOAT")):
        found.sound.seek(first)
        return
    n_skipped = 0
    while n_skipped < first and (n := len(_read(found, min(length, first - n_skipped)))):
        n_skipped += n


def _blocks(found: Recording, wanted: int | None, length: int) -> Iterator[np.ndarray]:
    """Yield mono blocks of up to `length` samples, `wanted` in all: a header's claim alone must not claim memory."""
    n_read = 0
    while wanted is None or n_read < wanted:
        block = _read(found, length if wanted is None else min(length, wanted - n_read))
        if len(block) == 0:
            break
        n_read += len(block)
        mono = averaged(block)
        yield mono if found.bounded else checked(mono, found.name)
    if found.n_samples is not None and wanted is not None and n_read < wanted:
        raise error(found.name, f"cut short: its header claims {wanted} samples, the file holds {n_read}")
    if n_read == 0:
        raise error(found.name, "no samples from the offset on", "choose a smaller offset")


def _read(found: Recording, length: int) -> np.ndarray:
    """Return the next samples, (n_samples, n_channels); none at the end."""
    try:
        block: np.ndarray = found.sound.read(length, dtype="float32", always_2d=True)
    except sf.LibsndfileError as problem:
        raise error(found.name, "damaged, or cut short") from problem
    if found.file.problem is not None:
        why = getattr(found.file.problem, "strerror", None) or found.file.problem
        raise error(found.name, f"cannot be read to its end ({why})", "try again, or copy it to another disk")
    return block
