"""The committed table of results: read it, show it, and hold what is said to it."""

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import corpora, evaluation
from emotion_lib.corpora.loading import CORPORA
from emotion_lib.errors import EmotionLibError, ParameterError
from emotion_lib.evaluation import RECIPES, RESULT_COLUMNS
from emotion_lib.metrics import METRICS
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.splits import PROTOCOLS

COLUMNS = {
    "random": ("random", ""),
    "by word": ("by_word", ""),
    "OAF -> YAF": ("by_speaker", "OAF -> YAF"),
    "YAF -> OAF": ("by_speaker", "YAF -> OAF"),
    "mean of both": ("by_speaker", "mean"),
}
"""Columns of the overview: the protocol and the direction that each shows."""

_TEXT = (
    "corpus",
    "protocol",
    "direction",
    "model",
    "seen_of_voice",
    "metric",
    "interval_over",
    "trained_on",
    "per_seed",
)

LEEWAY = 0.03
"""The least that a figure of a trained network may leave the range of the table's seeds on another processor."""


FAR_APART = 0.05
"""Range of the seeds from which on it is shown beside a figure."""


CHECKED = ("TESS", "the table of results")
"""Where a claim must hold."""


class ClaimError(EmotionLibError):
    """A sentence of the notebooks does not hold on the corpus that it is about."""


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of results.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.

    Returns
    -------
    DataFrame
        One row a figure, columns `evaluation.RESULT_COLUMNS`, in the order of `splits.PROTOCOLS` and of
        `evaluation.RECIPES`; empty text where a column does not apply.

    Raises
    ------
    ParameterError
        If there is no such file, or it has other columns.
    """
    if not Path(path).is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the table of results")
    table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "str") | {"n": "Int64"}).fillna(dict.fromkeys(_TEXT, ""))
    if missing := [name for name in RESULT_COLUMNS if name not in table]:
        raise ParameterError(f"{path}: has no column {missing[0]!r}; `python -m benchmarks.accuracy` writes it anew")
    place = {name: number for number, name in enumerate([*PROTOCOLS, *RECIPES])}
    return table.sort_values(["protocol", "model"], key=lambda name: name.map(place), kind="stable", ignore_index=True)


def pick(results: pd.DataFrame, **where: str) -> pd.Series:
    """Pick the one row of the table that fits.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    **where : str
        Values of columns: `model="frame_lstm", protocol="random", metric="uar"`. The corpus is `tess` unless given.

    Returns
    -------
    Series

    Raises
    ------
    ParameterError
        If no row fits, or several do.
    """
    where = {"corpus": "tess"} | where
    rows = results[np.logical_and.reduce([results[name] == value for name, value in where.items()])]
    if len(rows) != 1:
        raise ParameterError(f"{where}: {len(rows)} rows of the table of results fit, expected one")
    return rows.iloc[0]


def overview(results: pd.DataFrame, *, metric: str = "uar", models: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Show one figure of each model under each protocol, in percent, with its interval over words.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    metric : {"uar", "accuracy"}
        The figure.
    models : tuple of str or None
        Names of recipes, in the order of the rows; None shows those that have a figure, in the order of the recipes.

    Returns
    -------
    DataFrame, str
        One row a model, columns `COLUMNS`; a dash where the table has no figure.

    Raises
    ------
    ParameterError
        If the metric or a model is not known.

    Notebook: 04_evaluate
    """
    if metric not in METRICS:
        raise ParameterError(f"metric={metric!r}: must be one of {', '.join(METRICS)}")
    if unknown := [model for model in models or () if model not in RECIPES]:
        raise ParameterError(f"models: {unknown[0]!r} is not among {', '.join(RECIPES)}")
    rows = results[(results["corpus"] == "tess") & (results["metric"] == metric)]
    cells = rows.set_index(["model", "protocol", "direction"]).apply(percent, axis=1).to_dict()
    shown = {
        RECIPES[model].title: {name: cells.get((model, *where), "-") for name, where in COLUMNS.items()}
        for model in (_measured(cells) if models is None else models)
    }
    return pd.DataFrame.from_dict(shown, orient="index", columns=list(COLUMNS)).rename_axis("model")


def _measured(cells: Mapping[Hashable, str]) -> list[str]:
    """Return the models that have a figure in some column of the overview."""
    return [model for model in RECIPES if any((model, *where) in cells for where in COLUMNS.values())]


def new_voices(results: pd.DataFrame) -> pd.DataFrame:
    """Show the UAR of the models that were trained on several corpora, for speakers that were left out, in percent.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, str
        One row a model, one column a corpus; in brackets the 95 % interval, over speakers where there are enough of
        them, else over words.
    """
    rows = results[(results["protocol"] == "leave_speaker_out") & (results["metric"] == "uar")]
    figures = rows.assign(figure=[percent(row) for _, row in rows.iterrows()])
    cells = figures.pivot(index="model", columns="corpus", values="figure").fillna("-")
    shown = cells.rename(index={name: recipe.title for name, recipe in RECIPES.items()}).rename_axis(columns=None)
    return shown.rename(columns=lambda name: CORPORA[name].short_title).rename_axis("model")


