"""The widget of a timeline: pictures of what is shown, and pieces of sound."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile

from emotion_lib import audio, corpora, widgets
from emotion_lib.errors import AudioError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets.timelines import PIECE, Timeline
from tests.widgets.conftest import answer, ask, record

SR = 16_000


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    """Half a minute of the demo corpus."""
    parts = [audio.read(path, sr=SR)[0] for path in corpora.load("demo")["path"][:20]]
    return np.concatenate(parts)[: 30 * SR]


@pytest.fixture(scope="module")
def shown(recognizer: EmotionRecognizer, y: np.ndarray) -> Timeline:
    """The widget, with a recording."""
    made: Timeline = widgets.timeline(recognizer, y, SR)
    return made


def test_it_opens_with_the_timeline_of_the_recogniser(
    shown: Timeline, recognizer: EmotionRecognizer, y: np.ndarray
) -> None:
    pd.testing.assert_frame_equal(shown.table, recognizer.timeline(y, SR))
    assert (shown.length, shown.drawn) == (30.0, 0)
    assert shown.stretches[0]["start"] == 0
    assert shown.stretches[-1]["end"] == 30
    assert repr(shown) == shown.alt
    assert shown.alt.startswith("Timeline of 30.0 s: ")


def test_a_timeline_that_was_made_before_is_not_made_again(
    shown: Timeline, recognizer: EmotionRecognizer, y: np.ndarray
) -> None:
    assert widgets.timeline(recognizer, y, SR, table=shown.table).table is shown.table


@pytest.mark.parametrize(
    ("asked", "shown_part"), [((0, 30), (0, 30)), ((-5, 5), (0, 10)), ((28, 33), (25, 30)), ((9.9, 10.1), (9.9, 11.9))]
)
def test_the_picture_is_of_the_part_that_is_asked_for(
    shown: Timeline, asked: tuple[float, float], shown_part: tuple[float, float]
) -> None:
    message, (png,) = answer(shown, "look", start=asked[0], end=asked[1])

    assert (message["start"], message["end"]) == pytest.approx(shown_part)
    assert 0 < message["left"] < message["right"] < 1
    assert png.startswith(b"\x89PNG")


def test_the_sound_comes_in_pieces_from_any_place(shown: Timeline, y: np.ndarray) -> None:
    message, (wav,) = answer(shown, "piece", at=4.0)
    piece, sr = soundfile.read(io.BytesIO(wav), dtype="float32")

    assert (message["at"], message["seconds"], sr) == (4.0, PIECE, SR)
    np.testing.assert_allclose(piece, y[4 * SR : 24 * SR], atol=1e-4)
    assert answer(shown, "piece", at=25.0)[0]["seconds"] == pytest.approx(5.0)
    assert answer(shown, "piece", at=99.0)[0]["at"] == pytest.approx(29.9)


def test_the_still_picture_is_of_the_whole(shown: Timeline) -> None:
    assert shown.still().startswith(b"\x89PNG")
    assert len(shown.still()) < 300_000


def test_what_cannot_be_read_again_is_refused(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match="recording: an open file; give its path"):
        widgets.timeline(recognizer, io.BytesIO(b"RIFF"))


def test_a_long_recording_of_ones_own_voice_has_a_timeline_and_a_short_one_an_explanation(
    recognizer: EmotionRecognizer, y: np.ndarray
) -> None:
    voice = widgets.own_voice(recognizer)
    record(voice, y[: 16 * SR], SR)
    assert voice.length == 16
    assert answer(voice, "look", start=0, end=16)[0]["do"] == "part"

    record(voice, y[: 2 * SR], SR)
    assert voice.length == 0
    before = voice._picture.png
    message, (png,) = answer(voice, "explain")
    assert (message["do"], message["number"]) == ("explained", voice.number)
    assert message["alt"].endswith("and which part decided")
    assert png != before


def test_what_was_spoken_live_ends_in_a_timeline(recognizer: EmotionRecognizer, y: np.ndarray) -> None:
    live = widgets.live(recognizer)
    ask(live, "start", rate=float(SR))
    for chunk in np.array_split(y[: 3 * SR], 30):
        ask(live, "chunk", chunk.tobytes())
    ask(live, "stop")

    assert live.length == 3
    wav = answer(live, "piece", at=0.0)[1][0]
    np.testing.assert_allclose(soundfile.read(io.BytesIO(wav))[0], y[: 3 * SR], atol=1e-4)
    ask(live, "start", rate=float(SR))
    assert live.length == 0
    ask(live, "stop")
