"""The table of results is committed as it was made, and its keys say when a row is out of date."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

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


def test_new_words_beside_a_new_voice_change_no_score_of_tess_by_a_point(committed: pd.DataFrame) -> None:
    tess = committed.query("corpus == trained_on == 'tess' and metric == 'uar' and direction == 'mean'")
    unadapted = tess[tess["seen_of_voice"] == "none"].pivot(index="model", columns="protocol", values="value").dropna()

    assert (unadapted["by_speaker"] - unadapted["by_speaker_and_word"]).abs().max() < 0.01


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
        {"seen": ("1",)},
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


KEEP = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from benchmarks import accuracy
from emotion_lib import results

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

folder, where = Path(sys.argv[1]), sys.argv[2]
accuracy.TABLE = folder / accuracy.TABLE.name
accuracy.PAGES = {folder / path.name: show for path, show in accuracy.PAGES.items()}
row, table = accuracy.ROWS[0], results.read(accuracy.TABLE)
figures = table[row.lines(table)].drop(columns=results.KEY).assign(value=0.5)
place, name = {"before": (accuracy, "_write"), "in": (Path, "replace"), "after": (accuracy, "_write_pages")}[where]
setattr(place, name, die)
accuracy._keep(SimpleNamespace(key="new", lines=row.lines), figures)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("where", "is_new"), [("before", False), ("in", False), ("after", True)])
def test_a_kill_leaves_a_whole_table_and_the_next_run_its_pages(
    where: str, is_new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (accuracy.TABLE, *accuracy.PAGES):
        shutil.copy(path, tmp_path)
    killed = subprocess.run([sys.executable, "-c", KEEP, str(tmp_path), where], check=False)
    assert killed.returncode == -signal.SIGKILL
    table = tmp_path / accuracy.TABLE.name
    assert ("new" in set(results.read(table)[results.KEY])) == is_new

    monkeypatch.setattr(accuracy, "TABLE", table)
    monkeypatch.setattr(accuracy, "PAGES", {tmp_path / path.name: show for path, show in accuracy.PAGES.items()})
    monkeypatch.setattr(accuracy, "ROWS", ())
    assert CliRunner().invoke(accuracy.main, []).exit_code == 0
    for path in accuracy.PAGES:
        test_each_committed_page_shows_the_committed_table(path, results.read(table))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_a_sentence_and_the_old_files_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(accuracy, "PAGES", {tmp_path / path.name: show for path, show in accuracy.PAGES.items()})
    for path in accuracy.PAGES:
        path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        said = CliRunner().invoke(accuracy.main, [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert said.exit_code == 1
    assert "accuracy.md: cannot be written (File too large); choose another place" in said.output
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}
