"""Reports that print as sentences, or as HTML in a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from html import escape
from itertools import chain
from typing import NamedTuple

from emotion_lib.errors import legible

SHOWN = 20
"""Number of items that a report prints from a list; the attributes of the report hold all of them."""


class Section(NamedTuple):
    """A sentence of a report, and the items listed below it."""

    sentence: str
    items: Sequence[str] = ()


class Report(ABC):
    """A report made of sentences, some with a list below them."""

    @abstractmethod
    def _parts(self) -> Iterable[Section]:
        """Yield the sections of the report in order."""

    def __str__(self) -> str:
        lines = ((sentence, *(f"  {item}" for item in shortened(items))) for sentence, items in self._parts())
        return "\n".join(legible(line, one_line=True) for line in chain.from_iterable(lines))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        html = ""
        for sentence, items in self._parts():
            listed = "".join(f"<li>{escape(legible(item))}</li>" for item in shortened(items))
            html += f"<p>{escape(legible(sentence))}</p>" + (f"<ul>{listed}</ul>" if listed else "")
        # In a notebook, MathJax would take what is between two $ for a formula.
        return f'<div class="tex2jax_ignore mathjax_ignore">{html}</div>' if "$" in html else html


def shortened(items: Sequence[str]) -> list[str]:
    """Return the first items and, if there are more, a line with their number.

    Examples
    --------
    >>> shortened([str(n) for n in range(25)])[-2:]
    ['19', 'and 5 more']
    """
    more = len(items) - SHOWN
    return [*items[:SHOWN], f"and {more} more"] if more > 0 else list(items)


def enumerated(words: Sequence[str]) -> str:
    """Join words with commas and a final "and".

    Examples
    --------
    >>> enumerated(["angry", "happy", "sad"])
    'angry, happy and sad'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural.

    Examples
    --------
    >>> counted(1, "copy"), counted(2, "copy"), counted(7, "emotion")
    ('1 copy', '2 copies', '7 emotions')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"
