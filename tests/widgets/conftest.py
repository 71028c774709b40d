"""Recordings to choose from, and a browser's requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from emotion_lib.widgets.base import Widget


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


def answer(widget: Widget, do: str, **message: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Ask a widget for something, and return the message that it answers with and its buffers."""
    with patch.object(widget, "send") as send:
        ask(widget, do, **message)
    (content, buffers), _ = send.call_args
    return content, buffers


def sound(widget: Widget) -> bytes:
    """Return the recording that a widget sends when the browser asks for it."""
    return answer(widget, "show")[1][0]
