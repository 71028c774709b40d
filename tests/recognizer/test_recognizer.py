"""The recogniser's door: whatever form a recording comes in, the answer is the same, or the error says why not."""

import copy
import io
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emotion_lib import audio, corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import ORIGINAL
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from tests.conftest import WriteWav
from tests.recognizer.conftest import SR, probabilities


@pytest.fixture(scope="module")
def answer(recognizer: EmotionRecognizer, speech_path: Path) -> Prediction:
    """What is heard in the recording of the demo corpus."""
    return recognizer.predict(speech_path)


# One recording, in all its forms.

FORMS: dict[str, Callable[[Path], Any]] = {
    "str": str,
    "Path": Path,
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
    "str of NumPy": np.str_,
}


@pytest.fixture(params=FORMS)
def x(request: pytest.FixtureRequest, speech_path: Path) -> Iterator[Any]:
    """The recording in each of its forms."""
    given_out = FORMS[request.param](speech_path)
    yield given_out
    if isinstance(given_out, io.BufferedReader):
        given_out.close()


def test_a_file_in_any_form_is_heard_the_same(recognizer: EmotionRecognizer, x: Any, answer: Prediction) -> None:
    assert recognizer.predict(x) == answer
    np.testing.assert_array_equal(recognizer.predict_proba(x), probabilities(answer))


def test_an_open_file_is_heard_from_its_start_whatever_was_read(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction
) -> None:
    with speech_path.open("rb") as file:
        file.read(5000)
        assert [recognizer.predict(file), recognizer.predict(file)] == [answer, answer]
        assert not file.closed


@pytest.fixture
def pipe(write_wav: WriteWav, long_speech: np.ndarray) -> Iterator[tuple[int, Path]]:
    """A pipe with a recording of more than 15 seconds in it, and the recording."""
    path = write_wav("long.wav", long_speech, SR)
    out, into = os.pipe()

    def fill() -> None:
        with os.fdopen(into, "wb") as end:
            end.write(path.read_bytes())

    thread = threading.Thread(target=fill)
    thread.start()
    yield out, path
    thread.join()


def test_a_pipe_is_heard_as_its_file(recognizer: EmotionRecognizer, pipe: tuple[int, Path]) -> None:
    out, path = pipe
    with os.fdopen(out, "rb") as file:
        assert recognizer.predict(file) == recognizer.predict(path)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system does not name the files of a process")
def test_the_path_of_a_pipe_is_heard_as_its_file(recognizer: EmotionRecognizer, pipe: tuple[int, Path]) -> None:
    out, path = pipe
    heard = recognizer.predict(f"/dev/fd/{out}")
    os.close(out)

    assert heard == recognizer.predict(path)


def test_a_waveform_is_heard_as_its_file(recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction) -> None:
    y, sr = audio.read(speech_path)

    assert recognizer.predict(y, sr) == recognizer.predict(y.astype(np.float64), sr=sr) == answer


@pytest.mark.parametrize("scale", [2**15, 2**31], ids=["int16", "int32"])
def test_integers_are_heard_as_the_floats_that_they_stand_for(
    recognizer: EmotionRecognizer, speech: np.ndarray, scale: int
) -> None:
    pcm = np.round(speech.astype(np.float64) * (scale - 1)).astype(f"int{scale.bit_length()}")
    as_floats = recognizer.predict((pcm / scale).astype(np.float32), sr=SR)

    np.testing.assert_allclose(probabilities(recognizer.predict(pcm, sr=SR)), probabilities(as_floats), atol=1e-6)


