"""The committed table of results is read, and a row or figure of it found."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import corpora, evaluation
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.recipes import RECIPES
from emotion_lib.splits import PROTOCOLS

KEY = "key"
"""Column of what decides a row: a digest of recipe, version of the features, utterances, protocol and seeds."""

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
    KEY,
)

FAR_APART = 0.05
"""Range of the seeds from which on it is shown beside a figure."""


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of results.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.

    Returns
    -------
    DataFrame
        One row a figure, columns `evaluation.RESULT_COLUMNS` and `KEY`, in the order of `splits.PROTOCOLS` and of
        `recipes.RECIPES`; empty text where a column does not apply.

    Raises
    ------
    ParameterError
        If there is no such file, or it has other columns.
    """
    if not Path(path).is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the table of results")
    table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "str") | {"n": "Int64"}).fillna(dict.fromkeys(_TEXT, ""))
    if missing := [name for name in (*RESULT_COLUMNS, KEY) if name not in table]:
        raise ParameterError(f"{path}: has no column {missing[0]!r}; `python -m benchmarks.accuracy` writes it anew")
    place = {name: number for number, name in enumerate([*PROTOCOLS, ACROSS_CORPORA, *RECIPES])}
    return table.sort_values(["protocol", "model"], key=lambda name: name.map(place), kind="stable", ignore_index=True)


def pick(results: pd.DataFrame, **where: str) -> pd.Series:
    """Pick the one row of the table that fits.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    **where : str
        Values of columns: `model="frame_lstm", protocol="random", metric="uar"`. Unless given, the corpus is `tess`,
        and nothing was shown of the voice of the test.

    Returns
    -------
    Series

    Raises
    ------
    ParameterError
        If no row fits, or several do.
    """
    where = {"corpus": "tess"} | where
    if "seen_of_voice" not in where:
        results = results[~results["seen_of_voice"].isin(SEEN_OF_VOICE)]
    rows = results[np.logical_and.reduce([results[name] == value for name, value in where.items()])]
    if len(rows) != 1:
        raise ParameterError(f"{where}: {len(rows)} rows of the table of results fit, expected one")
    return rows.iloc[0]


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
        The rows of the table that were held out, with `fold`, `predicted`, and where they are known the probabilities,
        each in the column of its emotion; sorted by fold and id.

    Raises
    ------
    ParameterError
        If there is no such file, or nothing is kept of this model and protocol.

    Notebook: 04_evaluate
    """
    if is_whole_tess(table):
        return kept_predictions(path, table, model, protocol)
    heard = evaluation.evaluate(table, model, protocol).predictions
    return _beside_truth(table, heard.drop(columns=["corpus", "speaker", "text", "emotion", "seed"]))


def kept_predictions(path: str | os.PathLike[str], table: pd.DataFrame, model: str, protocol: str) -> pd.DataFrame:
    """Find what is kept of what a model heard, whatever the corpora.

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
        As from `predictions`.

    Raises
    ------
    ParameterError
        If there is no such file, or nothing is kept of this model and protocol.
    """
    if not Path(path).is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the predictions")
    kept = pd.read_csv(path, dtype=dict.fromkeys(("model", "protocol", "fold", "id", "predicted"), "str"))
    heard = kept[(kept["model"] == model) & (kept["protocol"] == protocol)]
    if heard.empty:
        raise ParameterError(f"{path}: has no predictions of {model} by {protocol}")
    return _beside_truth(table, heard.drop(columns=["model", "protocol"]).dropna(axis="columns", how="all"))


def _beside_truth(table: pd.DataFrame, heard: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the table that were held out, beside what was heard in them."""
    rows = table.merge(heard, on="id", validate="one_to_one")
    return rows.sort_values(["fold", "id"], ignore_index=True)


def is_whole_tess(table: pd.DataFrame) -> bool:
    """Say whether a corpus table is TESS, with all of its utterances and nothing else.

    Parameters
    ----------
    table : DataFrame
        A corpus table.

    Returns
    -------
    bool
    """
    return set(table["corpus"]) == {"tess"} and set(table["id"]) == set(corpora.index("tess")["id"])
