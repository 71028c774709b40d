"""What other libraries are run in: started, asked, and made anew only where what is listed for them changed."""

import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from benchmarks.footprint import python_of
from benchmarks.speed import elsewhere

ECHO = """
import sys
for line in sys.stdin:
    if line == "end\\n":
        break
    print(sys.argv[1], line, end="", flush=True)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a process that answers each line by itself, and the list of what it needs."""
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "echo.txt").write_text("numpy")
    monkeypatch.setattr(elsewhere, "HERE", tmp_path)
    monkeypatch.setattr(elsewhere, "BUILD", tmp_path / "build")
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Count the environments that are made, as empty folders."""

    def environment(folder: Path, *_: str) -> Path:
        python_of(folder).parent.mkdir(parents=True, exist_ok=True)
        python_of(folder).touch()
        return python_of(folder)

    mock = Mock(side_effect=environment)
    monkeypatch.setattr(elsewhere, "environment", mock)
    return mock


def test_versions_are_told_of_what_the_library_has_not_itself(here: Path) -> None:
    (here / "other.txt").write_text("# a remark\nnumpy==2.4.6\ntorch==2.13.0\n")
    assert elsewhere.pinned() == ["torch 2.13.0"]


def test_a_process_answers_line_by_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "python_with", lambda _: Path(sys.executable))
    with elsewhere.running("echo", "heard") as ask:
        assert [ask("one"), ask("two")] == ["heard one", "heard two"]


def test_a_process_that_ended_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "python_with", lambda _: Path(sys.executable))
    with pytest.raises(ChildProcessError, match="no answer to 'end'"), elsewhere.running("echo", "heard") as ask:
        ask("end")


def test_a_process_that_does_not_start_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "python_with", lambda _: Path(sys.executable))
    (here / "over.py").write_text("")
    with pytest.raises(ChildProcessError, match="no answer to 'one'"), elsewhere.running("over") as ask:
        ask("one")


def test_an_environment_is_made_again_only_for_another_list(here: Path, made: Mock) -> None:
    python = python_of(here / "build" / "echo")
    assert [elsewhere.python_with("echo") for _ in range(2)] == [python, python]
    made.assert_called_once_with(here / "build" / "echo", "--requirement", str(here / "echo.txt"))
    (here / "echo.txt").write_text("numpy==2.4.6")
    assert elsewhere.python_with("echo") == python
    python.unlink()
    assert elsewhere.python_with("echo") == python
    assert made.call_count == 3
