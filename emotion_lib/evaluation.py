"""A model, a protocol and seeds in, predictions of held-out utterances and rows of results out."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

import numpy as np
import pandas as pd

from emotion_lib import classic, extraction, metrics, models, splits, training
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features, LeftOut
from emotion_lib.features import DEFAULT, ORIGINAL, FeatureSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FRAME_LSTM_EPOCHS = 15
FRAME_CNN_EPOCHS = 40
ORIGINAL_EPOCHS = 50

ANY_VOICE = FeatureSettings(sr=16000, n_fft=640, hop_length=320, n_mels=64, n_mfcc=40, top_db=None, trim_db=40.0)
"""Settings of the network for any voice: 16 kHz, which every corpus has, and frames of 40 ms every 20 ms."""

RESULT_COLUMNS = (
    "corpus",
    "protocol",
    "direction",
    "model",
    "seen_of_voice",
    "metric",
    "value",
    "low",
    "high",
    "interval_over",
    "trained_on",
    "seed_sd",
    "n",
    "seeds",
    "minutes",
    "per_seed",
)
"""Columns of the table of results, one row a figure."""


ENOUGH_SPEAKERS = 8
"""Speakers from which on an interval is over them: it then says something about the next one."""


class Options(TypedDict, total=False):
    """What `training.fit` may be told besides; nothing of it changes the weights."""

    observe: Features
    checkpoint: Path
    progress: bool | None


class Predictor(Protocol):
    """Anything fitted that names the emotion of each utterance."""

    def predict(self, features: Features) -> np.ndarray:
        """Return the emotion heard in each utterance.

        Parameters
        ----------
        features : Features
            Made as those that it was fitted on.

        Returns
        -------
        ndarray of shape (n_utterances,), str
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """All that a figure depends on besides the corpus, the protocol and the seed.

    Parameters
    ----------
    title : str
        Its name in prose.
    feature : str
        Name of the feature it takes.
    settings : FeatureSettings
        How that feature is made.
    fit : callable
        (training features, seed, options of `training.fit`) -> Predictor.
    is_network : bool
        Whether what is fitted is a network, which a recogniser can be made of.
    """

    title: str
    feature: str
    settings: FeatureSettings
    fit: Callable[[Features, int, Options], Predictor]
    is_network: bool = False


@dataclass(frozen=True)
class _FittedBaseline:
    """A pipeline of scikit-learn that takes features as a network does."""

    pipeline: "Pipeline"

    def predict(self, features: Features) -> np.ndarray:
        """Return the emotion heard in each utterance."""
        heard: np.ndarray = self.pipeline.predict(features.X)
        return heard


def _baseline(name: str) -> Callable[[Features, int, Options], Predictor]:
    """Return how a baseline is fitted."""

    def fit(train: Features, seed: int, options: Options) -> Predictor:
        return _FittedBaseline(classic.baseline(name, seed=seed).fit(train.X, train.emotion))

    return fit


def _original(*, normalise: bool) -> Callable[[Features, int, Options], Predictor]:
    """Return how the original network is trained."""

    def fit(train: Features, seed: int, options: Options) -> Predictor:
        n_emotions = len(set(train.emotion))
        network = models.mean_mfcc_lstm(n_emotions=n_emotions, normalise=normalise, seed=seed)
        return training.fit(network, train, epochs=ORIGINAL_EPOCHS, seed=seed, **options)

    return fit


def _frame_lstm(train: Features, seed: int, options: Options) -> Predictor:
    """Train the network over time."""
    network = models.frame_lstm(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, epochs=FRAME_LSTM_EPOCHS, seed=seed, **options)


def _frame_cnn(train: Features, seed: int, options: Options) -> Predictor:
    """Train the network for any voice."""
    network = models.frame_cnn(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, epochs=FRAME_CNN_EPOCHS, seed=seed, regime=training.VARIED, **options)


