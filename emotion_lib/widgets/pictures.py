"""Pictures of utterances, drawn without pyplot, so that no notebook shows them a second time."""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from emotion_lib.plots import plot_spectrogram, plot_waveform
from emotion_lib.plots.style import SETTINGS


@dataclass(frozen=True)
class Picture:
    """A picture with a time axis.

    Parameters
    ----------
    png : bytes
        The picture.
    left, right : float in [0, 1]
        Where time begins and ends in it, as shares of its width: a cursor moves between them.
    """

    png: bytes
    left: float
    right: float


def picture(y: np.ndarray, sr: int, *, emotion: str | None = None) -> Picture:
    """Draw the waveform of an utterance above its spectrogram, in the colour of an emotion if one is given."""
    with style.context(SETTINGS):
        figure = blank((8, 4))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        plot_waveform(y, sr, emotion=emotion, ax=upper)
        plot_spectrogram(y, sr, ax=lower)
        upper.set_xlabel("")
        lower.set_xlim(0, len(y) / sr)
        return timed(figure, lower)


def blank(size: tuple[float, float]) -> Figure:
    """Return an empty figure of a size in inches, which pyplot does not know; draw on it in the style's context."""
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def timed(figure: Figure, ax: Axes) -> Picture:
    """Return a figure with where the time axis of `ax` lies in it."""
    drawn = png(figure)  # first, since drawing lays the axes out
    place = ax.get_position()
    return Picture(drawn, float(place.x0), float(place.x1))


def in_words(sentence: str) -> bytes:
    """Return a sentence as a picture, for a widget that has nothing else to show."""
    with style.context(SETTINGS):
        figure = blank((8, 0.5))
        figure.text(0.01, 0.5, sentence, va="center")
        return png(figure)


def compact(png: bytes) -> bytes:
    """Return a picture in 256 colours, small marks keeping theirs: it takes a third of the space in a notebook."""
    file = io.BytesIO()
    full = Image.open(io.BytesIO(png)).convert("RGB")
    full.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()
