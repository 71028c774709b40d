"""Windows of speech: none too long, none over another, nothing of speech lost, and never more memory."""

import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_lib.recognizer import segmenting
from emotion_lib.recognizer.segmenting import LONGEST, SHORTEST, START, STOP, Window, windows
from emotion_lib.voice import CHUNK_SECONDS, Chunk

LENGTH = 512
"""Samples of a chunk, at 16 kHz."""

SR = 16_000
SPEECH, DOUBT, NOTHING = 0.9, 0.4, 0.0
PAUSE = [NOTHING] * 10


def chunks(speech: Sequence[float]) -> Iterator[Chunk]:
    """Yield chunks that are speech with these probabilities; each sample is the number of its chunk."""
    for number, probability in enumerate(speech):
        yield Chunk(number * LENGTH, np.full(LENGTH, number, dtype=np.float32), -20.0, probability)


def found(speech: Sequence[float]) -> list[tuple[int, int]]:
    """Return the first chunk of each window, and the one after its last."""
    return [span(window) for window in windows(chunks(speech))]


def span(window: Window) -> tuple[int, int]:
    """Return the first chunk of a window and the one after its last, if its waveform is that of these chunks."""
    first, after = window.first // LENGTH, (window.first + len(window.y)) // LENGTH
    np.testing.assert_array_equal(window.y[::LENGTH], np.arange(first, after))
    return first, after


def seconds(window: tuple[int, int]) -> float:
    """Return how long a window is."""
    return (window[1] - window[0]) * CHUNK_SECONDS


def test_where_nobody_speaks_there_is_no_window() -> None:
    assert found([]) == found([NOTHING] * 1000) == found([DOUBT] * 1000) == []


def test_a_short_stretch_of_speech_is_one_window_without_the_silence_around_it() -> None:
    assert found([NOTHING] * 20 + [SPEECH] * 40 + [NOTHING] * 20) == [(20, 60)]


def test_speech_that_lasts_to_the_end_is_a_window_too() -> None:
    assert found([NOTHING] * 20 + [SPEECH] * 40) == [(20, 60)]


def test_a_pause_ends_a_window_and_a_shorter_gap_does_not() -> None:
    assert found([SPEECH] * 20 + [NOTHING] * 9 + [SPEECH] * 20) == [(0, 20), (29, 49)]
    assert found([SPEECH] * 20 + [NOTHING] * 8 + [SPEECH] * 20) == [(0, 48)]


def test_speech_begins_surely_and_goes_on_in_doubt() -> None:
    assert found([DOUBT] * 20 + [SPEECH] * 20 + [DOUBT] * 20 + PAUSE) == [(20, 60)]


@pytest.mark.parametrize(("n_chunks", "n_windows"), [(1, 0), (7, 0), (8, 1)])
def test_a_blip_of_less_than_a_quarter_of_a_second_is_no_speech(n_chunks: int, n_windows: int) -> None:
    assert len(found(PAUSE + [SPEECH] * n_chunks + PAUSE)) == n_windows


def test_a_blip_after_speech_is_dropped_too() -> None:
    assert found([SPEECH] * 20 + PAUSE + [SPEECH] * 7 + PAUSE) == [(0, 20)]


def test_three_seconds_are_one_window_and_a_little_more_are_two_halves_at_least_one_second_long() -> None:
    assert found([SPEECH] * 93) == [(0, 93)]
    for n_chunks in range(94, 157):
        parts = found([SPEECH] * n_chunks)
        assert len(parts) == 2
        assert all(0.95 < seconds(part) <= LONGEST for part in parts)


def test_long_speech_is_cut_where_it_is_least_like_speech() -> None:
    speech = [SPEECH] * 400
    speech[80] = 0.6

    assert found(speech)[0] == (0, 80)


def test_windows_of_long_speech_have_two_to_three_seconds() -> None:
    speech = np.random.default_rng(0).uniform(0.6, 1.0, 3000).tolist()
    parts = found(speech)

    assert all(SHORTEST <= seconds(part) <= LONGEST for part in parts[:-2])
    assert parts[0][0] == 0
    assert parts[-1][1] == 3000
    assert all(before[1] == after[0] for before, after in pairwise(parts))


def test_the_rest_of_long_speech_is_kept_however_little_of_it_is_loud() -> None:
    halting = ([DOUBT] + [NOTHING] * 8) * 30

    assert found([SPEECH] * 10 + halting)[-1][1] == 10 + len(halting) - 8


def test_a_window_comes_as_soon_as_it_is_over() -> None:
    n_heard = 0

    def counted() -> Iterator[Chunk]:
        nonlocal n_heard
        for chunk in chunks([SPEECH] * 20 + [NOTHING] * 1000):
            n_heard += 1
            yield chunk

    next(windows(counted()))
    assert n_heard == 20 + 9


def test_an_hour_takes_no_more_memory_than_some_seconds() -> None:
    samples = np.zeros(LENGTH, dtype=np.float32)
    n_chunks = round(3600 / CHUNK_SECONDS)
    hour = (Chunk(n * LENGTH, samples.copy(), -20.0, SPEECH if n % 1000 else NOTHING) for n in range(n_chunks))
    tracemalloc.start()
    n_windows = sum(1 for _ in windows(hour))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 1200 <= n_windows <= 1800
    assert peak < 4 * 2**20


probabilities = st.sampled_from([NOTHING, 0.29, 0.3, DOUBT, 0.5, SPEECH])
stretches = st.lists(st.tuples(probabilities, st.integers(1, 200)), max_size=12)


@given(stretches=stretches)
def test_windows_follow_each_other_and_miss_no_speech(stretches: list[tuple[float, int]]) -> None:
    speech = [probability for probability, n in stretches for _ in range(n)]
    parts = found(speech)

    assert all(0 < seconds(part) <= LONGEST for part in parts)
    assert all(before[1] <= after[0] for before, after in pairwise(parts))
    covered = {number for first, after in parts for number in range(first, after)}
    for first, after in spoken(speech):
        assert set(range(first, after)) <= covered


def spoken(speech: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Yield each run of speech that begins surely and is long enough by itself."""
    first = None
    for number, probability in enumerate([*speech, NOTHING]):
        if first is None and probability >= START:
            first = number
        elif first is not None and probability < STOP:
            if number - first >= segmenting._LEAST_SPEECH:
                yield first, number
            first = None
