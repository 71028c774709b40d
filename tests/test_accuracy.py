"""The table of results is made row by row, goes on where it was stopped, and is committed as it was made."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks import accuracy
from benchmarks.accuracy import Row
from emotion_lib import corpora, evaluation, results
from emotion_lib.emotions import EMOTIONS, STYLES
from emotion_lib.errors import CorpusError
from emotion_lib.evaluation import RECIPES, RESULT_COLUMNS, Evaluation
from emotion_lib.splits import PROTOCOLS

QUICK, NETWORK = Row("tess", "random", "svm", seeds=1), Row("tess", "random", "frame_lstm", seeds=2, quick=False)
FIGURES = ["accuracy", "uar"]


def evaluated(row: Row, heard: str = "sad") -> Evaluation:
    """Return an evaluation in which everything was heard as one emotion."""
    cells = [(seed, word, emotion) for seed in range(row.seeds) for word in "xyz" for emotion in ("happy", "sad")]
    predictions = pd.DataFrame(cells, columns=["seed", "text", "emotion"]).assign(predicted=heard, fold="1")
    predictions = predictions.assign(
        id="OAF_" + predictions["text"] + "_" + predictions["emotion"], speaker="OAF", corpus=row.corpus
    )
    return Evaluation(row.corpus, row.protocol, row.model, predictions, pd.DataFrame(), 0.5)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the rows that are made, in a table of two rows in an empty folder."""
    names: list[str] = []

    def made_up(row: Row) -> Evaluation:
        names.append(row.name)
        return evaluated(row)

    for name in ("TABLE", "PAGE", "NEW_VOICES_PAGE", "PREDICTIONS"):
        monkeypatch.setattr(accuracy, name, tmp_path / getattr(accuracy, name).name)
    monkeypatch.setattr(accuracy, "ROWS", [QUICK, NETWORK])
    monkeypatch.setattr(accuracy, "_evaluated", made_up)
    return names


def run(*arguments: str) -> str:
    """Return what the command says."""
    return CliRunner().invoke(accuracy.main, arguments, catch_exceptions=False).output


def test_only_what_is_quick_is_made_unless_all_is_asked_for(made: list[str]) -> None:
    run()
    assert made == [QUICK.name]


def test_a_row_that_is_there_is_not_made_again(made: list[str]) -> None:
    run()
    assert "tess/random/svm: from the committed table\n" in run("--all")
    assert made == [QUICK.name, NETWORK.name]
    assert results.read(accuracy.TABLE)["model"].tolist() == ["svm", "svm", "frame_lstm", "frame_lstm"]


