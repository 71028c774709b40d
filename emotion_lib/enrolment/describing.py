"""Frames of utterances in, what each is like as a few hundred numbers out."""

from functools import cache

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError

_FRAMES = ("log_mel", "mfcc")
_N_COEFFICIENTS, _N_TOGETHER = 40, 13
_FEWEST_FRAMES = 3
_LOUDNESS = np.log(10) / 80
"""How much louder frames count: by their power, where c0 is eight times the mean of 64 bands in dB."""


def statistics(X: np.ndarray, lengths: np.ndarray, *, feature: str = "log_mel") -> np.ndarray:
    """Describe each utterance by what its frames are like on average, how they move, and what moves together.

    Of 40 mel-frequency cepstral coefficients: the mean, the mean where it is loud, the logarithms of the standard
    deviations of the coefficients and of their changes, and the correlations of the first 13 and of their changes.
    The means of the first coefficient are left out: they are the gain of the microphone.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_frames, n_mels or n_mfcc)
        Frames, in dB, as `extraction.extract` gives them.
    lengths : ndarray of shape (n_utterances,), int > 0
        Real frames of each utterance; what follows is padding.
    feature : {'log_mel', 'mfcc'}
        What the frames are.

    Returns
    -------
    ndarray of shape (n_utterances, n_statistics), float32

    Raises
    ------
    ParameterError
        If the feature has no frames, or lengths do not fit them.

    Examples
    --------
    Louder by 10 dB is the same voice:

    >>> X = np.random.default_rng(0).normal(-40, 10, (1, 50, 64))
    >>> np.allclose(statistics(X, [50]), statistics(X + 10, [50]), atol=1e-4)
    True
    """
    if feature not in _FRAMES:
        raise ParameterError(
            f"feature={feature!r}: enrolment needs frames, {' or '.join(_FRAMES)}; train the recogniser on them"
        )
    X, lengths = np.asarray(X), np.asarray(lengths)
    if X.ndim != 3 or lengths.shape != X.shape[:1]:
        raise ParameterError(f"X of shape {X.shape}, {lengths.size} lengths: give frames, and a length each utterance")
    if len(X) == 0 or lengths.min() < 1 or lengths.max() > X.shape[1]:
        raise ParameterError(f"lengths: must be from 1 to {X.shape[1]} frames, of at least one utterance")
    described = [_described(frames[:length], feature) for frames, length in zip(X, lengths, strict=True)]
    return np.stack(described).astype(np.float32)


def _described(frames: np.ndarray, feature: str) -> np.ndarray:
    coefficients = frames.astype(np.float64)
    if feature == "log_mel":
        coefficients = scipy.fft.dct(coefficients, axis=1, norm="ortho")
    coefficients = coefficients[:, :_N_COEFFICIENTS]
    if len(coefficients) < _FEWEST_FRAMES:
        coefficients = np.pad(coefficients, ((0, _FEWEST_FRAMES - len(coefficients)), (0, 0)), mode="edge")
    loudness = np.exp(_LOUDNESS * (coefficients[:, 0] - coefficients[:, 0].max()))
    mean, deviation, together = _moments(coefficients)
    _, deviation_of_changes, changes_together = _moments((coefficients[2:] - coefficients[:-2]) / 2)
    return np.concatenate(
        [
            mean[1:],
            (loudness @ coefficients / loudness.sum())[1:],
            np.log(deviation + 1e-3),
            np.log(deviation_of_changes + 1e-3),
            together,
            changes_together,
        ]
    )


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and standard deviation over time, and the correlation of each two of the first coefficients."""
    mean = values.mean(axis=0)
    centred = values - mean
    deviation = np.sqrt(np.square(centred).mean(axis=0))
    standard = centred[:, :_N_TOGETHER] / (deviation[:_N_TOGETHER] + 1e-6)
    n = standard.shape[1]
    return mean, deviation, (standard.T @ standard / len(standard))[_pairs(n)]


@cache
def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(n, 1)
