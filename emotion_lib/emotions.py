"""The names of the emotions in one order, and the colour and marker of each in every figure.

Nine words are known; a corpus of one's own can have any other words, in any language (`check_label` says which).
"""

import colorsys
import hashlib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from emotion_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd


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
"""Colour and marker of each known emotion; `calm` and `boredom` come last, for corpora that have them."""

OTHER_MARKERS = ("<", ">", "p", "d", "8", "H")
"""The markers of all other words; no known emotion has one of them."""

UNKNOWN = "unknown"
"""The answer "I don't know", a decision of the recogniser and never a label."""

RESERVED = frozenset(
    {UNKNOWN, "unlabelled", "answer", "answered", "confidence", "corpus", "correct", "emotion", "fold", "id"}
    | {"model", "path", "predicted", "protocol", "reason", "seed", "speaker", "text"}
)
"""Words that cannot be labels: tables of predictions have columns of these names beside those of the emotions."""

LONGEST_LABEL, MOST_LABELS = 40, 200
"""Limits on the characters of a label, and on the labels of a recogniser."""

_JOINERS = "\u200c\u200d"  # they cannot be seen, but Persian and Hindi words are spelt with them
_MEANT_OTHERWISE = frozenset('$<>&"\\,;|')  # in formulas of matplotlib, in HTML, and in lists of labels


def check_label(label: str) -> None:
    r"""Refuse a word that cannot be the label of recordings.

    Parameters
    ----------
    label : str
        A word of any language.

    Raises
    ------
    ParameterError
        If it is no text, empty, longer than `LONGEST_LABEL`, one of `RESERVED`, begins or ends with a space, or has a
        control character or one of `$<>&"\,;|`.

    Examples
    --------
    >>> check_label("wütend")
    >>> check_label("unknown")
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: label 'unknown': is the recogniser's "I don't know"; choose another word
    """
    if not isinstance(label, str) or not label:
        raise ParameterError(f"label {label!r}: must be a word; give every recording one, or leave it out")
    shown = f"label {label[:LONGEST_LABEL]!r}"
    if label.casefold() == UNKNOWN:
        raise ParameterError(f"{shown}: is the recogniser's \"I don't know\"; choose another word")
    if label in RESERVED:
        raise ParameterError(f"{shown}: is the name of a column in tables of predictions; choose another word")
    if len(label) > LONGEST_LABEL:
        raise ParameterError(f"{shown}...: has {len(label)} characters; a label has at most {LONGEST_LABEL}")
    odd = [each for each in label if not (each.isprintable() or each in _JOINERS) or each in _MEANT_OTHERWISE]
    if odd or label != label.strip():
        raise ParameterError(
            f"{shown}: must be plain words, without {odd[0] if odd else ' '!r}{'' if odd else ' at an end'}"
        )


@cache
def style_of(emotion: str) -> Style:
    """Return the colour and marker of an emotion; those of a word that is not known follow from the word alone.

    A word therefore looks the same in all figures. Two words can look alike, but none looks like a known emotion.

    Parameters
    ----------
    emotion : str
        A known emotion, or any other word.

    Returns
    -------
    Style

    Examples
    --------
    >>> style_of("sad").marker, style_of("traurig").marker in OTHER_MARKERS
    ('X', True)
    """
    if emotion in STYLES:
        return STYLES[emotion]
    number = int.from_bytes(hashlib.sha256(emotion.encode(errors="surrogatepass")).digest()[:4])
    hue, place = divmod(number, len(OTHER_MARKERS))
    linear = colorsys.hsv_to_rgb(hue % 360 / 360, 0.7, 1)
    # At this luminance, the contrast is at least 3 on white and on black alike.
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    encoded = (1.055 * (0.2 * each / luminance) ** (1 / 2.4) - 0.055 for each in linear)
    return Style("#" + "".join(f"{round(255 * each):02x}" for each in encoded), OTHER_MARKERS[place])


def in_order(emotions: Iterable[str]) -> tuple[str, ...]:
    """Sort emotions and drop duplicates: the known ones in the fixed order, then all other words.

    Parameters
    ----------
    emotions : iterable of str
        Labels.

    Returns
    -------
    tuple of str

    Raises
    ------
    ParameterError
        If a word cannot be a label (`check_label`).

    Examples
    --------
    >>> in_order(["sad", "calm", "weary", "angry", "sad"])
    ('angry', 'sad', 'calm', 'weary')
    """
    present = set(emotions)
    others = present - STYLES.keys()
    for label in sorted(others, key=str):
        check_label(label)
    return (
        *(name for name in STYLES if name in present),
        *sorted(map(str, others)),
    )  # a string of NumPy becomes a plain one


def with_probabilities(predictions: "pd.DataFrame") -> list[str]:
    """Return the emotions whose probabilities a table of predictions has, in order.

    A column is that of an emotion if its name is one of the known emotions or occurs among those acted or predicted.

    Parameters
    ----------
    predictions : DataFrame
        One row per utterance, with `emotion` and possibly `predicted`.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        If a word in it cannot be a label.
    """
    found = {*STYLES, *predictions["emotion"], *predictions.get("predicted", ())}
    return [emotion for emotion in in_order(found - {UNKNOWN}) if emotion in predictions]
