"""Metrics: what can be counted by hand, and scikit-learn as the reference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from sklearn.metrics import recall_score

from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import metrics

ALL = list(EMOTIONS) * 10
labels = st.lists(st.tuples(st.sampled_from(EMOTIONS), st.sampled_from(EMOTIONS)), min_size=1, max_size=60)


def test_a_perfect_prediction_scores_1_and_a_constant_one_a_seventh() -> None:
    assert metrics.uar(ALL, ALL) == metrics.accuracy(ALL, ALL) == 1
    assert metrics.uar(ALL, ["sad"] * len(ALL)) == pytest.approx(1 / 7)


@pytest.mark.filterwarnings("ignore:A single label was found")
@given(labels)
def test_figures_equal_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    emotion, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    balanced_accuracy = recall_score(emotion, predicted, labels=np.unique(emotion), average="macro")
    assert metrics.uar(emotion, predicted) == pytest.approx(balanced_accuracy)
    matrix = metrics.confusion_matrix(emotion, predicted)
    reference = sklearn_confusion_matrix(emotion, predicted, labels=list(matrix.index))
    np.testing.assert_array_equal(matrix, reference)


def test_emotions_come_in_the_order_of_the_vocabulary() -> None:
    assert list(metrics.recall(["sad", "angry", "calm"], ["sad"] * 3).index) == ["angry", "sad", "calm"]


def test_an_interval_contains_the_figure_and_narrows_with_more_words() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for n_words in (20, 500):
        words = np.repeat([f"w{i}" for i in range(n_words)], 7)
        truth = np.tile(EMOTIONS, n_words)
        heard = np.where(rng.random(len(truth)) < 0.3, "sad", truth)
        low, high = metrics.interval(truth, heard, groups=words)
        assert low < metrics.uar(truth, heard) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


def test_an_interval_over_words_is_wider_where_words_fail_as_a_whole() -> None:
    words = np.repeat([f"w{i}" for i in range(50)], 7)
    truth = np.tile(EMOTIONS, 50)
    whole_words = np.where(np.arange(350) // 7 < 10, "calm", truth)
    scattered = np.where(np.arange(350) % 5 == 0, "calm", truth)
    wide, narrow = (metrics.interval(truth, heard, groups=words) for heard in (whole_words, scattered))
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


@pytest.mark.parametrize("metric", metrics.METRICS)
def test_an_interval_covers_the_true_share_about_19_times_in_20(metric: str) -> None:
    rng = np.random.default_rng(1)
    words, truth = np.repeat(np.arange(100), 2).astype(str), np.tile(["happy", "sad"], 100)
    covered = 0
    for repeat in range(200):
        heard = np.where(rng.random(200) < 0.8, truth, "calm")
        low, high = metrics.interval(truth, heard, groups=words, metric=metric, n_resamples=400, seed=repeat)
        covered += low <= 0.8 <= high
    assert 0.89 < covered / 200 <= 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"groups": ["a"]}, "groups: 1 values for 70 utterances"),
        ({"groups": ["a"] * 70}, "all utterances are of one group"),
        ({"groups": ALL, "metric": "f1"}, "metric='f1': must be one of accuracy, uar"),
    ],
)
def test_an_interval_that_cannot_be_computed_says_why(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        metrics.interval(ALL, ALL, **arguments)  # type: ignore[arg-type]


def test_what_cannot_be_scored_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError, match="predicted: 1 values for 2 utterances"):
        metrics.accuracy(["sad", "sad"], ["sad"])
    with pytest.raises(ParameterError, match="nothing to score"):
        metrics.accuracy([], [])


@pytest.mark.parametrize(("n_speakers", "over"), [(7, "words"), (8, "speakers")])
def test_an_interval_is_over_speakers_where_there_are_eight(n_speakers: int, over: str) -> None:
    table = pd.DataFrame({"emotion": ["happy", "sad"] * 20, "predicted": "sad", "text": list("abcde") * 8})
    speaker = [str(number % n_speakers) for number in range(len(table))]
    shown = metrics.interval_of(table.assign(speaker=speaker))
    assert shown is not None
    assert shown.interval_over == over
