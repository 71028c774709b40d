"""Training schedules: sampling and augmentation of each epoch, decay of the learning rate, averaging of the weights."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError, check_positive
from emotion_lib.extraction import Features
from emotion_lib.extraction.store import AnyFeatures
from emotion_lib.features.mel import hz_to_mel, mel_to_hz


@dataclass(frozen=True)
class Schedule:
    """Sampling, augmentation, learning rate and weight averaging of a training run.

    By default each epoch uses every utterance once, unchanged.

    Parameters
    ----------
    per_corpus : int or None
        Number of utterances drawn from each corpus in an epoch, equally many of each emotion, so that large corpora and
        frequent emotions get no extra weight; None uses every utterance once.
    n_frames : int or None
        Maximum length in frames of the varied version of an utterance (`vary`), which is drawn anew in each epoch; None
        leaves utterances unchanged.
    cosine_decay : bool
        Whether the learning rate decays to 0 along a cosine.
    ema_momentum : float in [0, 1)
        Momentum of the exponential moving average of the weights over the epochs; the average becomes the final
        weights. At 0 the weights of the last epoch are kept.

    Raises
    ------
    ParameterError
        If a number is not positive, or `ema_momentum` is not in [0, 1).

    References
    ----------
    Tarvainen, A. and Valpola, H. (2017). Mean teachers are better role models. arXiv:1703.01780
    """

    per_corpus: int | None = None
    n_frames: int | None = None
    cosine_decay: bool = False
    ema_momentum: float = 0.0

    def __post_init__(self) -> None:
        check_positive(per_corpus=self.per_corpus, n_frames=self.n_frames)
        if not 0 <= self.ema_momentum < 1:
            raise ParameterError(f"ema_momentum={self.ema_momentum}: must be at least 0 and below 1")


PLAIN = Schedule()
AUGMENTED = Schedule(per_corpus=600, n_frames=152, cosine_decay=True, ema_momentum=0.9)
"""The schedule of networks for any voice: balanced corpora and varied voices, in at most 152 frames (3 s)."""


def sample(features: AnyFeatures, schedule: Schedule, rng: np.random.Generator) -> np.ndarray:
    """Draw the utterances of an epoch.

    With `per_corpus`, each corpus contributes the same number of utterances, and so does each emotion within a corpus.
    If a corpus has too few utterances of an emotion, they are repeated.

    Parameters
    ----------
    features : Features or StoredFeatures
        The training utterances.
    schedule : Schedule
        Only `per_corpus` is used.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int
        Positions of the drawn utterances, in random order.
    """
    if schedule.per_corpus is None:
        return rng.permutation(len(features))
    drawn: list[np.ndarray] = []
    for _, corpus in features.table.reset_index(drop=True).groupby("corpus"):
        emotions = [rows.index.to_numpy() for _, rows in corpus.groupby("emotion")]
        n = max(1, schedule.per_corpus // len(emotions))
        drawn += [rng.choice(rows, n, replace=n > len(rows)) for rows in emotions]
    return rng.permutation(np.concatenate(drawn))


def augment(features: Features, schedule: Schedule, rng: np.random.Generator) -> Features:
    """Vary utterances as a schedule specifies.

    Parameters
    ----------
    features : Features
        Utterances of one batch.
    schedule : Schedule
        Only `n_frames` is used.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Features
        The utterances in another voice and at another tempo, padded to `n_frames`; unchanged if `n_frames` is None.
    """
    if schedule.n_frames is None:
        return features
    assert features.settings.sr is not None  # `check_schedule` has refused settings without an sr
    X = np.zeros((len(features), schedule.n_frames, features.X.shape[2]), dtype=np.float32)
    lengths = np.zeros(len(features), dtype=np.int32)
    for row, (frames, length) in enumerate(zip(features.X, features.lengths, strict=True)):
        varied = vary(frames[:length], rng, sr=features.settings.sr, n_frames=schedule.n_frames)
        X[row, : len(varied)], lengths[row] = varied, len(varied)
    return replace(features, X=X, lengths=lengths)


def check_schedule(schedule: Schedule, features: AnyFeatures) -> None:
    """Refuse features that a schedule cannot sample or vary.

    Parameters
    ----------
    schedule : Schedule
        The schedule.
    features : Features or StoredFeatures
        The training utterances.

    Raises
    ------
    ParameterError
        If `per_corpus` is set and the table has no column `corpus`, or `n_frames` is set and the features are not
        log-mel frames at a fixed sampling rate.
    """
    if schedule.per_corpus is not None and "corpus" not in features.table:
        raise ParameterError("schedule: per_corpus needs the corpus of each utterance; add the column 'corpus'")
    if schedule.n_frames is not None and (features.feature != "log_mel" or features.settings.sr is None):
        raise ParameterError(
            f"schedule: n_frames needs log_mel at a fixed sampling rate; the features given are {features.feature} at "
            f"sr={features.settings.sr}; extract log_mel with settings that have an sr"
        )


TEMPO = 0.85, 1.18
"""Range of the factor for the duration."""

PITCH = 0.7, 1.42
"""Range of the factor for the pitch: six semitones down and up."""

FORMANTS = 0.86, 1.16
"""Range of the factor for the resonances of the vocal tract, which depend on its length."""

ENVELOPE = 12
"""Cepstral coefficients that describe the resonances; higher ones describe the harmonics of the pitch."""

COLOUR_DB, COLOUR_PLACES = 4.0, 6
"""Standard deviation of a microphone's gain, and number of points on the mel axis at which the gain is drawn."""

