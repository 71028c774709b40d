"""Evaluation: rows of results that can be counted by hand, and a held-out side that is only ever predicted."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emotion_lib import evaluation, extraction, splits
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import Evaluation
from emotion_lib.evaluation.recipes import RECIPES, Options, Predictor
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings

N_WORDS = 10


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """A corpus table of two voices, seven emotions and ten words, whose features are made up."""
    return designed(monkeypatch)


def designed(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Return the table, and make its features up as long as the patch holds."""
    monkeypatch.setattr(extraction, "extract", made_up_features)
    monkeypatch.setitem(RECIPES["frame_lstm"].constants, "epochs", 2)
    cells = product(("A", "B"), EMOTIONS, [f"word{number}" for number in range(N_WORDS)])
    table = pd.DataFrame(cells, columns=["speaker", "emotion", "text"])
    return table.assign(id=table["speaker"] + "_" + table["text"] + "_" + table["emotion"], corpus="folder")


def made_up_features(
    table: pd.DataFrame, feature: str, *, settings: FeatureSettings, progress: bool | None = None
) -> Features:
    """Return features that follow from the id: each emotion has a place of its own, further out for voice B."""
    acted = table["id"].str.rpartition("_")[2].map(EMOTIONS.index).to_numpy()
    X = 3 * np.eye(len(EMOTIONS))[acted] * np.where(table["speaker"] == "B", 1.5, 1.0)[:, None]
    X = (X + np.random.default_rng(0).standard_normal(X.shape)).astype(np.float32)
    lengths = np.ones(len(table), dtype=np.int32)
    if feature == "mfcc":
        return Features(np.repeat(X[:, None], 3, axis=1), 3 * lengths, table, feature, settings)
    if feature == "log_mel":  # frames that move as far as the numbers say
        signs = np.where(np.arange(12) % 2, 1, -1)[:, None]
        return Features(np.tile(X, 4)[:, None] * signs, 12 * lengths, table, feature, settings)
    if feature == "encoder_statistics":  # means and deviations of three layers
        return Features(np.tile(X, 6), lengths, table, feature, settings)
    return Features(X, lengths, table, feature, settings)


def predicted(table: pd.DataFrame, heard: np.ndarray | pd.Series | str, **options: object) -> Evaluation:
    """Return an evaluation that holds these predictions."""
    predictions = table[["corpus", "id", "speaker", "text", "emotion"]].assign(predicted=heard, seed=0, fold="1")
    held = {"corpus": "folder", "protocol": "random", "model": "svm", "histories": pd.DataFrame(), "minutes": 0.123}
    return Evaluation(**(held | {"predictions": predictions} | options))  # type: ignore[arg-type]


def row(results: pd.DataFrame, **where: str) -> pd.Series:
    """Return the one row that fits."""
    (found,) = (row for _, row in results.iterrows() if all(row[name] == value for name, value in where.items()))
    return found


@pytest.mark.parametrize(("protocol", "n"), [("random", 28), ("by_word", 140), ("by_speaker", 140)])
def test_each_utterance_of_a_test_is_predicted_once(table: pd.DataFrame, protocol: str, n: int) -> None:
    found = evaluation.evaluate(table, "most_frequent", protocol)
    assert len(found.predictions) == found.predictions["id"].nunique() == n
    assert list(found.predictions) == ["corpus", "id", "speaker", "text", "emotion", "predicted", "seed", "fold"]


def shuffled(table: pd.DataFrame, speaker: str) -> pd.DataFrame:
    """Return the table with the emotions of one speaker in another order."""
    theirs = table["speaker"] == speaker
    emotion = table["emotion"].copy()
    emotion[theirs] = np.random.default_rng(0).permutation(emotion[theirs])
    return table.assign(emotion=emotion)


