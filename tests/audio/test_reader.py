"""Tests of reading recordings: what is right comes out right, and what is broken is named and never guessed at."""

import io
import shlex
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from emotion_lib import audio
from emotion_lib.audio import decoder, reader, sources
from emotion_lib.errors import AudioError, ParameterError
from tests.bad_inputs import OPEN_FLAC, encoded, patched

RATE = 16000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
NOISE_WAV = encoded(NOISE)


def test_channels_are_averaged() -> None:
    y, sr = audio.read(encoded(np.tile([[0.5, -0.25]], (100, 1))))
    assert sr == RATE
    np.testing.assert_array_equal(y, np.full(100, 0.125, dtype=np.float32))


@pytest.mark.parametrize("in_memory", [2**24, 100], ids=["small", "large"])
def test_a_path_bytes_and_a_file_give_the_same(in_memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_IN_MEMORY", in_memory)
    path = tmp_path / "noise.wav"
    path.write_bytes(NOISE_WAV)
    expected, _ = audio.read(NOISE_WAV)
    with open(path, "rb") as file:
        file.seek(100)
        for source in (path, str(path), io.BytesIO(NOISE_WAV), file):
            np.testing.assert_array_equal(audio.read(source)[0], expected)


@pytest.mark.parametrize("kind", ["OGG", "MP3"])
def test_lossy_formats_keep_every_sample_of_a_tone(kind: str) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
    y, _ = audio.read(encoded(tone, kind=kind))
    np.testing.assert_allclose(y, tone, atol=0.1)


@pytest.mark.parametrize("rate", [8000, 24414, 96000])
def test_resampling_keeps_the_frequency_and_the_duration_of_a_tone(rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    y, sr = audio.read(encoded(tone, rate=rate), sr=22050)
    assert sr == 22050
    assert abs(len(y) - 22050) <= 1
    middle = slice(2000, 20000)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(y)) / sr)
    np.testing.assert_allclose(y[middle], expected[middle], atol=1e-3)