def worth(recognizer: EmotionRecognizer) -> pd.DataFrame:
    """Show what a recogniser is worth for speakers that were left out of its training, in percent.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        One that was measured.

    Returns
    -------
    DataFrame, str
        One row a corpus: UAR with its interval; how many utterances get an answer, and how many of the answers are
        right; how far confidence is from the share that is right (expected calibration error).

    Raises
    ------
    ParameterError
        If it was not measured.
    """
    if not recognizer.about.get("worth"):
        raise ParameterError("the recogniser was not measured; `emotion-lib train` measures what it trains")
    rows = {
        CORPORA[name].short_title if name in CORPORA else name: {
            "UAR": percent(pd.Series(each | {"per_seed": str(each["value"])})) + _over(each["interval_over"]),
            "answered": f"{100 * each['coverage']:.1f}",
            "answers that are right": "-" if each["precision"] is None else f"{100 * each['precision']:.1f}",
            "calibration error": f"{100 * each['expected_calibration_error']:.1f}",
        }
        for name, each in recognizer.about["worth"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("corpus")


def _over(groups: str | None) -> str:
    """Return what an interval is over, in words; nothing where there is none."""
    return f" over {groups}" if groups else ""


def percent(row: pd.Series) -> str:
    """Write a figure in percent, its interval in brackets where it has one.

    Where the seeds lie more than `FAR_APART` from each other, their range is told too: an interval over words is
    then the smaller part of the doubt.

    Parameters
    ----------
    row : Series
        With `value`, `low` and `high` between 0 and 1, and `per_seed`.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(pd.Series({"value": 0.541, "low": 0.51, "high": 0.5692, "per_seed": "0.5410"}))
    '54.1 [51.0, 56.9]'
    >>> percent(pd.Series({"value": 0.45, "low": 0.43, "high": 0.46, "per_seed": "0.2800 0.6200"}))
    '45.0 [43.0, 46.0], seeds 28 to 62'
    """
    figure = f"{100 * row['value']:.1f}"
    if pd.notna(row["low"]):
        figure += f" [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
    seeds = over_seeds(row)
    if max(seeds) - min(seeds) > FAR_APART:
        figure += f", seeds {100 * min(seeds):.0f} to {100 * max(seeds):.0f}"
    return figure


def over_seeds(row: pd.Series) -> list[float]:
    """Return the figure of each seed.

    Parameters
    ----------
    row : Series
        From `pick`.

    Returns
    -------
    list of float
    """
    return [float(value) for value in row["per_seed"].split()]


PUBLISHED = {"train_accuracy_mean_over_epochs": 0.9259, "accuracy_mean_over_epochs": 0.9673}
"""The averages over epochs that the original notebook prints; its README has the two the other way round."""
PUBLISHED_LAST = {"train_accuracy": 0.9874, "accuracy": 0.9982}
"""What its last epoch reached."""


def reproduction(results: pd.DataFrame) -> pd.DataFrame:
    """Put the published figures of the original network beside those of the same network rebuilt here.

    Parameters
    ----------
    results : DataFrame
        From `read`.

    Returns
    -------
    DataFrame, percent
        One row a source, one column a figure.

    References
    ----------
    PragyaShandilya/Emotion-Recognition-with-Neural-Network, README and notebook, as of 2026.

    Notebook: 03_model
    """
    columns = {
        "train_accuracy_mean_over_epochs": "training, mean over epochs",
        "accuracy_mean_over_epochs": "test, mean over epochs",
        "train_accuracy": "training, last epoch",
        "accuracy": "test, last epoch",
    }
    train, test = PUBLISHED.values()
    figures: dict[str, dict[str, float]] = {
        "published, in its README": dict(zip(PUBLISHED, (test, train), strict=True)),
        "published, in its notebook": PUBLISHED | PUBLISHED_LAST,
    }
    for name, corpus in (("rebuilt, corpus doubled", "tess_doubled"), ("rebuilt, each recording once", "tess")):
        where = {"corpus": corpus, "protocol": "random", "model": "mean_mfcc_lstm"}
        figures[name] = {metric: float(pick(results, metric=metric, **where)["value"]) for metric in columns}
    table = pd.DataFrame.from_dict(figures, orient="index", columns=list(columns)).rename(columns=columns)
    return (100 * table).round(2)


def predictions(path: str | os.PathLike[str], table: pd.DataFrame, model: str, protocol: str) -> pd.DataFrame:
    """Find what a model heard in each utterance that was held out.

    For TESS this is kept beside the table of results, so that everybody sees the same mistakes; for any other
    corpus the model is trained now.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.
    table : DataFrame
        The corpus table.
    model, protocol : str
        As for `evaluation.evaluate`.

    Returns
    -------
    DataFrame
        The rows of the table that were held out, with `fold` and `predicted`; sorted by fold and id.

    Raises
    ------
    ParameterError
        If there is no such file, or nothing is kept of this model and protocol.

    Notebook: 04_evaluate
    """
    if _is_whole_tess(table):
        if not Path(path).is_file():
            raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the predictions")
        kept = pd.read_csv(path, dtype=str)
        heard = kept[(kept["model"] == model) & (kept["protocol"] == protocol)]
        if heard.empty:
            raise ParameterError(f"{path}: has no predictions of {model} by {protocol}")
    else:
        heard = evaluation.evaluate(table, model, protocol).predictions
    rows = table.merge(heard[["fold", "id", "predicted"]], on="id", validate="one_to_one")
    return rows.sort_values(["fold", "id"], ignore_index=True)


@dataclass(frozen=True)
class Claim:
    """A sentence of the prose, and whether it holds on the corpus at hand."""

    sentence: str
    holds: bool
    corpus: str

    def __str__(self) -> str:
        if self.corpus in CHECKED:
            return f"Checked on {self.corpus}: {self.sentence}."
        answer = "holds" if self.holds else "does not hold"
        return f"Said of TESS, and on {self.corpus} it {answer}: {self.sentence}."

    def _repr_html_(self) -> str:
        return f"<p><em>{escape(str(self))}</em></p>"

    def __repr__(self) -> str:
        return str(self)


def claim(sentence: str, holds: bool, *, corpus: pd.DataFrame | None = None) -> Claim:
    """State what the prose says, and check it: on TESS it must hold, elsewhere it is only reported.

    Parameters
    ----------
    sentence : str
        The claim, without a full stop.
    holds : bool
        Whether it is so.
    corpus : DataFrame or None
        The corpus table that it was looked up on; None where it was looked up in the table of results.

    Returns
    -------
    Claim
        Prints as a sentence.

    Raises
    ------
    ClaimError
        If it does not hold on the whole of TESS, or in the table of results.

    Examples
    --------
    >>> claim("two is more than one", 2 > 1, corpus=pd.DataFrame({"corpus": ["demo"]}))
    Said of TESS, and on the demo corpus it holds: two is more than one.
    """
    where = _where(corpus)
    if where in CHECKED and not holds:
        raise ClaimError(f"does not hold on {where}: {sentence}")
    return Claim(sentence, bool(holds), where)


def _where(corpus: pd.DataFrame | None) -> str:
    """Return in words what a claim was looked up on."""
    if corpus is None:
        return "the table of results"
    if _is_whole_tess(corpus):
        return "TESS"
    return "the demo corpus" if set(corpus["corpus"]) == {"demo"} else "this corpus"


def beside(value: float, row: pd.Series, *, corpus: pd.DataFrame) -> pd.DataFrame:
    """Put a figure of this run beside the committed one.

    Parameters
    ----------
    value : float
        The figure of this run.
    row : Series
        The committed figure, from `pick`.
    corpus : DataFrame
        The corpus table of this run.

    Returns
    -------
    DataFrame, str
        One row, in percent; the heading says so where this run was not on the whole of TESS.

    Notebook: 03_model
    """
    here = "this run" if _is_whole_tess(corpus) else "not on TESS"
    name = f"{RECIPES[row['model']].title}, {row['direction'] or row['protocol']}"
    return pd.DataFrame({here: [f"{100 * value:.1f}"], "table of results": [percent(row)]}, index=[name])


def _is_whole_tess(table: pd.DataFrame) -> bool:
    """Return whether a corpus table is TESS, with all of its utterances and nothing else."""
    return set(table["corpus"]) == {"tess"} and set(table["id"]) == set(corpora.index("tess")["id"])


def agrees(value: float, row: pd.Series, *, corpus: pd.DataFrame) -> Claim:
    """Check that a figure of this run lies where the seeds of the committed table lie.

    Figures of a trained network differ between processors in the second digit, with the same seed.

    Parameters
    ----------
    value : float
        The figure of this run.
    row : Series
        The committed figure, from `pick`.
    corpus : DataFrame
        The corpus table of this run.

    Returns
    -------
    Claim

    Raises
    ------
    ClaimError
        If it lies further outside the range of the seeds than `LEEWAY` and than their deviation, on the whole of
        TESS.
    """
    seeds = over_seeds(row)
    leeway = LEEWAY if np.isnan(row["seed_sd"]) else max(LEEWAY, row["seed_sd"])
    inside = min(seeds) - leeway <= value <= max(seeds) + leeway
    title = RECIPES[row["model"]].title
    return claim(f"this run of the {title} lies where the {len(seeds)} seeds of the table do", inside, corpus=corpus)
