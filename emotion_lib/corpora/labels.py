"""The labels of a corpus of your own: synonyms of the emotions that the library knows, and any other words."""

import unicodedata
from collections.abc import Iterable

from emotion_lib.emotions import STYLES

SYNONYMS = {
    "angry": ("anger", "ang", "mad"),
    "disgust": ("disgusted", "dis"),
    "fear": ("fearful", "afraid", "scared", "fea"),
    "happy": ("happiness", "joy", "joyful", "hap"),
    "neutral": ("neutrality", "neu"),
    "sad": ("sadness",),
    "surprise": ("surprised", "pleasant surprise", "pleasant surprised", "pleasantly surprised", "ps", "sur"),
    "calm": ("calmness",),
    "boredom": ("bored",),
}
"""Emotion -> other words for it in English corpora, in lower case."""

UNKNOWN_SPEAKER = "unknown"
"""The value in the column `speaker` of a corpus table where nobody knows who speaks. It is not one voice: such
recordings cannot be held out by speaker."""

_KNOWN = {word: emotion for emotion in STYLES for word in (emotion, *SYNONYMS[emotion])}


def unify(labels: Iterable[str]) -> list[str]:
    """Give all labels of one emotion the same spelling.

    Synonyms of the library's nine emotions become the library's word. Any other label keeps its spelling; labels that
    differ only in case or in the blanks around them get the spelling of the first.

    Parameters
    ----------
    labels : iterable of str
        Labels in any language.

    Returns
    -------
    list of str
        One for each label.

    Examples
    --------
    >>> unify(["Happiness", "pleasant_surprise", "Froh", "froh "])
    ['happy', 'surprise', 'Froh', 'Froh']
    """
    spelling: dict[str, str] = {}
    unified = []
    for label in labels:
        # macOS writes an umlaut in a file name as two characters, other systems as one.
        plain = unicodedata.normalize("NFC", label).strip()
        known = emotion_of(plain)
        unified.append(known or spelling.setdefault(plain.casefold(), plain))
    return unified


def with_synonyms(emotions: Iterable[str]) -> str:
    """Return emotions as text for an error message, with the other words that are known for each.

    Examples
    --------
    >>> with_synonyms(["sad", "froh"])
    'sad (sadness), froh'
    """
    return ", ".join(f"{each} ({', '.join(SYNONYMS[each])})" if each in SYNONYMS else each for each in emotions)


def emotion_of(word: str) -> str | None:
    """Return the emotion of the library that a word stands for, in any case, or None for any other word.

    Examples
    --------
    >>> emotion_of("SADNESS"), emotion_of("OAF")
    ('sad', None)
    """
    return _KNOWN.get(" ".join(word.casefold().replace("_", " ").replace("-", " ").split()))
