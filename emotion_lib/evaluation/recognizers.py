"""Train, calibrate and describe a recogniser, with figures from speakers that were left out."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import evaluation, extraction, splits, training
from emotion_lib.corpora.inventory import digest
from emotion_lib.emotions import EMOTIONS, STYLES
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.features import voice_statistics
from emotion_lib.recognizer import EmotionRecognizer, Utterances, calibration
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.voices import Voices, learn_voices

PRECISION = 0.75
"""Share of the answers to speakers left out that must be right; the threshold is the lowest that reaches it.

Three in four: a reader who acts on answers is right far more often than not, and still gets answers.
"""

PROTOCOL = "leave_speaker_out"

NETWORKS = tuple(name for name, recipe in RECIPES.items() if recipe.is_network)
"""The recipes that a recogniser can be made of."""


@dataclass(frozen=True)
class TrainedRecognizer:
    """A recogniser, and the predictions of its like for speakers that were left out of their training.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        Trained on all speakers.
    held_out : Evaluation
        What it was calibrated on.
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
    """Train a recogniser on a corpus or several, and measure what it is worth for a voice that it has never met.

    Networks are trained with some of the speakers left out, until each was left out once. Their predictions for those
    calibrate the probabilities, set the threshold below which the answer is "I don't know", and are what the
    recogniser says of itself. The network that is kept is trained on all speakers, and one that takes frames comes with
    what there is to know of their voices (`voices`).

    Parameters
    ----------
    table : DataFrame
        A corpus table, or tables one below the other.
    model : str
        One of `NETWORKS`.
    emotions : sequence of str
        The emotions that it is to tell apart; utterances of others are left out.
    seed : int
        Seed of all that is drawn.
    about : mapping, optional
        What the recogniser is to say of itself besides: its command, its licence.
    checkpoints : path or None
        Folder that keeps what was done, so that a run that was stopped goes on.
    progress : bool or None
        Whether to show bars; None shows them where somebody watches.

    Returns
    -------
    Built

    Raises
    ------
    ParameterError
        If there is no such network, an emotion has no utterances, there are fewer than two speakers, or all who act an
        emotion are left out together.
    """
    _check_emotions(table, model, emotions)
    table = table[table["emotion"].isin(emotions)].reset_index(drop=True)
    _check_folds(table, emotions)
    recipe = RECIPES[model]
    features = extraction.extract(table, recipe.feature, settings=recipe.settings, progress=progress)
    known = voices_of(features)
    held_out = evaluation.evaluate(table, model, PROTOCOL, seeds=[seed], checkpoints=checkpoints, progress=progress)
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
            f"emotion {missing[0]!r}: no utterance of it in {evaluation.corpora_of(table)}; leave it out"
        )


def _check_folds(table: pd.DataFrame, emotions: Sequence[str]) -> None:
    """Refuse an emotion that a network could not learn while the only speakers who act it are left out."""
    for part in splits.split(table, PROTOCOL):
        learnt = set(table["emotion"].iloc[part.train])
        if missing := [emotion for emotion in emotions if emotion not in learnt]:
            raise ParameterError(
                f"emotion {missing[0]!r}: all who act it are left out together, in fold {part.fold}; leave it out, or "
                "add recordings of others"
            )


def calibrate(predictions: pd.DataFrame, *, precision: float = PRECISION) -> Calibration:
    """Choose temperature and threshold on speakers that were left out; each corpus counts the same.

    Parameters
    ----------
    predictions : DataFrame
        Of an `Evaluation` of a network.
    precision : float in (0, 1)
        The share of the answers that must be right.

    Returns
    -------
    Calibration
    """
    probabilities, truth = _probabilities_and_truth(predictions)
    weight = _corpus_weights(predictions)
    temperature = round(calibration.fit_temperature(probabilities, truth, weight=weight), 4)
    scaled = Calibration(temperature=temperature).apply(probabilities)
    correct = scaled.argmax(axis=1) == truth
    threshold = calibration.fit_threshold(scaled.max(axis=1), correct, precision=precision, weight=weight)
    return Calibration(temperature, threshold)


