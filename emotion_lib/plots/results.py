"""Figures of results: learning curves, confusion matrices, scores, reliability and coverage."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.plots.style import HALO, INK, LINES, PALE, LineStyle, as_written, axes_or_new, name_at, say_empty
from emotion_lib.recognizer.calibration import CoverageCurve, ReliabilityCurve
from emotion_lib.recognizer.prediction import UNKNOWN

CHANCE = 1 / len(EMOTIONS)
"""Accuracy of guessing among the seven emotions."""

_UNITS = {"accuracy": "Accuracy", "loss": "Loss (nats)", "uar": "UAR"}


def plot_learning_curves(history: pd.DataFrame, *, measure: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw a measure over the epochs, on the training set and on every other set in the history.

    Parameters
    ----------
    history : DataFrame
        One row per epoch, with columns `epoch` and `measure`, and others that end in `_` and the measure, such as
        `test_accuracy`.
    measure : str
        "accuracy", "loss" or another measure.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

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
    for style, column in zip(cycle(LINES), curves, strict=False):
        ax.plot(history["epoch"], history[column], style.dashes, color=style.colour, linewidth=1.8)
    ax.set(xlabel="Epoch", ylabel=_UNITS.get(measure, measure))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.02 if measure in ("accuracy", "uar") else None)
    names = [column.removesuffix(measure).rstrip("_").replace("_", " ") or "training" for column in curves]
    name_at(ax, names, [(history["epoch"].iloc[-1], float(history[column].iloc[-1])) for column in curves])
    return ax


def plot_confusion_matrix(matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix, with the recall of each emotion at the end of its row.

    Numbers are counts; colours are shares of the row.

    Parameters
    ----------
    matrix : DataFrame, int
        Counts, as `metrics.confusion_matrix` returns them: one row per emotion, one column per prediction, in the same
        order; a column `unknown` may follow.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

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
        raise ParameterError(
            f"matrix of shape {matrix.shape}: rows and columns must be the same emotions in the same order"
        )
    ax = axes_or_new(ax, height=1.2 + 0.45 * max(len(labels), 2))
    counts = matrix.to_numpy()
    if not counts.sum():
        return say_empty(ax, "There are no predictions to draw.")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else INK if count else PALE  # readable on its cell
        ax.text(column, row, f"{count}", ha="center", va="center", color=colour)
    right = len(predicted) - 0.4
    for row, (recall, total) in enumerate(zip(shares.diagonal(), counts.sum(axis=1), strict=True)):
        ax.text(right, row, f"{recall:.0%}".replace("%", " %") if total else "-", va="center", color=INK)
    ax.text(right, -0.55, "recall", va="bottom", color=INK)
    ax.set_xticks(range(len(predicted)), labels=predicted)
    ax.set_yticks(range(len(labels)), labels=labels)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="Predicted emotion", ylabel="True emotion")
    return as_written(ax)


def plot_scores(results: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw scores with their intervals, grouped by protocol.

    Parameters
    ----------
    results : DataFrame
        Rows of the table of results (`results.read`) of one metric: `protocol`, `model`, `metric`, `value`, and
        optionally `title`, the name of the model in prose (`results.titled`), `direction`, `low` and `high` (missing
        values if there is no interval). Rows with the same protocol, direction and model share a line.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Score from 0 to 1 for each protocol and model, in the order of the table, and a line at chance (1/7).

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
        raise ParameterError(f"results has the metrics {', '.join(metrics)}: choose the rows of one metric")
    lines = _score_lines(results)
    ax = axes_or_new(ax, height=1.0 + 0.27 * max(len(lines), 2))
    if not lines:
        return say_empty(ax, "There are no results to draw.")
    for height, (_, rows) in enumerate(lines):
        _draw_scores(ax, rows, height)
    ax.axvline(CHANCE, color=PALE, linestyle="--", linewidth=1.5, zorder=0)
    ax.text(CHANCE, 1.0, "chance", transform=ax.get_xaxis_transform(), ha="center", va="bottom", color=INK)
    ax.set_yticks(range(len(lines)), labels=[name for name, _ in lines])
    for tick, (_, rows) in zip(ax.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("bold" if rows.empty else "normal")
    ax.tick_params(axis="y", length=0)
    # From 1 to 1.13 there is room for the numbers at the end of each line; the first line is at the top.
    ax.set(xlabel=_UNITS.get(metrics[0], metrics[0]), xlim=(0, 1.13), ylim=(len(lines) - 0.4, -0.6))
    ax.set_xticks(np.linspace(0, 1, 6))
    return as_written(ax)


def _score_lines(results: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return name and rows of each line from the top: each protocol and direction without rows, then its models."""
    headings = results["protocol"].str.replace("_", " ")
    if "direction" in results:
        headings += results["direction"].map(lambda direction: f", {direction}" if direction else "")
    lines: list[tuple[str, pd.DataFrame]] = []
    for heading in headings.unique():
        part = results[headings == heading]
        lines.append((heading, part.iloc[:0]))
        for name, rows in part.groupby("title" if "title" in part else "model", sort=False):
            lines.append((str(name), rows))
    return lines


