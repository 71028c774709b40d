"""Figures of results: confusion matrices, reliability and coverage."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emotion_lib.errors import ParameterError
from emotion_lib.plots.style import HALO, INK, LINES, PALE, LineStyle, as_written, axes_or_new, name_at, say_empty
from emotion_lib.recognizer.calibration import CoverageCurve, ReliabilityCurve
from emotion_lib.recognizer.prediction import UNKNOWN


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
