"""The committed table of results: read it, show it, and hold what is said to it."""

from emotion_lib.results.claiming import CHECKED, LEEWAY, Claim, ClaimError, agrees, beside, claim
from emotion_lib.results.reading import FAR_APART, KEY, kept_predictions, over_seeds, percent, pick, predictions, read
from emotion_lib.results.showing import COLUMNS, by_corpus, new_voices, overview, reproduction, used_to_voice, worth

__all__ = [
    "CHECKED",
    "COLUMNS",
    "FAR_APART",
    "KEY",
    "LEEWAY",
    "Claim",
    "ClaimError",
    "agrees",
    "beside",
    "by_corpus",
    "claim",
    "kept_predictions",
    "new_voices",
    "over_seeds",
    "overview",
    "percent",
    "pick",
    "predictions",
    "read",
    "reproduction",
    "used_to_voice",
    "worth",
]
