"""Labels: synonyms of known emotions, and other words in the spelling of their author."""

import unicodedata

import pytest

from emotion_lib.corpora.labels import SYNONYMS, emotion_of, unify
from emotion_lib.emotions import STYLES


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        ("Happiness", "happy"),
        ("anger", "angry"),
        ("SADNESS", "sad"),
        ("fearful", "fear"),
        ("Disgusted", "disgust"),
        ("surprised", "surprise"),
        ("Pleasant_Surprise", "surprise"),
        ("pleasant surprise", "surprise"),
        ("PS", "surprise"),
        ("bored", "boredom"),
        ("joy", "happy"),
        ("scared", "fear"),
        ("calmness", "calm"),
        ("Neutral", "neutral"),
    ],
)
def test_a_synonym_is_the_word_of_the_library(word: str, emotion: str) -> None:
    assert unify([word]) == [emotion]


def test_a_synonym_belongs_to_one_emotion() -> None:
    words = [word for synonyms in SYNONYMS.values() for word in synonyms]
    assert SYNONYMS.keys() == STYLES.keys()
    assert len(words) == len({*words, *STYLES}) - len(STYLES)
    assert all(emotion_of(word) for word in words)


def test_other_words_keep_the_first_spelling() -> None:
    assert unify(["Froh", "wütend", " froh ", "FROH", "WÜTEND"]) == ["Froh", "wütend", "Froh", "Froh", "wütend"]


def test_an_umlaut_is_the_same_however_it_is_written() -> None:
    assert unify([unicodedata.normalize("NFD", "fröhlich"), "fröhlich"]) == ["fröhlich"] * 2
