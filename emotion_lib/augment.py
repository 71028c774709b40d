"""Vary the mel spectrogram of an utterance, so that a network hears more voices and rooms than there are.

What is varied is what differs between speakers and recordings, and not between emotions: tempo, the pitch of the voice,
the length of the vocal tract, the colour of room and microphone, the noise behind the voice. At last parts are hidden,
so that no single one is relied upon.
"""

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError
from emotion_lib.mel import hz_to_mel, mel_to_hz

TEMPO = 0.85, 1.18
"""Shortest and longest, as a factor of the duration."""

PITCH = 0.7, 1.42
"""Lowest and highest, as a factor of the frequency: six semitones either way."""

FORMANTS = 0.86, 1.16
"""The same for the resonances of the vocal tract, which depend on its length."""

ENVELOPE = 12
"""Cepstral coefficients that describe the resonances; the finer ones describe the harmonics of the pitch."""

COLOUR_DB = 4.0
"""Standard deviation of the level at six places of the spectrum."""

NOISE_DB = 35.0, 80.0
"""How far the noise lies below the loudest band."""

HIDDEN_BANDS, HIDDEN_FRAMES = 8, 15
"""The most bands and frames that one of two masks each hides."""

_DB = 10 / np.log(10)


def vary(frames: np.ndarray, rng: np.random.Generator, *, sr: int, n_frames: int) -> np.ndarray:
    """Return another version of an utterance.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance, without padding.
    rng : numpy.random.Generator
        Draws the version.
    sr : int > 0
        Rate in Hz of the waveform that the spectrogram was made of.
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
    >>> vary(np.zeros((40, 64), dtype=np.float32), np.random.default_rng(0), sr=16000, n_frames=20).shape
    (20, 64)
    """
    varied = _with_noise(_coloured(spoken_by_another(frames, rng, sr=sr), rng), rng)
    first = int(rng.integers(max(1, len(varied) - n_frames + 1)))
    return _partly_hidden(varied[first : first + n_frames], rng)


def spoken_by_another(frames: np.ndarray, rng: np.random.Generator, *, sr: int) -> np.ndarray:
    """Return an utterance at another tempo and by another voice, in the same room.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance.
    rng : numpy.random.Generator
        Draws tempo, pitch and formants.
    sr : int > 0
        Rate in Hz of the waveform that the spectrogram was made of.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32, dB

    Examples
    --------
    >>> spoken_by_another(np.zeros((40, 64), dtype=np.float32), np.random.default_rng(0), sr=16000).shape
    (42, 64)
    """
    slower = _at_other_tempo(frames, rng)
    return other_voice(slower, pitch=_drawn(PITCH, rng), formants=_drawn(FORMANTS, rng), sr=sr)


def other_voice(frames: np.ndarray, *, pitch: float, formants: float, sr: int) -> np.ndarray:
    """Return an utterance as if another voice had spoken it, with the same intonation and timing.

    The spectrum of each frame is taken apart into its smooth envelope, which the vocal tract shapes, and the harmonics
    on it; each is moved along the frequency axis by a factor of its own.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance.
    pitch, formants : float > 0
        Factors of the frequencies of the harmonics and of the envelope; above 1 is higher.
    sr : int > 0
        Rate in Hz of the waveform that the spectrogram was made of.

    Returns
    -------
    ndarray of the same shape, float32, dB

    Raises
    ------
    ParameterError
        If a factor is not positive.

    Examples
    --------
    >>> frames = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    >>> bool(np.allclose(other_voice(frames, pitch=1, formants=1, sr=16000), frames, atol=1e-5))
    True
    """
    for name, factor in (("pitch", pitch), ("formants", formants)):
        if not factor > 0:
            raise ParameterError(f"{name}={factor}: must be a positive factor")
    cepstrum = scipy.fft.dct(frames, axis=1, norm="ortho")
    cepstrum[:, ENVELOPE:] = 0
    envelope = scipy.fft.idct(cepstrum, axis=1, norm="ortho")
    moved: np.ndarray = _moved(envelope, formants, sr) + _moved(frames - envelope, pitch, sr)
    return moved


def _moved(frames: np.ndarray, factor: float, sr: int) -> np.ndarray:
    """Return the spectrum with all frequencies multiplied by a factor."""
    n_mels = frames.shape[1]
    centres = mel_to_hz(np.linspace(0, hz_to_mel(sr / 2), n_mels + 2))[1:-1]
    return _interpolated(frames.T, np.interp(centres / factor, centres, np.arange(n_mels))).T


def _at_other_tempo(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _interpolated(frames, np.linspace(0, len(frames) - 1, max(2, round(len(frames) * rng.uniform(*TEMPO)))))


def _drawn(factors: tuple[float, float], rng: np.random.Generator) -> float:
    """Return a factor between two; as many draws lie below 1 as above."""
    return float(np.exp(rng.uniform(*np.log(factors))))


def _interpolated(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
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
