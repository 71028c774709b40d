"""What a header claims decides nothing: recordings are read until they end, and what is missing or odd is noted."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from emotion_lib import audio
from emotion_lib.audio import containers
from emotion_lib.errors import AudioError
from tests.bad_inputs import encoded

RATE = 16_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
N_BYTES = 2 * RATE
PLACEHOLDERS = (0, 2_000_000_000, 0x7F000008, 0x7FFF0000, 0x7FFFF000, 0x7FFFFF00, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB,
                0xFFFFFFFF)  # fmt: skip
"""Lengths that real programs claim when they write into a pipe."""

LENGTHS = {
    "WAV": (b"data", 4, 4, "little", 0),
    "RIFX": (b"data", 4, 4, "big", 0),
    "RF64": (b"ds64", 16, 8, "little", 0),
    "BW64": (b"ds64", 16, 8, "little", 0),
    "W64": (b"data", 16, 8, "little", 24),
    "CAF": (b"data", 4, 8, "big", 4),
    "AIFF": (b"SSND", 4, 4, "big", 8),
    "AU": (b".snd", 8, 4, "big", 0),
}
"""How each container claims its length: the name before it, the distance, bytes, order, and what else it counts."""


@pytest.fixture(autouse=True)
def _without_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be read by the extra `formats`."""
    monkeypatch.setitem(sys.modules, "av", None)


def made(kind: str, y: np.ndarray = NOISE) -> bytes:
    """Return a recording in a container."""
    if kind == "BW64":
        return encoded(y, kind="RF64").replace(b"RF64", b"BW64", 1)
    if kind == "RIFX":
        file = io.BytesIO()
        sf.write(file, y, RATE, format="WAV", endian="BIG")
        return file.getvalue()
    return encoded(y, kind=kind)


def claiming(kind: str, n_bytes: int) -> bytes:
    """Return a recording whose header claims a number of bytes of samples."""
    name, distance, width, order, more = LENGTHS[kind]
    content = made(kind)
    start = content.find(name) + distance
    claim = ((n_bytes + more) % 256**width).to_bytes(width, order)
    return content[:start] + claim + content[start + width :]


def read(content: bytes) -> tuple[np.ndarray, list[str]]:
    """Return the samples of a recording, and the notes."""
    notes: list[str] = []
    return audio.read(content, notes=notes)[0], notes


WHOLE, _ = read(made("WAV"))


@pytest.mark.parametrize("kind", LENGTHS)
def test_each_container_is_read_without_a_note(kind: str) -> None:
    y, notes = read(made(kind))
    np.testing.assert_array_equal(y, WHOLE)
    assert notes == []


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("claim", PLACEHOLDERS)
def test_a_placeholder_is_no_claim(kind: str, claim: int) -> None:
    y, notes = read(claiming(kind, claim))
    np.testing.assert_array_equal(y, WHOLE)
    assert notes == []


