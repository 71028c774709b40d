"""The committed table of results: read it, show it, and check claims against it."""

from emotion_lib.results.claims import LEEWAY, Claim, ClaimError, agrees, claim
from emotion_lib.results.figures import KEY, kept_predictions, over_seeds, percent, pick, read, titled
from emotion_lib.results.overviews import (
    COLUMNS,
    by_corpus,
    entry,
    new_voices,
    overview,
    reproduction,
    to_markdown,
    used_to_voice,
)

__all__ = [
    "COLUMNS",
    "KEY",
    "LEEWAY",
    "Claim",
    "ClaimError",
    "agrees",
    "by_corpus",
    "claim",
    "entry",
    "kept_predictions",
    "new_voices",
    "over_seeds",
    "overview",
    "percent",
    "pick",
    "read",
    "reproduction",
    "titled",
    "to_markdown",
    "used_to_voice",
]
