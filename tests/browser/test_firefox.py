"""The player in Firefox, on a machine without loudspeakers.

Firefox is driven by WebDriver BiDi, over a WebSocket: Playwright sends it commands that its ESR does not have.
"""

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websocket import WebSocket, create_connection

from tests.browser.conftest import KERNEL, Server, free_port

HOW = "there is no Firefox for the tests to drive; on Debian: sudo apt-get install firefox-esr"
PATIENCE = 60
"""Seconds that one step may take, on a busy machine."""

PREFERENCES = {"media.autoplay.default": 0, "media.cubeb.backend": "none"}
"""A sound may start without a click, and has no output on any machine."""

PLAYER = "from emotion_lib import corpora, widgets\nwidgets.player(corpora.load('demo'))"
WIDGET = "document.querySelector('.emotion-widget')"


@dataclass
class Firefox:
    """A Firefox with one page."""

    socket: WebSocket
    numbers: Iterator[int] = field(default_factory=itertools.count)
    page: str = ""

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answer: dict[str, Any] = {}
        while answer.get("id") != number:  # between them come events
            answer = json.loads(self.socket.recv())
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, url: str) -> None:
        """Open an address in a new tab: the first one never gets the focus, which JupyterLab needs."""
        self.page = self.send("browsingContext.create", type="tab")["context"]
        self.send("browsingContext.navigate", context=self.page, url=url, wait="interactive")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, a number or a text; wait for it if it is a promise."""
        target = {"context": self.page}
        answer = self.send("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < until, condition
            time.sleep(0.1)


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    """A Firefox with a profile of its own."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if not program:
        (pytest.fail if os.environ.get("EMOTION_LIB_REQUIRE_BROWSER") == "1" else pytest.skip)(HOW)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (tmp_path / "user.js").write_text("\n".join(lines))
    port = free_port()
    command = [program, "--headless", "--no-remote", f"--remote-debugging-port={port}", "--profile", str(tmp_path)]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        firefox = Firefox(connect(f"ws://127.0.0.1:{port}/session"))
        firefox.send("session.new", capabilities={})
        yield firefox
        firefox.send("browser.close")
        firefox.socket.close()
        process.wait(PATIENCE)
    finally:
        process.kill()


def connect(url: str) -> WebSocket:
    """Connect to a Firefox that is starting."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return create_connection(url, timeout=PATIENCE, suppress_origin=True)
        except OSError:
            assert time.monotonic() < until, url
            time.sleep(0.1)


def test_the_player_works_and_says_that_no_sound_starts(server: Server, firefox: Firefox) -> None:
    name = server.write_notebook([PLAYER])
    firefox.open(f"{server.url}/lab/workspaces/firefox/tree/notebooks/{name}?token={server.token}")
    firefox.wait_for(f"window.jupyterapp && {KERNEL}?.status === 'idle'")
    firefox.evaluate("jupyterapp.commands.execute('notebook:run-all-cells') && null")
    firefox.wait_for(f"{WIDGET}?.querySelector('img').alt")

    firefox.evaluate(
        f"const emotions = {WIDGET}.querySelector('select[name=emotion]'); emotions.value = 'sad';"
        "emotions.dispatchEvent(new Event('change'))"
    )
    firefox.wait_for(f"{WIDGET}.querySelector('img').alt === 'Waveform and spectrogram: DEA, sad, back'")
    firefox.wait_for(f"{WIDGET}.querySelector('audio').readyState >= 1")
    assert firefox.evaluate(f"{WIDGET}.querySelector('audio').duration") > 0.5

    firefox.evaluate(f"{WIDGET}.querySelector('audio').play() && null")
    firefox.wait_for(f"{WIDGET}.innerText.includes('The sound does not start')")
    server.end_kernels()
