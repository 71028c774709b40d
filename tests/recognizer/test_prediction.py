"""What a recogniser answers, in words and in JSON."""

import json

import pytest

from emotion_lib.recognizer import Prediction, Segment

HEARD = {"angry": 0.1, "happy": 0.7, "sad": 0.2}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (Prediction("happy", HEARD), "happy (happy 0.70, sad 0.20)"),
        (Prediction("unknown", HEARD, "unsure"), "unknown, unsure (happy 0.70, sad 0.20)"),
        (Prediction("unknown", HEARD, "no speech"), "unknown, no speech"),
        (Prediction("happy", HEARD, note="a", warning="b"), "happy (happy 0.70, sad 0.20), a, b"),
        (Segment("happy", HEARD, start=1.5, end=4.25), "1.50 to 4.25 s: happy (happy 0.70, sad 0.20)"),
    ],
)
def test_an_answer_is_a_line_with_what_it_rests_on(answer: Prediction, shown: str) -> None:
    assert str(answer) == shown


def test_the_most_probable_emotion_comes_first_and_equal_ones_keep_their_order() -> None:
    assert Prediction("happy", HEARD).confidence == 0.7
    assert Prediction("happy", HEARD).most_probable == ("happy", "sad", "angry")
    assert Prediction("unknown", {"angry": 0.5, "sad": 0.5}).most_probable == ("angry", "sad")


def test_an_answer_goes_into_json_and_back() -> None:
    prediction = Prediction("happy", HEARD, note="a mean", warning="unlike")
    segment = Segment("happy", HEARD, start=1.5, end=4.25)

    assert Prediction(**json.loads(json.dumps(prediction.to_dict()))) == prediction
    assert Segment(**json.loads(json.dumps(segment.to_dict()))) == segment
