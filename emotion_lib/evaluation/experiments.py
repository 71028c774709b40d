"""Train a model on one side of a split and predict the other side, for each fold and seed."""

import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emotion_lib import extraction, splits
from emotion_lib.errors import ParameterError, check_seed, path_of
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.recipes import RECIPES, Options, Predictor, ProbabilisticPredictor
from emotion_lib.extraction import Features, LeftOut
from emotion_lib.training.fitted import check_same

ACROSS_CORPORA = "across_corpora"
"""The protocol of `evaluate_across`, which needs two tables and is therefore not in `splits.PROTOCOLS`."""


@dataclass(frozen=True)
class Evaluation:
    """Predictions of a model for utterances that it was not trained on.

    Parameters
    ----------
    corpus, protocol, model : str
        The names of the corpus, the protocol and the recipe.
    predictions : DataFrame
        One row per test utterance: `seed`, `fold`, `corpus`, `id`, `speaker`, `text`, `emotion`, `predicted`, and for a
        network the probability of each emotion, in a column named after it.
    histories : DataFrame
        One row per epoch of a network: `seed`, `fold`, and the columns of its history; empty for the baselines.
    minutes : float
        Duration of training and prediction, over all seeds and folds.
    left_out : tuple of LeftOut
        The recordings that could not be used, with the reasons.
    trained_on : str
        The training corpora, if they differ from the test corpora.
    seen_of_voice : str
        The recordings of a test speaker that the model was adapted to, one of `SEEN_OF_VOICE`; empty if it was not
        adapted.
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
    features: Features | None = None,
    copies: Features | None = None,
    train_only: Collection[str] = (),
) -> Evaluation:
    """Train a model on one side of a split and predict the other side, for each fold and seed.

    Training does not depend on the held-out side: a recipe receives it only as `observe`, which is scored after each
    epoch for the learning curves and does not affect the weights. Changing the labels on that side would change the
    score but not a single prediction.

    Parameters
    ----------
    table : DataFrame
        A corpus table, or for `leave_speaker_out` and `leave_corpus_out` several, concatenated.
    model : str
        Name of a recipe in `RECIPES`.
    protocol : str
        Name of a protocol in `splits.PROTOCOLS`.
    seeds : iterable of int
        Seeds; each gives a different split and different initial weights.
    checkpoints : path or None
        Folder that keeps the state of each network after each epoch, so that a stopped run can be resumed; the
        held-out side is then not observed.
    progress : bool or None
        Whether to show bars; None shows them in a terminal or notebook.
    features : Features or None
        The features of `table` for this model, if they were extracted before; None extracts them.
    copies : Features or None
        Degraded copies of the utterances, from `augmentation.degraded_copies`; each fold is also trained on those of
        its training utterances.
    train_only : collection of str
        Corpora that are in the training of every fold and never predicted.

    Returns
    -------
    Evaluation

    Raises
    ------
    ParameterError
        If there is no such model or protocol, the table holds several corpora and the protocol is for one, or the
        features are not those of the model.
    """
    seeds = _checked(seeds)
    if table["corpus"].nunique() != 1 and protocol not in splits.OF_SEVERAL_CORPORA:
        raise ParameterError(
            f"table: {table['corpus'].nunique()} corpora; evaluate one at a time, or use "
            f"{' or '.join(splits.OF_SEVERAL_CORPORA)}"
        )
    features = features_for(table, model, features=features, progress=progress)
    runs = [
        _run_fold(
            model,
            features,
            part,
            seed,
            options(checkpoints, f"{protocol}-{part.fold}-{seed}", progress),
            copies=copies,
        )
        for seed in seeds
        for part in folds(features.table, protocol, seed=seed, train_only=train_only)
    ]
    return _evaluation(features, model, protocol, runs)


def folds(
    table: pd.DataFrame, protocol: str, *, seed: int = 0, train_only: Collection[str] = ()
) -> Iterator[splits.Split]:
    """Yield the folds of a protocol, with some corpora in every training and in no test.

    Parameters
    ----------
    table : DataFrame
        A corpus table, or several, concatenated.
    protocol : str
        Name of a protocol in `splits.PROTOCOLS`.
    seed : int
        As for `splits.split`.
    train_only : collection of str
        The corpora that are never tested.

    Yields
    ------
    Split
    """
    always = table["corpus"].isin(train_only).to_numpy()
    divided, added = np.flatnonzero(~always), np.flatnonzero(always)
    for part in splits.split(table.iloc[divided].reset_index(drop=True), protocol, seed=seed):
        yield splits.Split(part.fold, np.sort(np.concatenate([divided[part.train], added])), divided[part.test])


def evaluate_across(
    train: pd.DataFrame,
    test: pd.DataFrame,
    model: str,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Train a model on some corpora and predict others, on the emotions that both sides have.

    Voices, microphones and usually the language differ, so the score says more about real use than any score within
    one corpus.

    Parameters
    ----------
    train, test : DataFrame
        Corpus tables of different corpora; utterances of emotions that only one side has are left out.
    model : str
        Name of a recipe in `RECIPES`.
    seeds : iterable of int
        Seeds; each gives different initial weights.
    checkpoints : path or None
        As for `evaluate`.
    progress : bool or None
        Whether to show bars; None shows them in a terminal or notebook.

    Returns
    -------
    Evaluation
        Its protocol is `ACROSS_CORPORA`.

    Raises
    ------
    ParameterError
        If there is no such model, a corpus is on both sides, or they have fewer than two emotions in common.
    """
    seeds = _checked(seeds)
    common = _common_emotions(train, test)
    both = pd.concat([train, test], ignore_index=True)
    features = features_for(both[both["emotion"].isin(common)].reset_index(drop=True), model, progress=progress)
    tested = features.table["corpus"].isin(set(test["corpus"])).to_numpy()
    name = f"{corpora_of(train)} -> {corpora_of(test)}"
    part = splits.Split(name, np.flatnonzero(~tested), np.flatnonzero(tested))
    runs = [
        _run_fold(model, features, part, seed, options(checkpoints, f"{ACROSS_CORPORA}-{name}-{seed}", progress))
        for seed in seeds
    ]
    found = _evaluation(features, model, ACROSS_CORPORA, runs)
    return replace(found, corpus=corpora_of(test), trained_on=corpora_of(train))


