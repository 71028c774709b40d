"""Train a model on one side of a split and predict the other side, for each fold and seed."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import extraction, splits
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.recipes import RECIPES, Options, Predictor, ProbabilisticPredictor
from emotion_lib.extraction import Features, LeftOut

ACROSS_CORPORA = "across_corpora"
"""The protocol of `evaluate_across`, which needs two tables and so is not among `splits.PROTOCOLS`."""


@dataclass(frozen=True)
class Evaluation:
    """What a model predicted for utterances that it was not trained on.

    Parameters
    ----------
    corpus, protocol, model : str
        What was evaluated, and how.
    predictions : DataFrame
        One row an utterance of a test: `seed`, `fold`, `corpus`, `id`, `speaker`, `text`, `emotion`, `predicted`, and
        of a network the probability of each emotion, in a column of its name.
    histories : DataFrame
        One row an epoch of a network: `seed`, `fold`, and the columns of its history; empty for the baselines.
    minutes : float
        Training and prediction, all seeds and folds together.
    left_out : tuple of LeftOut
        The recordings that could not be used, and why.
    trained_on : str
        The corpora of the training, where they are others than those of the test.
    seen_of_voice : str
        What was known of the voice of a test, one of `SEEN_OF_VOICE`; empty where the protocol says it.
    """

    corpus: str
    protocol: str
    model: str
    predictions: pd.DataFrame
    histories: pd.DataFrame
    minutes: float
    left_out: tuple[LeftOut, ...] = ()
    trained_on: str = ""
    seen_of_voice: str = ""


def evaluate(
    table: pd.DataFrame,
    model: str,
    protocol: str,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Train a model on one side of a split and predict the other side, for each fold and seed.

    Nothing is chosen on the held-out side: `_run_fold` hands a recipe the training side to learn from, and the held-out
    side only as `observe`, which is scored after each epoch for the curves and changes no weight. So other labels there
    change the score and not one prediction, which is tested for every kind of recipe.

    Parameters
    ----------
    table : DataFrame
        A corpus table; of several corpora, one below the other, only with `leave_speaker_out`.
    model : str
        Name of a recipe in `RECIPES`.
    protocol : str
        Name of a protocol in `splits.PROTOCOLS`.
    seeds : iterable of int
        Each draws the split and the initial weights anew.
    checkpoints : path or None
        Folder that keeps the state of each network after each epoch, so that a run that was stopped goes on; its
        held-out side is then not observed.
    progress : bool or None
        Whether to show bars; None shows them where somebody watches.

    Returns
    -------
    Evaluation

    Raises
    ------
    ParameterError
        If there is no such model or protocol, or the table holds several corpora.

    Notebook: 04_evaluate
    """
    _check_model(model)
    if table["corpus"].nunique() != 1 and protocol != "leave_speaker_out":
        raise ParameterError(
            f"table: {table['corpus'].nunique()} corpora; evaluate one at a time, or leave_speaker_out"
        )
    features = _extract_for(table, model, progress)
    runs = [
        _run_fold(model, features, part, seed, options(checkpoints, f"{protocol}-{part.fold}-{seed}", progress))
        for seed in seeds
        for part in splits.split(features.table, protocol, seed=seed)
    ]
    return _evaluation(features, model, protocol, runs)


