"""Bet on a figure before it is shown."""

from textwrap import fill
from typing import Any

import traitlets

from emotion_lib.errors import ParameterError
from emotion_lib.widgets.base import Widget, in_words, script


def bet(question: str, *, unit: str = "%", low: int = 0, high: int = 100) -> Widget:
    """Make a slider on which the reader bets before a figure is shown.

    The slider keeps the bet: `value` is the whole number that the reader has chosen, and None before that. `str` of the
    widget is the bet in words. The arrow keys move the slider, Enter bets on the number where it stands.

    Parameters
    ----------
    question : str
        What the reader bets on.
    unit : str
        The unit of the number, shown behind it; may be empty.
    low, high : int
        The ends of the slider; `low` is below `high`.

    Returns
    -------
    Widget
        On a static page, it is the question as a sentence.

    Raises
    ------
    ParameterError
        If `low` is not below `high`.

    Examples
    --------
    >>> mine = bet("How many of a hundred words does the machine get right?")
    >>> mine.value
    >>> mine.value = 60
    >>> f"Your bet: {mine}"
    'Your bet: 60 %'

    Notebook: 01_explore
    """
    if low >= high:
        raise ParameterError(f"low={low}, high={high}: low must be below high")
    return _Bet(question=question, unit=unit, low=low, high=high)


class _Bet(Widget):
    """A question, a slider, and the bet in words."""

    _esm = script("bet")

    question = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    low = traitlets.Int().tag(sync=True)
    high = traitlets.Int().tag(sync=True)
    value = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __repr__(self) -> str:
        """Return the question; a saved notebook keeps it, and it is the same whatever the reader has bet."""
        return f"Place your bet: {self.question}"

    def __str__(self) -> str:
        """Return the bet in words."""
        return "none" if self.value is None else f"{self.value} {self.unit}".rstrip()

    def _do_place(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Keep the bet; one that was placed before the ends of the slider changed is none."""
        if self.low <= message["value"] <= self.high:
            self.value = int(message["value"])

    def still(self) -> bytes:
        """Return the question as a picture."""
        return in_words(fill(repr(self), 105))
