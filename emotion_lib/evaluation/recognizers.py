"""Train a recogniser, and score and calibrate it on left-out speakers and corpora."""

import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emotion_lib import evaluation, training
from emotion_lib.emotions import EMOTIONS, in_order
from emotion_lib.errors import ParameterError, TrainingWarning, check_seed
from emotion_lib.evaluation import bases
from emotion_lib.evaluation.adapted import voices_of
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.model_card import CORPORA, SPEAKERS, UTTERANCES, describe, is_known, list_utterances
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.evaluation.reliability import calibrate
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.discriminant import Discriminant

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


def train_recognizer(
    table: pd.DataFrame,
    model: str = "discriminant",
    *,
    emotions: Sequence[str] = EMOTIONS,
    train_only: Collection[str] = (),
    copies: Features | None = None,
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
    copies : Features or None
        As for `evaluation.evaluate`; only for models of one vector per recording.
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
    table = table.assign(speaker=table["speaker"].where(is_known(table["speaker"]), ""))
    protocol = _protocol(table[~table["corpus"].isin(train_only)])
    _check_folds(table, protocol, emotions, train_only)  # before the extraction, which takes longest
    added = None if base is None else bases.Base.of(base, model, table, in_order(emotions))
    features = features_for(table, model, progress=progress)
    if features.left_out:
        _check_folds(features.table, protocol, emotions, train_only)
    arguments: dict[str, Any] = {"seeds": [seed], "checkpoints": checkpoints, "progress": progress}
    arguments |= {"features": features, "copies": copies, "train_only": train_only}
    held_out, other_corpora = _held_out(features.table, model, protocol, arguments)
    if added is not None:
        added, held_out, other_corpora = added.weighed(features, held_out, other_corpora)
    chosen = calibrate((other_corpora or held_out).predictions)
    fitted = RECIPES[model].fit(
        with_copies(features, copies), seed, evaluation.options(checkpoints, f"all-{seed}", progress)
    )
    assert isinstance(fitted, training.FittedNetwork | Discriminant)
    story = {"model": model, "seed": seed, **describe(features.table, held_out, other_corpora, chosen), **(about or {})}
    _warn_of_silence(story["worth"])
    seen = list_utterances(features.table)
    if added is not None:
        assert isinstance(fitted, Discriminant)
        fitted, seen = added.add_to(fitted), added.trained_on(seen)
        story |= added.story(story.get("licence", ""))
    recognizer = fitted.recognizer(
        calibration=chosen, about=story, trained_on=seen, voices=_known_voices(features, model)
    )
    return TrainedRecognizer(recognizer, held_out, other_corpora)


def _held_out(
    table: pd.DataFrame, model: str, protocol: str, arguments: dict[str, Any]
) -> tuple[evaluation.Evaluation, evaluation.Evaluation | None]:
    """Return the predictions for left-out speakers, and for left-out corpora if there are any."""
    held_out = evaluation.evaluate(table, model, protocol, **arguments)
    kept = _corpora_to_keep(table, arguments["train_only"])
    # With a network, this would take hours.
    if table["corpus"].nunique() - len(kept) < 2 or RECIPES[model].is_network:
        return held_out, None
    return held_out, evaluation.evaluate(table, model, CORPORA, **arguments | {"train_only": kept})


def _warn_of_silence(worth: list[dict[str, Any]]) -> None:
    """Warn if the recogniser always answers unknown."""
    if not any(each["coverage"] for each in worth):
        said = "no threshold gave enough right answers on left-out recordings, so it always answers unknown"
        warnings.warn(f"{said}; add recordings or speakers", TrainingWarning, stacklevel=3)


def _protocol(scored: pd.DataFrame) -> str:
    """Return the protocol that leaves speakers out, or utterances, with a warning, where speakers are not known."""
    known = is_known(scored["speaker"])
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
    known = features[is_known(features.table["speaker"]).to_numpy()]
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
