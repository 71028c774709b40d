"""Recordings to choose from, and a browser's requests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    widget._hear(widget, {"do": do, **message}, [memoryview(buffer) for buffer in buffers])