@pytest.mark.parametrize("model", [*(name for name in RECIPES if not RECIPES[name].is_network), "frame_lstm"])
def test_shuffled_labels_of_the_held_out_voice_change_nothing_but_its_score(
    model: str, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_b = [part for part in splits.split(table, "by_speaker") if part.fold == "A -> B"]
    monkeypatch.setattr(splits, "split", lambda *_, seed: to_b)
    true, false = (evaluation.evaluate(each, model, "by_speaker").predictions for each in (table, shuffled(table, "B")))
    assert (true["emotion"] != false["emotion"]).any()
    pd.testing.assert_frame_equal(true.drop(columns="emotion"), false.drop(columns="emotion"), check_exact=True)
    if true["predicted"].nunique() > 1:
        assert np.mean(true["predicted"] == true["emotion"]) != np.mean(false["predicted"] == false["emotion"])


@pytest.fixture(scope="module")
def network() -> Evaluation:
    """What a network heard, trained once for the tests that only look at it."""
    with pytest.MonkeyPatch.context() as patched:
        return evaluation.evaluate(designed(patched), "frame_lstm", "by_speaker", seeds=(4,))


def test_of_a_network_the_probability_of_each_emotion_is_kept(network: Evaluation) -> None:
    probabilities = network.predictions[list(EMOTIONS)]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert probabilities.idxmax(axis=1).tolist() == network.predictions["predicted"].tolist()


def test_a_network_has_a_history_for_each_seed_and_fold_and_a_baseline_has_none(
    network: Evaluation, table: pd.DataFrame
) -> None:
    histories = network.histories
    assert histories.groupby(["seed", "fold"])["epoch"].apply(list).to_dict() == {
        (4, "A -> B"): [1, 2],
        (4, "B -> A"): [1, 2],
    }
    assert "test_accuracy" in histories
    assert evaluation.evaluate(table, "svm", "by_speaker").histories.empty


def test_rows_have_the_columns_of_the_table_of_results(table: pd.DataFrame) -> None:
    results = evaluation.result_rows(predicted(table, table["emotion"]))
    assert tuple(results) == evaluation.RESULT_COLUMNS
    assert results["metric"].tolist() == ["accuracy", "uar"]
    assert results["seed_sd"].isna().all()
    fixed = results[["corpus", "protocol", "model", "interval_over", "trained_on", "n", "seeds", "minutes"]]
    assert fixed.drop_duplicates().to_numpy().tolist() == [["folder", "random", "svm", "words", "folder", 140, 1, 0.1]]


def test_each_direction_has_an_interval_and_their_mean_has_none(table: pd.DataFrame) -> None:
    results = evaluation.result_rows(evaluation.evaluate(table, "svm", "by_speaker")).query("metric == 'uar'")
    one, other, mean = (row(results, direction=direction) for direction in ("A -> B", "B -> A", "mean"))
    assert one["low"] <= one["value"] <= one["high"]
    assert mean[["low", "high", "interval_over"]].isna().all()
    assert mean["value"] == pytest.approx((one["value"] + other["value"]) / 2, abs=1e-4)
    assert (one["n"], other["n"], mean["n"]) == (70, 70, 140)
    assert set(results["seen_of_voice"]) == {"none"}


def test_words_that_were_left_out_too_are_pooled_in_each_direction(table: pd.DataFrame) -> None:
    results = evaluation.result_rows(evaluation.evaluate(table, "svm", "by_speaker_and_word")).query("metric == 'uar'")
    assert results[["direction", "n", "seen_of_voice"]].to_numpy().tolist() == [
        ["A -> B", 70, "none"],
        ["B -> A", 70, "none"],
        ["mean", 140, "none"],
    ]


def test_the_figure_is_the_mean_over_seeds_and_each_seed_is_listed(table: pd.DataFrame) -> None:
    right, wrong = predicted(table, table["emotion"]).predictions, predicted(table, "sad").predictions
    both = pd.concat([right, wrong.assign(seed=1)])
    uar = row(evaluation.result_rows(predicted(table, "sad", predictions=both)), metric="uar")
    assert uar["per_seed"] == "1.0000 0.1429"
    assert uar["value"] == pytest.approx((1 + 1 / 7) / 2)
    assert uar["seed_sd"] == pytest.approx(np.std([1, 1 / 7], ddof=1))
    assert (uar["seeds"], uar["n"]) == (2, 140)


CURVES = pd.DataFrame(
    {
        "seed": [0, 0, 1, 1],
        "epoch": [1, 2, 1, 2],
        "accuracy": [0.2, 0.6, 0.4, 0.8],
        "test_accuracy": [0.1, 0.3, 0.5, 0.9],
    }
)


def test_a_network_on_a_random_split_also_reports_training_and_averages_over_epochs(table: pd.DataFrame) -> None:
    results = evaluation.result_rows(predicted(table, "sad", histories=CURVES)).set_index("metric")
    assert results["per_seed"].drop(["accuracy", "uar"]).to_dict() == {
        "train_accuracy": "0.6000 0.8000",
        "train_accuracy_mean_over_epochs": "0.4000 0.6000",
        "accuracy_mean_over_epochs": "0.2000 0.7000",
    }
    assert results.loc["train_accuracy", ["low", "high"]].isna().all()
    by_word = evaluation.result_rows(predicted(table, "sad", histories=CURVES, protocol="by_word"))
    assert by_word["metric"].tolist() == ["accuracy", "uar"]


@pytest.mark.usefixtures("watched")
def test_features_that_are_handed_on_are_not_extracted_again(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPES["class_means"]
    features = made_up_features(table, recipe.feature, settings=recipe.settings)
    monkeypatch.delattr(extraction, "extract")
    found = evaluation.evaluate(table, "class_means", "by_speaker", features=features)
    (adapted,) = evaluation.evaluate_adapted(found, table, seen=["1"], draws=1, features=features)
    assert len(found.predictions) == len(table) > len(adapted.predictions) > 0


def test_what_cannot_be_evaluated_says_why(table: pd.DataFrame) -> None:
    both = table.assign(corpus=np.where(table["speaker"] == "A", "tess", "demo"))
    mfcc = made_up_features(table, "mfcc", settings=RECIPES["class_means"].settings)
    with pytest.raises(ParameterError, match=r"table: 2 corpora; evaluate one .*leave_speaker_out"):
        evaluation.evaluate(both, "svm", "random")
    with pytest.raises(ParameterError, match="model='oracle': must be one of most_frequent, logistic_regression, "):
        evaluation.evaluate(table, "oracle", "random")
    with pytest.raises(ParameterError, match=r"features: made with feature='mfcc'; the model takes .*'log_mel'"):
        evaluation.evaluate(table, "class_means", "by_speaker", features=mfcc)


@pytest.mark.parametrize("protocol", ["leave_speaker_out", "leave_corpus_out"])
def test_a_corpus_to_train_on_only_is_in_each_training_and_no_test(table: pd.DataFrame, protocol: str) -> None:
    names = ("always", "one", "two")
    several = pd.concat([table.assign(corpus=name) for name in names]).sample(frac=1, random_state=0)
    always = np.flatnonzero(several["corpus"] == "always")
    plain = splits.split(several[several["corpus"] != "always"].reset_index(drop=True), protocol)
    parts = list(evaluation.folds(several, protocol, train_only=["always"]))

    assert [(part.fold, len(part.test)) for part in parts] == [(part.fold, len(part.test)) for part in plain]
    for part in parts:
        assert set(always) <= set(part.train)
        assert sorted([*part.train, *part.test]) == list(range(len(several)))
    found = evaluation.evaluate(several.reset_index(drop=True), "svm", protocol, train_only=["always"])
    assert set(found.predictions["corpus"]) == {"one", "two"}


def test_of_several_corpora_each_has_its_figures_and_all_were_trained_on(table: pd.DataFrame) -> None:
    both = pd.concat([table.assign(corpus="tess"), table.assign(corpus="emodb")], ignore_index=True)
    found = evaluation.evaluate(both, "svm", "leave_speaker_out")
    results = evaluation.result_rows(found)
    assert found.corpus == "emodb+tess"
    assert results[["corpus", "metric", "trained_on", "seen_of_voice", "n"]].to_numpy().tolist() == [
        ["emodb", "accuracy", "emodb+tess", "none", 140],
        ["emodb", "uar", "emodb+tess", "none", 140],
        ["tess", "accuracy", "emodb+tess", "none", 140],
        ["tess", "uar", "emodb+tess", "none", 140],
    ]


def test_a_network_is_told_where_its_state_is_kept_and_then_observes_nothing(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Options] = []

    def fit(train: Features, seed: int, options: Options) -> Predictor:
        told.append(options)
        return most_frequent.fit(train, seed, options)

    most_frequent = RECIPES["most_frequent"]
    monkeypatch.setitem(RECIPES, "svm", replace(most_frequent, train=fit, constants={}))
    evaluation.evaluate(table, "svm", "by_speaker", seeds=(3,), checkpoints=tmp_path, progress=False)
    names = ["by_speaker-B-A-3.npz", "by_speaker-A-B-3.npz"]
    assert told == [{"progress": False, "checkpoint": tmp_path / name} for name in names]
    told.clear()
    evaluation.evaluate(table, "svm", "by_speaker", progress=True)
    assert [(len(options["observe"]), options["progress"]) for options in told] == [(70, True), (70, True)]


@pytest.fixture
def other(table: pd.DataFrame) -> pd.DataFrame:
    """Another corpus, of the same voices, without two of the emotions and with one more."""
    less = table[~table["emotion"].isin(["fear", "sad"])].assign(corpus="other")
    return less.assign(id="other_" + less["id"], emotion=less["emotion"].replace("surprise", "calm"))


def test_across_corpora_one_side_trains_and_the_other_is_tested_on_the_emotions_of_both(
    table: pd.DataFrame, other: pd.DataFrame
) -> None:
    found = evaluation.evaluate_across(table, other, "svm", seeds=range(2))
    assert set(found.predictions["emotion"]) == {"angry", "disgust", "happy", "neutral"}
    assert set(found.predictions["predicted"]) <= {"angry", "disgust", "happy", "neutral"}
    assert set(found.predictions["corpus"]) == {"other"}
    where = ["corpus", "protocol", "direction", "seen_of_voice", "trained_on", "n", "seeds"]
    results = evaluation.result_rows(found)
    assert results[where].drop_duplicates().to_numpy().tolist() == [
        ["other", "across_corpora", "folder -> other", "none", "folder", 80, 2]
    ]


def test_what_cannot_be_tested_across_corpora_says_why(table: pd.DataFrame, other: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="corpus 'folder': on both sides"):
        evaluation.evaluate_across(table, table, "svm")
    with pytest.raises(ParameterError, match="folder and other: 1 emotions in common; at least two are needed"):
        evaluation.evaluate_across(table, other[other["emotion"].isin(["angry", "calm"])], "svm")


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What `voices_of` and its voices are given; where no label is shown, probabilities are turned round."""
    watched = SimpleNamespace(learnt=[], shown=[])

    def learn(features: Features) -> SimpleNamespace:
        watched.learnt.append(set(features.table["speaker"]))
        return SimpleNamespace(adapt=adapt)

    def adapt(statistics: np.ndarray, labels: list[str | None], probabilities: np.ndarray, **options):
        watched.shown.append(labels)
        assert len(statistics) == len(labels) == len(probabilities)
        return SimpleNamespace(**options, apply=lambda found, _: found if any(labels) else found[:, ::-1])

    adapted = "emotion_lib.evaluation.adapted"
    monkeypatch.setattr(f"{adapted}.statistics_of", lambda features: features.X.reshape(len(features), -1))
    monkeypatch.setattr(f"{adapted}.voices_of", learn)
    return watched


@pytest.fixture
def heard(table: pd.DataFrame) -> Evaluation:
    """What knows nothing, of both voices."""
    return evaluation.evaluate(table, "class_means", "by_speaker")


def test_what_is_known_of_voices_is_learnt_from_the_training_side_alone(
    heard: Evaluation, table: pd.DataFrame, watched: SimpleNamespace
) -> None:
    evaluation.evaluate_adapted(heard, table, seen=["1"], draws=2)
    assert watched.learnt == [{"B"}, {"A"}]


@pytest.mark.parametrize(
    ("seen", "n_labelled", "n_unlabelled"), [("1", 1, 0), ("3", 3, 0), ("unlabelled", 0, 5), ("unlabelled+1", 1, 5)]
)
def test_words_are_shown_with_or_without_labels_and_the_others_are_tested(
    seen: str, n_labelled: int, n_unlabelled: int, heard: Evaluation, table: pd.DataFrame, watched: SimpleNamespace
) -> None:
    (found,) = evaluation.evaluate_adapted(heard, table, seen=[seen], draws=3)
    assert found.seen_of_voice == seen
    for labels in watched.shown:
        counts = pd.Series([name or "" for name in labels]).value_counts().to_dict()
        unlabelled = {"": 7 * n_unlabelled} if n_unlabelled else {}
        assert counts == dict.fromkeys(EMOTIONS if n_labelled else (), n_labelled) | unlabelled
    for _, draw in found.predictions.groupby(["seed", "fold"]):
        assert draw["text"].nunique() == N_WORDS - n_labelled - n_unlabelled
        assert draw["text"].value_counts().to_numpy().tolist() == [7] * draw["text"].nunique()
    assert found.predictions.groupby("seed").size().tolist() == [14 * (N_WORDS - n_labelled - n_unlabelled)] * 3


def test_where_an_emotion_is_missing_it_has_no_utterance_without_a_label_and_is_tested_all_the_same(
    heard: Evaluation, table: pd.DataFrame, watched: SimpleNamespace
) -> None:
    (found,) = evaluation.evaluate_adapted(heard, table, seen=["unlabelled+1, one missing"], draws=3)
    for labels in watched.shown:
        assert sorted(name for name in labels if name) == sorted(EMOTIONS)
        assert labels.count(None) == 6 * 5
    for _, draw in found.predictions.groupby(["seed", "fold"]):
        assert draw["emotion"].value_counts().to_dict() == dict.fromkeys(EMOTIONS, N_WORDS - 6)


def test_where_emotions_are_rare_the_others_are_all_there(
    heard: Evaluation, table: pd.DataFrame, watched: SimpleNamespace
) -> None:
    evaluation.evaluate_adapted(heard, table, seen=["unlabelled+1, 5 to 1"], draws=20)
    shown = [labels.count(None) for labels in watched.shown]
    assert min(shown) >= 4 * 5
    assert np.mean(shown) == pytest.approx(4 * 5 + 3, abs=1)


@pytest.mark.usefixtures("watched")
def test_words_are_drawn_anew_for_each_draw_and_the_same_each_time(heard: Evaluation, table: pd.DataFrame) -> None:
    one, again = (evaluation.evaluate_adapted(heard, table, seen=["3"], draws=3)[0].predictions for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    words = {frozenset(draw["text"]) for _, draw in one.groupby(["seed", "fold"])}
    assert len(words) > 3


@pytest.mark.usefixtures("watched")
def test_labels_of_what_is_tested_decide_nothing_but_the_score(heard: Evaluation, table: pd.DataFrame) -> None:
    wrong = replace(heard, predictions=shuffled(heard.predictions, "B"))
    one, other = (evaluation.evaluate_adapted(each, table, seen=["unlabelled"], draws=2)[0] for each in (heard, wrong))
    pd.testing.assert_frame_equal(one.predictions.drop(columns="emotion"), other.predictions.drop(columns="emotion"))


@pytest.mark.usefixtures("watched")
def test_after_enrolment_there_is_the_mean_of_the_draws_and_the_worst(heard: Evaluation, table: pd.DataFrame) -> None:
    (found,) = evaluation.evaluate_adapted(heard, table, seen=["5"], draws=4)
    half = found.predictions["seed"] == 2
    found.predictions.loc[half, "predicted"] = "sad"
    found.predictions.loc[~half, "predicted"] = found.predictions["emotion"]
    results = evaluation.result_rows(found).query("direction == 'A -> B'").set_index("metric")
    assert results["per_seed"].tolist() == ["1.0000 1.0000 0.1429 1.0000"] * 3
    assert results["value"].round(4).to_dict() == {"accuracy": 0.7857, "uar": 0.7857, "uar_worst": 0.1429}
    assert (results["seen_of_voice"] == "5").all()
    assert (results["n"] == 35).all()
    assert results.loc["uar", "interval_over"] == "words"
    assert "uar_worst" not in set(evaluation.result_rows(found).query("direction == 'mean'")["metric"])


@pytest.mark.usefixtures("watched")
def test_what_cannot_get_used_to_a_voice_says_why(heard: Evaluation, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="protocol='random': must be one of by_speaker"):
        evaluation.evaluate_adapted(replace(heard, protocol="random"), table)
    with pytest.raises(ParameterError, match="seen='2': must be one of unlabelled, 1, 3, 5, 10"):
        evaluation.evaluate_adapted(heard, table, seen=["2"])
    with pytest.raises(ParameterError, match="class_means: the predictions lack the probability of some emotions"):
        evaluation.evaluate_adapted(replace(heard, predictions=heard.predictions.drop(columns="sad")), table)
    with pytest.raises(ParameterError, match=r"table: 1 of 140 utterances .*; give the table of the eval"):
        evaluation.evaluate_adapted(replace(heard, predictions=heard.predictions.iloc[1:]), table)
    with pytest.raises(ParameterError, match=r"seen='10': takes 10 words, .* the voice has 10"):
        evaluation.evaluate_adapted(heard, table, seen=["10"])
