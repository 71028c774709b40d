"""The table of results: read as it is, shown as it says, and sentences held to it."""

from contextlib import nullcontext
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora, results
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.splits import PROTOCOLS

ROOT = Path(__file__).parents[1]
COLUMNS = [*RESULT_COLUMNS, results.KEY]
ROWS = """
tess,random,,svm,all,uar,0.99,0.98,1.0,words,0.01,560,2,0.1,tess,0.9800 1.0000,abc
tess,random,,svm,all,train_accuracy,1.0,,,,0.0,,2,0.1,tess,1.0000 1.0000,abc
tess,by_speaker,OAF -> YAF,svm,none,uar,0.4843,0.465,0.5036,words,,1400,1,0.1,tess,0.4843,abc
tess,by_speaker,mean,svm,none,uar,0.4432,,,,,2800,1,0.1,tess,0.4432,abc
demo,random,,svm,all,uar,0.5,0.4,0.6,words,,34,1,0.1,demo,0.5000,abc
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A table of results on disk."""
    (tmp_path / "accuracy.csv").write_text(",".join(COLUMNS) + ROWS)
    return tmp_path / "accuracy.csv"


@pytest.fixture
def table(written: Path) -> pd.DataFrame:
    """The same, read."""
    return results.read(written)


@pytest.fixture
def tess_table() -> pd.DataFrame:
    """A corpus table as whole as TESS, without its recordings."""
    return corpora.index("tess")[["id"]].assign(corpus="tess")


def test_what_was_written_is_read_and_columns_that_do_not_apply_are_empty(table: pd.DataFrame) -> None:
    assert list(table) == COLUMNS
    assert table["value"].tolist() == [0.99, 1.0, 0.5, 0.4843, 0.4432]
    assert table["n"].dtype == "Int64"
    assert table["direction"].tolist() == ["", "", "", "OAF -> YAF", "mean"]
    assert table["interval_over"].tolist() == ["words", "", "words", "words", ""]


def test_rows_come_in_the_order_of_the_protocols_and_of_the_recipes(written: Path) -> None:
    protocols = [*PROTOCOLS, "across_corpora"]
    rows = pd.DataFrame(product(sorted(protocols), sorted(RECIPES)), columns=["protocol", "model"])
    rows.reindex(columns=COLUMNS).to_csv(written, index=False)
    shown = results.read(written)[["protocol", "model"]].itertuples(index=False, name=None)
    assert list(shown) == list(product(protocols, RECIPES))


def test_a_column_that_applies_to_no_row_is_empty(written: Path) -> None:
    pd.read_csv(written).assign(interval_over=np.nan, direction=np.nan).to_csv(written, index=False)
    table = results.read(written)
    assert set(table["interval_over"]) == set(table["direction"]) == {""}


