"""A table is described in a sentence or two."""

from pathlib import Path

import pandas as pd

from emotion_lib import corpora


def test_a_folder_is_described_by_its_numbers(tess_folder: Path) -> None:
    assert str(corpora.describe(corpora.load(tess_folder))) == (
        "A folder of recordings: 42 utterances of 3 words by 2 speakers (OAF and YAF) "
        "in 7 emotions (angry, disgust, fear, happy, neutral, sad and surprise)."
    )


def test_one_is_not_written_in_the_plural(tess_folder: Path) -> None:
    text = str(corpora.describe(corpora.load(tess_folder).head(1)))
    assert "1 utterance of 1 word by 1 speaker (OAF) in 1 emotion" in text


def test_of_the_demo_corpus_it_says_that_nothing_is_a_result() -> None:
    text = str(corpora.describe(corpora.load("demo")))
    assert "not found" not in text
    assert "nothing measured on it is a result" in text
    assert "`emotion-lib fetch tess`" in text


def test_where_the_demo_corpus_stands_in_for_tess_it_says_so() -> None:
    demo = corpora.load("demo")
    demo.attrs["instead_of"] = "tess"
    assert str(corpora.describe(demo[demo["emotion"] == "sad"])).startswith("TESS was not found on this machine.\n")


def test_tables_of_several_corpora_are_described_one_by_one(tess_folder: Path) -> None:
    both = pd.concat([corpora.load(tess_folder), corpora.load("demo")])
    assert {"The demo corpus", "A folder of recordings"} <= set(
        str(corpora.describe(both)).replace("\n", ":").split(":")
    )


def test_no_utterances_are_described_too(tess_folder: Path) -> None:
    assert str(corpora.describe(corpora.load(tess_folder).head(0))) == "No utterances."


def test_in_a_notebook_it_is_a_paragraph(tess_folder: Path) -> None:
    html = corpora.describe(corpora.load(tess_folder))._repr_html_()
    assert html.startswith("<p>A folder of recordings: 42")
    assert html.endswith("</p>")
