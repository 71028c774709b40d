"""Train, calibrate and describe a recogniser, with scores on left-out speakers."""

import os
import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import evaluation, training
from emotion_lib.corpora import UNKNOWN_SPEAKER, published_digests
from emotion_lib.corpora.labels import unify
from emotion_lib.emotions import EMOTIONS, in_order, with_probabilities
from emotion_lib.errors import ParameterError, TrainingWarning, check_seed, path_of
from emotion_lib.evaluation import bases
from emotion_lib.evaluation.adapted import voices_of
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer, Utterances, calibration
from emotion_lib.recognizer.calibration import Calibration, expected_calibration_error
from emotion_lib.recognizer.file import DIGEST_BYTES
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.discriminant import Discriminant

PRECISION = 0.75
"""Share of the answers for left-out speakers that must be right; the threshold is the lowest that reaches this share.

At three in four, a user who relies on the answers is right far more often than not, and still gets answers.
"""

SPEAKERS, CORPORA, UTTERANCES = "leave_speaker_out", "leave_corpus_out", "by_utterance"
"""The protocols that score a recogniser: on voices, on corpora, or, where speakers are not known, on utterances that
are left out of its training."""

FEWEST = 5
"""The least number of utterances of an emotion: with fewer, a score on those left out would be chance."""

MODELS = tuple(name for name, recipe in RECIPES.items() if recipe.is_network or recipe.is_recognizer)
"""The recipes from which a recogniser can be trained."""


@dataclass(frozen=True)
class TrainedRecognizer:
    """A recogniser, and the predictions of models of the same kind for utterances left out of their training.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        Trained on all speakers.
    held_out : Evaluation
        The predictions for left-out speakers.
    other_corpora : Evaluation or None
        The predictions for left-out corpora, on which the recogniser is calibrated; None if there are none, and then
        it is calibrated on the left-out speakers.
    """

    recognizer: EmotionRecognizer
    held_out: evaluation.Evaluation
    other_corpora: evaluation.Evaluation | None = None


