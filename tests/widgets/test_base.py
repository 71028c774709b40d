"""What all widgets share: errors become sentences, and a picture stands for a widget where nothing runs."""

import io
from base64 import b64decode
from typing import Any
from unittest.mock import ANY, patch

import numpy as np
import pytest
from PIL import Image

from emotion_lib import widgets
from emotion_lib.errors import AudioError
from emotion_lib.plots.style import compact
from emotion_lib.widgets.base import Widget, in_words, picture
from tests.widgets.conftest import ask


class Speaking(Widget):
    """A widget that can do one thing, and not well."""

    _esm = "export default { render() {} }"

    def __repr__(self) -> str:
        return "Speaking"

    def still(self) -> bytes:
        """Return a sentence as a picture."""
        return in_words("Nothing.")

    def _do_fail(self, message: dict[str, Any], _: list[memoryview]) -> None:
        raise AudioError(f"{message['name']}: no audio")

    def _do_rest(self, message: dict[str, Any], _: list[memoryview]) -> None:
        pass


def test_an_error_of_the_library_is_a_sentence() -> None:
    widget = Speaking()

    ask(widget, "fail", name="a.wav")

    assert widget.says == "a.wav: no audio"


@pytest.mark.parametrize("do", ["fail", "rest"])
def test_a_request_is_answered_if_it_fails_or_changes_nothing(do: str) -> None:
    with patch.object(widget := Speaking(), "send") as send:
        ask(widget, do, name="a.wav")

    send.assert_called_once_with({"do": "answered"})


def test_another_error_is_none_that_a_widget_hides() -> None:
    with pytest.raises(AttributeError, match="_do_nothing"):
        ask(Speaking(), "nothing")


def test_a_widget_comes_with_one_line_and_a_picture_in_words() -> None:
    widget = Speaking(alt="What is to be seen")

    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    data, metadata = bundle

    assert data.keys() == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"] == "Speaking"
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"] == {"alt": "What is to be seen"}


def test_a_notebook_gets_the_widget_and_its_picture_as_two_outputs() -> None:
    (live, _), (still, metadata) = Speaking(alt='A "picture"')._outputs()

    assert live == {"application/vnd.jupyter.widget-view+json": ANY, "text/plain": ""}
    assert still.keys() == {"text/plain", "text/html", "image/png"}
    assert still["text/plain"] == "Speaking"
    assert f'<img alt="A &quot;picture&quot;" src="data:image/png;base64,{still["image/png"]}">' in still["text/html"]
    assert metadata == {"image/png": {"alt": 'A "picture"'}}


def test_the_environment_leaves_the_picture_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LIB_WIDGETS", "still")
    ((still, metadata),) = Speaking(alt="What is to be seen")._outputs()

    assert still.keys() == {"text/plain", "image/png"}
    assert metadata == {"image/png": {"alt": "What is to be seen"}}


def test_a_sentence_in_place_of_controls_is_plain_text_too() -> None:
    sentence = widgets.instead("Run <it>.")

    assert repr(sentence) == "Run <it>."
    assert "Run &lt;it&gt;.</div>" in sentence._repr_html_()


@pytest.mark.parametrize("name", widgets.__all__)
def test_every_name_behind_the_door_is_there(name: str) -> None:
    assert callable(getattr(widgets, name))


def pixels(png: bytes) -> np.ndarray:
    """Return the red, green and blue of each pixel."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_picture_in_a_notebook_is_smaller_and_keeps_its_colours() -> None:
    noise = np.random.default_rng(0).normal(size=16000).astype(np.float32) / 10
    drawn = picture(noise, 16000, emotion="surprise").png

    small = compact(drawn)

    assert len(small) < 0.5 * len(drawn)
    assert np.abs(pixels(small) - pixels(drawn)).max() <= 20
