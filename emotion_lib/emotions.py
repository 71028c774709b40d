"""The names of the emotions in one fixed order, and the colour and marker of each in every figure."""

from collections.abc import Iterable
from typing import NamedTuple


class Style(NamedTuple):
    """Colour and marker of an emotion; figures use both, so that nobody has to rely on colour alone."""

    colour: str
    marker: str


EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The seven emotions of TESS, in the order of every axis and output."""

# Chosen so that any two colours differ in normal and in colour-blind vision, and so that each has a contrast of at
# least 3 on light and dark backgrounds; tests/test_emotions.py measures both.
STYLES = {
    "angry": Style("#b74030", "o"),
    "disgust": Style("#529b72", "s"),
    "fear": Style("#9946a9", "D"),
    "happy": Style("#b5900c", "^"),
    "neutral": Style("#5f6c69", "v"),
    "sad": Style("#6390ff", "X"),
    "surprise": Style("#d86ba3", "P"),
    "calm": Style("#007e4e", "h"),
    "boredom": Style("#786684", "*"),
}
"""Colour and marker of each emotion; `calm` and `boredom` come last, for corpora that have them."""


def in_order(emotions: Iterable[str]) -> tuple[str, ...]:
    """Sort emotions into the fixed order, all other labels behind them by alphabet, and drop duplicates.

    Parameters
    ----------
    emotions : iterable of str
        Names of emotions, or other labels.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> in_order(["sad", "calm", "angry", "sad"])
    ('angry', 'sad', 'calm')
    """
    present = set(emotions)
    return (*(name for name in STYLES if name in present), *sorted(present - STYLES.keys()))
