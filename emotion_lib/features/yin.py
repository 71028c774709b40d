"""Estimate the fundamental frequency of frames with YIN (de Cheveigné and Kawahara 2002)."""

import math

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError

LOWEST, HIGHEST = 65.0, 700.0
"""Range of the pitch in Hz, from a man's deep voice to a woman's cry of surprise."""

_COMPARED = 0.025
"""Seconds of the waveform that are compared with the waveform one period later."""

_CLEAR = 0.15
"""Largest mismatch at which a shift counts as a period; the shortest is chosen, because its multiples fit as well."""

_SMALLEST = 1e-10  # smaller mismatches and curvatures are rounding errors, and must not be divided by


def frame_length(sr: int) -> int:
    """Return the number of samples that a frame needs, for the longest period and the stretch that is compared.

    Parameters
    ----------
    sr : int > 0
        Sampling rate in Hz.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        If the rate is too low to measure the pitch.

    Examples
    --------
    >>> frame_length(16000)
    647
    """
    if sr < 4 * HIGHEST:  # the shortest period needs some samples, or its dip cannot be found
        raise ParameterError(f"sr={sr}: must be at least {4 * HIGHEST:.0f} Hz to measure the pitch")
    return round(sr * _COMPARED) + math.ceil(sr / LOWEST)


def of_frames(frames: np.ndarray, sr: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the fundamental frequency and the periodicity of each frame.

    The period is the shift at which the waveform fits itself best. The mismatch at each shift is divided by the mean
    mismatch at all shorter shifts; otherwise a shift of zero would always fit best.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, frame_length(sr)), float
        Frames of a waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    frequency : ndarray of shape (n_frames,), float64, Hz
        From `LOWEST` to `HIGHEST`, even in frames without a voice.
    periodicity : ndarray of shape (n_frames,), float64
        From 0 (noise, silence) to 1 (all periods are the same).

    References
    ----------
    de Cheveigné, A. and Kawahara, H. (2002). YIN, a fundamental frequency estimator for speech and music.
    doi:10.1121/1.1458024

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 200 * np.arange(frame_length(16000)) / 16000)
    >>> frequency, periodicity = of_frames(tone[None], 16000)
    >>> float(frequency[0].round()), float(periodicity[0].round(2))
    (200.0, 1.0)
    """
    mismatch = _relative_mismatch(np.asarray(frames, dtype=np.float64), math.ceil(sr / LOWEST) + 1)
    shortest = int(sr / HIGHEST)
    lags = mismatch[:, shortest - 1 :]  # from one shift lower, to compare the first dip with its neighbour
    places = _first_clear_dip(lags)
    shifts, depth = _between_samples(lags, places)
    frequency = np.clip(sr / (shortest - 1 + shifts), LOWEST, HIGHEST)
    return frequency, np.clip(1 - depth, 0, 1)


def _relative_mismatch(frames: np.ndarray, n_lags: int) -> np.ndarray:
    """Return the mismatch of each frame with itself at each shift below `n_lags`, divided by its mean up to there.

    The sum of (a - b)^2 is that of a^2 + b^2 - 2ab: running sums give the squares, and the FFT gives the products.
    """
    compared = frames.shape[1] - n_lags + 1
    n_fft = scipy.fft.next_fast_len(frames.shape[1], real=True)
    whole, head = (scipy.fft.rfft(part, n_fft, axis=1) for part in (frames, frames[:, :compared]))
    products = scipy.fft.irfft(whole * head.conj(), n_fft, axis=1)[:, :n_lags]
    sums = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = sums[:, compared : compared + n_lags] - sums[:, :n_lags]
    # Rounding can make the difference of two large sums slightly negative.
    difference = np.maximum(energy[:, :1] + energy - 2 * products, 0)
    mean_so_far = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, n_lags)
    relative: np.ndarray = np.ones_like(difference)
    np.divide(difference[:, 1:], mean_so_far, out=relative[:, 1:], where=mean_so_far > _SMALLEST * compared)
    return relative


def _first_clear_dip(lags: np.ndarray) -> np.ndarray:
    """Return the position of the first dip below `_CLEAR` in each row, or of the deepest dip if there is none."""
    inner = lags[:, 1:-1]
    dips = (inner < lags[:, :-2]) & (inner <= lags[:, 2:])
    clear = dips & (inner < _CLEAR)
    deepest = np.where(dips, inner, np.inf).argmin(axis=1)
    found: np.ndarray = np.where(clear.any(axis=1), clear.argmax(axis=1), deepest) + 1
    return found


def _between_samples(lags: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return position and value of the minimum of the parabola through each dip and its two neighbours."""
    rows = np.arange(len(lags))
    before, at, after = (lags[rows, places + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend > _SMALLEST)
    offset = np.clip(offset, -1, 1)
    return places + offset, at - (before - after) * offset / 4
