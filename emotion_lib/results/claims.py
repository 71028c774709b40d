"""Claims of the prose, each held to the figures by one call."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from emotion_lib.errors import EmotionLibError
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.results.figures import is_whole_tess, over_seeds, percent

LEEWAY = 0.03
"""The least that a figure of a trained network may leave the range of the table's seeds on another processor."""


CHECKED = ("TESS", "the table of results")
"""Where a claim must hold."""


class ClaimError(EmotionLibError):
    """A sentence of the notebooks does not hold on the corpus that it is about."""


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
    if is_whole_tess(corpus):
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
    here = "this run" if is_whole_tess(corpus) else "not on TESS"
    name = f"{RECIPES[row['model']].title}, {row['direction'] or row['protocol']}"
    return pd.DataFrame({here: [f"{100 * value:.1f}"], "table of results": [percent(row)]}, index=[name])


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
