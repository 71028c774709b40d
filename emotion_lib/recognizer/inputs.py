"""The recordings that a recogniser accepts: a path, bytes, an open file, or a waveform with its rate."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np

from emotion_lib import audio
from emotion_lib.audio.resampler import check_rate
from emotion_lib.audio.sources import check_source, digest, name_of, open_source
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import FeatureSettings

Recording = audio.Source | np.ndarray
"""One recording: a source that `audio.read` reads, or a waveform."""

LONG = 15.0
"""Seconds above which a recording is predicted window by window."""

_SAMPLES_AT_ONCE = 2**18  # 16 seconds at 16 kHz

Recordings = list[Any] | tuple[Any, ...]
"""Several recordings; a table column and an array of paths are accepted too."""


def is_list(x: object) -> TypeGuard[Recordings]:
    """Return whether `x` holds several recordings: a list, a tuple, a table column or an array of paths."""
    if isinstance(x, np.ndarray):
        return x.ndim == 1 and x.dtype.kind in "OU"
    if isinstance(x, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(x, "read"):
        return False
    return hasattr(x, "__len__") and hasattr(x, "__getitem__") and not _is_table(x)


def _is_table(x: object) -> bool:
    """Return whether `x` is a table or a mapping, refused because its column of recordings would be a guess."""
    return isinstance(x, Mapping) or hasattr(x, "columns")


class RecordingReader:
    """Read a recording at one sampling rate; if `rewindable` opened it, it can be read more than once.

    Parameters
    ----------
    x : path, bytes, binary file object or ndarray
        The recording.
    sr : int or None
        Sampling rate of a waveform in Hz; None for a file.
    to : int
        Sampling rate in Hz at which to read the recording.
    channel : "left", "right", int or None
        The channel to read, as for `audio.read`.

    Raises
    ------
    ParameterError
        If `x` is not a recording, a waveform has no rate, or a rate is given for a file.
    """

    def __init__(self, x: Recording, sr: int | None, *, to: int, channel: audio.Channel = None) -> None:
        _check_recording(x, sr)
        self._x: Recording = x
        self._channel = channel
        self._notes: list[str] = []
        self._sr, self._to = to if sr is None else sr, to

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the recording, as far as it was read."""
        return tuple(dict.fromkeys(self._notes))  # one for each, however often it was read

    def short(self, settings: FeatureSettings) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the whole recording and the part that the settings choose; None if it is longer than `LONG`."""
        y = self.read(duration=LONG + 1)  # one more second distinguishes a long recording from one of exactly `LONG`
        if len(y) > LONG * self._to:
            return None
        if settings.offset or settings.duration:
            return y, self.read(offset=settings.offset, duration=settings.duration)
        return y, y

    def read(self, *, offset: float = 0.0, duration: float | None = None) -> np.ndarray:
        """Return `duration` seconds from `offset` on, or fewer if the recording ends earlier."""
        if not isinstance(self._x, np.ndarray):
            return audio.read(
                self._x, sr=self._to, offset=offset, duration=duration, channel=self._channel, notes=self._notes
            )[0]
        first = int(offset * self._sr)
        last = None if duration is None else first + max(1, int(duration * self._sr))  # rounded as audio.read does
        if 0 < len(self._x) <= first:
            raise AudioError(
                f"waveform: ends before {offset} s, where this recogniser starts reading; give a longer one"
            )
        y = self._x[first:last]
        return audio.waveform(y, self._sr, sr_out=self._to, channel=self._channel, notes=self._notes)

    def blocks(self) -> Iterator[np.ndarray]:
        """Return an iterator over the whole recording in blocks."""
        if not isinstance(self._x, np.ndarray):
            return audio.blocks(self._x, sr=self._to, channel=self._channel, notes=self._notes)
        # Blocks of nearly equal length, since a last block of a few samples could be mistaken for channels.
        edges = np.linspace(0, len(self._x), max(1, len(self._x) // _SAMPLES_AT_ONCE) + 1).astype(int).tolist()
        x = self._x
        resampler = audio.Resampler(self._sr, self._to, channel=self._channel, notes=self._notes)
        return _resample_chunks((x[first:last] for first, last in pairwise(edges)), resampler)

    def digest(self) -> bytes:
        """Return the SHA-256 of the file, or of the samples of a waveform."""
        if isinstance(self._x, np.ndarray):
            return hashlib.sha256(self._x.tobytes()).digest()
        return digest(self._x, name_of(self._x))


def _check_recording(x: Any, sr: int | None) -> None:
    if isinstance(x, np.ndarray):
        if sr is None:
            raise ParameterError("sr=None: a waveform needs its sampling rate; give it, as in predict(y, sr=16000)")
        check_rate("sr", sr)
        if x.ndim not in {1, 2}:
            raise ParameterError(f"waveform of shape {x.shape}: must be (n_samples,) or (n_samples, n_channels)")
        return
    if isinstance(x, Mapping) and {"array", "sampling_rate"} <= x.keys():  # as the package datasets has them
        raise ParameterError("a dict with a waveform: write predict(x['array'], sr=x['sampling_rate'])")
    if _is_table(x):
        raise ParameterError(f"a {type(x).__name__}: give its column of recordings, as in predict(table['path'])")
    if isinstance(x, (int, float, np.number)):
        raise ParameterError(
            f"{x!r}: a number is not a recording; give a waveform as an array, as in predict(np.array(y), sr=sr)"
        )
    check_source(x)
    if sr is not None:
        cure = "leave it out"
        if isinstance(x, (bytes, bytearray, memoryview)):
            cure += "; for samples without a header, write np.frombuffer(x, dtype=np.int16), or the type that they have"
        raise ParameterError(f"sr={sr}: must be given for waveforms only, since a file states its rate; {cure}")


@contextmanager
def rewindable(x: Recording, sr: int | None, *, to: int, channel: audio.Channel = None) -> Iterator[RecordingReader]:
    """Open a recording so that it can be read more than once; a pipe is copied, to disk if it is long."""
    reader = RecordingReader(x, sr, to=to, channel=channel)  # checks the recording before anything is read
    if isinstance(x, np.ndarray):
        yield reader
    else:
        with open_source(x, name_of(x)) as file:
            reader._x = file
            yield reader


def resampled(chunks: Iterable[np.ndarray], sr: int, to: int, *, channel: audio.Channel = None) -> Iterator[np.ndarray]:
    """Resample a waveform that comes in parts, and mix it to mono."""
    check_rate("sr", sr)
    return _resample_chunks(chunks, audio.Resampler(sr, to, channel=channel))


def _resample_chunks(chunks: Iterable[np.ndarray], resampler: audio.Resampler) -> Iterator[np.ndarray]:
    """Yield each resampled part, and the rest at the end.

    The body of a generator runs only at its first `next`; `resampled` is a separate function, which checks the rate at
    once.
    """
    for chunk in chunks:
        yield resampler.process(chunk)
    yield resampler.flush()
