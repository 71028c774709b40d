"""A figure of the effect of a voice: the gain from a few of its utterances."""

from collections.abc import Iterable
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.plots.style import INK, LINES, as_written, axes_or_new, name_at, say_empty

_DRAWS = ["uar", "uar_worst"]
"""The metrics of enrolment: the mean UAR of the draws, and the lowest."""


def plot_enrolment(figures: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the UAR over the number of labelled utterances of the voice.

    Parameters
    ----------
    figures : DataFrame
        Rows of the table of results (`results.read`) of one model: `direction`; `seen_of_voice` ("none", or the number
        of labelled utterances of each emotion); `metric` ("uar", the mean of the draws, and optionally "uar_worst", the
        lowest); `value`. Rows with other values are ignored.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        UAR over the number of labelled utterances of each emotion: for each direction a curve of the mean, named at its
        end, and a dotted curve of the worst draw.

    Raises
    ------
    ParameterError
        If a column is missing, or there are several figures for one direction, number and metric.

    Examples
    --------
    >>> figures = pd.DataFrame(
    ...     {"direction": "OAF -> YAF", "seen_of_voice": ["none", "1"], "metric": "uar", "value": [0.7, 0.9]}
    ... )
    >>> [text.get_text() for text in plot_enrolment(figures).texts]
    ['OAF -> YAF']

    Notebook: 04_evaluate
    """
    columns = ("direction", "seen_of_voice", "metric", "value")
    check_columns("figures", figures, *columns, cure=f"must have {', '.join(columns)}")
    curves = _enrolment_curves(figures)
    ax = axes_or_new(ax)
    if not curves:
        return say_empty(ax, "There are no figures to draw.")
    for style, curve in zip(cycle(LINES), curves.values(), strict=False):
        mean, worst = curve["uar"], curve["uar_worst"].dropna()
        ax.plot(mean.index, mean, style.dashes, color=style.colour, linewidth=1.8, marker=style.marker)
        ax.plot(worst.index, worst, ":", color=style.colour, linewidth=1.5, marker=style.marker, markersize=4)
    lowest = min(float(np.nanmin(curve.to_numpy())) for curve in curves.values())
    # The axis starts at the tenth below the lowest value: from 0, the gain of a few utterances would look tiny.
    ax.set(xlabel="Labelled utterances of each emotion", ylabel="UAR", ylim=(np.floor(10 * lowest) / 10, 1.01))
    ax.set_xticks(sorted({number for curve in curves.values() for number in curve.index}))
    name_at(ax, list(curves), [(float(curve.index[-1]), float(curve["uar"].iloc[-1])) for curve in curves.values()])
    _name_worst(ax, curves.values())
    return as_written(ax)


def _enrolment_curves(figures: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the mean and worst UAR of each direction, by the number of labelled utterances in rising order."""
    seen = figures["seen_of_voice"].astype(str).replace("none", "0")
    drawn = seen.str.isdigit() & figures["metric"].isin(_DRAWS)
    rows = figures.assign(labelled=seen)[drawn].astype({"labelled": int})
    keys = ["direction", "labelled", "metric"]
    if rows.duplicated(keys).any():
        twice = rows.loc[rows.duplicated(keys), keys].iloc[0]
        raise ParameterError(f"figures has two rows of {', '.join(map(str, twice))}: choose the rows of one model")
    return {
        str(direction): part.pivot(index="labelled", columns="metric", values="value").reindex(columns=_DRAWS)
        for direction, part in rows.groupby("direction", sort=False)
    }


def _name_worst(ax: Axes, curves: Iterable[pd.DataFrame]) -> None:
    """Label the dotted curves at the start of the lowest one, where no other curve is in the way."""
    starts = [
        (float(worst.iloc[0]), float(worst.index[0])) for each in curves if len(worst := each["uar_worst"].dropna())
    ]
    if starts:
        y, x = min(starts)
        text = ax.annotate("worst draw", (x, y), xytext=(10, 0), textcoords="offset points")
        text.set(va="center", color=INK)
