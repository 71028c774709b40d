"""Settings and parts that all figures share: colours, new axes, the empty state."""

import io
from base64 import b64encode
from typing import Any

import matplotlib.pyplot as plt
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

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

LINE = "#1b5e9b"
"""The colour of a line or dot that stands for no emotion."""


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