NOISE_DB = 35.0, 80.0
"""Range of the level difference between the loudest band and the noise."""

HIDDEN_BANDS, HIDDEN_FRAMES = 8, 15
"""Maximum width of each of the two masks over frequency, and of the two over time."""

_DB = 10 / np.log(10)


def vary(frames: np.ndarray, rng: np.random.Generator, *, sr: int, n_frames: int) -> np.ndarray:
    """Return an utterance in another voice, through another microphone, with noise and with parts masked.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance, without padding.
    rng : numpy.random.Generator
        Source of randomness.
    sr : int > 0
        Sampling rate of the waveform in Hz.
    n_frames : int > 0
        Maximum number of frames; a longer utterance is cut to a random stretch.

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
    voice = spoken_by_another(frames, rng, sr=sr)
    n_mels = voice.shape[1]
    gains = rng.normal(0, COLOUR_DB, COLOUR_PLACES)
    gain = np.interp(np.arange(n_mels), np.linspace(0, n_mels - 1, COLOUR_PLACES), gains)
    coloured = voice + gain.astype(np.float32)
    # The powers of voice and noise add up, not the levels; logaddexp takes natural logarithms, hence _DB.
    floor = np.float32(coloured.max() - rng.uniform(*NOISE_DB))
    noisy: np.ndarray = np.logaddexp(coloured / np.float32(_DB), floor / np.float32(_DB)) * np.float32(_DB)
    first = int(rng.integers(max(1, len(noisy) - n_frames + 1)))
    return _partly_hidden(noisy[first : first + n_frames], rng)


def spoken_by_another(frames: np.ndarray, rng: np.random.Generator, *, sr: int) -> np.ndarray:
    """Return an utterance in another voice and at another tempo, as if recorded in the same room.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance.
    rng : numpy.random.Generator
        Source of randomness, for tempo, pitch and formants.
    sr : int > 0
        Sampling rate of the waveform in Hz.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32, dB

    Examples
    --------
    >>> spoken_by_another(np.zeros((40, 64), dtype=np.float32), np.random.default_rng(0), sr=16000).shape
    (42, 64)
    """
    n_frames = max(2, round(len(frames) * rng.uniform(*TEMPO)))
    resampled = _interpolated(frames, np.linspace(0, len(frames) - 1, n_frames))
    return other_voice(resampled, pitch=_draw_factor(PITCH, rng), formants=_draw_factor(FORMANTS, rng), sr=sr)


def other_voice(frames: np.ndarray, *, pitch: float, formants: float, sr: int) -> np.ndarray:
    """Return an utterance as if another voice had spoken it, with the same intonation and timing.

    The spectrum of each frame is split into a smooth envelope, which the vocal tract shapes, and the harmonics on it;
    each part is moved along the frequency axis by its own factor.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels), float32, dB
        The mel spectrogram of the utterance.
    pitch, formants : float > 0
        Factors of the frequencies of the harmonics and of the envelope; a factor above 1 raises them.
    sr : int > 0
        Sampling rate of the waveform in Hz.

    Returns
    -------
    ndarray of the same shape, float32, dB

    Examples
    --------
    >>> frames = np.random.default_rng(0).normal(size=(5, 64)).astype(np.float32)
    >>> bool(np.allclose(other_voice(frames, pitch=1, formants=1, sr=16000), frames, atol=1e-5))
    True
    """
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


def _draw_factor(factors: tuple[float, float], rng: np.random.Generator) -> float:
    # Uniform in the logarithm, so that half and twice the frequency are equally far from the original voice.
    return float(np.exp(rng.uniform(*np.log(factors))))


def _interpolated(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    below = np.minimum(places.astype(int), len(rows) - 1)
    above = np.minimum(below + 1, len(rows) - 1)
    share = (places - below).astype(np.float32)[:, None]
    between: np.ndarray = rows[below] * (1 - share) + rows[above] * share
    return between


def _partly_hidden(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Set two bands of frequency and two stretches of time to the mean of the utterance."""
    hidden, mean = frames.copy(), frames.mean()
    for _ in range(2):  # each hides at most a quarter, so that a short utterance is not hidden entirely
        hidden[:, _stretch(frames.shape[1], min(HIDDEN_BANDS, frames.shape[1] // 4), rng)] = mean
        hidden[_stretch(len(frames), min(HIDDEN_FRAMES, len(frames) // 4), rng)] = mean
    return hidden


def _stretch(n: int, longest: int, rng: np.random.Generator) -> slice:
    """Return a random slice of up to `longest` among `n` places."""
    length = int(rng.integers(longest + 1))
    first = int(rng.integers(n - length + 1))
    return slice(first, first + length)
