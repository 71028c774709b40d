"""Features that are one vector an utterance, whatever its length."""

from functools import lru_cache
from typing import Any

import numpy as np

from emotion_lib.errors import AudioError, extra
from emotion_lib.features.frames import SMALLEST_POWER, cepstrum, checked, log_mel, mfcc
from emotion_lib.features.settings import DEFAULT, FeatureSettings

_SHORTEST_FOR_OPENSMILE = 0.06
"""Seconds that openSMILE needs to give any functionals."""


def mean_mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Average the MFCCs of an utterance over time: the features of the original system.

    Forty numbers a recording, whatever its length. What happened when is lost.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        As for `mfcc`.

    Returns
    -------
    ndarray of shape (n_mfcc,), float32

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    Examples
    --------
    >>> mean_mfcc(np.zeros(22050), 22050).shape
    (40,)

    Notebook: 02_features
    """
    # The transform of the mean is the mean of the transforms.
    mean = log_mel(y, sr, settings=settings).mean(axis=0)
    return cepstrum(mean, settings.n_mfcc)


def mean_std_mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Average the MFCCs of an utterance over time, and say how far they move about their mean.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        As for `mfcc`.

    Returns
    -------
    ndarray of shape (2 * n_mfcc,), float32
        The means, then the standard deviations.

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    Examples
    --------
    >>> mean_std_mfcc(np.zeros(22050), 22050)[40:].max().item()
    0.0

    Notebook: 02_features
    """
    coefficients = mfcc(y, sr, settings=settings)
    return np.concatenate([coefficients.mean(axis=0), coefficients.std(axis=0)])


def duration_level(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Measure how long and how loud an utterance is.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        Unused; every feature takes it.

    Returns
    -------
    ndarray of shape (2,), float32
        Duration in seconds; root-mean-square level in dB re full scale, -100 for silence.

    Raises
    ------
    AudioError
        If `y` is empty.

    Examples
    --------
    >>> duration_level(0.1 * np.ones(8000), 16000).round(2).tolist()
    [0.5, -20.0]

    Notebook: 01_explore
    """
    if np.size(y) == 0:
        raise AudioError("waveform without samples: nothing to measure")
    power = max(float(np.mean(np.square(y, dtype=np.float64))), SMALLEST_POWER)
    return np.array([len(y) / sr, 10 * np.log10(power)], dtype=np.float32)


def egemaps(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Summarise pitch, loudness, spectrum and rhythm as the field does: the set eGeMAPS, made by openSMILE.

    The measure of others' work, not a part of ours: the package `opensmile` (extra `opensmile`) is free for research
    and private use alone, not for commercial use.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1], of at least 60 ms.
    sr : int > 0
        Its sampling rate in Hz; figures of the field are mostly of 16 000.
    settings : FeatureSettings
        Unused; every feature takes it.

    Returns
    -------
    ndarray of shape (88,), float32
        The functionals, in openSMILE's order.

    Raises
    ------
    AudioError
        If `y` has more than one dimension, is empty, or is too short.
    MissingExtraError
        If openSMILE is not installed.

    References
    ----------
    Eyben, F. et al. (2016). The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
    computing. doi:10.1109/TAFFC.2015.2457417

    Examples
    --------
    >>> egemaps(np.zeros(800), 16000)
    Traceback (most recent call last):
    emotion_lib.errors.AudioError: waveform of 50 ms: openSMILE needs at least 60
    """
    y = checked(y)
    if len(y) < _SHORTEST_FOR_OPENSMILE * sr:
        least = 1000 * _SHORTEST_FOR_OPENSMILE
        raise AudioError(f"waveform of {1000 * len(y) / sr:.0f} ms: openSMILE needs at least {least:.0f}")
    found: np.ndarray = _opensmile()(np.clip(y, -1, 32767 / 32768), sr)  # it rounds to 16 bits without a look
    return found.reshape(-1).astype(np.float32)


@lru_cache(maxsize=1)
def _opensmile() -> Any:
    with extra("opensmile"):
        import opensmile
    level = opensmile.FeatureLevel.Functionals
    return opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=level)
