"""The code that all widgets share: scripts and style, messages from the browser, sounds, and pictures."""

import io
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

import anywidget
import numpy as np
import soundfile
import traitlets
from IPython.display import display
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emotion_lib.errors import EmotionLibError
from emotion_lib.plots import plot_explanation, plot_spectrogram, plot_waveform
from emotion_lib.plots.style import SETTINGS, compact
from emotion_lib.recognizer.explanation import Explanation


@dataclass(frozen=True)
class Picture:
    """A picture with a time axis.

    Parameters
    ----------
    png : bytes
        The picture.
    left, right : float in [0, 1]
        Start and end of the time axis as shares of the width: a cursor moves between them.
    """

    png: bytes
    left: float
    right: float


def picture(y: np.ndarray, sr: int, *, emotion: str | None = None, explanation: Explanation | None = None) -> Picture:
    """Draw the waveform of an utterance above its spectrogram, in the colour of an emotion if one is given.

    Between them stands how much each part spoke for the answer, if there is an explanation.
    """
    with blank((8, 4 if explanation is None else 5)) as figure:
        if explanation is None:
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        else:
            upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=(2, 1.4, 3))
            plot_explanation(explanation, ax=middle)
            middle.set_xlabel("")
        plot_waveform(y, sr, emotion=emotion, ax=upper)
        plot_spectrogram(y, sr, ax=lower)
        upper.set_xlabel("")
        lower.set_xlim(0, len(y) / sr)
        return timed(figure, lower)


@contextmanager
def blank(size: tuple[float, float]) -> Iterator[Figure]:
    """Draw on an empty figure of a size in inches, in the style of all figures."""
    with style.context(SETTINGS):
        # Without pyplot, which keeps every figure open and would show it below the cell of the notebook.
        yield Figure(figsize=size)


