"""One utterance of each emotion, side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from emotion_lib import audio
from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError
from emotion_lib.plots.signals import SPECTROGRAM, draw_spectrogram, greatest_power, plot_waveform
from emotion_lib.plots.style import say_empty

SR = 22050
"""Rate in Hz of all columns: recordings of different rates would have different frequencies at the top."""


def plot_emotion_grid(table: pd.DataFrame) -> Figure:
    """Draw the waveform above the spectrogram of one utterance of each emotion, emotions in columns.

    All columns have the same limits of time, amplitude, frequency and level, so that what is quiet looks quiet.

    Parameters
    ----------
    table : DataFrame
        At most one row an emotion, with columns `path` and `emotion`: choose one speaker and one text.

    Returns
    -------
    Figure
        Time in s, amplitude with full scale 1, frequency in Hz, level in dB below the loudest point of all.

    Raises
    ------
    ParameterError
        If an emotion occurs twice or is not in the vocabulary.
    AudioError
        If a recording cannot be read.

    Examples
    --------
    >>> plot_emotion_grid(pd.DataFrame({"path": [], "emotion": []})).axes[0].texts[0].get_text()
    'There are no utterances to draw.'

    Notebook: 01_explore
    """
    twice = table.loc[table["emotion"].duplicated(), "emotion"].tolist()
    if twice:
        raise ParameterError(f"emotion {twice[0]!r} occurs twice: choose one speaker and one text")
    emotions = in_order(table["emotion"])
    width = plt.rcParams["figure.figsize"][0]
    if not emotions:
        figure, ax = plt.subplots(figsize=(width, 2.0))
        say_empty(ax, "There are no utterances to draw.")
        return figure
    paths = table.set_index("emotion")["path"]
    sounds = {emotion: audio.read(paths[emotion], sr=SR)[0] for emotion in emotions}
    figure, axes = plt.subplots(2, len(emotions), squeeze=False, sharex=True, sharey="row", figsize=(width, 3.6))
    _draw_columns(axes, sounds)
    return figure


def _draw_columns(axes: np.ndarray, sounds: dict[str, np.ndarray]) -> None:
    """Fill a grid of two rows with sounds of the emotions, one a column."""
    loudest = max(greatest_power(y, SPECTROGRAM) for y in sounds.values())
    for (emotion, y), (upper, lower) in zip(sounds.items(), axes.T, strict=True):
        plot_waveform(y, SR, emotion=emotion, ax=upper)
        upper.set_title(emotion, loc="center", fontsize=10)
        image = draw_spectrogram(lower, y, SR, settings=SPECTROGRAM, loudest=loudest)
        image.set_interpolation("antialiased")
    _share_limits(axes, sounds)
    _label_outside(axes, image)


def _share_limits(axes: np.ndarray, sounds: dict[str, np.ndarray]) -> None:
    """Set the limits of all columns to those of the longest and of the loudest sound."""
    amplitude = 1.05 * max(0.01, *(float(np.abs(y).max()) for y in sounds.values()))
    axes[0, 0].set_ylim(-amplitude, amplitude)
    axes[1, 0].set_xlim(0, max(y.size for y in sounds.values()) / SR)


def _label_outside(axes: np.ndarray, image: AxesImage) -> None:
    ax: Axes
    for ax in axes.flat:
        ax.set(xlabel="", ylabel="")
    for ax in axes[1]:
        ax.set_facecolor(image.get_cmap()(0.0))
    axes[0, 0].set_ylabel("Amplitude")
    axes[1, 0].set_ylabel("Frequency (Hz)")
    figure = axes[0, 0].figure
    figure.supxlabel("Time (s)", fontsize=10)
    figure.colorbar(image, ax=axes[1].tolist(), label="Level (dB)", pad=0.01, aspect=12)
