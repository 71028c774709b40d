"""The committed table of results: read it, show it, and hold what is said to it."""

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import corpora
from emotion_lib.errors import EmotionLibError, ParameterError
from emotion_lib.evaluation import RECIPES, RESULT_COLUMNS

COLUMNS = {
    "random": ("random", ""),
    "by word": ("by_word", ""),
    "OAF -> YAF": ("by_speaker", "OAF -> YAF"),
    "YAF -> OAF": ("by_speaker", "YAF -> OAF"),
    "mean of both": ("by_speaker", "mean"),
}
"""Columns of the overview: the protocol and the direction that each shows."""

LEEWAY = 0.03
"""How far a figure of a trained network may leave the range of the table's seeds on another processor."""


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
        One row a figure, columns `evaluation.RESULT_COLUMNS`; empty text where a column does not apply.

    Raises
    ------
    ParameterError
        If there is no such file, or it has other columns.
    """
    if not Path(path).is_file():
        raise ParameterError(f"{path}: no such file; `python -m benchmarks.accuracy` writes the table of results")
    text = dict.fromkeys(("corpus", "protocol", "direction", "model", "seen_of_voice", "metric", "per_seed"), str)
    table = pd.read_csv(path, dtype=text).fillna(dict.fromkeys([*text, "interval_over"], ""))
    if missing := [name for name in RESULT_COLUMNS if name not in table]:
        raise ParameterError(f"{path}: has no column {missing[0]!r}; `python -m benchmarks.accuracy` writes it anew")
    return table


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


def overview(results: pd.DataFrame, *, metric: str = "uar", models: tuple[str, ...] = tuple(RECIPES)) -> pd.DataFrame:
    """Show one figure of each model under each protocol, in percent, with its interval over words.

    Parameters
    ----------
    results : DataFrame
        From `read`.
    metric : {"uar", "accuracy"}
        The figure.
    models : tuple of str
        Names of recipes, in the order of the rows.

    Returns
    -------
    DataFrame, str
        One row a model, columns `COLUMNS`; a dash where the table has no figure.

    Notebook: 04_evaluate
    """
    rows = results[(results["corpus"] == "tess") & (results["metric"] == metric)]
    cells = rows.set_index(["model", "protocol", "direction"]).apply(percent, axis=1).to_dict()
    shown = {
        RECIPES[model].title: {name: cells.get((model, *where), "-") for name, where in COLUMNS.items()}
        for model in models
    }
    return pd.DataFrame.from_dict(shown, orient="index").rename_axis("model")


def percent(row: pd.Series) -> str:
    """Write a figure in percent, its interval in brackets where it has one.

    Parameters
    ----------
    row : Series
        With `value`, `low` and `high` between 0 and 1.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(pd.Series({"value": 0.541, "low": 0.51, "high": 0.5692}))
    '54.1 [51.0, 56.9]'
    """
    value = f"{100 * row['value']:.1f}"
    return value if pd.isna(row["low"]) else f"{value} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"


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


@dataclass(frozen=True)
class Claim:
    """A sentence of the prose, and whether it holds on the corpus at hand."""

    sentence: str
    holds: bool
    corpus: str

    def __str__(self) -> str:
        if self.corpus == "tess":
            return f"Checked on TESS: {self.sentence}."
        name = "the demo corpus" if self.corpus == "demo" else "this corpus"
        answer = "holds" if self.holds else "does not hold"
        return f"Said of TESS, and on {name} it {answer}: {self.sentence}."

    def _repr_html_(self) -> str:
        return f"<p><em>{escape(str(self))}</em></p>"

    def __repr__(self) -> str:
        return str(self)


def claim(sentence: str, holds: bool, *, corpus: pd.DataFrame) -> Claim:
    """State what the prose says, and check it: on TESS it must hold, elsewhere it is only reported.

    Parameters
    ----------
    sentence : str
        The claim, without a full stop.
    holds : bool
        Whether it is so.
    corpus : DataFrame
        The corpus table that it was looked up on.

    Returns
    -------
    Claim
        Prints as a sentence.

    Raises
    ------
    ClaimError
        If it does not hold on the whole of TESS.

    Examples
    --------
    >>> claim("two is more than one", 2 > 1, corpus=pd.DataFrame({"corpus": ["demo"]}))
    Said of TESS, and on the demo corpus it holds: two is more than one.
    """
    is_tess = set(corpus["corpus"]) == {"tess"} and len(corpus) == len(corpora.index("tess"))
    if is_tess and not holds:
        raise ClaimError(f"does not hold on TESS: {sentence}")
    return Claim(sentence, bool(holds), "tess" if is_tess else str(corpus["corpus"].iloc[0]))


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
        If it lies more than `LEEWAY` outside the range of the seeds on the whole of TESS.
    """
    seeds = over_seeds(row)
    inside = min(seeds) - LEEWAY <= value <= max(seeds) + LEEWAY
    title = RECIPES[row["model"]].title
    return claim(f"this run of the {title} lies where the {len(seeds)} seeds of the table do", inside, corpus=corpus)
