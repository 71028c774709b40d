"""Compute features that have a row for each frame: power spectrum, log-mel spectrogram, MFCCs and pitch."""

import math
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft

from emotion_lib.errors import AudioError
from emotion_lib.features.mel import hz_to_mel, mel_to_hz
from emotion_lib.features.settings import DEFAULT, FeatureSettings
from emotion_lib.features.yin import frame_length, of_frames

FEATURES_VERSION = 1
"""Version of the features, from reading a recording to the numbers.

Raise it when any feature of the same recording changes, whatever the cause. Features of different versions are never
mixed: the cache is recomputed, a store on disk is refused, and a row of results is out of date.
"""

# Limits the memory of a thread. Smaller batches, which fit into the L2 cache, were slower (benchmarks/README.md).
_SAMPLES_AT_ONCE = 2**18
_FRAMES_AT_ONCE = 2**12  # of the pitch
_LARGEST_PRODUCT = 2**18  # frames times frequencies times bands; above it, BLAS starts threads of its own


def framed(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Cut a waveform, padded with silence at both ends, into overlapping frames.

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
    n_fft, hop_length = int(n_fft), int(hop_length)  # the strides could overflow NumPy's short integers
    beyond = n_fft // 2
    padded = np.zeros(len(y) + 2 * beyond, dtype=np.float32)
    padded[beyond : beyond + len(y)] = y
    shape = 1 + (len(padded) - n_fft) // hop_length, n_fft
    strides = hop_length * padded.itemsize, padded.itemsize
    return np.lib.stride_tricks.as_strided(padded, shape, strides, writeable=False)


def power(frames: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Compute the power spectra of frames, batch by batch.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_fft), float32
        Frames, as `framed` returns them.

    Yields
    ------
    rows : slice
        Numbers of the frames.
    spectrum : ndarray of shape (n_rows, n_fft // 2 + 1), float32
        Their power spectra, valid until the next step, which overwrites them.
    """
    n_frames, n_fft = frames.shape
    # The frames are divided evenly, so that the last batch is not a short one.
    n_rows = math.ceil(n_frames / math.ceil(n_frames * n_fft / _SAMPLES_AT_ONCE))
    for first in range(0, n_frames, n_rows):
        rows = slice(first, first + n_rows)
        some = frames[rows]
        windowed = np.multiply(some, _hann(n_fft), out=_place.of_shape("windowed", *some.shape))
        spectrum = _place.of_shape("power", len(some), n_fft // 2 + 1)
        np.abs(scipy.fft.rfft(windowed, axis=1), out=spectrum)  # the quickest way to the power, by measurement
        yield rows, np.square(spectrum, out=spectrum)


class _Place(threading.local):
    """Arrays that each thread reuses, since allocating them for each batch nearly doubled the time for a file."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray] = {}

    def of_shape(self, name: str, n_rows: int, n_columns: int) -> np.ndarray:
        """Return an uninitialised array of this shape in the memory that belongs to the name."""
        n_numbers = n_rows * n_columns
        if name not in self._kept or self._kept[name].size < n_numbers:
            self._kept[name] = np.empty(n_numbers, dtype=np.float32)
        return self._kept[name][:n_numbers].reshape(n_rows, n_columns)


_place = _Place()


def mel_filters(sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the triangular filters that sum frequencies into mel bands.

    All triangles have the same area, so that white noise has the same power in every band.

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
    """Neighbouring mel bands, the frequencies that they sum, and the weights."""

    bands: slice
    bins: slice
    weights: np.ndarray


@lru_cache(maxsize=16)
def _parts(sr: int, settings: FeatureSettings) -> tuple[_Part, ...]:
    """Return the mel filters in parts, without most of their zeros, each small enough for BLAS to use one thread."""
    most_weights = _LARGEST_PRODUCT // math.ceil(_SAMPLES_AT_ONCE / settings.n_fft)
    return tuple(_halved(mel_filters(sr, settings=settings), 0, settings.n_mels, most_weights))


def _halved(filters: np.ndarray, first: int, end: int, most_weights: int) -> Iterator[_Part]:
    """Yield the bands from `first` to `end`, split in half until each part has at most `most_weights`."""
    some = filters[first:end]
    summed = np.flatnonzero(some.any(axis=0))
    bins = slice(summed[0], summed[-1] + 1) if len(summed) else slice(0)
    weights = np.ascontiguousarray(some[:, bins].T)
    if weights.size <= most_weights or len(some) == 1:
        yield _Part(slice(first, end), bins, weights)
    else:
        middle = (first + end) // 2
        yield from _halved(filters, first, middle, most_weights)
        yield from _halved(filters, middle, end, most_weights)


@lru_cache(maxsize=8)
def _hann(n_fft: int) -> np.ndarray:
    # Periodic, as in librosa: divided by n_fft, not n_fft - 1.
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


SMALLEST_POWER = 1e-10
"""Power below which a band counts as silent (-100 dB), as in librosa."""

VOICED = 0.7
"""Lowest periodicity at which a frame has a pitch.

On TESS, the pitch agrees with that of pYIN in 97 % of the frames in which both find one.
"""


def power_spectrum(y: np.ndarray, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the power of each frequency in each frame.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    settings : FeatureSettings
        `n_fft` and `hop_length` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_fft // 2 + 1), float32
        Frame t is centred at sample t * hop_length; the waveform is padded with silence at both ends.

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    Examples
    --------
    A cosine of amplitude 1 at bin 8 has the power (n_fft / 4)^2 there: half of its amplitude is at the negative
    frequency, and the window halves the rest.

    >>> settings = FeatureSettings(n_fft=64, hop_length=16)
    >>> y = np.cos(2 * np.pi * 8 * np.arange(256) / 64)
    >>> float(power_spectrum(y, settings=settings)[8, 8].round())
    256.0

    Notebook: 02_features
    """
    frames = framed(as_waveform(y), settings.n_fft, settings.hop_length)
    return np.concatenate([spectrum.copy() for _, spectrum in power(frames)])


def as_waveform(y: np.ndarray) -> np.ndarray:
    """Return the waveform as float32, or raise an `AudioError` if it is not one-dimensional or is empty."""
    y = np.asarray(y, dtype=np.float32)
    if y.ndim != 1:
        raise AudioError(f"waveform of shape {y.shape}: must have one dimension; average its channels first")
    if y.size == 0:
        raise AudioError("waveform without samples: must have at least one; check how it was made")
    return y


def log_mel(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the mel spectrogram in decibels: how loud each band is in each frame.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        All but `sr`, `offset`, `duration` and `n_mfcc` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32, dB

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    References
    ----------
    Stevens, S. S., Volkmann, J. and Newman, E. B. (1937). A scale for the measurement of the psychological
    magnitude pitch. doi:10.1121/1.1915893

    Examples
    --------
    >>> log_mel(np.zeros(22050), 22050).max().round(3).item()
    -100.0

    Notebook: 02_features
    """
    bands = _mel_power(y, sr, settings)
    bands = bands[_loud(bands, settings.trim_db)]
    below_loudest = 0.0 if settings.top_db is None else bands.max() * 10 ** (-settings.top_db / 10)
    decibels: np.ndarray = np.log10(np.maximum(bands, np.float32(max(SMALLEST_POWER, below_loudest))))
    decibels *= 10
    return decibels


def _mel_power(y: np.ndarray, sr: int, settings: FeatureSettings) -> np.ndarray:
    return mel_power(framed(as_waveform(y), settings.n_fft, settings.hop_length), sr, settings)


def mel_power(frames: np.ndarray, sr: int, settings: FeatureSettings) -> np.ndarray:
    """Compute the power of each mel band in each frame.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_fft), float32
        Frames, as `framed` returns them.
    sr : int > 0
        Sampling rate in Hz.
    settings : FeatureSettings
        `n_fft` and `n_mels` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32
    """
    bands = np.empty((len(frames), settings.n_mels), dtype=np.float32)
    for rows, spectrum in power(frames):
        for part in _parts(sr, settings):
            np.matmul(spectrum[:, part.bins], part.weights, out=bands[rows, part.bands])
    return bands


def _loud(bands: np.ndarray, decibels: float | None) -> slice:
    """Return the range of frames that `trim_db` keeps; None keeps all of them."""
    if decibels is None:
        return slice(None)
    level = bands.sum(axis=1)
    loud = np.flatnonzero(level >= level.max() * 10 ** (-decibels / 10))
    return slice(loud[0], loud[-1] + 1)


def mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the mel-frequency cepstral coefficients of one utterance.

    They keep the coarse shape of the spectrum (the vowel, tension in the voice) and lose the detail of the pitch: two
    speakers become comparable, but a rise in pitch is partly lost.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        All but `sr`, `offset` and `duration` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mfcc), float32

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    References
    ----------
    Davis, S. and Mermelstein, P. (1980). Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences. doi:10.1109/TASSP.1980.1163420

    Examples
    --------
    Silence has the same level in all 128 bands, so only the first coefficient is not zero.

    >>> mfcc(np.zeros(22050), 22050)[0].round()[:3].tolist()
    [-1131.0, 0.0, 0.0]

    Notebook: 02_features
    """
    return cepstrum(log_mel(y, sr, settings=settings), settings.n_mfcc)


def cepstrum(decibels: np.ndarray, n_mfcc: int) -> np.ndarray:
    """Return the first `n_mfcc` coefficients of the cosine transform along the last axis, the mel bands."""
    every = scipy.fft.dct(decibels, norm="ortho")
    return np.ascontiguousarray(every[..., :n_mfcc])  # a view would keep all of them in memory


def pitch(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Estimate the fundamental frequency of the voice in each frame.

    The pitch differs between emotions, but MFCCs lose it. It differs between speakers too. The frames are the same as
    those of `log_mel`, so that both features can be combined.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int >= 2800
        Its sampling rate in Hz.
    settings : FeatureSettings
        `hop_length` is used, and `trim_db`, `n_fft` and `n_mels` to cut off quiet ends as `log_mel` does.

    Returns
    -------
    ndarray of shape (n_frames, 2), float32
        Fundamental frequency in Hz, from 65 to 700, or 0 if the frame has no pitch (consonants, pauses, creaky voice);
        periodicity, from 0 (noise, silence) to 1.

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.
    ParameterError
        If `sr` is too low to measure the pitch.

    References
    ----------
    de Cheveigné, A. and Kawahara, H. (2002). YIN, a fundamental frequency estimator for speech and music.
    doi:10.1121/1.1458024

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(22050) / 22050)
    >>> pitch(tone, 22050)[20].round().tolist()
    [220.0, 1.0]

    Notebook: 02_features
    """
    y = as_waveform(y)
    half = frame_length(sr) // 2
    padded = np.pad(y, (half, frame_length(sr) - half))  # centres frame t at t * hop_length, as in `log_mel`
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame_length(sr))[:: settings.hop_length]
    # In parts, since the spectra and mismatches of half an hour take gigabytes.
    parts = np.array_split(frames, math.ceil(len(frames) / _FRAMES_AT_ONCE))
    frequency, periodicity = np.hstack([of_frames(part, sr) for part in parts])
    tracked = np.stack([np.where(periodicity >= VOICED, frequency, 0), periodicity], axis=1).astype(np.float32)
    if settings.trim_db is None:
        return tracked
    return tracked[_loud(_mel_power(y, sr, settings), settings.trim_db)]


def frame_weights(lengths: np.ndarray, n_frames: int) -> np.ndarray:
    """Compute weights for averages over time that ignore padding.

    Parameters
    ----------
    lengths : ndarray of shape (n_utterances,), int > 0
        Number of frames of each utterance, without padding.
    n_frames : int
        Number of frames with padding.

    Returns
    -------
    ndarray of shape (n_utterances, n_frames), float32
        Each row sums to 1.

    Examples
    --------
    >>> frame_weights(np.array([1, 2]), 4).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]]
    """
    real = np.arange(n_frames) < np.asarray(lengths)[:, None]
    weights: np.ndarray = (real / real.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights
