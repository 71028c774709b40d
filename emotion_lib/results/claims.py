"""Check the claims in the prose of the notebooks against the figures, one call per claim."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from emotion_lib.errors import EmotionLibError
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.results.figures import is_whole_tess, over_seeds, percent

LEEWAY = 0.03
"""Largest allowed distance of a trained network's figure from the range of the seeds, since processors differ."""


CHECKED = ("TESS", "the table of results")
"""The corpora and tables on which a claim must hold; on others the outcome is only reported."""


class ClaimError(EmotionLibError):
    """A claim in a notebook is false for the corpus that it is about."""


@dataclass(frozen=True, repr=False)
class Claim:
    """A claim in a notebook, and whether it is true for the loaded corpus."""

    sentence: str
    holds: bool
    corpus: str

    def __str__(self) -> str:
        if self.corpus in CHECKED:
            return f"Checked on {self.corpus}: {self.sentence}."
        answer = "holds" if self.holds else "does not hold"
        return f"Claimed for TESS; on {self.corpus} it {answer}: {self.sentence}."

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p><em>{escape(str(self))}</em></p>"


def claim(sentence: str, holds: bool, *, corpus: pd.DataFrame | None = None) -> Claim:
    """Check a claim in a notebook: on TESS it must hold; on another corpus the outcome is only reported.

    Parameters
    ----------
    sentence : str
        The claim, without a full stop.
    holds : bool
        Whether the claim is true.
    corpus : DataFrame or None
        The corpus table on which it was checked; None if it was checked against the table of results.

    Returns
    -------
    Claim
        Prints as a sentence.

    Raises
    ------
    ClaimError
        If the claim is false on the whole of TESS, or in the table of results.

    Examples
    --------
    >>> claim("two is more than one", 2 > 1, corpus=pd.DataFrame({"corpus": ["demo"]}))
    Claimed for TESS; on the demo corpus it holds: two is more than one.
    """
    if corpus is None:
        where = "the table of results"
    elif is_whole_tess(corpus):
        where = "TESS"
    else:
        where = "the demo corpus" if set(corpus["corpus"]) == {"demo"} else "this corpus"
    if where in CHECKED and not holds:
        raise ClaimError(f"does not hold on {where}: {sentence}")
    return Claim(sentence, bool(holds), where)


def beside(value: float, row: pd.Series, *, corpus: pd.DataFrame) -> pd.DataFrame:
    """Show a figure of this run beside the committed one.

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
        One row, in percent; the heading is "not on TESS" if this run was not on the whole of TESS.

    Notebook: 03_model
    """
    here = "this run" if is_whole_tess(corpus) else "not on TESS"
    name = f"{RECIPES[row['model']].title}, {row['direction'] or row['protocol']}"
    return pd.DataFrame({here: [f"{100 * value:.1f}"], "table of results": [percent(row)]}, index=[name])


def agrees(value: float, row: pd.Series, *, corpus: pd.DataFrame) -> Claim:
    """Check that a figure of this run lies within the range of the seeds of the committed table.

    With the same seed, the figures of a trained network differ between processors in the second digit.

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
        If this run was on the whole of TESS and its figure lies outside the range of the seeds by more than `LEEWAY`
        and more than their standard deviation.
    """
    seeds = over_seeds(row)
    leeway = LEEWAY if np.isnan(row["seed_sd"]) else max(LEEWAY, row["seed_sd"])
    low, high = max(min(seeds) - leeway, 0), min(max(seeds) + leeway, 1)
    sentence = (
        f"this run of the {RECIPES[row['model']].title} lies between {100 * low:.0f} and {100 * high:.0f} %, "
        f"which is the range of the table's {len(seeds)} seeds and {100 * leeway:.0f} points on either side"
    )
    return claim(sentence, low <= value <= high, corpus=corpus)