def test_a_run_that_was_stopped_goes_on_with_the_row_it_was_at(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(row: Row) -> Evaluation:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(accuracy, "_evaluated", lambda row: evaluated(row) if row == QUICK else stop(row))
        run("--all")
    run("--all")
    assert made == [NETWORK.name]


def test_a_row_that_is_named_is_made_again_in_the_place_of_the_old_one(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--all")
    before = results.read(accuracy.TABLE)
    monkeypatch.setattr(accuracy, "_evaluated", lambda row: evaluated(row, heard="angry"))
    run("--row", QUICK.name)
    after = results.read(accuracy.TABLE)
    assert len(after) == len(before)
    assert after.query("model == 'svm'")["value"].tolist() == [0, 0]
    others = "model == 'frame_lstm'"
    pd.testing.assert_frame_equal(before.query(others), after.query(others))


@pytest.mark.usefixtures("made")
def test_the_page_follows_every_row() -> None:
    run()
    assert "| 40 averages, SVM | 50.0 [50.0, 50.0] | - |" in accuracy.PAGE.read_text("utf-8")


@pytest.mark.usefixtures("made")
def test_what_the_first_seed_heard_is_kept_once_however_often_it_is_made() -> None:
    run("--row", NETWORK.name)
    run("--row", NETWORK.name)
    kept = pd.read_csv(accuracy.PREDICTIONS)
    assert list(kept) == ["model", "protocol", "fold", "id", "predicted"]
    assert len(kept) == 6
    assert kept["id"].is_unique


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    """The table of results in the repository."""
    return results.read(accuracy.TABLE)


def test_the_committed_page_shows_the_committed_table(committed: pd.DataFrame) -> None:
    assert accuracy.PAGE.read_text("utf-8") == accuracy.page(results.overview(committed))


def test_the_committed_page_of_new_voices_shows_the_committed_table(committed: pd.DataFrame) -> None:
    measured = bool((committed["protocol"] == "leave_speaker_out").any())
    assert accuracy.NEW_VOICES_PAGE.exists() == measured
    if measured:
        assert accuracy.NEW_VOICES_PAGE.read_text("utf-8") == accuracy.page(results.new_voices(committed))


def test_each_committed_figure_is_of_a_corpus_that_was_trained_on(committed: pd.DataFrame) -> None:
    for corpus, trained_on in zip(committed["corpus"], committed["trained_on"], strict=True):
        assert corpus in trained_on.split("+")


def test_the_committed_table_has_all_columns_and_values_in_every_row(committed: pd.DataFrame) -> None:
    assert tuple(committed) == RESULT_COLUMNS
    assert committed["value"].between(0, 1).all()
    assert set(committed["model"]) <= RECIPES.keys()
    assert set(committed["protocol"]) <= PROTOCOLS.keys()
    assert not committed.duplicated(["corpus", "protocol", "direction", "model", "metric"]).any()


def test_each_committed_figure_is_the_mean_of_its_seeds_and_inside_its_interval(committed: pd.DataFrame) -> None:
    for _, row in committed.iterrows():
        seeds = results.over_seeds(row)
        assert len(seeds) == row["seeds"]
        assert row["value"] == pytest.approx(sum(seeds) / len(seeds), abs=1e-4)
    bounded = committed.dropna(subset=["low"])
    assert (bounded["low"] <= bounded["value"]).all()
    assert (bounded["value"] <= bounded["high"]).all()


def test_a_figure_has_an_interval_where_it_is_scored_on_one_voice_or_all(committed: pd.DataFrame) -> None:
    scored = committed["metric"].isin(FIGURES) & (committed["direction"] != "mean")
    assert (committed["interval_over"] != "").tolist() == scored.tolist()
    assert set(committed["interval_over"]) <= {"words", "speakers", ""}


def test_every_row_that_the_benchmark_makes_has_a_recipe_and_a_protocol() -> None:
    for row in accuracy.ROWS:
        assert row.model in RECIPES
        assert row.protocol in PROTOCOLS
    assert len({row.name for row in accuracy.ROWS}) == len(accuracy.ROWS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `evaluation.evaluate` is asked for, of corpora with one utterance of each emotion."""
    calls: list[dict[str, Any]] = []

    def load(name: str) -> pd.DataFrame:
        return pd.DataFrame({"id": list(STYLES), "emotion": list(STYLES), "corpus": name})

    def evaluate(table: pd.DataFrame, model: str, protocol: str, **options: object) -> None:
        calls.append({"table": table, "model": model, "protocol": protocol} | options)

    monkeypatch.setattr(corpora, "load", load)
    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    return calls


def test_a_row_of_several_corpora_is_of_the_seven_emotions_and_goes_on_where_it_was(
    asked: list[dict[str, Any]],
) -> None:
    accuracy._evaluated(Row("emodb+tess", "leave_speaker_out", "frame_cnn", seeds=1))
    (call,) = asked
    assert call["table"].groupby("corpus")["emotion"].apply(tuple).to_dict() == {"emodb": EMOTIONS, "tess": EMOTIONS}
    assert call["checkpoints"] == accuracy.CHECKPOINTS / "frame_cnn"


def test_a_doubled_corpus_has_each_recording_twice_under_two_names(asked: list[dict[str, Any]]) -> None:
    accuracy._evaluated(Row("tess_doubled", "random", "mean_mfcc_lstm", seeds=2))
    (call,) = asked
    assert set(call["table"]["corpus"]) == {"tess_doubled"}
    assert call["table"]["id"].is_unique
    assert call["table"]["emotion"].value_counts().to_dict() == dict.fromkeys(EMOTIONS, 2)
    assert call["seeds"] == range(2)
    assert call["checkpoints"] is None


@pytest.mark.usefixtures("made")
def test_the_page_of_new_voices_follows_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "ROWS", [Row("tess", "leave_speaker_out", "svm", seeds=1)])
    run()
    assert "| 40 averages, SVM | 50.0 [50.0, 50.0] |" in accuracy.NEW_VOICES_PAGE.read_text("utf-8")


def test_without_tess_the_command_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> pd.DataFrame:
        raise CorpusError(f"{name}: no recordings; fetch it")

    monkeypatch.setattr(accuracy, "TABLE", tmp_path / "accuracy.csv")
    monkeypatch.setattr(corpora, "load", missing)
    assert run("--row", "tess/random/svm").endswith("Error: tess: no recordings; fetch it\n")
