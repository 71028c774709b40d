"""What a recogniser says of itself, and that it never says less than what it must not be used for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.description import USES, describe_recognizer
from tests.recognizer.conftest import SR, of_frames

WORTH = {
    "protocol": "leave_speaker_out",
    "corpus": "demo",
    "value": 0.4567,
    "low": 0.4,
    "high": 0.5,
    "interval_over": "speakers",
    "coverage": 0.6,
    "precision": 0.75,
    "expected_calibration_error": 0.05,
}
ABOUT = {
    "model": "frame_cnn",
    "seed": 3,
    "corpora": {"demo": {"utterances": 168, "speakers": 2}},
    "command": "emotion-lib train demo",
    "licence": "none",
    "precision": 0.75,
    "worth": [WORTH],
}


def described(network: bytes, about: Mapping[str, Any], threshold: float = 0.5) -> list[str]:
    """Return the lines in which a recogniser describes itself."""
    recognizer = of_frames(network, calibration=Calibration(threshold=threshold), about=about)
    return describe_recognizer(recognizer).splitlines()


def test_all_that_is_known_is_said(networks: Mapping[str, bytes]) -> None:
    assert described(networks["frame_cnn"], ABOUT) == [
        "Emotions: angry, disgust, fear, happy, neutral, sad, surprise",
        "Input: log_mel of recordings at 16000 Hz",
        "Trained on: demo (168 utterances, 2 speakers); model frame_cnn, seed 3",
        "Made by: emotion-lib train demo",
        "Performance on voices left out of the training, as unweighted average recall with its 95 % interval:",
        "  demo: 45.7 % [40.0, 50.0] over speakers; it answers 60 % and is right in 75 % of its answers",
        "Answers unknown: below a probability of 0.50 (chosen so that 75 % of the answers are right), "
        "for silence and where nobody speaks",
        "Licence: none",
        USES,
    ]


def test_who_knows_voices_says_what_that_is_good_for(knowing: EmotionRecognizer, speech: np.ndarray) -> None:
    said = "Warns of a voice unlike its training voices; can be adapted to one voice with `emotion-lib enrol`"

    assert said in describe_recognizer(knowing).splitlines()
    assert said not in describe_recognizer(knowing.enrol([speech], sr=SR)).splitlines()


def test_where_nothing_is_known_its_worth_is_not_measured(networks: Mapping[str, bytes]) -> None:
    assert described(networks["frame_cnn"], {}, threshold=0.0) == [
        "Emotions: angry, disgust, fear, happy, neutral, sad, surprise",
        "Input: log_mel of recordings at 16000 Hz",
        "Performance: not measured",
        "Answers unknown: for silence and where nobody speaks",
        USES,
    ]


def test_figures_that_nobody_can_give_are_left_out(networks: Mapping[str, bytes]) -> None:
    two_voices = WORTH | {"low": None, "high": None}
    never_sure = two_voices | {"coverage": 0.0, "precision": None}

    said = {"it answers 60 % and is right in 75 % of its answers": two_voices, "it answers 0 %": never_sure}
    for sentence, worth in said.items():
        assert f"  demo: 45.7 %; {sentence}" in described(networks["frame_cnn"], {"worth": [worth]})


@pytest.mark.parametrize(
    "about",
    [
        {"corpora": 5},
        {"corpora": {"demo": {}}},
        {"worth": [1]},
        {"worth": [WORTH | {"value": None}]},
        {"precision": 10**400},
    ],
    ids=["corpora as a number", "no figures", "worth of numbers", "worth without a figure", "a figure beyond floats"],
)
def test_what_others_wrote_of_a_recognizer_stops_no_description(
    networks: Mapping[str, bytes], about: dict[str, Any]
) -> None:
    lines = described(networks["frame_cnn"], about)

    assert any(line.startswith("Its description is not in this library's format") for line in lines)
    assert lines[-1] == USES


def test_what_others_wrote_of_a_recognizer_gives_the_terminal_no_command(networks: Mapping[str, bytes]) -> None:
    text = "\n".join(described(networks["frame_cnn"], {"licence": "free\x1b[2J\ud800", "command": "train\r"}))

    assert r"Licence: free\x1b[2J" in text
    assert text.replace("\n", "").isprintable()


def test_what_others_wrote_of_an_enrolment_stops_no_description(knowing: EmotionRecognizer, speech: np.ndarray) -> None:
    used = knowing.enrol([speech], sr=SR)
    used.about["enrolled"] = ["me"]

    assert any(line.startswith("Its description is not in") for line in describe_recognizer(used).splitlines())
