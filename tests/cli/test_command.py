"""What all commands have in common: help, exit codes, errors in a line, and a light start."""

import importlib.util
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from emotion_lib.cli import command, main
from emotion_lib.errors import CorpusWarning
from tests.cli.conftest import run

COMMANDS = sorted(main.commands)


def test_the_commands_are_these() -> None:
    names = "check enrol evaluate export extract fetch index info predict score split timeline train where"

    assert " ".join(COMMANDS) == names


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_its_exit_codes(name: str) -> None:
    result = run(name, "--help")

    assert result.exit_code == 0
    assert f"Example: emotion-lib {name}" in result.output
    assert "Exit codes: 0, " in result.output
    assert "130, stopped by Ctrl-C" in " ".join(result.output.split())


@pytest.mark.parametrize(
    "arguments",
    [["info"], ["check"], ["predict"], ["extract", "-o", "x"], ["score", "demo"], ["split", "--protocol"], ["fetch"]],
    ids=lambda arguments: arguments[0],
)
def test_no_name_gives_the_terminal_a_command(arguments: list[str], tmp_path: Path) -> None:
    result = run(*arguments, tmp_path / "\x1b[2J\x9b\u202e")

    assert result.exit_code != 0
    assert result.output.replace("\n", "").isprintable()


def test_the_version_is_the_packages() -> None:
    assert "0." in run("--version").output


@pytest.mark.parametrize("words", [["fly"], ["predict"], ["train", "demo"], ["check", "demo", "--fast"]])
def test_what_is_not_understood_is_exit_code_2(words: list[str]) -> None:
    assert run(*words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "demo", "--model", "oracle", "--protocol", "random"],
        ["evaluate", "demo", "--model", "svm", "--protocol", "none"],
        ["extract", "demo", "--feature", "smell", "--output", "x.npz"],
        ["train", "demo", "--model", "svm", "--output", "x.emotion"],
        ["fetch", "demo"],
        ["split", "demo", "--protocol", "by_luck"],
        ["score", __file__, "--corpus", "demo", "--protocol", "by_luck"],
    ],
)
def test_a_name_that_is_none_is_exit_code_2_and_the_names_are_listed(words: list[str]) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert "is not one of" in result.stderr


def loaded(*words: str) -> set[str]:
    """Return the heavy packages that a command has imported when it ends."""
    heavy = {"IPython", "keras", "librosa", "numpy", "pandas", "pooch", "scipy.stats", "sklearn", "tensorflow"}
    code = f"""
import sys
try:
    from emotion_lib.cli import main
    main()
finally:
    print(*sys.modules.keys() & {heavy!r}, file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return set(ended.stderr.split())


def test_help_needs_no_numpy() -> None:
    assert loaded("--help") == set()


def test_predict_needs_neither_pandas_nor_what_trains(recognizer: Path, speech: list[Path]) -> None:
    folder = str(speech[0].parent)

    assert loaded("predict", folder, "--recognizer", str(recognizer)) == {"numpy"}
    assert loaded("predict", str(speech[0]), "--segments", "--json", "--recognizer", str(recognizer)) == {"numpy"}


def test_info_needs_neither_pandas_nor_what_trains(recognizer: Path) -> None:
    assert loaded("info", str(recognizer), "--json") == {"numpy"}


@click.group(cls=command.Commands)
def failing() -> None:
    """Stand for `emotion-lib`."""


@failing.command()
@click.pass_obj
def fail(obj: Any) -> None:
    """Do what the test says."""
    if isinstance(obj, BaseException):
        raise obj
    obj()


def outcome(what: Any) -> tuple[int, str]:
    """Return exit code and stderr of a command that raises or does something."""
    result = CliRunner().invoke(failing, ["fail"], obj=what)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def test_ctrl_c_is_exit_code_130_and_says_what_was_kept() -> None:
    def stopped() -> None:
        with command.stopping("Half is kept."):
            raise KeyboardInterrupt

    assert outcome(KeyboardInterrupt()) == (130, "Stopped.\n")
    assert outcome(stopped) == (130, "Stopped. Half is kept.\n")


def test_another_import_error_is_not_explained_away() -> None:
    with pytest.raises(ImportError, match="cannot import name"):
        outcome(ImportError("cannot import name 'x'"))
    with pytest.raises(ModuleNotFoundError):
        outcome(ModuleNotFoundError(name="numpy"))


def test_what_a_command_needs_is_missed_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        command, "find_spec", lambda name: None if name == "tf2onnx" else importlib.util.find_spec(name)
    )
    result = run("train", "demo", "--model", "frame_cnn", "--output", tmp_path / "x.emotion")

    assert result.exit_code == 1
    assert result.stderr == "Error: tf2onnx is not installed; run `pip install 'emotion_lib[train]'`\n"
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses_is_a_line() -> None:
    assert outcome(PermissionError(13, "Permission denied", "a.wav")) == (1, "Error: a.wav: Permission denied\n")
    assert outcome(OSError("no more")) == (1, "Error: no more\n")


def test_a_warning_about_a_corpus_is_a_line_and_others_stay_as_they_are() -> None:
    assert outcome(lambda: warnings.warn("2 copies", CorpusWarning, stacklevel=1)) == (0, "Warning: 2 copies\n")
    with pytest.warns(UserWarning, match="else"):
        outcome(lambda: warnings.warn("something else", stacklevel=1))


def test_the_demo_corpus_is_called_synthetic(tmp_path: Path) -> None:
    result = run("extract", "demo", "--feature", "duration_level", "--output", tmp_path / "x.npz")

    assert "demo corpus is synthetic speech" in result.stderr


def test_json_has_null_for_what_is_no_number() -> None:
    value = {"a": np.float32(0.5), "b": [float("nan"), np.inf], "c": Path("x"), "d": (np.int64(1), True, None)}

    assert json.loads(command.to_json(value)) == {"a": 0.5, "b": [None, None], "c": "x", "d": [1, True, None]}


@pytest.mark.parametrize("name", ["a.wav", "über uns.wav", "声.wav", 'a "b".wav'])
def test_a_name_that_can_be_printed_stays_as_it_is(name: str) -> None:
    assert command.printable(name) == name


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "\x1b[31m", "\udcff", '"a"', ""])
def test_a_name_that_would_break_a_line_is_a_json_string(name: str) -> None:
    shown = command.printable(name)

    assert shown.isprintable()
    assert json.loads(shown) == name if name else shown == ""


def test_a_corpus_twice_is_an_error() -> None:
    result = run("train", "demo", "demo", "--output", "x.emotion")

    assert result.exit_code == 1
    assert "demo/DEA_back_angry occurs twice in demo, demo; name each corpus once" in result.stderr
