"""The committed figures and predictions: read them, pick one, and write it in percent."""

import os

import numpy as np
import pandas as pd

from emotion_lib.errors import ParameterError, check_columns, path_of
from emotion_lib.evaluation import ACROSS_CORPORA, RESULT_COLUMNS, SEEN_OF_VOICE
from emotion_lib.evaluation.experiments import beside_truth
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.recognizer.description import in_percent
from emotion_lib.splits import PROTOCOLS

KEY = "key"
"""Column of the key of a row: a digest of recipe, version of the features, utterances, protocol and seeds."""

_NUMBERS = {"value", "low", "high", "seed_sd", "n", "seeds", "minutes"}
_TEXT = [name for name in (*RESULT_COLUMNS, KEY) if name not in _NUMBERS]

FAR_APART = 0.05
"""Difference between the best and the worst seed above which their range is shown beside a figure."""


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of results.

    Parameters
    ----------
    path : str or path
        The CSV that `python -m benchmarks.accuracy` writes.

    Returns
    -------
    DataFrame
        One row per figure, columns `evaluation.RESULT_COLUMNS` and `KEY`, in the order of `splits.PROTOCOLS` and of
        `recipes.RECIPES`; empty text in columns that do not apply.

    Raises
    ------
    ParameterError
        If the file does not exist, or lacks a column.
    """
    path = path_of("path", path)
    if not path.is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the table of results")
    # Empty text, not NaN, so that columns can be compared with "" and joined; Int64, since some rows have no n.
    table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "str") | {"n": "Int64"}).fillna(dict.fromkeys(_TEXT, ""))
    check_columns(f"{path}", table, *RESULT_COLUMNS, KEY, cure="`python -m benchmarks.accuracy` writes a new one")
    place = {name: number for number, name in enumerate([*PROTOCOLS, ACROSS_CORPORA, *RECIPES])}
    return table.sort_values(["protocol", "model"], key=lambda name: name.map(place), kind="stable", ignore_index=True)


def pick(results: pd.DataFrame, **where: str) -> pd.Series:
    """Pick the one row of the table with the given values.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    **where : str
        Values of columns: `model="frame_lstm", protocol="random", metric="uar"`. By default the corpus is `tess`, and
        the model was not adapted to the test speaker.

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
        results = unadapted(results)
    rows = results[np.logical_and.reduce([results[name] == value for name, value in where.items()])]
    if len(rows) != 1:
        raise ParameterError(f"{where}: {len(rows)} rows of the table of results fit; give values that fit exactly one")
    return rows.iloc[0]


def percent(row: pd.Series) -> str:
    """Format a figure in percent, with its interval in brackets if it has one.

    If the seeds differ by more than `FAR_APART`, their range is added, since the choice of seed then matters more than
    the choice of words, which the interval is over.

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
    figure = in_percent(row["value"], row["low"], row["high"], unit="")
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


def kept_predictions(path: str | os.PathLike[str], table: pd.DataFrame, model: str, protocol: str) -> pd.DataFrame:
    """Read the committed predictions of a model, on any corpus.

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
        The held-out rows of the table, with `fold`, `predicted`, and for a network the probability of each emotion in
        a column named after it; sorted by fold and id.

    Raises
    ------
    ParameterError
        If the file does not exist, or has no predictions of this model and protocol.
    """
    path = path_of("path", path)
    if not path.is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the predictions")
    kept = pd.read_csv(path, dtype=dict.fromkeys(("model", "protocol", "fold", "id", "predicted"), "str"))
    predicted = kept[(kept["model"] == model) & (kept["protocol"] == protocol)]
    if predicted.empty:
        raise ParameterError(f"{path}: has no predictions of {model} by {protocol}; `evaluation.evaluate` makes them")
    return beside_truth(table, predicted.drop(columns=["model", "protocol"]).dropna(axis="columns", how="all"))


def unadapted(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of models that were not adapted to the test speaker."""
    return results[~results["seen_of_voice"].isin(SEEN_OF_VOICE)]


def titled(results: pd.DataFrame) -> pd.DataFrame:
    """Add a column with the models' names in prose.

    Parameters
    ----------
    results : DataFrame
        Rows of the table of results.

    Returns
    -------
    DataFrame
        The rows with a column `title`.

    Notebook: 04_evaluate
    """
    return results.assign(title=[RECIPES[model].title for model in results["model"]])
