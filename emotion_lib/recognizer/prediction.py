"""The answer for a recording, or for a part of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from emotion_lib import emotions

UNKNOWN = emotions.UNKNOWN
"""The answer "I don't know", which is never one of the emotions."""

UNSURE, SILENCE, NO_SPEECH, TOO_LITTLE = "unsure", "silence", "no speech", "too little speech"
"""The reasons for the answer `UNKNOWN`."""

WITHOUT_SPEECH = frozenset({SILENCE, NO_SPEECH, TOO_LITTLE})
"""The reasons for which no emotion is predicted, so that all are equally probable."""

UNLIKE = "this voice is unlike those it was trained on"
"""The warning for a voice that is farther from the training voices than the voices of the evaluation were."""


@dataclass(frozen=True)
class Prediction:
    """The predicted emotion of a recording and its probabilities.

    Parameters
    ----------
    emotion : str
        The most probable emotion, or `unknown`.
    probabilities : mapping of str to float
        The probability of each emotion, in the order of `emotions.EMOTIONS`. They sum to 1, and are all equal where
        nobody speaks.
    reason : str
        Why the emotion is unknown: "unsure", "silence", "no speech" or "too little speech". Empty if an emotion is
        predicted.
    note : str
        A remark on the prediction, usually empty; for a long recording, the number of windows.
    warning : str
        "this voice is unlike those it was trained on" if the voice is far from every training voice: trust even a
        confident answer less. Usually empty, and always empty where nobody speaks.
    notes : tuple of str
        Remarks on the recording, such as an end that is missing or channels that cancel each other; usually empty.

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
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep the notes as a tuple, since JSON has them as a list."""
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def confidence(self) -> float:
        """The highest probability."""
        return max(self.probabilities.values())

    @property
    def most_probable(self) -> tuple[str, ...]:
        """The emotions, most probable first."""
        return tuple(sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True))

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as a dict that can be written as JSON.

        Returns
        -------
        dict
        """
        return asdict(self) | {"notes": list(self.notes)}

    def __str__(self) -> str:
        """Return the answer on one line."""
        answer = f"{self.emotion}, {self.reason}" if self.reason else self.emotion
        if self.reason not in WITHOUT_SPEECH:
            named = ", ".join(f"{name} {self.probabilities[name]:.2f}" for name in self.most_probable[:2])
            answer += f" ({named})"
        return ", ".join(part for part in (answer, self.note, self.warning, *self.notes) if part)


@dataclass(frozen=True, kw_only=True)
class Segment(Prediction):
    """The predicted emotion of a part of a recording.

    Parameters
    ----------
    emotion, probabilities, reason, note, warning, notes
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
        """Return the times and the answer on one line."""
        return f"{self.start:.2f} to {self.end:.2f} s: {super().__str__()}"
