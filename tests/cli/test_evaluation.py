"""`emotion-lib evaluate` measures a model or a recogniser, and `emotion-lib score` the predictions of any system."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emotion_lib import corpora, evaluation
from emotion_lib.evaluation import degraded, model_card, scores
from emotion_lib.recognizer import EmotionRecognizer
from tests.cli.conftest import run, toy


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A folder with some recordings of the demo corpus."""
    for path in corpora.load("demo")["path"][::12]:
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def heard_dea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a recogniser that was trained on one of the two voices of the demo corpus."""
    table = corpora.load("demo")
    known = model_card.list_utterances(table[table["speaker"] == "DEA"])
    return toy(trained_on=known).save(tmp_path_factory.mktemp("trained") / "dea.emotion")


def test_a_model_by_a_protocol_has_the_figures_of_the_library() -> None:
    rows = evaluation.result_rows(evaluation.evaluate(corpora.load("demo"), "svm", "by_speaker"))
    result = run("evaluate", "demo", "--model", "svm", "--protocol", "by_speaker")
    uar = rows[rows["metric"] == "uar"].set_index("direction").to_dict(orient="index")
    first: dict[Any, Any] = uar["DEB -> DEA"]

    assert result.exit_code == 0
    assert result.stdout.startswith("svm (40 averages, SVM) on demo, by_speaker, trained 1 time\n")
    interval = f"[{100 * first['low']:.1f}, {100 * first['high']:.1f}] over words"
    assert f"\nDEB -> DEA: UAR {100 * first['value']:.1f} % {interval}\n" in result.stdout
    assert f"\nmean: UAR {100 * uar['mean']['value']:.1f} %\n" in result.stdout


def test_a_model_by_a_protocol_as_json_is_the_rows_of_the_library() -> None:
    rows = evaluation.result_rows(evaluation.evaluate(corpora.load("demo"), "most_frequent", "random", seeds=range(2)))
    result = run("evaluate", "demo", "--model", "most_frequent", "--protocol", "random", "--seeds", "2", "--json")
    found = pd.DataFrame(json.loads(result.stdout))

    assert list(found) == list(evaluation.RESULT_COLUMNS)
    pd.testing.assert_frame_equal(found.drop(columns="minutes"), rows.drop(columns="minutes"), check_dtype=False)


def test_a_model_that_was_trained_on_other_corpora_has_the_figures_of_the_library(tess_folder: Path) -> None:
    found = evaluation.evaluate_across(corpora.load(tess_folder), corpora.load("demo"), "logistic_regression")
    uar = evaluation.result_rows(found).set_index("metric").to_dict(orient="index")["uar"]
    result = run("evaluate", "demo", "--model", "logistic_regression", "--train-on", tess_folder)

    assert result.exit_code == 0
    first, *_, last = result.stdout.splitlines()
    assert first == "logistic_regression (40 averages, logistic regression) on demo, across_corpora, trained 1 time"
    assert last.startswith(f"{uar['direction']}: UAR {100 * uar['value']:.1f} % [")
    assert uar["direction"].endswith(" -> demo")


def test_the_spread_over_seeds_is_said() -> None:
    result = run("evaluate", "demo", "--model", "svm", "--protocol", "random", "--seeds", "2")

    assert "standard deviation over seeds" in result.stdout


def test_a_recogniser_has_the_score_of_the_library(recognizer: Path) -> None:
    score = scores.score(EmotionRecognizer.load(recognizer), corpora.load("demo"))

    assert run("evaluate", "demo", "--recognizer", recognizer).stdout == f"{score}\n"
    assert json.loads(run("evaluate", "demo", "--recognizer", recognizer, "--json").stdout) == score.to_dict()


@pytest.mark.filterwarnings("ignore:demo. 154 recordings missing")
def test_a_recogniser_is_scored_under_conditions(recognizer: Path, few: Path) -> None:
    found = degraded.score_conditions(EmotionRecognizer.load(recognizer), corpora.load(few))

    assert run("evaluate", few, "--recognizer", recognizer, "--conditions").stdout == f"{found}\n"
    as_json = json.loads(run("evaluate", few, "--recognizer", recognizer, "--conditions", "--json").stdout)
    assert [row["condition"] for row in as_json["conditions"]] == found.rows["condition"].tolist()
    assert as_json["conditions"][0]["difference"] is None


def test_what_a_recogniser_was_trained_on_is_refused_under_conditions_too(heard_dea: Path) -> None:
    result = run("evaluate", "demo", "--recognizer", heard_dea, "--conditions")

    assert result.exit_code == 1
    assert "was trained on 84 of these 168 utterances" in result.stderr


def test_what_a_recogniser_was_trained_on_is_refused(heard_dea: Path) -> None:
    result = run("evaluate", "demo", "--recognizer", heard_dea)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "was trained on 84 of these 168 utterances" in result.stderr
    assert "`--unheard`" in result.stderr


def test_it_can_be_left_out_or_counted_and_both_are_said(heard_dea: Path) -> None:
    unheard = run("evaluate", "demo", "--recognizer", heard_dea, "--unheard")
    included = run("evaluate", "demo", "--recognizer", heard_dea, "--include-trained")

    assert unheard.stdout.startswith("demo: 84 utterances of 1 speaker.")
    assert "Left out 84 of 168 utterances" in unheard.stderr
    assert "0 of the other 84 are by speakers that it was trained on" in unheard.stderr
    assert included.stdout.startswith("demo: 168 utterances of 2 speakers.")
    assert "It was trained on 84 of them" in included.stdout


def test_recordings_that_cannot_be_heard_are_exit_code_1(recognizer: Path, tess_folder: Path) -> None:
    next(tess_folder.rglob("YAF_cloud_sad.wav")).write_text("not audio")
    result = run("evaluate", tess_folder, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert "Cannot be used (1):\n  YAF_cloud_sad.wav: not audio" in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--model", "svm"],
        ["--protocol", "random"],
        ["--model", "svm", "--protocol", "random", "--pretrained"],
        ["--model", "svm", "--protocol", "random", "--train-on", "demo"],
        ["--train-on", "demo"],
        ["--pretrained", "--train-on", "demo"],
        ["--pretrained", "--recognizer", "x.emotion"],
        ["--pretrained", "--unheard", "--include-trained"],
    ],
)
def test_half_a_question_or_two_are_exit_code_2(words: list[str]) -> None:
    assert run("evaluate", "demo", *words).exit_code == 2


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """The file of a system that hears anger in every utterance of the demo corpus."""
    path = tmp_path / "always angry.csv"
    corpora.index("demo")[["id"]].assign(predicted="angry").to_csv(path, sep=";", index=False, encoding="utf-8-sig")
    return path


def test_the_score_of_predictions_is_a_row_in_markdown_and_needs_no_recordings(
    predictions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpora.table, "places", lambda name: [tmp_path / name])
    result = run("score", predictions, "--corpus", "demo", "--protocol", "by_word")

    assert result.stdout.splitlines()[2:] == [
        "| always angry | demo | by_word | 168 | 14.3 [14.3, 14.3] | 14.3 [14.3, 14.3] | words |"
    ]
    assert result.stderr == "Warning: the demo corpus is synthetic speech; scores on it are not results\n"


def test_the_score_of_predictions_as_json_is_rows_of_the_table_of_results(predictions: Path) -> None:
    words = ["--corpus", "demo", "--trained-on", "radio plays", "--name", "ours", "--json"]
    rows = pd.DataFrame(json.loads(run("score", predictions, *words).stdout))

    assert list(rows) == list(evaluation.RESULT_COLUMNS)
    assert rows[["model", "protocol", "direction", "metric"]].to_numpy().tolist() == [
        ["ours", "across_corpora", "radio plays -> demo", metric] for metric in ("accuracy", "uar")
    ]


def test_a_folder_is_scored_on_the_recordings_in_it(tess_folder: Path, tmp_path: Path) -> None:
    table = corpora.load(tess_folder)
    table[["id", "emotion"]].to_csv(tmp_path / "Gehört.csv", sep=";", index=False, encoding="cp1252")
    result = run("score", tmp_path / "Gehört.csv", "--corpus", tess_folder, "--protocol", "leave_speaker_out")

    assert result.exit_code == 0
    assert "| Gehört | folder | leave_speaker_out | 42 | 100.0 [100.0, 100.0] |" in result.stdout


def test_a_list_that_split_wrote_says_what_is_scored(predictions: Path, tmp_path: Path) -> None:
    protocol, folds = ["--protocol", "by_speaker"], tmp_path / "folds.csv"
    assert run("split", "demo", *protocol, "-o", folds).exit_code == 0
    by_list = run("score", predictions, "--corpus", "demo", *protocol, "--folds", folds)

    assert by_list.exit_code == 0
    assert by_list.stdout == run("score", predictions, "--corpus", "demo", *protocol).stdout


def test_predictions_for_other_utterances_are_exit_code_1(predictions: Path) -> None:
    result = run("score", predictions, "--corpus", "emodb", "--protocol", "leave_speaker_out")

    assert result.exit_code == 1
    assert "Error: ids that are not tested: 'DEA_back_angry', " in result.stderr


@pytest.mark.parametrize("words", [[], ["--protocol", "random", "--trained-on", "x"], ["--folds", __file__]])
def test_predictions_without_a_protocol_are_exit_code_2(words: list[str], predictions: Path) -> None:
    assert run("score", predictions, "--corpus", "demo", *words).exit_code == 2
