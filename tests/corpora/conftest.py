"""A machine without corpora, a copy of the demo corpus to break, and a server on loopback."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import platformdirs
import pytest

from emotion_lib import corpora
from emotion_lib.corpora import files


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder that EMOTION_LIB_DATA names, on a machine that has no corpora elsewhere."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("EMOTION_LIB_DATA", str(folder))
    monkeypatch.setattr(files, "_checkout", lambda: None)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda _: tmp_path / "user")
    return folder


@pytest.fixture
def demo_copy(tmp_path: Path) -> Path:
    """A copy of the demo corpus: a designed corpus with an index, as TESS is, to be broken by a test."""
    return Path(
        shutil.copytree(corpora.find("demo"), tmp_path / "copy", ignore=shutil.ignore_patterns("*.py", "*.md", "*.csv"))
    )


class Request(NamedTuple):
    """What a client asked for, and how many bytes of content it was sent."""

    path: str
    range: str | None
    sent: int


@dataclass
class Server:
    """Files served on loopback.

    Attributes
    ----------
    files : dict of str to bytes
        Contents by path.
    breaks_after : dict of str to int
        After how many bytes of a path the next connection breaks, once.
    knows_range : bool
        Whether it answers requests for a part with that part.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    breaks_after: dict[str, int] = field(default_factory=dict)
    knows_range: bool = True
    requests: list[Request] = field(default_factory=list)

    def answer(self, path: str, asked: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and content."""
        if path not in self.files:
            return 404, {}, b""
        content = self.files[path]
        if asked is None or not self.knows_range:
            return 200, {}, content
        begin = int(asked.removeprefix("bytes=").removesuffix("-"))
        if begin >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        return 206, {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}, content[begin:]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with nothing to serve yet."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, asked = self.path.partition("?")[0], self.headers["Range"]
            status, headers, content = served.answer(path, asked)
            sent = content[: served.breaks_after.pop(path, len(content))]
            served.requests.append(Request(path, asked, len(sent)))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        served.address = f"http://127.0.0.1:{running.server_port}"
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        running.shutdown()
