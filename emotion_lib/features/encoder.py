"""Compute the states of a speech encoder, a network that was trained on far more voices than any corpus of emotion has.

The encoder is the first part of Whisper base: two convolutions over the log-mel spectrogram and three layers of
attention, trained on 680 000 hours of speech in many languages (Radford et al. 2022). It takes an utterance at its own
length and returns 50 states a second. Its file is part of this package; `benchmarks/speech_encoder.py` made it.
"""

import hashlib
import math
import threading
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from emotion_lib.audio.speech import without_hum
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features.frames import SMALLEST_POWER, as_waveform, mel_power
from emotion_lib.features.settings import FeatureSettings

ENCODER = "speech_encoder.onnx"
"""Name of the encoder's file in `emotion_lib/pretrained`."""

ENCODER_SR = 16_000
"""Sampling rate in Hz that the encoder takes."""

SHORTEST, LONGEST = 0.1, 15.0
"""Shortest waveform in seconds that the encoder takes, and longest part that it takes at once."""

SPEECH_ENCODER = FeatureSettings(sr=ENCODER_SR, n_fft=400, hop_length=160, n_mels=80, trim_speech=True)
"""Settings of the features that the encoder takes."""

LEVEL = 0.05
"""Root mean square to which an utterance is brought."""

RANGE = 8.0
"""Powers of ten; bands further below the loudest one are raised."""


def encoder_log_mel(y: np.ndarray, sr: int) -> np.ndarray:
    """Compute the log-mel spectrogram in the form that the encoder was trained on.

    The waveform is brought to mean 0 and a fixed level first, so that a DC offset and the gain of a microphone change
    nothing.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform of 0.1 to 15 seconds.
    sr : int
        Its sampling rate, which must be 16 000 Hz.

    Returns
    -------
    ndarray of shape (1 + n_samples // 160, 80), float32
        (x + 4) / 4, where x is the logarithm to base 10 of the power, raised to at least 8 below its maximum.

    Raises
    ------
    AudioError
        If `y` has more than one dimension, or is shorter than 0.1 or longer than 15 seconds.
    ParameterError
        If `sr` is not 16 000 Hz.

    Examples
    --------
    >>> y = np.sin(np.arange(16000) / 10)
    >>> encoder_log_mel(y, 16000).shape
    (101, 80)
    >>> np.allclose(encoder_log_mel(y, 16000), encoder_log_mel(0.1 * y + 0.01, 16000), atol=1e-4)
    True
    """
    padded = np.pad(_levelled(y, sr), SPEECH_ENCODER.n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, SPEECH_ENCODER.n_fft)[:: SPEECH_ENCODER.hop_length]
    exponents = np.log10(np.maximum(mel_power(frames, sr, SPEECH_ENCODER), np.float32(SMALLEST_POWER)))
    log_mel: np.ndarray = (np.maximum(exponents, exponents.max() - np.float32(RANGE)) + 4) / 4
    return log_mel


def encoder_states(y: np.ndarray, sr: int) -> np.ndarray:
    """Compute the states of the encoder's three layers.

    Early layers keep more of how something is said, later layers more of what is said.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform of 0.1 to 15 seconds, without silence at its ends.
    sr : int
        Its sampling rate, which must be 16 000 Hz.

    Returns
    -------
    ndarray of shape (3, n_states, 512), float32
        The states of each layer; state t is centred at t / 50 seconds.

    Raises
    ------
    AudioError, ParameterError
        As for `encoder_log_mel`.

    References
    ----------
    Radford, A. et al. (2022). Robust speech recognition via large-scale weak supervision. arXiv:2212.04356

    Examples
    --------
    >>> encoder_states(np.sin(np.arange(16000) / 10), 16000).shape
    (3, 51, 512)
    """
    states: np.ndarray
    (states,) = _session().run(None, {"log_mel": encoder_log_mel(y, sr)})
    return states


def encoder_statistics(y: np.ndarray, sr: int, *, settings: FeatureSettings = SPEECH_ENCODER) -> np.ndarray:
    """Compute the mean and the standard deviation of the encoder's states over time, for each layer.

    They describe an utterance of any length by one vector. The order of the sounds is lost. Hum is removed first, and
    the encoder takes a recording of more than 15 seconds in parts of equal length.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform of at least 0.1 seconds, without silence at its ends.
    sr : int
        Its sampling rate, which must be 16 000 Hz.
    settings : FeatureSettings
        Not used; every feature has this parameter.

    Returns
    -------
    ndarray of shape (3072,), float32
        512 means and 512 deviations of the first layer, then those of the second and third.

    Raises
    ------
    AudioError
        If `y` has more than one dimension, or is shorter than 0.1 seconds.
    ParameterError
        If `sr` is not 16 000 Hz.

    Examples
    --------
    >>> encoder_statistics(np.sin(np.arange(16000) / 10), 16000).shape
    (3072,)
    """
    y = without_hum(as_waveform(y), sr)
    parts = np.array_split(y, math.ceil(len(y) / (LONGEST * ENCODER_SR)))
    # One part at a time: the states of an hour take a gigabyte.
    moments = [_moments(encoder_states(part, sr)) for part in parts]
    weights, means, variances = (np.array(each) for each in zip(*moments, strict=True))
    mean = np.average(means, axis=0, weights=weights)
    variance = np.average(variances + (means - mean) ** 2, axis=0, weights=weights)
    return np.stack([mean, np.sqrt(variance)], axis=1).ravel().astype(np.float32)


def _moments(states: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return the number of states, and their means and variances."""
    return states.shape[1], states.mean(axis=1, dtype=np.float64), states.var(axis=1, dtype=np.float64)


def _levelled(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the waveform with mean 0 and a fixed level; a constant waveform becomes zeros."""
    y = as_waveform(y)
    if sr != ENCODER_SR:
        raise ParameterError(f"sr={sr}: must be {ENCODER_SR} for the encoder; read the recording with sr={ENCODER_SR}")
    seconds = len(y) / sr
    if not SHORTEST <= round(seconds, 2) <= LONGEST:  # rounded, since resampling may add a few samples
        raise AudioError(f"waveform of {seconds:.3f} s: must have {SHORTEST} to {LONGEST} s for the encoder; cut it")
    centred = y.astype(np.float64)
    centred -= centred.mean()
    level = np.sqrt(np.mean(np.square(centred)))
    # What is left of a constant waveform is rounding errors, which must not be amplified.
    gain = LEVEL / level if level > 1e-7 * np.abs(y).max() else 0.0
    levelled: np.ndarray = (gain * centred).astype(np.float32)
    return levelled


@cache
def encoder_digest() -> str:
    """Return the SHA-256 of the encoder's file; a recogniser that was trained on its states names it.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> len(encoder_digest())
    64
    """
    return hashlib.sha256(_file()).hexdigest()


def _file() -> bytes:
    return (resources.files("emotion_lib") / "pretrained" / ENCODER).read_bytes()


_loading = threading.Lock()


def _session() -> Any:
    """Return the encoder's session; if several threads need it first, one loads it and the others wait."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    """Load the encoder; several threads may run it at the same time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread, because callers bring their own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_file(), options, providers=["CPUExecutionProvider"])
