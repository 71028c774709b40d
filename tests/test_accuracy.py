"""The table of results is made row by row, goes on where it was stopped, and is committed as it was made."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks import accuracy, rows
from benchmarks.rows import ROWS, Row
from emotion_lib import corpora, evaluation, results, training
from emotion_lib.emotions import EMOTIONS, STYLES
from emotion_lib.errors import CorpusError, MissingExtraError, ParameterError
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE, Evaluation
from emotion_lib.extraction import Features
from emotion_lib.recipes import RECIPES, Options, Predictor
from emotion_lib.splits import PROTOCOLS

QUICK, NETWORK = Row("tess", "random", "svm", seeds=1), Row("tess", "random", "frame_lstm", seeds=2, quick=False)
FIGURES = ["accuracy", "uar"]
FRAME_CNN = RECIPES["frame_cnn"]


def evaluated(row: Row, heard: str = "sad") -> list[Evaluation]:
    """Return an evaluation in which everything was heard as one emotion."""
    cells = [(seed, word, emotion) for seed in range(row.seeds) for word in "xyz" for emotion in ("happy", "sad")]
    predictions = pd.DataFrame(cells, columns=["seed", "text", "emotion"]).assign(predicted=heard, fold="1")
    predictions = predictions.assign(
        id="OAF_" + predictions["text"] + "_" + predictions["emotion"], speaker="OAF", corpus=row.corpus
    )
    return [Evaluation(row.corpus, row.protocol, row.model, predictions, pd.DataFrame(), 0.5)]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the rows that are made, in a table of two rows in an empty folder."""
    names: list[str] = []

    def made_up(row: Row) -> list[Evaluation]:
        names.append(row.name)
        return evaluated(row)

    monkeypatch.setattr(accuracy, "TABLE", tmp_path / "accuracy.csv")
    monkeypatch.setattr(accuracy, "PAGES", {tmp_path / path.name: show for path, show in accuracy.PAGES.items()})
    monkeypatch.setattr(accuracy, "PREDICTIONS", tmp_path / "predictions.csv")
    monkeypatch.setattr(accuracy, "ROWS", [QUICK, NETWORK])
    monkeypatch.setattr(Row, "evaluated", made_up)
    monkeypatch.setattr(Row, "key", "present")
    return names


def run(*arguments: str) -> str:
    """Return what the command says."""
    return CliRunner().invoke(accuracy.main, arguments, catch_exceptions=False).output


def page(name: str) -> str:
    """Return a page that was written beside the table."""
    return (accuracy.TABLE.parent / name).read_text("utf-8")


def test_only_what_is_quick_is_made_and_it_is_made_each_time(made: list[str]) -> None:
    assert run() == (
        "tess/random/svm: made; not in the table before.\n"
        "tess/random/frame_lstm: not made yet; `make accuracy ROW=tess/random/frame_lstm` makes it.\n"
    )
    assert "tess/random/svm: made; as committed.\n" in run()
    assert made == [QUICK.name, QUICK.name]


def test_all_that_is_not_up_to_date_is_made_and_said_to_take_hours(made: list[str]) -> None:
    assert run("--all").startswith("2 of 2 rows are not up to date: about 0.0 hours, and 2 rows that were never made\n")
    assert "tess/random/svm: from the committed table, up to date.\n" in run("--all")
    assert made == [QUICK.name, NETWORK.name]
    table = results.read(accuracy.TABLE)
    assert table["model"].tolist() == ["svm", "svm", "frame_lstm", "frame_lstm"]
    assert set(table[results.KEY]) == {"present"}


