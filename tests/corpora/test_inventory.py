"""Corpora are looked for in a fixed order, and hidden files are no part of them."""

from pathlib import Path

import pytest

from emotion_lib import corpora
from emotion_lib.corpora.inventory import digest, files_below, places
from emotion_lib.errors import CorpusError, ParameterError


def touch(path: Path) -> Path:
    """Make a file with one byte and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_the_environment_comes_before_the_folder_of_the_user(data: Path, tmp_path: Path) -> None:
    assert places("tess") == [data / "tess", tmp_path / "user" / "tess"]


def test_the_checkout_is_looked_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOTION_LIB_DATA", raising=False)
    assert places("demo")[0] == Path(__file__).resolve().parents[2] / "data" / "demo"


def test_a_folder_without_audio_is_passed_over(data: Path, tmp_path: Path) -> None:
    touch(data / "tess" / "README.txt")
    touch(tmp_path / "user" / "tess" / "deep" / "down" / "OAF_back_angry.WAV")
    assert corpora.find("tess") == tmp_path / "user" / "tess"


def test_the_folder_of_a_corpus_may_be_written_in_capitals(data: Path) -> None:
    touch(data / "TESS" / "OAF_back_angry.wav")
    assert corpora.find("tess").samefile(data / "TESS")


def test_a_corpus_that_is_nowhere_is_an_error_with_the_cure(data: Path) -> None:
    with pytest.raises(CorpusError, match=r"tess: no recordings in .*; get TESS with `emotion-lib fetch tess`"):
        corpora.find("tess")


def test_without_a_checkout_the_demo_corpus_says_where_it_is(data: Path) -> None:
    with pytest.raises(CorpusError, match="not part of the installed package"):
        corpora.find("demo")


def test_a_name_that_is_no_corpus_is_an_error() -> None:
    with pytest.raises(
        ParameterError, match="corpus 'tes': must be one of tess, emodb, ravdess, crema-d, nemo, savee, demo"
    ):
        corpora.find("tes")


def test_hidden_files_and_those_of_archives_are_skipped(tmp_path: Path) -> None:
    for name in (".tess.fetch/a.wav", "__MACOSX/b.wav", "deep/._c.wav", "deep/d.wav", "e.wav"):
        touch(tmp_path / name)
    assert [file.relative for file in files_below(tmp_path)] == ["e.wav", "deep/d.wav"]


def test_a_file_that_cannot_be_read_is_an_error_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone\.wav: no such file; check the path"):
        digest(tmp_path / "gone.wav")
