"""Figures of waveforms, spectra and features."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import ParameterError, check_positive
from emotion_lib.features import DEFAULT, FeatureSettings, power_spectrum
from emotion_lib.features.mel import hz_to_mel
from emotion_lib.plots.style import INK, axes_or_new, say_empty

DYNAMIC_RANGE = 80.0
"""Range of the colours in dB below the reference; lower levels are as dark as silence."""

SPECTROGRAM = FeatureSettings(n_fft=1024, hop_length=256)
"""Frames of 42 ms in TESS: short enough for syllables, long enough to separate the harmonics of a voice."""

LEVELS = 40
"""Number of colours, one per 2 dB; finer steps are not visible, and make a notebook's picture three times as large."""

_POINTS = 2000  # more than the pixels of a figure 8 inches wide, so no gap is visible
_HZ_TICKS = (250, 500, 1000, 2000, 4000, 8000)  # octaves


def plot_waveform(y: np.ndarray, sr: int, *, emotion: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the waveform of one utterance.

    Samples closer together than a pixel are drawn as their lowest and highest values, so no peak is lost.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    emotion : str, optional
        The emotion whose colour is used; by default the waveform is dark grey.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Time in s, amplitude with full scale 1.

    Raises
    ------
    ParameterError
        If `y` is not one-dimensional, `sr` is not positive, or `emotion` cannot be a label.

    Examples
    --------
    >>> ax = plot_waveform(np.sin(np.linspace(0, 100, 8000)), 8000, emotion="sad")
    >>> ax.get_xlabel()
    'Time (s)'

    Notebook: 01_explore
    """
    _check_waveform(y, sr)
    colour = style_of(in_order([emotion])[0]).colour if emotion is not None else INK
    ax = axes_or_new(ax, height=2.2)
    if not y.size:
        return say_empty(ax, "This recording has no samples to draw.")
    starts = np.arange(0, y.size, -(-y.size // _POINTS))
    lowest, highest = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    ax.fill_between(starts / sr, lowest, highest, color=colour, linewidth=0.8)
    limit = 1.05 * max(float(np.abs(y).max()), 0.01)  # silence needs an axis with some height too
    ax.set(xlabel="Time (s)", ylabel="Amplitude", xlim=(0, y.size / sr), ylim=(-limit, limit))
    return ax


def plot_spectrogram(
    y: np.ndarray,
    sr: int,
    *,
    settings: FeatureSettings = SPECTROGRAM,
    reference: np.ndarray | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the spectrogram of one utterance in dB, over a range of 80 dB.

    Longer frames separate the harmonics of the voice; shorter frames separate events in time. Levels of two
    spectrograms can be compared only if both have the same `reference`.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        `n_fft` and `hop_length` are used.
    reference : ndarray of shape (n_samples,), optional
        The waveform whose loudest point is 0 dB; by default `y`.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Time in s, frequency in Hz, colour in dB below the loudest point.

    Raises
    ------
    ParameterError
        If `y` is not one-dimensional, or `sr` is not positive.

    Examples
    --------
    >>> ax = plot_spectrogram(np.sin(np.linspace(0, 6000, 8000)), 8000)
    >>> ax.get_ylabel()
    'Frequency (Hz)'

    Notebook: 01_explore
    """
    _check_waveform(y, sr)
    ax = axes_or_new(ax, height=2.8)
    if not y.size:
        return say_empty(ax, "This recording has no samples to draw.")
    loudest = greatest_power(y if reference is None else reference, settings)
    image = draw_spectrogram(ax, y, sr, settings=settings, loudest=loudest)
    ax.set(xlabel="Time (s)", ylabel="Frequency (Hz)")
    _colour_bar(ax, image, "Level (dB)")
    return ax


def plot_log_mel(log_mel: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT, ax: Axes | None = None) -> Axes:
    """Draw the mel spectrogram of one utterance in dB, over the 80 dB below its loudest point.

    All bands have the same height, since they count the same for a network; the axis shows their frequency in Hz.

    Parameters
    ----------
    log_mel : ndarray of shape (n_frames, n_mels), float
        Level of each mel band in dB.
    sr : int > 0
        Sampling rate of the waveform in Hz.
    settings : FeatureSettings
        Settings of the frames; `hop_length` is used.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Time in s, frequency in Hz on the mel scale.

    Raises
    ------
    ParameterError
        If `log_mel` is not two-dimensional, or `sr` is not positive.

    Examples
    --------
    >>> ax = plot_log_mel(np.zeros((90, 128)), 22050)
    >>> ax.get_ylabel()
    'Frequency (Hz, mel scale)'

    Notebook: 02_features
    """
    _check_frames("log_mel", log_mel, "n_mels", sr)
    ax = axes_or_new(ax, height=2.8)
    if not log_mel.size:
        return say_empty(ax, "There are no frames to draw.")
    highest = float(log_mel.max())
    image = _draw_frames(ax, log_mel, sr / settings.hop_length, limits=(highest - DYNAMIC_RANGE, highest))
    # The bands' centres are equally spaced on the mel scale; n_mels bands lie between n_mels + 2 points from 0 to sr/2.
    ticks = [hertz for hertz in _HZ_TICKS if hertz < sr / 2]
    positions = [hz_to_mel(hertz) / hz_to_mel(sr / 2) * (log_mel.shape[1] + 1) - 1 for hertz in ticks]
    ax.set_yticks(positions, labels=[str(hertz) for hertz in ticks])
    ax.set(xlabel="Time (s)", ylabel="Frequency (Hz, mel scale)")
    _colour_bar(ax, image, "Level (dB)")
    return ax


def plot_mfcc(
    mfcc: np.ndarray,
    sr: int,
    *,
    settings: FeatureSettings = DEFAULT,
    limit: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mel-frequency cepstral coefficients of one utterance, with 0 in white.

    The colours span the range of coefficients 1 and up. Coefficient 0, the level, lies far outside (about -400 in
    TESS) and saturates; if it were in the range, all other coefficients would be pale.

    Parameters
    ----------
    mfcc : ndarray of shape (n_frames, n_mfcc), float
        Coefficients, one row per frame.
    sr : int > 0
        Sampling rate of the waveform in Hz.
    settings : FeatureSettings
        Settings of the frames; `hop_length` is used.
    limit : float > 0, optional
        Absolute value at the ends of the colour bar; figures to be compared need the same limit.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Time in s, index of the coefficient.

    Raises
    ------
    ParameterError
        If `mfcc` is not two-dimensional, or `sr` or `limit` is not positive.

    Examples
    --------
    >>> ax = plot_mfcc(np.zeros((90, 40)), 22050)
    >>> ax.get_ylabel()
    'MFCC'

    Notebook: 02_features
    """
    _check_frames("mfcc", mfcc, "n_mfcc", sr)
    check_positive(limit=limit)
    ax = axes_or_new(ax, height=2.8)
    if not mfcc.size:
        return say_empty(ax, "There are no frames to draw.")
    shape = mfcc[:, 1:] if mfcc.shape[1] > 1 else mfcc
    limit = limit or float(np.abs(shape).max()) or 1.0  # coefficients that are all 0 give no range
    image = _draw_frames(ax, mfcc, sr / settings.hop_length, cmap="RdBu_r", limits=(-limit, limit))
    ax.set(xlabel="Time (s)", ylabel="MFCC")
    _colour_bar(ax, image, "Value", extend="both")
    return ax


def greatest_power(y: np.ndarray, settings: FeatureSettings) -> float:
    """Return the greatest power of any frequency in any frame of `y`."""
    return float(power_spectrum(y, settings=settings).max())


def draw_spectrogram(ax: Axes, y: np.ndarray, sr: int, *, settings: FeatureSettings, loudest: float) -> AxesImage:
    """Draw the spectrogram of `y` on `ax` in dB relative to the power `loudest`, and return the image."""
    ratio = power_spectrum(y, settings=settings) / max(loudest, np.finfo(np.float32).tiny)  # silence has no power
    level = 10 * np.log10(np.maximum(ratio, 10 ** (-DYNAMIC_RANGE / 10)))
    frame_rate = sr / settings.hop_length
    image = _draw_frames(ax, level, frame_rate, top=sr / 2, limits=(-DYNAMIC_RANGE, 0))
    ax.set(xlim=(0, y.size / sr), ylim=(0, sr / 2))
    return image


def _draw_frames(
    ax: Axes,
    frames: np.ndarray,
    frame_rate: float,
    *,
    limits: tuple[float, float],
    cmap: str | None = None,
    top: float | None = None,
) -> AxesImage:
    """Draw (n_frames, n_rows) and return the image; the first row is centred on 0, the last on `top` or its index."""
    n_frames, n_rows = frames.shape
    half = 0.5 if top is None else top / (n_rows - 1) / 2
    extent = (-0.5 / frame_rate, (n_frames - 0.5) / frame_rate, -half, (n_rows - 1 if top is None else top) + half)
    image = ax.imshow(frames.T, aspect="auto", origin="lower", interpolation="nearest", extent=extent)
    image.set(cmap=cmap or plt.get_cmap("magma", LEVELS), clim=limits)
    return image


def _colour_bar(ax: Axes, image: AxesImage, label: str, *, extend: str = "neither") -> None:
    """Draw a colour bar beside `ax` that takes no width from it, so that axes above and below stay aligned."""
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.02, 0.0, 0.02, 1.0)), extend=extend)
    bar.set_label(label)


def _check_waveform(y: np.ndarray, sr: int) -> None:
    if y.ndim != 1:
        raise ParameterError(f"y has the shape {y.shape}: must be one-dimensional; mix the channels to mono first")
    check_positive(sr=sr)


def _check_frames(name: str, frames: np.ndarray, columns: str, sr: int) -> None:
    if frames.ndim != 2:
        raise ParameterError(f"{name} has the shape {frames.shape}: must be (n_frames, {columns})")
    check_positive(sr=sr)
