"""One recording in whatever form it is given: a path, bytes, an open file, or a waveform with its rate."""

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

Recording = audio.Source | np.ndarray
"""What can be recognised: what `audio.read` reads, or a waveform."""

LONG = 15.0
"""Seconds above which a recording is predicted window by window."""

_SAMPLES_AT_ONCE = 2**18

Recordings = list[Any] | tuple[Any, ...]
"""Several of them; a column of a table and an array of paths do as well."""


def is_list(x: object) -> TypeGuard[Recordings]:
    """Return whether this is several recordings: a list, a tuple, a column of a table, an array of paths."""
    if isinstance(x, np.ndarray):
        return x.ndim == 1 and x.dtype.kind in "OU"
    if isinstance(x, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(x, "read"):
        return False
    return hasattr(x, "__len__") and hasattr(x, "__getitem__") and not _is_table(x)


def _is_table(x: object) -> bool:
    """Return whether this is a table, or a mapping: which of its columns are recordings is not for us to guess."""
    return isinstance(x, Mapping) or hasattr(x, "columns")


class RecordingReader:
    """A recording that can be read at one rate; more than once, if `rewindable` opened it.

    Parameters
    ----------
    x : path, bytes, binary file object or ndarray
        The recording.
    sr : int or None
        The rate of a waveform.
    to : int
        The rate in Hz at which it is read.

    Raises
    ------
    ParameterError
        If it is no recording, a waveform comes without its rate, or a file with one.
    """

    def __init__(self, x: Recording, sr: int | None, *, to: int) -> None:
        _check_recording(x, sr)
        self._x, self._sr, self._to = x, to if sr is None else sr, to

    def short(self, *, offset: float, duration: float | None) -> tuple[np.ndarray, np.ndarray] | None:
        """Return all of a recording, and the part that is predicted; None where it is longer than `LONG`."""
        y = self.read(duration=LONG + 1)
        if len(y) > LONG * self._to:
            return None
        return y, self.read(offset=offset, duration=duration) if offset or duration else y

    def read(self, *, offset: float = 0.0, duration: float | None = None) -> np.ndarray:
        """Return `duration` seconds from `offset` on, or what there is of them."""
        if not isinstance(self._x, np.ndarray):
            return audio.read(self._x, sr=self._to, offset=offset, duration=duration)[0]
        first = int(offset * self._sr)
        last = None if duration is None else first + max(1, int(duration * self._sr))
        if 0 < len(self._x) <= first:
            raise AudioError(f"waveform: over before {offset} s, where this recogniser begins; give a longer one")
        return audio.waveform(self._x[first:last], self._sr, sr_out=self._to)

    def blocks(self) -> Iterator[np.ndarray]:
        """Return all of it, block by block."""
        if not isinstance(self._x, np.ndarray):
            return audio.blocks(self._x, sr=self._to)
        edges = np.linspace(0, len(self._x), max(1, len(self._x) // _SAMPLES_AT_ONCE) + 1).astype(int).tolist()
        x = self._x  # blocks of nearly the same length, since a last one of a few samples could look like channels
        return resampled((x[first:last] for first, last in pairwise(edges)), self._sr, self._to)

    def digest(self) -> bytes:
        """Return the SHA-256 of the file, or of the numbers of a waveform."""
        if isinstance(self._x, np.ndarray):
            return hashlib.sha256(self._x.tobytes()).digest()
        return digest(self._x, name_of(self._x))


def _check_recording(x: Any, sr: int | None) -> None:
    if isinstance(x, np.ndarray):
        if sr is None:
            raise ParameterError("sr=None: a waveform does not say its rate; give it, as in predict(y, sr=16000)")
        check_rate("sr", sr)
        if x.ndim not in {1, 2}:
            raise ParameterError(f"waveform of shape {x.shape}: must be (n_samples,) or (n_samples, n_channels)")
        return
    if _is_table(x):
        raise ParameterError(f"a {type(x).__name__}: give the recordings in it, as in predict(table['path'])")
    if isinstance(x, (int, float, np.number)):
        raise ParameterError(
            f"{x!r}: a number is no recording; give a waveform as an array, predict(np.array(y), sr=sr)"
        )
    check_source(x)
    if sr is not None:
        raise ParameterError(f"sr={sr}: only for waveforms, a file says its own rate; leave it out")


@contextmanager
def rewindable(x: Recording, sr: int | None, *, to: int) -> Iterator[RecordingReader]:
    """Open a recording so that it can be read more than once: a pipe is copied, to disk where it is long."""
    once = RecordingReader(x, sr, to=to)  # refuses what is no recording, before anything is read
    if isinstance(x, np.ndarray):
        yield once
    else:
        with open_source(x, name_of(x)) as file:
            yield RecordingReader(file, sr, to=to)


def resampled(chunks: Iterable[np.ndarray], sr: int, to: int) -> Iterator[np.ndarray]:
    """Return a waveform that comes in parts, mono and at another rate."""
    check_rate("sr", sr)
    return _resample_chunks(chunks, audio.Resampler(sr, to))


def _resample_chunks(chunks: Iterable[np.ndarray], resampler: audio.Resampler) -> Iterator[np.ndarray]:
    """Yield each part at the other rate, and what is left at the end."""
    for chunk in chunks:
        yield resampler.process(chunk)
    yield resampler.flush()
