"""Figures of the effect of a voice: the gain from a few of its utterances, and the features that identify it."""

from collections.abc import Iterable
from itertools import cycle
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from emotion_lib.errors import ParameterError, check_columns
from emotion_lib.plots.style import INK, LINES, as_written, axes_or_new, name_at, say_empty

_NO_FIGURES = "There are no figures to draw."

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
        return say_empty(ax, _NO_FIGURES)
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


def plot_ablation(figures: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how well each group of features predicts the emotion, and how well it predicts the speaker.

    Parameters
    ----------
    figures : DataFrame
        Rows of `benchmarks/ablation.csv` with the same `kept` ("alone" or "all but"): `group`, `question` ("emotion",
        "speaker" and optionally "emotion of another voice"), `value` and `chance`. Rows with the same group and
        question are averaged.
    ax : Axes, optional
        The axes to draw on; by default those of a new figure.

    Returns
    -------
    Axes
        UAR of each group, in the order of the table, and a line at the chance level of each question.

    Raises
    ------
    ParameterError
        If a column is missing, a question is unknown, or `kept` has more than one value.

    Examples
    --------
    >>> figures = pd.DataFrame(
    ...     {"kept": "alone", "group": "pitch", "question": ["emotion", "speaker"], "value": [0.9, 0.8], "chance": 0.5}
    ... )
    >>> [label.get_text() for label in plot_ablation(figures).get_yticklabels()]
    ['pitch']

    Notebook: 03_model
    """
    columns = ("kept", "group", "question", "value", "chance")
    check_columns("figures", figures, *columns, cure=f"must have {', '.join(columns)}")
    kept = sorted(figures["kept"].unique())
    if len(kept) > 1:
        raise ParameterError(f"figures has the values {', '.join(kept)} of kept: choose the rows of one of them")
    if unknown := sorted(set(figures["question"]) - _LOOKS.keys()):
        raise ParameterError(f"question {unknown[0]!r}: must be one of {', '.join(_LOOKS)}")
    groups = list(figures["group"].unique())
    means = figures.pivot_table(index="group", columns="question", values="value").reindex(groups)
    chances = figures.groupby("question")["chance"].first()
    ax = axes_or_new(ax, height=1.4 + 0.34 * max(len(groups), 2))
    if not groups:
        return say_empty(ax, _NO_FIGURES)
    for question, look in _LOOKS.items():
        if question in means:
            _draw_question(ax, means[question], look, chance=float(chances[question]))
    _draw_falls(ax, means)
    ax.set_yticks(range(len(groups)), labels=groups)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="UAR", xlim=(0, 1.03), ylim=(len(groups) - 0.5, -0.6))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    return as_written(ax)


class _Look(NamedTuple):
    """The style of one question's markers, and their offset from the middle of the group's line."""

    name: str
    colour: str
    marker: str
    face: str
    below: float


_LOOKS = {
    "emotion": _Look("emotion, same voice", LINES[0].colour, LINES[0].marker, LINES[0].colour, -0.16),
    "emotion of another voice": _Look("emotion, the other voice", LINES[0].colour, LINES[0].marker, "white", -0.16),
    "speaker": _Look("which voice", LINES[1].colour, LINES[1].marker, LINES[1].colour, 0.16),
}
"""The questions of an ablation and their styles; both questions about emotion have the same colour."""


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


def _draw_question(ax: Axes, scores: pd.Series, look: _Look, *, chance: float) -> None:
    """Draw the UAR of one question, with a marker for each group and a line at chance."""
    (marks,) = ax.plot(
        scores, np.arange(len(scores)) + look.below, look.marker, label=look.name, linestyle="", zorder=2
    )
    marks.set(color=look.colour, markerfacecolor=look.face, markersize=8, markeredgewidth=1.6)
    ax.axvline(chance, color=look.colour, linestyle=":", linewidth=1.5, zorder=0)
    ax.text(chance + 0.005, len(scores) - 0.53, "chance", color=look.colour, va="bottom")


def _draw_falls(ax: Axes, means: pd.DataFrame) -> None:
    """Draw a line from the UAR for the same voice to the UAR for another voice."""
    if not {"emotion", "emotion of another voice"} <= set(means):
        return
    look = _LOOKS["emotion"]
    heights = np.arange(len(means)) + look.below
    ax.hlines(heights, means["emotion of another voice"], means["emotion"], color=look.colour, linewidth=1.5, zorder=1)
