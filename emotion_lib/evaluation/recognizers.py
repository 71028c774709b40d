"""Train, calibrate and describe a recogniser, with scores on left-out speakers."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import evaluation, splits, training
from emotion_lib.corpora.inventory import digest
from emotion_lib.emotions import EMOTIONS, STYLES
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer, Utterances, calibration
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.voices import Voices, learn_voices
from emotion_lib.training.discriminant import statistics_of

PRECISION = 0.75
"""Share of the answers for left-out speakers that must be right; the threshold is the lowest that reaches this share.

At three in four, a user who relies on the answers is right far more often than not, and still gets answers.
"""

PROTOCOL = "leave_speaker_out"

NETWORKS = tuple(name for name, recipe in RECIPES.items() if recipe.is_network)
"""The recipes from which a recogniser can be trained."""


@dataclass(frozen=True)
class TrainedRecognizer:
    """A recogniser, and the predictions of networks of the same kind for speakers left out of their training.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        Trained on all speakers.
    held_out : Evaluation
        The predictions on which it was calibrated.
    """

    recognizer: EmotionRecognizer
    held_out: evaluation.Evaluation


def train_recognizer(
    table: pd.DataFrame,
    model: str = "frame_cnn_statistics",
    *,
    emotions: Sequence[str] = EMOTIONS,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> TrainedRecognizer:
    """Train a recogniser on one corpus or several, and score it for voices it has never met.

    Networks are first trained with some of the speakers left out, until each speaker has been left out once. Their
    predictions for these speakers calibrate the probabilities, set the threshold below which the answer is "I don't
    know", and give the scores in the recogniser's description. The network of the recogniser is then trained on all
    speakers. If it takes frames, the recogniser also keeps statistics of the training voices (`voices`).

    Parameters
    ----------
    table : DataFrame
        A corpus table, or several, concatenated.
    model : str
        One of `NETWORKS`.
    emotions : sequence of str
        The emotions to tell apart; utterances of other emotions are left out.
    seed : int
        Seed of all randomness.
    about : mapping, optional
        Further facts for the description, such as the command that trained it and its licence.
    checkpoints : path or None
        Folder that keeps the state of the training, so that a stopped run can be resumed.
    progress : bool or None
        Whether to show bars; None shows them in a terminal or notebook.

    Returns
    -------
    TrainedRecognizer

    Raises
    ------
    ParameterError
        If there is no such network, an emotion has no utterances, there are fewer than two speakers, or all speakers
        of an emotion are left out in the same fold.
    """
    _check_emotions(table, model, emotions)
    table = table[table["emotion"].isin(emotions)].reset_index(drop=True)
    _check_folds(table, emotions)
    recipe = RECIPES[model]
    features = features_for(table, model, progress=progress)
    known = voices_of(features)
    held_out = evaluation.evaluate(
        table, model, PROTOCOL, seeds=[seed], checkpoints=checkpoints, progress=progress, features=features
    )
    chosen = calibrate(held_out.predictions)
    fitted = recipe.fit(features, seed, evaluation.options(checkpoints, f"all-{seed}", progress))
    assert isinstance(fitted, training.FittedNetwork)
    story = {"model": model, "seed": seed, **_story(features.table, held_out), **(about or {})}
    seen = {"trained_on": list_utterances(features.table), "voices": known}
    return TrainedRecognizer(fitted.recognizer(calibration=chosen, about=story, **seen), held_out)


def _check_emotions(table: pd.DataFrame, model: str, emotions: Sequence[str]) -> None:
    if model not in NETWORKS:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(NETWORKS)}")
    if missing := [emotion for emotion in emotions if emotion not in set(table["emotion"])]:
        raise ParameterError(
            f"emotion {missing[0]!r}: no utterance in {evaluation.corpora_of(table)}; leave it out of `emotions`"
        )


def _check_folds(table: pd.DataFrame, emotions: Sequence[str]) -> None:
    """Refuse an emotion whose speakers are all left out in one fold, since that fold's network could not learn it."""
    for part in splits.split(table, PROTOCOL):
        learnt = set(table["emotion"].iloc[part.train])
        if missing := [emotion for emotion in emotions if emotion not in learnt]:
            raise ParameterError(
                f"emotion {missing[0]!r}: all its speakers are left out together, in fold {part.fold}; leave the "
                "emotion out, or add recordings of other speakers"
            )


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