RECIPES = {
    "most_frequent": Recipe("most frequent emotion", "mean_mfcc", DEFAULT, _baseline("most_frequent")),
    "logistic_regression": Recipe(
        "40 averages, logistic regression", "mean_mfcc", DEFAULT, _baseline("logistic_regression")
    ),
    "logistic_regression_original": Recipe(
        "original's averages, logistic regression", "mean_mfcc", ORIGINAL, _baseline("logistic_regression")
    ),
    "svm": Recipe("40 averages, SVM", "mean_mfcc", DEFAULT, _baseline("svm")),
    "mean_std_svm": Recipe("40 averages and deviations, SVM", "mean_std_mfcc", DEFAULT, _baseline("svm")),
    "mean_mfcc_lstm": Recipe("original LSTM", "mean_mfcc", ORIGINAL, _original(normalise=False), is_network=True),
    "mean_mfcc_lstm_normalised": Recipe(
        "original LSTM, normalised", "mean_mfcc", ORIGINAL, _original(normalise=True), is_network=True
    ),
    "frame_lstm": Recipe("LSTM over time", "mfcc", DEFAULT, _frame_lstm, is_network=True),
    "frame_cnn": Recipe("convolutions over time", "log_mel", ANY_VOICE, _frame_cnn, is_network=True),
}
"""The models that the table of results compares, by name."""


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
    """

    corpus: str
    protocol: str
    model: str
    predictions: pd.DataFrame
    histories: pd.DataFrame
    minutes: float
    left_out: tuple[LeftOut, ...] = ()


def evaluate(
    table: pd.DataFrame,
    model: str,
    protocol: str,
    *,
    seeds: Iterable[int] = (0,),
    checkpoints: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Train a model on one side of a split and let it hear the other side, for each fold and seed.

    The held-out side is observed after each epoch for the curves, which changes nothing; nothing is chosen on it.

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
    _check(table, model, protocol)
    recipe = RECIPES[model]
    features = extraction.extract(table, recipe.feature, settings=recipe.settings, progress=progress)
    start = time.perf_counter()
    runs = [
        _run(recipe, features, part, seed, options(checkpoints, f"{protocol}-{part.fold}-{seed}", progress))
        for seed in seeds
        for part in splits.split(features.table, protocol, seed=seed)
    ]
    predictions, histories = (pd.concat(frames, ignore_index=True) for frames in zip(*runs, strict=True))
    minutes = (time.perf_counter() - start) / 60
    return Evaluation(named(table), protocol, model, predictions, histories, minutes, features.left_out)


def named(table: pd.DataFrame) -> str:
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
    >>> named(pd.DataFrame({"corpus": ["tess", "emodb", "tess"]}))
    'emodb+tess'
    """
    return "+".join(sorted(set(table["corpus"])))


def _check(table: pd.DataFrame, model: str, protocol: str) -> None:
    """Refuse what cannot be evaluated."""
    if model not in RECIPES:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(RECIPES)}")
    if table["corpus"].nunique() != 1 and protocol != "leave_speaker_out":
        raise ParameterError(
            f"table: {table['corpus'].nunique()} corpora; evaluate one at a time, or leave_speaker_out"
        )


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


