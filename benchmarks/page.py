"""Measure the page in the browser: how long ten minutes of speech take, and whether the page stays free meanwhile.

    python -m benchmarks.page      print the table and write page.csv (two minutes; needs Chromium and npm)

The aims are 90 seconds, and no task of more than 200 ms on the main thread. The recording is made of the samples in
`data/samples`, which are speech almost throughout.
"""

import shutil
import tempfile
import time
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import numpy as np
import pandas as pd
import soundfile
from playwright.sync_api import Page, expect, sync_playwright

from docs.page import make
from emotion_lib import audio

TABLE = Path(__file__).parent / "page.csv"
SAMPLES = make.ROOT / "data" / "samples"
MINUTES = 10
PATIENCE = 600_000  # milliseconds

WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({ entryTypes: ["longtask"] });"""


def main() -> None:
    """Measure, print and write the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "page"
        make.make(folder)
        recording = Path(place) / "ten minutes.flac"
        write_recording(recording)
        handler = partial(make.Handler, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
            Thread(target=server.serve_forever, daemon=True).start()
            path = shutil.which("chromium") or shutil.which("google-chrome")
            page = playwright.chromium.launch(executable_path=path, chromium_sandbox=False).new_page()
            table = pd.DataFrame(measure(page, f"http://127.0.0.1:{server.server_address[1]}/", recording))
            server.shutdown()
    table.to_csv(TABLE, index=False)
    click.echo(table.to_string(index=False))


def write_recording(path: Path) -> None:
    """Write a recording of ten minutes, the samples over and over."""
    y = np.concatenate([audio.read(sample, sr=16_000)[0] for sample in sorted(SAMPLES.glob("*.flac"))])
    soundfile.write(path, np.resize(y, MINUTES * 60 * 16_000), 16_000)


def measure(page: Page, address: str, recording: Path) -> list[dict[str, object]]:
    """Return the seconds of loading, of a short answer and of a long one, and the longest tasks of the main thread."""
    page.set_default_timeout(PATIENCE)
    page.add_init_script(WATCH)
    rows = []

    def row(what: str, start: float) -> None:
        longest = page.evaluate("() => { const found = window.longest; window.longest = 0; return found; }")
        rows.append({"what": what, "seconds": round(time.monotonic() - start, 1), "longest_task_ms": round(longest)})

    start = time.monotonic()
    page.goto(address)
    expect(page.locator("#record")).to_be_enabled(timeout=PATIENCE)
    row("load from this machine", start)
    for what, name, files in (
        ("a sample of 3 seconds", "1008_DFA_ANG_XX.flac", SAMPLES / "1008_DFA_ANG_XX.flac"),
        ("ten minutes", recording.name, recording),
    ):
        start = time.monotonic()
        page.locator("#files").set_input_files(files)
        expect(page.locator("#answer-name")).to_have_text(name, timeout=PATIENCE)
        row(what, start)
    return rows


if __name__ == "__main__":
    main()
