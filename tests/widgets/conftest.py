"""Recordings to choose from, and a browser's requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets.base import Widget
from tests.corpora.conftest import data, emodb_folder, server  # noqa: F401 - a corpus is fetched by a widget too


@pytest.fixture(scope="session")
def recognizer() -> EmotionRecognizer:
    """The recogniser of the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="session")
def path() -> str:
    """A recording of the demo corpus."""
    return str(corpora.load("demo")["path"][0])


@pytest.fixture
def table(write_wav: Callable[..., Path]) -> pd.DataFrame:
    """Recordings of two speakers; YAF has no sadness and says one word."""
    rows = [
        (emotion, "OAF", word, str(write_wav(f"OAF_{word}_{emotion}.wav")))
        for emotion in ("sad", "angry")
        for word in ("bridge", "cloud")
    ]
    rows.append(("angry", "YAF", "bridge", str(write_wav("YAF_bridge_angry.wav", format="AIFF"))))
    return pd.DataFrame(rows, columns=["emotion", "speaker", "text", "path"])


def ask(widget: Widget, do: str, *buffers: bytes, **message: Any) -> None:
    """Ask a widget for something, as its script in the browser does."""
    widget._receive(widget, {"do": do, **message}, [memoryview(buffer) for buffer in buffers])


def record(widget: Widget, y: np.ndarray, rate: float, **message: Any) -> None:
    """Send a waveform as it comes from the microphone."""
    ask(widget, "part", y.astype(np.float32).tobytes(), first=True)
    ask(widget, "recorded", rate=float(rate), **message)


def answer(widget: Widget, do: str, **message: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Ask a widget for something, and return the message that it answers with and its buffers."""
    with patch.object(widget, "send") as send:
        ask(widget, do, **message)
    (content, *buffers), told = (call.args for call in send.call_args_list[-2:])
    assert told == ({"do": "answered"},)
    return content, buffers[0] if buffers else []


def sound(widget: Widget) -> bytes:
    """Return the recording that a widget sends when the browser asks for it."""
    return answer(widget, "show")[1][0]
