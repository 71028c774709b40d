"""The comparison: which cells there are, what they share, and what they send."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import image

from emotion_lib import widgets
from emotion_lib.emotions import STYLES
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import answer, ask


def cells(comparison: Widget) -> dict[tuple[str, str], bytes]:
    """Return the pictures of a grid by emotion and speaker, without the empty cells."""
    message, pictures = answer(comparison, "draw")
    assert message["text"] == comparison.text
    drawn = dict(zip(message["numbers"], pictures, strict=True))
    return {
        (row["emotion"], speaker): drawn.get(cell["number"], b"")
        for row in comparison.rows
        for speaker, cell in zip(comparison.speakers, row["cells"], strict=True)
        if cell
    }


def pixels(png: bytes) -> np.ndarray:
    """Return a picture as (height, width, colours)."""
    return image.imread(io.BytesIO(png), format="png")[..., :3]


def test_the_grid_has_a_row_an_emotion_and_a_column_a_speaker(table: pd.DataFrame) -> None:
    comparison = widgets.compare(table)

    assert (comparison.text, comparison.speakers) == ("bridge", ["OAF", "YAF"])
    assert cells(comparison).keys() == {("angry", "OAF"), ("angry", "YAF"), ("sad", "OAF")}
    assert [row["cells"][1] is None for row in comparison.rows] == [False, True]
    assert (comparison.rows[0]["colour"], comparison.rows[0]["marker"]) == STYLES["angry"]


def test_the_texts_that_most_speakers_said_come_first(table: pd.DataFrame) -> None:
    only_one = table.assign(text=table["text"].replace("cloud", "apple"))

    assert widgets.compare(only_one).texts == ["bridge", "apple"]


def test_the_grid_with_the_fewest_gaps_is_shown_first(table: pd.DataFrame) -> None:
    by_one = table[table["speaker"] == "OAF"]

    assert widgets.compare(by_one[1:]).text == "cloud"


def test_another_text_is_chosen(table: pd.DataFrame) -> None:
    comparison = widgets.compare(table)

    ask(comparison, "choose", value="cloud")

    assert cells(comparison).keys() == {("angry", "OAF"), ("sad", "OAF")}


def test_of_several_takes_the_first_is_heard(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table.assign(path="gone.wav")])

    assert widgets.compare(twice).says == ""


def test_speakers_of_several_corpora_are_told_apart(table: pd.DataFrame) -> None:
    both = pd.concat([table.assign(corpus="a"), table.assign(corpus="b")])

    assert widgets.compare(both).speakers == ["a OAF", "a YAF", "b OAF", "b YAF"]


def test_pictures_share_their_level_and_their_time(write_wav: Callable[..., Path]) -> None:
    tone = 0.5 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    rows = [
        (emotion, "A", "word", str(write_wav(f"{emotion}.wav", y, 16_000)))
        for emotion, y in {"angry": tone, "sad": 0.01 * tone[:8000]}.items()
    ]
    comparison = widgets.compare(pd.DataFrame(rows, columns=["emotion", "speaker", "text", "path"]))

    loud, quiet = (pixels(each) for each in cells(comparison).values())
    assert comparison.seconds == 1
    assert loud.max() > 0.9
    assert loud[:, -40:].max() > 0.9
    assert 0.1 < quiet.max() < loud.max() - 0.1
    assert quiet[:, quiet.shape[1] // 2 + 10 :].max() < 0.02


def test_a_recording_that_cannot_be_read_is_a_sentence_and_the_others_are_there(table: pd.DataFrame) -> None:
    broken = table.assign(path=table["path"].where(table["speaker"] != "YAF", "gone/YAF_bridge_angry.wav"))
    comparison = widgets.compare(broken)

    assert "YAF_bridge_angry.wav" in comparison.says
    assert [cell["readable"] for cell in comparison.rows[0]["cells"]] == [True, False]
    assert cells(comparison)["angry", "YAF"] == b""
    assert cells(comparison)["angry", "OAF"]
    assert comparison.still().startswith(b"\x89PNG")


def test_a_recording_that_has_gone_is_a_sentence_and_no_sound(table: pd.DataFrame) -> None:
    comparison = widgets.compare(table)
    Path(table["path"][2]).unlink()

    assert answer(comparison, "play", number=2) == ({"do": "sound", "number": 2}, [b""])
    assert "OAF_bridge_angry.wav" in comparison.says


def test_a_word_of_an_earlier_run_that_is_not_there_now_changes_nothing(table: pd.DataFrame) -> None:
    comparison = widgets.compare(table)

    ask(comparison, "choose", value="gone")

    assert comparison.text == "bridge"
