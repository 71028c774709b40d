"""No recording is in a saved notebook, whoever saves it: neither in the outputs nor in the state of the widgets."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

WIDGETS = """
from emotion_lib import EmotionRecognizer, corpora, widgets
table, recognizer = corpora.load("demo"), EmotionRecognizer.load()
mine = table[table["speaker"] == "DEA"].groupby("emotion").head(1)
shown = [
    widgets.player(table),
    widgets.compare(table),
    widgets.mistakes(table.assign(predicted="happy")),
    widgets.own_voice(recognizer, start=mine["path"].iloc[0]),
    widgets.get_used_to(recognizer, start=mine),
    widgets.live(recognizer, start=mine["path"].iloc[0]),
]
"""
SPEAK = """
from emotion_lib import audio
y, sr = audio.read(table["path"][3])
for widget in (shown[3], shown[4]):
    widget._receive(widget, {"do": "part", "first": True}, [memoryview(y.tobytes())])
    widget._receive(widget, {"do": "recorded", "rate": sr, "purpose": "try"}, [])
for widget, message in zip(shown, ("step", "draw", "play", "show", "play", "show")):
    widget._receive(widget, {"do": message, "by": 1, "number": 0, "place": 0}, [])
"""
"""What the browser sends: a recording for those that take one, and a question for the sound or the pictures of each."""

LONG_BASE64 = re.compile(r"[A-Za-z0-9+/]{2000,}=*")


def recordings_in(notebook: NotebookNode) -> list[str]:
    """Return where a notebook, as it is on disk, has base64 over 2 kB that is no PNG, or bytes in a widget's state."""
    return [*_long_base64(notebook, "notebook"), *_bytes_in_state(notebook)]


def _long_base64(value: Any, where: str) -> Iterator[str]:
    """Yield the places of long base64 that is no PNG."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _long_base64(each, f"{where}.{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _long_base64(each, f"{where}[{number}]")
    elif isinstance(value, str):
        found = LONG_BASE64.findall(value.replace("\n", ""))
        yield from (where for each in found if not _is_png(each))


def _is_png(text: str) -> bool:
    """Return whether base64 is that of a PNG."""
    try:
        return base64.b64decode(text[:12]).startswith(b"\x89PNG")
    except binascii.Error:
        return False


def _bytes_in_state(notebook: NotebookNode) -> list[str]:
    """Return the traits that hold bytes, in the state of the widgets if it is there."""
    kept = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {"state": {}})
    buffers = [buffer for model in kept["state"].values() for buffer in model.get("buffers", [])]
    return [".".join(map(str, buffer["path"])) for buffer in buffers]


def test_a_notebook_that_keeps_the_state_of_its_widgets_keeps_no_recording() -> None:
    show = "from IPython.display import display\ndisplay(*shown)"
    cells = [nbformat.v4.new_code_cell(source) for source in (WIDGETS, show, SPEAK)]
    notebook = nbformat.v4.new_notebook(cells=cells)

    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()  # it stores state, as nbconvert does

    saved = json.loads(nbformat.writes(notebook))
    state = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum("_esm" in model["state"] for model in state.values()) == 6
    assert recordings_in(nbformat.from_dict(saved)) == []
