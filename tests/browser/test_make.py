"""What `make lab` and `make app` open, for a user who has another kernel of the same name."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from tests.browser.conftest import KERNEL, NOTEBOOK, ROOT, Lab, environment, free_port, running

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

APP = "from emotion_lib import corpora, widgets\nwidgets.player(corpora.load('demo'))"


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


def n_kernels() -> int:
    """Return how many kernels run for these tests."""
    own = {each.pid for each in psutil.Process().children(recursive=True)}
    running = [each for each in psutil.process_iter(["cmdline"]) if each.pid in own]
    return sum("ipykernel_launcher" in (each.info["cmdline"] or ()) for each in running)


@pytest.fixture(scope="module")
def app(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that `make app` serves a notebook with a player at, for ten seconds after the last visit."""
    *command, notebook = planned("app")
    assert notebook == "notebooks/05_your_voice.ipynb"
    cells = [new_markdown_cell("# A voice"), new_code_cell(APP)]
    nbformat.write(new_notebook(cells=cells), lab.folder / "notebooks" / "app.ipynb")
    soon = [word.replace("timeout=600", "timeout=10").replace("interval=60", "interval=1") for word in command]
    assert soon != command
    state = tmp_path_factory.mktemp("app")
    with made([*soon, "notebooks/app.ipynb"], lab.folder, state):
        (address,) = re.findall(r"http://\S+\?token=\w+", (state / "log.txt").read_text("utf-8"))
        yield address


def test_make_lab_opens_the_first_notebook_with_the_kernel_of_this_python(lab: Lab, tmp_path: Path) -> None:
    command = [*planned("lab"), "--LabApp.expose_app_in_browser=True"]
    page = lab.new_page()
    with made(command, lab.folder, tmp_path):
        (opened,) = (tmp_path / "jupyter_runtime_dir").glob("jpserver-file-to-run-*-open.html")
        page.goto(opened.as_uri())
        page.wait_for_function(f"window.jupyterapp && {KERNEL}?.status === 'idle'")

        assert page.evaluate(f"{NOTEBOOK}.context.path") == "notebooks/01_explore.ipynb"
        expect(page.get_by_text("Python 3 (ipykernel)").first).to_be_visible()
        expect(page.get_by_text("Another Python")).to_have_count(0)
        page.context.close()


def test_make_app_starts_nothing_for_a_visitor_without_its_token(lab: Lab, app: str) -> None:
    page = lab.new_page()
    before = n_kernels()
    page.goto(app.partition("?")[0])
    expect(page.get_by_role("textbox", name="Password or token:")).to_be_visible()
    expect(page.get_by_role("heading", name="A voice")).to_have_count(0)
    assert n_kernels() == before
    page.context.close()


def test_make_app_serves_a_widget_on_a_page_without_code_and_ends_its_kernel_when_nobody_uses_it(
    lab: Lab, app: str
) -> None:
    page = lab.new_page()
    before = n_kernels()
    page.goto(app)
    expect(page.locator(".emotion-widget audio")).to_be_visible()
    expect(page.get_by_role("heading", name="A voice")).to_be_visible()
    expect(page.get_by_text("corpora.load")).to_have_count(0)
    await_end(before)
    page.context.close()


def await_end(n: int, *, seconds: float = 60) -> None:
    """Wait until no more than `n` kernels run."""
    until = time.monotonic() + seconds
    while n_kernels() > n:
        assert time.monotonic() < until
        time.sleep(0.2)
