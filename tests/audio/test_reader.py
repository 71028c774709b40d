"""Tests of reading recordings: what is right comes out right, and what is broken is named and never guessed at."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emotion_lib import audio
from emotion_lib.audio import decoder, sources
from emotion_lib.errors import AudioError, ParameterError
from tests.bad_inputs import OPEN_FLAC

RATE = 16000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
HEADER = 44


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


def test_a_file_is_the_same_in_memory_and_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(encoded())
    expected, _ = audio.read(path)
    monkeypatch.setattr(sources, "_IN_MEMORY", 100)
    np.testing.assert_array_equal(audio.read(path)[0], expected)


def test_a_file_that_cannot_be_taken_at_once_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(encoded())
    assert sources._content(str(path), path.stat().st_size) == path.read_bytes()
    assert sources._content(str(path), path.stat().st_size + 1) is None
    monkeypatch.setattr(sources, "_content", lambda *_: None)
    np.testing.assert_array_equal(audio.read(path)[0], audio.read(encoded())[0])


def test_a_file_of_which_a_part_is_wanted_is_not_taken_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(encoded())
    taken = Mock(return_value=None)
    monkeypatch.setattr(sources, "_content", taken)
    audio.read(path, duration=0.1)
    taken.assert_not_called()
    audio.read(path)
    taken.assert_called_once()


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


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("sr", [None, 22050])
def test_a_long_recording_is_decoded_in_blocks(kind: str, sr: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(kind=kind)
    expected, _ = audio.read(content, sr=sr)
    monkeypatch.setattr(decoder, "_BLOCK", 1000)
    np.testing.assert_array_equal(audio.read(content, sr=sr)[0], expected)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_part_is_that_part_of_the_whole(kind: str) -> None:
    content = encoded(np.tile(NOISE, 5), kind=kind)
    part, _ = audio.read(content, offset=3.21, duration=0.5)
    np.testing.assert_array_equal(part, audio.read(content)[0][51360:59360])


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("sr", [8000, RATE, 22050])
def test_blocks_one_after_the_other_are_the_recording(seconds: float, sr: int) -> None:
    blocks = list(audio.blocks(encoded(), sr=sr, seconds=seconds))
    assert {len(block) for block in blocks[:-1]} <= {round(seconds * sr)}
    assert 0 < len(blocks[-1]) <= round(seconds * sr)
    np.testing.assert_array_equal(np.concatenate(blocks), audio.read(encoded(), sr=sr)[0])


def test_damage_at_the_end_is_an_error_after_the_blocks_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "_BLOCK", RATE)
    blocks = audio.blocks(encoded(np.append(np.tile(NOISE, 3), np.nan), subtype="FLOAT"), sr=RATE, seconds=1)
    for _ in range(3):
        np.testing.assert_array_equal(next(blocks), NOISE)
    with pytest.raises(AudioError, match="not finite"):
        next(blocks)


def test_blocks_check_their_arguments_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"seconds=0: must be a positive number of seconds"):
        audio.blocks(tmp_path, sr=RATE, seconds=0)
    with pytest.raises(ParameterError, match=r"sr=0: must be a whole number of Hz"):
        audio.blocks(tmp_path, sr=0)


def test_blocks_that_are_left_early_close_their_file(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(encoded())
    blocks = audio.blocks(path, sr=RATE, seconds=0.1)
    assert len(next(blocks)) == 1600
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        del blocks


def test_a_duration_comes_from_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "_next_block", None)
    for kind in ("WAV", "FLAC", "OGG", "MP3"):
        assert audio.duration(encoded(kind=kind)) == 1.0


def test_a_header_is_mended_as_it_is_read() -> None:
    file = decoder.mended(io.BytesIO(claiming(0)), "noise")
    pieces = [file.read(size) for size in (5, 36, 1, 1, 1, 1, 50)]
    assert b"".join(pieces) == encoded()[:95]
    file.seek(42)
    assert file.read() == encoded()[42:]


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        *(("WAV", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32")),
        ("FLAC", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("AU", "PCM_S8"),
    ],
)
def test_integers_are_what_soundfile_reads(kind: str, subtype: str) -> None:
    content = encoded(np.array([-1.0, 1.0, 0.3, -0.2]), kind=kind, subtype=subtype)
    expected, _ = sf.read(io.BytesIO(content), dtype="float32")
    np.testing.assert_array_equal(audio.read(content)[0], expected)


def test_a_claim_of_many_samples_takes_no_memory_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def note(_: object, length: int) -> np.ndarray:
        asked.append(length)
        return np.zeros((0, 1), dtype=np.float32)

    monkeypatch.setattr(decoder, "_next_block", note)
    claim = encoded(kind="FLAC").replace(b"\xf0\x00\x00\x3e\x80", b"\xf0\x03\x00\x00\x00", 1)
    with pytest.raises(AudioError, match=r"claims 50331648 samples, .*holds 0"):
        audio.read(claim)
    assert asked == [2**20]


def test_a_rate_that_is_far_too_low_is_an_audio_error() -> None:
    expected = (
        r"a sampling rate of 1 Hz, expected 221 or more to resample it to 22050 Hz; save it again with its true rate"
    )
    with pytest.raises(AudioError, match=expected):
        audio.read(with_rate(1), sr=22050)
    assert audio.read(with_rate(1))[1] == 1


def test_a_broken_recording_of_tess_is_to_be_fetched_again(tmp_path: Path) -> None:
    for name in ("OAF_back_angry.wav", "OA_bite_neutral.wav"):
        (tmp_path / name).touch()
        with pytest.raises(AudioError, match=rf"^{name}: .*; delete it or fetch TESS again with `emotion-lib fetch"):
            audio.read(tmp_path / name)


def test_another_recording_is_not_said_to_be_of_tess(tmp_path: Path) -> None:
    (tmp_path / "03a01Fa.wav").touch()
    with pytest.raises(AudioError, match=r"; delete it or get a fresh copy$"):
        audio.read(tmp_path / "03a01Fa.wav")


def test_a_file_without_permission_is_an_audio_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked.wav").touch()
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AudioError, match=r"^locked\.wav: no permission to read it; make it readable"):
        audio.read(tmp_path / "locked.wav")


def test_an_offset_past_the_end_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"offset=1\.5 s is past its end; choose an offset below its 1\.000 s"):
        audio.read(encoded(), offset=1.5)


def test_an_offset_past_an_end_that_no_header_tells_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"no samples after the offset; choose a smaller offset"):
        audio.read(OPEN_FLAC, offset=99)


def test_a_recording_too_short_for_the_rate_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"too short to resample to 100 Hz \(1 samples at 16000 Hz\)"):
        audio.read(encoded(NOISE[:1]), sr=100)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: audio.read(0), "source=0: must be a path, bytes or a file"),  # type: ignore[arg-type]
        (lambda: audio.read(io.StringIO()), "the file object is in text mode"),  # type: ignore[arg-type]
        (lambda: audio.read(b"", sr=0), "sr=0: must be a whole number of Hz from 1 to 768000"),
        (lambda: audio.read(b"", sr=10**6), "sr=1000000: must be"),
        (lambda: audio.read(b"", offset=-1), "offset=-1: must be a number of seconds, 0 or more"),
        (lambda: audio.read(b"", offset=float("nan")), "offset=nan"),
        (lambda: audio.read(b"", duration=0), "duration=0: must be a positive number of seconds"),
        (lambda: audio.read(b"", duration=float("inf")), "duration=inf"),
    ],
)
def test_an_argument_outside_its_range_is_a_parameter_error(call: Callable[[], object], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        call()


def pcm(y: np.ndarray, kind: type[np.signedinteger]) -> np.ndarray:
    return (y * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_32", "FLOAT", "DOUBLE"])
def test_an_array_gives_what_a_file_of_it_gives(subtype: str) -> None:
    dtype = {"PCM_16": "int16", "PCM_32": "int32", "FLOAT": "float32", "DOUBLE": "float64"}[subtype]
    content = encoded(np.stack([NOISE, NOISE[::-1]], axis=1), subtype=subtype)
    samples, _ = sf.read(io.BytesIO(content), dtype=dtype)
    expected, _ = audio.read(content, sr=22050)
    np.testing.assert_allclose(audio.waveform(samples, RATE, sr_out=22050), expected, atol=1e-6)


def test_a_waveform_is_a_new_array() -> None:
    y = NOISE.copy()
    same = audio.waveform(y, RATE)
    np.testing.assert_array_equal(same, y)
    assert not np.shares_memory(same, y)


def test_a_waveform_beyond_full_scale_is_clipped() -> None:
    assert audio.waveform(np.array([0.5, 1.5, -2.0]), RATE).tolist() == [0.5, 1.0, -1.0]


SHAPE = r"must be \(n_samples,\) or \(n_samples, n_channels\)"
TYPE = r"must be float in \[-1, 1\], int16 or int32"


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.zeros((2, 3, 4)), rf"^waveform of shape \(2, 3, 4\): {SHAPE}$"),
        (np.zeros(()), rf"^waveform of shape \(\): {SHAPE}$"),
        (np.zeros((5, 0)), rf"^waveform of shape \(5, 0\): {SHAPE}$"),
        (np.zeros((2, 48000)), r"^waveform of shape \(2, 48000\): must be \(n_samples, n_channels\); transpose it"),
        (np.zeros(5, dtype=complex), rf"^waveform of complex128: {TYPE}; convert it$"),
        (np.zeros(5, dtype=object), rf"^waveform of object: {TYPE}; convert it$"),
        (np.zeros(5, dtype=bool), rf"^waveform of bool: {TYPE}; convert it$"),
        (np.zeros(5, dtype=np.uint8), rf"^waveform of uint8: {TYPE}; divide integers by their full scale$"),
        (np.zeros(5, dtype=np.int64), rf"^waveform of int64: {TYPE}; divide integers by their full scale$"),
        (["a"], rf"^waveform of <U1: {TYPE}; convert it$"),
        ([[1.0], [1.0, 2.0]], r"^waveform: rows of different lengths"),
    ],
)
def test_an_array_of_another_form_is_a_parameter_error(y: np.ndarray, why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        audio.waveform(y, RATE)


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.zeros(0), "^waveform: no samples; check the code"),
        (np.zeros((0, 2)), "^waveform: no samples; check the code"),
        (np.array([0.0, np.nan]), r"^waveform: not finite \(NaN or infinite samples\); check the code"),
        (np.array([0.0, np.inf]), "^waveform: not finite"),
        (np.array([0.0, 1e300]), "^waveform: not finite"),
        (np.array([0.0, 300.0]), r"^waveform: samples up to 300, expected a waveform in \[-1, 1\]; divide its"),
        (np.zeros(1), r"^waveform: too short to resample to 8000 Hz \(1 samples at 48000 Hz\); give a longer"),
    ],
)
def test_an_array_without_a_waveform_is_an_audio_error(y: np.ndarray, why: str) -> None:
    with pytest.raises(AudioError, match=why):
        audio.waveform(y, 48000, sr_out=8000)


@pytest.mark.parametrize("rate", [0, -1, 0.5, 16000.5, float("nan"), float("inf"), 768_001, True, None, "16000"])
def test_a_rate_that_is_none_is_a_parameter_error(rate: int) -> None:
    for call in (
        lambda: audio.waveform(NOISE, rate),
        lambda: audio.Resampler(rate, RATE),
        lambda: audio.Resampler(RATE, rate),
        lambda: audio.blocks(b"", sr=rate),
    ):
        with pytest.raises(ParameterError, match=r"sr\w*=.*: must be a whole number of Hz from 1 to 768000$"):
            call()


def test_a_rate_may_be_a_number_of_numpy() -> None:
    assert len(audio.waveform(NOISE, np.int64(RATE), sr_out=np.float64(8000))) == 8000  # type: ignore[arg-type]


def test_a_stream_is_not_raised_more_than_a_hundred_times() -> None:
    with pytest.raises(ParameterError, match=r"sr=1: must be 221 or more to resample it to 22050 Hz$"):
        audio.Resampler(1, 22050)


@given(st.lists(st.integers(0, 4000), max_size=12), st.sampled_from([8000, 22050, 48000]), st.booleans())
def test_a_stream_resampled_in_any_chunks_is_the_whole_resampled(lengths: list[int], sr: int, is_pcm: bool) -> None:
    whole = NOISE[: max(1000, sum(lengths))]
    whole = pcm(whole, np.int16) if is_pcm else whole
    resampler = audio.Resampler(RATE, sr)
    parts = [resampler.process(chunk) for chunk in np.split(whole, np.cumsum(lengths))]
    streamed = np.concatenate([*parts, resampler.flush()])
    assert streamed.dtype == np.float32
    np.testing.assert_array_equal(streamed, audio.waveform(whole, RATE, sr_out=sr))


def test_a_flushed_resampler_starts_anew() -> None:
    resampler = audio.Resampler(RATE, 22050)
    first, second = (np.concatenate([resampler.process(NOISE), resampler.flush()]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_stream_of_the_same_rate_comes_out_at_once() -> None:
    resampler = audio.Resampler(RATE, RATE)
    np.testing.assert_array_equal(resampler.process(np.stack([NOISE, -NOISE], axis=1)), np.zeros(RATE))
    assert len(resampler.flush()) == 0


def test_a_chunk_that_is_not_finite_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"^chunk: not finite \(NaN or infinite samples\); check the program"):
        audio.Resampler(RATE, 8000).process(np.array([np.nan]))
