"""Pictures of results: learning curves, confusion matrices, scores, reliability and coverage."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.plots.style import HALO, INK, LINES, PALE, LineStyle, axes_or_new, name_at, say_empty
from emotion_lib.recognizer.calibration import CoverageCurve, ReliabilityCurve
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
    predicted = [str(label) for label in matrix.columns]
    if predicted not in (labels, [*labels, UNKNOWN]):
        raise ParameterError(f"matrix of shape {matrix.shape}: its rows and columns must be the same emotions")
    ax = axes_or_new(ax, height=1.2 + 0.45 * max(len(labels), 2))
    counts = matrix.to_numpy()
    if not counts.sum():
        return say_empty(ax, "There are no predictions to draw.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, f"{count}", ha="center", va="center", color=_readable(shares[row, column], int(count)))
    _write_recalls(ax, shares.diagonal(), counts.sum(axis=1), right=len(predicted) - 0.4)
    ax.set_xticks(range(len(predicted)), labels=predicted)
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


_NO_CURVES = "There are no answers to draw."

_STEADY = 0.03
"""Share of answers from which on a curve of coverage is drawn."""


def plot_reliability(curves: Mapping[str, ReliabilityCurve], *, ax: Axes | None = None) -> Axes:
    """Draw how often answers were right over how sure they were.

    On the diagonal confidence is honest: of answers that are 70 % sure, 70 % are right. Below it the network boasts,
    above it is too modest.

    Parameters
    ----------
    curves : mapping of str to ReliabilityCurve
        What each curve is of, such as a corpus, and the curve: `calibration.reliability_curve`.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        Share of right answers over confidence, a marker a bin, each curve named beside its surest bin.

    Examples
    --------
    >>> curve = ReliabilityCurve(np.array([0.4, 0.9]), np.array([0.3, 0.7]), np.array([50, 50]))
    >>> [text.get_text() for text in plot_reliability({"TESS": curve}).texts]
    ['TESS', 'honest', 'boasts', 'too modest']

    Notebook: 04_evaluate
    """
    ax = axes_or_new(ax, height=4.6)
    if not curves:
        return say_empty(ax, _NO_CURVES)
    ax.plot([0, 1], [0, 1], color=PALE, linewidth=1.5, zorder=0)
    for place, curve in enumerate(curves.values()):
        style = LINES[place % len(LINES)]
        ax.plot(curve.confidence, curve.accuracy, style.dashes, color=style.colour, linewidth=1.8, marker=style.marker)
    ax.set(xlabel="Confidence", ylabel="Share of answers that are right", xlim=(0, 1), ylim=(0, 1.02))
    ends = [(float(curve.confidence[-1]), float(curve.accuracy[-1])) for curve in curves.values()]
    name_at(ax, list(curves), ends)
    for x, y, words in ((0.12, 0.12, "honest"), (0.8, 0.06, "boasts"), (0.08, 0.94, "too modest")):
        ax.text(x, y, words, color=PALE, path_effects=HALO)
    return ax


def plot_coverage(
    curves: Mapping[str, CoverageCurve], *, threshold: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how often answers are right over the share of utterances that are answered, the surest first.

    Parameters
    ----------
    curves : mapping of str to CoverageCurve
        What each curve is of, such as a corpus, and the curve: `calibration.coverage_curve`.
    threshold : float in [0, 1], optional
        The confidence below which the answer is "I don't know"; marked on each curve.
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    Axes
        Share of right answers over share of answers, each curve named where all is answered; not drawn below a share
        of 3 %, where single answers move it.

    Raises
    ------
    ParameterError
        If `threshold` is no probability.

    Examples
    --------
    >>> curve = CoverageCurve(np.array([0.5, 1.0]), np.array([0.9, 0.7]), np.array([0.8, 0.4]))
    >>> print(plot_coverage({"TESS": curve}, threshold=0.6).texts[0].get_text())
    TESS: 50 % answered,
    90 % of these right

    Notebook: 04_evaluate
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ParameterError(f"threshold={threshold}: must be a probability, from 0 to 1")
    ax = axes_or_new(ax, height=4.0)
    if not curves:
        return say_empty(ax, _NO_CURVES)
    names = []
    for place, (name, curve) in enumerate(curves.items()):
        style = LINES[place % len(LINES)]
        steady = curve.coverage >= _STEADY
        ax.plot(curve.coverage[steady], curve.accuracy[steady], style.dashes, color=style.colour, linewidth=1.8)
        names.append(name if threshold is None else f"{name}: {_marked(ax, curve, threshold, style)}")
    ax.set(xlabel="Share of utterances that are answered", ylabel="Share of answers that are right")
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    ends = [(1.0, float(curve.accuracy[-1])) for curve in curves.values()]
    name_at(ax, names, ends, gap=0.07 if threshold is None else 0.14)
    if threshold is not None:
        ax.text(0.02, 0.04, f"marked: at least {threshold:.0%} sure".replace("%", " %"), color=INK)
    return ax


def _marked(ax: Axes, curve: CoverageCurve, threshold: float, style: LineStyle) -> str:
    """Mark what is answered at a threshold, and return in words how much that is and how right."""
    answered = np.flatnonzero(curve.threshold >= threshold)
    if not answered.size:
        return "no answers"
    x, y = float(curve.coverage[answered[-1]]), float(curve.accuracy[answered[-1]])
    ax.plot(x, y, style.marker, color=style.colour, markersize=10, markeredgecolor="white")
    return f"{x:.0%} answered,\n{y:.0%} of these right".replace("%", " %")