@pytest.mark.parametrize(
    ("offset", "duration", "part"),
    [(0.25, 0.5, slice(4000, 12000)), (0.5, 3, slice(8000, None)), (0, 1e-9, slice(0, 1))],
    ids=["in the middle", "past the end", "below one sample"],
)
def test_offset_and_duration_cut_in_seconds_of_the_source(offset: float, duration: float, part: slice) -> None:
    y, _ = audio.read(NOISE_WAV, offset=offset, duration=duration)
    np.testing.assert_array_equal(y, audio.read(NOISE_WAV)[0][part])


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("sr", [None, 22050])
def test_a_long_recording_is_decoded_in_blocks(kind: str, sr: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(NOISE, kind=kind)
    expected, _ = audio.read(content, sr=sr)
    monkeypatch.setattr(decoder, "_BLOCK", 1000)
    np.testing.assert_array_equal(audio.read(content, sr=sr)[0], expected)


def test_a_recording_that_would_fill_the_memory_is_read_only_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_SAMPLES", len(NOISE) - 1)
    with pytest.raises(AudioError, match=r"over 0 minutes, too long to be read at once; .* with `duration`"):
        audio.read(NOISE_WAV)
    assert len(audio.read(NOISE_WAV, duration=60)[0]) == len(NOISE)
    assert len(audio.read(NOISE_WAV, sr=RATE // 2)[0]) == len(NOISE) // 2


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_part_is_that_part_of_the_whole(kind: str) -> None:
    content = encoded(np.tile(NOISE, 5), kind=kind)
    part, _ = audio.read(content, offset=3.21, duration=0.5)
    np.testing.assert_array_equal(part, audio.read(content)[0][51360:59360])


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("sr", [8000, RATE, 22050])
def test_blocks_one_after_the_other_are_the_recording(seconds: float, sr: int) -> None:
    blocks = list(audio.blocks(NOISE_WAV, sr=sr, seconds=seconds))
    assert {len(block) for block in blocks[:-1]} <= {round(seconds * sr)}
    assert 0 < len(blocks[-1]) <= round(seconds * sr)
    np.testing.assert_array_equal(np.concatenate(blocks), audio.read(NOISE_WAV, sr=sr)[0])


def test_damage_at_the_end_is_an_error_after_the_blocks_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "_BLOCK", RATE)
    blocks = audio.blocks(encoded(np.append(np.tile(NOISE, 3), np.nan), subtype="FLOAT"), sr=RATE, seconds=1)
    for _ in range(3):
        np.testing.assert_array_equal(next(blocks), NOISE)
    with pytest.raises(AudioError, match="not finite"):
        next(blocks)


def test_blocks_that_are_left_early_close_their_file(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(NOISE_WAV)
    blocks = audio.blocks(path, sr=RATE, seconds=0.1)
    assert len(next(blocks)) == 1600
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        del blocks


def test_the_duration_of_an_uncompressed_recording_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "decoded", None)
    for kind in ("WAV", "AIFF", "W64", "CAF", "AU"):
        assert audio.duration(encoded(NOISE, kind=kind)) == 1.0


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_a_compressed_recording_is_as_long_as_its_samples(kind: str) -> None:
    content = encoded(NOISE, kind=kind)
    assert audio.duration(content) == len(audio.read(content)[0]) / RATE


@pytest.mark.parametrize("kind", ["WAV PCM_U8", "WAV PCM_16", "WAV PCM_24", "WAV PCM_32", "AIFF PCM_16", "AU PCM_S8"])
def test_integers_are_what_soundfile_reads(kind: str) -> None:
    kind, subtype = kind.split()
    content = encoded(np.array([-1.0, 1.0, 0.3, -0.2]), kind=kind, subtype=subtype)
    expected, _ = sf.read(io.BytesIO(content), dtype="float32")
    np.testing.assert_array_equal(audio.read(content)[0], expected)


def test_a_claim_of_many_samples_takes_no_memory_for_them() -> None:
    claim = encoded(NOISE, kind="FLAC").replace(b"\xf0\x00\x00\x3e\x80", b"\xf0\x03\x00\x00\x00", 1)
    tracemalloc.start()
    with pytest.raises(AudioError, match="claims 50331648 samples, but the file holds"):
        audio.read(claim)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6


@pytest.mark.parametrize("name", ["OAF_back_angry.wav", "OA_bite_neutral.wav"])
def test_a_broken_recording_of_tess_is_to_be_fetched_again(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(AudioError, match=rf"^{name}: .*; fetch TESS again with `emotion-lib fetch"):
        audio.read(tmp_path / name)


def test_a_file_without_permission_is_an_audio_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked.wav").touch()
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AudioError, match=r"^locked\.wav: no permission to read it; make it readable"):
        audio.read(tmp_path / "locked.wav")


def test_a_waveform_is_a_new_array() -> None:
    y = NOISE.copy()
    same = audio.waveform(y, RATE)
    np.testing.assert_array_equal(same, y)
    assert not np.shares_memory(same, y)


@pytest.mark.parametrize(
    ("content", "options", "why"),
    [
        (
            patched(NOISE_WAV, 24, 1),
            {"sr": 22050},
            "rate of 1 Hz, expected 221 or more to resample it to 22050 Hz; save",
        ),
        (NOISE_WAV, {"offset": 1.5}, r"offset=1\.5 s is past its end; choose an offset below its 1\.000 s"),
        (OPEN_FLAC, {"offset": 99}, r"offset=99 s is past its end; choose an offset below its 0\.500 s"),
        (encoded(NOISE[:1]), {"sr": 100}, r"too short to resample to 100 Hz \(1 samples at 16000 Hz\)"),
    ],
)
def test_a_recording_of_which_nothing_can_be_given_is_an_audio_error(
    content: bytes, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(AudioError, match=why):
        audio.read(content, **options)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: audio.read(b"", sr=0), "sr=0: must be a whole number of Hz from 1 to 768000"),
        (lambda: audio.read(b"", offset=-1), "offset=-1: must be a number of seconds, 0 or more"),
        (lambda: audio.read(b"", offset=float("nan")), "offset=nan"),
        (lambda: audio.read(b"", duration=0), "duration=0: must be a positive number of seconds"),
        (lambda: audio.read(b"", duration=float("inf")), "duration=inf"),
        (lambda: audio.blocks("gone.wav", sr=RATE, seconds=0), "seconds=0: must be a positive number of seconds"),
        (lambda: audio.Resampler(1, 22050), r"sr=1: must be 221 or more to resample it to 22050 Hz$"),
    ],
)
def test_an_argument_outside_its_range_is_a_parameter_error(call: Callable[[], object], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        call()


@pytest.mark.parametrize("rate", [0, -1, 16000.5, float("nan"), 768_001, True, None, "16000"])
def test_a_rate_that_is_none_is_a_parameter_error(rate: int) -> None:
    for call in (
        lambda: audio.waveform(NOISE, rate),
        lambda: audio.Resampler(rate, RATE),
        lambda: audio.Resampler(RATE, rate),
        lambda: audio.blocks(b"", sr=rate),
    ):
        with pytest.raises(ParameterError, match=r"sr\w*=.*: must be a whole number of Hz from 1 to 768000$"):
            call()


@pytest.mark.parametrize(("subtype", "dtype"), [("PCM_16", "int16"), ("PCM_32", "int32"), ("DOUBLE", "float64")])
def test_an_array_gives_what_a_file_of_it_gives(subtype: str, dtype: str) -> None:
    content = encoded(np.stack([NOISE, NOISE[::-1]], axis=1), subtype=subtype)
    samples, _ = sf.read(io.BytesIO(content), dtype=dtype)
    expected, _ = audio.read(content, sr=22050)
    np.testing.assert_allclose(audio.waveform(samples, RATE, sr_out=22050), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\): must be \(n_samples,\) or \(n_samples, n_channels\)$"),
        (np.zeros((5, 0)), r"shape \(5, 0\): must be \(n_samples,\)"),
        (np.zeros((2, 48000)), r"shape \(2, 48000\): must be \(n_samples, n_channels\); transpose it"),
        (np.zeros(5, dtype=complex), r"complex128: must be float in \[-1, 1\], int16, int32 or uint8; convert it$"),
        (np.zeros(5, dtype=bool), "bool: must be float"),
        (np.zeros(5, dtype=np.uint16), "uint16: must be float .*; divide integers by their full scale$"),
        (["a"], "<U1: must be float"),
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
    ],
)
def test_an_array_of_another_form_is_a_parameter_error(y: np.ndarray, why: str) -> None:
    with pytest.raises(ParameterError, match=f"^waveform.* {why}"):
        audio.waveform(y, RATE)


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.zeros(0), "no samples; check the code"),
        (np.array([0.0, np.nan]), r"not finite \(NaN or infinite samples\); check the code"),
        (np.array([0.0, 1e300]), "not finite"),
        (np.array([0.0, 300.0]), r"samples up to 300, expected a waveform in \[-1, 1\]; divide its"),
        (np.zeros(1), r"too short to resample to 8000 Hz \(1 samples at 48000 Hz\); give a longer"),
    ],
)
def test_an_array_without_a_waveform_is_an_audio_error(y: np.ndarray, why: str) -> None:
    with pytest.raises(AudioError, match=f"^waveform: {why}"):
        audio.waveform(y, 48000, sr_out=8000)


