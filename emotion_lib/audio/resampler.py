"""Average channels and change the sampling rate of waveforms and streams."""

import math

import numpy as np
import soxr

from emotion_lib.audio.sources import audio_error
from emotion_lib.errors import ParameterError

HIGHEST_RATE = 768_000
"""Highest sampling rate in Hz that a recording may have; a header that claims more is damaged."""

HIGHEST_RATIO = 100
"""Highest ratio of the new sampling rate to the old one; a higher one would waste memory on a damaged header."""

_HIGHEST_PEAK = 8.0  # float files may exceed full scale (8 is +18 dB); integers stored as floats exceed it by far more
_MOST_CHANNELS_OF_A_FEW_SAMPLES = 8  # a chunk of a live stream may have fewer samples than channels


class Resampler:
    """Resample a stream chunk by chunk to mono float32.

    Joined together, the output chunks equal the whole waveform resampled at once, sample for sample. The output lags
    behind the input by about 20 ms at the usual rates of speech; `flush` returns the rest.

    Parameters
    ----------
    sr_in : int
        Sampling rate of the chunks in Hz, from 1 to 768000.
    sr_out : int
        Sampling rate of the output in Hz, from 1 to 768000, and at most 100 times `sr_in`.

    Raises
    ------
    ParameterError
        If a rate is outside its range.

    Examples
    --------
    >>> resampler = Resampler(48000, 16000)
    >>> chunks = [resampler.process(np.zeros((4800, 2), dtype=np.int16)) for _ in range(10)]
    >>> sum(map(len, chunks)) + len(resampler.flush())
    16000
    """

    def __init__(self, sr_in: int, sr_out: int) -> None:
        check_rate("sr_in", sr_in)
        check_rate("sr_out", sr_out)
        if sr_out > HIGHEST_RATIO * sr_in:
            lowest = -(-sr_out // HIGHEST_RATIO)
            raise ParameterError(f"sr={sr_in}: must be {lowest} or more to resample it to {sr_out} Hz")
        self._rates = sr_in, sr_out
        self._stream: soxr.ResampleStream | None = None

    def process(self, chunk: np.ndarray) -> np.ndarray:
        """Resample the next chunk.

        Channels are averaged, and samples beyond full scale are clipped.

        Parameters
        ----------
        chunk : ndarray of shape (n_samples,) or (n_samples, n_channels)
            Floats in [-1, 1], or PCM as int16 or int32; it may be empty.

        Returns
        -------
        ndarray of shape (n_samples,), float32
            The output samples that are ready, in [-1, 1], at the rate of the output. The array is often empty for a
            short chunk.

        Raises
        ------
        ParameterError
            If the shape or the type of the chunk is not supported.
        AudioError
            If its samples are NaN, infinite or far beyond full scale, such as integers stored as floats.
        """
        return self._next(check_samples(as_mono(chunk, "chunk"), "chunk", cure="check the program that records it"))

    def flush(self) -> np.ndarray:
        """Return the rest of the output after the last chunk, and reset for a new stream.

        Returns
        -------
        ndarray of shape (n_samples,), float32
            The last samples, at the rate of the output; it may be empty.
        """
        rest = self._next(np.zeros(0, dtype=np.float32), last=True)
        self._stream = None
        return rest

    def _next(self, y: np.ndarray, *, last: bool = False) -> np.ndarray:
        sr_in, sr_out = self._rates
        if sr_in == sr_out:
            return clip(y)
        # Created on first use, because creating it takes half as long as reading a short recording.
        self._stream = self._stream or soxr.ResampleStream(sr_in, sr_out, 1, quality="HQ")
        return clip(self._stream.resample_chunk(y, last=last))


def clip(y: np.ndarray) -> np.ndarray:
    """Limit samples to [-1, 1], as a player does."""
    bounded: np.ndarray = np.clip(y, -1.0, 1.0)
    return bounded


def check_rate(name: str, rate: object) -> None:
    """Raise a `ParameterError` unless `rate` is a sampling rate in Hz."""
    # Python counts True as the number 1, but nobody means it as a rate.
    number = isinstance(rate, (int, float, np.integer, np.floating)) and not isinstance(rate, bool)
    if not (number and 1 <= rate <= HIGHEST_RATE and rate == int(rate)):  # type: ignore[operator,call-overload]
        raise ParameterError(f"{name}={rate!r}: must be a whole number of Hz from 1 to {HIGHEST_RATE}")


def as_mono(y: np.ndarray, name: str) -> np.ndarray:
    """Convert samples of any accepted shape and type to mono float32."""
    try:
        y = np.asarray(y)
    except ValueError as problem:
        raise ParameterError(f"{name}: rows of different lengths; must be (n_samples, n_channels)") from problem
    if y.ndim not in (1, 2) or (y.ndim == 2 and y.shape[1] == 0):
        raise ParameterError(f"{name} of shape {y.shape}: must be (n_samples,) or (n_samples, n_channels)")
    if y.ndim == 2 and y.shape[1] > max(len(y), _MOST_CHANNELS_OF_A_FEW_SAMPLES):
        raise ParameterError(f"{name} of shape {y.shape}: must be (n_samples, n_channels); transpose it (y.T)")
    if y.dtype in (np.int16, np.int32):
        y = y.astype(np.float32) / np.float32(-np.iinfo(y.dtype).min)
    elif np.issubdtype(y.dtype, np.floating):
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, which check_samples reports
            y = y.astype(np.float32, copy=False)
    else:
        cure = "divide integers by their full scale" if np.issubdtype(y.dtype, np.integer) else "convert it"
        raise ParameterError(f"{name} of {y.dtype}: must be float in [-1, 1], int16 or int32; {cure}")
    return y if y.ndim == 1 else averaged(y)


def averaged(y: np.ndarray) -> np.ndarray:
    """Return the mean of the channels."""
    if y.shape[1] == 1:
        return y[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):  # check_samples reports infinite samples
        mean: np.ndarray = y.mean(axis=1)
    return mean


def check_samples(y: np.ndarray, name: str, *, cure: str | None = None) -> np.ndarray:
    """Return the samples unchanged, or raise an `AudioError` if they are not finite or far beyond full scale."""
    peak = max(y.max(), -y.min()) if len(y) else 0.0
    if not math.isfinite(peak):
        raise audio_error(name, "not finite (NaN or infinite samples)", cure)
    if peak > _HIGHEST_PEAK:
        divide = "divide its samples by their full scale"
        raise audio_error(name, f"samples up to {peak:g}, expected a waveform in [-1, 1]", divide)
    return y
