"""What reading answers to bad inputs: the table of `bad_inputs`, and whatever else hypothesis finds."""

import io
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emotion_lib import audio
from emotion_lib.errors import AudioError, EmotionLibError, ParameterError
from tests.bad_inputs import CASES, FLAC, HANDED_ON, SPARSE_SILENCE, WAV, Case, Heard, encoded, flac_silence

HEARD = [case for case in CASES if isinstance(case.comes, Heard)]
SHORT = [case for case in HEARD if "3 hours" not in case.id]
DAMAGED = [WAV[:1000], FLAC, encoded(kind="AIFF")[:1000], encoded(kind="OGG")]
REFUSED = [case for case in CASES if isinstance(case.comes, str)]


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.id for case in cases])


def heard(case: Case) -> Heard:
    assert isinstance(case.comes, Heard)
    return case.comes


@named(SHORT)
def test_what_can_be_read_is_read(case: Case, tmp_path: Path) -> None:
    expected = heard(case)
    with case.source(tmp_path) as source:
        y, sr = audio.read(source)
    assert sr == expected.rate
    assert len(y) / sr == pytest.approx(expected.seconds)
    assert np.abs(y).max() == pytest.approx(expected.peak, abs=0.05)


@named(HEARD)
def test_the_duration_is_that_of_the_samples(case: Case, tmp_path: Path) -> None:
    with case.source(tmp_path) as source:
        assert audio.duration(source) == pytest.approx(heard(case).seconds)


@named(SHORT)
def test_blocks_are_the_same_samples(case: Case, tmp_path: Path) -> None:
    sr = max(1, heard(case).rate // 2)
    for name in ("whole", "blocks"):
        (tmp_path / name).mkdir()
    with case.source(tmp_path / "whole") as whole, case.source(tmp_path / "blocks") as same:
        blocks = list(audio.blocks(same, sr=sr, seconds=0.1))
        np.testing.assert_array_equal(np.concatenate(blocks), audio.read(whole, sr=sr)[0])


@named(REFUSED)
def test_what_cannot_be_read_is_refused_in_one_sentence(case: Case, tmp_path: Path) -> None:
    with case.source(tmp_path) as source, pytest.raises(EmotionLibError) as caught:
        audio.read(source)
    assert case.is_said_by(caught.value, tmp_path)
    assert type(caught.value) is (ParameterError if str(case.comes).startswith("source") else AudioError)
    assert "\n" not in str(caught.value)


@named([case for case in REFUSED if case.id in HANDED_ON])
def test_blocks_refuse_in_the_same_sentence(case: Case, tmp_path: Path) -> None:
    with case.source(tmp_path) as source, pytest.raises(EmotionLibError) as caught:
        list(audio.blocks(source, sr=16000))
    assert case.is_said_by(caught.value, tmp_path)


@pytest.mark.parametrize("make", [SPARSE_SILENCE, flac_silence])
def test_hours_are_read_in_constant_memory(make, tmp_path: Path) -> None:
    path = make(tmp_path)
    tracemalloc.start()
    lengths = [len(block) for block in audio.blocks(path, sr=8000, seconds=60)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lengths == [60 * 8000] * 180
    assert peak < 40e6


def test_standard_input_is_read_as_a_file() -> None:
    script = "from emotion_lib import audio; print(len(audio.read('/dev/stdin')[0]))"
    ran = subprocess.run([sys.executable, "-c", script], input=WAV, capture_output=True, check=True)
    assert ran.stdout.split() == [b"8000"]


def test_a_raw_source_that_cannot_seek_is_read_to_its_end() -> None:
    class OnlyRead:
        read = io.BytesIO(WAV).read

    assert len(audio.read(OnlyRead())[0]) == 8000  # type: ignore[arg-type]


def test_a_disk_that_fails_is_an_audio_error() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 1000:
                raise OSError(5, "Input/output error")
            return super().read(min(size or 0, 500) if size != -1 else 500)

    with pytest.raises(AudioError, match=r"cannot be read to its end \(Input/output error\); try again"):
        audio.read(Failing(WAV))


@given(
    hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-8, 8, width=32)),
    st.integers(1, audio.HIGHEST_RATE),
)
def test_any_finite_waveform_at_any_rate_comes_back(waveform: np.ndarray, rate: int) -> None:
    y, sr = audio.read(encoded(waveform, rate=rate, subtype="FLOAT"))
    assert sr == rate
    np.testing.assert_allclose(y, np.clip(waveform, -1, 1), atol=1e-7)


@given(
    hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-1, 1, width=32)),
    st.integers(1, audio.HIGHEST_RATE),
    st.integers(1, audio.HIGHEST_RATE),
)
def test_any_rate_becomes_any_other_or_is_refused(waveform: np.ndarray, rate: int, sr: int) -> None:
    found = waveform_or_reason(lambda: audio.read(encoded(waveform, rate=rate, subtype="FLOAT"), sr=sr)[0])
    if isinstance(found, str):
        assert "too short to resample" in found or "a sampling rate of" in found
    else:
        assert abs(len(found) - len(waveform) * sr / rate) <= 1


@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), st.integers(1, 50)))
def test_any_floats_are_a_waveform_or_an_audio_error(values: np.ndarray) -> None:
    found = waveform_or_reason(lambda: audio.waveform(values, 16000))
    if isinstance(found, str):
        assert "not finite" in found or "samples up to" in found
    else:
        np.testing.assert_allclose(found, np.clip(values, -1, 1), atol=1e-7)


@given(st.sampled_from([b"", b"RIFF\x00\x01\x00\x00WAVE", b"FORM\x00\x00\x01\x00AIFF", b"fLaC", b"OggS", b"ID3"]),
       st.binary(max_size=400))  # fmt: skip
def test_any_bytes_are_a_waveform_or_an_audio_error(start: bytes, content: bytes) -> None:
    waveform_or_reason(lambda: audio.read(start + content, sr=8000)[0])


@given(st.sampled_from(DAMAGED), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_any_damage_is_a_waveform_or_an_audio_error(content: bytes, position: int, damage: bytes) -> None:
    waveform_or_reason(lambda: audio.read(content[:position] + damage + content[position + len(damage) :])[0])


def waveform_or_reason(read: Callable[[], np.ndarray]) -> np.ndarray | str:
    """Return a waveform, or the sentence of the error, each as it must be."""
    try:
        y = read()
    except AudioError as error:
        reason = str(error)
    else:
        assert len(y) > 0
        assert np.abs(y).max() <= 1
        return y
    assert "; " in reason
    return reason