def png(figure: Figure) -> bytes:
    """Return the PNG of a figure."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def timed(figure: Figure, ax: Axes) -> Picture:
    """Return a figure as a picture, with the start and the end of the time axis of `ax`."""
    drawn = png(figure)  # before reading the position: drawing the figure computes its layout
    place = ax.get_position()
    return Picture(drawn, float(place.x0), float(place.x1))


def in_words(sentence: str) -> bytes:
    """Return a sentence as a picture, for a widget that has nothing else to show."""
    with blank((8, 0.5)) as figure:
        figure.text(0.01, 0.5, sentence, va="center")
        return png(figure)


def wav(y: np.ndarray, sr: int) -> bytes:
    """Return a 16-bit WAV file, which plays in every browser."""
    file = io.BytesIO()
    soundfile.write(file, y, sr, format="WAV", subtype="PCM_16")
    return file.getvalue()


_STATIC = resources.files("emotion_lib.widgets") / "static"


def script(*names: str) -> str:
    """Return the script of a widget: the shared ones, then its own files; the last of them exports `render`."""
    shared = ("elements", "shared", "kernel", "sound")
    parts = [(_STATIC / f"{name}.js").read_text("utf-8") for name in (*shared, *names)]
    if "microphone" in names:
        # A notebook has no address for what runs on the audio thread, so the script makes one.
        collector = json.dumps((_STATIC / "collector.js").read_text("utf-8"))
        parts.insert(
            0, f"const COLLECTOR = URL.createObjectURL(new Blob([{collector}], {{ type: 'text/javascript' }}));"
        )
    return "\n".join(parts)


_VIEW = "application/vnd.jupyter.widget-view+json"

_STILL = """<div class="still-{name}"><style>
:root:has(.{name}:not(.emotion-late)) :is(.still-{name}, .jp-OutputArea-child:has(.still-{name})),
.jp-OutputArea-child:has(+ .jp-OutputArea-child .still-{name}):not(:has(.{name})) {{ display: none }}
</style><img alt="{alt}" src="data:image/png;base64,{png}"></div>"""
# First rule: the picture hides while a kernel keeps the view alive. Second rule: the output above the picture hides
# while there is no view in it, but "Loading widget..." or "Error displaying widget".


_INSTEAD = """<div class="emotion-instead"><style>
.jp-OutputArea-child:has(+ .jp-OutputArea-child .emotion-instead):not(:has(.widget-interact)),
.jp-OutputArea-child:has(.widget-interact) + .jp-OutputArea-child:has(.emotion-instead) {{ display: none }}
</style>{sentence}</div>"""
# Of the controls and the sentence below them, one is shown: the controls if they are there, and not an error.


@dataclass(frozen=True, repr=False)
class _Instead:
    """A sentence that hides while there are controls above it."""

    sentence: str

    def __repr__(self) -> str:
        """Return the sentence."""
        return self.sentence

    def _repr_html_(self) -> str:
        """Return the sentence with the rules that show either it or the output above it."""
        return _INSTEAD.format(sentence=escape(self.sentence))


def instead(sentence: str) -> _Instead:
    """Make a sentence that takes the place of `ipywidgets.interact` where no Python runs.

    A saved notebook keeps no controls, so JupyterLab shows an error in their place when it is opened again. Call this
    function at the end of the cell with `interact`: the sentence hides the error, and it is hidden itself while the
    controls are alive. The widgets of this library need no such sentence; they keep a picture.

    Parameters
    ----------
    sentence : str
        Plain text.

    Returns
    -------
    object
        The sentence as the value of the cell.

    Examples
    --------
    >>> instead("Run this notebook to move the slider.")
    Run this notebook to move the slider.

    Notebook: 02_features
    """
    return _Instead(sentence)


class Widget(anywidget.AnyWidget):
    """A widget of this library.

    The browser sends a request with `model.send({do: "play", ...})`, and the method `_do_play(message, buffers)`
    answers it by setting traits. The widget shows an error of the library as a sentence, and never as a traceback.
    After each request comes {do: "answered"}, since a request may change no trait.
    """

    _css = (_STATIC / "style.css").read_text("utf-8")

    says = traitlets.Unicode("").tag(sync=True)
    """A sentence that the widget shows and screen readers read."""

    alt = traitlets.Unicode("").tag(sync=True)
    """The alternative text of the picture."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._receive)

    def _receive(self, _: anywidget.AnyWidget, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Answer a request from the browser."""
        try:
            getattr(self, f"_do_{message['do']}")(message, buffers)
        except EmotionLibError as error:
            self.says = str(error)
        finally:
            self.send({"do": "answered"})

    def still(self) -> bytes:
        """Return the PNG that stands for the widget on a static page."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the widget, with a picture and one line of text for static pages."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        still = {"text/plain": repr(self), "image/png": b64encode(compact(self.still())).decode()}
        return data | still, metadata | {"image/png": {"alt": self.alt or self.says or repr(self)}}

    def _outputs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return data and metadata of the live widget, and of the picture that takes its place in a saved notebook.

        JupyterLab shows one form of each output, and an error in place of a widget whose kernel is gone, even if a
        picture is in the same output. The environment variable EMOTION_LIB_WIDGETS=still leaves only the picture.
        """
        bundle = self._repr_mimebundle_()
        if bundle is None:
            return []
        data, metadata = bundle
        live = {_VIEW: data.pop(_VIEW), "text/plain": ""}
        if os.environ.get("EMOTION_LIB_WIDGETS") == "still":
            return [(data, metadata)]
        name, alt = f"emotion-{self.model_id}", escape(metadata["image/png"]["alt"])
        self.add_class(name)
        data["text/html"] = _STILL.format(name=name, alt=alt, png=data["image/png"])
        return [(live, {}), (data, metadata)]

    def _ipython_display_(self) -> None:
        """Show the widget in a notebook."""
        for data, metadata in self._outputs():
            display(data, metadata=metadata, raw=True)


class SoundWidget(Widget):
    """A widget that plays one recording at a time.

    The browser requests the recording with {do: "show"}, and gets it as a message. It is not a trait, because
    JupyterLab and nbconvert write all traits into the notebook, and a notebook should not keep a voice.
    """

    number = traitlets.Int(-1).tag(sync=True)
    """Number of the current recording, which changes with each; -1 before the first."""

    _sound = b""
    _picture = Picture(b"", 0.0, 1.0)

    def _set_sound(self, y: np.ndarray, sr: int, picture: Picture) -> None:
        """Keep a recording and its picture; the browser requests them when `number` changes."""
        self._sound, self._picture = wav(y, sr), picture

    def _do_show(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the recording and its picture."""
        shown = self._picture
        message = {"do": "recording", "number": self.number, "left": shown.left, "right": shown.right, "alt": self.alt}
        self.send(message, [self._sound, shown.png])