def evaluate_across(
    train: pd.DataFrame,
    test: pd.DataFrame,
    model: str,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Train a model on some corpora and predict others, as far as both have the same emotions.

    Other voices, other microphones, and mostly another language: what is left then is worth more than any figure
    inside a corpus.

    Parameters
    ----------
    train, test : DataFrame
        Corpus tables of different corpora; utterances of emotions that only one side has are left out.
    model : str
        Name of a recipe in `RECIPES`.
    seeds : iterable of int
        Each draws the initial weights anew.
    checkpoints : path or None
        As for `evaluate`.
    progress : bool or None
        Whether to show bars; None shows them where somebody watches.

    Returns
    -------
    Evaluation
        Its protocol is `ACROSS_CORPORA`.

    Raises
    ------
    ParameterError
        If there is no such model, a corpus is on both sides, or they have fewer than two emotions in common.
    """
    _check_model(model)
    common = _common_emotions(train, test)
    both = pd.concat([train, test], ignore_index=True)
    features = _extract_for(both[both["emotion"].isin(common)].reset_index(drop=True), model, progress)
    tested = features.table["corpus"].isin(set(test["corpus"])).to_numpy()
    name = f"{corpora_of(train)} -> {corpora_of(test)}"
    part = splits.Split(name, np.flatnonzero(~tested), np.flatnonzero(tested))
    runs = [
        _run_fold(model, features, part, seed, options(checkpoints, f"{ACROSS_CORPORA}-{name}-{seed}", progress))
        for seed in seeds
    ]
    found = _evaluation(features, model, ACROSS_CORPORA, runs)
    return replace(found, corpus=corpora_of(test), trained_on=corpora_of(train))


def _check_model(model: str) -> None:
    if model not in RECIPES:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(RECIPES)}")


def _common_emotions(train: pd.DataFrame, test: pd.DataFrame) -> set[str]:
    """Return the emotions that both sides have, or refuse sides that cannot be compared."""
    if both := set(train["corpus"]) & set(test["corpus"]):
        raise ParameterError(f"corpus {min(both)!r}: on both sides; across corpora, nothing of the test is trained on")
    common = set(train["emotion"]) & set(test["emotion"])
    if len(common) < 2:
        raise ParameterError(
            f"{corpora_of(train)} and {corpora_of(test)}: {len(common)} emotions in common; two are the least"
        )
    return common


def _extract_for(table: pd.DataFrame, model: str, progress: bool | None) -> Features:
    recipe = RECIPES[model]
    return extraction.extract(table, recipe.feature, settings=recipe.settings, progress=progress)


@dataclass(frozen=True)
class _FoldResult:
    """What one fold and seed gave: predictions, the history of a network, and how long it took."""

    predictions: pd.DataFrame
    history: pd.DataFrame
    seconds: float


def _evaluation(features: Features, model: str, protocol: str, runs: list[_FoldResult]) -> Evaluation:
    """Return the predictions of all seeds and folds as one evaluation."""
    predictions = pd.concat([run.predictions for run in runs], ignore_index=True)
    histories = pd.concat([run.history for run in runs], ignore_index=True)
    minutes = sum(run.seconds for run in runs) / 60
    return Evaluation(corpora_of(features.table), protocol, model, predictions, histories, minutes, features.left_out)


def corpora_of(table: pd.DataFrame) -> str:
    """Return the corpora of a table by name, joined by a plus.

    Parameters
    ----------
    table : DataFrame
        A corpus table.

    Returns
    -------
    str

    Examples
    --------
    >>> corpora_of(pd.DataFrame({"corpus": ["tess", "emodb", "tess"]}))
    'emodb+tess'
    """
    return "+".join(sorted(set(table["corpus"])))


def predict_held_out(table: pd.DataFrame, model: str, protocol: str) -> pd.DataFrame:
    """Train a model by a protocol, and return its predictions beside the rows that were held out.

    Parameters
    ----------
    table : DataFrame
        The corpus table.
    model, protocol : str
        As for `evaluate`.

    Returns
    -------
    DataFrame
        The rows of the table that were held out, with `fold`, `predicted`, and where they are known the probabilities,
        each in the column of its emotion; sorted by fold and id.

    Raises
    ------
    ParameterError
        As `evaluate` does.

    Notebook: 04_evaluate
    """
    predicted = evaluate(table, model, protocol).predictions
    return beside_truth(table, predicted.drop(columns=["corpus", "speaker", "text", "emotion", "seed"]))


def beside_truth(table: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Put predictions beside the rows of the corpus table that they are for.

    Parameters
    ----------
    table : DataFrame
        The corpus table.
    predicted : DataFrame
        A row for each utterance that was held out, with `id` and `fold`.

    Returns
    -------
    DataFrame
        The rows that were held out, sorted by fold and id.
    """
    return table.merge(predicted, on="id", validate="one_to_one").sort_values(["fold", "id"], ignore_index=True)


def options(checkpoints: str | os.PathLike[str] | None, name: str, progress: bool | None) -> Options:
    """Return what the training of one network is told.

    Parameters
    ----------
    checkpoints : path or None
        Folder that keeps its state.
    name : str
        Name of the state in it.
    progress : bool or None
        Whether to show a bar.

    Returns
    -------
    Options
    """
    if checkpoints is None:
        return {"progress": progress}
    return {"progress": progress, "checkpoint": Path(checkpoints) / f"{name.replace(' -> ', '-')}.npz"}


def _run_fold(model: str, features: Features, part: splits.Split, seed: int, options: Options) -> _FoldResult:
    train, test = features[part.train], features[part.test]
    if "checkpoint" not in options:
        options["observe"] = test
    start = time.perf_counter()
    fitted = RECIPES[model].fit(train, seed, options)  # here, and nowhere else, a model learns
    rows, history = _answers(fitted, test), pd.DataFrame()
    seconds = time.perf_counter() - start
    if isinstance(fitted, ProbabilisticPredictor):
        history = fitted.history.assign(seed=seed, fold=part.fold)
        seconds = max(seconds, fitted.seconds)  # what was done before a resumption took its time too
    return _FoldResult(rows.assign(seed=seed, fold=part.fold), history, seconds)


def _answers(fitted: Predictor, test: Features) -> pd.DataFrame:
    """Return the prediction for each utterance, and of a network how probable each emotion was."""
    rows = test.table[["corpus", "id", "speaker", "text", "emotion"]]
    if not isinstance(fitted, ProbabilisticPredictor):
        return rows.assign(predicted=fitted.predict(test))
    probabilities = pd.DataFrame(fitted.predict_proba(test), columns=list(fitted.emotions))
    return rows.assign(predicted=probabilities.idxmax(axis=1).astype(str)).join(probabilities)
