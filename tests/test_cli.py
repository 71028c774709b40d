"""The `emotion-lib` command says what it did, and its exit code says how it went."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from emotion_lib import corpora
from emotion_lib.cli import main
from emotion_lib.corpora import fetch as fetching
from emotion_lib.corpora.archive import Wanted
from emotion_lib.errors import CorpusError

COMMANDS = sorted(main.commands)


def run(*arguments: str | Path) -> Result:
    """Run the command, and let nothing but its own errors pass."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


class Shelf:
    """A source of one recording, which is there already."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def bring(self, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Write every wanted recording."""
        for item in wanted.values():
            place = staging / "recordings" / item.place
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self.content)
        return staging / "recordings"


class Broken:
    """A source that breaks off as a network does, or as a person does."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def bring(self, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Raise."""
        raise self.error


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_its_exit_codes(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: emotion-lib {command}" in result.output
    assert "Exit codes: 0, all is well" in result.output


def test_the_version_is_the_packages() -> None:
    assert "0." in run("--version").output


def test_an_unknown_command_is_exit_code_2() -> None:
    assert run("fly").exit_code == 2


def test_check_of_a_whole_folder_is_exit_code_0(tess_folder: Path) -> None:
    result = run("check", tess_folder)
    assert result.exit_code == 0
    assert "42 of 42 utterances, nothing is wrong" in result.stdout


def test_check_of_a_broken_folder_names_what_is_wrong_and_is_exit_code_1(tess_folder: Path) -> None:
    (tess_folder / "notes.wav").write_text("not audio")
    result = run("check", tess_folder)
    assert result.exit_code == 1
    assert "notes.wav" in result.stdout


def test_check_of_no_folder_is_one_line_on_stderr(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_index_writes_what_make_index_returns(tess_folder: Path, tmp_path: Path) -> None:
    assert run("index", tess_folder, "--output", tmp_path / "index.csv").exit_code == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "index.csv"), corpora.make_index(tess_folder))


def test_index_writes_to_stdout_unless_told(tess_folder: Path) -> None:
    assert run("index", tess_folder).stdout.startswith("id,speaker,emotion,text,rate,samples,sha256\nOAF_bridge_angry,")


def test_index_of_the_demo_corpus_is_the_committed_file() -> None:
    committed = Path(corpora.__file__).with_name("demo.csv").read_text(encoding="utf-8")
    assert run("index", corpora.find("demo")).stdout == committed


def test_fetch_states_licence_and_size_and_says_where_it_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.SOURCES, "kaggle", Shelf(b"recording"))
    result = run("fetch", "tess", "--to", tmp_path / "tess")
    assert result.exit_code == 0
    assert "CC BY-NC-ND 4.0" in result.stdout
    assert "281 MB" in result.stdout
    assert str(tmp_path / "tess") in result.stdout
    assert len(list((tmp_path / "tess").rglob("*.wav"))) == 2800


def test_fetch_that_fails_is_one_line_on_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.SOURCES, "dataverse", Broken(CorpusError("the download stopped")))
    result = run("fetch", "tess", "--source", "dataverse", "--to", tmp_path / "tess")
    assert result.exit_code == 1
    assert result.stderr == "Error: the download stopped\n"


def test_fetch_stopped_by_hand_leaves_no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.SOURCES, "kaggle", Broken(KeyboardInterrupt()))
    result = run("fetch", "tess", "--to", tmp_path / "tess")
    assert result.exit_code == 1
    assert "Aborted!" in result.stderr
    assert not (tmp_path / "tess").exists()


def test_fetch_of_another_corpus_is_exit_code_2() -> None:
    assert run("fetch", "demo").exit_code == 2


def test_fetch_leaves_a_whole_copy_alone(demo_index_as_tess: Path) -> None:
    assert run("fetch", "tess", "--to", demo_index_as_tess).exit_code == 0


@pytest.fixture
def demo_index_as_tess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole copy of what stands for TESS; any download would fail."""
    demo = Path(shutil.copytree(corpora.find("demo"), tmp_path / "whole"))
    monkeypatch.setattr(fetching, "read_index", lambda _: corpora.index("demo"))
    monkeypatch.setitem(fetching.SOURCES, "kaggle", Broken(AssertionError("downloaded")))
    return demo


def test_the_command_starts_without_pandas() -> None:
    code = "import sys, emotion_lib.cli; print(sorted({'pandas', 'pooch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
