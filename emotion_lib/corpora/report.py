"""Reports that print as sentences, and as HTML in a notebook."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

SHOWN = 20
"""How many names of a kind a report prints; its attributes hold them all."""


class Section(NamedTuple):
    """A sentence of a report, and what it lists."""

    sentence: str
    items: Sequence[str] = ()


class Report(ABC):
    """A report made of sentences, some with a list below them."""

    @abstractmethod
    def _parts(self) -> Iterable[Section]:
        """Yield what the report says, in order."""

    def __str__(self) -> str:
        return "\n".join(line for part in self._parts() for line in (part.sentence, *_indented(part.items)))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(part.sentence)}</p>{_html_list(part.items)}" for part in self._parts())


def shortened(items: Sequence[str]) -> list[str]:
    """Return the first items, and how many more there are.

    Examples
    --------
    >>> shortened([str(n) for n in range(25)])[-2:]
    ['19', 'and 5 more']
    """
    more = len(items) - SHOWN
    return [*items[:SHOWN], f"and {more} more"] if more > 0 else list(items)


def enumerated(words: Sequence[str]) -> str:
    """Return words as English lists them.

    Examples
    --------
    >>> enumerated(["angry", "happy", "sad"])
    'angry, happy and sad'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one.

    Examples
    --------
    >>> counted(1, "copy"), counted(2, "copy"), counted(7, "emotion")
    ('1 copy', '2 copies', '7 emotions')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


def _indented(items: Sequence[str]) -> list[str]:
    return [f"  {item}" for item in shortened(items)]


def _html_list(items: Sequence[str]) -> str:
    """Return a list in HTML; nothing for an empty one."""
    lines = "".join(f"<li>{escape(item)}</li>" for item in shortened(items))
    return f"<ul>{lines}</ul>" if lines else ""
