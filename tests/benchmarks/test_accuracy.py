"""The table of results is made row by row, goes on where it was stopped, and is committed as it was made."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy, rows
from benchmarks.rows import ROWS, Row
from emotion_lib import corpora, evaluation, results, training
from emotion_lib.emotions import STYLES
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.evaluation.recipes import RECIPES, Options, Predictor
from emotion_lib.extraction import Features
from emotion_lib.splits import PROTOCOLS

QUICK, NETWORK = Row("tess", "random", "svm", seeds=1), Row("tess", "random", "frame_lstm", seeds=2, quick=False)
FIGURES = ["accuracy", "uar"]
FRAME_CNN = RECIPES["frame_cnn"]


@pytest.mark.parametrize(
    ("row", "seed_sd", "new", "differs"),
    [
        (QUICK, np.nan, 0.9, False),
        (QUICK, np.nan, 0.9002, True),
        (NETWORK, 0.01, 0.925, False),
        (NETWORK, 0.01, 0.935, True),
        (NETWORK, np.nan, 0.92, False),
    ],
)
def test_a_figure_is_exact_without_a_network_and_within_three_deviations_of_the_seeds_with_one(
    row: Row, seed_sd: float, new: float, differs: bool
) -> None:
    line = {
        "corpus": "tess",
        "direction": "",
        "seen_of_voice": "all",
        "metric": "uar",
        "value": 0.9,
        "seed_sd": seed_sd,
    }
    was = pd.DataFrame([line])
    assert bool(list(accuracy._differences(row, was, was.assign(value=new)))) == differs


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    """The table of results in the repository."""
    return results.read(accuracy.TABLE)


@pytest.mark.parametrize("path", accuracy.PAGES, ids=lambda path: path.name)
def test_each_committed_page_shows_the_committed_table(path: Path, committed: pd.DataFrame) -> None:
    assert path.read_text("utf-8") == accuracy.HEADINGS.get(path.name, "") + accuracy.page(
        accuracy.PAGES[path](committed)
    )


def test_each_committed_figure_is_of_a_row_of_the_benchmark(committed: pd.DataFrame) -> None:
    counts = np.sum([row.lines(committed) for row in ROWS], axis=0)
    assert committed[counts != 1].empty


def test_each_quick_row_is_committed(committed: pd.DataFrame) -> None:
    for row in ROWS:
        lines = committed[row.lines(committed)]
        assert len(lines) or not row.quick, row.name
        assert not row.quick or (lines["minutes"] < 2).all()


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
    scored = committed["metric"].isin(FIGURES) & (committed["direction"] != "mean")
    assert (committed["interval_over"] != "").tolist() == scored.tolist()
    assert set(committed["interval_over"]) <= {"words", "speakers", ""}


def test_every_row_that_the_benchmark_makes_has_a_recipe_and_a_protocol_and_a_name_of_its_own() -> None:
    for row in ROWS:
        assert row.model in RECIPES
        assert row.protocol in {*PROTOCOLS, ACROSS_CORPORA}
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert set(rows.KEPT_PREDICTIONS) <= set(names)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What `evaluation` is asked for, of corpora with one utterance of each emotion, by one of two speakers."""
    calls: list[dict[str, Any]] = []

    def load(name: str) -> pd.DataFrame:
        speaker = ["actor_01", "actor_13", *["actor_02"] * (len(STYLES) - 2)]
        return pd.DataFrame(
            {"id": list(STYLES), "emotion": list(STYLES), "corpus": name, "speaker": speaker, "text": "back"}
        )

    def evaluate(table: pd.DataFrame, model: str, protocol: str, **options: object) -> None:
        calls.append({"table": table, "model": model, "protocol": protocol} | options)

    def evaluate_across(train: pd.DataFrame, test: pd.DataFrame, model: str, **options: object) -> None:
        calls.append({"train": train, "test": test, "model": model} | options)

    rows._corpus.cache_clear()
    monkeypatch.setattr(corpora, "load", load)
    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    monkeypatch.setattr(evaluation, "evaluate_across", evaluate_across)
    yield calls
    rows._corpus.cache_clear()


