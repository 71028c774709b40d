"""An hour along its timeline, as one hears it in JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from emotion_lib import audio, corpora
from tests.browser.conftest import NOTEBOOK, Lab

SR = 16_000
HOUR = 3600
CELL = """import numpy as np, pandas as pd
from emotion_lib import EmotionRecognizer, widgets
recognizer = EmotionRecognizer.load()
start = np.arange(0, {seconds}, 0.5)
share = np.where(start[:, None] // 60 % 7 == np.arange(7), 0.7, 0.05)  # another emotion each minute
answer = np.array(recognizer.emotions)[share.argmax(axis=1)]
table = pd.DataFrame({{"start": start, "end": start + 0.5, "emotion": answer, "reason": ""}})
table = table.join(pd.DataFrame(share, columns=recognizer.emotions))
widgets.timeline(recognizer, {path!r}, table=table)"""
"""To predict an hour takes a minute and is tested elsewhere; here the table is made up."""

SOUNDS = """async () => {
    const audio = document.querySelector(".emotion-timeline audio");
    const bytes = await (await fetch(audio.src)).arrayBuffer();
    return {at: audio.currentTime, samples: [...new Int16Array(bytes.slice(44, 44 + 8000))]};
}"""
"""What the audio element plays: its place in the piece, and the first quarter of a second of it."""


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of joined demo recordings."""
    demo = np.concatenate([audio.read(path, sr=SR)[0] for path in corpora.load("demo")["path"]])
    path = tmp_path_factory.mktemp("hour") / "hour.wav"
    soundfile.write(path, np.resize(demo, HOUR * SR), SR)
    return path


@pytest.fixture(scope="module")
def page(lab: Lab, hour: Path) -> Iterator[Page]:
    """A notebook with the timeline of the hour."""
    page = lab.open([CELL.format(seconds=HOUR, path=str(hour))])
    expect(page.get_by_role("img", name="Timeline of 3600.0 s")).to_be_visible()
    yield page
    lab.close(page)


def click(page: Page, share: float) -> None:
    """Click into the picture, at a share of its width."""
    box = page.locator(".emotion-timeline img").bounding_box()
    assert box
    page.mouse.click(box["x"] + share * box["width"], box["y"] + 40)


def seconds(page: Page) -> float:
    """Return the place that the widget says it is at."""
    clock = page.locator(".emotion-now").inner_text().split(" of ")[0]
    return sum(60**power * float(part) for power, part in enumerate(reversed(clock.split(":"))))


def test_an_hour_is_heard_at_the_place_that_is_clicked(page: Page, hour: Path) -> None:
    click(page, 0.5)
    page.wait_for_function("document.querySelector('.emotion-timeline audio').currentTime > 0.2")
    page.get_by_role("button", name="Pause").click()

    heard = page.evaluate(SOUNDS)
    began = seconds(page) - heard["at"]
    assert 0.4 * HOUR < began < 0.7 * HOUR
    around, _ = soundfile.read(hour, start=round((began - 0.2) * SR), stop=round((began + 0.5) * SR), dtype="int16")
    piece = np.array(heard["samples"][:2000], dtype=np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(around.astype(np.float64), len(piece))
    assert np.abs(windows - piece).max(axis=1).min() <= 2  # the same samples, at a place known to a tenth of a second


def test_the_cursor_is_where_it_sounds_and_moves_with_it(page: Page) -> None:
    click(page, 0.3)
    left = "parseFloat(document.querySelector('.emotion-timeline .emotion-cursor').style.left)"
    page.wait_for_function(f"Math.abs({left} - 30) < 0.5")
    for _ in range(4):
        source = page.locator(".emotion-timeline img").get_attribute("src")
        page.get_by_role("button", name="Closer").click()
        expect(page.locator(".emotion-timeline img")).not_to_have_attribute("src", source or "")
    before = page.evaluate(left)
    page.wait_for_function(f"(before) => {left} !== before", arg=before)
    page.get_by_role("button", name="Pause").click()


def test_keys_zoom_and_move_and_are_no_shortcuts_of_jupyterlab(page: Page) -> None:
    page.locator(".emotion-timeline").focus()
    page.keyboard.press("0")
    at = seconds(page)
    words = page.locator(".emotion-now").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".emotion-now")).not_to_have_text(words)
    assert seconds(page) == pytest.approx(at + 1, abs=0.15)
    page.keyboard.press("a")
    assert page.evaluate(f"{NOTEBOOK}.content.widgets.length") == 1


def test_it_goes_on_over_the_end_of_a_piece(page: Page) -> None:
    page.locator(".emotion-timeline audio").evaluate(
        """(audio) => new Promise((done) => {
            audio.addEventListener("seeked", () => requestAnimationFrame(done), { once: true });
            audio.currentTime = audio.duration - 0.5;
        })"""
    )
    before = page.locator(".emotion-timeline audio").get_attribute("src")
    at = seconds(page)
    page.locator(".emotion-timeline").focus()
    page.keyboard.press(" ")
    page.wait_for_function("(src) => document.querySelector('.emotion-timeline audio').src !== src", arg=before)
    page.wait_for_function("document.querySelector('.emotion-timeline audio').currentTime > 0.1")
    assert at < seconds(page) < at + 15
    page.keyboard.press(" ")
