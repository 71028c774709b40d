"""Turn predictions into rows of the table of results: figures with intervals and their spread over seeds."""

import numpy as np
import pandas as pd

from emotion_lib import splits
from emotion_lib.evaluation import metrics
from emotion_lib.evaluation.experiments import Evaluation

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
    "trained_on",
    "per_seed",
)
"""Columns of the table of results, which has one row per figure."""


def result_rows(evaluation: Evaluation) -> pd.DataFrame:
    """Turn predictions into rows of the table of results.

    Each corpus has its own rows. Each named direction ("OAF -> YAF") has its own row, and another row holds the mean of
    the directions, without an interval, since two voices are only two points. Other folds are pooled.

    Parameters
    ----------
    evaluation : Evaluation
        From `evaluate`, `evaluate_across` or `evaluate_adapted`.

    Returns
    -------
    DataFrame
        Columns `RESULT_COLUMNS`. The metrics are accuracy and UAR with the 95 % interval of `metrics.interval_of`;
        after adaptation also `uar_worst`, the lowest UAR of the draws; for a network on the random split also the
        training accuracy, at the last epoch and averaged over epochs as the original reports it.
    """
    direction = evaluation.predictions["fold"].map(splits.direction).rename("direction")
    found = [
        {"corpus": corpus, "direction": name} | figure
        for (corpus, name), part in evaluation.predictions.groupby(["corpus", direction])
        for figure in _scored(part, worst=bool(evaluation.seen_of_voice))
    ]
    if direction.nunique() > 1:
        found += [_mean_direction([row for row in found if row["metric"] == metric]) for metric in metrics.METRICS]
    if evaluation.protocol == "random" and "epoch" in evaluation.histories:
        found += _over_epochs(evaluation.histories)
    seen = "none" if evaluation.trained_on or evaluation.protocol in splits.UNSEEN_VOICES else "all"
    table = pd.DataFrame(found).fillna({"corpus": evaluation.corpus, "direction": ""})
    table = table.assign(
        protocol=evaluation.protocol,
        model=evaluation.model,
        seen_of_voice=evaluation.seen_of_voice or seen,
        trained_on=evaluation.trained_on or evaluation.corpus,
        minutes=round(evaluation.minutes, 1),
    )
    return table.reindex(columns=list(RESULT_COLUMNS))


def _scored(predictions: pd.DataFrame, *, worst: bool) -> list[dict[str, object]]:
    """Return the figures of one direction or corpus, with the UAR of the worst draw if `worst` is set."""
    found = []
    n = len(predictions) // predictions["seed"].nunique()  # each seed predicts every utterance
    for metric, measure in metrics.METRICS.items():
        per_seed = [measure(group["emotion"], group["predicted"]) for _, group in predictions.groupby("seed")]
        interval = metrics.interval_of(predictions, metric=metric)
        found.append(_figure(metric, per_seed) | {"n": n} | (interval._asdict() if interval else {}))
        if worst and metric == "uar" and len(per_seed) > 1:
            found.append(_figure("uar_worst", per_seed) | {"value": min(per_seed), "n": n})
    return found


def _mean_direction(directions: list[dict[str, object]]) -> dict[str, object]:
    each = [np.array(str(row["per_seed"]).split(), dtype=float) for row in directions]
    mean = _figure(str(directions[0]["metric"]), np.mean(each, axis=0).tolist())
    return mean | {"direction": "mean", "n": sum(int(str(row["n"])) for row in directions)}


def _over_epochs(histories: pd.DataFrame) -> list[dict[str, object]]:
    """Return the last training accuracy, and training and test accuracy averaged over the epochs."""
    runs = [run for _, run in histories.groupby("seed")]
    found = {
        "train_accuracy": [run["accuracy"].iloc[-1] for run in runs],
        "train_accuracy_mean_over_epochs": [run["accuracy"].mean() for run in runs],
        "accuracy_mean_over_epochs": [run["test_accuracy"].mean() for run in runs],
    }
    return [_figure(metric, per_seed) for metric, per_seed in found.items()]


def _figure(metric: str, per_seed: list[float]) -> dict[str, object]:
    """Return the mean of a figure over seeds, its standard deviation, and the value of each seed."""
    return {
        "metric": metric,
        "value": float(np.mean(per_seed)),
        "seed_sd": float(np.std(per_seed, ddof=1)) if len(per_seed) > 1 else np.nan,
        "seeds": len(per_seed),
        "per_seed": " ".join(f"{value:.4f}" for value in per_seed),
    }