def _draw_scores(ax: Axes, rows: pd.DataFrame, height: float) -> None:
    # Rows that share a line are spread over 0.3 of its height, so that their marks do not cover each other.
    heights = height + 0.3 * (np.arange(len(rows)) + 0.5) / max(len(rows), 1) - 0.15
    if {"low", "high"} <= set(rows):
        ax.hlines(heights, rows["low"], rows["high"], color=INK, linewidth=2)
    ax.plot(rows["value"], heights, "o", color=INK, markersize=5)
    ax.text(1.13, height, ", ".join(f"{score:.2f}" for score in rows["value"]), ha="right", va="center", color=INK)


_NO_CURVES = "There are no answers to draw."

_STEADY = 0.03
"""Least share of answers at which a coverage curve is drawn; with fewer answers, a single one moves the curve."""


def plot_reliability(curves: Mapping[str, ReliabilityCurve], *, ax: Axes | None = None) -> Axes:
    """Draw the share of right answers over the confidence.

    On the diagonal, the network is well calibrated ("honest"): 70 % of the answers with a confidence of 70 % are right.
    Below it, the network is overconfident ("boasts"); above it, underconfident ("too modest").

    Parameters
    ----------
    curves : mapping of str to ReliabilityCurve
        The name of each curve, such as its corpus, and the curve, from `calibration.reliability_curve`.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Share of right answers over confidence, one marker per bin, each curve named beside its last bin.

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
    for style, curve in zip(cycle(LINES), curves.values(), strict=False):
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
    """Draw the share of right answers over the share of utterances with an answer, most confident answers first.

    Parameters
    ----------
    curves : mapping of str to CoverageCurve
        The name of each curve, such as its corpus, and the curve, from `calibration.coverage_curve`.
    threshold : float in [0, 1], optional
        The confidence below which the answer is "I don't know"; marked on each curve.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        Share of right answers over share of utterances answered, each curve named at its right end; curves start at a
        share of 3 %, since single answers would move them at smaller shares.

    Raises
    ------
    ParameterError
        If `threshold` is not in [0, 1].

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
    for style, (name, curve) in zip(cycle(LINES), curves.items(), strict=False):
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
    """Mark the point of a curve at a threshold, and return its coverage and share of right answers in words."""
    answered = np.flatnonzero(curve.threshold >= threshold)
    if not answered.size:
        return "no answers"
    x, y = float(curve.coverage[answered[-1]]), float(curve.accuracy[answered[-1]])
    ax.plot(x, y, style.marker, color=style.colour, markersize=10, markeredgecolor="white")
    return f"{x:.0%} answered,\n{y:.0%} of these right".replace("%", " %")
