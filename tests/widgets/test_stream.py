"""Live: what is heard while chunks come, and how it ends."""

from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from emotion_lib import audio, corpora, widgets
from emotion_lib.errors import AudioError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets import stream
from emotion_lib.widgets.stream import MOST_CHUNKS, _Chunks
from tests.widgets.conftest import answer, ask

SR = 16_000


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    """The recogniser of the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="module")
def path() -> str:
    """A recording of the demo corpus."""
    return str(corpora.load("demo")["path"][0])


def chunks(y: np.ndarray) -> list[bytes]:
    """Return a waveform as the browser sends it."""
    return [y[first : first + SR // 10].tobytes() for first in range(0, len(y), SR // 10)]


def test_it_opens_with_nothing(recognizer: EmotionRecognizer) -> None:
    live = widgets.live(recognizer)

    assert (repr(live), live.answer, live.segments) == ("Live: nothing predicted yet", {}, [])
    assert live.still().startswith(b"\x89PNG")


def test_recordings_go_through_the_stream(recognizer: EmotionRecognizer, path: str) -> None:
    live = widgets.live(recognizer, start=[path, path])

    y = np.concatenate([audio.read(path, sr=SR)[0]] * 2)
    assert live.segments == list(recognizer.stream([y], SR))
    assert [each["end"] for each in live.timeline] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.328125]
    assert live.answer == live.timeline[-1]
    assert repr(live).startswith("Live: 3.3 s predicted, the end as ")
    assert live.still() == answer(live, "show")[1][1]


def test_what_is_said_is_heard_until_it_is_stopped(recognizer: EmotionRecognizer, path: str) -> None:
    live = widgets.live(recognizer)
    y, _ = audio.read(path, sr=SR)

    ask(live, "start", rate=float(SR))
    for chunk in chunks(y):
        ask(live, "chunk", chunk)
    ask(live, "stop")

    assert live.segments == list(recognizer.stream([y], SR))
    assert live.answer["end"] == live.segments[-1].end
    assert live.says == ""


def test_silence_and_no_speech_are_answers(recognizer: EmotionRecognizer) -> None:
    live = widgets.live(recognizer)

    ask(live, "start", rate=float(SR))
    ask(live, "chunk", np.zeros(SR, dtype=np.float32).tobytes())
    ask(live, "stop")

    assert live.answer["headline"] == "silence"


def test_where_too_much_waits_the_oldest_is_dropped() -> None:
    waiting = _Chunks()

    for number in range(MOST_CHUNKS + 2):
        waiting.put(np.array([number]))
    waiting.put(None)

    assert [int(chunk[0]) for chunk in waiting] == list(range(3, MOST_CHUNKS + 2))
    assert waiting.dropped == 3


def test_a_kernel_that_cannot_follow_says_so() -> None:
    def slow(waiting: _Chunks, _: int) -> Iterator[Any]:
        """Answer once everything has come."""
        waiting.dropped += 20
        yield from EmotionRecognizer.load().stream(waiting, SR)

    recognizer = Mock(stream=slow, calibration=Mock(threshold=0.5))
    live = widgets.live(recognizer)

    ask(live, "start", rate=float(SR))
    ask(live, "chunk", bytes(4 * SR))
    ask(live, "stop")

    assert live.says == "The kernel is too slow: 2.0 s of sound were left out."


def test_an_error_of_the_recogniser_is_a_sentence() -> None:
    def broken(_: Iterable[np.ndarray], __: int) -> Iterator[Any]:
        """Raise what a chunk without numbers raises."""
        raise AudioError("waveform: not finite")
        yield

    live = widgets.live(Mock(stream=broken))

    ask(live, "start", rate=float(SR))
    ask(live, "stop")

    assert live.says == "waveform: not finite"


def test_when_nothing_comes_any_more_it_ends(recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.01)
    waiting = _Chunks()
    waiting.put(np.zeros(1))

    assert len(list(waiting)) == 1


def test_a_second_start_ends_the_first(recognizer: EmotionRecognizer) -> None:
    live = widgets.live(recognizer)
    ask(live, "start", rate=float(SR))
    first = live._thread

    ask(live, "start", rate=float(SR))

    assert first is not None
    assert not first.is_alive()
    live.close()
    assert live._thread is None
