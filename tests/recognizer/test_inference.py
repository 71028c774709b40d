"""Live audio and long recordings: what a stream says is what the whole file says, however it comes in."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion_lib import audio, corpora
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, Prediction, Segment
from tests.recognizer.conftest import SR, probabilities


def pieces(y: np.ndarray, length: int) -> Iterator[np.ndarray]:
    """Yield a waveform in pieces, as a microphone gives it."""
    return (y[first : first + length] for first in range(0, len(y), length))


def answer(segment: Segment) -> Prediction:
    """Return a segment without its place."""
    values = asdict(segment)
    return Prediction(**{name: values[name] for name in ("emotion", "probabilities", "reason", "note", "warning")})


def last(recognizer: EmotionRecognizer, y: np.ndarray, sr: int = SR, *, length: int = 1600) -> Segment:
    """Return the last answer of a stream."""
    *_, segment = recognizer.stream(pieces(y, length), sr)
    return segment


@pytest.mark.parametrize("row", range(0, 168, 14))
@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_the_end_of_a_stream_is_the_whole_file(recognizer: EmotionRecognizer, row: int, gain: float) -> None:
    y = gain * audio.read(corpora.load("demo")["path"].iloc[row], sr=SR)[0][: 3 * SR]

    assert answer(last(recognizer, y)) == recognizer.predict(y, sr=SR)


@pytest.mark.parametrize("sr", [8000, 11025, 22050, 24414, 44100, 48000, 96000])
def test_the_end_of_a_stream_is_the_whole_file_at_other_rates(
    recognizer: EmotionRecognizer, speech: np.ndarray, sr: int
) -> None:
    y = audio.waveform(speech, SR, sr_out=sr)
    streamed, whole = last(recognizer, y, sr, length=sr // 10), recognizer.predict(y, sr=sr)

    assert streamed.emotion == whole.emotion
    np.testing.assert_allclose(probabilities(streamed), probabilities(whole), atol=1e-3)


def test_every_answer_of_a_stream_is_that_of_the_last_three_seconds(
    recognizer: EmotionRecognizer, long_speech: np.ndarray
) -> None:
    y = long_speech[: 6 * SR]
    for segment in recognizer.stream(pieces(y, 777), SR):
        heard = y[round(segment.start * SR) : round(segment.end * SR)]
        assert answer(segment) == recognizer.predict(heard, sr=SR)
        assert segment.start == max(0.0, segment.end - 3.0)


CORPORA = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("tess", "emodb", "ravdess")]


@pytest.mark.parametrize("name", CORPORA)
def test_streams_of_a_corpus_end_as_whole_files_at_their_own_rate(
    recognizer: EmotionRecognizer, name: str, request: pytest.FixtureRequest
) -> None:
    table = request.getfixturevalue(name)
    for path in table["path"].iloc[:: max(1, len(table) // 8)]:
        y, sr = audio.read(path, duration=3.0)
        streamed, whole = last(recognizer, y, sr), recognizer.predict(y, sr=sr)
        assert (streamed.emotion, streamed.reason) == (whole.emotion, whole.reason)
        np.testing.assert_allclose(probabilities(streamed), probabilities(whole), atol=1e-3)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(0, 9000), min_size=1, max_size=8).filter(any))
def test_how_a_stream_is_cut_changes_nothing(
    recognizer: EmotionRecognizer, speech: np.ndarray, lengths: list[int]
) -> None:
    def cut() -> Iterator[np.ndarray]:
        first = 0
        while first < len(speech):
            for length in lengths:
                yield speech[first : first + length]
                first += length

    assert list(recognizer.stream(cut(), SR)) == list(recognizer.stream([speech], SR))


@pytest.mark.parametrize("sr", [SR, 22050, 44100])
def test_answers_come_every_half_second_and_once_for_the_rest(recognizer: EmotionRecognizer, sr: int) -> None:
    segments = list(recognizer.stream(pieces(np.zeros(int(4.3 * sr)), sr // 50), sr))

    assert [segment.end for segment in segments] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, pytest.approx(4.3)]
    assert [segment.start for segment in segments[:7]] == [0, 0, 0, 0, 0, 0, 0.5]


def test_a_stream_that_ends_at_a_half_second_is_not_answered_twice(recognizer: EmotionRecognizer) -> None:
    ends = [segment.end for segment in recognizer.stream([np.zeros(SR)], SR)]

    assert ends == [0.5, 1.0]


def test_a_stream_without_chunks_says_nothing(recognizer: EmotionRecognizer) -> None:
    assert list(recognizer.stream([], SR)) == []
    assert list(recognizer.stream([np.zeros(0)] * 3, SR)) == []


def test_an_answer_comes_as_soon_as_its_half_second_is_there(recognizer: EmotionRecognizer) -> None:
    n_given = 0

    def given_out() -> Iterator[np.ndarray]:
        nonlocal n_given
        while True:
            n_given += 1
            yield np.zeros(SR // 10)

    next(recognizer.stream(given_out(), SR))
    assert n_given == 5


def test_a_stream_may_have_channels_and_integers(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    pcm = np.round(speech * 32767).astype(np.int16)
    mono = [pcm / np.float32(32768)]

    stereo = list(recognizer.stream(pieces(np.column_stack([pcm, pcm]), 1000), SR))
    assert stereo == list(recognizer.stream(mono, SR))


def test_a_long_stream_takes_no_more_memory_than_some_seconds(recognizer: EmotionRecognizer) -> None:
    chunk = np.zeros(SR, dtype=np.float32)
    tracemalloc.start()
    n_answers = sum(1 for _ in recognizer.stream((chunk.copy() for _ in range(300)), SR))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert n_answers == 600
    assert peak < 8 * 2**20


@pytest.mark.parametrize("sr", [0, -1, 16000.5, None, "16000"])
def test_a_stream_of_no_rate_is_refused_at_once(recognizer: EmotionRecognizer, sr: int) -> None:
    with pytest.raises(ParameterError, match="must be a whole number of Hz"):
        recognizer.stream([], sr)


def test_a_chunk_that_is_no_waveform_is_refused(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match="not finite"):
        list(recognizer.stream([np.full(100, np.nan)], SR))
    with pytest.raises(ParameterError, match="must be float"):
        list(recognizer.stream([np.array(["a", "b"])], SR))


# Long recordings.


def test_segments_find_each_recording_among_silence(recognizer: EmotionRecognizer) -> None:
    placed, y, at = [], [np.zeros(SR)], 1.0
    for path in corpora.load("demo")["path"].iloc[::24]:
        each = audio.read(path, sr=SR)[0]
        placed.append((at, at + len(each) / SR))
        y += [each, np.zeros(SR)]
        at += len(each) / SR + 1
    segments = list(recognizer.segments(np.concatenate(y), sr=SR))

    for start, end in placed:
        inside = [segment for segment in segments if start - 0.1 <= segment.start < segment.end <= end + 0.1]
        assert sum(segment.end - segment.start for segment in inside) > 0.5 * (end - start)
    assert len(segments) <= 2 * len(placed)
    assert all(segment.emotion in recognizer.emotions for segment in segments)


def test_segments_are_the_same_softly_spoken(recognizer: EmotionRecognizer, long_speech: np.ndarray) -> None:
    loud, soft = (
        sum(segment.end - segment.start for segment in recognizer.segments(gain * long_speech, sr=SR))
        for gain in (1, 0.1)
    )

    assert soft > 0.8 * loud


def test_a_segment_is_answered_as_its_part_of_the_recording(
    recognizer: EmotionRecognizer, long_speech: np.ndarray
) -> None:
    for segment in recognizer.segments(long_speech, sr=SR):
        part = long_speech[round(segment.start * SR) : round(segment.end * SR)]
        np.testing.assert_allclose(probabilities(segment), probabilities(recognizer.predict(part, sr=SR)), atol=1e-6)


def test_a_long_recording_gets_the_mean_of_its_segments_by_their_length(
    recognizer: EmotionRecognizer, long_speech: np.ndarray
) -> None:
    segments = list(recognizer.segments(long_speech, sr=SR))
    whole = recognizer.predict(long_speech, sr=SR)
    lengths = [segment.end - segment.start for segment in segments]

    expected = np.average([probabilities(segment) for segment in segments], axis=0, weights=lengths)
    np.testing.assert_allclose(probabilities(whole), expected, atol=1e-6)
    assert whole.note == f"the mean of {len(segments)} windows; `timeline` shows how it changes"


def test_one_window_is_not_called_windows(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    padded = np.concatenate([np.zeros(15 * SR), speech[:SR]])

    assert recognizer.predict(padded, sr=SR).note.startswith("the mean of 1 window;")


@pytest.mark.parametrize(("level", "reason"), [(0.0, "silence"), (0.1, "no speech")], ids=["digital silence", "noise"])
def test_a_long_recording_of_nothing_says_why(recognizer: EmotionRecognizer, level: float, reason: str) -> None:
    y = level * np.random.default_rng(0).normal(size=16 * SR)
    heard = recognizer.predict(y, sr=SR)

    assert (heard.emotion, heard.reason, heard.note) == ("unknown", reason, "")
    assert list(recognizer.segments(y, sr=SR)) == []


@pytest.mark.parametrize(("n_samples", "is_long"), [(15 * SR, False), (15 * SR + 1, True)])
def test_long_begins_after_fifteen_seconds(
    recognizer: EmotionRecognizer, long_speech: np.ndarray, n_samples: int, *, is_long: bool
) -> None:
    note = recognizer.predict(long_speech[:n_samples], sr=SR).note

    assert ("timeline" in note) == is_long


def test_a_long_file_is_heard_in_constant_memory(
    recognizer: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory, write_wav: Callable[..., object]
) -> None:
    path = write_wav("long.wav", np.zeros(120 * SR, dtype=np.float32), SR)
    tracemalloc.start()
    segments = list(recognizer.segments(str(path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert segments == []
    assert peak < 16 * 2**20  # the file has 2 minutes, which take twice as many MB at 16 kHz as are read at a time


# A voice that is unlike those of the training.


@pytest.fixture
def unlike(knowing: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch) -> EmotionRecognizer:
    """A recogniser to which every voice is unlike those that it was trained on."""
    monkeypatch.setattr(type(knowing.voices), "is_unlike", lambda voices, statistics: True)
    return knowing


def test_a_voice_of_its_training_is_no_cause_for_a_warning(knowing: EmotionRecognizer) -> None:
    warnings = [knowing.predict(path).warning for path in corpora.load("demo")["path"].iloc[::6]]

    assert warnings.count("") >= 0.9 * len(warnings)


def test_a_voice_unlike_those_of_its_training_is(knowing: EmotionRecognizer, speech: np.ndarray) -> None:
    thin = np.diff(speech, n=2).astype(np.float32)  # the low notes are gone, the highest are loud
    heard = knowing.predict(0.5 * thin / np.abs(thin).max(), sr=SR)

    assert heard.reason in {"", "unsure"}
    assert heard.warning == "this voice is unlike those it was trained on"
    assert str(heard).endswith(f"), {heard.warning}")


def test_who_knows_no_voices_never_warns(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    assert recognizer.predict(np.diff(speech, n=2), sr=SR).warning == ""


def test_every_answer_to_speech_warns(unlike: EmotionRecognizer, speech: np.ndarray, long_speech: np.ndarray) -> None:
    long = unlike.predict(long_speech, sr=SR)
    segments, streamed = list(unlike.segments(speech, sr=SR)), list(unlike.stream([speech], SR))

    assert long.warning
    assert str(long).endswith(f"`timeline` shows how it changes, {long.warning}")
    assert {segment.warning for segment in segments} == {long.warning}
    assert streamed[-1].warning


@pytest.mark.parametrize("seconds", [1, 20])
def test_where_nobody_speaks_no_voice_is_unlike_others(unlike: EmotionRecognizer, seconds: int) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=seconds * SR)

    assert [unlike.predict(y, sr=SR).warning for y in (noise, np.zeros(seconds * SR))] == ["", ""]


def test_a_long_recording_warns_where_most_of_it_is_unlike(
    knowing: EmotionRecognizer, long_speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_windows = len(list(knowing.segments(long_speech, sr=SR)))
    for n_unlike in range(n_windows + 1):
        answers = iter([True] * n_unlike + [False] * (n_windows - n_unlike))
        monkeypatch.setattr(
            type(knowing.voices), "is_unlike", lambda voices, statistics, answers=answers: next(answers)
        )
        assert bool(knowing.predict(long_speech, sr=SR).warning) == (2 * n_unlike > n_windows)


def test_who_is_used_to_a_voice_does_not_warn(unlike: EmotionRecognizer, speech: np.ndarray) -> None:
    assert unlike.predict(speech, sr=SR).warning
    assert unlike.enrol([speech], sr=SR).predict(speech, sr=SR).warning == ""
