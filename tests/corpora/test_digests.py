"""Digests of recordings are kept in the cache folder, and a file that changes is read again."""

import json
import os
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile as sf

from emotion_lib import audio, corpora
from emotion_lib.audio import sources
from emotion_lib.corpora.digests import NAME
from emotion_lib.errors import CorpusWarning

pytestmark = pytest.mark.filterwarnings("ignore::emotion_lib.errors.CorpusWarning")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the digests go."""
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / NAME


@pytest.fixture
def folder(tmp_path: Path, kept: Path) -> Path:
    """A folder with a recording as WAV, a copy of it, the same as FLAC, and another recording."""
    place = tmp_path / "mine" / "sad"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    one, other = rng.integers(-9000, 9000, (2, 8000)).astype(np.int16)
    for name, y in (("a.wav", one), ("b.wav", one), ("a.flac", one), ("c.wav", other)):
        sf.write(place / name, y, 16_000)
    return place.parent


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Mock]:
    """What reads the bytes and the samples of a file."""
    mocks = [Mock(wraps=sources.digest), Mock(wraps=audio.read)]
    monkeypatch.setattr(sources, "digest", mocks[0])
    monkeypatch.setattr(audio, "read", mocks[1])
    return mocks


def count(reads: list[Mock]) -> list[int]:
    """Return how often each was called since the last time."""
    counts = [each.call_count for each in reads]
    for each in reads:
        each.reset_mock()
    return counts


def test_the_second_time_nothing_is_read(folder: Path, reads: list[Mock]) -> None:
    first = corpora.load(folder)
    assert list(first["id"]) == ["sad/a.flac", "sad/c.wav"]
    assert min(count(reads)) >= 2
    assert corpora.load(folder).equals(first)
    assert count(reads) == [0, 0]


@pytest.mark.parametrize("offset", [0, 1, 1_000_000_000])
def test_a_file_that_changes_is_read_again(folder: Path, reads: list[Mock], offset: int) -> None:
    corpora.load(folder)
    count(reads)
    before = (folder / "sad" / "b.wav").stat()
    sf.write(folder / "sad" / "b.wav", np.arange(8000, dtype=np.int16), 16_000)
    os.utime(folder / "sad" / "b.wav", ns=(before.st_atime_ns, before.st_mtime_ns + offset))
    assert list(corpora.load(folder)["id"]) == ["sad/a.flac", "sad/b.wav", "sad/c.wav"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff\xfe", b'{"a": {"stamp": []}}', b'{"a": '])
def test_a_damaged_file_is_written_anew(folder: Path, kept: Path, content: bytes) -> None:
    kept.parent.mkdir()
    kept.write_bytes(content)
    assert len(corpora.load(folder)) == 2
    assert str(folder / "sad" / "a.wav") in json.loads(kept.read_bytes())


def test_a_cache_that_cannot_be_written_is_no_error(folder: Path, kept: Path) -> None:
    kept.parent.write_text("not a folder")
    assert len(corpora.load(folder)) == 2


def test_the_digests_of_files_that_are_gone_are_not_kept(folder: Path, kept: Path) -> None:
    corpora.load(folder)
    (folder / "sad" / "b.wav").rename(folder / "sad" / "d.wav")
    corpora.load(folder)
    assert {Path(each).name for each in json.loads(kept.read_bytes())} == {"a.wav", "a.flac", "d.wav"}


def test_a_check_reads_every_file(folder: Path, reads: list[Mock], kept: Path) -> None:
    corpora.load(folder)
    count(reads)
    report = corpora.check(folder)
    assert str(report).startswith(f"mine in {folder}: 2 of 2 utterances")
    assert min(count(reads)) >= 2


@pytest.mark.parametrize("n_copies", [1, 2])
def test_copies_in_another_format_do_not_count(n_copies: int, folder: Path) -> None:
    for number in range(n_copies):
        (folder.parent / "more" / f"take{number}" / "sad").mkdir(parents=True)
        for name in ("a.wav", "a.flac"):
            (folder.parent / "more" / f"take{number}" / "sad" / name).write_bytes((folder / "sad" / name).read_bytes())
    with pytest.warns(CorpusWarning, match="recordings? identical to others and left out"):
        assert len(corpora.load(folder.parent / "more")) == 1