def test_a_table_that_is_not_there_is_a_parameter_error(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.csv: no such file; `python -m benchmarks.accuracy` writes"):
        results.read(tmp_path / "none.csv")


def test_a_table_that_lacks_a_column_is_a_parameter_error(written: Path) -> None:
    pd.read_csv(written).drop(columns="per_seed").to_csv(written, index=False)
    with pytest.raises(ParameterError, match=r"accuracy\.csv has no column 'per_seed'"):
        results.read(written)


def test_the_row_that_fits_is_picked_on_tess_unless_told_otherwise(table: pd.DataFrame) -> None:
    assert results.pick(table, protocol="random", metric="uar")["value"] == 0.99
    assert results.pick(table, protocol="random", metric="uar", corpus="demo")["value"] == 0.5


@pytest.mark.parametrize(("where", "n"), [({"model": "oracle"}, 0), ({"protocol": "random"}, 2)])
def test_no_row_and_several_rows_are_a_parameter_error(table: pd.DataFrame, where: dict[str, str], n: int) -> None:
    with pytest.raises(ParameterError, match=f"{n} rows of the table of results fit; give values"):
        results.pick(table, **where)


def test_the_overview_has_a_row_for_each_model_that_was_measured_and_a_dash_where_it_was_not(
    table: pd.DataFrame,
) -> None:
    shown = results.overview(table)
    assert shown.index.tolist() == ["40 averages, SVM"]
    assert shown.loc["40 averages, SVM"].to_dict() == {
        "random": "99.0 [98.0, 100.0]",
        "by word": "-",
        "OAF -> YAF": "48.4 [46.5, 50.4]",
        "YAF -> OAF": "-",
        "mean of both": "44.3",
        "voice and word": "-",
    }


def test_a_model_that_was_measured_on_another_corpus_only_is_not_in_the_overview(table: pd.DataFrame) -> None:
    demo = table[table["corpus"] == "demo"].assign(model="frame_cnn")
    assert "convolutions over time" not in results.overview(pd.concat([table, demo])).index


def test_figures_of_the_doubled_corpus_have_a_row_of_their_own(table: pd.DataFrame) -> None:
    doubled = table[:1].assign(corpus="tess_doubled", trained_on="tess_doubled", value=0.995)
    shown = results.overview(pd.concat([table, doubled], ignore_index=True))
    assert shown["random"].to_dict() == {
        "40 averages, SVM, corpus doubled": "99.5 [98.0, 100.0]",
        "40 averages, SVM": "99.0 [98.0, 100.0]",
    }


def test_the_overview_of_nothing_has_columns_and_no_row(table: pd.DataFrame) -> None:
    assert results.overview(table[:0]).columns.tolist() == list(results.COLUMNS)
    assert len(results.overview(table[:0])) == 0


def test_new_voices_have_a_row_for_each_model_and_a_column_for_each_corpus(table: pd.DataFrame) -> None:
    svm = table[:1].assign(protocol="leave_speaker_out", trained_on="emodb+tess")
    cnn = svm.assign(model="frame_cnn", corpus="emodb", value=0.7, low=0.6, high=0.8, per_seed="0.7")
    shown = results.new_voices(pd.concat([table, svm, cnn]))
    assert shown.to_dict("index") == {
        "40 averages, SVM": {"EMO-DB": "-", "TESS": "99.0 [98.0, 100.0]"},
        "convolutions over time": {"EMO-DB": "70.0 [60.0, 80.0]", "TESS": "-"},
    }


def test_a_model_of_one_corpus_alone_is_not_among_new_voices(table: pd.DataFrame) -> None:
    alone = table[:1].assign(protocol="leave_speaker_out", corpus="emodb", trained_on="emodb")
    assert results.new_voices(alone).empty


def test_what_was_shown_of_a_voice_is_neither_picked_nor_in_the_overview_unless_asked_for(table: pd.DataFrame) -> None:
    shown = table.query("direction == 'OAF -> YAF'").assign(seen_of_voice="3", value=0.9)
    both = pd.concat([table, shown], ignore_index=True)
    where = {"protocol": "by_speaker", "direction": "OAF -> YAF"}
    assert results.pick(both, **where)["value"] == 0.4843
    assert results.pick(both, **where, seen_of_voice="3")["value"] == 0.9
    pd.testing.assert_frame_equal(results.overview(both), results.overview(table))


def test_what_a_voice_costs_stands_beside_what_a_corpus_costs(table: pd.DataFrame) -> None:
    row = table.query("direction == 'OAF -> YAF'")
    alone = row.assign(protocol="leave_speaker_out", corpus="emodb", trained_on="emodb", direction="")
    across = row.assign(protocol="across_corpora", trained_on="emodb+ravdess", direction="emodb+ravdess -> tess")
    others = alone.assign(trained_on="emodb+tess")
    shown = results.by_corpus(pd.concat([table, alone, across, others], ignore_index=True)).reset_index()
    assert shown.to_numpy().tolist() == [
        ["40 averages, SVM", "its other speakers", "48.4 [46.5, 50.4]", "44.3"],
        ["40 averages, SVM", "the other two corpora", "-", "48.4 [46.5, 50.4]"],
    ]
    assert list(shown) == ["model", "trained on", "EMO-DB", "TESS"]


def test_of_a_voice_that_was_shown_there_is_the_mean_of_the_draws_and_the_worst(table: pd.DataFrame) -> None:
    row = table.query("direction == 'OAF -> YAF'")
    three = row.assign(seen_of_voice="3", value=0.9)
    worst = three.assign(metric="uar_worst", value=0.8)
    shown = results.used_to_voice(pd.concat([table, three, worst], ignore_index=True)).reset_index()
    assert list(shown) == ["model", "direction", "nothing", *SEEN_OF_VOICE]
    first, mean = shown[["direction", "nothing", "3", "10"]].to_numpy().tolist()
    assert first == ["OAF -> YAF", "48.4", "90.0, worst 80.0", "-"]
    assert mean == ["mean", "44.3", "-", "-"]


def test_pages_of_nothing_are_empty(table: pd.DataFrame) -> None:
    assert results.by_corpus(table[:0]).empty
    assert results.used_to_voice(table).empty


def test_a_claim_that_holds_says_on_what_it_was_checked() -> None:
    assert str(results.claim("it is so", True)) == "Checked on the table of results: it is so."
    assert results.claim("a < b", True, on="TESS")._repr_html_() == "<p><em>Checked on TESS: a &lt; b.</em></p>"


def test_a_claim_that_does_not_hold_is_an_error() -> None:
    with pytest.raises(results.ClaimError, match="does not hold on TESS: it is so"):
        results.claim("it is so", False, on="TESS")


@pytest.mark.parametrize(
    ("value", "seed_sd", "agrees"),
    [(0.96, 0.01, True), (1.0, 0.01, True), (0.94, 0.01, False), (0.8, 0.2, True), (0.7, 0.2, False)],
)
def test_a_figure_agrees_within_the_range_of_the_seeds_and_some_leeway_or_their_deviation(
    value: float, seed_sd: float, agrees: bool, table: pd.DataFrame
) -> None:
    row = results.pick(table.assign(seed_sd=seed_sd), protocol="random", metric="uar")
    refused = pytest.raises(results.ClaimError, match="does not hold on TESS: this run of the 40 averages, SVM")
    with nullcontext() if agrees else refused:
        results.agrees(value, row)


def test_the_sentence_says_between_which_figures(table: pd.DataFrame) -> None:
    row = results.pick(table.assign(seed_sd=0.01), protocol="random", metric="uar")
    assert str(results.agrees(0.98, row)) == (
        "Checked on TESS: this run of the 40 averages, SVM lies between 95 and 100 %, which is the range of the "
        "table's 2 seeds and 3 points on either side."
    )


def test_a_figure_of_one_seed_agrees_within_the_leeway(table: pd.DataFrame) -> None:
    assert results.agrees(0.5, results.pick(table, direction="OAF -> YAF"))


def original(corpus: str) -> pd.DataFrame:
    """Return the four figures of the original network on a corpus."""
    figures = {
        "train_accuracy_mean_over_epochs": 0.9277,
        "accuracy_mean_over_epochs": 0.963,
        "train_accuracy": 0.984,
        "accuracy": 0.981,
    }
    rows = pd.DataFrame({"metric": figures.keys(), "value": figures.values()})
    return rows.assign(corpus=corpus, protocol="random", model="mean_mfcc_lstm", seen_of_voice="all")


def test_the_published_figures_stand_beside_those_measured_here() -> None:
    shown = results.reproduction(pd.concat([original("tess"), original("tess_doubled")])).T.to_dict("list")
    assert shown["rebuilt, corpus doubled"] == [92.77, 96.3, 98.4, 98.1]
    assert shown["published, in its notebook"] == [92.59, 96.73, 98.74, 99.82]
    assert shown["published, in its README"] == pytest.approx([96.73, 92.59, np.nan, np.nan], nan_ok=True)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Predictions of two utterances of TESS, on disk."""
    table = pd.DataFrame({"id": ["YAF_back_sad", "OAF_back_angry"], "predicted": ["sad", "happy"], "fold": ["1", "2"]})
    table.assign(model="frame_lstm", protocol="by_speaker").to_csv(tmp_path / "predictions.csv", index=False)
    return tmp_path / "predictions.csv"


def test_predictions_for_tess_are_the_committed_ones(kept: Path, tess_table: pd.DataFrame) -> None:
    found = results.kept_predictions(kept, tess_table, "frame_lstm", "by_speaker")
    assert found[["id", "predicted"]].to_numpy().tolist() == [["YAF_back_sad", "sad"], ["OAF_back_angry", "happy"]]


def test_predictions_that_were_not_kept_are_a_parameter_error(kept: Path, tess_table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"predictions\.csv: has no predictions of svm by random"):
        results.kept_predictions(kept, tess_table, "svm", "random")


def test_probabilities_that_were_kept_stand_beside_the_prediction(kept: Path, tess_table: pd.DataFrame) -> None:
    with_probabilities = pd.read_csv(kept).assign(happy=[0.2, 0.6], sad=[0.8, 0.4], fear=np.nan)
    with_probabilities.to_csv(kept, index=False)
    found = results.kept_predictions(kept, tess_table, "frame_lstm", "by_speaker")
    assert found[["happy", "sad"]].to_numpy().tolist() == [[0.2, 0.8], [0.6, 0.4]]
    assert "fear" not in found


def test_what_is_kept_of_several_corpora_is_found_as_well(kept: Path) -> None:
    table = pd.DataFrame({"id": ["YAF_back_sad", "OAF_back_angry"], "corpus": ["demo", "folder"]})
    assert results.kept_predictions(kept, table, "frame_lstm", "by_speaker")["fold"].tolist() == ["1", "2"]


def test_an_entry_has_a_line_for_each_direction_and_names_unknown_systems_as_they_are(table: pd.DataFrame) -> None:
    rows = table[table["metric"] == "uar"].assign(model="ours", n=[1400, 2800, 34, 560])
    both = pd.concat([rows, rows.assign(metric="accuracy")])
    shown = results.entry(both)

    assert set(shown.index) == {"ours"}
    assert shown[["protocol", "UAR", "interval over"]].to_numpy().tolist() == [
        [f"{row['protocol']}{', ' if row['direction'] else ''}{row['direction']}", results.percent(row), over]
        for (_, row), over in zip(rows.iterrows(), rows["interval_over"].replace("", "-"), strict=True)
    ]


def test_the_page_of_entries_shows_the_rows_of_the_table_of_results() -> None:
    rows = results.read(ROOT / "benchmarks" / "accuracy.csv")
    alone = (rows["corpus"] == "emodb") & (rows["protocol"] == "leave_speaker_out") & (rows["trained_on"] == "emodb")
    alone &= rows["seen_of_voice"] == "none"

    assert results.to_markdown(results.entry(rows[alone])) in (ROOT / "docs" / "compare.md").read_text("utf-8")


def test_an_overview_of_what_is_not_known_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="metric='f1': must be one of accuracy, uar"):
        results.overview(table, metric="f1")


def test_predictions_that_are_not_there_are_refused(tess_table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"none\.csv: no such file; `python -m benchmarks\.accuracy` writes"):
        results.kept_predictions(tmp_path / "none.csv", tess_table, "svm", "random")
