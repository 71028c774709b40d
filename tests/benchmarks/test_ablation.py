"""The ablation: features that are made to tell one thing tell that, and the page is that of the table."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import ablation
from benchmarks.footprint import markdown
from emotion_lib import corpora

QUESTIONS = {"emotion", "speaker", "emotion of another voice"}


@pytest.fixture
def demo() -> pd.DataFrame:
    return corpora.load("demo")


def told(figures: pd.DataFrame, group: str, kept: str = "alone") -> dict[str, float]:
    """Return the mean figure of each question."""
    rows = figures[(figures["group"] == group) & (figures["kept"] == kept)]
    return {str(question): float(value) for question, value in rows.groupby("question")["value"].mean().items()}


def test_what_tells_only_the_emotion_or_only_the_voice_tells_that(demo: pd.DataFrame) -> None:
    emotion, voice = (demo[column].astype("category").cat.codes.to_numpy(float) for column in ("emotion", "speaker"))
    noise = np.random.default_rng(0).normal(size=(len(demo), 2))
    groups = {
        "both": (emotion * np.where(voice == 0, 1, -1))[:, None] + 0.01 * noise[:, :1],
        "emotion": emotion[:, None],
        "voice": voice[:, None],
    }
    figures = pd.DataFrame(ablation.ablate(groups, demo))

    assert told(figures, "emotion") == pytest.approx({"emotion": 1, "emotion of another voice": 1, "speaker": 0.5})
    assert told(figures, "voice")["speaker"] == 1
    assert told(figures, "voice")["emotion"] == pytest.approx(1 / 7, abs=0.05)
    assert told(figures, "both")["emotion"] == 1
    assert told(figures, "both")["emotion of another voice"] < 0.5
    assert told(figures, "emotion", "all but")["emotion"] == 1
    assert set(told(figures, "all")) == QUESTIONS


def test_no_word_of_a_test_within_a_voice_was_in_its_training_and_no_voice_of_a_test_across(demo: pd.DataFrame) -> None:
    for question in ablation.questions(demo):
        held = "speaker" if question.asked == "emotion of another voice" else "text"
        for part in question.folds:
            assert set(demo[held].iloc[part.train]).isdisjoint(demo[held].iloc[part.test])
        heard = demo.iloc[np.concatenate([part.test for part in question.folds])]
        whose = {"both": {"DEA", "DEB"}}.get(question.voice, {question.voice.rpartition(" ")[2]})
        assert set(heard["speaker"]) == whose
        assert not heard["id"].duplicated().any()


def test_the_committed_page_is_that_of_the_committed_table() -> None:
    shown = ablation.overview(pd.read_csv(ablation.TABLE)).reset_index()
    assert ablation.PAGE.read_text("utf-8") == markdown(shown.columns, shown.to_numpy())
