"""Describe a recogniser in its file (`about`): the corpora that it was trained on, and its scores on left-out ones."""

import sys
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pandas as pd

from emotion_lib import evaluation
from emotion_lib.corpora import UNKNOWN_SPEAKER, published_digests
from emotion_lib.emotions import in_order
from emotion_lib.evaluation.reliability import PRECISION, reliability
from emotion_lib.recognizer import Utterances
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.file import DIGEST_BYTES

SPEAKERS, CORPORA, UTTERANCES = "leave_speaker_out", "leave_corpus_out", "by_utterance"
"""The protocols that score a recogniser: on voices, on corpora, or, where speakers are not known, on utterances that
are left out of its training."""


def is_known(speaker: pd.Series) -> pd.Series:
    """Return whether the speaker of each utterance is known: a name that is neither empty nor missing nor `unknown`.

    Parameters
    ----------
    speaker : Series of str
        The speaker of each utterance.

    Returns
    -------
    Series of bool
    """
    return speaker.notna() & ~speaker.isin(["", UNKNOWN_SPEAKER])


def among_own_emotions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predict the most probable of the emotions that a corpus has, as published figures of the corpus do.

    Parameters
    ----------
    predictions : DataFrame
        `corpus`, `emotion` and the probability of each emotion.

    Returns
    -------
    DataFrame
        The rows in the same order, with another `predicted`.
    """
    parts = []
    for _, part in predictions.groupby("corpus"):
        own = [emotion for emotion in in_order(part["emotion"]) if emotion in part]
        parts.append(part.assign(predicted=part[own].idxmax(axis=1).astype(str)))
    return pd.concat(parts).sort_index()


def scores(held_out: evaluation.Evaluation, *, calibration: Calibration | None = None) -> list[dict[str, Any]]:
    """Score the predictions for each corpus, as a recogniser's description states it.

    Parameters
    ----------
    held_out : Evaluation
        Predictions with probabilities.
    calibration : Calibration, optional
        As for `answers`.

    Returns
    -------
    list of dict
        For each corpus: `protocol`, `corpus`, the UAR among the emotions of the corpus (`value`) with its interval
        (`low`, `high`, `interval_over`), and the columns of `reliability`; None where a figure does not exist.
    """
    own = replace(held_out, predictions=among_own_emotions(held_out.predictions))
    figures = evaluation.result_rows(own)
    uar = figures[figures["metric"] == "uar"].set_index("corpus")[["value", "low", "high", "interval_over"]]
    sure = reliability(held_out.predictions, calibration=calibration).set_index("corpus")
    found = uar.join(sure).astype(object)
    found = found.where(found.notna(), None)  # JSON has null but no NaN
    return [
        {"protocol": held_out.protocol, "corpus": str(corpus)}
        | {str(name): round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
        for corpus, row in found.to_dict(orient="index").items()
    ]


def describe(
    table: pd.DataFrame,
    held_out: evaluation.Evaluation,
    other_corpora: evaluation.Evaluation | None,
    chosen: Calibration,
) -> dict[str, Any]:
    """Describe a recogniser by its training corpora, its scores, and the versions of its packages.

    Parameters
    ----------
    table : DataFrame
        The training utterances.
    held_out, other_corpora : Evaluation
        As in `TrainedRecognizer`.
    chosen : Calibration
        The temperature and threshold of the recogniser.

    Returns
    -------
    dict
        `corpora`, `precision`, `worth` (the scores) and `made_with`.
    """
    if other_corpora is None:
        # A fold of utterances shares its speakers with the others, so it cannot be calibrated on other speakers.
        worth = scores(held_out, calibration=chosen if held_out.protocol == UTTERANCES else None)
    else:  # left-out speakers get the recogniser's own calibration, which left-out corpora decided
        worth = [*scores(other_corpora), *scores(held_out, calibration=chosen)]
    packages = ["emotion_lib", "numpy", *(["keras", "tensorflow"] if "tensorflow" in sys.modules else [])]
    return {
        "corpora": count_corpora(table),
        "precision": PRECISION,
        "worth": worth,
        "made_with": {name: version(name) for name in packages},
    }


def count_corpora(table: pd.DataFrame) -> dict[str, Any]:
    """Count the utterances and speakers of each corpus, for the description of a recogniser.

    Parameters
    ----------
    table : DataFrame
        The training utterances.

    Returns
    -------
    dict
        By corpus: `utterances` and `speakers`, 0 if they are not known.
    """
    table = table.assign(speaker=table["speaker"].where(is_known(table["speaker"])))  # nunique counts no missing ones
    counted = table.groupby("corpus").agg(utterances=("id", "size"), speakers=("speaker", "nunique"))
    return {str(corpus): row for corpus, row in counted.astype(object).to_dict(orient="index").items()}


def list_utterances(table: pd.DataFrame) -> Utterances:
    """List the utterances of a corpus table by name and by the digest of the published file.

    Originals are thus recognised even if the recogniser was trained on copies in another format.

    Parameters
    ----------
    table : DataFrame
        A corpus table.

    Returns
    -------
    Utterances
    """
    digests = tuple(digest[:DIGEST_BYTES] for digest in published_digests(table))
    return Utterances(tuple(table["corpus"] + "/" + table["id"]), digests)
