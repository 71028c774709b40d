"""The ablation: features that are made to tell one thing tell that, and the page is that of the table."""

import pandas as pd
import pytest

from benchmarks import ablation
from benchmarks.footprint import markdown
from emotion_lib import corpora


@pytest.fixture
def demo() -> pd.DataFrame:
    return corpora.load("demo")


def test_what_tells_only_the_emotion_or_only_the_voice_tells_that(demo: pd.DataFrame) -> None:
    codes = {each: demo[each].astype("category").cat.codes.to_numpy(float) for each in ("emotion", "speaker")}
    figures = pd.DataFrame(ablation.ablate({name: each[:, None] for name, each in codes.items()}, demo))
    told = figures.groupby(["kept", "group", "question"])["value"].mean()

    assert told["alone", "emotion"].to_dict() == {"emotion": 1, "emotion of another voice": 1, "speaker": 0.5}
    assert told["alone", "speaker", "speaker"] == 1
    assert told["alone", "speaker", "emotion"] == pytest.approx(1 / 7, abs=0.05)
    assert told["all but", "speaker", "emotion"] == 1


def test_no_word_of_a_test_within_a_voice_was_in_its_training_and_no_voice_of_a_test_across(demo: pd.DataFrame) -> None:
    for question in ablation.questions(demo):
        held = "speaker" if question.asked == "emotion of another voice" else "text"
        for part in question.folds:
            assert set(demo[held].iloc[part.train]).isdisjoint(demo[held].iloc[part.test])


def test_the_committed_page_is_that_of_the_committed_table() -> None:
    shown = ablation.overview(pd.read_csv(ablation.TABLE)).reset_index()
    assert ablation.PAGE.read_text("utf-8") == markdown(shown.columns, shown.to_numpy())
