"""Figure of what each condition of a recording costs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emotion_lib.errors import check_columns
from emotion_lib.plots.style import INK, LINE, PALE, axes_or_new, say_empty


def plot_conditions(rows: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the difference of the UAR to that of clean recordings, for each condition.

    Parameters
    ----------
    rows : DataFrame
        Rows of `evaluation.degraded.compare` of one corpus or of the mean of several; those of groups of speakers, and
        that of clean recordings, are left out.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        For each condition a dot with its interval, in points; clean recordings are at 0.

    Raises
    ------
    ParameterError
        If a column is missing.

    Examples
    --------
    >>> rows = pd.DataFrame({"condition": ["telephone"], "group": "all", "difference": -0.1})
    >>> rows = rows.assign(difference_low=-0.15, difference_high=-0.05)
    >>> [label.get_text() for label in plot_conditions(rows).get_yticklabels()]
    ['telephone']

    Notebook: 05_second_chance
    """
    columns = ("condition", "group", "difference", "difference_low", "difference_high")
    check_columns("rows", rows, *columns, cure=f"must have {', '.join(columns)}")
    drawn = rows[(rows["group"] == "all") & rows["difference"].notna()]
    ax = axes_or_new(ax, height=1.0 + 0.24 * max(len(drawn), 2))
    if drawn.empty:
        return say_empty(ax, "There are no conditions to draw.")
    heights = np.arange(len(drawn))
    ax.axvline(0, color=PALE, linewidth=1.5, zorder=0)
    ax.hlines(heights, 100 * drawn["difference_low"], 100 * drawn["difference_high"], color=LINE, linewidth=1.8)
    ax.plot(100 * drawn["difference"], heights, "o", color=LINE)
    ax.annotate("clean", (0, 1), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points").set(
        ha="center", va="bottom", color=INK
    )
    ax.set_yticks(heights, labels=list(drawn["condition"]))
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="Change in UAR from clean recordings (points)", ylim=(len(drawn) - 0.5, -0.5))
    ax.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    ax.set_axisbelow(True)
    return ax
