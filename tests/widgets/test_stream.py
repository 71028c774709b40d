"""Live: what is heard while chunks come, and how it ends."""

import threading
from collections.abc import Iterable, Iterator
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from matplotlib.figure import Figure

from emotion_lib import audio, widgets
from emotion_lib.emotions import style_of
from emotion_lib.errors import AudioError
from emotion_lib.recognizer import EmotionRecognizer, Segment
from emotion_lib.widgets import stream
from emotion_lib.widgets.stream import MOST_CHUNKS, _Chunks
from tests.widgets.conftest import answer, ask

SR = 16_000


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
    assert live.recording is not None
    np.testing.assert_array_equal(live.recording[0], y)
    assert live.recording[1] == SR
    assert repr(live).startswith("Live: 3.3 s predicted, the end as ")
    assert live.still() == answer(live, "show")[1][1]


def test_words_of_ones_own_are_lines_of_their_own() -> None:
    own = [Segment("müde", {"froh": 0.3, "müde": 0.7}, start=0.0, end=end) for end in (0.5, 1.0)]
    ax = Figure().subplots()
    stream._plot_moving(own, 0.5, ax)

    assert [line.get_label() for line in ax.lines[:2]] == ["froh", "müde"]
    assert [line.get_marker() for line in ax.lines[:2]] == [style_of(word).marker for word in ("froh", "müde")]


def test_what_is_said_is_heard_until_it_is_stopped(recognizer: EmotionRecognizer, path: str) -> None:
    live = widgets.live(recognizer)
    y, _ = audio.read(path, sr=SR)

    ask(live, "start", rate=float(SR))
    for chunk in np.array_split(y, range(SR // 10, len(y), SR // 10)):
        ask(live, "chunk", chunk.tobytes())
    ask(live, "stop")

    assert live.segments == list(recognizer.stream([y], SR))
    assert live.answer["end"] == live.segments[-1].end
    assert live.says == ""
    assert live.recording is not None
    np.testing.assert_array_equal(live.recording[0], y)
    assert live.recording[1] == SR


def test_what_was_said_before_the_last_minutes_is_not_kept(
    recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEPT", 0.5)
    live = widgets.live(Mock(stream=lambda *_: iter(()), timeline=recognizer.timeline))

    ask(live, "start", rate=float(SR))
    assert live.recording is None
    for number in range(8):
        ask(live, "chunk", np.full(SR // 10, number / 1000, dtype=np.float32).tobytes())
    ask(live, "stop")

    assert live.recording is not None
    assert live.recording[0][:: SR // 10] == pytest.approx([0.003, 0.004, 0.005, 0.006, 0.007])
    ask(live, "start", rate=float(SR))
    assert live.recording is None
    live.close()


def test_a_kernel_that_cannot_follow_drops_the_oldest_and_says_so(recognizer: EmotionRecognizer) -> None:
    everything_came = threading.Event()
    kept: list[int] = []

    def slow(waiting: Iterable[np.ndarray], rate: int) -> Iterator[Any]:
        everything_came.wait(60)
        kept.extend(round(1000 * float(chunk[0])) for chunk in waiting)
        yield from recognizer.stream([np.zeros(rate)], rate)

    live = widgets.live(Mock(stream=slow, timeline=recognizer.timeline, calibration=recognizer.calibration))
    ask(live, "start", rate=float(SR))
    for number in range(MOST_CHUNKS + 20):
        ask(live, "chunk", np.full(SR // 10, number / 1000, dtype=np.float32).tobytes())
    everything_came.set()
    ask(live, "stop")

    assert kept[-1] == MOST_CHUNKS + 19
    assert len(kept) in (MOST_CHUNKS - 1, MOST_CHUNKS)  # the end takes a place, too, if nothing was taken before it
    assert "The kernel is too slow: 2." in live.says


def test_an_error_of_the_recogniser_is_a_sentence() -> None:
    def broken(_: Iterable[np.ndarray], __: int) -> Iterator[Any]:
        """Raise what a chunk without numbers raises."""
        raise AudioError("waveform: not finite")
        yield

    live = widgets.live(Mock(stream=broken))

    ask(live, "start", rate=float(SR))
    ask(live, "stop")

    assert live.says == "waveform: not finite"


def test_when_nothing_comes_any_more_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
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