def test_a_rate_may_be_a_number_of_numpy() -> None:
    assert len(audio.waveform(NOISE, np.int64(RATE), sr_out=np.float64(8000))) == 8000  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 4000), max_size=12), st.sampled_from([8000, 22050, 48000]), st.booleans())
def test_a_stream_resampled_in_any_chunks_is_the_whole_resampled(lengths: list[int], sr: int, is_pcm: bool) -> None:
    whole = NOISE[: max(1000, sum(lengths))]
    whole = (whole * 2**15).astype(np.int16) if is_pcm else whole
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
    np.testing.assert_array_equal(resampler.process(np.stack([NOISE, NOISE], axis=1)), NOISE)
    assert len(resampler.flush()) == 0


def test_a_chunk_that_is_not_finite_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match=r"^chunk: not finite \(NaN or infinite samples\); check the program"):
        audio.Resampler(RATE, 8000).process(np.array([np.nan]))


CHANNELS = np.stack([NOISE, 0.5 * NOISE[::-1], np.zeros(RATE, dtype=np.float32)], axis=1)


@pytest.mark.parametrize(("channel", "number"), [("left", 0), ("right", 1), (1, 0), (2, 1), (3, 2)])
def test_a_channel_is_read_alone(channel: Any, number: int) -> None:
    content = encoded(CHANNELS, subtype="FLOAT")
    expected = CHANNELS[:, number]
    np.testing.assert_array_equal(audio.read(content, channel=channel)[0], expected)
    np.testing.assert_array_equal(np.concatenate([*audio.blocks(content, sr=RATE, channel=channel)]), expected)
    np.testing.assert_array_equal(audio.waveform(CHANNELS, RATE, channel=channel), expected)


