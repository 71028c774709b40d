"""What stands around the library: the set-up for make and conda, the pinned versions, the list of commands."""

import os
import re
import shutil
import subprocess
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([a-z,]+)\])?")

KINDS = ("notebooks/run.py --check", "-m pytest --ignore tests/browser", "-m pytest tests/browser")
"""What `make test` runs, two at a time."""

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """What pyproject.toml says of the project."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def conda() -> list[Any]:
    """The dependencies that environment.yml lists; the last one is what pip is given."""
    dependencies: list[Any] = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    return dependencies


def planned(*arguments: str, **variables: str) -> str:
    """Return the commands that make would run."""
    command = ["make", "--no-print-directory", "--dry-run", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what decides the set-up."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def script(path: Path, line: str) -> Path:
    """Write a script of one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def normalised(name: str) -> str:
    """Return a package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_takes_only_python_and_pip_from_its_channel(conda: list[Any], project: dict[str, Any]) -> None:
    assert conda[:-1] == [f"python {project['requires-python']}", "pip"]


def test_conda_installs_the_pinned_versions_and_an_extra_that_exists(conda: list[Any], project: dict[str, Any]) -> None:
    constraints, library = conda[-1]["pip"]

    assert (ROOT / constraints.removeprefix("-c ")).is_file()
    extra = re.fullmatch(r"-e \.\[(\w+)\]", library)
    assert extra
    assert extra[1] in project["optional-dependencies"]


def test_every_requirement_has_its_version_in_constraints(project: dict[str, Any]) -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {normalised(line.partition("==")[0]) for line in lines if "==" in line}
    requirements = list(chain(project["dependencies"], *project["optional-dependencies"].values()))
    names = {normalised(match[1]) for each in requirements if (match := REQUIREMENT.match(each))}

    assert names - {"emotion-lib"} - pinned == set()
    assert [line for line in lines if "://" in line] == []  # no place that packages come from


def test_extras_contain_only_extras_that_exist(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    own = (each for each in chain(*extras.values()) if each.startswith("emotion_lib["))
    contained = {extra for each in own if (match := REQUIREMENT.match(each)) for extra in match[2].split(",")}

    assert contained <= extras.keys()


@needs_make
def test_make_alone_lists_its_targets() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (phony,) = re.findall(r"^\.PHONY: help (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert [line.split()[1] for line in listed.splitlines()] == phony.split()


@needs_make
def test_make_splits_writes_every_list_of_utterances_that_is_committed() -> None:
    (names,) = re.findall(r"for list in (.+?);", planned("splits"))
    committed = (ROOT / "emotion_lib" / "splits" / "lists").glob("*.csv")
    drawn = [path.stem for path in committed if path.read_text("utf-8").startswith("id,")]

    assert sorted(names.split()) == sorted(drawn)


@needs_make
def test_another_python_is_refused_in_one_line_before_anything_is_installed(copy: Path) -> None:
    another = script(copy / "python3.14", "exit 1")

    command = ["make", "notebooks", f"PYTHON={another}"]
    refused = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)

    assert refused.returncode != 0
    assert "emotion_lib needs Python 3.11, 3.12 or 3.13" in refused.stderr.splitlines()[0]
    assert not (copy / ".venv").exists()


@needs_make
def test_an_extra_is_set_up_once_until_what_decides_it_changes(copy: Path) -> None:
    """With a Python that only counts what it is asked for."""
    script(copy / ".venv" / "bin" / "python", 'echo "$@" >> asked')

    def installs() -> int:
        subprocess.run(["make", "lab"], cwd=copy, capture_output=True, check=True)
        return (copy / "asked").read_text().count("pip install")

    assert installs() == 1
    assert installs() == 1
    (copy / "constraints.txt").touch()
    assert installs() == 2


@needs_make
@pytest.mark.parametrize("failing", ["", *KINDS])
def test_make_test_runs_every_kind_of_test_and_fails_if_one_does(copy: Path, failing: str) -> None:
    """With a Python that only writes down what it is asked for, and fails at one thing."""
    script(copy / ".venv" / "bin" / "python", f'echo "$*" >> asked; [ "$*" != "{failing}" ]')

    made = subprocess.run(["make", "test"], cwd=copy, capture_output=True, check=False)

    assert (made.returncode != 0) == bool(failing)
    assert {*KINDS, "-m mypy"} <= {*(copy / "asked").read_text().splitlines()}
