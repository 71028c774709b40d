"""What a recogniser answers, in words and in JSON."""

import json
from dataclasses import FrozenInstanceError

import pytest

from emotion_lib.recognizer import Prediction, Segment

HEARD = {"angry": 0.1, "happy": 0.7, "sad": 0.2}


def test_an_answer_names_the_two_most_probable_emotions() -> None:
    assert str(Prediction("happy", HEARD)) == "happy (happy 0.70, sad 0.20)"


def test_an_answer_that_is_unsure_says_between_what() -> None:
    assert str(Prediction("unknown", HEARD, "unsure")) == "unknown, unsure (happy 0.70, sad 0.20)"


@pytest.mark.parametrize("reason", ["silence", "no speech"])
def test_where_there_was_nothing_to_hear_no_emotion_is_named(reason: str) -> None:
    assert str(Prediction("unknown", HEARD, reason)) == f"unknown, {reason}"


def test_a_note_comes_last() -> None:
    assert str(Prediction("happy", HEARD, note="a mean")) == "happy (happy 0.70, sad 0.20), a mean"


def test_a_warning_comes_after_it() -> None:
    assert str(Prediction("happy", HEARD, note="a mean", warning="unlike")) == (
        "happy (happy 0.70, sad 0.20), a mean, unlike"
    )


def test_a_segment_begins_with_its_place() -> None:
    segment = Segment("happy", HEARD, start=1.5, end=4.25)

    assert str(segment) == "1.50 to 4.25 s: happy (happy 0.70, sad 0.20)"


def test_confidence_is_the_highest_probability() -> None:
    assert Prediction("happy", HEARD).confidence == 0.7


def test_the_most_probable_emotion_comes_first_and_equal_ones_keep_their_order() -> None:
    assert Prediction("happy", HEARD).most_probable == ("happy", "sad", "angry")
    assert Prediction("unknown", {"angry": 0.5, "sad": 0.5}).most_probable == ("angry", "sad")


def test_an_answer_goes_into_json_and_back() -> None:
    prediction = Prediction("happy", HEARD, note="a mean", warning="unlike")
    segment = Segment("happy", HEARD, start=1.5, end=4.25)

    assert Prediction(**json.loads(json.dumps(prediction.to_dict()))) == prediction
    assert Segment(**json.loads(json.dumps(segment.to_dict()))) == segment


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Prediction("happy", HEARD).emotion = "sad"  # type: ignore[misc]
