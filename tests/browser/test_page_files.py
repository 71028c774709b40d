"""What the page in the browser fetches and reads: every file once, and nothing from or to anybody else."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.page import make
from emotion_lib import audio, corpora
from emotion_lib.recognizer import EmotionRecognizer
from tests.browser.conftest import PATIENCE, ROOT, npm, started

SAMPLE = ROOT / "data" / "samples" / "1008_DFA_ANG_XX.flac"

FETCHED = """async (address) => {
    try { return (await fetch(address)).status } catch (error) { return error.name }
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a microphone, ended after this file."""
    with sync_playwright() as playwright, started(playwright) as browser:
        yield browser


@contextmanager
def served(handler: Any) -> Iterator[str]:
    """Run a server on loopback, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def visited(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """Yield the page on a first visit, once it can answer."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(address)
        expect(page.locator("#record")).to_be_enabled()
        yield page


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, ready."""
    with visited(browser, address) as page:
        yield page


def test_neither_the_page_nor_its_worker_can_ask_another_server(page: Page) -> None:
    asked: list[str] = []

    class Stranger(SimpleHTTPRequestHandler):
        """Answers whoever asks, from any page."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with served(Stranger) as stranger:
        (worker,) = page.workers
        assert page.evaluate(FETCHED, stranger) == "TypeError"
        assert worker.evaluate(FETCHED, stranger) == "TypeError"
        assert worker.evaluate(FETCHED, page.url + "about.json") == 200

    assert asked == []


def test_the_first_visit_fetches_each_large_file_once_and_as_much_as_the_page_says(
    browser: Browser, folder: Path
) -> None:
    sent: list[Path] = []

    class Counting(make.Handler):
        """Notes what it sends."""

        def copyfile(self, source: Any, outputfile: Any) -> None:
            sent.append(Path(source.name))
            super().copyfile(source, outputfile)

    with served(partial(Counting, directory=folder)) as address, visited(browser, address) as page:
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    large = [path.name for path in sent if path.name in make.LOADED]
    assert sorted(large) == sorted(make.LOADED)
    told = json.loads((folder / "about.json").read_text("utf-8"))["megabytes"]
    assert sum(path.stat().st_size for path in sent) < (told + 1) * 1e6
    assert f"{told} MB" in (ROOT / "docs" / "page.md").read_text("utf-8")


def test_the_folder_has_nothing_that_the_page_does_not_use(folder: Path) -> None:
    samples = sorted(path.name for path in (folder / "samples").iterdir())

    assert [name for name in samples if not name.endswith(".flac")] == ["README.txt"]
    source = (folder / "samples" / "README.txt").read_text("utf-8")
    assert "](" not in source
    assert "Database Contents" in source


def answered(page: Page, *paths: Path) -> str:
    """Choose files, and return what the page says of them."""
    page.locator("#files").set_input_files(paths)
    expect(page.locator("#files")).to_have_value("")  # given back once all are answered
    return page.locator("#says").inner_text() + " " + page.locator("#answer").inner_text()


def test_channels_that_cancel_each_other_are_read_as_in_python(
    page: Page, pretrained: EmotionRecognizer, tmp_path: Path
) -> None:
    y, sr = audio.read(SAMPLE)
    soundfile.write(tmp_path / "swapped.wav", np.stack([y, -0.9 * y], axis=1), sr)
    expected = pretrained.predict(tmp_path / "swapped.wav")

    said = answered(page, tmp_path / "swapped.wav")

    assert f"Predicted: {expected.emotion}, {expected.confidence:.0%}".replace("%", " %") in said
    assert "Its channels cancel each other, so that channel 1 alone is read." in said


def wav(path: Path, y: np.ndarray) -> bytes:
    """Write samples as a WAV file, and return its bytes."""
    soundfile.write(path, y, 16_000, subtype="FLOAT" if np.isnan(y).any() else "PCM_16")
    return path.read_bytes()


def test_what_the_browser_would_hide_is_told_with_the_file_and_a_cure(page: Page, tmp_path: Path) -> None:
    y, _ = audio.read(SAMPLE, sr=16_000)
    whole = wav(tmp_path / "whole.wav", y)
    data = whole[36:]
    files = {
        "two.wav": (whole + data, "several recordings in one file; save each in a file of its own"),
        "cut.wav": (whole[: len(whole) // 2], "cut short: its header claims"),
        "head.wav": (whole[:44], "cut short: its header claims"),
        "nothing.wav": (wav(tmp_path / "0.wav", y[:0]), "no samples; choose another recording"),
        "nan.wav": (wav(tmp_path / "1.wav", np.where(np.arange(len(y)) == 9000, np.nan, y)), "not finite (NaN"),
        "empty.mp3": (b"", "an empty file; choose a recording"),
        "letter.wav": (b"Dear Anna", "this browser cannot read it; convert it to WAV"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)

    said = answered(page, *(tmp_path / name for name in files))

    for name, (_, why) in files.items():
        assert f"{name}: {why}" in said


@pytest.mark.parametrize("claimed", [0x7FFFFFFF, 0xFFFFFFFF])
def test_the_length_that_a_stream_claims_is_no_claim(page: Page, tmp_path: Path, claimed: int) -> None:
    whole = wav(tmp_path / "whole.wav", audio.read(SAMPLE, sr=16_000)[0])
    (tmp_path / "stream.wav").write_bytes(whole[:40] + claimed.to_bytes(4, "little") + whole[44:])

    assert "Predicted: angry" in answered(page, tmp_path / "stream.wav")


def test_a_file_that_is_gone_when_its_turn_comes_is_told(page: Page, tmp_path: Path) -> None:
    y, sr = audio.read(SAMPLE)
    soundfile.write(tmp_path / "long.wav", np.tile(y, 4), sr)
    (tmp_path / "gone.wav").write_bytes((tmp_path / "long.wav").read_bytes())

    page.locator("#files").set_input_files([tmp_path / "long.wav", tmp_path / "gone.wav"])
    (tmp_path / "gone.wav").unlink()

    expect(page.locator("#says")).to_contain_text("gone.wav: a folder, or no longer there; choose recordings")
    expect(page.locator("#working")).to_be_hidden()


def test_a_server_without_about_json_is_told(browser: Browser, address: str) -> None:
    with browser.new_context(service_workers="block") as context:
        page = context.new_page()
        page.route("**/about.json", lambda route: route.fulfill(status=404, body="gone"))
        page.goto(address)

        expect(page.locator("#from-a-file")).to_contain_text("about.json did not come: check the network")


def test_a_large_file_that_does_not_come_is_named(browser: Browser, address: str) -> None:
    with browser.new_context(service_workers="block") as context:
        page = context.new_page()
        page.route("**/voices.bin?*", lambda route: route.abort())
        page.goto(address)

        words = "voices.bin did not come (check the network)."
        expect(page.locator("#loading-words")).to_contain_text(words)


def test_making_fails_with_a_cure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert make.main(["--folder", "/dev/null/page"]) == 1
    assert "/dev/null/page cannot be written" in capsys.readouterr().err

    with pytest.raises(make.PageError, match=r"port 99999 cannot be used .* --port"):
        make.serve(Path(), 99999)

    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setattr(make, "unpack_runtime", lambda folder: None)
    assert make.main(["--no-serve", "--folder", "build/never"]) == 1
    assert "pip install 'emotion_lib[export]'" in capsys.readouterr().err


def test_npm_without_a_network_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm()
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    with pytest.raises(make.PageError, match=r"could not fetch onnxruntime-web@.*ECONNREFUSED.*; connect to the net"):
        make.unpack_runtime(tmp_path)


def test_a_recording_of_minutes_is_answered_by_the_worker(page: Page, tmp_path: Path) -> None:
    y = np.concatenate([audio.read(path, sr=16_000)[0] for path in sorted(SAMPLE.parent.glob("*.flac"))])
    soundfile.write(tmp_path / "long.flac", np.tile(y, 8), 16_000)

    answered(page, tmp_path / "long.flac")

    expect(page.locator("#answer-name")).to_have_text("long.flac")
    expect(page.locator("#timeline")).to_be_visible()
    assert page.locator("#strip button").count() > 8


OPEN = """async () => {
    const ort = await import("./ort.wasm.min.mjs");
    ort.env.wasm.wasmPaths = new URL("./", location).href;
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create("recognizer.onnx");
    window.answerFor = async (text) => {
        const samples = new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
        const waveform = new ort.Tensor("float32", samples, [1, samples.length]);
        return [...(await session.run({ waveform })).probabilities.data];
    };
}"""


def test_the_exported_file_gives_the_probabilities_of_python_in_the_browser(
    page: Page, pretrained: EmotionRecognizer
) -> None:
    demo, excerpt = corpora.load("demo"), corpora.load("tess-excerpt")
    page.evaluate(OPEN)

    for path in [*excerpt["path"], *demo["path"][::6], *sorted(SAMPLE.parent.glob("*.flac"))]:
        y, sr = audio.read(path, sr=16_000)
        found = page.evaluate("(text) => answerFor(text)", base64.b64encode(y.tobytes()).decode())
        np.testing.assert_allclose(found, pretrained.predict_proba(y, sr=sr, trim=False), atol=1e-3, err_msg=str(path))
