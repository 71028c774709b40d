"""What all widgets share: script and style, the still picture of a static page, and how they hear from the browser."""

from importlib import resources
from typing import Any

import anywidget
import traitlets

from emotion_lib.errors import EmotionLibError
from emotion_lib.widgets.pictures import compact

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
