"""The table of results is committed as it was made, and its keys say when a row is out of date."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy, rows
from benchmarks.rows import ROWS, Row
from emotion_lib import evaluation, results
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.splits import PROTOCOLS


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    """The table of results in the repository."""
    return results.read(accuracy.TABLE)


@pytest.mark.parametrize("path", accuracy.PAGES, ids=lambda path: path.name)
def test_each_committed_page_shows_the_committed_table(path: Path, committed: pd.DataFrame) -> None:
    assert path.read_text("utf-8") == accuracy.HEADINGS.get(path.name, "") + results.to_markdown(
        accuracy.PAGES[path](committed)
    )


def test_each_committed_figure_is_of_a_row_of_the_benchmark(committed: pd.DataFrame) -> None:
    counts = np.sum([row.lines(committed) for row in ROWS], axis=0)
    assert committed[counts != 1].empty


@pytest.mark.tess
@pytest.mark.emodb
@pytest.mark.ravdess
@pytest.mark.usefixtures("tess", "emodb", "ravdess")
def test_each_quick_row_is_committed_as_the_present_recipes_and_features_make_it(committed: pd.DataFrame) -> None:
    quick = [replace(row) for row in ROWS if row.quick]  # new ones, as a row keeps its table
    out_of_date = [row.name for row in quick if not accuracy._is_current(row, committed)]
    assert out_of_date == [], "`make accuracy` makes them again"


def test_the_committed_table_has_all_columns_and_values_in_every_row(committed: pd.DataFrame) -> None:
    assert tuple(committed) == (*RESULT_COLUMNS, results.KEY)
    assert committed["value"].between(0, 1).all()
    assert set(committed["model"]) <= RECIPES.keys()
    assert set(committed["protocol"]) <= {*PROTOCOLS, ACROSS_CORPORA}
    assert set(committed["seen_of_voice"]) <= {"all", "none", *SEEN_OF_VOICE}
    where = ["corpus", "protocol", "direction", "model", "seen_of_voice", "metric", "trained_on"]
    assert not committed.duplicated(where).any()


def test_each_committed_figure_is_the_mean_of_its_seeds_and_inside_its_interval(committed: pd.DataFrame) -> None:
    for _, row in committed.iterrows():
        seeds = results.over_seeds(row)
        assert len(seeds) == row["seeds"]
        expected = min(seeds) if row["metric"] == "uar_worst" else sum(seeds) / len(seeds)
        assert row["value"] == pytest.approx(expected, abs=1e-4)
    bounded = committed.dropna(subset=["low"])
    assert (bounded["low"] <= bounded["value"]).all()
    assert (bounded["value"] <= bounded["high"]).all()


def test_a_figure_has_an_interval_where_it_is_scored_on_one_voice_or_all(committed: pd.DataFrame) -> None:
    scored = committed["metric"].isin(["accuracy", "uar"]) & (committed["direction"] != "mean")
    assert (committed["interval_over"] != "").tolist() == scored.tolist()
    assert set(committed["interval_over"]) <= {"words", "speakers", ""}


def key(**changes: Any) -> str:
    """Return the key of a row, changed in some of what it is of."""
    given: dict[str, Any] = {"corpus": "demo", "protocol": "random", "model": "class_means", "seeds": 2}
    return Row(**(given | changes)).key


@pytest.mark.parametrize(
    "changes",
    [
        {"corpus": "demo_doubled"},
        {"train_on": "demo"},
        {"protocol": "by_word"},
        {"model": "svm"},
        {"is_enrolled": True},
    ],
    ids=str,
)
def test_a_row_of_something_else_has_another_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


def test_other_features_and_another_version_of_the_recipe_change_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key()]
    monkeypatch.setattr(rows, "FEATURES_VERSION", -1)
    keys.append(key())
    monkeypatch.setitem(RECIPES, "class_means", replace(RECIPES["class_means"], version=99))
    keys.append(key())
    assert len(set(keys)) == 3


@pytest.mark.tess
@pytest.mark.usefixtures("tess")
def test_what_is_committed_is_what_the_present_code_makes(committed: pd.DataFrame) -> None:
    row = Row("tess", "by_speaker", "svm")
    figures = evaluation.result_rows(row.evaluated()[0]).set_index(["direction", "metric"])["value"]
    kept = committed[row.lines(committed)].set_index(["direction", "metric"])["value"]
    assert figures.to_dict() == pytest.approx(kept.to_dict(), abs=0.003)
