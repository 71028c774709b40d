"""What phones write is read with the extra `formats`; without it, a sentence says so."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from emotion_lib import audio
from emotion_lib.errors import AudioError
from tests.bad_inputs import encoded

av = pytest.importorskip("av")

RATE = 48_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)
KINDS = {
    "m4a": ("ipod", "aac"),
    "mp4": ("mp4", "aac"),
    "aac": ("adts", "aac"),
    "3gp": ("3gp", "aac"),
    "webm": ("webm", "libopus"),
    "mka": ("matroska", "libopus"),
    "wma": ("asf", "wmav2"),
    "alac.caf": ("caf", "alac"),
}
"""The suffix of each kind, and the names of its container and its codec in FFmpeg."""


def written(container: str, codec: str, *, channels: int = 1) -> bytes:
    """Return the tone, in the first channel alone, as FFmpeg writes it."""
    file = io.BytesIO()
    layout = "mono" if channels == 1 else "stereo"
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE, layout=layout)
        stream.bit_rate = 128_000
        y = np.stack([TONE] + [np.zeros_like(TONE)] * (channels - 1))
        for start in range(0, len(TONE), 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(y[:, start : start + 1024]), "fltp", layout)
            frame.sample_rate, frame.pts = RATE, start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_what_phones_write_is_read_to_its_end(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(written(*KINDS[kind]))
    y, sr = audio.read(path)
    assert sr == RATE
    assert 1.95 <= len(y) / sr < 2.1
    assert np.sqrt(np.mean(y[RATE // 2 : RATE] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert audio.duration(path) == len(y) / sr
    np.testing.assert_array_equal(audio.read(path, offset=0.5, duration=1)[0], y[RATE // 2 : RATE * 3 // 2])
    np.testing.assert_array_equal(np.concatenate(list(audio.blocks(path, sr=sr, seconds=0.3))), y)


@pytest.mark.parametrize("kind", ["m4a", "webm"])
def test_their_channels_are_channels(kind: str) -> None:
    content = written(*KINDS[kind], channels=2)
    left, right = (audio.read(content, channel=name)[0] for name in ("left", "right"))
    assert np.abs(left).max() > 0.4
    assert np.abs(right[RATE // 2 : RATE]).max() < 0.01


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_part_of_one_is_read_or_refused(kind: str, part: float) -> None:
    content = written(*KINDS[kind])
    try:
        y, _ = audio.read(content[: int(part * len(content))])
    except AudioError as error:
        assert "ffmpeg -i recording converted.wav" in str(error)  # noqa: PT017 (either is right)
    else:
        assert 0 < len(y) <= 2.1 * RATE


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mp4"])
def test_without_the_extra_a_sentence_says_so(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        AudioError, match=r"without an extra .*; run `pip install 'emotion_lib\[formats\]'`, or convert"
    ):
        audio.read(written(*KINDS[kind]))


def test_without_miniaudio_mp3_is_read_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(np.tile(TONE, 3), kind="MP3", rate=RATE)
    expected, _ = audio.read(content)
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    y, _ = audio.read(content)
    assert 0 <= len(y) - len(expected) <= 1152
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        AudioError, match=r"without an extra \(MP3 or MP2\); run `pip install 'emotion_lib\[formats\]'`"
    ):
        audio.read(content)


def test_a_list_of_files_is_never_opened(tmp_path: Path) -> None:
    """FFmpeg would open what such a list names."""
    (tmp_path / "a.wav").write_bytes(encoded())
    for text in ("ffconcat version 1.0\nfile a.wav\n", f"#EXTM3U\n#EXTINF:1\n{tmp_path / 'a.wav'}\n"):
        (tmp_path / "list.m4a").write_text(text)
        with pytest.raises(AudioError, match=r"not audio that can be read \(text\)"):
            audio.read(tmp_path / "list.m4a")


@pytest.mark.parametrize("kind", ["webm", "mka", "wma", "m4a"])
@pytest.mark.parametrize("part", [0.5, 0.75, 0.9])
def test_a_cut_is_noticed(kind: str, part: float) -> None:
    content = written(*KINDS[kind])
    with pytest.raises(AudioError, match=r"`ffmpeg -i recording converted\.wav`"):
        audio.read(content[: int(part * len(content))])


def test_many_channels_are_read_with_ffmpeg() -> None:
    """PyAV crashes on planes of more than eight channels."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=RATE, layout="hexadecagonal")
        samples = np.ascontiguousarray(np.repeat((8192 * TONE[:4096]).astype(np.int16), 16)[None])
        frame = av.AudioFrame.from_ndarray(samples, "s16", "hexadecagonal")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    y, _ = audio.read(file.getvalue(), channel=16)
    np.testing.assert_allclose(y, TONE[:4096] / 4, atol=1e-4)


def test_a_damaged_header_is_no_reason_to_guess() -> None:
    content = encoded(TONE, subtype="FLOAT")
    with pytest.raises(AudioError, match="WAV with a damaged header or an unknown codec"):
        audio.read(content[:22] + (8).to_bytes(2, "little") + content[24:])
