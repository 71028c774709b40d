"""No recording is in a saved notebook, whoever saves it: neither in the outputs nor in the state of the widgets."""

import json
import re

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
    widgets.timeline(recognizer, mine["path"].iloc[0]),
    widgets.listening_test(table),
]
"""
SPEAK = """
from emotion_lib import audio
y, sr = audio.read(table["path"][3])
for widget in (shown[3], shown[4]):
    widget._receive(widget, {"do": "part", "first": True}, [memoryview(y.tobytes())])
    widget._receive(widget, {"do": "recorded", "rate": sr, "purpose": "try"}, [])
for widget, message in zip(shown, ("step", "draw", "play", "explain", "play", "show", "piece", "play")):
    widget._receive(widget, {"do": message, "by": 1, "number": 0, "place": 0, "at": 0}, [])
"""
"""What the browser sends: a recording for those that take one, and a question for the sound or the pictures of each."""

LONG_BASE64 = re.compile(r"[A-Za-z0-9+/]{2000,}")
PNG = "iVBORw0KGgo"
"""How base64 of a PNG begins."""


def recordings_in(notebook: NotebookNode) -> list[str]:
    """Return the base64 over 2 kB that is no PNG in a notebook, as it is on disk, and bytes in a widget's state."""
    found = LONG_BASE64.findall(json.dumps(notebook).replace("\\n", ""))
    kept = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {"state": {}})
    buffers = [str(buffer["path"]) for model in kept["state"].values() for buffer in model.get("buffers", [])]
    return [*(each[:40] for each in found if not each.startswith(PNG)), *buffers]


def test_a_notebook_that_keeps_the_state_of_its_widgets_keeps_no_recording() -> None:
    show = "from IPython.display import display\ndisplay(*shown)"
    cells = [nbformat.v4.new_code_cell(source) for source in (WIDGETS, show, SPEAK)]
    notebook = nbformat.v4.new_notebook(cells=cells)

    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()  # it stores state, as nbconvert does

    saved = json.loads(nbformat.writes(notebook))
    state = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum("_esm" in model["state"] for model in state.values()) == 8
    assert recordings_in(nbformat.from_dict(saved)) == []
