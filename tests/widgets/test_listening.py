"""The listening test: what it plays and hides, what it tells at the end, and what it keeps."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emotion_lib import corpora, widgets
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import listening, metrics
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import answer, ask


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own."""
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    return tmp_path / "emotion_lib" / "listening_test.json"


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    """The demo corpus."""
    return corpora.load("demo")


@pytest.fixture
def test(demo: pd.DataFrame) -> Widget:
    """A listening test that nobody has begun."""
    return widgets.listening_test(demo)


def name(test: Widget, emotion: str | None = None) -> None:
    """Name an emotion for the current recording, or the right one."""
    right = test._drawn["emotion"].iloc[test.number]
    ask(test, "name", number=test.number, emotion=emotion or right)


def finish(test: Widget, emotion: str | None = None) -> None:
    """Name an emotion, or the right one, for all recordings that are left."""
    for _ in range(test.number, test.total):
        name(test, emotion)


def sent(test: Widget) -> str:
    """Return all that the browser knows of a test before its end."""
    state: dict[str, Any] = test.get_state()
    shown = {trait: state[trait] for trait in ("number", "total", "result", "says", "alt")}
    message, _ = answer(test, "play")
    return f"{shown} {message}"


def test_the_emotion_of_a_recording_stays_hidden(test: Widget) -> None:
    assert sent(test) == (
        "{'number': 0, 'total': 14, 'result': {}, 'says': '', 'alt': 'Listening test: 14 recordings'} "
        "{'do': 'sound', 'number': 0}"
    )
    assert answer(test, "play")[1][0].startswith(b"RIFF")


def test_every_emotion_occurs_and_none_a_fixed_number_of_times(demo: pd.DataFrame) -> None:
    drawn = [widgets.listening_test(demo)._drawn["emotion"] for _ in range(20)]

    assert all(set(emotions) == set(EMOTIONS) for emotions in drawn)
    assert len({tuple(emotions) for emotions in drawn}) == 20
    assert len({tuple(sorted(emotions)) for emotions in drawn}) > 1


def test_who_names_all_has_a_uar_of_100_percent(test: Widget) -> None:
    finish(test)

    assert test.result["says"] == (
        "You named 14 of 14 recordings as they were meant. Your UAR is 100 %; guessing would give 14 %."
    )
    assert [row["recall"] for row in test.result["rows"]] == ["100 %"] * 7


def test_who_names_one_emotion_only_scores_like_guessing(test: Widget) -> None:
    finish(test, "sad")

    assert "Your UAR is 14 %" in test.result["says"]
    assert {row["emotion"]: row["recall"] for row in test.result["rows"]}["sad"] == "100 %"


def test_the_matrix_counts_the_answers(test: Widget) -> None:
    name(test, "fear" if test._drawn["emotion"][0] == "sad" else "sad")
    finish(test)

    kept = listening.answers()
    counts = [row["counts"] for row in test.result["rows"]]
    assert counts == metrics.confusion_matrix(kept["emotion"], kept["predicted"]).to_numpy().tolist()
    assert sum(map(sum, counts)) == 14


def test_a_second_click_on_an_answer_counts_once(test: Widget) -> None:
    ask(test, "name", number=0, emotion="sad")
    ask(test, "name", number=0, emotion="fear")

    assert test.number == 1
    finish(test)
    ask(test, "name", number=14, emotion="fear")
    assert listening.answers()["predicted"][0] == "sad"


def test_answers_are_kept_after_the_last_one_and_shown_in_the_next_session(test: Widget, demo: pd.DataFrame) -> None:
    name(test)
    assert listening.answers().empty
    finish(test)

    assert listening.answers()["id"].to_list() == test._drawn["id"].to_list()
    assert widgets.listening_test(demo).result == test.result


def test_another_test_keeps_the_answers_until_it_is_complete(test: Widget) -> None:
    finish(test)
    before = listening.answers()

    ask(test, "again")

    assert (test.number, test.result) == (0, {})
    assert listening.answers().equals(before)
    finish(test, "fear")
    assert set(listening.answers()["predicted"]) == {"fear"}


def test_a_button_deletes_the_answers(test: Widget, file: Path) -> None:
    finish(test)
    assert file.exists()

    ask(test, "delete")

    assert not file.exists()
    assert (test.number, test.result, test.says) == (0, {}, "Your answers are deleted.")


def test_a_damaged_file_is_a_sentence_and_no_obstacle(file: Path, demo: pd.DataFrame) -> None:
    file.parent.mkdir()
    file.write_text("{", "utf-8")

    test = widgets.listening_test(demo)

    assert "delete it, and take the test" in test.says
    finish(test)
    assert len(listening.answers()) == 14


def test_a_recording_that_cannot_be_read_is_a_sentence(demo: pd.DataFrame) -> None:
    test = widgets.listening_test(demo.assign(path="gone.wav"))

    assert answer(test, "play") == ({"do": "sound", "number": 0}, [b""])
    assert "gone.wav" in test.says


def test_a_static_page_is_the_same_whoever_has_taken_the_test(test: Widget, demo: pd.DataFrame) -> None:
    before = test._repr_mimebundle_()
    finish(test)
    after = widgets.listening_test(demo)._repr_mimebundle_()

    assert before is not None
    assert after is not None
    for kind in ("text/plain", "image/png"):
        assert before[0][kind] == after[0][kind]
    assert before[1] == after[1]


@pytest.mark.parametrize("n", [6, 400])
def test_a_number_that_does_not_fit_the_table_is_an_error(demo: pd.DataFrame, n: int) -> None:
    with pytest.raises(ParameterError, match=rf"n={n}: must be at least the number of emotions \(7, at most 9\)"):
        widgets.listening_test(demo, n=n)
