"""The answer for a recording, and for a part of one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

UNKNOWN = "unknown"
"""The answer "I don't know"; a decision, never one of the emotions."""

UNSURE, SILENCE, NO_SPEECH = "unsure", "silence", "no speech"
"""The reasons for it."""

UNLIKE = "this voice is unlike those it was trained on"
"""The warning: what the recogniser is worth was measured on voices that are more like those of its training."""


@dataclass(frozen=True)
class Prediction:
    """The emotion of a recording, as far as it is known.

    Parameters
    ----------
    emotion : str
        The most probable emotion, or `unknown`.
    probabilities : mapping of str to float
        The probability of each emotion, in the order of the vocabulary; they sum to 1, and are all equal where
        nobody speaks.
    reason : str
        Why the emotion is unknown: "unsure", "silence" or "no speech"; empty where it is not.
    note : str
        What else there is to know, as a sentence; mostly empty.
    warning : str
        "this voice is unlike those it was trained on", where it is: trust the answer less, even a sure one. Mostly
        empty; always, where nobody speaks.

    Examples
    --------
    >>> print(Prediction("unknown", {"angry": 0.4, "sad": 0.35, "fear": 0.25}, reason="unsure"))
    unknown, unsure (angry 0.40, sad 0.35)
    """

    emotion: str
    probabilities: Mapping[str, float]
    reason: str = ""
    note: str = ""
    warning: str = ""

    @property
    def confidence(self) -> float:
        """The highest of the probabilities."""
        return max(self.probabilities.values())

    @property
    def most_probable(self) -> tuple[str, ...]:
        """The emotions, the most probable first."""
        return tuple(sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True))

    def to_dict(self) -> dict[str, Any]:
        """Return all of it in a form that JSON can hold.

        Returns
        -------
        dict
        """
        return asdict(self)

    def __str__(self) -> str:
        """Return the answer in a line."""
        return ", ".join(part for part in (self._answer(), self.note, self.warning) if part)

    def _answer(self) -> str:
        if self.reason in {SILENCE, NO_SPEECH}:
            return f"{self.emotion}, {self.reason}"
        named = ", ".join(f"{name} {self.probabilities[name]:.2f}" for name in self.most_probable[:2])
        return f"{self.emotion}, {self.reason} ({named})" if self.reason else f"{self.emotion} ({named})"


@dataclass(frozen=True, kw_only=True)
class Segment(Prediction):
    """The emotion of a part of a recording.

    Parameters
    ----------
    emotion, probabilities, reason, note, warning
        As in a `Prediction`.
    start, end : float
        Seconds from the beginning of the recording.

    Examples
    --------
    >>> print(Segment("sad", {"sad": 0.9, "fear": 0.1}, start=0.5, end=3.0))
    0.50 to 3.00 s: sad (sad 0.90, fear 0.10)
    """

    start: float
    end: float

    def __str__(self) -> str:
        """Return the part and the answer in a line."""
        return f"{self.start:.2f} to {self.end:.2f} s: {super().__str__()}"