def answers(predictions: pd.DataFrame, *, precision: float = PRECISION) -> pd.DataFrame:
    """Answer for speakers left out as a recogniser would that has never met them: not in training, not in calibration.

    The probabilities of each fold are read as was chosen on the other folds.

    Parameters
    ----------
    predictions : DataFrame
        Of an `Evaluation` of a network: `fold`, `corpus`, `speaker`, `id`, `emotion`, and the probability of each
        emotion.
    precision : float in (0, 1)
        The share of the answers that must be right.

    Returns
    -------
    DataFrame
        The rows in their order, with `confidence`, whether the most probable emotion is the `correct` one, and whether
        it is sure enough to be `answered`.

    Raises
    ------
    ParameterError
        If there is one fold alone, or a speaker is in several.

    Notebook: 04_evaluate
    """
    if predictions["fold"].nunique() < 2:
        raise ParameterError("predictions: of one fold alone; it takes others to choose how its probabilities are read")
    if (predictions.groupby(["corpus", "speaker"])["fold"].nunique() > 1).any():
        raise ParameterError("predictions: of speakers in several folds; evaluate by a protocol that holds voices out")
    parts, numbered = [], predictions.reset_index(drop=True)
    for fold, part in numbered.groupby("fold"):
        chosen = calibrate(numbered[numbered["fold"] != fold], precision=precision)
        probabilities, truth = _probabilities_and_truth(part)
        scaled = chosen.apply(probabilities)
        confidence, correct = scaled.max(axis=1), scaled.argmax(axis=1) == truth
        parts.append(part.assign(confidence=confidence, correct=correct, answered=confidence >= chosen.threshold))
    return pd.concat(parts).sort_index()


def reliability(predictions: pd.DataFrame) -> pd.DataFrame:
    """Measure, for each corpus, what confidence and "I don't know" are worth on speakers left out.

    Parameters
    ----------
    predictions : DataFrame
        As for `answers`, by which they are answered.

    Returns
    -------
    DataFrame
        One row a corpus: `coverage`, the share of utterances that get an answer; `precision`, the share of those
        answers that are right; `expected_calibration_error` of all.
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
    """Return what a recogniser says of itself: what it was trained on, with what, and what it is worth."""
    corpora = table.groupby("corpus").agg(list_utterances=("id", "size"), speakers=("speaker", "nunique"))
    figures = evaluation.result_rows(held_out)
    worth = figures[figures["metric"] == "uar"].set_index("corpus")[["value", "low", "high", "interval_over"]]
    sure = reliability(held_out.predictions).set_index("corpus")
    return {
        "corpora": corpora.astype(object).to_dict(orient="index"),
        "protocol": PROTOCOL,
        "precision": PRECISION,
        "worth": {str(corpus): _told(figures) for corpus, figures in worth.join(sure).iterrows()},
        "made_with": {name: version(name) for name in ("emotion_lib", "keras", "tensorflow", "numpy")},
    }


def _told(figures: pd.Series) -> dict[str, Any]:
    """Return figures as JSON can say them: rounded, and None for one that there is not."""
    known = figures.astype(object).where(figures.notna(), None).to_dict()
    return {str(name): round(value, 4) if isinstance(value, float) else value for name, value in known.items()}


def _probabilities_and_truth(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    emotions = [emotion for emotion in STYLES if emotion in predictions]
    return predictions[emotions].to_numpy(dtype=float), predictions["emotion"].map(emotions.index).to_numpy()


def _corpus_weights(predictions: pd.DataFrame) -> np.ndarray:
    """Return how much each utterance counts, so that each corpus counts the same."""
    weights: np.ndarray = (1 / predictions.groupby("corpus")["id"].transform("size")).to_numpy()
    return weights


def voices_of(features: Features) -> Voices | None:
    """Learn what the training voices are like, and from where on another is unlike them.

    Parameters
    ----------
    features : Features
        The training utterances.

    Returns
    -------
    Voices or None
        None where a feature is one vector an utterance, or no speaker has two utterances of an emotion.
    """
    speaker, emotion, corpus = (list(features.table[name]) for name in ("speaker", "emotion", "corpus"))
    if features.X.ndim != 3 or not features.table.duplicated(["corpus", "speaker", "emotion"]).any():
        return None
    statistics = voice_statistics(features.X, features.lengths, feature=features.feature)
    return learn_voices(statistics, speaker, emotion, corpus=corpus)


def list_utterances(table: pd.DataFrame) -> Utterances:
    """List the utterances of a corpus table, by name and by content.

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