def _common_emotions(train: pd.DataFrame, test: pd.DataFrame) -> set[str]:
    """Return the emotions that both sides have; refuse a shared corpus, and fewer than two shared emotions."""
    if both := set(train["corpus"]) & set(test["corpus"]):
        raise ParameterError(f"corpus {min(both)!r}: on both sides; leave it out of the training or the test")
    common = set(train["emotion"]) & set(test["emotion"])
    if len(common) < 2:
        raise ParameterError(
            f"{corpora_of(train)} and {corpora_of(test)}: {len(common)} emotions in common; at least two are needed"
        )
    return common


def features_for(
    table: pd.DataFrame, model: str, *, features: Features | None = None, progress: bool | None = None
) -> Features:
    """Extract the features that a model takes, or check those that were extracted before.

    Parameters
    ----------
    table : DataFrame
        The corpus table.
    model : str
        Name of a recipe in `RECIPES`.
    features : Features or None
        Features extracted before; None extracts them.
    progress : bool or None
        Whether to show a bar; None shows it in a terminal or notebook.

    Returns
    -------
    Features

    Raises
    ------
    ParameterError
        If there is no such model, or it takes other features.
    """
    if model not in RECIPES:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(RECIPES)}")
    recipe = RECIPES[model]
    if features is None:
        return extraction.extract(table, recipe.feature, settings=recipe.settings, progress=progress)
    check_same("features", features, recipe.feature, recipe.settings)
    return features


@dataclass(frozen=True)
class _FoldResult:
    """Predictions of one fold and seed, the history of the network, and the duration."""

    predictions: pd.DataFrame
    history: pd.DataFrame
    seconds: float


def _evaluation(features: Features, model: str, protocol: str, runs: list[_FoldResult]) -> Evaluation:
    predictions = pd.concat([run.predictions for run in runs], ignore_index=True)
    histories = pd.concat([run.history for run in runs], ignore_index=True)
    minutes = sum(run.seconds for run in runs) / 60
    return Evaluation(corpora_of(features.table), protocol, model, predictions, histories, minutes, features.left_out)


def corpora_of(table: pd.DataFrame) -> str:
    """Return the names of the corpora of a table, joined by a plus sign.

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


def beside_truth(table: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Join predictions to the rows of the corpus table.

    Parameters
    ----------
    table : DataFrame
        The corpus table.
    predicted : DataFrame
        One row per held-out utterance, with `id` and `fold`.

    Returns
    -------
    DataFrame
        The held-out rows, sorted by fold and id.
    """
    return table.merge(predicted, on="id", validate="one_to_one").sort_values(["fold", "id"], ignore_index=True)


def options(checkpoints: str | os.PathLike[str] | None, name: str, progress: bool | None) -> Options:
    """Return the options of `training.fit` for one network.

    Parameters
    ----------
    checkpoints : path or None
        Folder of checkpoints.
    name : str
        Name of the checkpoint in that folder.
    progress : bool or None
        Whether to show a bar.

    Returns
    -------
    Options
    """
    if checkpoints is None:
        return {"progress": progress}
    return {
        "progress": progress,
        "checkpoint": path_of("checkpoints", checkpoints) / f"{name.replace(' -> ', '-')}.npz",
    }


def _checked(seeds: Iterable[int]) -> list[int]:
    """Return the seeds; they are checked before the extraction, which takes longest."""
    listed = list(seeds)
    for seed in listed:
        check_seed(seed)
    return listed


def _run_fold(
    model: str,
    features: Features,
    part: splits.Split,
    seed: int,
    options: Options,
    *,
    copies: Features | None = None,
) -> _FoldResult:
    train, test = with_copies(features[part.train], copies), features[part.test]
    if "checkpoint" not in options:
        options["observe"] = test
    start = time.perf_counter()
    fitted = RECIPES[model].fit(train, seed, options)  # models are fitted here and nowhere else
    rows, history = _answers(fitted, test), pd.DataFrame()
    seconds = time.perf_counter() - start
    if isinstance(fitted, ProbabilisticPredictor):
        history = fitted.history.assign(seed=seed, fold=part.fold)
        seconds = max(seconds, fitted.seconds)  # a resumed network also counts the time before it was stopped
    return _FoldResult(rows.assign(seed=seed, fold=part.fold), history, seconds)


def _answers(fitted: Predictor, test: Features) -> pd.DataFrame:
    """Return the prediction for each utterance, with the probabilities of the emotions if the model gives any."""
    rows = test.table[["corpus", "id", "speaker", "text", "emotion"]]
    if not isinstance(fitted, ProbabilisticPredictor):
        return rows.assign(predicted=fitted.predict(test))
    probabilities = pd.DataFrame(fitted.predict_proba(test), columns=list(fitted.emotions))
    return rows.assign(predicted=probabilities.idxmax(axis=1).astype(str)).join(probabilities)
