"""What the recogniser answers to bad inputs: what can be read is heard, the rest is refused in the same sentence."""

from pathlib import Path

import pytest

from emotion_lib import EmotionRecognizer
from emotion_lib.errors import EmotionLibError
from tests.bad_inputs import CASES, Case

SILENT = {"silence", "2 channels that cancel", "3 hours in a WAV", "3 hours in a FLAC"}
"""The cases in which there is nothing to be heard; in the others there is a tone, and nobody speaks."""

OTHERWISE = {
    "1 Hz": "recording.wav: a sampling rate of 1 Hz, expected 160 or more to bring it to 16000 Hz; "
    "write it again with its true rate",
    "a number": "3: a number is no recording; give a waveform as an array, predict(np.array(y), sr=sr)",
    "a list": "0.5: a number is no recording; give a waveform as an array, predict(np.array(y), sr=sr)",
    "an array": "sr=None: a waveform does not say its rate; give it, as in predict(y, sr=16000)",
    "GSM 6.10": "",  # made for voices, it makes the tone sound like one
}
"""The cases of which something else comes than of reading them."""


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_bad_input_has_its_answer(case: Case, recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    with case.source(tmp_path) as source:
        heard = answer(recognizer, source)
    if case.id in OTHERWISE:
        assert heard == OTHERWISE[case.id]
    elif isinstance(case.comes, str):
        assert heard == case.comes
    else:
        assert heard == ("silence" if case.id in SILENT else "no speech")


def answer(recognizer: EmotionRecognizer, source: object) -> str:
    """Return why the emotion is unknown, or the sentence of the error."""
    try:
        return recognizer.predict(source).reason  # type: ignore[call-overload]
    except EmotionLibError as error:
        return str(error)
