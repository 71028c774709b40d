"""The Polish corpus nEMO has a name here, and its index knows bytes but no lengths."""

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora.nemo import read_name

COUNTS = {"angry": 749, "fear": 736, "happy": 749, "neutral": 809, "sad": 769, "surprise": 669}


@pytest.mark.parametrize("stem", ["notes", "SM0_surprised", "SM0_surprise_64", "sm0_anger_1", "SM0_anger_1a"])
def test_other_names_are_not_read(stem: str) -> None:
    assert read_name(stem) is None


def test_the_index_is_what_was_published() -> None:
    table = corpora.index("nemo")
    assert table["emotion"].value_counts().to_dict() == COUNTS
    assert table["speaker"].nunique() == 9
    assert table["text"].nunique() == 90
    assert table["sha256"].is_unique
    assert table["samples"].isna().all()


def test_the_figures_are_of_1438() -> None:
    table = corpora.index("nemo")
    assert table["in_figures"].sum() == 1438
    assert sorted(set(table["speaker"][table["in_figures"]])) == ["EB0", "KD0", "KS0", "MK0", "MP0", "SM0"]


@pytest.mark.nemo
def test_of_the_copies_check_says_that_they_are_converted(nemo: pd.DataFrame) -> None:
    index = corpora.index("nemo")
    report = corpora.check("nemo")
    assert set(index["id"][index["in_figures"]]) <= set(nemo["id"])
    assert report.unreadable == report.different == report.foreign == report.doubled == report.odd == ()
    assert len(report.converted) == report.n_utterances == len(nemo)
    assert f"same name (the published length is not known), other bytes: {len(nemo)}." in str(report)
