"""The table of conditions: whom it tests, and that its page is that of the committed table."""

import pandas as pd

from benchmarks import conditions
from emotion_lib import corpora
from emotion_lib.evaluation.conditions import CONDITIONS


def test_the_tested_utterances_are_spread_over_emotions_and_speakers() -> None:
    table = pd.concat([corpora.load("demo"), corpora.load("demo").assign(corpus="tess")], ignore_index=True)
    mask = conditions.chosen(table, 28)

    assert mask.sum() == 28
    assert set(table["corpus"][mask]) == {"demo"}
    assert set(table["emotion"][mask].value_counts()) == {4}
    assert set(table["speaker"][mask]) == {"DEA", "DEB"}


def test_a_corpus_that_is_smaller_is_tested_whole() -> None:
    assert conditions.chosen(corpora.load("demo"), 500).all()


def test_every_target_is_that_of_a_condition() -> None:
    assert set(conditions.TARGETS) < set(CONDITIONS)


def test_the_committed_table_has_every_condition() -> None:
    rows = pd.read_csv(conditions.TABLE)
    for _, part in rows[rows["group"] == "all"].groupby("corpus"):
        assert part["condition"].tolist() == list(CONDITIONS)


def test_the_committed_page_is_that_of_the_committed_table() -> None:
    assert conditions.PAGE.read_text("utf-8") == conditions.page(pd.read_csv(conditions.TABLE))
