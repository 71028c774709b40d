"""Slaney's mel scale."""

import numpy as np


def hz_to_mel(frequency: np.ndarray | float) -> np.ndarray:
    """Convert frequency in Hz to Slaney's mel scale, which is linear up to 1000 Hz (15 mel) and logarithmic above.

    Parameters
    ----------
    frequency : float or ndarray, Hz

    Returns
    -------
    ndarray of the same shape, mel

    References
    ----------
    Slaney, M. (1998). Auditory Toolbox, version 2. Interval Research Corporation, technical report 1998-010.

    Examples
    --------
    >>> hz_to_mel(np.array([0.0, 200.0, 1000.0, 6400.0])).round(6).tolist()
    [0.0, 3.0, 15.0, 42.0]
    """
    frequency = np.asarray(frequency, dtype=float)
    # Each mel above 15 multiplies the frequency by 6.4 ** (1 / 27); the maximum keeps log away from 0.
    logarithmic = 15 + 27 * np.log(np.maximum(frequency, 1000) / 1000) / np.log(6.4)
    return np.where(frequency < 1000, frequency * 3 / 200, logarithmic)


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Convert Slaney's mel scale to frequency in Hz; the inverse of `hz_to_mel`.

    Parameters
    ----------
    mel : float or ndarray

    Returns
    -------
    ndarray of the same shape, Hz

    Examples
    --------
    >>> mel_to_hz(np.array([3.0, 15.0, 42.0])).round(6).tolist()
    [200.0, 1000.0, 6400.0]
    """
    mel = np.asarray(mel, dtype=float)
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((np.maximum(mel, 15) - 15) / 27))
