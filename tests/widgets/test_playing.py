"""The player: what it offers, sends and says, and what it leaves behind."""

import gc
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import ipywidgets
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.figure import Figure
from nbclient import NotebookClient

from emotion_lib import widgets
from emotion_lib.errors import ParameterError


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


def parts(widget: ipywidgets.Widget) -> list[Any]:
    """Return emotion, speaker, word, audio element, sentence and picture of a player."""
    choices, *others = widget.children
    return [*choices.children, *others]


def test_lists_are_named_and_follow_each_other(table: pd.DataFrame) -> None:
    emotion, speaker, word, *_ = parts(widgets.player(table))

    assert [choice.description for choice in (emotion, speaker, word)] == ["Emotion", "Speaker", "Word"]
    assert (emotion.options, speaker.options, word.options) == (
        ("angry", "sad"),
        ("OAF", "YAF"),
        ("bridge", "cloud"),
    )
    speaker.value = "YAF"
    assert word.options == ("bridge",)
    emotion.value = "sad"
    assert (speaker.options, speaker.value, word.options) == (("OAF",), "OAF", ("bridge", "cloud"))


def test_a_word_stays_chosen_when_the_emotion_changes(table: pd.DataFrame) -> None:
    emotion, _, word, *_ = parts(widgets.player(table))
    word.value = "cloud"

    emotion.value = "sad"

    assert word.value == "cloud"


def test_a_choice_is_drawn_once(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    emotion, speaker, *_ = parts(widgets.player(table))
    speaker.value = "YAF"
    read = Mock(return_value=(np.zeros(800, dtype=np.float32), 8000))
    monkeypatch.setattr("emotion_lib.audio.read", read)

    emotion.value = "sad"

    read.assert_called_once()


def test_the_first_utterance_is_ready_and_does_not_play_by_itself(table: pd.DataFrame) -> None:
    _, _, _, sound, _, picture = parts(widgets.player(table))

    assert sound.value
    assert not sound.autoplay
    assert 'alt="Waveform and spectrogram: OAF, angry, bridge"' in picture.value


def test_whatever_the_file_was_the_browser_gets_a_16_bit_wav(table: pd.DataFrame) -> None:
    _, speaker, _, sound, *_ = parts(widgets.player(table))

    speaker.value = "YAF"

    sent = soundfile.info(io.BytesIO(sound.value))
    assert (sound.format, sent.format, sent.subtype, sent.samplerate) == ("wav", "WAV", "PCM_16", 24_414)


def test_texts_that_occur_twice_are_numbered(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table[table["text"] == "cloud"]])

    assert parts(widgets.player(twice))[2].options == ("bridge", "cloud (1)", "cloud (2)")


def test_a_mistake_says_what_was_heard(table: pd.DataFrame) -> None:
    *_, says, _ = parts(widgets.player(table.assign(predicted="<happy>")))

    assert "angry, heard as &lt;happy&gt;" in says.value


def test_a_recording_that_cannot_be_read_is_a_sentence_until_another_is_chosen(table: pd.DataFrame) -> None:
    broken = table.assign(path=table["path"].where(table["text"] != "cloud", "gone/OAF_cloud_angry.wav"))
    _, _, word, sound, says, picture = parts(widgets.player(broken))

    word.value = "cloud"

    assert "OAF_cloud_angry.wav" in says.value
    assert (sound.value, sound.layout.display, picture.value) == (b"", "none", "")
    word.value = "bridge"
    assert sound.value
    assert (sound.layout.display, says.value) == ("", "")


def test_a_table_without_rows_is_a_sentence(table: pd.DataFrame) -> None:
    *_, sound, says, _ = parts(widgets.player(table[:0]))

    assert "There are no utterances to hear." in says.value
    assert not sound.value


def test_a_table_without_texts_is_a_parameter_error(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="table has no column 'text': must have path, emotion, speaker, text"):
        widgets.player(table.drop(columns="text"))


def test_an_unknown_widget_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'recorder'"):
        widgets.recorder  # noqa: B018


def n_figures() -> int:
    """Return how many figures are in memory."""
    gc.collect()
    return sum(issubclass(type(thing), Figure) for thing in gc.get_objects())


def test_choosing_leaves_no_figures_behind(table: pd.DataFrame) -> None:
    plt.close("all")
    before = n_figures()
    emotion, *_ = parts(widgets.player(table))

    for _ in range(5):
        emotion.value = "sad"
        emotion.value = "angry"

    assert not plt.get_fignums()
    assert n_figures() <= before


def test_a_saved_notebook_keeps_one_line_and_no_recording(table: pd.DataFrame) -> None:
    records = table.to_dict(orient="list")
    source = f"import pandas as pd\nfrom emotion_lib import widgets\nwidgets.player(pd.DataFrame({records!r}))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])

    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False).execute()

    (output,) = notebook.cells[0].outputs
    assert output["data"]["text/plain"] == "Player of 5 utterances"
    assert "widgets" not in notebook.metadata
    assert len(nbformat.writes(notebook)) < 3000
