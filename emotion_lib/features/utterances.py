"""Describe an utterance by one vector: statistics of MFCCs, duration and level, voice statistics, or eGeMAPS."""

from functools import cache, lru_cache
from typing import Any

import numpy as np
import scipy.fft

from emotion_lib.errors import AudioError, ParameterError, extra
from emotion_lib.features.frames import SMALLEST_POWER, as_waveform, cepstrum, log_mel, mfcc
from emotion_lib.features.settings import DEFAULT, FeatureSettings

_SHORTEST_FOR_OPENSMILE = 0.06
"""Shortest waveform in seconds for which openSMILE returns functionals."""


def mean_mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Average the MFCCs of an utterance over time, as the original system did.

    A recording of any length gives forty numbers; its course over time is lost.

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
    # The cosine transform is linear, so one transform of the mean replaces one for each frame.
    mean = log_mel(y, sr, settings=settings).mean(axis=0)
    return cepstrum(mean, settings.n_mfcc)


def mean_std_mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the means and standard deviations of the MFCCs of an utterance over time.

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
        The means, followed by the standard deviations.

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
    """Measure the duration and the level of an utterance.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        Not used; every feature has this parameter.

    Returns
    -------
    ndarray of shape (2,), float32
        Duration in seconds; root-mean-square level in dB re full scale, at least -100.

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
        raise AudioError("waveform without samples: must have at least one; check how it was made")
    power = max(float(np.mean(np.square(y, dtype=np.float64))), SMALLEST_POWER)
    return np.array([len(y) / sr, 10 * np.log10(power)], dtype=np.float32)


def egemaps(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the eGeMAPS functionals, the field's standard summary of pitch, loudness, spectrum and rhythm.

    They allow a comparison with published work. The package `opensmile` (extra `opensmile`) computes them; its
    licence allows research and private use, but not commercial use.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1], of at least 60 ms.
    sr : int > 0
        Its sampling rate in Hz; published results mostly use 16 000.
    settings : FeatureSettings
        Not used; every feature has this parameter.

    Returns
    -------
    ndarray of shape (88,), float32
        The functionals, in the order of openSMILE.

    Raises
    ------
    AudioError
        If `y` has more than one dimension, is empty or is shorter than 60 ms.
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
    emotion_lib.errors.AudioError: waveform of 50 ms: openSMILE needs at least 60 ms; give a longer one
    """
    y = as_waveform(y)
    if len(y) < _SHORTEST_FOR_OPENSMILE * sr:
        least = 1000 * _SHORTEST_FOR_OPENSMILE
        length = f"waveform of {1000 * len(y) / sr:.0f} ms"
        raise AudioError(f"{length}: openSMILE needs at least {least:.0f} ms; give a longer one")
    # openSMILE converts samples to 16 bits without a check, so full scale would overflow.
    found: np.ndarray = _opensmile()(np.clip(y, -1, 32767 / 32768), sr)
    return found.reshape(-1).astype(np.float32)


@lru_cache(maxsize=1)
def _opensmile() -> Any:
    with extra("opensmile"):
        import opensmile
    level = opensmile.FeatureLevel.Functionals
    return opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=level)


_FRAMES = ("log_mel", "mfcc")
_N_COEFFICIENTS, _N_TOGETHER = 40, 13  # number of coefficients, and of those whose correlations are used
_FEWEST_FRAMES = 3  # a change is the difference between two frames with one in between
_LOUDNESS = np.log(10) / 80
"""Exponent that turns c0 into a weight proportional to power: with 64 bands, c0 is eight times the mean level in dB."""


def voice_statistics(X: np.ndarray, lengths: np.ndarray, *, feature: str = "log_mel") -> np.ndarray:
    """Describe each utterance by means, deviations and correlations of its frames, for adaptation to a voice.

    The statistics of 40 mel-frequency cepstral coefficients are: the mean; the mean weighted by power; the logarithms
    of the standard deviations of the coefficients and of their changes; the correlations between the first 13
    coefficients and between their changes. The means of the first coefficient are left out, because they depend on the
    gain of the microphone.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_frames, n_mels or n_mfcc)
        Frames in dB, as `extraction.extract` returns them.
    lengths : ndarray of shape (n_utterances,), int > 0
        Number of frames of each utterance, without padding.
    feature : {'log_mel', 'mfcc'}
        Name of the feature in `X`.

    Returns
    -------
    ndarray of shape (n_utterances, n_statistics), float32

    Raises
    ------
    ParameterError
        If the feature has no frames, or the lengths do not fit the frames.

    Examples
    --------
    A recording that is 10 dB louder has the same statistics:

    >>> X = np.random.default_rng(0).normal(-40, 10, (1, 50, 64))
    >>> np.allclose(voice_statistics(X, [50]), voice_statistics(X + 10, [50]), atol=1e-4)
    True
    """
    if feature not in _FRAMES:
        raise ParameterError(
            f"feature={feature!r}: must be {' or '.join(_FRAMES)} for enrolment; train the recogniser on one of them"
        )
    X, lengths = np.asarray(X), np.asarray(lengths)
    if X.ndim != 3 or lengths.shape != X.shape[:1]:
        raise ParameterError(
            f"X of shape {X.shape}, {lengths.size} lengths: must have three dimensions, and a length for each utterance"
        )
    if len(X) == 0 or lengths.min() < 1 or lengths.max() > X.shape[1]:
        raise ParameterError(f"lengths: must be from 1 to {X.shape[1]} frames, for at least one utterance")
    described = [_described(frames[:length], feature) for frames, length in zip(X, lengths, strict=True)]
    return np.stack(described).astype(np.float32)


def _described(frames: np.ndarray, feature: str) -> np.ndarray:
    coefficients = frames.astype(np.float64)
    if feature == "log_mel":
        coefficients = scipy.fft.dct(coefficients, axis=1, norm="ortho")
    coefficients = coefficients[:, :_N_COEFFICIENTS]
    if len(coefficients) < _FEWEST_FRAMES:
        coefficients = np.pad(coefficients, ((0, _FEWEST_FRAMES - len(coefficients)), (0, 0)), mode="edge")
    # Relative to the loudest frame, so that the exponential cannot overflow.
    loudness = np.exp(_LOUDNESS * (coefficients[:, 0] - coefficients[:, 0].max()))
    mean, deviation, together = _moments_over_time(coefficients)
    _, deviation_of_changes, changes_together = _moments_over_time((coefficients[2:] - coefficients[:-2]) / 2)
    return np.concatenate(
        [
            mean[1:],
            (loudness @ coefficients / loudness.sum())[1:],
            np.log(deviation + 1e-3),  # constant frames have a deviation of 0
            np.log(deviation_of_changes + 1e-3),
            together,
            changes_together,
        ]
    )


def _moments_over_time(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means, standard deviations, and the correlations between the first coefficients."""
    mean = values.mean(axis=0)
    centred = values - mean
    deviation = np.sqrt(np.square(centred).mean(axis=0))
    standard = centred[:, :_N_TOGETHER] / (deviation[:_N_TOGETHER] + 1e-6)
    n = standard.shape[1]
    return mean, deviation, (standard.T @ standard / len(standard))[_pairs(n)]


@cache
def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(n, 1)
