"""Average channels and change the sampling rate of waveforms and streams."""

import math
from typing import Any, Literal

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


_CANCELLED = 100  # the ratio of powers, 20 dB, by which the mean of channels that cancel is below them
_ENOUGH = 1024  # samples to tell whether channels cancel

_NUMBERS: dict[Any, int] = {None: 0, "left": 1, "right": 2}

Channel = Literal["left", "right"] | int | None
"""A channel of a recording: "left", "right" or its number, from 1; None is the mean of all."""


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
    channel : "left", "right", int or None
        The channel to take, as for `read`.
    notes : list of str, optional
        Gets a remark if the channels cancel each other.
    name : str, optional
        Name of the stream in error messages.

    Raises
    ------
    ParameterError
        If a rate is outside its range, or the channel is not a channel.

    Examples
    --------
    >>> resampler = Resampler(48000, 16000)
    >>> chunks = [resampler.process(np.zeros((4800, 2), dtype=np.int16)) for _ in range(10)]
    >>> sum(map(len, chunks)) + len(resampler.flush())
    16000
    """

    def __init__(
        self, sr_in: int, sr_out: int, *, channel: Channel = None, notes: list[str] | None = None, name: str = "chunk"
    ) -> None:
        number: Any = _NUMBERS.get(channel, channel)
        if not isinstance(number, int) or isinstance(channel, bool) or number < (channel is not None):
            raise ParameterError(f"channel={channel!r}: must be left, right or the number of a channel, from 1")
        check_rate("sr_in", sr_in)
        check_rate("sr_out", sr_out)
        if sr_out > HIGHEST_RATIO * sr_in:
            lowest = -(-sr_out // HIGHEST_RATIO)
            raise ParameterError(f"sr={sr_in}: must be {lowest} or more to resample it to {sr_out} Hz")
        self._rates, self._number, self._name, self._notes = (sr_in, sr_out), number, name, notes
        self._n_samples, self._mean_power, self._powers = 0, 0.0, np.zeros(1)
        self._stream: soxr.ResampleStream | None = None

    def process(self, chunk: np.ndarray) -> np.ndarray:
        """Resample the next chunk.

        Channels are averaged, and samples beyond full scale are clipped.

        Parameters
        ----------
        chunk : ndarray of shape (n_samples,) or (n_samples, n_channels)
            Floats in [-1, 1], or PCM as int16, int32 or uint8; it may be empty.

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
        return self.convert(as_samples(chunk, self._name))

    def flush(self) -> np.ndarray:
        """Return the rest of the output after the last chunk, and reset for a new stream.

        Returns
        -------
        ndarray of shape (n_samples,), float32
            The last samples, at the rate of the output; it may be empty.
        """
        rest = self.convert(np.zeros((0, max(1, self._number)), dtype=np.float32), last=True)
        self._stream = None
        return rest

    def convert(self, y: np.ndarray, *, last: bool = False, bounded: bool = False) -> np.ndarray:
        """Resample the next float32 samples, as `process` does with samples of any type.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_channels), float32
            The samples.
        last : bool
            Whether they are the last ones, so that the rest of the output is returned too.
        bounded : bool
            Whether they are known to be in [-1, 1].

        Returns
        -------
        ndarray of shape (n_samples,), float32
            The output samples that are ready, in [-1, 1].

        Raises
        ------
        AudioError
            If the samples are NaN, infinite or far beyond full scale, or lack the channel.
        """
        mono: np.ndarray = y[:, 0] if y.shape[1] == 1 and self._number < 2 else self._mix(y)
        peak = 0.0 if bounded or len(mono) == 0 else max(mono.max(), -mono.min())
        if not math.isfinite(peak):
            raise audio_error(self._name, "not finite (NaN or infinite samples)", "check the program that made it")
        if peak > _HIGHEST_PEAK:
            divide = "divide its samples by their full scale"
            raise audio_error(self._name, f"samples up to {peak:g}, expected a waveform in [-1, 1]", divide)
        sr_in, sr_out = self._rates
        if sr_in != sr_out:
            # Created on first use, because creating it takes half as long as reading a short recording.
            self._stream = self._stream or soxr.ResampleStream(sr_in, sr_out, 1, quality="HQ")
            mono = self._stream.resample_chunk(mono, last=last)
        elif bounded:
            return mono
        clipped: np.ndarray = np.clip(mono, -1.0, 1.0)
        return clipped

    def _mix(self, y: np.ndarray) -> np.ndarray:
        """Return the chosen channel, or the mean of all; if they cancel each other, the loudest from there on.

        They do so in recordings of a microphone with one wire swapped.
        """
        n_channels = y.shape[1]
        if self._number > n_channels:
            has = f"{n_channels} channel{'s' * (n_channels > 1)}"
            raise audio_error(self._name, f"channel {self._number} of {has}", "choose another, or leave the choice out")
        if self._number == 0:
            with np.errstate(invalid="ignore", over="ignore"):  # `convert` reports infinite samples
                mean: np.ndarray = y.mean(axis=1)
                if len(y):
                    self._n_samples += len(y)
                    self._mean_power += len(y) * float(mean.var())  # without a constant offset, which would not cancel
                    self._powers = self._powers + len(y) * y.var(axis=0)
                if self._n_samples < _ENOUGH or not _CANCELLED * self._mean_power < self._powers.mean():
                    return mean
            self._number = int(self._powers.argmax()) + 1
            if self._notes is not None:
                self._notes.append(f"its channels cancel each other, so that channel {self._number} alone is read")
        return y[:, self._number - 1]


def check_rate(name: str, rate: object) -> None:
    """Raise a `ParameterError` unless `rate` is a sampling rate in Hz."""
    # Python counts True as the number 1, but nobody means it as a rate.
    number = isinstance(rate, (int, float, np.integer, np.floating)) and not isinstance(rate, bool)
    if not (number and 1 <= rate <= HIGHEST_RATE and rate == int(rate)):  # type: ignore[operator,call-overload]
        raise ParameterError(f"{name}={rate!r}: must be a whole number of Hz from 1 to {HIGHEST_RATE}")


def as_samples(y: np.ndarray, name: str) -> np.ndarray:
    """Convert samples of any accepted shape and type to float32, of shape (n_samples, n_channels)."""
    if isinstance(y, (bytes, bytearray, memoryview)):
        cure = "write np.frombuffer(chunk, dtype=np.int16), or the type that the program records"
        raise ParameterError(f"{name} of bytes: must be an array; {cure}")
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
    elif y.dtype == np.uint8:  # unsigned, as in a WAV file of 8 bits: 128 is silence
        y = (y.astype(np.float32) - 128) / 128
    elif np.issubdtype(y.dtype, np.floating):
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite, which `Resampler` reports
            y = y.astype(np.float32, copy=False)
    else:
        cure = "divide integers by their full scale" if np.issubdtype(y.dtype, np.integer) else "convert it"
        raise ParameterError(f"{name} of {y.dtype}: must be float in [-1, 1], int16, int32 or uint8; {cure}")
    return y[:, None] if y.ndim == 1 else y
