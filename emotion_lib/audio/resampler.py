"""Mix channels and change the sampling rate, for whole waveforms and for streams."""

import math

import numpy as np
import soxr

from emotion_lib.audio.sources import audio_error
from emotion_lib.errors import ParameterError

HIGHEST_RATE = 768_000
"""The highest sampling rate in Hz that a recording can have; a header that claims more is broken."""

HIGHEST_RATIO = 100
"""How many times its own rate a recording can be brought to: more is a broken header, and takes memory for nothing."""

_HIGHEST_PEAK = 8.0
_MOST_CHANNELS_OF_A_FEW_SAMPLES = 8


class Resampler:
    """Bring a stream to another rate, chunk by chunk, as mono float32.

    All that comes out, one after the other, is what resampling the whole at once gives, sample for sample. What comes
    out of one chunk lags behind what went in (by some 20 ms for rates of speech): `flush` gives the rest.

    Parameters
    ----------
    sr_in : int
        Rate of the chunks in Hz, from 1 to 768000.
    sr_out : int
        Rate wanted in Hz, from 1 to 768000, and at most 100 times `sr_in`.

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
            raise ParameterError(f"sr={sr_in}: must be {lowest} or more to bring it to {sr_out} Hz")
        self._rates = sr_in, sr_out
        self._stream: soxr.ResampleStream | None = None

    def process(self, chunk: np.ndarray) -> np.ndarray:
        """Take the next chunk, and give what can be said by now.

        Channels are averaged and samples beyond full scale clipped.

        Parameters
        ----------
        chunk : ndarray of shape (n_samples,) or (n_samples, n_channels)
            Floats in [-1, 1], or PCM as int16 or int32; it may be empty.

        Returns
        -------
        ndarray of shape (n_samples,), float32
            Samples in [-1, 1] at the wanted rate; often none for a short chunk.

        Raises
        ------
        ParameterError
            If the chunk has another shape or type.
        AudioError
            If its samples are not finite, or on the scale of integers.
        """
        return self._next(check_samples(as_mono(chunk, "chunk"), "chunk", cure="check what records it"))

    def flush(self) -> np.ndarray:
        """Give what is left after the last chunk, and be ready for another stream.

        Returns
        -------
        ndarray of shape (n_samples,), float32
            The last samples at the wanted rate; there may be none.
        """
        rest = self._next(np.zeros(0, dtype=np.float32), last=True)
        self._stream = None
        return rest

    def _next(self, y: np.ndarray, *, last: bool = False) -> np.ndarray:
        sr_in, sr_out = self._rates
        if sr_in == sr_out:
            return clip(y)
        # To make a stream takes half the time of a short recording: one is made when it is needed.
        self._stream = self._stream or soxr.ResampleStream(sr_in, sr_out, 1, quality="HQ")
        return clip(self._stream.resample_chunk(y, last=last))


def clip(y: np.ndarray) -> np.ndarray:
    """Return the samples with those beyond full scale brought to it, as a player does."""
    bounded: np.ndarray = np.clip(y, -1.0, 1.0)
    return bounded


def check_rate(name: str, rate: object) -> None:
    """Raise a `ParameterError` for what is no rate in Hz."""
    number = isinstance(rate, (int, float, np.integer, np.floating)) and not isinstance(rate, bool)
    if not (number and 1 <= rate <= HIGHEST_RATE and rate == int(rate)):  # type: ignore[operator,call-overload]
        raise ParameterError(f"{name}={rate!r}: must be a whole number of Hz from 1 to {HIGHEST_RATE}")


def as_mono(y: np.ndarray, name: str) -> np.ndarray:
    """Return samples of any accepted shape and type as mono float32."""
    try:
        y = np.asarray(y)
    except ValueError as problem:
        raise ParameterError(f"{name}: rows of different lengths, must be (n_samples, n_channels)") from problem
    if y.ndim not in (1, 2) or (y.ndim == 2 and y.shape[1] == 0):
        raise ParameterError(f"{name} of shape {y.shape}: must be (n_samples,) or (n_samples, n_channels)")
    if y.ndim == 2 and y.shape[1] > max(len(y), _MOST_CHANNELS_OF_A_FEW_SAMPLES):
        raise ParameterError(f"{name} of shape {y.shape}: must be (n_samples, n_channels); transpose it (y.T)")
    y = _as_float(y, name)
    return y if y.ndim == 1 else averaged(y)


def _as_float(y: np.ndarray, name: str) -> np.ndarray:
    if y.dtype in (np.int16, np.int32):
        return y.astype(np.float32) / np.float32(-np.iinfo(y.dtype).min)
    if np.issubdtype(y.dtype, np.floating):
        with np.errstate(over="ignore"):
            return y.astype(np.float32, copy=False)
    cure = "divide integers by their full scale" if np.issubdtype(y.dtype, np.integer) else "convert it"
    raise ParameterError(f"{name} of {y.dtype}: must be float in [-1, 1], int16 or int32; {cure}")


def averaged(y: np.ndarray) -> np.ndarray:
    """Return the mean of the channels; infinite ones are for `checked` to find."""
    if y.shape[1] == 1:
        return y[:, 0]
    with np.errstate(invalid="ignore", over="ignore"):
        mean: np.ndarray = y.mean(axis=1)
    return mean


def check_samples(y: np.ndarray, name: str, *, cure: str | None = None) -> np.ndarray:
    """Return the samples, which are finite and not on the scale of integers."""
    peak = max(y.max(), -y.min()) if len(y) else 0.0
    if not math.isfinite(peak):
        raise audio_error(name, "not finite (NaN or infinite samples)", cure)
    if peak > _HIGHEST_PEAK:
        divide = "divide its samples by the full scale they were made with"
        raise audio_error(name, f"samples up to {peak:g}, expected a waveform in [-1, 1]", divide)
    return y
