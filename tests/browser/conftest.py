"""A real JupyterLab on loopback, on the demo corpus, driven in Chromium."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import nbformat
import pytest
import soundfile
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from docs.page import make
from emotion_lib import audio, corpora
from emotion_lib.recognizer import EmotionRecognizer

ROOT = Path(__file__).parents[2]
CHROMIUM = ("chromium", "google-chrome", "chrome")
HOW = "there is no Chromium or Chrome for the tests to drive; on Debian: sudo apt-get install chromium"
FLAGS = ("--disable-gpu", "--disable-quic", "--no-proxy-server")
PATIENCE = 60_000
"""Milliseconds that anything in a page may take, on a busy machine."""

expect.set_options(timeout=PATIENCE)

TO_RUN = 600_000
"""Milliseconds that all cells of a notebook may take."""

NOTEBOOK = "window.jupyterapp.shell.currentWidget"
KERNEL = f"{NOTEBOOK}?.sessionContext?.session?.kernel"

QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
"""Settings of JupyterLab: nothing pops up, nothing is saved unasked; dark where the browser asks for dark."""

WATCH = """() => {
    window.tracks = [];
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (what) => {
        const stream = await ask(what);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
}"""
"""Notes which microphones are open."""

CLOSED = "() => window.tracks.length > 0 && window.tracks.every((track) => track.readyState === 'ended')"
"""Whether all of them that were opened are closed."""

SLOW = "audio => (audio.playbackRate = audio.defaultPlaybackRate = 0.1)"
"""Lets a recording last until a test has looked, on a machine of any speed."""

Microphone = Literal["none", "granted", "denied"]
MICROPHONES: dict[Microphone, tuple[str, ...]] = {
    "none": ("--disable-audio-input",),
    "granted": ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    "denied": ("--use-fake-device-for-media-stream", "--deny-permission-prompts"),
}
"""What lets Chromium have a microphone, and answer when it is asked for it, as a test wants."""


def chromium() -> str:
    """Return Chromium's path, or skip with how to get it; in CI, where it has to be there, fail."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found:
        return found
    if os.environ.get("EMOTION_LIB_REQUIRE_BROWSER") == "1":
        pytest.fail(HOW)
    pytest.skip(HOW)


def npm() -> None:
    """Skip with how to get npm if it is not installed; in CI, where it has to be there, fail."""
    if shutil.which("npm"):
        return
    how = "npm is not installed, and the page takes ONNX Runtime from it; on Debian: sudo apt-get install npm"
    if os.environ.get("EMOTION_LIB_REQUIRE_BROWSER") == "1":
        pytest.fail(how)
    pytest.skip(how)


@dataclass(frozen=True)
class Browser:
    """A browser in front of a JupyterLab."""

    server: "Server"
    chromium: Chromium

    def open(self, cells: Sequence[str], *, dark: bool = False) -> Page:
        """Return the page of a new notebook with these code cells, once all of them have run."""
        return self.run(self.server.write_notebook(cells), dark=dark)

    def run(self, name: str, *, dark: bool = False) -> Page:
        """Return the page of a notebook that is there, once all of its cells have run, or one has an error."""
        page = self.new_page(dark=dark)
        self.show(page, name)
        page.evaluate(
            "() => jupyterapp.commands.execute('notebook:run-all-cells').finally(() => (window.cellsHaveRun = true))"
            " && null"
        )
        page.wait_for_function(f"window.cellsHaveRun && {KERNEL}.status === 'idle'", timeout=TO_RUN)
        return page

    def show(self, page: Page, name: str) -> None:
        """Open a notebook that is there, and wait for its kernel; run nothing."""
        page.goto(f"{self.server.url}/lab/tree/notebooks/{name}?reset&token={self.server.token}")
        page.wait_for_function(f"window.jupyterapp && {KERNEL}?.status === 'idle'")

    def new_page(self, *, dark: bool = False) -> Page:
        """Return an empty page, in a profile of its own."""
        context = self.chromium.new_context(
            viewport={"width": 1200, "height": 900}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def close(self, page: Page) -> None:
        """Close a page, and end its kernel."""
        page.evaluate(f"{NOTEBOOK}.sessionContext.shutdown()")
        page.context.close()


@dataclass(frozen=True)
class Server:
    """A JupyterLab that runs, and the folder that it serves."""

    url: str
    token: str
    folder: Path

    def write_notebook(self, cells: Sequence[str]) -> str:
        """Write a notebook with these code cells, and return its name."""
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        name = f"{secrets.token_hex(4)}.ipynb"
        nbformat.write(notebook, self.folder / "notebooks" / name)
        return name

    def end_kernels(self) -> None:
        """End the kernels of all notebooks."""
        sessions, headers = f"{self.url}/api/sessions", {"Authorization": f"token {self.token}"}
        for session in json.loads(answer(sessions, headers=headers)):
            answer(f"{sessions}/{session['id']}", headers=headers, method="DELETE")


@dataclass(frozen=True)
class Lab(Browser):
    """A JupyterLab with a browser that has no microphone; `browser` starts others."""

    playwright: Playwright

    @property
    def folder(self) -> Path:
        """The root of the server."""
        return self.server.folder

    @contextmanager
    def browser(self, *, microphone: Microphone = "granted", fake_audio: Path | None = None) -> Iterator[Browser]:
        """Start a browser whose microphone hears a WAV file, over and over; without a file, beeps."""
        with started(self.playwright, microphone=microphone, fake_audio=fake_audio) as browser:
            yield Browser(self.server, browser)


@contextmanager
def started(
    playwright: Playwright, *, microphone: Microphone = "none", fake_audio: Path | None = None
) -> Iterator[Chromium]:
    """Start Chromium, without its sandbox (root can have none), and close it."""
    heard = [f"--use-file-for-fake-audio-capture={fake_audio}"] if fake_audio else []
    flags = [*FLAGS, *MICROPHONES[microphone], *heard]
    browser = playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=False, args=flags)
    try:
        yield browser
    finally:
        browser.close()


def saved(page: Page, folder: Path) -> NotebookNode:
    """Save the notebook of a page and return it as it is on disk, which has the cells out of view too."""
    page.evaluate(f"{NOTEBOOK}.context.save()")
    notebook: NotebookNode = nbformat.read(folder / page.evaluate(f"{NOTEBOOK}.context.path"), as_version=4)
    return notebook


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the demo corpus as WAV, the one form that Chromium's microphone can be made of."""
    path = tmp_path_factory.mktemp("recording") / "angry.wav"
    soundfile.write(path, *audio.read(corpora.load("demo")["path"][0]))
    return path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab with copies of the notebooks, which finds the demo corpus alone and nothing else of this machine."""
    chromium()
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*", "*.py", "__*"))
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", ignore=shutil.ignore_patterns("*.py", "__*"))
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    numbers = shutil.ignore_patterns("*.wav")  # the library finds the recordings themselves
    shutil.copytree(ROOT / "data" / "tess-excerpt", folder / "data" / "tess-excerpt", ignore=numbers)
    state = tmp_path_factory.mktemp("lab_state")
    (state / "settings").mkdir()
    (state / "settings" / "overrides.json").write_text(json.dumps(QUIET), encoding="utf-8")
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.terminals_enabled": False,
        "IdentityProvider.token": server.token,
        "LabApp.expose_app_in_browser": True,
        "LabApp.news_url": None,
        "LabServerApp.app_settings_dir": state / "settings",
        "LabServerApp.user_settings_dir": state / "user",
        "LabServerApp.workspaces_dir": state / "workspaces",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with running(command, environment(state), folder=folder, log=state / "log.txt", url=server.url):
        yield server


@pytest.fixture(scope="module")
def lab(server: Server) -> Iterator[Lab]:
    """The JupyterLab and a browser, closed after each file: Playwright's event loop is in the way of any other."""
    with sync_playwright() as playwright, started(playwright) as browser:
        yield Lab(server, browser, playwright)
    server.end_kernels()


def environment(state: Path) -> dict[str, str]:
    """Return the environment of a server and its kernels: no corpus but the demo corpus, no settings of a user."""
    folders = ("EMOTION_LIB_DATA", "EMOTION_LIB_CACHE", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    own = {name: str(state / name.lower()) for name in (*folders, "JUPYTER_RUNTIME_DIR", "XDG_DATA_HOME")}
    others = {name: value for name, value in os.environ.items() if name not in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")}
    return others | own | {"EMOTION_LIB_HIDDEN": "tess", "EMOTION_LIB_PROGRESS": "0", "JUPYTER_PREFER_ENV_PATH": "1"}


@contextmanager
def running(command: list[str], environment: dict[str, str], *, folder: Path, log: Path, url: str) -> Iterator[None]:
    """Run a server in the background from its first answer on, and end it."""
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        until = time.monotonic() + 120
        while not answers(f"{url}/api"):
            if time.monotonic() > until or process.poll() is not None:
                pytest.fail(f"no answer from {url}:\n{log.read_text('utf-8')}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(60)


def answers(url: str) -> bool:
    """Return whether a server answers, if only with a refusal."""
    try:
        answer(url)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def answer(url: str, **request: Any) -> bytes:
    """Return what a server on loopback answers, through no proxy of the machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, **request), timeout=60) as response:
        body: bytes = response.read()
    return body


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def pretrained() -> EmotionRecognizer:
    """The recogniser that comes with the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page of `make page`."""
    npm()
    folder = tmp_path_factory.mktemp("page") / "page"
    make.make(folder)
    return folder


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """The address of the page, as `make page` serves it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(make.Handler, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
