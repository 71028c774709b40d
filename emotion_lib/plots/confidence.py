"""Pictures of confidence: whether it means what it says, and what saying "I don't know" brings."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from emotion_lib.calibration import CoverageCurve, ReliabilityCurve
from emotion_lib.errors import ParameterError
from emotion_lib.plots.style import HALO, INK, LINES, PALE, LineStyle, axes_or_new, name_at, say_empty

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
