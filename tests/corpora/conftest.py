"""A machine without corpora, small copies of corpora to break, and a server on loopback."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np
import platformdirs
import pytest
import soundfile as sf

from emotion_lib import corpora
from emotion_lib.corpora import inventory


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder that EMOTION_LIB_DATA names, on a machine that has no corpora elsewhere."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("EMOTION_LIB_DATA", str(folder))
    monkeypatch.setattr(inventory, "_checkout", lambda: None)
    monkeypatch.setattr(platformdirs, "user_data_path", lambda _: tmp_path / "user")
    return folder


@pytest.fixture
def demo_copy(tmp_path: Path) -> Path:
    """A copy of the demo corpus: a designed corpus with an index, as TESS is, to be broken by a test."""
    return Path(
        shutil.copytree(corpora.find("demo"), tmp_path / "copy", ignore=shutil.ignore_patterns("*.py", "*.md", "*.csv"))
    )


def noise(sr: int, *, seed: int, channels: int = 1, chunk: bytes = b"") -> bytes:
    """Return a WAV file of 20 ms of noise that no other seed gives, with a chunk of that name before the samples."""
    y = 0.1 * np.random.default_rng(seed).normal(size=(sr // 50, channels))
    sf.write(file := io.BytesIO(), y, sr, format="WAV", subtype="PCM_16")
    content = file.getvalue()
    inserted = chunk + (4044).to_bytes(4, "little") + bytes(4044) if chunk else b""
    riff = (len(content) + len(inserted) - 8).to_bytes(4, "little")
    return content[:4] + riff + content[8:36] + inserted + content[36:]


PADDED = ("14a07Aa", "14a07Fd", "14a07Na", "14a07Wc")
"""The recordings of EMO-DB that have a chunk before the samples."""


@pytest.fixture
def emodb_folder(tmp_path: Path) -> Path:
    """A folder named as EMO-DB is: two of its ten speakers, with its oddity."""
    index = corpora.index("emodb")
    folder = tmp_path / "emodb_folder"
    (folder / "wav").mkdir(parents=True)
    for seed, id in enumerate(index.loc[index["speaker"].isin(["03", "14"]), "id"]):
        content = noise(16_000, seed=seed, chunk=b"PAD " if id in PADDED else b"")
        (folder / "wav" / f"{id}.wav").write_bytes(content)
    return folder


TWIN, OTHER_TWIN = "03-01-03-01-02-01-07", "03-01-03-01-02-02-07"
"""The recording that RAVDESS has under two names."""

STEREO = "03-01-02-01-01-02-01"


@pytest.fixture
def ravdess_folder(tmp_path: Path) -> Path:
    """A folder named as RAVDESS is: three of its 24 actors, with its oddities."""
    index = corpora.index("ravdess")
    folder = tmp_path / "ravdess_folder"
    for actor in ("01", "02", "07"):
        (folder / f"Actor_{actor}").mkdir(parents=True)
    for seed, id in enumerate(index.loc[index["speaker"].isin(["actor_01", "actor_02", "actor_07"]), "id"]):
        content = noise(48_000, seed=seed, channels=2 if id == STEREO else 1, chunk=b"FLLR")
        (folder / f"Actor_{id[-2:]}" / f"{id}.wav").write_bytes(content)
    shutil.copy(folder / "Actor_07" / f"{TWIN}.wav", folder / "Actor_07" / f"{OTHER_TWIN}.wav")
    return folder


def recordings(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by their relative paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.wav"))}


def zipped(files: dict[str, bytes], *folders: str) -> bytes:
    """Return a zip archive that holds the files, in each of the folders if there are any."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in folders or ("",):
            for name, content in files.items():
                archive.writestr(f"{folder}/{name}".lstrip("/"), content)
    return packed.getvalue()


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
    busy : int
        To how many more requests it answers that it is busy.
    retry_after : str
        When it asks to come back, if it is busy.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    breaks_after: dict[str, int] = field(default_factory=dict)
    knows_range: bool = True
    busy: int = 0
    retry_after: str = ""
    requests: list[Request] = field(default_factory=list)

    def answer(self, path: str, asked: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and content."""
        if self.busy:
            self.busy -= 1
            return 503, {"Retry-After": self.retry_after} if self.retry_after else {}, b""
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
            with suppress(ConnectionError):  # of a client that has had enough
                self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        served.address = f"http://127.0.0.1:{running.server_port}"
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        running.shutdown()
