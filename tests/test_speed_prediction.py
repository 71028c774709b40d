"""The table of predictions: what is timed is what it says, whatever the times are."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speed import prediction
from benchmarks.speed.timing import RUNS
from emotion_lib import EmotionRecognizer, corpora
from emotion_lib.recognizer import Segment

PATHS = list(corpora.load("demo")["path"].iloc[:3])


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    """The recogniser of the package."""
    return EmotionRecognizer.load()


def test_files_of_two_seconds_are_chosen_by_their_length(write_wav: Callable[..., Path]) -> None:
    lengths = {"short.wav": 1.8, "two.wav": 2.0, "long.wav": 2.2}
    paths = [write_wav(name, np.zeros(round(seconds * 8000)), 8000) for name, seconds in lengths.items()]

    assert [path.name for path in prediction.of_two_seconds(paths)] == ["two.wav"]


def test_files_are_from_all_over_a_list() -> None:
    paths = [Path(str(number)) for number in range(101)]

    assert [path.name for path in prediction.spread(paths, 5)] == ["0", "25", "50", "75", "100"]
    assert prediction.spread(paths[:2], 5) == paths[:2]


@pytest.mark.parametrize("way", ["warm", "many"])
def test_a_row_has_a_figure_beside_another(recognizer: EmotionRecognizer, way: str) -> None:
    what, median, beside, ratio, aim = getattr(prediction, way)(recognizer, PATHS[:1])

    assert float(median.split()[0]) > 0
    assert float(ratio.split()[0]) > 0
    assert all([what, beside, aim])


def test_the_command_and_its_floor_are_pythons_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    prediction.cold(PATHS[0])

    timed = [[prediction.COMMAND, "predict", os.fspath(PATHS[0])], [prediction.FLOOR]]
    assert [command[2:] for command in started] == timed * (1 + RUNS)


def test_what_is_live_comes_as_from_a_microphone() -> None:
    y = np.arange(2000, dtype=np.float32)
    heard = list(prediction.chunks(y))

    assert [len(chunk) for chunk in heard] == [960, 960, 80]
    np.testing.assert_array_equal(np.concatenate(heard), y)


def test_speech_silence_and_noise_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "LIVE_SECONDS", 4)
    speech, silence, noise = prediction.live(PATHS).values()

    assert len(silence) == len(noise) == 4 * prediction.SR >= len(speech)
    assert not silence.any()
    assert noise.std() == pytest.approx(prediction.LOUD, abs=0.01)
    assert (
        not speech[-round(0.5 * prediction.PAUSE_SECONDS * prediction.SR) :].any() or len(speech) == 4 * prediction.SR
    )


def test_the_share_of_a_core_is_cpu_time_for_each_second_that_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(100) / 4)

    class Deaf:
        def stream(self, chunks: Iterator[np.ndarray], sr: int) -> Iterator[Segment]:
            return iter(())

    monkeypatch.setattr("time.process_time", lambda: next(clock))
    shares = prediction.cpu_shares(Deaf(), {"a": np.zeros(prediction.SR), "b": np.zeros(2 * prediction.SR)})  # type: ignore[arg-type]

    assert shares == {"a": 0.25, "b": 0.125}
