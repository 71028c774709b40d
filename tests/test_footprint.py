"""What the library costs is measured in a fresh environment; a download that fails is tried again."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import footprint


def test_both_tables_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "build_wheel", lambda folder: folder)
    monkeypatch.setattr(footprint, "install", lambda wheel, folder: Path(sys.executable))
    monkeypatch.setattr(footprint, "STATEMENTS", ("import emotion_lib",))
    monkeypatch.setattr(footprint, "sizes", lambda python: {"numpy": 2_000_000, "lamp": 1_000_000})

    printed = CliRunner().invoke(footprint.main, catch_exceptions=False).output

    assert "| import | seconds |\n| --- | --- |\n| `import emotion_lib` | 0." in printed
    assert "| everything | 3.0 |\n| numpy | 2.0 |\n| lamp | 1.0 |\n" in printed


def test_sizes_are_those_of_the_files_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lamp.py").write_bytes(bytes(100))
    (tmp_path / "lamp-1.0.dist-info").mkdir()
    (tmp_path / "lamp-1.0.dist-info" / "METADATA").write_text("Name: lamp\n")
    (tmp_path / "lamp-1.0.dist-info" / "RECORD").write_text("lamp.py,,\nlamp-1.0.dist-info/METADATA,,\n")
    monkeypatch.setattr(footprint, "run", lambda *arguments: f"{tmp_path}\n")

    assert footprint.sizes(Path(sys.executable)) == {"lamp": 100 + len("Name: lamp\n")}


def test_a_python_that_is_timed_has_no_telemetry_unless_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("-c", "import os; print(os.environ['ORT_DISABLE_TELEMETRY'])")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    assert footprint.run(Path(sys.executable), *asked) == "1\n"
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert footprint.run(Path(sys.executable), *asked) == "0\n"


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands of pip that were run, of which the first two fail."""
    commands: list[Sequence[str]] = []

    def made_up(command: Sequence[str], *, check: bool, **_: Any) -> subprocess.CompletedProcess[str]:
        if "pip" in command:
            commands.append(command)
        return subprocess.CompletedProcess(command, returncode=int(0 < len(commands) < 3))

    monkeypatch.setattr(subprocess, "run", made_up)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return commands


def test_a_download_that_fails_is_tried_again(installs: list[Sequence[str]], tmp_path: Path) -> None:
    footprint.install(tmp_path / "emotion_lib.whl", tmp_path)

    assert len(installs) == 3
