"""Pictures of training and of results: learning curves, confusions, scores with their intervals."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.plots.style import INK, LINES, PALE, axes_or_new, name_at, say_empty
from emotion_lib.recipes import RECIPES
from emotion_lib.recognizer.prediction import UNKNOWN

CHANCE = 1 / len(EMOTIONS)
"""Accuracy of guessing among the seven emotions."""

_UNITS = {"accuracy": "Accuracy", "loss": "Loss (nats)", "uar": "UAR"}


def plot_learning_curves(history: pd.DataFrame, *, measure: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw how a measure changes from epoch to epoch, for the training set and whatever else was measured.

    Parameters
    ----------
    history : DataFrame
        One row an epoch, with columns `epoch` and `measure`, and others that end in `_` and the measure, such as
        `test_accuracy`.
    measure : str
        "accuracy", "loss" or another measure.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        The measure over epochs, each curve named at its end.

    Raises
    ------
    ParameterError
        If the table has no column for the measure.

    Examples
    --------
    >>> history = pd.DataFrame({"epoch": [1, 2], "loss": [1.9, 1.2], "test_loss": [1.8, 1.4]})
    >>> [text.get_text() for text in plot_learning_curves(history, measure="loss").texts]
    ['training', 'test']

    Notebook: 03_model
    """
    curves = [column for column in map(str, history) if column == measure or column.endswith(f"_{measure}")]
    if not curves:
        raise ParameterError(f"measure={measure!r}: must be a column of the history ({', '.join(map(str, history))})")
    ax = axes_or_new(ax)
    if history.empty:
        return say_empty(ax, "There are no epochs to draw.")
    for place, column in enumerate(curves):
        style = LINES[place % len(LINES)]
        ax.plot(history["epoch"], history[column], style.dashes, color=style.colour, linewidth=1.8)
    ax.set(xlabel="Epoch", ylabel=_UNITS.get(measure, measure))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.02 if measure in ("accuracy", "uar") else None)
    _name_ends(ax, history, curves, measure)
    return ax


def plot_confusion_matrix(matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw which emotion is taken for which.

    Colours are shares of a row, numbers are counts, and the recall of each emotion stands at the end of its row.

    Parameters
    ----------
    matrix : DataFrame, int
        Counts, as `metrics.confusion_matrix` returns them: one row an emotion, one column a prediction, in one order;
        after them there may be a column `unknown`.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        True emotion over predicted emotion.

    Raises
    ------
    ParameterError
        If rows and columns do not have the same names in the same order.

    Examples
    --------
    >>> ax = plot_confusion_matrix(pd.DataFrame([[3, 1], [0, 4]], ["happy", "sad"], ["happy", "sad"]))
    >>> [text.get_text() for text in ax.texts]
    ['3', '1', '0', '4', '75 %', '100 %', 'recall']

    Notebook: 04_evaluate
    """
    labels = [str(label) for label in matrix.index]
    heard = [str(label) for label in matrix.columns]
    if heard not in (labels, [*labels, UNKNOWN]):
        raise ParameterError(f"matrix of shape {matrix.shape}: its rows and columns must be the same emotions")
    ax = axes_or_new(ax, height=1.2 + 0.45 * max(len(labels), 2))
    counts = matrix.to_numpy()
    if not counts.sum():
        return say_empty(ax, "There are no predictions to draw.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, f"{count}", ha="center", va="center", color=_readable(shares[row, column], int(count)))
    _write_recalls(ax, shares.diagonal(), counts.sum(axis=1), right=len(heard) - 0.4)
    ax.set_xticks(range(len(heard)), labels=heard)
    ax.set_yticks(range(len(labels)), labels=labels)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="Predicted emotion", ylabel="True emotion")
    return ax


def plot_scores(results: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw scores with their intervals, models below the protocol that they were measured by.

    Parameters
    ----------
    results : DataFrame
        Rows of the table of results (`results.read`) of one metric: `protocol`, `model`, `metric`, `value`, and where
        there are any `direction`, `low` and `high` (missing values where no interval is claimed). Rows that agree in
        protocol, direction and model share a line.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        Score from 0 to 1 for each model and protocol, in the order of the table, and a line at chance (1/7).

    Raises
    ------
    ParameterError
        If a column is missing, or there is more than one metric.

    Examples
    --------
    >>> results = pd.DataFrame({"protocol": ["by_word"], "model": ["mine"], "metric": ["uar"], "value": [0.98]})
    >>> [label.get_text() for label in plot_scores(results).get_yticklabels()]
    ['by word', 'mine']

    Notebook: 04_evaluate
    """
    needed = ("protocol", "model", "metric", "value")
    check_columns("results", results, *needed, cure=f"must have {', '.join(needed)}")
    metrics = sorted(results["metric"].unique())
    if len(metrics) > 1:
        raise ParameterError(f"results has the metrics {', '.join(metrics)}: choose the rows of one")
    lines = _score_lines(results)
    ax = axes_or_new(ax, height=1.0 + 0.27 * max(len(lines), 2))
    if not lines:
        return say_empty(ax, "There are no results to draw.")
    for height, line in enumerate(lines):
        _draw_scores(ax, line.rows, height)
    _mark_chance(ax)
    ax.set_yticks(range(len(lines)), labels=[line.name for line in lines])
    for tick, line in zip(ax.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if line.rows.empty else "normal")
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=_UNITS.get(metrics[0], metrics[0]), xlim=(0, 1.13), ylim=(len(lines) - 0.4, -0.6))
    ax.set_xticks(np.linspace(0, 1, 6))
    return ax


