"""Calibrate a recogniser on left-out utterances, and measure the reliability of its confidence and "I don't know"."""

import numpy as np
import pandas as pd

from emotion_lib.emotions import with_probabilities
from emotion_lib.errors import ParameterError
from emotion_lib.recognizer import calibration
from emotion_lib.recognizer.calibration import Calibration, expected_calibration_error

PRECISION = 0.75
"""Share of the answers for left-out speakers that must be right; the threshold is the lowest that reaches this share.

At three in four, a user who relies on the answers is right far more often than not, and still gets answers.
"""


def calibrate(predictions: pd.DataFrame, *, precision: float = PRECISION) -> Calibration:
    """Choose temperature and threshold on left-out speakers; each corpus has the same weight.

    Parameters
    ----------
    predictions : DataFrame
        The predictions of an `Evaluation` of a network.
    precision : float in (0, 1)
        The share of the answers that must be right.

    Returns
    -------
    Calibration
    """
    probabilities, truth = _probabilities_and_truth(predictions)
    weight = (1 / predictions.groupby("corpus")["id"].transform("size")).to_numpy()  # each corpus sums to 1
    temperature = round(calibration.fit_temperature(probabilities, truth, weight=weight), 4)
    scaled = Calibration(temperature=temperature).apply(probabilities)  # the threshold applies to scaled confidence
    correct = scaled.argmax(axis=1) == truth
    threshold = calibration.fit_threshold(scaled.max(axis=1), correct, precision=precision, weight=weight)
    return Calibration(temperature, threshold)


def answers(
    predictions: pd.DataFrame, *, precision: float = PRECISION, calibration: Calibration | None = None
) -> pd.DataFrame:
    """Return a recogniser's answers for utterances that were left out of its training.

    Parameters
    ----------
    predictions : DataFrame
        The predictions of an `Evaluation` with probabilities: `fold`, `corpus`, `speaker`, `id`, `emotion`, and the
        probability of each emotion.
    precision : float in (0, 1)
        The share of the answers that must be right.
    calibration : Calibration, optional
        Temperature and threshold; by default, each fold is calibrated on the other folds.

    Returns
    -------
    DataFrame
        The rows in the same order, with `confidence`, `correct` (whether the most probable emotion is the acted one)
        and `answered` (whether the confidence reaches the threshold).

    Raises
    ------
    ParameterError
        If there is no calibration, and only one fold or a speaker in several folds.

    Notebook: 05_second_chance
    """
    numbered = predictions.reset_index(drop=True)
    if calibration is not None:
        return _answered(numbered, calibration)
    if predictions["fold"].nunique() < 2:
        raise ParameterError("predictions: only one fold; at least two are needed, to calibrate each on the others")
    if (predictions.groupby(["corpus", "speaker"])["fold"].nunique() > 1).any():
        raise ParameterError(
            "predictions: some speakers are in several folds; evaluate by a protocol that leaves speakers out"
        )
    folds = numbered.groupby("fold")
    parts = [
        _answered(part, calibrate(numbered[numbered["fold"] != fold], precision=precision)) for fold, part in folds
    ]
    return pd.concat(parts).sort_index()


def _answered(predictions: pd.DataFrame, chosen: Calibration) -> pd.DataFrame:
    probabilities, truth = _probabilities_and_truth(predictions)
    scaled = chosen.apply(probabilities)
    confidence, correct = scaled.max(axis=1), scaled.argmax(axis=1) == truth
    return predictions.assign(confidence=confidence, correct=correct, answered=confidence >= chosen.threshold)


def reliability(predictions: pd.DataFrame, *, calibration: Calibration | None = None) -> pd.DataFrame:
    """Measure the reliability of confidence and "I don't know" for each corpus.

    Parameters
    ----------
    predictions, calibration
        As for `answers`.

    Returns
    -------
    DataFrame
        One row per corpus: `coverage`, the share of utterances with an answer; `precision`, the share of right
        answers among these; `expected_calibration_error` over all utterances.
    """
    rows = []
    for corpus, part in answers(predictions, calibration=calibration).groupby("corpus"):
        confidence, correct, answered = (part[name].to_numpy() for name in ("confidence", "correct", "answered"))
        rows.append(
            {
                "corpus": str(corpus),
                "coverage": float(answered.mean()),
                "precision": float(correct[answered].mean()) if answered.any() else np.nan,
                "expected_calibration_error": expected_calibration_error(confidence, correct),
            }
        )
    return pd.DataFrame(rows)


def _probabilities_and_truth(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    emotions = with_probabilities(predictions)
    return predictions[emotions].to_numpy(dtype=float), predictions["emotion"].map(emotions.index).to_numpy()
