"""A waveform in, the functionals of eGeMAPS out, the field's standard features; the only file that knows openSMILE.

They are the measure of others' work, not a part of ours: the package `opensmile` (extra `opensmile`) is free for
research and private use alone, not for commercial use.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from emotion_lib.errors import AudioError, extra

_SHORTEST = 0.06
"""Seconds that openSMILE needs to give any functionals."""


def functionals(y: np.ndarray, sr: int) -> np.ndarray:
    """Summarise pitch, loudness, spectrum and rhythm of an utterance in 88 numbers.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1], of at least 60 ms.
    sr : int > 0
        Its sampling rate in Hz; figures of the field are mostly of 16 000.

    Returns
    -------
    ndarray of shape (88,), float32
        In openSMILE's order.

    Raises
    ------
    AudioError
        If `y` is too short.
    MissingExtraError
        If openSMILE is not installed.

    References
    ----------
    Eyben, F. et al. (2016). The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
    computing. doi:10.1109/TAFFC.2015.2457417

    Examples
    --------
    >>> functionals(np.zeros(800, np.float32), 16000)
    Traceback (most recent call last):
    emotion_lib.errors.AudioError: waveform of 50 ms: openSMILE needs at least 60
    """
    if len(y) < _SHORTEST * sr:
        raise AudioError(f"waveform of {1000 * len(y) / sr:.0f} ms: openSMILE needs at least {1000 * _SHORTEST:.0f}")
    found: np.ndarray = _opensmile()(np.clip(y, -1, 32767 / 32768), sr)  # it rounds to 16 bits without a look
    return found.reshape(-1).astype(np.float32)


@lru_cache(maxsize=1)
def _opensmile() -> Any:
    """Return openSMILE, set to eGeMAPS."""
    with extra("opensmile"):
        import opensmile
    level = opensmile.FeatureLevel.Functionals
    return opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=level)
