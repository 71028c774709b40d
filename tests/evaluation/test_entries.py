"""Predictions of any system are scored as an evaluation scores its own, or refused with the names of what is wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora, evaluation, splits
from emotion_lib.errors import EmotionLibError, ParameterError
from emotion_lib.evaluation import entries

SPREADSHEETS = {
    "comma": ("id,predicted\nMärz_1,sad\n", "utf-8"),
    "byte order mark": ("id;predicted\r\nMärz_1;sad\r\n", "utf-8-sig"),
    "Western Europe": ("id;predicted\r\nMärz_1;sad\r\n", "cp1252"),
    "tab": ("id\tpredicted\nMärz_1\tsad\n", "utf-8"),
    "bar": ('id|predicted\n"März_1"|sad\n', "utf-8"),
}


@pytest.fixture
def table() -> pd.DataFrame:
    """The table of a corpus of two speakers, who say six words in two emotions each."""
    return pd.DataFrame(
        [
            (f"{speaker}{word}_{emotion}", "mine", speaker, f"w{word}", emotion)
            for speaker in "AB"
            for word in range(6)
            for emotion in ("happy", "sad")
        ],
        columns=["id", "corpus", "speaker", "text", "emotion"],
    )


@pytest.fixture
def perfect(table: pd.DataFrame) -> pd.DataFrame:
    """Predictions that are all right."""
    return table[["id"]].assign(predicted=table["emotion"])


def uar(predictions: pd.DataFrame, table: pd.DataFrame, protocol: str = "leave_speaker_out") -> float:
    """Return the UAR of predictions."""
    rows = evaluation.result_rows(entries.score_predictions(predictions, table, protocol, system="ours"))
    return float(rows.set_index("metric")["value"]["uar"])


@pytest.mark.parametrize("protocol", ["random", "by_word", "by_speaker", "by_speaker_and_word", "leave_speaker_out"])
def test_the_predictions_of_an_evaluation_score_as_the_evaluation(protocol: str, tmp_path: Path) -> None:
    demo = corpora.load("demo")
    evaluated = evaluation.evaluate(demo, "logistic_regression", protocol)
    shuffled = evaluated.predictions[["id", "predicted"]].sample(frac=1, random_state=0)
    shuffled.to_csv(tmp_path / "predictions.csv", index=False)

    found = entries.score_predictions(
        entries.read_csv(tmp_path / "predictions.csv"), demo, protocol, system="logistic_regression"
    )

    expected = evaluation.result_rows(evaluated).assign(minutes=np.nan)
    pd.testing.assert_frame_equal(evaluation.result_rows(found), expected)


def test_a_system_that_was_trained_elsewhere_is_tested_on_all_utterances(
    perfect: pd.DataFrame, table: pd.DataFrame
) -> None:
    across = evaluation.ACROSS_CORPORA
    rows = evaluation.result_rows(
        entries.score_predictions(perfect, table, across, system="ours", trained_on="radio plays")
    )

    assert set(rows["direction"]) == {"radio plays -> mine"}
    assert set(rows["trained_on"]) == {"radio plays"}
    assert set(rows["n"]) == {len(table)}


def test_a_list_of_folds_says_what_is_tested(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    folds = splits.list_folds(table, "random", seed=3)
    tested = folds.loc[folds["side"] == "test", "id"]
    answers = perfect[perfect["id"].isin(tested)]
    found = entries.score_predictions(answers, table, "random", system="ours", folds=folds)

    assert sorted(found.predictions["id"]) == sorted(tested)


def test_constant_predictions_score_chance_and_no_answer_is_wrong(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    assert uar(perfect, table) == 1
    assert uar(perfect.assign(predicted="sad"), table) == 0.5
    assert uar(perfect.assign(predicted="unknown"), table) == 0


def test_headings_and_emotions_may_be_in_capitals(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    shouted = perfect.assign(predicted=" " + perfect["predicted"].str.upper())

    assert uar(shouted.rename(columns={"id": "ID", "predicted": "Emotion "}), table) == 1


def test_the_most_probable_emotion_counts_if_there_is_no_prediction(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    right = np.where(table["emotion"] == "happy", "0,7", "0,2")
    wrong = np.where(table["emotion"] == "happy", "0,29", "0,79")
    probabilities = perfect[["id"]].assign(emotion="happy", happy=right, sad=wrong)

    assert uar(probabilities, table) == 1
    assert uar(probabilities.assign(predicted="happy"), table) == 0.5


@pytest.mark.parametrize("name", SPREADSHEETS)
def test_a_spreadsheet_is_read(name: str, tmp_path: Path) -> None:
    text, encoding = SPREADSHEETS[name]
    (tmp_path / "predictions.csv").write_bytes(text.encode(encoding))

    assert entries.read_csv(tmp_path / "predictions.csv").to_dict("list") == {"id": ["März_1"], "predicted": ["sad"]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "an empty file; its first line must name the columns"),
        ('id,predicted\n"A', "not a line of a CSV file"),
        ("id,predicted\na,b,c,d\n", "4 cells below 2 columns, in the line of a"),
        ("id,id\na,b\n", "two columns have the same name"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(content: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(EmotionLibError, match=rf"predictions\.csv.*: {sentence}"):
        entries.read_csv(tmp_path / "predictions.csv")


def test_wrong_ids_are_refused_by_name(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    first = perfect.head(5)
    cases = {
        "ids with two predictions or more: 'A0_happy' .1 in all.": pd.concat([perfect, first.head(1)]),
        "ids without a prediction: 'A0_happy', 'A0_sad', 'A1_happy', ... .5 in all.; predict all 24": perfect.iloc[5:],
        "ids that are not tested: 'A0_happy.wav'.* names such as 'A0_happy'": perfect.replace(
            "A0_happy", "A0_happy.wav"
        ),
        "the predictions has no column 'id'": perfect.rename(columns={"id": "file"}),
    }
    for sentence, answers in cases.items():
        with pytest.raises(ParameterError, match=sentence):
            uar(answers, table)


def test_a_word_that_is_no_emotion_is_refused_with_the_known_ones(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"emotion 'envy' is not known \(1 such.*are angry \(anger, .*sad"):
        uar(perfect.replace("happy", "envy"), table)
    with pytest.raises(ParameterError, match="the predictions has no column 'emotion': give predicted emotions as"):
        uar(perfect[["id"]], table)


@pytest.mark.parametrize(
    ("happy", "sentence"),
    [
        *((word, "be numbers") for word in ("", "nan", "high", "inf")),
        ("-0.1", "not be negative"),
        *((number, "sum to 1 over happy, sad") for number in ("0.2", "50")),
    ],
)
def test_what_is_no_probability_is_refused(happy: str, sentence: str, table: pd.DataFrame) -> None:
    answers = table[["id"]].assign(happy="0.5", sad="0.5")
    answers.loc[2, "happy"] = happy
    with pytest.raises(ParameterError, match=rf"probabilities of 'A1_happy' \(1 in all\): must {sentence}"):
        uar(answers, table)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda folds: folds.drop(columns="side"), "the list of folds has no column 'side'"),
        (lambda folds: folds[folds["side"] == "train"], "no row with side 'test'"),
        (lambda folds: pd.concat([folds, folds]), "tests utterances twice: 'A0_happy'"),
        (lambda folds: folds.replace("A0_happy", "C"), "ids that are not in mine: 'C' .1 in all."),
    ],
)
def test_a_list_that_is_not_one_of_folds_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], sentence: str, perfect: pd.DataFrame, table: pd.DataFrame
) -> None:
    folds = change(splits.list_folds(table, "by_speaker"))
    with pytest.raises(ParameterError, match=sentence):
        entries.score_predictions(perfect, table, "by_speaker", system="ours", folds=folds)


def test_folds_that_share_a_speaker_are_no_row_of_a_protocol_that_keeps_them_apart(
    perfect: pd.DataFrame, table: pd.DataFrame
) -> None:
    mixed = table[["id"]].assign(fold="1", side=["test", "train"] * (len(table) // 2))
    tested = perfect[perfect["id"].isin(mixed["id"][mixed["side"] == "test"])]
    with pytest.raises(ParameterError, match="speaker 'A' is in training and test of fold '1', but leave_speaker_out"):
        entries.score_predictions(tested, table, "leave_speaker_out", system="ours", folds=mixed)


def test_two_columns_of_one_name_are_refused(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="two columns are named 'predicted', apart from case"):
        entries.score_predictions(perfect.assign(Predicted="sad"), table, "leave_speaker_out", system="ours")


def test_several_runs_of_a_system_are_told_apart_by_a_seed(perfect: pd.DataFrame, table: pd.DataFrame) -> None:
    runs = pd.concat([perfect.assign(Seed="10"), perfect.assign(Seed="9", predicted="happy")])
    found = entries.score_predictions(runs, table, "leave_speaker_out", system="ours")

    assert found.predictions["seed"].value_counts().to_dict() == {0: 24, 1: 24}
    (row,) = (row for _, row in evaluation.result_rows(found).query("metric == 'uar'").iterrows())
    assert row["value"] == pytest.approx(0.75)
    with pytest.raises(ParameterError, match="ids without a prediction: 'B5_sad'"):
        uar(runs[:-1], table)
