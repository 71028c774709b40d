"""File names are read as TESS writes them."""

import pytest

from emotion_lib.corpora.tess import read_name


def test_a_name_is_speaker_word_emotion() -> None:
    name = read_name("YAF_back_angry")
    assert name is not None
    assert (name.id, name.misspelt) == ("YAF_back_angry", False)
    assert name.columns == {"speaker": "YAF", "emotion": "angry", "text": "back"}


def test_ps_is_surprise_and_stays_in_the_id() -> None:
    name = read_name("OAF_gap_ps")
    assert name is not None
    assert (name.id, name.emotion) == ("OAF_gap_ps", "surprise")


def test_the_misspelt_speaker_is_repaired() -> None:
    name = read_name("OA_bite_neutral")
    assert name is not None
    assert (name.id, name.speaker, name.misspelt) == ("OAF_bite_neutral", "OAF", True)


def test_a_text_may_have_underscores() -> None:
    name = read_name("ME_good_morning_sad")
    assert name is not None
    assert name.text == "good_morning"


def test_emotions_are_read_in_any_case() -> None:
    name = read_name("OAF_back_Fear")
    assert name is not None
    assert (name.id, name.emotion) == ("OAF_back_fear", "fear")


@pytest.mark.parametrize("stem", ["notes", "OAF_angry", "OAF_back_bored", "_back_angry", "OAF__angry", "OAF_back_"])
def test_other_names_are_not_read(stem: str) -> None:
    assert read_name(stem) is None
