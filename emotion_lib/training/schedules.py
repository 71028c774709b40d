"""How each epoch goes: which utterances it sees, how their voices are varied, and how the weights are averaged."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.extraction.store import AnyFeatures
from emotion_lib.features.mel import hz_to_mel, mel_to_hz


@dataclass(frozen=True)
class Schedule:
    """Say what a network is shown in an epoch, and how fast it learns.

    The default shows each utterance once, as it is.

    Parameters
    ----------
    per_corpus : int or None
        Utterances that are drawn from each corpus in an epoch, the same number of each emotion, so that a large corpus
        or a frequent emotion counts no more than another; None shows every utterance once.
    n_frames : int or None
        Shows another version of an utterance each time (`augment.vary`), of at most this many frames; None shows it
        as it is.
    decay : bool
        Whether steps get smaller to the end, along a cosine.
    ema_momentum : float in [0, 1)
        Momentum of the exponential moving average of the weights, epoch by epoch; the average is what is kept in the
        end. At 0 that is the last weights.

    Raises
    ------
    ParameterError
        If a number is not positive, or `ema_momentum` no such share.

    References
    ----------
    Tarvainen, A. and Valpola, H. (2017). Mean teachers are better role models. arXiv:1703.01780
    """

    per_corpus: int | None = None
    n_frames: int | None = None
    cosine_decay: bool = False
    ema_momentum: float = 0.0

    def __post_init__(self) -> None:
        for name in ("per_corpus", "n_frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParameterError(f"{name}={value}: must be a positive number")
        if not 0 <= self.ema_momentum < 1:
            raise ParameterError(f"ema_momentum={self.ema_momentum}: must be from 0 to below 1")


PLAIN = Schedule()
AUGMENTED = Schedule(per_corpus=600, n_frames=152, cosine_decay=True, ema_momentum=0.9)
"""For networks that are to know voices that are not in their training."""


def sample(features: AnyFeatures, schedule: Schedule, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of the utterances of an epoch, in the order in which they are shown.

    Parameters
    ----------
    features : Features or StoredFeatures
        The training utterances.
    schedule : Schedule
        What is shown.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int
    """
    return rng.permutation(
        len(features) if schedule.per_corpus is None else _sample_balanced(features, schedule.per_corpus, rng)
    )


def augment(features: Features, schedule: Schedule, rng: np.random.Generator) -> Features:
    """Return utterances as they are, or varied.

    Parameters
    ----------
    features : Features
        Some of the utterances of an epoch.
    schedule : Schedule
        What is shown.
    rng : numpy.random.Generator
        Draws versions.

    Returns
    -------
    Features
    """
    return features if schedule.n_frames is None else _augmented(features, schedule.n_frames, rng)


def _sample_balanced(features: AnyFeatures, per_corpus: int, rng: np.random.Generator) -> np.ndarray:
    """Return the same number of utterances of each corpus, and in it of each emotion; few ones are repeated."""
    drawn: list[np.ndarray] = []
    for _, corpus in features.table.reset_index(drop=True).groupby("corpus"):
        emotions = [rows.index.to_numpy() for _, rows in corpus.groupby("emotion")]
        n = max(1, per_corpus // len(emotions))
        drawn += [rng.choice(rows, n, replace=n > len(rows)) for rows in emotions]
    return np.concatenate(drawn)


def _augmented(features: Features, n_frames: int, rng: np.random.Generator) -> Features:
    assert features.settings.sr is not None  # refused before
    X = np.zeros((len(features), n_frames, features.X.shape[2]), dtype=np.float32)
    lengths = np.zeros(len(features), dtype=np.int32)
    for row, (frames, length) in enumerate(zip(features.X, features.lengths, strict=True)):
        varied = vary(frames[:length], rng, sr=features.settings.sr, n_frames=n_frames)
        X[row, : len(varied)], lengths[row] = varied, len(varied)
    return replace(features, X=X, lengths=lengths)


def check_schedule(schedule: Schedule, features: AnyFeatures) -> None:
    """Refuse features that cannot be drawn or varied as a schedule says.

    Parameters
    ----------
    schedule : Schedule
        What is to be shown.
    features : Features or StoredFeatures
        The training utterances.

    Raises
    ------
    ParameterError
        If the corpora are not known that are to be drawn from, or the frames are none that voices are varied in.
    """
    if schedule.per_corpus is not None and "corpus" not in features.table:
        raise ParameterError("schedule: per_corpus needs to know the corpus of each utterance; add the column 'corpus'")
    if schedule.n_frames is not None and (features.feature != "log_mel" or features.settings.sr is None):
        raise ParameterError(
            f"schedule: voices are varied in log_mel frames of one rate, these are {features.feature} at "
            f"sr={features.settings.sr}; extract log_mel with settings of an sr"
        )


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
    return other_voice(slower, pitch=_draw_factor(PITCH, rng), formants=_draw_factor(FORMANTS, rng), sr=sr)


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


def _draw_factor(factors: tuple[float, float], rng: np.random.Generator) -> float:
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
