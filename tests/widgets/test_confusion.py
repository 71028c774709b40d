"""The mistakes: what the matrix counts, what is behind a cell and in which order, and what is sent."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_lib import widgets
from emotion_lib.emotions import STYLES
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import answer, ask


@pytest.fixture
def heard(table: pd.DataFrame) -> pd.DataFrame:
    """Sadness is heard as anger, more surely of one word than of the other; one anger is right, one not answered."""
    return table.assign(
        predicted=["angry", "angry", "angry", "sad", "unknown"],
        angry=[0.7, 0.9, 0.8, 0.25, 0.5],
        sad=[0.3, 0.1, 0.2, 0.75, 0.5],
    )


def counts(mistakes: Widget) -> dict[str, dict[str, int]]:
    """Return the matrix."""
    return {row["emotion"]: {cell["predicted"]: cell["count"] for cell in row["cells"]} for row in mistakes.rows}


def names(mistakes: Widget) -> list[str]:
    """Return the utterances that are listed."""
    return [utterance["name"] for utterance in mistakes.utterances]


def test_rows_are_acted_and_columns_heard_the_unknown_last(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)

    assert counts(mistakes) == {
        "angry": {"angry": 1, "sad": 1, "unknown": 1},
        "sad": {"angry": 2, "sad": 0, "unknown": 0},
    }
    assert [row["recall"] for row in mistakes.rows] == ["33 %", "0 %"]
    assert [cell["share"] for cell in mistakes.rows[1]["cells"]] == [1, 0, 0]
    assert mistakes.columns[0] == {"emotion": "angry", "label": "angry", **STYLES["angry"]._asdict()}
    assert mistakes.columns[-1] == {"emotion": "unknown", "label": "“I don't know”"}


def test_an_emotion_that_was_never_acted_has_a_column_and_no_row(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard.assign(predicted="happy"))

    assert list(counts(mistakes)) == ["angry", "sad"]
    assert [column["emotion"] for column in mistakes.columns] == ["angry", "happy", "sad"]


def test_the_most_frequent_mistake_is_first_and_the_most_confident_of_it(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)

    assert mistakes.chosen == {
        "emotion": "sad",
        "predicted": "angry",
        "count": 2,
        "name": "sad predicted as angry: 2 utterances",
        "order": "the most confident first",
    }
    assert names(mistakes) == ["OAF, cloud", "OAF, bridge"]
    assert [(bar["emotion"], bar["share"], bar["percent"]) for bar in mistakes.utterances[0]["bars"]] == [
        ("angry", 0.9, "90 %"),
        ("sad", 0.1, "10 %"),
    ]
    assert mistakes.says == ""


@pytest.mark.parametrize(
    ("predicted", "name"),
    [
        (["sad", "sad", "angry", "angry", "unknown"], "angry predicted as angry: 2 utterances"),
        (["unknown"] * 5, "angry predicted as “I don't know”: 3 utterances"),
    ],
    ids=["right", "never answered"],
)
def test_where_nothing_is_wrong_the_most_frequent_cell_is_first(
    heard: pd.DataFrame, predicted: list[str], name: str
) -> None:
    mistakes = widgets.mistakes(heard.assign(predicted=predicted))

    assert mistakes.says == "There are no mistakes to hear."
    assert mistakes.chosen["name"] == name
    assert mistakes.still().startswith(b"\x89PNG")


def test_another_cell_is_chosen(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)

    ask(mistakes, "choose", emotion="angry", predicted="unknown")

    assert mistakes.chosen["name"] == "angry predicted as “I don't know”: 1 utterance"
    assert names(mistakes) == ["YAF, bridge"]


def test_a_column_of_confidence_decides_the_order_and_is_shown(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard.assign(confidence=[0.6, 0.5, 0.4, 0.3, np.nan]))

    assert names(mistakes) == ["OAF, bridge", "OAF, cloud"]
    assert [utterance["confidence"] for utterance in mistakes.utterances] == ["60 %", "50 %"]
    ask(mistakes, "choose", emotion="angry", predicted="unknown")
    assert mistakes.utterances[0]["confidence"] == ""


def test_without_probabilities_the_order_is_by_word(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard[::-1].drop(columns=["angry", "sad"]))

    assert names(mistakes) == ["OAF, bridge", "OAF, cloud"]
    assert mistakes.chosen["order"] == "by word"
    assert mistakes.utterances[0]["bars"] == []
    assert mistakes.still().startswith(b"\x89PNG")


def test_probabilities_that_are_missing_are_left_out(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard.assign(calm=np.nan))

    assert [bar["emotion"] for bar in mistakes.utterances[0]["bars"]] == ["angry", "sad"]


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"speaker": ["A", "A"], "id": ["one", "two"]}, "A, one"),
        ({}, "sound"),
        ({"text": ["word", "word"], "corpus": ["x", "y"]}, "x, word"),
        ({"text": [None, None], "speaker": [7, 8]}, "7"),
    ],
)
def test_utterances_have_a_name_whatever_is_known_of_them(columns: dict[str, Any], name: str) -> None:
    table = pd.DataFrame({"emotion": "sad", "predicted": "angry", "path": ["a/sound.wav", "b/sound.wav"], **columns})

    assert widgets.mistakes(table).utterances[0]["name"] == name


def test_a_long_list_comes_in_parts(table: pd.DataFrame) -> None:
    many = table.iloc[[0] * 45].assign(predicted="angry", confidence=np.linspace(0.2, 0.9, 45))
    mistakes = widgets.mistakes(many)

    assert (len(mistakes.utterances), mistakes.chosen["count"]) == (20, 45)
    ask(mistakes, "more")
    ask(mistakes, "more")
    assert [utterance["number"] for utterance in mistakes.utterances] == list(range(45))
    ask(mistakes, "choose", emotion="sad", predicted="angry")
    assert len(mistakes.utterances) == 20


def test_sound_and_picture_are_sent_when_they_are_asked_for(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)

    message, (_, picture) = answer(mistakes, "play", number=mistakes.utterances[0]["number"])

    assert message["caption"] == "OAF, cloud: sad predicted as angry"
    assert 0 < message["left"] < message["right"] < 1
    assert picture.startswith(b"\x89PNG")


def test_a_recording_that_cannot_be_read_is_a_sentence_until_another_is_heard(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)
    gone, there = (utterance["number"] for utterance in mistakes.utterances)
    Path(heard["path"][1]).unlink()

    assert answer(mistakes, "play", number=gone)[1] == [b"", b""]
    assert "OAF_cloud_sad.wav" in mistakes.says
    answer(mistakes, "play", number=there)
    assert mistakes.says == ""


def test_a_cell_of_an_earlier_run_that_is_not_there_now_changes_nothing(heard: pd.DataFrame) -> None:
    mistakes = widgets.mistakes(heard)
    chosen = mistakes.chosen

    ask(mistakes, "choose", emotion="sad", predicted="calm")

    assert mistakes.chosen == chosen
