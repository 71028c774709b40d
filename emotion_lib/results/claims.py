"""Check the claims in the prose of the notebooks, one call per claim."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from emotion_lib.errors import EmotionLibError
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.results.figures import over_seeds

LEEWAY = 0.03
"""Largest allowed distance of a trained network's figure from the range of the seeds, since processors differ."""


class ClaimError(EmotionLibError):
    """A claim in a notebook is false."""


@dataclass(frozen=True, repr=False)
class Claim:
    """A claim in a notebook that was checked, and on what."""

    sentence: str
    on: str

    def __str__(self) -> str:
        return f"Checked on {self.on}: {self.sentence}."

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p><em>{escape(str(self))}</em></p>"


def claim(sentence: str, holds: bool, *, on: str = "the table of results") -> Claim:
    """Check a claim in the prose of a notebook.

    Parameters
    ----------
    sentence : str
        The claim, without a full stop.
    holds : bool
        Whether the claim is true.
    on : str
        What it was checked on, such as `"TESS"`.

    Returns
    -------
    Claim
        Prints as a sentence.

    Raises
    ------
    ClaimError
        If the claim is false.

    Examples
    --------
    >>> claim("two is more than one", 2 > 1, on="whole numbers")
    Checked on whole numbers: two is more than one.

    Notes
    -----
    Notebook: 03_model
    """
    if not holds:
        raise ClaimError(f"does not hold on {on}: {sentence}")
    return Claim(sentence, on)


def agrees(value: float, row: pd.Series) -> Claim:
    """Check that a figure measured on TESS now lies within the range of the seeds of the committed table.

    With the same seed, the figures of a trained network differ between processors in the second digit.

    Parameters
    ----------
    value : float
        The figure of this run.
    row : Series
        The committed figure, from `pick`.

    Returns
    -------
    Claim

    Raises
    ------
    ClaimError
        If the figure lies outside the range of the seeds by more than `LEEWAY` and more than their standard deviation.

    Notes
    -----
    Notebook: 03_model
    """
    seeds = over_seeds(row)
    leeway = LEEWAY if np.isnan(row["seed_sd"]) else max(LEEWAY, row["seed_sd"])
    low, high = max(min(seeds) - leeway, 0), min(max(seeds) + leeway, 1)
    sentence = (
        f"this run of the {RECIPES[row['model']].title} lies between {100 * low:.0f} and {100 * high:.0f} %, "
        f"which is the range of the table's {len(seeds)} seeds and {100 * leeway:.0f} points on either side"
    )
    return claim(sentence, low <= value <= high, on="TESS")
