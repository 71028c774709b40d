"""Figures of many utterances: their number, the distribution of a measure, and maps in two dimensions."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.spatial import KDTree

from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.plots.style import GROUPS, HALO, INK, GroupStyle, apart, as_written, axes_or_new, say_empty

_NO_UTTERANCES = "There are no utterances to draw."


def plot_class_histogram(table: pd.DataFrame, *, by: str | None = "speaker", ax: Axes | None = None) -> Axes:
    """Draw the number of utterances of each emotion.

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with a column `emotion`.
    by : str, optional
        Column that splits each bar, if it has at most three values; with more, bars are not split.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Number of utterances over emotion, with the number above each bar.

    Raises
    ------
    ParameterError
        If the table has no column `by`, or an emotion cannot be a label.

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
        colours = [style_of(emotion).colour for emotion in emotions]
        bars = ax.bar(left, counts, width, align="edge", color=colours, edgecolor="white", hatch=style.hatch)
        ax.bar_label(bars, padding=2)
    ax.margins(y=0.12)
    ax.set_xticks(range(len(emotions)), labels=emotions)
    ax.set_ylabel("Number of utterances")
    handles = [Patch(facecolor=INK, edgecolor="white", hatch=style.hatch, label=name) for name, style, _ in parts]
    return as_written(_legend_above(ax, handles))


def plot_by_emotion(
    table: pd.DataFrame, column: str, *, label: str | None = None, by: str | None = "speaker", ax: Axes | None = None
) -> Axes:
    """Draw one measure of every utterance by emotion, with median and quartiles.

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with columns `emotion` and `column`.
    column : str
        Name of the column with the measure; rows with missing values are left out.
    label : str, optional
        Name and unit of the measure, such as "Level (dB)"; by default the name of the column.
    by : str, optional
        Column that splits each emotion, if it has at most three values.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        The measure over emotion: a point per utterance, a bar at the median, a line between the quartiles.

    Raises
    ------
    ParameterError
        If the table has no column `column` or `by`, or an emotion cannot be a label.

    Examples
    --------
    >>> table = pd.DataFrame({"emotion": ["sad", "angry", "sad"], "duration": [2.5, 1.8, 2.7]})
    >>> plot_by_emotion(table, "duration", label="Duration (s)", by=None).get_ylabel()
    'Duration (s)'

    Notebook: 01_explore
    """
    check_columns("the table", table, column)
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
    handles = [Line2D([], [], linestyle="", marker=style.marker, color=INK, label=name) for name, style, _ in parts]
    return as_written(_legend_above(ax, handles))


def plot_map(
    points: np.ndarray, labels: pd.Series, *, kind: Literal["emotion", "speaker"] = "emotion", ax: Axes | None = None
) -> Axes:
    """Draw utterances as points in a plane, in the colours of their emotions or in shades of grey by speaker.

    The name of a group is written where the group is densest. The median would mislead: an emotion often forms one
    cluster per voice, and its median lies between them, often on another emotion.

    Parameters
    ----------
    points : ndarray of shape (n_utterances, 2), float
        Coordinates, from a principal component analysis or another projection.
    labels : Series or sequence of str, n_utterances
        Emotion or speaker of each point.
    kind : {"emotion", "speaker"}
        The kind of the labels.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Two components, which have no unit.

    Raises
    ------
    ParameterError
        If there are not two coordinates and one label for each point, or an emotion cannot be a label.

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
    groups = in_order(names.tolist()) if kind == "emotion" else sorted(set(names.tolist()))
    densest = np.empty((len(groups), 2))
    for place, name in enumerate(groups):
        group, style = points[names == name], style_of(name) if kind == "emotion" else GROUPS[place % len(GROUPS)]
        x, y = group.T
        ax.scatter(x, y, s=22, c=style.colour, marker=style.marker, linewidths=0.3, edgecolors="white", alpha=0.85)
        # The densest point is the one with its nearest fifth of the group within the smallest distance.
        distances, _ = KDTree(group).query(group, k=[max(1, len(group) // 5)])
        densest[place] = group[distances[:, 0].argmin()]
    for name, x, y in zip(groups, densest[:, 0], apart(densest[:, 1], 0.05 * np.ptp(ax.get_ylim())), strict=True):
        ax.text(x, y, name, ha="center", va="center", path_effects=HALO, weight="bold")
    ax.set(xlabel="Component 1", ylabel="Component 2")
    return as_written(ax)


def _draw_strip(ax: Axes, values: np.ndarray, position: float, *, width: float, emotion: str, marker: str) -> None:
    """Draw values as points around a position, with a bar at the median and a line between the quartiles."""
    if not values.size:
        return
    # Points are spread sideways at random so that they do not cover each other; if there are many, they are paler.
    x = position + width * (np.random.default_rng(0).random(values.size) - 0.5)
    colour = style_of(emotion).colour
    ax.scatter(x, values, s=14, c=colour, marker=marker, alpha=0.9 if values.size < 50 else 0.45, linewidths=0)
    low, middle, high = np.percentile(values, [25, 50, 75])
    ax.vlines(position, low, high, color=INK, linewidth=2)
    ax.hlines(middle, position - width / 2, position + width / 2, color=INK, linewidth=2)


def _split(table: pd.DataFrame, by: str | None) -> list[tuple[str, GroupStyle, pd.DataFrame]]:
    """Return name, style and rows of each group, or the whole table without a name if it is not split."""
    if by is None:
        return [("", GROUPS[0], table)]
    check_columns("the table", table, by)
    names = sorted(table[by].unique())
    if len(names) > len(GROUPS):
        return [("", GROUPS[0], table)]
    return [(name, style, table[table[by] == name]) for name, style in zip(names, GROUPS, strict=False)]


def _legend_above(ax: Axes, handles: list[Patch] | list[Line2D]) -> Axes:
    if len(handles) > 1:
        ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles), borderaxespad=0.2)
    return ax
