"""Settings and parts that all figures share: new axes, the empty state, labels that do not overlap."""

import io
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image
from scipy.optimize import isotonic_regression

SETTINGS: dict[str, Any] = {
    "axes.facecolor": "white",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 96,
    "figure.facecolor": "white",
    "figure.figsize": (8.0, 3.6),
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "legend.fontsize": 10,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "savefig.transparent": False,
    "text.parse_math": False,  # a $ in the name of a speaker is a $
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}
"""The matplotlib settings of every figure: 8 inches wide, text of 10 pt, small files, and opaque white backgrounds,
since a dark theme would swallow the text of a transparent figure."""

INK = "#262626"
"""The colour of text, and of marks that do not stand for an emotion."""

PALE = "#767676"
"""The grey of reference lines and less important text; its contrast on white is 4.5, the least for text by WCAG."""

HALO = [patheffects.withStroke(linewidth=3, foreground="white")]
"""A white outline that keeps a label readable on top of marks."""


class LineStyle(NamedTuple):
    """The style of one curve among several; it differs from the others in more than its colour."""

    colour: str
    dashes: str
    marker: str


LINES = (LineStyle("#1b5e9b", "-", "o"), LineStyle("#b5500c", "--", "s"), LineStyle("#007f5f", "-.", "^"))
"""Styles of curves; with more curves the styles repeat, and the names at the curves tell them apart."""


def use_style() -> None:
    """Set matplotlib's defaults to the style of the notebooks.

    Figures are 8 inches wide with text of 10 pt on opaque white, at a resolution that keeps a notebook small.

    Examples
    --------
    >>> use_style()
    >>> plt.rcParams["font.size"]
    10.0

    Notebook: 01_explore
    """
    plt.style.use(SETTINGS)


def show(alt: str) -> None:
    """Show the current figure in a notebook, with a text for readers who cannot see it.

    The picture has 256 colours, which keeps the notebook small.

    Parameters
    ----------
    alt : str
        What the figure shows, in a sentence or two.

    Examples
    --------
    >>> ax = axes_or_new(None)
    >>> show("Empty axes.")  # doctest: +ELLIPSIS
    {'text/plain': '<Figure size 640x480 with 1 Axes>', 'image/png': '...'}

    Notebook: 02_features
    """
    from IPython.display import display

    figure, file = plt.gcf(), io.BytesIO()
    figure.savefig(file, format="png")
    shown = {"text/plain": repr(figure), "image/png": b64encode(compact(file.getvalue())).decode()}
    display(shown, metadata={"image/png": {"alt": alt}}, raw=True)
    plt.close(figure)  # or the notebook would show it a second time at the end of the cell


def compact(png: bytes) -> bytes:
    """Return a picture in 256 colours, which takes a third of the space in a notebook."""
    # MAXCOVERAGE keeps the colours of small marks; without dithering, large areas stay even.
    file = io.BytesIO()
    full = Image.open(io.BytesIO(png)).convert("RGB")
    full.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def axes_or_new(ax: Axes | None, *, height: float | None = None) -> Axes:
    """Return the given axes, or those of a new figure with the width of the style and a height in inches."""
    if ax is not None:
        return ax
    width, usual = plt.rcParams["figure.figsize"]
    return plt.subplots(figsize=(width, height or usual))[1]


def as_written(ax: Axes) -> Axes:
    """Let a `$` in the texts of axes, as in the name of a speaker, begin no formula, and return the axes."""
    for text in ax.findobj(Text):
        text.set_parse_math(False)
    return ax


def say_empty(ax: Axes, sentence: str) -> Axes:
    """Write a sentence on the axes instead of data, and return them."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, sentence, transform=ax.transAxes, ha="center", va="center", color=INK)
    return ax


def name_at(ax: Axes, names: Sequence[str], ends: Sequence[tuple[float, float]], *, gap: float = 0.07) -> None:
    """Write the name of each curve in its colour to the right of its end, names at least `gap` of the axis apart."""
    low, high = ax.get_ylim()
    heights = apart([y for _, y in ends], gap * (high - low))
    for place, (name, (x, _), height) in enumerate(zip(names, ends, heights, strict=True)):
        text = ax.annotate(name, (x, height), xytext=(7, 0), textcoords="offset points", annotation_clip=False)
        text.set(va="center", color=LINES[place % len(LINES)].colour, weight="bold", path_effects=HALO)


def apart(positions: Sequence[float] | np.ndarray, gap: float) -> np.ndarray:
    """Return the positions, moved as little as possible so that all are at least `gap` apart.

    Examples
    --------
    >>> apart([0.98, 0.96, 0.2], 0.1).round(2).tolist()
    [1.02, 0.92, 0.2]
    """
    # Sort, and subtract one gap more at each step: "at least a gap apart" then becomes "never falls".
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(order))
    moved = isotonic_regression(np.asarray(positions, dtype=float)[order] - steps).x + steps
    restored: np.ndarray = moved[np.argsort(order, kind="stable")]
    return restored