def test_a_slow_row_that_is_out_of_date_is_told_and_made_again_only_with_all(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--all")
    monkeypatch.setattr(Row, "key", "changed")
    told = "of another recipe, other features or recordings; ROW=tess/random/frame_lstm makes it again.\n"
    assert f"tess/random/frame_lstm: from the committed table, {told}" in run()
    assert run("--all").startswith("1 of 2 rows are not up to date: about 0.0 hours\n")
    assert made == [QUICK.name, NETWORK.name, QUICK.name, NETWORK.name]


def test_a_run_that_was_stopped_goes_on_with_the_row_it_was_at(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(row: Row) -> list[Evaluation]:
        if row != QUICK:
            raise KeyboardInterrupt
        return evaluated(row)

    with monkeypatch.context() as patched:
        patched.setattr(Row, "evaluated", stop)
        run("--all")
    run("--all")
    assert made == [NETWORK.name]


def test_a_row_that_is_named_is_made_again_in_the_place_of_the_old_one_and_the_difference_told(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--all")
    before = results.read(accuracy.TABLE)
    monkeypatch.setattr(Row, "evaluated", lambda row: evaluated(row, heard="angry"))
    assert run("--row", QUICK.name) == (
        "tess/random/svm: made; tess all accuracy is 0.0000, was 0.5000; tess all uar is 0.0000, was 0.5000.\n"
    )
    after = results.read(accuracy.TABLE)
    assert len(after) == len(before)
    assert after.query("model == 'svm'")["value"].tolist() == [0, 0]
    others = "model == 'frame_lstm'"
    pd.testing.assert_frame_equal(before.query(others), after.query(others))


@pytest.mark.usefixtures("made")
def test_a_row_that_there_is_not_names_those_that_there_are() -> None:
    assert "'tess/random/oracle' is not one of tess/random/svm" in run("--row", "tess/random/oracle")


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


def test_a_figure_that_is_gone_is_a_difference() -> None:
    line = {"corpus": "tess", "direction": "mean", "seen_of_voice": "none", "metric": "uar", "value": 0.9, "seed_sd": 0}
    was = pd.DataFrame([line])
    assert list(accuracy._differences(QUICK, was, was.assign(metric="f1"))) == [
        "tess mean none uar is nan, was 0.9000",
        "tess mean none f1 is 0.9000, was nan",
    ]


@pytest.mark.usefixtures("made")
def test_the_page_follows_every_row() -> None:
    run()
    assert "| 40 averages, SVM | 50.0 [50.0, 50.0] | - |" in page("accuracy.md")


@pytest.mark.usefixtures("made")
def test_the_page_of_new_voices_follows_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("emodb+tess", "leave_speaker_out", "svm")
    monkeypatch.setattr(accuracy, "ROWS", [row])
    monkeypatch.setattr(Row, "evaluated", lambda row: _of_corpora(evaluated(row)[0]))
    run()
    assert "| 40 averages, SVM | 50.0 | 50.0 |" in page("new_voices.md").replace(" [50.0, 50.0]", "")


def _of_corpora(found: Evaluation) -> list[Evaluation]:
    """Return the same of each of its corpora."""
    predictions = pd.concat([found.predictions.assign(corpus=name) for name in found.corpus.split("+")])
    return [replace(found, predictions=predictions)]


@pytest.mark.usefixtures("made")
def test_what_the_first_seed_heard_is_kept_once_however_often_it_is_made() -> None:
    run("--row", NETWORK.name)
    run("--row", NETWORK.name)
    kept = pd.read_csv(accuracy.TABLE.parent / "predictions.csv")
    assert list(kept) == ["model", "protocol", "fold", "id", "predicted"]
    assert len(kept) == 6
    assert kept["id"].is_unique


def test_of_a_network_across_voices_the_probabilities_are_kept(tmp_path: Path) -> None:
    (found,) = evaluated(Row("tess", "by_speaker", "frame_lstm"))
    found.predictions[["happy", "sad"]] = [0.12346, 0.87656]
    accuracy._keep_predictions(found, tmp_path / "kept.csv")
    (random,) = evaluated(Row("tess", "random", "frame_lstm"))
    random.predictions[["happy", "sad"]] = [0.5, 0.5]
    accuracy._keep_predictions(random, tmp_path / "kept.csv")
    kept = pd.read_csv(tmp_path / "kept.csv").set_index("protocol")
    assert list(kept) == ["model", "fold", "id", "predicted", "happy", "sad"]
    assert kept[["happy", "sad"]].loc["by_speaker"].drop_duplicates().to_numpy().tolist() == [[0.1235, 0.8766]]
    assert kept[["happy", "sad"]].loc["random"].isna().to_numpy().all()
    assert len(kept) == 12


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


def test_each_committed_figure_is_of_a_corpus_that_was_trained_on_or_across(committed: pd.DataFrame) -> None:
    for _, row in committed.iterrows():
        inside = row["corpus"] in row["trained_on"].split("+")
        assert inside == (row["protocol"] != ACROSS_CORPORA)


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


def test_a_row_of_several_corpora_is_of_the_seven_emotions_and_a_network_goes_on_where_it_was(
    asked: list[dict[str, Any]],
) -> None:
    Row("emodb+tess", "leave_speaker_out", "frame_cnn", seeds=1).evaluated()
    (call,) = asked
    assert call["table"].groupby("corpus")["emotion"].apply(tuple).to_dict() == {"emodb": EMOTIONS, "tess": EMOTIONS}
    assert call["checkpoints"].parent == rows.CHECKPOINTS
    assert call["checkpoints"].name.startswith("emodb+tess-leave_speaker_out-frame_cnn-")


@pytest.mark.usefixtures("asked")
def test_what_was_trained_goes_on_only_with_the_same_key_and_where_no_curves_are_wanted() -> None:
    by_speaker, random, svm = (
        Row("tess", protocol, model)
        for protocol, model in [("by_speaker", "frame_lstm"), ("random", "frame_lstm"), ("by_speaker", "svm")]
    )
    assert by_speaker.checkpoints is not None
    assert by_speaker.checkpoints.name.endswith(by_speaker.key)
    assert random.checkpoints is svm.checkpoints is None


def test_a_row_of_one_corpus_is_of_all_its_emotions(asked: list[dict[str, Any]]) -> None:
    Row("emodb", "leave_speaker_out", "svm").evaluated()
    assert set(asked[0]["table"]["emotion"]) == set(STYLES)
    assert asked[0]["checkpoints"] is None


def test_of_ravdess_the_first_twelve_actors_are_measured(asked: list[dict[str, Any]]) -> None:
    Row("ravdess", "leave_speaker_out", "svm").evaluated()
    assert set(asked[0]["table"]["speaker"]) == {"actor_01", "actor_02"}


def test_a_row_across_corpora_trains_on_the_others(asked: list[dict[str, Any]]) -> None:
    Row("tess", ACROSS_CORPORA, "svm", train_on="emodb+ravdess").evaluated()
    (call,) = asked
    assert (set(call["train"]["corpus"]), set(call["test"]["corpus"])) == ({"emodb", "ravdess"}, {"tess"})
    assert call["checkpoints"] is None


def test_a_doubled_corpus_has_each_recording_twice_under_two_names(asked: list[dict[str, Any]]) -> None:
    Row("tess_doubled", "random", "mean_mfcc_lstm", seeds=2).evaluated()
    (call,) = asked
    assert set(call["table"]["corpus"]) == {"tess_doubled"}
    assert call["table"]["id"].is_unique
    assert call["table"]["emotion"].value_counts().to_dict() == dict.fromkeys(STYLES, 2)
    assert call["seeds"] == range(2)
    assert call["checkpoints"] is None


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
        {"constants": FRAME_CNN.constants | {"regime": training.AS_GIVEN}},
        {"settings": replace(FRAME_CNN.settings, hop_length=160)},
        {"feature": "mfcc"},
        {"version": FRAME_CNN.version + 1},
    ],
    ids=["epochs", "regime", "settings", "feature", "version"],
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


@pytest.mark.parametrize(
    "error",
    [
        CorpusError("tess: no recordings; fetch it"),
        MissingExtraError("opensmile is not installed"),
        ParameterError("predictions.csv: has no predictions of frame_lstm by by_speaker"),
    ],
)
def test_what_cannot_be_made_here_is_said_and_the_rest_goes_on(
    error: Exception, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()

    def cannot(row: Row) -> list[Evaluation]:
        raise error

    monkeypatch.setattr(Row, "evaluated", cannot)
    first, second = run().splitlines()
    assert first.startswith("tess/random/svm: from the committed table, ")
    assert first.endswith(f"It cannot be made here: {error}")
    assert second.startswith("tess/random/frame_lstm: ")
    assert run("--row", QUICK.name).endswith(f"Error: {error}\n")
    assert len(results.read(accuracy.TABLE)) == 2


def test_without_its_corpus_a_row_is_not_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> pd.DataFrame:
        raise CorpusError(f"{name}: no recordings; fetch it")

    rows._corpus.cache_clear()
    monkeypatch.setattr(accuracy, "TABLE", tmp_path / "accuracy.csv")
    monkeypatch.setattr(corpora, "load", missing)
    assert not accuracy._is_current(Row("tess", "random", "svm"), accuracy._kept())
    assert run("--row", "tess/random/most_frequent").endswith("Error: tess: no recordings; fetch it\n")


@pytest.mark.tess
@pytest.mark.usefixtures("tess")
@pytest.mark.parametrize("model", ["svm", "mean_std_logistic_regression"])
def test_what_is_committed_is_what_the_present_code_makes(model: str, committed: pd.DataFrame) -> None:
    row = Row("tess", "by_speaker", model)
    figures = evaluation.rows(row.evaluated()[0]).set_index(["direction", "metric"])["value"]
    kept = committed[row.lines(committed)].set_index(["direction", "metric"])["value"]
    assert figures.to_dict() == pytest.approx(kept.to_dict(), abs=0.003)
