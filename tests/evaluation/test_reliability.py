"""Calibration on left-out utterances, and how often the answers are right."""

import numpy as np
import pandas as pd
import pytest

from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.reliability import answers, calibrate, reliability
from emotion_lib.recognizer.calibration import Calibration

CHOSEN = ("angry", "happy", "sad")


def test_with_a_calibration_one_fold_is_enough_for_answers() -> None:
    predictions, chosen = heard(), Calibration(temperature=2.0, threshold=0.5)
    found = answers(predictions, calibration=chosen)
    confidence = chosen.apply(predictions[list(CHOSEN)].to_numpy()).max(axis=1)
    np.testing.assert_allclose(found["confidence"], confidence)
    assert (found["answered"] == (confidence >= 0.5)).all()


def heard(n: int = 60, *, corpus: str = "tess", emotions: tuple[str, ...] = CHOSEN, seed: int = 0) -> pd.DataFrame:
    """Return predictions as an evaluation holds them, right as often as they say."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(len(emotions), 0.5), n)
    acted = [rng.choice(emotions, p=row) for row in probabilities]
    rows = pd.DataFrame(probabilities, columns=list(emotions))
    return rows.assign(
        fold="1", corpus=corpus, speaker=f"A{seed}", id=[f"u{number}" for number in range(n)], emotion=acted
    )


def test_each_corpus_counts_the_same_in_the_calibration_however_large_it_is() -> None:
    one, other = heard(corpus="tess"), heard(corpus="emodb", seed=1).assign(emotion="sad")
    once, tenfold = calibrate(pd.concat([one, other])), calibrate(pd.concat([*[one] * 10, other]))
    assert once.temperature == pytest.approx(tenfold.temperature, rel=1e-3)
    assert once.threshold == pytest.approx(tenfold.threshold, abs=1e-3)


@pytest.mark.parametrize("precision", [0.75, 0.8, 0.9])
def test_from_the_threshold_on_answers_are_right_as_often_as_asked(precision: float) -> None:
    predictions = heard(2000)
    chosen = calibrate(predictions, precision=precision)
    scaled = chosen.apply(predictions[list(CHOSEN)].to_numpy())
    answered = scaled.max(axis=1) >= chosen.threshold
    right = np.array(CHOSEN)[scaled.argmax(axis=1)] == predictions["emotion"]
    assert precision <= right[answered].mean() <= precision + 0.01


def test_a_fold_is_answered_as_was_chosen_on_the_others() -> None:
    boasting = heard(500, seed=1).assign(fold="2")
    boasting[list(CHOSEN)] = np.eye(len(CHOSEN))[np.arange(500) % len(CHOSEN)] * 0.97 + 0.01
    both = pd.concat([heard(500), boasting])
    found = answers(both)
    assert found["id"].tolist() == both["id"].tolist()
    first, second = found[found["fold"] == "1"], found[found["fold"] == "2"]
    for part, other in ((first, boasting), (second, heard(500))):
        chosen = calibrate(other)
        confidence = chosen.apply(part[list(CHOSEN)].to_numpy()).max(axis=1)
        np.testing.assert_allclose(part["confidence"], confidence)
        assert (part["answered"] == (confidence >= chosen.threshold)).all()


def test_only_several_folds_of_different_speakers_have_answers() -> None:
    with pytest.raises(ParameterError, match="predictions: only one fold"):
        answers(heard())
    with pytest.raises(ParameterError, match="predictions: some speakers are in several folds"):
        answers(pd.concat([heard(), heard().assign(fold="2")]))


def test_emotions_beyond_the_seven_are_calibrated_too() -> None:
    predictions = heard(2000, emotions=("happy", "calm", "boredom"))
    assert calibrate(predictions).temperature == pytest.approx(1, abs=0.15)


def test_reliability_has_a_row_for_each_corpus() -> None:
    found = reliability(pd.concat([heard(1000, corpus="tess"), heard(1000, corpus="emodb", seed=1).assign(fold="2")]))
    assert found["corpus"].tolist() == ["emodb", "tess"]
    assert found["precision"].tolist() == pytest.approx([0.75, 0.75], abs=0.05)
    assert (found["expected_calibration_error"] < 0.1).all()


def never_right() -> pd.DataFrame:
    """Return predictions of two folds in which no answer is right, so that none is given."""
    wrong = pd.concat([heard(), heard(seed=1).assign(fold="2")], ignore_index=True)
    return wrong.assign(emotion=wrong[list(CHOSEN)].idxmin(axis=1))


def test_where_nothing_is_answered_no_answer_is_right_or_wrong() -> None:
    (sure,) = (row for _, row in reliability(never_right()).iterrows())
    assert sure["coverage"] == 0
    assert np.isnan(sure["precision"])
