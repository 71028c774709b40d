"""What all widgets share: script and style, the still picture of a static page, and the messages of the browser."""

from importlib import resources
from typing import Any

import anywidget
import numpy as np
import traitlets

from emotion_lib.errors import EmotionLibError
from emotion_lib.widgets.pictures import Picture, compact
from emotion_lib.widgets.sound import wav

_STATIC = resources.files("emotion_lib.widgets") / "static"


def script(*names: str) -> str:
    """Return the script of a widget: what all share, then its own files, the last of which exports `render`."""
    return "\n".join((_STATIC / f"{name}.js").read_text("utf-8") for name in ("shared", *names))


class Widget(anywidget.AnyWidget):
    """A widget of this library.

    The browser asks for something with `model.send({do: "play", ...})`, and the method `_do_play(message, buffers)`
    answers by setting traits. An error of the library becomes the sentence that the widget shows, never a traceback.
    """

    _css = (_STATIC / "style.css").read_text("utf-8")

    says = traitlets.Unicode("").tag(sync=True)
    """What there is to say, shown in the widget and read by screen readers."""

    alt = traitlets.Unicode("").tag(sync=True)
    """What the picture shows, for those who do not see it."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._hear)

    def _hear(self, _: anywidget.AnyWidget, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Do what the browser asks for."""
        try:
            getattr(self, f"_do_{message['do']}")(message, buffers)
        except EmotionLibError as error:
            self.says = str(error)

    def still(self) -> bytes:
        """Return the PNG that stands for the widget where nothing runs."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the widget, and for pages where nothing runs its picture and one line of text."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        still = {"text/plain": repr(self), "image/png": compact(self.still())}
        return data | still, metadata | {"image/png": {"alt": self.alt or self.says or repr(self)}}


class SoundWidget(Widget):
    """A widget that plays one recording at a time.

    The browser asks for the recording with {do: "show"}, and it comes as a message. A trait would not do: traits are
    the state that JupyterLab and nbconvert write into a notebook, and a voice has no place there.
    """

    number = traitlets.Int(-1).tag(sync=True)
    """Number of the recording that can be asked for, which tells one from the next; -1 before there is one."""

    _sound = b""
    _picture = Picture(b"", 0.0, 1.0)

    def _set_sound(self, y: np.ndarray, sr: int, picture: Picture) -> None:
        """Keep a recording and its picture to be asked for; the browser asks when `number` changes."""
        self._sound, self._picture = wav(y, sr), picture

    def _do_show(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the recording and its picture."""
        png, left, right = self._picture.png, self._picture.left, self._picture.right
        message = {"do": "recording", "number": self.number, "left": left, "right": right, "alt": self.alt}
        self.send(message, [self._sound, png])
