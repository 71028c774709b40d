"""What `make lab` opens, for a user who has another kernel of the same name."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from tests.browser.conftest import KERNEL, NOTEBOOK, ROOT, Lab, environment, free_port, running

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def planned(target: str) -> list[str]:
    """Return the command that make ends in, for this Python."""
    make = ["make", "--no-print-directory", "--dry-run", target]
    plan = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [sys.executable if word == ".venv/bin/python" else word for word in shlex.split(plan.splitlines()[-1])]


@contextmanager
def made(command: list[str], folder: Path, state: Path) -> Iterator[None]:
    """Run a command in a folder, where a user has a `python3` kernel that does not run."""
    kernel = state / "other" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = {"argv": ["false"], "display_name": "Another Python", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(other), encoding="utf-8")
    port, log = free_port(), state / "log.txt"
    variables = environment(state) | {"JUPYTER_PATH": str(state / "other")}
    with running(
        [*command, "--no-browser", f"--port={port}"], variables, folder=folder, log=log, url=f"http://127.0.0.1:{port}"
    ):
        yield


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a first notebook that reads a file of the repository, links another, and writes to build/."""
    folder = tmp_path / "clone"
    (folder / "notebooks").mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / "lab.py", folder / "notebooks")
    for name in (".gitignore", "README.md"):
        shutil.copy(ROOT / name, folder)
    cells = [
        new_markdown_cell("[README](../README.md)"),
        new_code_cell("from pathlib import Path\nPath('../build').mkdir()\nPath('../build/mine').touch()"),
        new_code_cell("print(Path('../README.md').read_text()[:13])"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "notebooks" / "01_explore.ipynb")
    for command in (["init"], ["add", "."], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "--message=All"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_make_lab_prints_the_address_of_a_copy_which_runs_and_saves_and_leaves_the_clone_clean(
    lab: Lab, clone: Path, tmp_path: Path
) -> None:
    page = lab.new_page()
    with made([*planned("lab"), "--LabApp.expose_app_in_browser=True"], clone, tmp_path):
        (address,) = re.findall(r"http://127\S+/lab\S*", (tmp_path / "log.txt").read_text("utf-8"))
        page.goto(address)
        page.wait_for_function(f"window.jupyterapp && {KERNEL}?.status === 'idle'")
        expect(page.get_by_text("Python 3 (ipykernel)").first).to_be_visible()
        expect(page.get_by_text("Another Python")).to_have_count(0)

        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        expect(page.locator(".jp-OutputArea-output")).to_have_text("# emotion_lib")
        page.evaluate(f"{NOTEBOOK}.context.save()")
        page.get_by_role("link", name="README").click()
        page.locator(".jp-MarkdownViewer, .jp-FileEditor").get_by_text("emotion_lib").first.wait_for()
        page.context.close()

    assert "# emotion_lib" in (clone / "lab" / "01_explore.ipynb").read_text("utf-8")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, check=True, capture_output=True, text=True)
    assert status.stdout == ""
