"""The player: what it offers, sends and says, and what it leaves behind."""

import gc
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest
import run
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from emotion_lib import widgets
from emotion_lib.widgets import playback
from emotion_lib.widgets.base import Picture, Widget
from tests.widgets.conftest import answer, ask, sound


def offered(player: Widget) -> dict[str, list[str]]:
    """Return what can be chosen in each list."""
    return {each["name"]: each["options"] for each in player.choices}


def chosen(player: Widget) -> list[str]:
    """Return what is chosen in each list."""
    return [each["value"] for each in player.choices]


def choose(player: Widget, name: str, value: str) -> None:
    """Choose from a list; the browser tells what is chosen in all of them."""
    there = {each["name"]: each["value"] for each in player.choices}
    ask(player, "choose", chosen=there | {name: value})


def test_lists_are_named_and_follow_each_other(table: pd.DataFrame) -> None:
    player = widgets.player(table)

    assert [each["label"] for each in player.choices] == ["Emotion", "Speaker", "Word"]
    assert offered(player) == {"emotion": ["angry", "sad"], "speaker": ["OAF", "YAF"], "text": ["bridge", "cloud"]}
    choose(player, "speaker", "YAF")
    assert offered(player)["text"] == ["bridge"]
    choose(player, "emotion", "sad")
    assert offered(player) == {"emotion": ["angry", "sad"], "speaker": ["OAF"], "text": ["bridge", "cloud"]}


def test_several_corpora_are_a_choice_of_their_own(table: pd.DataFrame) -> None:
    player = widgets.player(table.assign(corpus=["a", "a", "b", "b", "b"]))

    assert offered(player)["corpus"] == ["a", "b"]
    choose(player, "corpus", "b")
    assert chosen(player) == ["b", "angry", "OAF", "bridge"]


def test_a_word_stays_chosen_when_the_emotion_changes(table: pd.DataFrame) -> None:
    player = widgets.player(table)
    choose(player, "text", "cloud")

    choose(player, "emotion", "sad")

    assert chosen(player) == ["sad", "OAF", "cloud"]


def test_steps_go_through_all_utterances_and_round(table: pd.DataFrame) -> None:
    player = widgets.player(table)
    seen = []
    for _ in range(5):
        seen.append(chosen(player))
        ask(player, "step", by=1)

    assert len(set(map(tuple, seen))) == 5
    assert chosen(player) == seen[0]
    ask(player, "step", by=-1)
    assert chosen(player) == seen[-1]


def test_the_first_utterance_is_ready(table: pd.DataFrame) -> None:
    player = widgets.player(table)

    message, (wav, picture) = answer(player, "show")

    assert wav
    assert picture.startswith(b"\x89PNG")
    assert message["number"] == player.number
    assert message["alt"] == player.alt == "Waveform and spectrogram: OAF, angry, bridge"
    assert 0 < message["left"] < message["right"] < 1


def test_texts_that_occur_twice_are_numbered(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table[table["text"] == "cloud"]])

    assert offered(widgets.player(twice))["text"] == ["bridge", "cloud (1)", "cloud (2)"]


def test_a_mistake_says_what_was_heard(table: pd.DataFrame) -> None:
    assert widgets.player(table.assign(predicted="<happy>")).says == "angry, predicted as <happy>"


def test_a_recording_that_cannot_be_read_is_a_sentence_until_another_is_chosen(table: pd.DataFrame) -> None:
    broken = table.assign(path=table["path"].where(table["text"] != "cloud", "gone/OAF_cloud_angry.wav"))
    player = widgets.player(broken)

    choose(player, "text", "cloud")

    assert "OAF_cloud_angry.wav" in player.says
    assert answer(player, "show")[1] == [b"", b""]
    choose(player, "text", "bridge")
    assert sound(player)
    assert player.says == ""


def test_an_unknown_widget_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'microphone'"):
        widgets.microphone  # noqa: B018


def test_speakers_may_be_numbers(table: pd.DataFrame) -> None:
    player = widgets.player(table.assign(speaker=[1, 1, 1, 1, 2]))

    choose(player, "speaker", "2")

    assert chosen(player) == ["angry", "2", "bridge"]


def n_figures() -> int:
    """Return how many figures are in memory."""
    gc.collect()
    return sum(issubclass(type(thing), Figure) for thing in gc.get_objects())


def test_choosing_leaves_no_figures_behind(table: pd.DataFrame) -> None:
    plt.close("all")
    before = n_figures()
    player = widgets.player(table)

    for _ in range(5):
        choose(player, "emotion", "sad")
        choose(player, "emotion", "angry")

    assert not plt.get_fignums()
    assert n_figures() <= before


def test_stepping_leaves_no_recordings_behind(write_wav: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "picture", lambda *_, **__: Picture(b"", 0, 1))  # drawn, it would take a minute
    long = write_wav("long.wav", np.zeros(5_000_000), 50_000)  # ten megabytes
    player = widgets.player(pd.DataFrame({"path": [long], "emotion": "sad", "speaker": "A", "text": "a"}))

    in_use = []
    for _ in range(20):
        ask(player, "step", by=1)
        assert sound(player)
        in_use.append(psutil.Process().memory_info().rss / 1e6)

    assert in_use[-1] - in_use[9] < 50


def test_a_page_made_of_a_saved_notebook_shows_a_picture_and_nothing_else(table: pd.DataFrame) -> None:
    records = table.to_dict(orient="list")
    source = f"import pandas as pd\nfrom emotion_lib import widgets\nwidgets.player(pd.DataFrame({records!r}))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])

    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False).execute()

    page, _ = HTMLExporter().from_notebook_node(run.tidy(notebook))
    shown = page[page.index('class="jp-Cell-outputWrapper"') :]
    assert shown.count("<img") == 1
    assert "Player of" not in shown
    assert notebook.cells[0].outputs[0]["metadata"]["image/png"] == {
        "alt": "Waveform and spectrogram: OAF, angry, bridge"
    }