def answers(predictions: pd.DataFrame, *, precision: float = PRECISION) -> pd.DataFrame:
    """Return a recogniser's answers for left-out speakers, who were in neither its training nor its calibration.

    The probabilities of each fold are calibrated on the other folds.

    Parameters
    ----------
    predictions : DataFrame
        The predictions of an `Evaluation` of a network: `fold`, `corpus`, `speaker`, `id`, `emotion`, and the
        probability of each emotion.
    precision : float in (0, 1)
        The share of the answers that must be right.

    Returns
    -------
    DataFrame
        The rows in the same order, with `confidence`, `correct` (whether the most probable emotion is the acted one)
        and `answered` (whether the confidence reaches the threshold).

    Raises
    ------
    ParameterError
        If there is only one fold, or a speaker is in several folds.

    Notebook: 04_evaluate
    """
    if predictions["fold"].nunique() < 2:
        raise ParameterError("predictions: only one fold; at least two are needed, to calibrate each on the others")
    if (predictions.groupby(["corpus", "speaker"])["fold"].nunique() > 1).any():
        raise ParameterError(
            "predictions: some speakers are in several folds; evaluate by a protocol that leaves speakers out"
        )
    parts, numbered = [], predictions.reset_index(drop=True)
    for fold, part in numbered.groupby("fold"):
        chosen = calibrate(numbered[numbered["fold"] != fold], precision=precision)
        probabilities, truth = _probabilities_and_truth(part)
        scaled = chosen.apply(probabilities)
        confidence, correct = scaled.max(axis=1), scaled.argmax(axis=1) == truth
        parts.append(part.assign(confidence=confidence, correct=correct, answered=confidence >= chosen.threshold))
    return pd.concat(parts).sort_index()


def reliability(predictions: pd.DataFrame) -> pd.DataFrame:
    """Measure the reliability of confidence and "I don't know" for the left-out speakers of each corpus.

    Parameters
    ----------
    predictions : DataFrame
        As for `answers`.

    Returns
    -------
    DataFrame
        One row per corpus: `coverage`, the share of utterances with an answer; `precision`, the share of right
        answers among these; `expected_calibration_error` over all utterances.
    """
    rows = []
    for corpus, part in answers(predictions).groupby("corpus"):
        confidence, correct, answered = (part[name].to_numpy() for name in ("confidence", "correct", "answered"))
        rows.append(
            {
                "corpus": str(corpus),
                "coverage": float(answered.mean()),
                "precision": float(correct[answered].mean()) if answered.any() else np.nan,
                "expected_calibration_error": calibration.expected_calibration_error(confidence, correct),
            }
        )
    return pd.DataFrame(rows)


def _story(table: pd.DataFrame, held_out: evaluation.Evaluation) -> dict[str, Any]:
    """Return the description of a recogniser: its training corpora, its scores, and the versions of its packages."""
    corpora = table.groupby("corpus").agg(utterances=("id", "size"), speakers=("speaker", "nunique"))
    figures = evaluation.result_rows(held_out)
    worth = figures[figures["metric"] == "uar"].set_index("corpus")[["value", "low", "high", "interval_over"]]
    sure = reliability(held_out.predictions).set_index("corpus")
    known = worth.join(sure).astype(object)
    known = known.where(known.notna(), None)  # JSON has null but no NaN
    return {
        "corpora": corpora.astype(object).to_dict(orient="index"),
        "protocol": PROTOCOL,
        "precision": PRECISION,
        "worth": {
            str(corpus): {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
            for corpus, row in known.to_dict(orient="index").items()
        },
        "made_with": {name: version(name) for name in ("emotion_lib", "keras", "tensorflow", "numpy")},
    }


def _probabilities_and_truth(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    emotions = [emotion for emotion in STYLES if emotion in predictions]
    return predictions[emotions].to_numpy(dtype=float), predictions["emotion"].map(emotions.index).to_numpy()


def voices_of(features: Features) -> Voices | None:
    """Learn the statistics of the training voices, and the distance beyond which a voice counts as different.

    Parameters
    ----------
    features : Features
        The training utterances.

    Returns
    -------
    Voices or None
        None if the feature is one vector per utterance, or no speaker has two utterances of an emotion.
    """
    speaker, emotion, corpus = (list(features.table[name]) for name in ("speaker", "emotion", "corpus"))
    if features.X.ndim != 3 or not features.table.duplicated(["corpus", "speaker", "emotion"]).any():
        return None
    return learn_voices(statistics_of(features), speaker, emotion, corpus=corpus)


def list_utterances(table: pd.DataFrame) -> Utterances:
    """List the utterances of a corpus table by name and by the digest of the file.

    Parameters
    ----------
    table : DataFrame
        A corpus table.

    Returns
    -------
    Utterances
    """
    digests = tuple(bytes.fromhex(digest(path)) for path in table["path"])
    return Utterances(tuple(table["corpus"] + "/" + table["id"]), digests)