def train(
    recordings: Sequence[str | os.PathLike[str]],
    labels: Sequence[str],
    speakers: Sequence[str | None] | None = None,
    *,
    base: EmotionRecognizer | str | os.PathLike[str] | None = None,
    about: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> EmotionRecognizer:
    """Train a recogniser for labels of one's own, and score it on speakers left out of the training.

    It takes less than a minute for a thousand recordings, and needs no TensorFlow. The labels can be any plain words in
    any language. The description (`about`) says what it was trained on and how it scored. Without speakers, it is
    scored and calibrated on left-out recordings, a `TrainingWarning` says so, and it does not warn of unlike voices.

    Parameters
    ----------
    recordings : list of path
        The recordings, each once. Those that cannot be used are left out, and a `TrainingWarning` says so.
    labels : list of str
        The label of each recording; at least two labels, and five recordings of each.
    speakers : list of str or None, optional
        The speaker of each recording, None where it is not known.
    base : EmotionRecognizer, "default" or path, optional
        A recogniser whose evidence is added, "default" for the pretrained one, if it makes the right answers for
        left-out speakers more probable. The result then has the licence of the base. At least four emotions must be
        shared, and the base must not have been trained on any of these recordings.
    about : mapping, optional
        Further facts for the description, such as a licence.
    progress : bool or None
        Whether to show bars; None shows them in a terminal or notebook.

    Returns
    -------
    EmotionRecognizer

    Raises
    ------
    ParameterError
        If the numbers of recordings, labels and speakers differ, a label is not a plain word, there are too few labels
        or recordings, a recording occurs twice, all recordings of a label are by one of several speakers, or the base
        does not fit.
    CorpusError
        If none of the recordings can be used.

    Warns
    -----
    TrainingWarning
        If speakers are not known, or recordings could not be used.

    Examples
    --------
    >>> from emotion_lib.corpora import load
    >>> demo = load("demo")
    >>> mine = train(demo["path"], demo["emotion"].replace({"happy": "fröhlich"}), demo["speaker"])
    >>> mine.emotions[-1], mine.about["corpora"]
    ('fröhlich', {'own': {'utterances': 168, 'speakers': 2}})

    Notebook: 05_your_voice
    """
    table = _own_table(recordings, labels, speakers)
    options: dict[str, Any] = {"about": about, "base": base, "progress": progress}
    built = train_recognizer(table, emotions=in_order(table["emotion"]), **options)
    if left_out := built.held_out.left_out:
        said = f"{len(left_out)} of {len(table)} recordings could not be used; the first: {left_out[0].reason}"
        warnings.warn(said, TrainingWarning, stacklevel=2)
    return built.recognizer


def _own_table(
    recordings: Sequence[str | os.PathLike[str]], labels: Sequence[str], speakers: Sequence[str | None] | None
) -> pd.DataFrame:
    """Return a corpus table of recordings; refuse what is no list of files, and a recording that occurs twice."""
    if isinstance(recordings, (str, os.PathLike)) or not all(isinstance(x, (str, os.PathLike)) for x in recordings):
        raise ParameterError("recordings: must be a list of paths; save arrays as files first (soundfile.write)")
    speakers = [None] * len(recordings) if speakers is None else list(speakers)
    if not len(recordings) == len(labels) == len(speakers):
        sizes = f"{len(recordings)} recordings, {len(labels)} labels and {len(speakers)} speakers"
        raise ParameterError(f"{sizes}: give one of each for every recording")
    if not len(recordings):
        raise ParameterError("recordings: the list is empty; give at least five recordings of each label")
    labels = unify(labels)
    in_order(labels)  # refuses what cannot be a label
    paths = [path_of("recordings", path).absolute() for path in recordings]
    above = os.path.commonpath([path.parent for path in paths])
    table = pd.DataFrame({"id": [path.relative_to(above).as_posix() for path in paths], "path": paths, "corpus": "own"})
    named = ["" if pd.isna(speaker) else str(speaker).strip() for speaker in speakers]
    table = table.assign(speaker=named, emotion=list(labels), text="")
    there = table[[path.is_file() for path in paths]]
    again = there["id"][pd.Series(list_utterances(there).digests, there.index).duplicated()]
    if len(again):  # a copy in the test of its original would be recognised too well
        raise ParameterError(f"{again.iloc[0]}: occurs twice, or has a copy of another name; give each recording once")
    return table


def train_recognizer(
    table: pd.DataFrame,
    model: str = "discriminant",
    *,
    emotions: Sequence[str] = EMOTIONS,
    train_only: Collection[str] = (),
    base: EmotionRecognizer | str | os.PathLike[str] | None = None,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> TrainedRecognizer:
    """Train a recogniser on one corpus or several, and score it for voices and corpora that it has never met.

    Models are first trained with some of the speakers left out, until each speaker has been left out once. Where the
    speakers are not known, utterances are left out instead, and a `TrainingWarning` says so. With several corpora and a
    model that is fitted in minutes, each corpus is then left out, too, unless it is the only one with some emotion. The
    predictions for left-out speakers and corpora give the scores in the recogniser's description. Those for corpora, or
    for speakers if no corpus is left out, calibrate the probabilities and set the threshold below which the answer is
    "I don't know". The model of the recogniser is trained on all speakers. If it takes frames or the states of the
    speech encoder, the recogniser also keeps statistics of the training voices (`voices`).

    Parameters
    ----------
    table : DataFrame
        A corpus table, or several, concatenated.
    model : str
        One of `MODELS`.
    emotions : sequence of str
        The emotions to tell apart; utterances of other emotions are left out.
    train_only : collection of str
        Corpora on which the recogniser is trained but neither scored nor calibrated.
    base : EmotionRecognizer, "default" or path, optional
        As for `train`; only for the model `discriminant`.
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
        If there is no such model, there are fewer than two emotions or five utterances of one, all speakers of an
        emotion are left out in the same fold, or the base does not fit.

    Warns
    -----
    TrainingWarning
        If speakers are not known, or there is only one.
    """
    check_seed(seed)
    _check_arguments(table, model, emotions, train_only)
    table = table[table["emotion"].isin(emotions)].reset_index(drop=True)
    table = table.assign(speaker=table["speaker"].where(_is_known(table["speaker"]), ""))
    protocol = _protocol(table[~table["corpus"].isin(train_only)])
    _check_folds(table, protocol, emotions, train_only)  # before the extraction, which takes longest
    added = None if base is None else bases.Base.of(base, model, table, in_order(emotions))
    features = features_for(table, model, progress=progress)
    if features.left_out:
        _check_folds(features.table, protocol, emotions, train_only)
    arguments: dict[str, Any] = {"seeds": [seed], "checkpoints": checkpoints, "progress": progress}
    arguments |= {"features": features, "train_only": train_only}
    held_out = evaluation.evaluate(features.table, model, protocol, **arguments)
    other_corpora = None
    kept = _corpora_to_keep(features.table, train_only)
    # With a network, this would take hours.
    if features.table["corpus"].nunique() - len(kept) > 1 and not RECIPES[model].is_network:
        other_corpora = evaluation.evaluate(features.table, model, CORPORA, **arguments | {"train_only": kept})
    if added is not None:
        added, held_out, other_corpora = added.weighed(features, held_out, other_corpora)
    chosen = calibrate((other_corpora or held_out).predictions)
    fitted = RECIPES[model].fit(features, seed, evaluation.options(checkpoints, f"all-{seed}", progress))
    assert isinstance(fitted, training.FittedNetwork | Discriminant)
    story = {"model": model, "seed": seed, **_story(features.table, held_out, other_corpora, chosen), **(about or {})}
    if not any(each["coverage"] for each in story["worth"]):
        said = "no threshold gave enough right answers on left-out recordings, so it always answers unknown"
        warnings.warn(f"{said}; add recordings or speakers", TrainingWarning, stacklevel=2)
    seen = list_utterances(features.table)
    if added is not None:
        assert isinstance(fitted, Discriminant)
        fitted, seen = added.add_to(fitted), added.trained_on(seen)
        story |= added.story(story.get("licence", ""))
    recognizer = fitted.recognizer(
        calibration=chosen, about=story, trained_on=seen, voices=_known_voices(features, model)
    )
    return TrainedRecognizer(recognizer, held_out, other_corpora)


def _is_known(speaker: pd.Series) -> pd.Series:
    """Return whether the speaker of each utterance is known: a name that is neither empty nor missing nor `unknown`."""
    return speaker.notna() & ~speaker.isin(["", UNKNOWN_SPEAKER])


def _protocol(scored: pd.DataFrame) -> str:
    """Return the protocol that leaves speakers out, or utterances, with a warning, where speakers are not known."""
    known = _is_known(scored["speaker"])
    partly = known.groupby(scored["corpus"]).transform("mean").between(0, 1, inclusive="neither")
    voices = scored.groupby("corpus")["speaker"].nunique()
    if not partly.any() and voices.max() >= 2:
        return SPEAKERS
    if known.all():
        why = f"all recordings are of one speaker ({', '.join(sorted(set(scored['speaker'])))})"
    else:
        why = f"the speakers of {(~known).sum()} of {len(scored)} recordings are not known"
    warnings.warn(
        f"{why}, so the scores, temperature and threshold come from left-out recordings of voices that are also in the "
        "training; new voices will be recognised less well than they say",
        TrainingWarning,
        stacklevel=3,
    )
    return UTTERANCES


def _known_voices(features: Features, model: str) -> Voices | VoiceModel | None:
    """Return the statistics of the known voices; None if none of them has two emotions, and two utterances of one."""
    known = features[_is_known(features.table["speaker"]).to_numpy()]
    if not len(known) or (known.table.groupby(["corpus", "speaker"])["emotion"].nunique() < 2).all():
        return None
    return voices_of(known, corpus_weights=RECIPES[model].constants.get("corpus_weights"))


def _check_arguments(table: pd.DataFrame, model: str, emotions: Sequence[str], train_only: Collection[str]) -> None:
    if model not in MODELS:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(MODELS)}")
    if missing := [emotion for emotion in emotions if emotion not in set(table["emotion"])]:
        raise ParameterError(
            f"emotion {missing[0]!r}: no utterance in {evaluation.corpora_of(table)}; leave it out of `emotions`"
        )
    if len(set(emotions)) < 2:
        raise ParameterError(f"only one label, {', '.join(emotions)}; at least two are needed to tell them apart")
    if unknown := sorted(set(train_only) - set(table["corpus"])):
        raise ParameterError(f"train_only={unknown[0]!r}: must be one of {evaluation.corpora_of(table)}")


def _check_folds(table: pd.DataFrame, protocol: str, emotions: Sequence[str], train_only: Collection[str]) -> None:
    """Refuse an emotion with few utterances, and one whose speakers are all left out in one fold."""
    for emotion, count in table["emotion"].value_counts().reindex(list(emotions), fill_value=0).items():
        if count < FEWEST:
            raise ParameterError(
                f"emotion {emotion!r}: {count} recordings; at least {FEWEST} are needed to learn it and to score it on "
                "others; add recordings, or leave it out"
            )
    for part in evaluation.folds(table, protocol, train_only=train_only):
        learnt = set(table["emotion"].iloc[part.train])
        if missing := [emotion for emotion in emotions if emotion not in learnt]:
            raise ParameterError(
                f"emotion {missing[0]!r}: all its speakers are left out together, in fold {part.fold}; leave the "
                "emotion out, or add recordings of other speakers"
            )


def _corpora_to_keep(table: pd.DataFrame, train_only: Collection[str]) -> set[str]:
    """Return the corpora that stay in every training: those to train on only, and those that alone have an emotion."""
    corpora = table.groupby("emotion")["corpus"].unique()
    return {*train_only, *(names[0] for names in corpora if len(names) == 1)}


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

    Notebook: 04_evaluate
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


def _story(
    table: pd.DataFrame,
    held_out: evaluation.Evaluation,
    other_corpora: evaluation.Evaluation | None,
    chosen: Calibration,
) -> dict[str, Any]:
    """Return the description of a recogniser: its training corpora, its scores, and the versions of its packages."""
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
    table = table.assign(speaker=table["speaker"].where(_is_known(table["speaker"])))  # nunique counts no missing ones
    counted = table.groupby("corpus").agg(utterances=("id", "size"), speakers=("speaker", "nunique"))
    return {str(corpus): row for corpus, row in counted.astype(object).to_dict(orient="index").items()}


def _probabilities_and_truth(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    emotions = with_probabilities(predictions)
    return predictions[emotions].to_numpy(dtype=float), predictions["emotion"].map(emotions.index).to_numpy()


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
