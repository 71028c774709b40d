"""Pictures of many utterances: how many there are, how a measure varies, who is near whom."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.spatial import KDTree

from emotion_lib.emotions import STYLES, in_order
from emotion_lib.errors import ParameterError
from emotion_lib.plots.style import GROUPS, HALO, INK, GroupStyle, apart, axes_or_new, group_styles, say_empty

_NO_UTTERANCES = "There are no utterances to draw."


def plot_class_histogram(table: pd.DataFrame, *, by: str | None = "speaker", ax: Axes | None = None) -> Axes:
    """Draw how many utterances of each emotion there are.

    Parameters
    ----------
    table : DataFrame
        One row an utterance, with a column `emotion`.
    by : str, optional
        Column that splits each bar, when it has at most three values; with more, bars are not split.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        Number of utterances over emotion, the number above each bar.

    Raises
    ------
    ParameterError
        If `by` is no column of the table, or an emotion is not in the vocabulary.

    Examples
    --------
    >>> ax = plot_class_histogram(pd.DataFrame({"emotion": ["sad", "angry", "sad"]}), by=None)
    >>> [text.get_text() for text in ax.texts]
    ['1', '2']

    Notebook: 01_explore
    """
    ax = axes_or_new(ax)
    emotions = in_order(table["emotion"])
    if not emotions:
        return say_empty(ax, _NO_UTTERANCES)
    parts = _split(table, by)
    width = 0.8 / len(parts)
    for place, (_, style, part) in enumerate(parts):
        counts = part["emotion"].value_counts().reindex(emotions, fill_value=0)
        left = np.arange(len(emotions)) - 0.4 + width * place
        colours = [STYLES[emotion].colour for emotion in emotions]
        bars = ax.bar(left, counts, width, align="edge", color=colours, edgecolor="white", hatch=style.hatch)
        ax.bar_label(bars, padding=2)
    ax.margins(y=0.12)
    ax.set_xticks(range(len(emotions)), labels=emotions)
    ax.set_ylabel("Number of utterances")
    handles = [Patch(facecolor=INK, edgecolor="white", hatch=style.hatch, label=name) for name, style, _ in parts]
    return _legend_above(ax, handles)


def plot_by_emotion(
    table: pd.DataFrame, column: str, *, label: str | None = None, by: str | None = "speaker", ax: Axes | None = None
) -> Axes:
    """Draw one measure of every utterance by emotion, with median and quartiles.

    Parameters
    ----------
    table : DataFrame
        One row an utterance, with columns `emotion` and `column`.
    column : str
        The measure, a number an utterance; rows without one are left out.
    label : str, optional
        What the measure is and its unit, such as "Level (dB)"; the name of the column when left out.
    by : str, optional
        Column that splits each emotion, when it has at most three values.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        The measure over emotion; a point an utterance, a bar at the median, a line between the quartiles.

    Raises
    ------
    ParameterError
        If `column` or `by` is no column of the table, or an emotion is not in the vocabulary.

    Examples
    --------
    >>> table = pd.DataFrame({"emotion": ["sad", "angry", "sad"], "duration": [2.5, 1.8, 2.7]})
    >>> plot_by_emotion(table, "duration", label="Duration (s)", by=None).get_ylabel()
    'Duration (s)'

    Notebook: 01_explore
    """
    _check_column(table, column)
    ax = axes_or_new(ax)
    measured = table[table[column].notna()]
    emotions = in_order(measured["emotion"])
    if not emotions:
        return say_empty(ax, _NO_UTTERANCES)
    parts = _split(measured, by)
    for place, (_, style, part) in enumerate(parts):
        offset = 0.8 * ((place + 0.5) / len(parts) - 0.5)
        for position, emotion in enumerate(emotions):
            values = part.loc[part["emotion"] == emotion, column].to_numpy(dtype=float)
            _draw_strip(ax, values, position + offset, width=0.6 / len(parts), emotion=emotion, marker=style.marker)
    ax.set_xticks(range(len(emotions)), labels=emotions)
    ax.set_ylabel(label or column)
    return _legend_above(ax, [_marker_handle(name, INK, style.marker) for name, style, _ in parts])


def plot_map(
    points: np.ndarray, labels: pd.Series, *, kind: Literal["emotion", "speaker"] = "emotion", ax: Axes | None = None
) -> Axes:
    """Draw utterances as points in a plane, in the colours of their emotions or in grey tones by speaker.

    A name stands where its group is densest: the median of an emotion that falls into one cluster a voice lies
    between them, and often on another emotion.

    Parameters
    ----------
    points : ndarray of shape (n_utterances, 2), float
        Coordinates, from a principal component analysis or another projection.
    labels : Series or sequence of str, n_utterances
        Emotion or speaker of each point.
    kind : {"emotion", "speaker"}
        What the labels are.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        Two components, which have no unit.

    Raises
    ------
    ParameterError
        If there are not two coordinates and one label for each point, or an emotion is not in the vocabulary.

    Examples
    --------
    >>> ax = plot_map(np.array([[0.0, 1.0], [1.0, 0.0]]), pd.Series(["sad", "happy"]))
    >>> [text.get_text() for text in ax.texts]
    ['happy', 'sad']

    Notebook: 02_features
    """
    names = np.asarray(labels, dtype=str)
    if points.shape != (len(names), 2):
        raise ParameterError(f"points has the shape {points.shape}: must be ({len(names)}, 2), a row for each label")
    ax = axes_or_new(ax, height=5.0)
    if not len(names):
        return say_empty(ax, _NO_UTTERANCES)
    styles = _emotion_looks(names) if kind == "emotion" else _speaker_looks(names)
    for name, (colour, marker) in styles.items():
        x, y = points[names == name].T
        ax.scatter(x, y, s=22, c=colour, marker=marker, linewidths=0.3, edgecolors="white", alpha=0.85)
    hearts = np.array([_heart(points[names == name]) for name in styles])
    for name, x, y in zip(styles, hearts[:, 0], apart(hearts[:, 1], 0.05 * np.ptp(ax.get_ylim())), strict=True):
        ax.text(x, y, name, ha="center", va="center", path_effects=HALO, weight="bold")
    ax.set(xlabel="Component 1", ylabel="Component 2")
    return ax


def _emotion_looks(names: np.ndarray) -> dict[str, tuple[str, str]]:
    return {name: (STYLES[name].colour, STYLES[name].marker) for name in in_order(names.tolist())}


def _speaker_looks(names: np.ndarray) -> dict[str, tuple[str, str]]:
    """Return colour and marker of each speaker; beyond three, the styles come round again."""
    speakers = sorted(set(names.tolist()))
    styles = [GROUPS[place % len(GROUPS)] for place in range(len(speakers))]
    return {speaker: (style.colour, style.marker) for speaker, style in zip(speakers, styles, strict=True)}


def _heart(points: np.ndarray) -> tuple[float, float]:
    """Return the point whose nearest fifth of all points is the nearest."""
    neighbours, _ = KDTree(points).query(points, k=[max(1, len(points) // 5)])
    x, y = points[neighbours[:, 0].argmin()]
    return float(x), float(y)


def _draw_strip(ax: Axes, values: np.ndarray, position: float, *, width: float, emotion: str, marker: str) -> None:
    """Draw values as points around a position, with a bar at the median and a line between the quartiles."""
    if not values.size:
        return
    x = position + width * (np.random.default_rng(0).random(values.size) - 0.5)
    colour = STYLES[emotion].colour
    ax.scatter(x, values, s=14, c=colour, marker=marker, alpha=0.9 if values.size < 50 else 0.45, linewidths=0)
    low, middle, high = np.percentile(values, [25, 50, 75])
    ax.vlines(position, low, high, color=INK, linewidth=2)
    ax.hlines(middle, position - width / 2, position + width / 2, color=INK, linewidth=2)


def _split(table: pd.DataFrame, by: str | None) -> list[tuple[str, GroupStyle, pd.DataFrame]]:
    """Return name, style and rows of each group; the whole table without a name where it is not split."""
    if by is not None:
        _check_column(table, by)
        styles = group_styles(sorted(table[by].unique()))
        if styles:
            return [(name, style, table[table[by] == name]) for name, style in styles.items()]
    return [("", GROUPS[0], table)]


def _legend_above(ax: Axes, handles: list[Patch] | list[Line2D]) -> Axes:
    if len(handles) > 1:
        ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), borderaxespad=0.2)
    return ax


def _marker_handle(name: str, colour: str, marker: str) -> Line2D:
    return Line2D([], [], linestyle="", marker=marker, color=colour, label=name)


def _check_column(table: pd.DataFrame, column: str) -> None:
    if column not in table:
        raise ParameterError(f"column {column!r}: the table has none; its columns are {', '.join(map(str, table))}")