@pytest.mark.parametrize("kind", ["RF64", "BW64", "W64", "CAF"])
@pytest.mark.parametrize("claim", [-1, -5, 2**40, 2**62])
def test_a_placeholder_of_64_bits_is_no_claim(kind: str, claim: int) -> None:
    np.testing.assert_array_equal(read(claiming(kind, claim))[0], WHOLE)


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("claim", [1000, 1001, 20_000, N_BYTES - 64])
def test_samples_after_the_claimed_end_are_read_with_a_note(kind: str, claim: int) -> None:
    y, notes = read(claiming(kind, claim))
    np.testing.assert_array_equal(y, WHOLE)
    assert notes == [f"the file goes on for {N_BYTES - claim} bytes after the end that its header claims"]


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("n_missing", [1, 2, 3, 8, 63])
def test_a_few_missing_bytes_are_a_note(kind: str, n_missing: int) -> None:
    for content in (made(kind)[:-n_missing], claiming(kind, N_BYTES + n_missing)):
        y, notes = read(content)
        np.testing.assert_array_equal(y, WHOLE[: len(y)])
        assert len(WHOLE) - len(y) in (0, -(-n_missing // 2))
        assert notes == [f"{n_missing} byte{'s' * (n_missing > 1)} of samples fewer than its header claims"]


@pytest.mark.parametrize("kind", LENGTHS)
@pytest.mark.parametrize("n_missing", [64, 1000, 31_000])
def test_a_container_that_is_cut_short_is_refused_with_a_command_that_runs(
    kind: str, n_missing: int, tmp_path: Path
) -> None:
    path = tmp_path / "a b.wav"
    path.write_bytes(made(kind)[:-n_missing])
    with pytest.raises(AudioError) as caught:
        audio.read(path)
    assert "cut short: its header claims 320" in str(caught.value)
    assert str(caught.value).endswith(f"keep what is there of it with `ffmpeg -i '{path}' converted.wav`")


def test_half_a_placeholder_that_is_there_is_noted(tmp_path: Path) -> None:
    content = claiming("WAV", 2_500_000_000)
    path = tmp_path / "large.wav"
    with open(path, "wb") as file:
        file.write(content)
        file.truncate(2_000_000_000)
    notes: list[str] = []
    y, _ = audio.read(path, duration=1, notes=notes)
    np.testing.assert_array_equal(y, WHOLE)
    assert notes == ["500000044 bytes of samples fewer than its header claims"]


@pytest.mark.parametrize("claim", [0, 0xFFFFFFFF, 704_000])
def test_a_wav_above_4_gb_is_read_to_its_end(claim: int, tmp_path: Path) -> None:
    n_bytes = 2**32 + 704_000  # the third claim is what is left of it in 32 bits
    path = tmp_path / "large.wav"
    with open(path, "wb") as file:
        file.write(claiming("WAV", claim)[:44])
        file.truncate(44 + n_bytes - N_BYTES)
        file.seek(0, 2)
        file.write(made("WAV")[44:])
    notes: list[str] = []
    assert audio.duration(path) == n_bytes / 2 / RATE
    y, _ = audio.read(path, offset=n_bytes / 2 / RATE - 1, duration=2, notes=notes)
    np.testing.assert_array_equal(y, WHOLE)
    assert notes == []


def test_a_caf_with_its_header_three_times_is_read_right() -> None:
    """As libsndfile, and sox with it, writes CAF into a pipe."""
    content = claiming("CAF", 0)
    header = content[:-N_BYTES]
    np.testing.assert_array_equal(read(header + header + content[len(header) :] + header)[0], WHOLE)


@pytest.mark.parametrize("kind", ["WAV", "RIFX", "RF64", "AIFF", "CAF", "W64"])
@pytest.mark.parametrize("n_more", [1, 2])
def test_joined_recordings_are_refused_with_the_place_of_the_second(kind: str, n_more: int) -> None:
    content = made(kind)
    second = len(content) + len(content) - N_BYTES - {"AIFF": 8, "CAF": 4}.get(kind, 0)
    with pytest.raises(AudioError, match=rf"several recordings in one file, the next from byte {second} on; save each"):
        audio.read(content * (1 + n_more))


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
@pytest.mark.parametrize("n_recordings", [2, 3])
@pytest.mark.parametrize("piece", [100, 777, 2**20])
def test_joined_recordings_are_all_read(
    kind: str, n_recordings: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_PIECE", piece)
    one, _ = read(encoded(NOISE, kind=kind))
    content = encoded(NOISE, kind=kind) * n_recordings
    y, notes = read(content)
    np.testing.assert_array_equal(y, np.tile(one, n_recordings))
    assert notes == []
    np.testing.assert_array_equal(audio.read(content, offset=0.75, duration=0.5)[0], y[12_000:20_000])
    assert audio.duration(content) == n_recordings


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
@pytest.mark.parametrize("other", [{"rate": 8000}, {"y": np.stack([NOISE, NOISE], axis=1)}])
def test_joined_recordings_of_different_forms_are_refused_with_the_cure(kind: str, other: dict[str, Any]) -> None:
    with pytest.raises(AudioError, match=r"with different rates or numbers of channels; make them one with `ffmpeg -i"):
        audio.read(encoded(NOISE, kind=kind) + encoded(**{"y": NOISE, "kind": kind, **other}))


@pytest.mark.parametrize("mark", [encoded(NOISE[:200], kind="OGG"), b"fLaC\0\0\0\x22" + bytes(18)])
def test_a_thousand_recordings_in_one_file_are_refused_at_once(mark: bytes) -> None:
    with pytest.raises(AudioError, match="more than 100 recordings in one file"):
        audio.read(mark * 1000)


@pytest.mark.parametrize("cut", [10_000, 10_001, 16_000])
def test_two_chunks_of_samples_are_refused(cut: int) -> None:
    content = made("WAV")
    chunks = (content[44 : 44 + cut], content[44 + cut :])
    for padded in (False, True):
        parts = [b"data" + len(each).to_bytes(4, "little") + each + b"\0" * (len(each) % 2 * padded) for each in chunks]
        if cut % 2 == padded:
            with pytest.raises(AudioError, match=r"several recordings in one file, the next from byte \d+ on; save"):
                audio.read(content[:36] + b"".join(parts))


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("n_missing", [0, 1, 63, 64, 31_000])
def test_a_nist_sphere_that_is_cut_short_is_noticed(order: int, n_missing: int) -> None:
    content = made("NIST")
    lines = content[:1024].split(b"\n")
    end = lines.index(b"end_head")
    content = b"\n".join([*lines[:2], *lines[2:end][::order], *lines[end:]]) + content[1024:]
    if n_missing >= 64:
        with pytest.raises(
            AudioError, match=f"cut short: its header claims 32000 bytes .* holds {32_000 - n_missing};"
        ):
            audio.read(content[:-n_missing])
    else:
        y, notes = read(content[: len(content) - n_missing])
        np.testing.assert_array_equal(y, WHOLE[: len(y)])
        assert len(notes) == (n_missing > 0)


@pytest.mark.parametrize("claim", [0, 1, 8000, 15_999])
def test_a_flac_is_read_after_the_end_that_it_claims(claim: int) -> None:
    flac = encoded(NOISE, kind="FLAC")
    content = flac[:21] + bytes([flac[21] & 0xF0]) + claim.to_bytes(4, "big") + flac[26:]
    np.testing.assert_array_equal(read(content)[0], read(flac)[0])


@pytest.mark.parametrize("tail", [b"x", b"TAG" + bytes(125), bytes(5000), b"\xff\xf8 garbage"])
def test_what_follows_a_flac_is_no_damage(tail: bytes) -> None:
    flac = encoded(NOISE, kind="FLAC")
    np.testing.assert_array_equal(read(flac + tail)[0], read(flac)[0])


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_without_its_last_page_has_a_note(subtype: str) -> None:
    content = encoded(np.tile(NOISE, 10), kind="OGG", subtype=subtype)
    pages = [i for i in range(len(content)) if content[i : i + 4] == b"OggS"]
    assert read(content)[1] == []
    for cut in (pages[-1], pages[-1] + 10, pages[-1] + 100, len(content) - 1):
        y, notes = read(content[:cut])
        assert 0 < len(y) < 10 * RATE
        assert notes == ["it ends before an Ogg file does, so its end may be missing"]


def mp3(frames: int | None = None) -> bytes:
    """Return an MP3 recording whose tag claims a number of frames."""
    content = encoded(NOISE, kind="MP3")
    tag = max(content.find(b"Xing"), content.find(b"Info"))
    return content if frames is None else content[: tag + 8] + frames.to_bytes(4, "big") + content[tag + 12 :]


def test_an_mp3_with_a_tag_has_its_exact_length() -> None:
    assert len(read(mp3())[0]) == RATE
    for before, after in ((b"ID3\x04\0\0\0\0\x10\0" + bytes(2048), b""), (b"", b"TAG" + bytes(125))):
        assert len(read(before + mp3() + after)[0]) == RATE


@pytest.mark.parametrize("frames", [0, 1, 10, 20])
def test_an_mp3_is_read_after_the_end_that_its_tag_claims(frames: int) -> None:
    assert RATE <= len(read(mp3(frames))[0]) <= RATE + 2 * 1152


@pytest.mark.parametrize("part", [0.25, 0.5, 0.75])
def test_an_mp3_that_is_cut_short_is_refused_with_both_lengths(part: float) -> None:
    with pytest.raises(AudioError, match="cut short: its header claims 16000 samples, but the file holds"):
        audio.read(mp3()[: int(part * len(mp3()))])


def test_an_mp3_without_a_tag_is_read_to_its_end() -> None:
    """A loud second between soft ones misleads whoever estimates the length from the first frames."""
    loud = np.concatenate([NOISE, 0.001 * np.tile(NOISE, 8), NOISE])
    content = encoded(loud, kind="MP3")
    second_frame = content.find(content[:2], 100)
    untagged = content[second_frame:]
    assert 10 * RATE <= len(read(untagged)[0]) <= 10 * RATE + 3 * 1152
    joined, _ = read(untagged * 2)
    assert 20 * RATE <= len(joined) <= 20 * RATE + 6 * 1152
    assert audio.duration(untagged) == len(read(untagged)[0]) / RATE


def test_joined_mp3_is_all_read() -> None:
    assert 3 * RATE <= len(read(mp3() * 3)[0]) <= 3 * RATE + 6 * 1152


@pytest.mark.parametrize("kind", ["WAV", "RF64", "W64", "CAF", "AIFF", "AU", "FLAC", "OGG", "MP3"])
def test_every_beginning_of_a_file_is_an_answer_or_a_sentence(kind: str) -> None:
    content = encoded(NOISE[:2000], kind=kind)
    for end in (*range(200), *range(200, len(content), 97)):
        try:
            y, _ = read(content[:end])
        except AudioError as error:
            assert "; " in str(error)  # noqa: PT017 (either is right)
        else:
            assert len(y) > 0


@pytest.mark.parametrize("start", [0, 7, 11, 24, 30, 5000, 2**31, 2**32 - 1])
def test_an_au_file_may_claim_any_start(start: int) -> None:
    content = claiming("AU", 0)
    try:
        y, _ = read(content[:4] + start.to_bytes(4, "big") + content[8:])
    except AudioError as error:
        assert "no samples" in str(error) or "not audio" in str(error)  # noqa: PT017 (either is right)
    else:
        assert len(y) > 0