def _name_ends(ax: Axes, history: pd.DataFrame, curves: list[str], measure: str) -> None:
    """Write the name of each curve to the right of its last value, clear of the others."""
    names = [column.removesuffix(measure).rstrip("_").replace("_", " ") or "training" for column in curves]
    name_at(ax, names, [(history["epoch"].iloc[-1], float(history[column].iloc[-1])) for column in curves])


def _readable(share: float, count: int) -> str:
    """Return the colour of a count on its cell: white on dark, grey for nothing."""
    if share > 0.5:
        return "white"
    return INK if count else PALE


def _write_recalls(ax: Axes, recalls: np.ndarray, totals: np.ndarray, *, right: float) -> None:
    """Write the recall of each row to its right; a dash where there is nothing to recall."""
    for row, (recall, total) in enumerate(zip(recalls, totals, strict=True)):
        ax.text(right, row, f"{recall:.0%}".replace("%", " %") if total else "-", va="center", color=INK)
    ax.text(right, -0.55, "recall", va="bottom", color=INK)


class _Line(NamedTuple):
    """One line of the picture of scores; a heading has no rows."""

    name: str
    rows: pd.DataFrame


def _score_lines(results: pd.DataFrame) -> list[_Line]:
    """Return the lines from the top: each protocol and direction, and below it its models."""
    headings = results["protocol"].str.replace("_", " ")
    if "direction" in results:
        headings += results["direction"].map(lambda direction: f", {direction}" if direction else "")
    lines: list[_Line] = []
    for heading in headings.unique():
        part = results[headings == heading]
        models = [_Line(_title(model), part[part["model"] == model]) for model in part["model"].unique()]
        lines += [_Line(heading, part.iloc[:0]), *models]
    return lines


def _title(model: str) -> str:
    return RECIPES[model].title if model in RECIPES else model


def _draw_scores(ax: Axes, rows: pd.DataFrame, height: float) -> None:
    heights = height + 0.3 * (np.arange(len(rows)) + 0.5) / max(len(rows), 1) - 0.15
    if {"low", "high"} <= set(rows):
        ax.hlines(heights, rows["low"], rows["high"], color=INK, linewidth=2)
    ax.plot(rows["value"], heights, "o", color=INK, markersize=5)
    ax.text(1.13, height, ", ".join(f"{score:.2f}" for score in rows["value"]), ha="right", va="center", color=INK)


def _mark_chance(ax: Axes) -> None:
    """Draw the line that guessing reaches."""
    ax.axvline(CHANCE, color=PALE, linestyle="--", linewidth=1.5, zorder=0)
    ax.text(CHANCE, 1.0, "chance", transform=ax.get_xaxis_transform(), ha="center", va="bottom", color=INK)
