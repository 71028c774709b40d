"""From a waveform to the power of its frequencies and mel bands: what takes the time of an extraction.

Most of that is the FFT: SciPy's, which computes in single precision, several frames at once, and lets other threads
run. The rest is memory, which costs most where it is new: so each thread keeps what it works in.
"""

import math
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft

from emotion_lib.features.settings import DEFAULT, FeatureSettings
from emotion_lib.mel import hz_to_mel, mel_to_hz

FEATURES_VERSION = 1
"""Version of the numbers that a recording is turned into, from reading it to its features.

Raise it when any feature of the same recording changes, however the file is read. Features of another version are never
mixed with those of this one: the cache starts anew, a store on disk is refused, and a row of results is out of date.
"""

_SAMPLES_AT_ONCE = 2**18
_LARGEST_PRODUCT = 2**18  # frames times frequencies times bands; for more, BLAS starts threads of its own


def framed(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Cut a waveform, continued by silence at both ends, into overlapping frames.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform with at least one sample.
    n_fft, hop_length : int > 0
        Samples in a frame, and from one frame to the next.

    Returns
    -------
    ndarray of shape (n_frames, n_fft), float32
        A view; frame t is centred at sample t * hop_length.
    """
    n_fft, hop_length = int(n_fft), int(hop_length)  # in NumPy's short integers the strides have no room
    beyond = n_fft // 2
    padded = np.zeros(len(y) + 2 * beyond, dtype=np.float32)
    padded[beyond : beyond + len(y)] = y
    shape = 1 + (len(padded) - n_fft) // hop_length, n_fft
    strides = hop_length * padded.itemsize, padded.itemsize
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def power(frames: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield which frames, and the power of each of their frequencies, some frames at a time.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_fft), float32
        As `framed` gives them.

    Yields
    ------
    rows : slice
    spectrum : ndarray of shape (n_rows, n_fft // 2 + 1), float32
        To be used before the next is asked for, which takes its place.
    """
    n_frames, n_fft = frames.shape
    n_rows = math.ceil(n_frames / math.ceil(n_frames * n_fft / _SAMPLES_AT_ONCE))
    for first in range(0, n_frames, n_rows):
        rows = slice(first, first + n_rows)
        some = frames[rows]
        windowed = np.multiply(some, _window(n_fft), out=_place.of_shape("windowed", *some.shape))
        spectrum = _place.of_shape("power", len(some), n_fft // 2 + 1)
        np.abs(scipy.fft.rfft(windowed, axis=1), out=spectrum)
        yield rows, np.square(spectrum, out=spectrum)


class _Place(threading.local):
    """Where a thread keeps numbers that it needs for a moment."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def of_shape(self, name: str, n_rows: int, n_columns: int) -> np.ndarray:
        """Return an array of this shape, which was used before under this name."""
        n_numbers = n_rows * n_columns
        if name not in self._kept or self._kept[name].size < n_numbers:
            self._kept[name] = np.empty(n_numbers, dtype=np.float32)
        return self._kept[name][:n_numbers].reshape(n_rows, n_columns)


_place = _Place()


def mel_power(frames: np.ndarray, sr: int, settings: FeatureSettings) -> np.ndarray:
    """Compute the power of each mel band in each frame.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_fft), float32
        As `framed` gives them.
    sr : int > 0
        Sampling rate in Hz.
    settings : FeatureSettings
        `n_fft`, that of the frames, and `n_mels` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32
    """
    mel = np.empty((len(frames), settings.n_mels), dtype=np.float32)
    for rows, spectrum in power(frames):
        for part in _parts(sr, settings):
            np.matmul(spectrum[:, part.bins], part.weights, out=mel[rows, part.bands])
    return mel


def mel_filters(sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Make the triangular filters that sum frequencies into mel bands.

    Each triangle has the same area, so that white noise gives every band the same power.

    Parameters
    ----------
    sr : int > 0
        Sampling rate in Hz; the bands reach up to half of it.
    settings : FeatureSettings
        `n_fft` and `n_mels` are used.

    Returns
    -------
    ndarray of shape (n_mels, n_fft // 2 + 1), float32

    Examples
    --------
    >>> mel_filters(22050).shape
    (128, 1025)

    Notebook: 02_features
    """
    edges = mel_to_hz(np.linspace(0, hz_to_mel(sr / 2), settings.n_mels + 2))[:, None]
    frequencies = np.fft.rfftfreq(settings.n_fft, 1 / sr)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies - lower) / (centre - lower)
    falling = (upper - frequencies) / (upper - centre)
    filters: np.ndarray = (np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)).astype(np.float32)
    return filters


class _Part(NamedTuple):
    """Some mel bands next to each other: the frequencies that they hear, and how much of each."""

    bands: slice
    bins: slice
    weights: np.ndarray


@lru_cache(maxsize=16)
def _parts(sr: int, settings: FeatureSettings) -> tuple[_Part, ...]:
    """Return the filters in parts, without most of the zeros that they are made of."""
    most_weights = _LARGEST_PRODUCT // math.ceil(_SAMPLES_AT_ONCE / settings.n_fft)
    return tuple(_split(mel_filters(sr, settings=settings), 0, settings.n_mels, most_weights))


def _split(filters: np.ndarray, first: int, end: int, most_weights: int) -> Iterator[_Part]:
    """Yield the bands from `first` to `end`, halved until each part has few enough weights."""
    some = filters[first:end]
    heard = np.flatnonzero(some.any(axis=0))
    bins = slice(heard[0], heard[-1] + 1) if len(heard) else slice(0)
    weights = np.ascontiguousarray(some[:, bins].T)
    if weights.size <= most_weights or len(some) == 1:
        yield _Part(slice(first, end), bins, weights)
    else:
        middle = (first + end) // 2
        yield from _split(filters, first, middle, most_weights)
        yield from _split(filters, middle, end, most_weights)


@lru_cache(maxsize=8)
def _window(n_fft: int) -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
