"""What comes from the browser: samples and files, in parts, and what there is to say of them."""

import io
from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile

from emotion_lib import audio, corpora, widgets
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets import recorder
from emotion_lib.widgets.recorder import (
    LONGEST,
    Recorder,
    Take,
    check_seconds,
    clipped_share,
    recorded,
    take_of,
    uploaded,
)
from tests.widgets.conftest import ask, sound

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


def noise(seconds: float, *, peak: float = 0.5) -> np.ndarray:
    """Return noise of a length and a level."""
    y = np.random.default_rng(0).uniform(-1, 1, round(seconds * SR)).astype(np.float32)
    return y * np.float32(peak)


def file(y: np.ndarray, kind: str = "WAV") -> bytes:
    """Return a file."""
    content = io.BytesIO()
    soundfile.write(content, y, SR, format=kind)
    return content.getvalue()


def deliver(recorder: Recorder, content: bytes, do: str, *, size: int = 1000, **message: object) -> None:
    """Send bytes in parts, and what is to be done with them, as `microphone.js` does."""
    for start in range(0, len(content), size):
        ask(recorder, "part", content[start : start + size], first=start == 0)
    ask(recorder, do, **message)


def test_samples_arrive_in_parts_and_are_whole(keeping: Keeping) -> None:
    y = noise(1)

    deliver(keeping, y.tobytes(), "recorded", rate=44_100.0, purpose="try")

    ((take, message),) = keeping.took
    np.testing.assert_array_equal(take.y, y)
    assert (take.sr, take.name, take.remark, message["purpose"]) == (44_100, "", "", "try")
    keeping.send.assert_called_once_with({"do": "taken"})


def test_a_second_recording_has_nothing_of_the_first(keeping: Keeping) -> None:
    ask(keeping, "part", bytes(4000), first=True)

    deliver(keeping, noise(1).tobytes(), "recorded", rate=SR)

    assert len(keeping.took[0][0].y) == SR


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_files_are_read_in_the_kernel(keeping: Keeping, kind: str) -> None:
    deliver(keeping, file(noise(1), kind), "uploaded", name="a.bin")

    ((take, _),) = keeping.took
    assert (take.sr, take.name) == (SR, "a.bin")
    assert len(take.y) == pytest.approx(SR, rel=0.01)


def test_a_file_that_the_kernel_cannot_read_is_for_the_browser(keeping: Keeping) -> None:
    deliver(keeping, b"Buy milk.\n" * 100, "uploaded", name="notes.wav")

    (message,) = keeping.send.call_args.args
    assert message["do"] == "decode"
    assert message["why"].startswith("notes.wav: not audio that can be read (text); choose a recording: WAV")
    assert not keeping.took


def test_nothing_recorded_is_a_sentence_and_the_browser_goes_on(keeping: Keeping) -> None:
    ask(keeping, "recorded", rate=48_000.0)

    assert keeping.says == "Nothing was recorded; record again."
    keeping.send.assert_called_once_with({"do": "taken"})


def test_samples_that_are_no_numbers_are_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"song\.m4a: "):
        recorded(np.array([np.nan], dtype="<f4").tobytes(), 48_000, name="song.m4a")


def test_a_decoded_file_without_samples_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"song\.m4a: no samples; choose a recording"):
        recorded(b"", 48_000, name="song.m4a")


def test_no_more_is_kept_than_a_file_may_have(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LARGEST", 0.01)

    deliver(keeping, bytes(20_000), "recorded", rate=SR)

    assert len(keeping.took[0][0].y) == 2500


def test_of_a_long_recording_the_beginning_is_heard() -> None:
    take = uploaded(file(noise(LONGEST + 3)), name="long.wav")

    assert len(take.y) == LONGEST * SR
    assert take.remark == "Only its first 120 seconds are used."


def test_a_recording_that_is_too_loud_is_said_to_be_clipped() -> None:
    loud = np.clip(noise(1, peak=2), -1, 1)

    assert "clipped" in recorded(loud.tobytes(), SR, name="").remark
    assert not recorded(noise(1, peak=0.98).tobytes(), SR, name="").remark


def test_one_sample_at_full_scale_in_a_thousand_is_no_clipping() -> None:
    y = np.zeros(1000, dtype=np.float32)
    y[:2] = 1, -1

    assert clipped_share(y) == 0.002
    assert not recorded(np.concatenate([y, y * 0]).tobytes(), SR, name="").remark


def test_a_recording_of_the_disk_has_its_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("disk") / "mine.wav"
    path.write_bytes(file(noise(1)))

    assert take_of(path).name == "mine.wav"


@pytest.mark.parametrize("seconds", [0.5, 121, float("nan")])
def test_a_length_that_no_recording_has_is_a_parameter_error(seconds: float) -> None:
    with pytest.raises(ParameterError, match="must be a number of seconds from 1 to 120"):
        check_seconds(seconds)


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
