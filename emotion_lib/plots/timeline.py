"""The figure of a timeline: waveform, bands of emotions, and probabilities over time."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emotion_lib.audio import Channel
from emotion_lib.audio.reader import parts
from emotion_lib.emotions import UNKNOWN, style_of
from emotion_lib.errors import ParameterError
from emotion_lib.plots.style import HALO, INK, PALE, axes_or_new, say_empty
from emotion_lib.recognizer.explanation import Explanation
from emotion_lib.recognizer.inputs import Recording, RecordingReader
from emotion_lib.recognizer.prediction import WITHOUT_SPEECH
from emotion_lib.recognizer.timeline import STEP, emotions_of, stretches

POINTS = 400
"""Most points of a curve of probabilities; where there are more steps, a point is the mean of several."""

_SR = 16_000
_PIXELS = 2000  # more than a figure 8 inches wide has, so no gap is visible
_FINEST = 0.02  # seconds; long recordings are kept as one pair of numbers for each 20 ms
_NAMED, _MARKED = 0.16, 0.025  # shares of the width that a band needs for its name, and for its marker
_MINUTES = 180.0  # seconds from which the axis is in minutes


class Envelope(NamedTuple):
    """The lowest and the highest sample in each of many equal parts of a recording.

    Attributes
    ----------
    start, step : float
        Seconds at which the first part starts, and length of each part in seconds.
    lowest, highest : ndarray of shape (n_parts,), float32
    """

    start: float
    step: float
    lowest: np.ndarray
    highest: np.ndarray


def envelope(
    recording: Recording,
    sr: int | None = None,
    *,
    channel: Channel = None,
    start: float = 0.0,
    end: float | None = None,
) -> Envelope:
    """Return the envelope of a recording, from which its waveform is drawn, in constant memory.

    Parameters
    ----------
    recording, sr, channel
        One recording, as for `EmotionRecognizer.timeline`.
    start, end : float, optional
        The part that is drawn, in seconds; by default the whole recording.

    Returns
    -------
    Envelope
        In parts of 20 ms, or shorter ones for less than 40 seconds, of which only the drawn part is read.
    """
    reader = RecordingReader(recording, sr, to=_SR, channel=channel)
    if end is not None and end - start < _FINEST * _PIXELS:
        blocks, step, first = iter([reader.read(offset=start, duration=end - start)]), (end - start) / _PIXELS, start
    else:
        blocks, step, first = reader.blocks(), _FINEST, 0.0
    length = max(1, round(step * _SR))
    lowest, highest = [], []
    for _, y in parts(blocks, length, seconds=1024):  # many parts at once
        starts = np.arange(0, len(y), length)
        lowest.append(np.minimum.reduceat(y, starts))
        highest.append(np.maximum.reduceat(y, starts))
    nothing = np.zeros(0, dtype=np.float32)
    return Envelope(first, length / _SR, np.concatenate([nothing, *lowest]), np.concatenate([nothing, *highest]))


def plot_timeline(
    table: pd.DataFrame,
    recording: Recording,
    sr: int | None = None,
    *,
    channel: Channel = None,
    start: float = 0.0,
    end: float | None = None,
) -> Figure:
    """Draw a timeline: the waveform, a band in the colour of each emotion, and the probabilities.

    A band has its name or its marker if there is room. "Unknown" is hatched, and where nobody speaks there is no band.
    Of a long recording, the axis says how many seconds each point of the probabilities stands for.

    Parameters
    ----------
    table : DataFrame
        A timeline, from `EmotionRecognizer.timeline`.
    recording, sr, channel
        The recording that it is of, as for `EmotionRecognizer.timeline`.
    start, end : float, optional
        The part to draw, in seconds; by default the whole recording.

    Returns
    -------
    Figure

    Raises
    ------
    ParameterError
        If the table is not a timeline, or the part is empty or not in it.
    AudioError
        If the recording cannot be read.

    Examples
    --------
    >>> from emotion_lib import EmotionRecognizer
    >>> silence = np.zeros(16000)
    >>> table = EmotionRecognizer.load().timeline(silence, 16000)
    >>> plot_timeline(table, silence, 16000).axes[2].get_xlabel()
    'Time (s)'
    """
    emotions_of(table)
    seconds = float(table["end"].max()) if len(table) else 0.0
    end = seconds if end is None else end
    figure = plt.figure(figsize=(plt.rcParams["figure.figsize"][0], 4.4))
    if not len(table):
        say_empty(figure.subplots(), "This recording has no samples to draw.")
        return figure
    if not 0 <= start < end <= seconds:
        raise ParameterError(f"start={start}, end={end}: must be a part of the recording, which has {seconds:.1f} s")
    drawn = envelope(recording, sr, channel=channel, start=start, end=end)
    draw_timeline(figure, table, drawn, start, end)
    return figure


def draw_timeline(figure: Figure, table: pd.DataFrame, wave: Envelope, start: float, end: float) -> Axes:
    """Draw a part of a timeline on an empty figure, and return the axes of the probabilities."""
    lower: Axes
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(4, 1.2, 6))
    unit = 60.0 if end - start > _MINUTES else 1.0
    _draw_envelope(upper, wave, start, end, unit)
    _draw_bands(middle, stretches(table), start, end, unit)
    step = _draw_probabilities(lower, table, start, end, unit)
    said = f"; each point is the mean of {step:.{0 if step >= 10 else 1}f} s" if step > STEP else ""
    lower.set(xlim=(start / unit, end / unit), xlabel=f"Time ({'s' if unit == 1 else 'min'}){said}")
    return lower


def _draw_envelope(ax: Axes, wave: Envelope, start: float, end: float, unit: float) -> None:
    first, last = (round((at - wave.start) / wave.step) for at in (start, end))
    lowest, highest = wave.lowest[max(0, first) : last], wave.highest[max(0, first) : last]
    ax.set_ylabel("Amplitude")
    if not len(lowest):
        return
    starts = np.arange(0, len(lowest), -(-len(lowest) // _PIXELS))
    times = (wave.start + (max(0, first) + starts) * wave.step) / unit
    low, high = np.minimum.reduceat(lowest, starts), np.maximum.reduceat(highest, starts)
    ax.fill_between(times, low, high, color=INK, linewidth=0.8)
    limit = 1.05 * max(float(-low.min()), float(high.max()), 0.01)
    ax.set_ylim(-limit, limit)


def _draw_bands(ax: Axes, table: pd.DataFrame, start: float, end: float, unit: float) -> None:
    """Draw a band for each stretch with speech, with its name or marker if it is wide enough."""
    ax.set(ylim=(0, 1), yticks=[])
    ax.spines["left"].set_visible(False)
    shown = table[(table["end"] > start) & (table["start"] < end) & ~table["reason"].isin(WITHOUT_SPEECH)]
    for emotion, rows in shown.groupby("emotion"):
        starts, widths = rows["start"] / unit, (rows["end"] - rows["start"]) / unit
        spans = list(zip(starts.tolist(), widths.tolist(), strict=True))
        if emotion == UNKNOWN:
            ax.broken_barh(spans, (0.05, 0.9), facecolor="white", edgecolor=PALE, hatch="////", linewidth=0)
        else:
            ax.broken_barh(spans, (0.05, 0.9), facecolor=style_of(str(emotion)).colour)
    for row in shown.to_dict("records"):
        left, right = max(row["start"], start), min(row["end"], end)
        share, middle = (right - left) / (end - start), (left + right) / 2 / unit
        if share >= _NAMED:
            ax.text(middle, 0.5, row["emotion"], ha="center", va="center", color=INK, path_effects=HALO)
        elif share >= _MARKED and row["emotion"] != UNKNOWN:
            ax.plot(middle, 0.5, style_of(row["emotion"]).marker, color="white", markeredgecolor=INK)


def _draw_probabilities(ax: Axes, table: pd.DataFrame, start: float, end: float, unit: float) -> float:
    """Draw the probability of each emotion, with gaps where nobody speaks; return the seconds of each point."""
    step = STEP * max(1, round((end - start) / STEP / POINTS))
    rows = table[(table["end"] > start) & (table["start"] < end) & ~table["reason"].isin(WITHOUT_SPEECH)]
    first = int(start // step)
    place = (rows["start"] // step).to_numpy(dtype=int) - first
    n = int(end // step) - first + 1
    count = np.bincount(place, minlength=n).astype(float)
    count[count == 0] = np.nan
    times = (first + np.arange(len(count)) + 0.5) * step / unit
    for emotion in emotions_of(table):
        colour, marker = style_of(emotion)
        shares = np.bincount(place, weights=rows[emotion].to_numpy(), minlength=n) / count
        every = max(1, len(count) // 30)
        ax.plot(times, shares, color=colour, marker=marker, markevery=every, linewidth=1.5, label=emotion)
    ax.set(ylabel="Probability", ylim=(0, 1.02))
    if "threshold" in table.attrs:
        ax.axhline(table.attrs["threshold"], color=INK, linewidth=1.2, linestyle="--")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return step


def plot_explanation(explanation: Explanation, *, ax: Axes | None = None) -> Axes:
    """Draw which part of a recording decided the answer.

    Parameters
    ----------
    explanation : Explanation
        From `EmotionRecognizer.explain`.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Time in s; how far the probability falls without each part, in the colour of the emotion, and in grey where it
        rises.

    Examples
    --------
    >>> found = Explanation("sad", 0.8, np.array([0.0, 0.2]), np.array([0.2, 0.4]), np.array([0.3, -0.1]))
    >>> plot_explanation(found).get_xlabel()
    'Time (s)'

    Notebook: 06_your_voice
    """
    ax = axes_or_new(ax, height=2.0)
    drop = explanation.drop
    colours = np.where(drop > 0, style_of(explanation.emotion).colour, PALE)
    width = explanation.end - explanation.start
    ax.bar(explanation.start, drop, width, align="edge", color=colours.tolist(), edgecolor="white", linewidth=0.5)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set(xlabel="Time (s)", ylabel=f"Drop of\n{explanation.emotion}")
    return ax