def key(**changes: Any) -> str:
    """Return the key of a row, changed in some of what it is of."""
    given: dict[str, Any] = {"corpus": "tess", "protocol": "random", "model": "frame_cnn", "seeds": 2}
    return Row(**(given | changes)).key


@pytest.mark.usefixtures("asked")
def test_the_key_of_a_row_is_the_same_each_time_however_long_it_takes() -> None:
    assert key() == key() == key(quick=False)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "changes",
    [
        {"corpus": "emodb"},
        {"corpus": "emodb+tess"},
        {"train_on": "emodb"},
        {"protocol": "by_word"},
        {"model": "svm"},
        {"model": "mean_std_svm"},
        {"seeds": 3},
        {"is_enrolled": True},
    ],
    ids=str,
)
def test_a_row_of_something_else_has_another_key(changes: dict[str, Any]) -> None:
    assert key(**({"model": "class_means"} | changes)) != key(model="class_means")


@pytest.mark.usefixtures("asked")
def test_of_predictions_that_were_kept_their_content_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pd.DataFrame({"id": ["OAF_back_sad"], "sad": [0.5]})
    monkeypatch.setattr(Row, "kept_predictions", lambda row: kept)
    before = key(is_enrolled=True)
    kept["sad"] = 0.6
    assert key(is_enrolled=True) != before


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "changes",
    [
        {"constants": FRAME_CNN.constants | {"epochs": 61}},
        {"constants": FRAME_CNN.constants | {"schedule": training.PLAIN}},
        {"settings": replace(FRAME_CNN.settings, hop_length=160)},
        {"feature": "mfcc"},
        {"version": FRAME_CNN.version + 1},
    ],
    ids=["epochs", "schedule", "settings", "feature", "version"],
)
def test_another_constant_of_the_recipe_changes_the_key(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key()
    monkeypatch.setitem(RECIPES, "frame_cnn", replace(FRAME_CNN, **changes))
    assert key() != before


@pytest.mark.usefixtures("asked")
def test_neither_a_title_nor_the_name_of_a_function_nor_another_recipe_changes_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def renamed(train: Features, seed: int, options: Options, **constants: Any) -> Predictor:
        """Do the same under another name, with a docstring."""
        return FRAME_CNN.train(train, seed, options, **constants)

    before = key()
    monkeypatch.setitem(RECIPES, "frame_cnn", replace(FRAME_CNN, title="another", train=renamed))
    monkeypatch.setitem(RECIPES, "svm", replace(RECIPES["svm"], version=2))
    assert key() == before


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(("name", "other"), [("FEATURES_VERSION", -1), ("METRICS", ("uar",))])
def test_other_features_and_other_metrics_change_the_key(
    name: str, other: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key()
    monkeypatch.setattr(rows, name, other)
    assert key() != before


@pytest.mark.usefixtures("asked")
def test_other_utterances_change_the_key_and_another_place_of_them_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    before, table = key(), corpora.load("tess")
    rows._corpus.cache_clear()
    monkeypatch.setattr(corpora, "load", lambda name: table.assign(path="elsewhere.wav"))
    assert key() == before
    rows._corpus.cache_clear()
    monkeypatch.setattr(corpora, "load", lambda name: table[1:])
    assert key() != before


@pytest.mark.tess
@pytest.mark.usefixtures("tess")
@pytest.mark.parametrize("model", ["svm", "mean_std_logistic_regression"])
def test_what_is_committed_is_what_the_present_code_makes(model: str, committed: pd.DataFrame) -> None:
    row = Row("tess", "by_speaker", model)
    figures = evaluation.result_rows(row.evaluated()[0]).set_index(["direction", "metric"])["value"]
    kept = committed[row.lines(committed)].set_index(["direction", "metric"])["value"]
    assert figures.to_dict() == pytest.approx(kept.to_dict(), abs=0.003)
