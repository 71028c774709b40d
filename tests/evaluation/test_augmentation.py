"""Degraded copies for the training: what they are made of, and that no voice of the test is in them."""

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora, evaluation, extraction
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.augmentation import DRAWN, degraded_copies, with_copies
from emotion_lib.evaluation.conditions import CONDITIONS
from emotion_lib.extraction import Features


@pytest.fixture(scope="module")
def clean() -> Features:
    demo = corpora.load("demo")
    return extraction.extract(demo[demo["text"] == "back"].reset_index(drop=True), "duration_level")


@pytest.fixture(scope="module")
def copies(clean: Features) -> Features:
    return degraded_copies(clean, 3)


def test_every_recording_has_its_number_of_copies_under_different_conditions(clean: Features, copies: Features) -> None:
    assert len(copies) == 3 * len(clean)
    assert not copies.table.duplicated(["id", "condition"]).any()
    assert set(copies.table["condition"]) <= set(DRAWN) < set(CONDITIONS)


def test_only_others_babble_and_only_where_the_condition_says_so(copies: Features) -> None:
    babbles = copies.table["condition"].str.startswith("babble")
    assert babbles.any()
    assert ((copies.table["babbler"] != "") == babbles).all()
    assert (copies.table["babbler"] != copies.table["speaker"]).all()


def test_a_copy_depends_on_its_utterance_and_not_on_the_order(clean: Features, copies: Features) -> None:
    again = degraded_copies(clean[np.arange(len(clean))[::-1]], 3)
    key = ["id", "condition"]
    order, reversed_order = (each.table.sort_values(key).index for each in (copies, again))
    np.testing.assert_array_equal(copies.X[order], again.X[reversed_order])


def test_copies_of_the_test_and_babble_of_its_voices_are_left_out(clean: Features, copies: Features) -> None:
    ours = (clean.table["speaker"] == clean.table["speaker"].iloc[0]).to_numpy()
    joined = with_copies(clean[ours], copies).table
    expected = copies.table[copies.table["id"].isin(clean.table["id"][ours]) & (copies.table["babbler"] == "")]
    pd.testing.assert_frame_equal(joined.iloc[: ours.sum()], clean[ours].table)
    assert list(joined["id"].iloc[ours.sum() :]) == list(expected["id"])


def test_without_copies_the_training_stays_as_it_is(clean: Features) -> None:
    assert with_copies(clean, None) is clean


def test_each_fold_is_trained_on_copies_of_its_own_training(monkeypatch: pytest.MonkeyPatch) -> None:
    demo = corpora.load("demo")
    features = extraction.extract(demo[demo["text"] == "back"].reset_index(drop=True), "mean_std_mfcc")
    copies = degraded_copies(features, 1)
    sizes = []

    def remember(train: Features, given: Features | None) -> Features:
        sizes.append(len(with_copies(train, given)) - len(train))
        return with_copies(train, given)

    monkeypatch.setattr("emotion_lib.evaluation.experiments.with_copies", remember)
    evaluation.evaluate(
        features.table, "mean_std_svm", "leave_speaker_out", features=features, copies=copies, progress=False
    )
    babble = (copies.table["babbler"] != "").groupby(copies.table["speaker"]).sum()
    assert sorted(sizes) == sorted((copies.table["speaker"].value_counts() - babble).tolist())


@pytest.mark.parametrize("number", [0, 9])
def test_a_number_of_copies_out_of_range_is_refused(clean: Features, number: int) -> None:
    with pytest.raises(ParameterError, match="from 1 to 8"):
        degraded_copies(clean, number)


def test_frames_are_refused() -> None:
    frames = extraction.extract(corpora.load("demo").head(2), "mfcc")
    with pytest.raises(ParameterError, match="frames"):
        degraded_copies(frames, 1)
