"""Vary the mel spectrogram of an utterance, so that a network hears more voices and rooms than there are.

What is varied is what differs between speakers and recordings, and not between emotions: tempo, the length of the vocal
tract, the colour of room and microphone, the noise behind the voice. At last parts are hidden, so that no single one is
relied upon.
"""

import numpy as np

TEMPO = 0.85, 1.18
"""Slowest and fastest, as a factor of the duration."""

SHIFT, STRETCH = 3.0, 0.06
"""Bands by which the spectrum moves at most, and the share by which it is stretched."""

COLOUR_DB = 4.0
"""Standard deviation of the level at six places of the spectrum."""

NOISE_DB = 35.0, 80.0
"""How far the noise lies below the loudest band."""

HIDDEN_BANDS, HIDDEN_FRAMES = 8, 15
"""The most bands and frames that one of two masks each hides."""

_DB = 10 / np.log(10)


def vary(frames: np.ndarray, rng: np.random.Generator, *, n_frames: int) -> np.ndarray:
    """Return another version of an utterance.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance, without padding.
    rng : numpy.random.Generator
        Draws the version.
    n_frames : int > 0
        The most frames to return; of a longer one a part is drawn.

    Returns
    -------
    ndarray of shape (at most n_frames, n_mels), float32, dB

    References
    ----------
    Park, D. S. et al. (2019). SpecAugment: a simple data augmentation method for automatic speech recognition.
    doi:10.21437/Interspeech.2019-2680
    Jaitly, N. and Hinton, G. E. (2013). Vocal tract length perturbation (VTLP) improves speech recognition. ICML
    workshop on deep learning for audio, speech and language processing.

    Examples
    --------
    >>> vary(np.zeros((40, 64), dtype=np.float32), np.random.default_rng(0), n_frames=20).shape
    (20, 64)
    """
    varied = _with_noise(_coloured(_warped(frames, rng), rng), rng)
    first = int(rng.integers(max(1, len(varied) - n_frames + 1)))
    return _partly_hidden(varied[first : first + n_frames], rng)


def _warped(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the utterance at another tempo, by a vocal tract of another length."""
    n, n_mels = frames.shape
    times = np.linspace(0, n - 1, max(2, round(n * rng.uniform(*TEMPO))))
    bands = np.arange(n_mels) * rng.uniform(1 - STRETCH, 1 + STRETCH) + rng.uniform(-SHIFT, SHIFT)
    return _interpolated(_interpolated(frames, times).T, np.clip(bands, 0, n_mels - 1)).T


def _interpolated(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the rows at places between them."""
    below = np.minimum(places.astype(int), len(rows) - 1)
    above = np.minimum(below + 1, len(rows) - 1)
    share = (places - below).astype(np.float32)[:, None]
    between: np.ndarray = rows[below] * (1 - share) + rows[above] * share
    return between


def _coloured(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the utterance through another microphone."""
    places = np.linspace(0, frames.shape[1] - 1, 6)
    colour = np.interp(np.arange(frames.shape[1]), places, rng.normal(0, COLOUR_DB, 6))
    return frames + colour.astype(np.float32)


def _with_noise(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the utterance with noise behind it."""
    floor = np.float32(frames.max() - rng.uniform(*NOISE_DB))
    noisy: np.ndarray = np.logaddexp(frames / np.float32(_DB), floor / np.float32(_DB)) * np.float32(_DB)
    return noisy


def _partly_hidden(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the utterance with two bands of frequency and two stretches of time set to its mean."""
    hidden, mean = frames.copy(), frames.mean()
    for _ in range(2):
        hidden[:, _stretch(frames.shape[1], min(HIDDEN_BANDS, frames.shape[1] // 4), rng)] = mean
        hidden[_stretch(len(frames), min(HIDDEN_FRAMES, len(frames) // 4), rng)] = mean
    return hidden


def _stretch(n: int, longest: int, rng: np.random.Generator) -> slice:
    """Return a stretch of up to `longest` places among `n`."""
    length = int(rng.integers(longest + 1))
    first = int(rng.integers(n - length + 1))
    return slice(first, first + length)