def test_channels_are_averaged(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    halves = np.column_stack([speech, np.zeros_like(speech)])
    expected = probabilities(recognizer.predict(speech / 2, sr=SR))

    np.testing.assert_allclose(probabilities(recognizer.predict(halves, sr=SR)), expected, atol=1e-6)
    np.testing.assert_allclose(
        probabilities(recognizer.predict(speech[:, None], sr=SR)), recognizer.predict_proba(speech, sr=SR), atol=1e-6
    )


@pytest.mark.parametrize("n_channels", [2, 16])
def test_a_long_waveform_may_have_any_number_of_channels_and_samples(
    recognizer: EmotionRecognizer, long_speech: np.ndarray, n_channels: int
) -> None:
    mono = np.tile(long_speech, 2)[: 2**18 + 1]  # a last sample by itself
    channels = np.repeat(mono[:, None], n_channels, axis=1)

    np.testing.assert_allclose(
        recognizer.predict_proba(channels, sr=SR), recognizer.predict_proba(mono, sr=SR), atol=1e-5
    )


@pytest.mark.parametrize("sr", [22050, 24414, 44100, 48000, 96000])
def test_any_rate_is_heard_nearly_the_same(
    recognizer: EmotionRecognizer, speech: np.ndarray, answer: Prediction, sr: int
) -> None:
    heard = recognizer.predict(audio.waveform(speech, SR, sr_out=sr), sr=sr)

    np.testing.assert_allclose(probabilities(heard), probabilities(answer), atol=0.01)


# Several recordings.

LISTS: dict[str, Callable[[list[str]], Any]] = {
    "list": list,
    "tuple": tuple,
    "Series": pd.Series,
    "Series with another index": lambda paths: pd.Series(paths, index=range(10, 10 + len(paths))),
    "Index": pd.Index,
    "array": np.array,
    "array of objects": lambda paths: np.array([Path(path) for path in paths], dtype=object),
}


@pytest.mark.parametrize("form", LISTS)
def test_several_recordings_are_heard_one_by_one_in_order(recognizer: EmotionRecognizer, form: str) -> None:
    paths = [str(path) for path in corpora.load("demo")["path"].iloc[::30]]
    expected = [recognizer.predict(path) for path in paths]
    xs = LISTS[form](paths)

    assert recognizer.predict(xs) == expected
    np.testing.assert_array_equal(recognizer.predict_proba(xs), [probabilities(each) for each in expected])


def test_several_waveforms_share_a_rate(recognizer: EmotionRecognizer, speech: np.ndarray, answer: Prediction) -> None:
    assert recognizer.predict([speech, speech], sr=SR) == [recognizer.predict(speech, sr=SR)] * 2


def test_one_recording_in_a_list_is_a_list_and_none_is_an_empty_one(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction
) -> None:
    assert recognizer.predict([speech_path]) == [answer]
    assert recognizer.predict([]) == []
    assert recognizer.predict_proba([]).shape == (0, 7)
    assert recognizer.predict_proba([speech_path]).shape == (1, 7)


def test_a_broken_recording_among_several_is_named(recognizer: EmotionRecognizer, speech_path: Path) -> None:
    with pytest.raises(AudioError, match=r"missing\.wav: no such file"):
        recognizer.predict([speech_path, "missing.wav", speech_path])


def test_predictions_give_the_error_in_its_place_and_go_on(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction
) -> None:
    first, second, third, fourth = recognizer.predictions([speech_path, "missing.wav", b"", speech_path])

    assert (first, fourth) == (answer, answer)
    assert isinstance(second, AudioError)
    assert "missing.wav: no such file" in str(second)
    assert isinstance(third, AudioError)
    assert "an empty file" in str(third)


def test_predictions_take_recordings_as_they_are_needed(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction
) -> None:
    n_taken = 0

    def endless() -> Iterator[Path]:
        nonlocal n_taken
        while True:
            n_taken += 1
            yield speech_path

    answers = recognizer.predictions(endless())
    assert [next(answers) for _ in range(3)] == [answer] * 3
    assert n_taken <= 3 + 2 * 8 + 1
    answers.close()  # type: ignore[attr-defined]


def test_predictions_pass_on_what_their_recordings_raise(recognizer: EmotionRecognizer, speech_path: Path) -> None:
    def broken() -> Iterator[Path]:
        yield speech_path
        raise KeyError("the list broke off")

    with pytest.raises(KeyError, match="the list broke off"):
        list(recognizer.predictions(broken()))


# What cannot be heard.


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (None, "source=None: must be a path, bytes or a file opened in binary mode"),
        (5, "5: a number is not a recording"),
        ([0.1, 0.2], r"0\.1: a number is not a recording; give a waveform as an array"),
        ({"path": "a.wav"}, r"a dict: .*predict\(table\['path'\]\)"),
        (pd.DataFrame({"path": ["a.wav"]}), "a DataFrame: give"),
        ({"a.wav"}, "must be a path, bytes or a file"),
        (io.StringIO("text"), "the file object is in text mode"),
        (np.zeros(100), r"sr=None: .*predict\(y, sr=16000\)"),
        ([np.zeros(100)], "sr=None: a waveform"),
    ],
    ids=["None", "number", "numbers", "dict", "DataFrame", "set", "text file", "waveform", "waveforms"],
)
def test_what_cannot_be_heard_is_refused(recognizer: EmotionRecognizer, x: Any, match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        recognizer.predict(x)
    with pytest.raises(ParameterError, match=match):
        recognizer.predict_proba(x)


@pytest.mark.parametrize("x", [None, 5, {"path": "a.wav"}, io.StringIO("text"), np.zeros(100)])
def test_segments_refuse_at_once_what_cannot_be_heard(recognizer: EmotionRecognizer, x: Any) -> None:
    with pytest.raises(ParameterError):
        recognizer.segments(x)


def test_a_file_knows_its_rate(recognizer: EmotionRecognizer, speech_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"sr=16000: .* waveforms only.*; leave it out"):
        recognizer.predict(speech_path, sr=16000)


def test_a_broken_place_behind_the_first_seconds_is_found(recognizer: EmotionRecognizer) -> None:
    y = np.zeros(40 * SR)
    y[-1] = np.inf

    with pytest.raises(AudioError, match="not finite"):
        recognizer.predict(y, sr=SR)


# "I don't know", and why.

NOTHING: dict[str, tuple[np.ndarray, str]] = {
    "silence": (np.zeros(SR), "silence"),
    "one sample": (np.zeros(1), "silence"),
    "hiss of a converter": (1e-4 * np.random.default_rng(0).normal(size=SR), "silence"),
    "noise": (0.1 * np.random.default_rng(0).normal(size=SR), "no speech"),
    "tone": (0.5 * np.sin(2 * np.pi * 440 * np.arange(SR) / SR), "no speech"),
    "DC": (np.full(SR, 0.5), "no speech"),
    "full scale": (np.ones(SR), "no speech"),
    "one loud sample": (np.eye(1, SR)[0], "no speech"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_where_nobody_speaks_the_answer_is_unknown_with_its_reason(recognizer: EmotionRecognizer, name: str) -> None:
    y, reason = NOTHING[name]
    heard = recognizer.predict(y, sr=SR)

    assert (heard.emotion, heard.reason) == ("unknown", reason)
    assert set(heard.probabilities.values()) == {1 / 7}


def test_below_the_threshold_the_answer_is_unknown_and_keeps_its_probabilities(
    unsure: EmotionRecognizer, recognizer: EmotionRecognizer, speech_path: Path
) -> None:
    heard = unsure.predict(speech_path)

    assert (heard.emotion, heard.reason) == ("unknown", "unsure")
    assert heard.most_probable == recognizer.predict(speech_path).most_probable
    assert len(set(heard.probabilities.values())) > 1


def test_streams_and_segments_are_unsure_too(unsure: EmotionRecognizer, speech: np.ndarray) -> None:
    *_, streamed = unsure.stream([speech], SR)
    segments = list(unsure.segments(speech, sr=SR))

    assert {segment.reason for segment in [streamed, *segments]} == {"unsure"}


# Probabilities.


def test_probabilities_have_the_order_of_the_emotions_and_sum_to_one(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction
) -> None:
    given_out = recognizer.predict_proba(speech_path)

    assert tuple(answer.probabilities) == recognizer.emotions == EMOTIONS
    assert recognizer.emotions[given_out.argmax()] == answer.emotion
    assert (answer.reason, answer.note) == ("", "")
    assert given_out.sum() == pytest.approx(1)
    assert given_out.dtype == np.float64


samples = hnp.arrays(np.float32, st.integers(1, 3000), elements=st.floats(-1, 1, width=32))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(y=samples, sr=st.sampled_from([4000, 8000, 16000, 44100, 192000]))
def test_any_waveform_gets_probabilities_that_sum_to_one(recognizer: EmotionRecognizer, y: np.ndarray, sr: int) -> None:
    if len(y) < sr / SR:  # no sample is left at the lower rate
        return
    given_out = recognizer.predict_proba(y, sr=sr)

    assert given_out.sum() == pytest.approx(1)
    assert (given_out >= 0).all()


# What it is made of, and how it travels.


def test_a_recognizer_shows_itself_in_a_line(recognizer: EmotionRecognizer) -> None:
    assert repr(recognizer) == (
        "<EmotionRecognizer of angry, disgust, fear, happy, neutral, sad, surprise from log_mel at 16000 Hz>"
    )


@pytest.mark.parametrize(
    "travel",
    [lambda each: pickle.loads(pickle.dumps(each)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deepcopy"],
)
def test_a_copy_answers_the_same(
    recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction, travel: Callable[[Any], Any]
) -> None:
    copied = travel(recognizer)

    assert copied is not recognizer
    assert copied.predict(speech_path) == answer
    assert (copied.about, copied.trained_on) == (recognizer.about, recognizer.trained_on)


def test_threads_can_share_a_recognizer(recognizer: EmotionRecognizer, speech_path: Path, answer: Prediction) -> None:
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(recognizer.predict_proba, [speech_path] * 32))

    np.testing.assert_array_equal(heard, [probabilities(answer)] * 32)


def test_a_recognizer_for_vectors_hears_what_its_settings_say(networks: dict[str, bytes], speech_path: Path) -> None:
    recognizer = EmotionRecognizer(
        networks["mean_mfcc_lstm"], emotions=EMOTIONS, feature="mean_mfcc", settings=replace(ORIGINAL, offset=0.1)
    )
    y, sr = sf.read(speech_path, dtype="float32")
    expected = probabilities(recognizer.predict(speech_path))

    np.testing.assert_allclose(recognizer.predict_proba(y, sr=sr), expected, atol=1e-6)
    assert not np.allclose(expected, recognizer.predict_proba(y[sr // 2 :], sr=sr), atol=1e-6)


def test_a_recording_that_is_over_before_it_is_heard_is_an_audio_error(
    networks: dict[str, bytes], speech: np.ndarray, write_wav: WriteWav
) -> None:
    recognizer = EmotionRecognizer(
        networks["mean_mfcc_lstm"], emotions=EMOTIONS, feature="mean_mfcc", settings=replace(ORIGINAL, offset=5.0)
    )

    with pytest.raises(AudioError, match=r"waveform: ends before 5\.0 s"):
        recognizer.predict(speech, sr=SR)
    with pytest.raises(AudioError, match=r"speech\.wav: offset=5\.0 s is past its end"):
        recognizer.predict(write_wav("speech.wav", speech, SR))
