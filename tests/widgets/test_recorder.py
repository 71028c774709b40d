"""What comes from the browser: samples and files, in parts, and what there is to say of them."""

import io
from typing import Any

import numpy as np
import pytest
import soundfile

from emotion_lib import audio, widgets
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets import recorder
from emotion_lib.widgets.recorder import LONGEST, uploaded
from tests.bad_inputs import encoded
from tests.widgets.conftest import answer, ask, record, sound

SR = 8000


@pytest.fixture
def voice(recognizer: EmotionRecognizer) -> Any:
    """The widget, without a recording."""
    return widgets.own_voice(recognizer, seconds=2)


def noise(seconds: float) -> np.ndarray:
    """Return noise of a length."""
    return np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * SR)).astype(np.float32)


def test_a_recording_arrives_in_parts_and_is_kept_and_shown(
    voice: Any, recognizer: EmotionRecognizer, path: str
) -> None:
    y, sr = audio.read(path, sr=48_000)

    ask(voice, "part", bytes(4000), first=True)  # of a recording before it
    for place, part in enumerate(np.array_split(y, 3)):
        ask(voice, "part", part.tobytes(), first=place == 0)
    message, _ = answer(voice, "recorded", rate=float(sr))

    np.testing.assert_array_equal(voice.recording[0], y)
    assert voice.recording[1] == sr
    assert soundfile.info(io.BytesIO(sound(voice))).samplerate == recognizer.settings.sr
    assert voice.alt == "Waveform and spectrogram of recording 1, 1.7 s"
    assert (voice.number, voice.says, message) == (0, "", {"do": "taken"})


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_files_are_read_in_the_kernel(voice: Any, kind: str) -> None:
    ask(voice, "part", encoded(noise(1), rate=SR, kind=kind), first=True)
    ask(voice, "uploaded", name="a.bin")

    y, sr = voice.recording
    assert sr == SR
    assert len(y) == pytest.approx(SR, rel=0.01)
    assert voice.alt.startswith("Waveform and spectrogram of a.bin, 1.0 s")


@pytest.mark.parametrize("n_missing", [1, 2, 63])
def test_a_note_on_a_file_is_told(voice: Any, n_missing: int) -> None:
    ask(voice, "part", encoded(noise(1), rate=SR)[:-n_missing], first=True)
    ask(voice, "uploaded", name="a.wav")
    assert voice.says == f"{n_missing} byte{'s' * (n_missing > 1)} of samples fewer than its header claims."


def test_a_file_that_is_cut_short_is_told_though_the_browser_plays_it(voice: Any) -> None:
    ask(voice, "part", encoded(noise(1), rate=SR)[:-8000], first=True)
    ask(voice, "uploaded", name="a.wav")
    cut_short = "a.wav: cut short: its header claims 16000 bytes of samples, but the file holds 8000."
    for name, says in (("a.wav", cut_short), ("", "")):
        ask(voice, "part", noise(0.5).tobytes(), first=True)
        ask(voice, "recorded", rate=float(SR), **({"name": name} if name else {}))
        assert voice.says == says


def test_a_file_that_the_kernel_cannot_read_is_for_the_browser(voice: Any) -> None:
    ask(voice, "part", b"Buy milk.\n" * 100, first=True)
    message, _ = answer(voice, "uploaded", name="notes.wav")

    assert message["do"] == "decode"
    assert message["why"].startswith("notes.wav: not audio that can be read (text); choose a recording: WAV")
    assert voice.recording is None


@pytest.mark.parametrize(("values", "why"), [([np.nan], "not finite"), ([], "no samples; choose a recording")])
def test_a_decoded_file_without_a_waveform_is_a_sentence(voice: Any, values: list[float], why: str) -> None:
    record(voice, np.array(values), 48_000, name="song.m4a")

    assert voice.says.startswith(f"song.m4a: {why}")


def test_no_more_is_kept_than_a_file_may_have(voice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "LARGEST", 0.01)

    for place in range(4):
        ask(voice, "part", bytes(5000), first=place == 0)
    ask(voice, "recorded", rate=SR)

    assert len(voice.recording[0]) == 2500


def test_of_a_long_recording_the_beginning_is_heard() -> None:
    take = uploaded(encoded(noise(LONGEST + 3), rate=SR), name="long.wav")

    assert len(take.y) == LONGEST * SR
    assert take.remark == "Only its first 120 seconds are used."


def test_a_recording_is_clipped_with_more_than_one_sample_in_a_thousand_at_full_scale(voice: Any) -> None:
    y = np.zeros(2000)
    y[:2] = 1, -1
    record(voice, y, SR)
    assert voice.says == ""

    y[2] = 0.995
    record(voice, y, SR)
    assert "clipped: 0.1 %" in voice.says


def test_silence_is_an_answer(voice: Any) -> None:
    record(voice, np.zeros(48_000), 48_000)

    assert voice.answer["headline"] == "silence"


def test_it_opens_with_nothing(voice: Any) -> None:
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
