"""`emotion-lib where` says what the library keeps on disk, and deletes nothing but its own cache, after asking."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from emotion_lib import corpora, extraction
from emotion_lib.extraction import cache
from tests.cli.conftest import run, start

CHECKOUT = Path(__file__).resolve().parents[2] / "data"
OLD = "features-0123456789ab.sqlite"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of this test's own, which are not there yet."""
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EMOTION_LIB_DATA", str(tmp_path / "given"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "user" / name)


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """The names of the cache's files, which share their folder with files of somebody else."""
    extraction.extract(corpora.load("demo")[:2], "mean_mfcc", progress=False)
    names = [OLD, f"{OLD}-journal", f"{OLD}-shm", f"{OLD}-wal", *(path.name for path in cache.kept())]
    for name in (*names[:4], "features-mine.sqlite", "features-0123456789ab.sqlite.bak", "notes.txt"):
        (tmp_path / "cache" / name).write_bytes(b"12345")
    (tmp_path / "cache" / "features-ba9876543210.sqlite").mkdir()
    return sorted(names)


def others(folder: Path) -> list[str]:
    """Return the names in the folder of the cache that are not the cache's."""
    return sorted({path.name for path in folder.iterdir()} - {path.name for path in cache.kept()})


def test_each_folder_is_a_line_with_its_size_and_what_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "given" / "tess").mkdir(parents=True)
    (tmp_path / "given" / "tess" / "a.wav").write_bytes(bytes(1_200_000))
    result = run("where")

    assert result.exit_code == 0
    first, given, checkout, user, listening = result.stdout.splitlines()
    assert first == f"{tmp_path / 'cache'} (not there yet): extracted features, and digests of recordings"
    assert given == f"{tmp_path / 'given'} (1.2 MB): corpora, in the folder of EMOTION_LIB_DATA"
    assert checkout.startswith(f"{CHECKOUT} (")
    assert user == f"{tmp_path / 'user' / 'emotion_lib'} (not there yet): corpora of this user"
    file = tmp_path / "user" / "emotion_lib" / "listening_test.json"
    assert listening == f"{file} (not there yet): your answers in the listening test"


def test_answers_of_the_listening_test_are_a_file_with_a_size(tmp_path: Path) -> None:
    file = tmp_path / "user" / "emotion_lib" / "listening_test.json"
    file.parent.mkdir(parents=True)
    file.write_text("[]", "utf-8")

    assert run("where").stdout.splitlines()[-1] == f"{file} (2 bytes): your answers in the listening test"


def test_without_a_folder_of_corpora_that_is_named_there_is_a_line_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOTION_LIB_DATA")

    assert len(run("where").stdout.splitlines()) == 4


def test_json_has_the_bytes_and_null_for_what_is_not_there(tmp_path: Path, kept: list[str]) -> None:
    told = {each["name"]: each for each in json.loads(run("where", "--json").stdout)}

    assert list(told) == ["cache", "EMOTION_LIB_DATA", "checkout", "user", "listening"]
    assert told["cache"]["path"] == str(tmp_path / "cache")
    assert told["cache"]["size"] == sum((tmp_path / "cache" / name).stat().st_size for name in kept)
    assert told["checkout"]["size"] > 10**6
    assert told["user"]["size"] is None


def test_the_cache_is_deleted_after_a_yes_and_nothing_else_of_its_folder(tmp_path: Path, kept: list[str]) -> None:
    before = others(tmp_path / "cache")
    result = run("where", "--clear", "cache", stdin=b"y\n")

    assert result.exit_code == 0
    said = result.stdout.splitlines()
    assert said[0].startswith(f"{tmp_path / 'cache'}, ")
    assert [line.strip() for line in said[1 : 1 + len(kept)]] == kept
    assert said[1 + len(kept) :] == ["Delete these files? [y/N]: y", "Deleted."]
    assert others(tmp_path / "cache") == before
    assert cache.kept() == []


def test_a_no_deletes_nothing(kept: list[str]) -> None:
    result = run("where", "--clear", "cache", stdin=b"n\n")

    assert result.exit_code == 0
    assert result.stdout.endswith("Nothing was deleted.\n")
    assert [path.name for path in cache.kept()] == kept


def test_where_nobody_answers_nothing_is_deleted_and_the_exit_code_is_2(kept: list[str]) -> None:
    result = run("where", "--clear", "cache", stdin=b"")

    assert result.exit_code == 2
    assert "--yes deletes without asking" in result.stderr
    assert [path.name for path in cache.kept()] == kept


def test_ctrl_c_instead_of_an_answer_deletes_nothing(kept: list[str]) -> None:
    process = start("where", "--clear", "cache", stdin=subprocess.PIPE)
    assert process.stdout is not None
    asked = "Delete these files? [y/N]:"
    for _ in range(1 + len(kept)):
        process.stdout.readline()
    assert process.stdout.read(len(asked)).decode() == asked
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert process.returncode == 130
    assert err == b"Stopped. Nothing was deleted.\n"
    assert [path.name for path in cache.kept()] == kept


def test_yes_asks_nothing(kept: list[str]) -> None:
    result = run("where", "--clear", "cache", "--yes")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Deleted.")
    assert cache.kept() == []


def test_an_empty_cache_is_no_question() -> None:
    result = run("where", "--clear", "cache", stdin=b"")

    assert result.exit_code == 0
    assert result.stdout == f"{cache.folder()}: the cache is empty\nNothing was deleted.\n"


def test_json_tells_what_was_deleted_and_the_rest_is_beside_it(tmp_path: Path, kept: list[str]) -> None:
    result = run("where", "--clear", "cache", "--json", stdin=b"y\n")
    told = json.loads(result.stdout)

    assert (told["folder"], told["deleted"]) == (str(tmp_path / "cache"), kept)
    assert told["size"] > 4 * 5
    assert "Delete these files?" in result.stderr


@pytest.mark.parametrize("words", [["--yes"], ["--clear", "user"], ["--clear"]])
def test_nothing_else_can_be_cleared(words: list[str]) -> None:
    assert run("where", *words).exit_code == 2


def test_a_file_that_cannot_be_deleted_is_a_line(kept: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def in_use(path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", in_use)
    result = run("where", "--clear", "cache", "--yes")

    assert result.exit_code == 1
    assert result.stderr == f"Error: {cache.folder() / kept[0]}: Permission denied\n"