def _run(
    recipe: Recipe, features: Features, part: splits.Split, seed: int, options: Options
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions and the history of one fold and seed."""
    train, test = features[part.train], features[part.test]
    if "checkpoint" not in options:
        options["observe"] = test
    fitted = recipe.fit(train, seed, options)
    rows = test.table[["corpus", "id", "speaker", "text", "emotion"]]
    if not isinstance(fitted, training.FittedNetwork):
        return rows.assign(predicted=fitted.predict(test), seed=seed, fold=part.fold), pd.DataFrame()
    probabilities = pd.DataFrame(fitted.predict_proba(test), columns=list(fitted.emotions))
    rows = rows.assign(predicted=probabilities.idxmax(axis=1).astype(str)).join(probabilities)
    return rows.assign(seed=seed, fold=part.fold), fitted.history.assign(seed=seed, fold=part.fold)


def rows(evaluation: Evaluation) -> pd.DataFrame:
    """Turn predictions into rows of the table of results.

    `by_speaker` has a row for each direction and one for their mean, which has no interval: two voices are two
    points. The others pool their folds, and give each corpus its own rows.

    Parameters
    ----------
    evaluation : Evaluation
        From `evaluate`.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`. Metrics are accuracy and UAR with their 95 % interval over words, or over speakers
        where there are at least `ENOUGH_SPEAKERS`; of a single word there is none. For a network on the random split
        also the training accuracy, both at the last epoch and averaged over epochs as the original reports them.
    """
    by_speaker = evaluation.protocol == "by_speaker"
    parts = evaluation.predictions.groupby("fold" if by_speaker else "corpus")
    found = [
        _scored(part, metric, str(name) if by_speaker else "") | {"corpus": str(part["corpus"].iloc[0])}
        for name, part in parts
        for metric in metrics.METRICS
    ]
    if by_speaker:
        found += [_mean_direction([row for row in found if row["metric"] == metric]) for metric in metrics.METRICS]
    if evaluation.protocol == "random" and "epoch" in evaluation.histories:
        found += _over_epochs(evaluation.histories)
    table = (
        pd.DataFrame(found)
        .fillna({"corpus": evaluation.corpus})
        .assign(
            protocol=evaluation.protocol,
            model=evaluation.model,
            seen_of_voice="none" if evaluation.protocol in splits.UNSEEN_VOICES else "all",
            trained_on=evaluation.corpus,
            minutes=round(evaluation.minutes, 2),
        )
    )
    return table.reindex(columns=list(RESULT_COLUMNS))


def _scored(predictions: pd.DataFrame, metric: str, direction: str) -> dict[str, object]:
    """Return a figure with its interval, over speakers, words, or none at all, and its spread over seeds."""
    score = metrics.METRICS[metric]
    per_seed = [score(group["emotion"], group["predicted"]) for _, group in predictions.groupby("seed")]
    many = predictions["speaker"].nunique() >= ENOUGH_SPEAKERS
    groups = predictions["speaker" if many else "text"]
    figure = _figure(metric, direction, per_seed) | {"n": len(predictions) // len(per_seed)}
    if groups.nunique() < 2:
        return figure
    low, high = metrics.interval(predictions["emotion"], predictions["predicted"], groups=groups, metric=metric)
    return figure | {"low": low, "high": high, "interval_over": "speakers" if many else "words"}


def _mean_direction(directions: list[dict[str, object]]) -> dict[str, object]:
    """Return the mean of the directions, seed by seed."""
    each = [np.array(str(row["per_seed"]).split(), dtype=float) for row in directions]
    mean = _figure(str(directions[0]["metric"]), "mean", np.mean(each, axis=0).tolist())
    return mean | {"n": sum(int(str(row["n"])) for row in directions)}


def _over_epochs(histories: pd.DataFrame) -> list[dict[str, object]]:
    """Return what the curves end in, and their averages over the epochs."""
    runs = [run for _, run in histories.groupby("seed")]
    found = {
        "train_accuracy": [run["accuracy"].iloc[-1] for run in runs],
        "train_accuracy_mean_over_epochs": [run["accuracy"].mean() for run in runs],
        "accuracy_mean_over_epochs": [run["test_accuracy"].mean() for run in runs],
    }
    return [_figure(metric, "", per_seed) for metric, per_seed in found.items()]


def _figure(metric: str, direction: str, per_seed: list[float]) -> dict[str, object]:
    """Return a figure's mean over seeds, and the seeds."""
    return {
        "metric": metric,
        "direction": direction,
        "value": float(np.mean(per_seed)),
        "seed_sd": float(np.std(per_seed, ddof=1)) if len(per_seed) > 1 else np.nan,
        "seeds": len(per_seed),
        "per_seed": " ".join(f"{value:.4f}" for value in per_seed),
    }
