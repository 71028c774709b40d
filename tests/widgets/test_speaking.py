"""One's own voice: what the widget shows and keeps of a recording."""

import io

import numpy as np
import pytest
import soundfile

from emotion_lib import audio, corpora, widgets
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer
from tests.widgets.conftest import ask, sound


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    """The recogniser of the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="module")
def path() -> str:
    """A recording of the demo corpus."""
    return str(corpora.load("demo")["path"][0])


def test_it_opens_with_nothing(recognizer: EmotionRecognizer) -> None:
    voice = widgets.own_voice(recognizer)

    assert (repr(voice), voice.recording, voice.prediction) == ("Own voice: nothing recorded yet", None, None)
    assert not sound(voice)
    assert voice.still().startswith(b"\x89PNG")


def test_it_opens_with_a_recording(recognizer: EmotionRecognizer, path: str) -> None:
    voice = widgets.own_voice(recognizer, start=path)

    assert voice.prediction == recognizer.predict(path)
    assert repr(voice) == f"Own voice: 1.7 s, {voice.prediction}"
    assert voice.alt == "Waveform and spectrogram of DEA_back_angry.flac, 1.7 s"
    assert len(voice.answer["bars"]) == 7
    assert len(voice.still()) > 10_000


def test_what_is_recorded_is_kept_and_shown(recognizer: EmotionRecognizer, path: str) -> None:
    voice = widgets.own_voice(recognizer, seconds=2)
    y, sr = audio.read(path, sr=48_000)

    ask(voice, "part", y.tobytes(), first=True)
    ask(voice, "recorded", rate=float(sr))

    assert voice.recording is not None
    np.testing.assert_array_equal(voice.recording[0], y)
    assert voice.recording[1] == sr
    assert soundfile.info(io.BytesIO(sound(voice))).samplerate == recognizer.settings.sr
    assert voice.alt == "Waveform and spectrogram of the recording, 1.7 s"
    assert (voice.number, voice.says) == (0, "")


def test_silence_is_an_answer(recognizer: EmotionRecognizer) -> None:
    voice = widgets.own_voice(recognizer)

    ask(voice, "part", bytes(4 * 48_000), first=True)
    ask(voice, "recorded", rate=48_000.0)

    assert voice.answer["headline"] == "silence"


def test_what_cannot_be_used_leaves_the_last_recording(recognizer: EmotionRecognizer, path: str) -> None:
    voice = widgets.own_voice(recognizer, start=path)
    before = voice.recording

    ask(voice, "recorded", rate=48_000.0)

    assert voice.says == "Nothing was recorded; record again."
    assert voice.recording is before


def test_a_start_that_cannot_be_read_is_an_audio_error(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: no such file"):
        widgets.own_voice(recognizer, start="gone.wav")


def test_a_length_of_nothing_is_a_parameter_error(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(ParameterError, match="seconds=0: must be"):
        widgets.own_voice(recognizer, seconds=0)
