"""Features with a row for each frame: what happens when is kept."""

import numpy as np
import scipy.fft

from emotion_lib.errors import AudioError
from emotion_lib.features.kernel import framed, mel_power, power
from emotion_lib.features.settings import DEFAULT, FeatureSettings
from emotion_lib.pitch import frame_length, of_frames

SMALLEST_POWER = 1e-10
"""Power below which a band counts as silent (-100 dB), as in librosa."""

VOICED = 0.7
"""Periodicity from which on a frame has a pitch; of the frames that pYIN hears one in too, 97 % agree on TESS."""


def power_spectrum(y: np.ndarray, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the power of each frequency in each frame.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    settings : FeatureSettings
        `n_fft` and `hop_length` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_fft // 2 + 1), float32
        Frame t is centred at sample t * hop_length, the waveform continued by silence at both ends.

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    Examples
    --------
    A cosine of amplitude 1 at bin 8 has power (n_fft / 4)^2 there: half its amplitude, and half of that
    for the window.

    >>> settings = FeatureSettings(n_fft=64, hop_length=16)
    >>> y = np.cos(2 * np.pi * 8 * np.arange(256) / 64)
    >>> float(power_spectrum(y, settings=settings)[8, 8].round())
    256.0

    Notebook: 02_features
    """
    frames = framed(checked(y), settings.n_fft, settings.hop_length)
    return np.concatenate([spectrum.copy() for _, spectrum in power(frames)])


def checked(y: np.ndarray) -> np.ndarray:
    """Return the waveform as float32, or raise an `AudioError` where there is none."""
    y = np.asarray(y, dtype=np.float32)
    if y.ndim != 1:
        raise AudioError(f"waveform of shape {y.shape}: must have one dimension; average its channels first")
    if y.size == 0:
        raise AudioError("waveform without samples: nothing to compute features from")
    return y


def log_mel(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the mel spectrogram in decibels: how loud each band is in each frame.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        All but `sr`, `offset`, `duration` and `n_mfcc` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mels), float32, dB

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    References
    ----------
    Stevens, S. S., Volkmann, J. and Newman, E. B. (1937). A scale for the measurement of the psychological
    magnitude pitch. doi:10.1121/1.1915893

    Examples
    --------
    >>> log_mel(np.zeros(22050), 22050).max().round(3).item()
    -100.0

    Notebook: 02_features
    """
    bands = _mel_power(y, sr, settings)
    bands = bands[_loud(bands, settings.trim_db)]
    below_loudest = 0.0 if settings.top_db is None else bands.max() * 10 ** (-settings.top_db / 10)
    decibels: np.ndarray = np.log10(np.maximum(bands, np.float32(max(SMALLEST_POWER, below_loudest))))
    decibels *= 10
    return decibels


def _mel_power(y: np.ndarray, sr: int, settings: FeatureSettings) -> np.ndarray:
    return mel_power(framed(checked(y), settings.n_fft, settings.hop_length), sr, settings)


def _loud(bands: np.ndarray, decibels: float | None) -> slice:
    """Return where the frames are from the first to the last that is not much quieter than the loudest; None is all."""
    if decibels is None:
        return slice(None)
    level = bands.sum(axis=1)
    loud = np.flatnonzero(level >= level.max() * 10 ** (-decibels / 10))
    return slice(loud[0], loud[-1] + 1)


def mfcc(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute the mel-frequency cepstral coefficients of one utterance.

    They keep the slow shape of the spectrum (the colour of the vowel, tension) and drop pitch detail:
    two speakers become comparable, and a rise in pitch is partly lost.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        All but `sr`, `offset` and `duration` are used.

    Returns
    -------
    ndarray of shape (n_frames, n_mfcc), float32

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.

    References
    ----------
    Davis, S. and Mermelstein, P. (1980). Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences. doi:10.1109/TASSP.1980.1163420

    Examples
    --------
    Silence has the same level in all 128 bands, so only the first coefficient is not zero.

    >>> mfcc(np.zeros(22050), 22050)[0].round()[:3].tolist()
    [-1131.0, 0.0, 0.0]

    Notebook: 02_features
    """
    return cepstrum(log_mel(y, sr, settings=settings), settings.n_mfcc)


def cepstrum(decibels: np.ndarray, n_mfcc: int) -> np.ndarray:
    """Return the first coefficients of the cosine transform along the bands, (..., n_mels) to (..., n_mfcc)."""
    every = scipy.fft.dct(decibels, norm="ortho")
    return np.ascontiguousarray(every[..., :n_mfcc])  # a view would keep all of them in memory


def pitch(y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Follow how high the voice is, from frame to frame.

    MFCCs drop the pitch, though it tells emotions apart; but it tells speakers apart too. The frames are those of
    `log_mel`, so that the two may stand side by side.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int >= 2800
        Its sampling rate in Hz.
    settings : FeatureSettings
        `hop_length` is used, and to cut off quiet ends as `log_mel` does, `trim_db`, `n_fft` and `n_mels`.

    Returns
    -------
    ndarray of shape (n_frames, 2), float32
        Fundamental frequency in Hz, from 65 to 700, and 0 where the frame has none (consonants, pauses, a creaking
        voice); periodicity, from 0 (noise, silence) to 1.

    Raises
    ------
    AudioError
        If `y` has more than one dimension or is empty.
    ParameterError
        If `sr` is too low for any pitch to be seen.

    References
    ----------
    de Cheveigné, A. and Kawahara, H. (2002). YIN, a fundamental frequency estimator for speech and music.
    doi:10.1121/1.1458024

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(22050) / 22050)
    >>> pitch(tone, 22050)[20].round().tolist()
    [220.0, 1.0]

    Notebook: 02_features
    """
    y = checked(y)
    half = frame_length(sr) // 2
    padded = np.pad(y, (half, frame_length(sr) - half))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame_length(sr))[:: settings.hop_length]
    frequency, periodicity = of_frames(frames, sr)
    tracked = np.stack([np.where(periodicity >= VOICED, frequency, 0), periodicity], axis=1).astype(np.float32)
    if settings.trim_db is None:
        return tracked
    return tracked[_loud(_mel_power(y, sr, settings), settings.trim_db)]


def frame_weights(lengths: np.ndarray, n_frames: int) -> np.ndarray:
    """Give each real frame of an utterance the same weight, and padding none.

    Parameters
    ----------
    lengths : ndarray of shape (n_utterances,), int > 0
        Real frames of each utterance.
    n_frames : int
        Frames with padding.

    Returns
    -------
    ndarray of shape (n_utterances, n_frames), float32
        Each row sums to 1.

    Examples
    --------
    >>> frame_weights(np.array([1, 2]), 4).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]]
    """
    real = np.arange(n_frames) < np.asarray(lengths)[:, None]
    weights: np.ndarray = (real / real.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights
