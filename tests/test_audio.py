"""Tests of reading recordings: what is right comes out right, and what is broken is named and never guessed at."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emotion_lib import audio
from emotion_lib.errors import AudioError, ParameterError

RATE = 16000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
HEADER = 44
LIST_CHUNK = b"LIST\x04\x00\x00\x00INFO"


def encoded(y: np.ndarray = NOISE, *, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    sf.write(file, y, rate, format=kind, subtype=subtype)
    return file.getvalue()


def with_number(content: bytes, position: int, number: int) -> bytes:
    return content[:position] + number.to_bytes(4, "little") + content[position + 4 :]


def with_rate(rate: int) -> bytes:
    return with_number(encoded(), 24, rate)


def claiming(size: int) -> bytes:
    return with_number(encoded(), HEADER - 4, size)


def test_channels_are_averaged() -> None:
    y, sr = audio.read(encoded(np.tile([[0.5, -0.25]], (100, 1))))
    assert sr == RATE
    np.testing.assert_array_equal(y, np.full(100, 0.125, dtype=np.float32))


def test_a_path_bytes_and_a_file_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(encoded())
    expected = audio.read(path)
    with open(path, "rb") as file:
        file.seek(100)
        for source in (str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), file):
            y, sr = audio.read(source)
            np.testing.assert_array_equal(y, expected[0])
            assert sr == expected[1]


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:
        pipe.write(encoded(NOISE[:1000]))
    with open(reading, "rb") as pipe:
        assert len(audio.read(pipe)[0]) == 1000


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "FLAC"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "YAF_germ_angry.wav"
    path.write_bytes(encoded(kind=kind))
    np.testing.assert_allclose(audio.read(path)[0], NOISE, atol=2**-15)


@pytest.mark.parametrize("kind", ["OGG", "MP3"])
def test_lossy_formats_keep_every_sample_of_a_tone(kind: str) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
    y, _ = audio.read(encoded(tone, kind=kind))
    np.testing.assert_allclose(y, tone, atol=0.1)


@given(hnp.arrays(np.float32, st.integers(1, 300), elements=st.floats(-1, 1, width=32)))
def test_any_waveform_comes_back_within_16_bits(waveform: np.ndarray) -> None:
    y, sr = audio.read(encoded(waveform))
    assert y.dtype == np.float32
    assert sr == RATE
    np.testing.assert_allclose(y, waveform, atol=2**-15)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_waveform_or_an_audio_error(content: bytes) -> None:
    assert_read_or_refused(content)


@given(st.integers(0, 60), st.binary(min_size=1, max_size=8), st.sampled_from(["WAV", "AIFF", "FLAC"]))
def test_any_damage_to_a_header_is_a_waveform_or_an_audio_error(position: int, damage: bytes, kind: str) -> None:
    content = encoded(NOISE[:200], kind=kind)
    assert_read_or_refused(content[:position] + damage + content[position + len(damage) :])


def assert_read_or_refused(content: bytes) -> None:
    """Assert that bytes give a waveform, or a sentence that ends in a cure."""
    found = read_or_reason(content)
    if isinstance(found, str):
        assert "; " in found
    else:
        assert len(found) > 0
        assert np.abs(found).max() <= 1


def read_or_reason(content: bytes) -> np.ndarray | str:
    """Return the waveform, or why there is none."""
    try:
        return audio.read(content)[0]
    except AudioError as error:
        return str(error)


@pytest.mark.parametrize("rate", [8000, 24414, 96000])
def test_resampling_keeps_the_frequency_and_the_duration_of_a_tone(rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    y, sr = audio.read(encoded(tone, rate=rate), sr=22050)
    assert sr == 22050
    assert abs(len(y) - 22050) <= 1
    middle = slice(2000, 20000)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(y)) / sr)
    np.testing.assert_allclose(y[middle], expected[middle], atol=1e-3)


def test_the_files_own_rate_is_not_resampled() -> None:
    np.testing.assert_array_equal(audio.read(encoded(), sr=RATE)[0], audio.read(encoded())[0])


def test_offset_and_duration_cut_in_seconds_of_the_source() -> None:
    whole, _ = audio.read(encoded())
    part, _ = audio.read(encoded(), offset=0.25, duration=0.5)
    np.testing.assert_array_equal(part, whole[4000:12000])


def test_a_duration_past_the_end_gives_what_there_is() -> None:
    assert len(audio.read(encoded(), offset=0.5, duration=3)[0]) == 8000


def test_a_duration_below_one_sample_gives_one() -> None:
    assert len(audio.read(encoded(), duration=1e-9)[0]) == 1


def test_a_long_recording_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = audio.read(encoded())
    monkeypatch.setattr(audio, "_BLOCK", 1000)
    np.testing.assert_array_equal(audio.read(encoded())[0], expected)


def test_samples_beyond_full_scale_are_clipped() -> None:
    y, _ = audio.read(encoded(np.array([0.5, 1.5, -2.0]), subtype="FLOAT"))
    assert y.tolist() == [0.5, 1.0, -1.0]


def test_chunks_before_and_after_the_samples_are_no_samples() -> None:
    content = encoded()
    padded = content[:36] + b"PAD \x04\x00\x00\x00\x01\x02\x03\x04" + content[36:] + LIST_CHUNK
    np.testing.assert_array_equal(audio.read(padded)[0], audio.read(content)[0])


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_header_that_a_pipe_left_open_is_read_to_the_end(size: int) -> None:
    np.testing.assert_array_equal(audio.read(claiming(size))[0], audio.read(encoded())[0])


TRUNCATED = "cut short"
BROKEN: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", "an empty file"),
    "text": (b"Say the word back", "not audio that can be read"),
    "a header alone": (encoded()[:HEADER], r"no samples \(44 bytes, a header alone\)"),
    "a header for no samples": (encoded(NOISE[:0]), r"no samples \(44 bytes, a header alone\)"),
    "metadata alone": (encoded(NOISE[:0]) + LIST_CHUNK, r"no samples \(56 bytes, a header alone\)"),
    "an open header alone": (claiming(0xFFFFFFFF)[:HEADER], "no samples"),
    "a cut header": (encoded()[:30], "not audio that can be read"),
    "a FLAC header alone": (encoded(kind="FLAC")[:42], "no samples|not audio that can be read"),
    "a WAV cut in half": (encoded()[: RATE + HEADER], "header claims 32000 bytes of samples, the file holds 16000"),
    "a WAV without its last byte": (encoded()[:-1], TRUNCATED),
    "an AIFF cut in half": (encoded(kind="AIFF")[:RATE], TRUNCATED),
    "a FLAC cut in half": (encoded(kind="FLAC")[:RATE], TRUNCATED),
    "an OGG cut in half": (encoded(kind="OGG")[:3000], TRUNCATED),
    "an MP3 cut in half": (encoded(kind="MP3")[:2000], TRUNCATED),
    "a claim of four gigabytes": (claiming(4_000_000_000), "claims 4000000000 bytes of samples"),
    "a claim of 2**36 samples": (encoded(kind="FLAC").replace(b"\xf0\x00\x00\x3e\x80", b"\xff" * 5, 1), TRUNCATED),
    "a rate of 0": (with_rate(0), "not audio that can be read"),
    "a rate of 1 MHz": (with_rate(1_000_000), "a sampling rate of 1000000 Hz, expected 1 to 768000"),
    "a rate of 4 GHz": (with_rate(4_000_000_000), "not audio that can be read"),
    "not a number": (encoded(np.array([0.1, np.nan]), subtype="FLOAT"), "not finite"),
    "infinity": (encoded(np.array([0.1, -np.inf]), subtype="FLOAT"), "not finite"),
    "opposite infinities": (encoded(np.array([[np.inf, -np.inf]]), subtype="FLOAT"), "not finite"),
    "integers as floats": (encoded(np.array([3.0, 32767.0]), subtype="FLOAT"), r"up to 32767, expected a waveform"),
}


@pytest.mark.parametrize(("content", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_recording_is_an_audio_error_with_a_cure(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a recording.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=rf"^a recording\.wav: .*({why}).*; ") as caught:
        audio.read(path)
    assert str(tmp_path) not in str(caught.value)


def test_a_claim_of_many_samples_takes_no_memory_for_them() -> None:
    asked: list[int] = []

    class Sound:
        channels = 1

        def read(self, length: int, **_: object) -> np.ndarray:
            asked.append(length)
            return np.zeros((0, 1), dtype=np.float32)

    assert len(audio._blocks(Sound(), 2**36)) == 0
    assert asked == [2**20]


def test_a_broken_recording_of_tess_is_to_be_fetched_again(tmp_path: Path) -> None:
    for name in ("OAF_back_angry.wav", "OA_bite_neutral.wav"):
        (tmp_path / name).touch()
        with pytest.raises(AudioError, match=rf"^{name}: .*; delete it or fetch TESS again with `emotion-lib fetch"):
            audio.read(tmp_path / name)


def test_another_recording_is_not_said_to_be_of_tess(tmp_path: Path) -> None:
    (tmp_path / "03a01Fa.wav").touch()
    with pytest.raises(AudioError, match=r"; delete it or bring a fresh copy$"):
        audio.read(tmp_path / "03a01Fa.wav")


def test_bytes_are_called_the_recording() -> None:
    with pytest.raises(AudioError, match=r"^the recording: an empty file"):
        audio.read(b"")


def test_a_name_in_raw_is_an_audio_error(tmp_path: Path) -> None:
    path = tmp_path / "noise.raw"
    path.write_bytes(NOISE.tobytes())
    with pytest.raises(AudioError, match=r"^noise\.raw: not audio that can be read"):
        audio.read(path)


def test_a_missing_file_is_an_audio_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^lost\.wav: no such file; check the path"):
        audio.read(tmp_path / "lost.wav")


def test_a_folder_is_an_audio_error(tmp_path: Path) -> None:
    (tmp_path / "OAF_Sad").mkdir()
    with pytest.raises(AudioError, match=r"^OAF_Sad: a folder, not a recording; give the path of one recording in it"):
        audio.read(tmp_path / "OAF_Sad")


def test_a_path_that_no_file_can_have_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match="cannot be opened"):
        audio.read("no\0path.wav")


def test_a_file_without_permission_is_an_audio_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AudioError, match=r"^locked\.wav: no permission to read it; make it readable"):
        audio.read(tmp_path / "locked.wav")


def test_an_offset_past_the_end_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"offset=1\.5 s is past its end; choose an offset below its 1\.000 s"):
        audio.read(encoded(), offset=1.5)


def test_a_recording_too_short_for_the_rate_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"too short for 100 Hz \(1 samples at 16000 Hz\)"):
        audio.read(encoded(NOISE[:1]), sr=100)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: audio.read(0), "source=0: must be a path, bytes or a file"),  # type: ignore[arg-type]
        (lambda: audio.read(io.StringIO()), "must be a path, bytes or a file"),  # type: ignore[arg-type]
        (lambda: audio.read(b"", sr=0), "sr=0: must be a rate"),
        (lambda: audio.read(b"", sr=10**6), "sr=1000000: must be a rate"),
        (lambda: audio.read(b"", offset=-1), "offset=-1: must be a number of seconds, 0 or more"),
        (lambda: audio.read(b"", offset=float("nan")), "offset=nan"),
        (lambda: audio.read(b"", duration=0), "duration=0: must be a positive number of seconds"),
        (lambda: audio.read(b"", duration=float("inf")), "duration=inf"),
    ],
)
def test_an_argument_outside_its_range_is_a_parameter_error(call: Callable[[], object], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        call()
