"""The vocabulary: one order, and colours that can be told apart by all readers and seen on all backgrounds."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from emotion_lib.emotions import (
    EMOTIONS,
    LONGEST_LABEL,
    OTHER_MARKERS,
    STYLES,
    check_label,
    in_order,
    style_of,
    with_probabilities,
)
from emotion_lib.errors import ParameterError

BACKGROUNDS = ("#ffffff", "#1e1e1e", "#111111", "#0d1117")

XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""From linear sRGB to CIE XYZ, white point D65."""

VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""What is left of linear sRGB at severity 1: Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113."""


def linear(colour: str) -> np.ndarray:
    """Return the linear red, green and blue of a colour such as "#1e1e1e", 0 to 1."""
    encoded = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIE L*, a* and b* of linear red, green and blue."""
    ratio = XYZ @ rgb / XYZ.sum(axis=1)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21."""
    darker, lighter = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def saturation(chroma: float) -> float:
    """Return the term of CIEDE2000 that grows from 0 to 1 with the chroma."""
    return float(np.sqrt(chroma**7 / (chroma**7 + 25**7)))


def polar(colour: np.ndarray, stretch: float) -> tuple[float, float]:
    """Return chroma and hue (degrees) of a colour in Lab with its a* stretched."""
    a, b = colour[1] * stretch, colour[2]
    return float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)


def hue_weight(hue: float) -> float:
    """Return how much a difference of hue counts at a hue in degrees."""
    terms = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    return 1 + float(sum(size * np.cos(np.radians(times * hue + shift)) for size, times, shift in terms))


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Return the difference of two colours in Lab: Sharma, Wu and Dalal (2005), doi:10.1002/col.20070."""
    stretch = 1.5 - 0.5 * saturation((np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2)
    (chroma_1, hue_1), (chroma_2, hue_2) = polar(one, stretch), polar(other, stretch)
    turn = (hue_2 - hue_1 + 180) % 360 - 180
    chroma, hue, lightness = (chroma_1 + chroma_2) / 2, (hue_1 + turn / 2) % 360, (one[0] + other[0]) / 2 - 50
    by_lightness = (other[0] - one[0]) / (1 + 0.015 * lightness**2 / np.sqrt(20 + lightness**2))
    by_chroma = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * hue_weight(hue))
    rotation = -2 * saturation(chroma) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue))


def smallest_difference(emotions: tuple[str, ...], vision: str) -> float:
    """Return the CIEDE2000 of the two emotions that are hardest to tell apart."""
    seen = [lab(np.clip(VISION[vision] @ linear(STYLES[emotion].colour), 0, 1)) for emotion in emotions]
    return min(ciede2000(one, other) for one, other in combinations(seen, 2))


def test_the_emotions_of_tess_come_first_and_in_alphabetical_order() -> None:
    assert tuple(STYLES) == (*EMOTIONS, "calm", "boredom")
    assert list(EMOTIONS) == sorted(EMOTIONS)


def test_no_two_emotions_share_a_marker() -> None:
    assert len({style.marker for style in STYLES.values()}) == len(STYLES)


@pytest.mark.parametrize(
    ("vision", "of_seven", "of_all"),
    [("normal", 19.4, 12.4), ("protan", 15.5, 9.8), ("deutan", 15.6, 10.0), ("tritan", 11.5, 11.1)],
)
def test_the_colours_can_be_told_apart(vision: str, of_seven: float, of_all: float) -> None:
    assert smallest_difference(EMOTIONS, vision) > of_seven
    assert smallest_difference(tuple(STYLES), vision) > of_all


def test_each_colour_stands_out_from_each_background() -> None:
    colours = [style.colour for style in STYLES.values()]
    assert [(colour, behind) for colour in colours for behind in BACKGROUNDS if contrast(colour, behind) < 3] == []


def test_emotions_are_put_in_order_once_each() -> None:
    assert in_order(["boredom", "sad", "calm", "angry", "sad"]) == ("angry", "sad", "calm", "boredom")


def test_other_words_come_after_the_known_ones_in_the_order_of_their_letters() -> None:
    assert in_order(["müde", "sad", "froh", "angry", "froh"]) == ("angry", "sad", "froh", "müde")


OWN = ("froh", "müde", "怒り", "غضب", "खुश", "خشم\u200cگین", "very tired (2)", *(f"word {n}" for n in range(500)))


def test_every_other_word_has_a_colour_that_stands_out_and_a_marker_that_no_known_emotion_has() -> None:
    styles = [style_of(word) for word in OWN]

    assert in_order(OWN) == tuple(sorted(OWN))
    assert {style.marker for style in styles} == set(OTHER_MARKERS)
    assert not set(OTHER_MARKERS) & {style.marker for style in STYLES.values()}
    assert [(each, behind) for each in styles for behind in BACKGROUNDS if contrast(each.colour, behind) < 3] == []


def test_a_word_looks_the_same_in_every_process() -> None:
    assert style_of("froh") == ("#708249", "8")
    assert [style_of(name) for name in STYLES] == list(STYLES.values())


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("unknown", "is the recogniser's \"I don't know\"; choose another word"),
        ("speaker", "is the name of a column in tables of predictions; choose another word"),
        ("", "must be a word; give every recording one"),
        (float("nan"), "must be a word; give every recording one"),
        ("<b>", "must be plain words, without '<'"),
        ("cash $", r"must be plain words, without '\$'"),
        ("a,b", "must be plain words, without ','"),
        ("\x1b[2J", r"must be plain words, without '\\x1b'"),
        ("two\nlines", r"must be plain words, without '\\n'"),
        ("sad ", "must be plain words, without ' ' at an end"),
        ("x" * 41, f"has 41 characters; a label has at most {LONGEST_LABEL}"),
    ],
)
def test_a_word_that_cannot_be_a_label_is_a_sentence(label: str, message: str) -> None:
    for check in (check_label, lambda word: in_order(["sad", word])):
        with pytest.raises(ParameterError, match=message):
            check(label)


def test_the_columns_of_probabilities_are_those_of_the_words_that_occur() -> None:
    row = {"id": "a", "speaker": "b", "emotion": "müde", "predicted": "unknown", "take": 2}
    predictions = pd.DataFrame([row | {"froh": 0.2, "müde": 0.3, "sad": 0.5}, row | {"predicted": "froh"}])

    assert with_probabilities(predictions) == ["sad", "froh", "müde"]
    assert with_probabilities(predictions.drop(columns="predicted")) == ["sad", "müde"]
