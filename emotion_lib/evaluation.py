"""A model, a protocol and seeds in, predictions of held-out utterances and rows of results out."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from emotion_lib import classic, extraction, metrics, models, splits, training
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import DEFAULT, ORIGINAL, FeatureSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

FRAME_LSTM_EPOCHS = 15
ORIGINAL_EPOCHS = 50

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
    "seed_sd",
    "n",
    "seeds",
    "minutes",
    "per_seed",
)
"""Columns of the table of results, one row a figure."""


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
        (training features, seed, held-out features to observe or None) -> Predictor.
    """

    title: str
    feature: str
    settings: FeatureSettings
    fit: Callable[[Features, int, Features | None], Predictor]


@dataclass(frozen=True)
class _FittedBaseline:
    """A pipeline of scikit-learn that takes features as a network does."""

    pipeline: "Pipeline"

    def predict(self, features: Features) -> np.ndarray:
        """Return the emotion heard in each utterance."""
        heard: np.ndarray = self.pipeline.predict(features.X)
        return heard


def _baseline(name: str) -> Callable[[Features, int, Features | None], Predictor]:
    """Return how a baseline is fitted."""

    def fit(train: Features, seed: int, observe: Features | None) -> Predictor:
        return _FittedBaseline(classic.baseline(name, seed=seed).fit(train.X, train.emotion))

    return fit


def _original(*, normalise: bool) -> Callable[[Features, int, Features | None], Predictor]:
    """Return how the original network is trained."""

    def fit(train: Features, seed: int, observe: Features | None) -> Predictor:
        n_emotions = len(set(train.emotion))
        network = models.mean_mfcc_lstm(n_emotions=n_emotions, normalise=normalise, seed=seed)
        return training.fit(network, train, epochs=ORIGINAL_EPOCHS, seed=seed, observe=observe)

    return fit


def _frame_lstm(train: Features, seed: int, observe: Features | None) -> Predictor:
    """Train the network over time."""
    network = models.frame_lstm(train.X.shape[2], n_emotions=len(set(train.emotion)), seed=seed)
    return training.fit(network, train, epochs=FRAME_LSTM_EPOCHS, seed=seed, observe=observe)


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
    "mean_mfcc_lstm": Recipe("original LSTM", "mean_mfcc", ORIGINAL, _original(normalise=False)),
    "mean_mfcc_lstm_normalised": Recipe("original LSTM, normalised", "mean_mfcc", ORIGINAL, _original(normalise=True)),
    "frame_lstm": Recipe("LSTM over time", "mfcc", DEFAULT, _frame_lstm),
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
        One row an utterance of a test: `seed`, `fold`, `id`, `speaker`, `text`, `emotion`, `predicted`.
    histories : DataFrame
        One row an epoch of a network: `seed`, `fold`, and the columns of its history; empty for the baselines.
    minutes : float
        Training and prediction, all seeds and folds together.
    """

    corpus: str
    protocol: str
    model: str
    predictions: pd.DataFrame
    histories: pd.DataFrame
    minutes: float


def evaluate(table: pd.DataFrame, model: str, protocol: str, *, seeds: Iterable[int] = (0,)) -> Evaluation:
    """Train a model on one side of a split and let it hear the other side, for each fold and seed.

    The held-out side is observed after each epoch for the curves, which changes nothing; nothing is chosen on it.

    Parameters
    ----------
    table : DataFrame
        A corpus table, of one corpus.
    model : str
        Name of a recipe in `RECIPES`.
    protocol : str
        Name of a protocol in `splits.PROTOCOLS`.
    seeds : iterable of int
        Each draws the split and the initial weights anew.

    Returns
    -------
    Evaluation

    Raises
    ------
    ParameterError
        If there is no such model or protocol, or the table holds several corpora.

    Notebook: 04_evaluate
    """
    if model not in RECIPES:
        raise ParameterError(f"model={model!r}: must be one of {', '.join(RECIPES)}")
    if table["corpus"].nunique() != 1:
        raise ParameterError(f"table: {table['corpus'].nunique()} corpora; evaluate one at a time")
    recipe = RECIPES[model]
    features = extraction.extract(table, recipe.feature, settings=recipe.settings)
    start = time.perf_counter()
    runs = [
        _run(recipe, features, part, seed)
        for seed in seeds
        for part in splits.split(features.table, protocol, seed=seed)
    ]
    predictions, histories = (pd.concat(frames, ignore_index=True) for frames in zip(*runs, strict=True))
    minutes = (time.perf_counter() - start) / 60
    return Evaluation(str(table["corpus"].iloc[0]), protocol, model, predictions, histories, minutes)


def _run(recipe: Recipe, features: Features, part: splits.Split, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions and the history of one fold and seed."""
    train, test = features[part.train], features[part.test]
    fitted = recipe.fit(train, seed, test)
    rows = test.table[["id", "speaker", "text", "emotion"]].assign(predicted=fitted.predict(test))
    history = fitted.history if isinstance(fitted, training.FittedNetwork) else pd.DataFrame()
    return rows.assign(seed=seed, fold=part.fold), history.assign(seed=seed, fold=part.fold)


def rows(evaluation: Evaluation) -> pd.DataFrame:
    """Turn predictions into rows of the table of results.

    `by_speaker` has a row for each direction and one for their mean, which has no interval: two voices are two
    points. The others pool their folds.

    Parameters
    ----------
    evaluation : Evaluation
        From `evaluate`.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`. Metrics are accuracy and UAR with their 95 % interval over words, and for a network
        on the random split also the training accuracy, both at the last epoch and averaged over epochs as the
        original reports them.
    """
    if evaluation.protocol != "by_speaker":
        parts = {"": evaluation.predictions}
    else:
        parts = {str(fold): group for fold, group in evaluation.predictions.groupby("fold")}
    found = [_scored(part, metric, direction) for direction, part in parts.items() for metric in metrics.METRICS]
    if len(parts) > 1:
        found += [_mean_direction([row for row in found if row["metric"] == metric]) for metric in metrics.METRICS]
    if evaluation.protocol == "random" and "epoch" in evaluation.histories:
        found += _over_epochs(evaluation.histories)
    table = pd.DataFrame(found).assign(
        corpus=evaluation.corpus,
        protocol=evaluation.protocol,
        model=evaluation.model,
        seen_of_voice="all" if evaluation.protocol != "by_speaker" else "none",
        minutes=round(evaluation.minutes, 2),
    )
    return table.reindex(columns=list(RESULT_COLUMNS))


def _scored(predictions: pd.DataFrame, metric: str, direction: str) -> dict[str, object]:
    """Return a figure with its interval over words and its spread over seeds."""
    score = metrics.METRICS[metric]
    per_seed = [score(group["emotion"], group["predicted"]) for _, group in predictions.groupby("seed")]
    low, high = metrics.interval(
        predictions["emotion"], predictions["predicted"], groups=predictions["text"], metric=metric
    )
    n = len(predictions) // len(per_seed)
    return _figure(metric, direction, per_seed) | {"low": low, "high": high, "interval_over": "words", "n": n}


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
