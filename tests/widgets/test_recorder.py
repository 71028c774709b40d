"""What comes from the browser: samples and files, in parts, and what there is to say of them."""

import io
from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile

from emotion_lib import audio, widgets
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets import recorder
from emotion_lib.widgets.recorder import LONGEST, Recorder, Take, recorded, uploaded
from tests.bad_inputs import encoded
from tests.widgets.conftest import answer, ask, record, sound

SR = 8000


class Keeping(Recorder):
    """A recorder that keeps what it takes."""

    _esm = "export default { render() {} }"

    def __init__(self) -> None:
        super().__init__()
        self.took: list[tuple[Take, Mapping[str, Any]]] = []

    def _take(self, take: Take, message: Mapping[str, Any]) -> None:
        self.took.append((take, message))


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> Keeping:
    """A recorder whose messages to the browser are noted."""
    recorder = Keeping()
    monkeypatch.setattr(recorder, "send", Mock())
    return recorder


def noise(seconds: float) -> np.ndarray:
    """Return noise of a length."""
    return np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * SR)).astype(np.float32)


def deliver(recorder: Recorder, content: bytes, do: str, *, size: int = 1000, **message: object) -> None:
    """Send bytes in parts, and what is to be done with them, as `microphone.js` does."""
    for start in range(0, len(content), size):
        ask(recorder, "part", content[start : start + size], first=start == 0)
    ask(recorder, do, **message)


def test_samples_arrive_in_parts_and_are_whole(keeping: Keeping) -> None:
    y = noise(1)

    ask(keeping, "part", bytes(4000), first=True)  # of a recording before it
    deliver(keeping, y.tobytes(), "recorded", rate=44_100.0, purpose="try")

    ((take, message),) = keeping.took
    np.testing.assert_array_equal(take.y, y)
    assert (take.sr, take.name, take.remark, message["purpose"]) == (44_100, "", "", "try")
    keeping.send.assert_called_once_with({"do": "taken"})


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_files_are_read_in_the_kernel(keeping: Keeping, kind: str) -> None:
    deliver(keeping, encoded(noise(1), rate=SR, kind=kind), "uploaded", name="a.bin")

    ((take, _),) = keeping.took
    assert (take.sr, take.name) == (SR, "a.bin")
    assert len(take.y) == pytest.approx(SR, rel=0.01)


def test_a_file_that_the_kernel_cannot_read_is_for_the_browser(keeping: Keeping) -> None:
    deliver(keeping, b"Buy milk.\n" * 100, "uploaded", name="notes.wav")

    (message,) = keeping.send.call_args.args
    assert message["do"] == "decode"
    assert message["why"].startswith("notes.wav: not audio that can be read (text); choose a recording: WAV")
    assert not keeping.took


@pytest.mark.parametrize(("values", "why"), [([np.nan], "not finite"), ([], "no samples; choose a recording")])
def test_a_decoded_file_without_a_waveform_is_an_audio_error(values: list[float], why: str) -> None:
    with pytest.raises(AudioError, match=rf"song\.m4a: {why}"):
        recorded(np.array(values, dtype="<f4").tobytes(), 48_000, name="song.m4a")


def test_no_more_is_kept_than_a_file_may_have(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LARGEST", 0.01)

    deliver(keeping, bytes(20_000), "recorded", rate=SR)

    assert len(keeping.took[0][0].y) == 2500


def test_of_a_long_recording_the_beginning_is_heard() -> None:
    take = uploaded(encoded(noise(LONGEST + 3), rate=SR), name="long.wav")

    assert len(take.y) == LONGEST * SR
    assert take.remark == "Only its first 120 seconds are used."


def test_a_recording_is_clipped_with_more_than_one_sample_in_a_thousand_at_full_scale() -> None:
    y = np.zeros(2000, dtype=np.float32)
    y[:2] = 1, -1
    assert not recorded(y.tobytes(), SR, name="").remark

    y[2] = 0.995
    assert "clipped: 0.1 %" in recorded(y.tobytes(), SR, name="").remark


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

    record(voice, y, sr)

    assert voice.recording is not None
    np.testing.assert_array_equal(voice.recording[0], y)
    assert voice.recording[1] == sr
    assert soundfile.info(io.BytesIO(sound(voice))).samplerate == recognizer.settings.sr
    assert voice.alt == "Waveform and spectrogram of the recording, 1.7 s"
    assert (voice.number, voice.says) == (0, "")


def test_silence_is_an_answer(recognizer: EmotionRecognizer) -> None:
    voice = widgets.own_voice(recognizer)

    record(voice, np.zeros(48_000), 48_000)

    assert voice.answer["headline"] == "silence"


def test_where_nothing_is_recorded_the_last_recording_stays_and_the_browser_goes_on(
    recognizer: EmotionRecognizer, path: str
) -> None:
    voice = widgets.own_voice(recognizer, start=path)
    before = voice.recording

    message, _ = answer(voice, "recorded", rate=48_000.0)

    assert message == {"do": "taken"}
    assert voice.says == "Nothing was recorded; record again."
    assert voice.recording is before


def test_a_start_that_cannot_be_read_is_an_audio_error(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: no such file"):
        widgets.own_voice(recognizer, start="gone.wav")


@pytest.mark.parametrize("seconds", [0, 0.5, 121, float("nan")])
def test_a_length_that_no_recording_has_is_a_parameter_error(recognizer: EmotionRecognizer, seconds: float) -> None:
    with pytest.raises(ParameterError, match="must be a number of seconds from 1 to 120"):
        widgets.own_voice(recognizer, seconds=seconds)