def test_a_channel_that_is_missing_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match="channel 4 of 3 channels; choose another, or leave the choice out"):
        audio.read(encoded(CHANNELS), channel=4)
    with pytest.raises(AudioError, match="channel 2 of 1 channel;"):
        audio.read(NOISE_WAV, channel="right")


@pytest.mark.parametrize("channel", [0, -1, "middle", 1.5, True])
def test_what_is_no_channel_is_a_parameter_error(channel: Any) -> None:
    for call in (
        lambda: audio.read(NOISE_WAV, channel=channel),
        lambda: audio.blocks(NOISE_WAV, sr=RATE, channel=channel),
        lambda: audio.Resampler(RATE, RATE, channel=channel),
    ):
        with pytest.raises(
            ParameterError, match=r"^channel=.*: must be left, right or the number of a channel, from 1"
        ):
            call()


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize("louder", [0, 1])
@pytest.mark.parametrize("factor", [-0.99, -0.95, -0.85])
def test_of_channels_that_cancel_the_louder_is_read(factor: float, louder: int, offset: float) -> None:
    y = np.stack([NOISE, factor * NOISE][:: 1 - 2 * louder], axis=1) + np.float32(offset)
    expected = y[:, louder].astype(np.float32)
    for kind in ("whole", "array", "blocks", "stream"):
        notes: list[str] = []
        content = encoded(y, subtype="FLOAT")
        if kind == "whole":
            found, _ = audio.read(content, notes=notes)
        elif kind == "array":
            found = audio.waveform(y, RATE, notes=notes)
        elif kind == "blocks":
            found = np.concatenate([*audio.blocks(content, sr=RATE, seconds=0.25, notes=notes)])
        else:
            resampler = audio.Resampler(RATE, RATE, notes=notes)
            found = np.concatenate([resampler.process(part) for part in np.split(y.astype(np.float32), 100)])
            expected, found = expected[1120:], found[1120:]
        np.testing.assert_allclose(found, np.clip(expected, -1, 1), atol=1e-6)
        assert [note.partition(",")[0] for note in notes] == ["its channels cancel each other"]


@pytest.mark.parametrize("other", [NOISE, 0 * NOISE, -0.5 * NOISE, NOISE[::-1], np.roll(NOISE, 7)])
def test_channels_that_do_not_cancel_are_averaged(other: np.ndarray) -> None:
    notes: list[str] = []
    y, _ = audio.read(encoded(np.stack([NOISE, other], axis=1), subtype="FLOAT"), notes=notes)
    np.testing.assert_allclose(y, (NOISE + other) / 2, atol=1e-6)
    assert notes == []


def test_unsigned_bytes_have_their_silence_at_128() -> None:
    content = encoded(NOISE, subtype="PCM_U8")
    samples = np.frombuffer(content[44:], dtype=np.uint8)
    np.testing.assert_array_equal(audio.waveform(samples, RATE), audio.read(content)[0])
    assert not audio.waveform(np.full(100, 128, dtype=np.uint8), RATE).any()


def test_bytes_of_a_stream_are_told_how_to_become_an_array() -> None:
    with pytest.raises(ParameterError, match=r"^chunk of bytes: must be an array; write np\.frombuffer\(chunk, dtype="):
        audio.Resampler(RATE, RATE).process(bytes(100))  # type: ignore[arg-type]


def test_a_file_that_is_read_asynchronously_is_told_what_to_give() -> None:
    class UploadFile:
        async def read(self, size: int = -1) -> bytes:
            return NOISE_WAV[:size]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            ParameterError, match=r"read is asynchronous; give the file in it, as in predict\(upload\.file"
        ):
            audio.read(UploadFile())  # type: ignore[arg-type]


def test_a_generator_is_told_where_it_belongs() -> None:
    with pytest.raises(ParameterError, match="for several recordings, use `predictions`, or a list"):
        audio.read(iter([NOISE_WAV]))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a b.wav", "it's.wav", "-x.wav", "a:b.wav", "ß 声音.wav"])
def test_the_command_in_an_error_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(NOISE_WAV[:-1000])
    for path in (name, tmp_path / name):
        with pytest.raises(AudioError) as caught:
            audio.read(path)
        command = shlex.split(str(caught.value).split("`")[1])
        assert command[0::3] == ["ffmpeg", "converted.wav"]
        assert Path(command[2].removeprefix("file:")).samefile(tmp_path / name)
        assert ":" not in command[2] or command[2].startswith(("file:", "/"))
