"""The cursor stands on the sample that sounds, however large the page is shown."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.conftest import NOTEBOOK, PATIENCE, Lab, saved

SET_UP = """
from emotion_lib import EmotionRecognizer, corpora, widgets
table, recognizer = corpora.load("demo"), EmotionRecognizer.load()
mine = table[table["speaker"] == "DEA"].groupby("emotion").head(1)
path = mine["path"].iloc[0]
"""
SHOWN = {
    "player": "widgets.player(table)",
    "mistakes": "widgets.mistakes(table.assign(predicted='happy'))",
    "own_voice": "widgets.own_voice(recognizer, start=path)",
    "get_used_to": "widgets.get_used_to(recognizer, start=mine)",
    "live": "widgets.live(recognizer, start=path)",
    "timeline": "widgets.timeline(recognizer, path)",
}


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with all widgets that have a cursor."""
    page = lab.open([SET_UP, *SHOWN.values()])
    saved(page, lab.folder)
    hide_cursor(page)
    yield page
    lab.close(page)


def hide_cursor(page: Page) -> None:
    """Let a picture of the page be without the cursor, whose place is measured."""
    page.add_style_tag(content=".emotion-cursor { opacity: 0 }")


def frame(page: Page, name: str) -> Locator:
    """Scroll to a widget, let it show a recording, and return the frame with its picture and its cursor."""
    number = list(SHOWN).index(name) + 1
    page.evaluate(f"{NOTEBOOK}.content.scrollToItem({number}).then(() => null)")
    cell = page.locator(f".jp-Cell[data-windowed-list-index='{number}']")
    if name in ("mistakes", "get_used_to"):
        cell.get_by_role("button", name="Play").first.click()
    shown = cell.locator(".emotion-frame:has(img[src]) >> visible=true")
    shown.locator("img").evaluate("image => image.decode()")
    return shown


def axis(picture: Image.Image) -> tuple[int, int]:
    """Return the first and the last column of the spectrogram, which is black where the recording begins and ends."""
    width, height = picture.size
    lower = np.asarray(picture.convert("RGB"))[height // 2 : height * 3 // 4, : width * 9 // 10]  # not the colour bar
    columns = np.flatnonzero((lower.max(axis=2) < 40).mean(axis=0) > 0.5)
    return int(columns[0]), int(columns[-1])


def off(page: Page, share: float) -> float:
    """Seek to a share of the player's recording, and return how many pixels the cursor is off the sample there."""
    shown = frame(page, "player")
    page.locator(".emotion-widget audio").first.evaluate(
        """(audio, share) => new Promise((done) => {
            const seek = () => (audio.currentTime = share * audio.duration);
            audio.addEventListener("seeked", () => requestAnimationFrame(done), { once: true });
            if (audio.readyState) seek();
            else audio.addEventListener("loadedmetadata", seek, { once: true });
        })""",
        share,
    )
    picture = Image.open(io.BytesIO(shown.locator("img").screenshot()))
    image, cursor = (shown.locator(each).bounding_box() for each in ("img", ".emotion-cursor"))
    assert image
    assert cursor
    left, right = axis(picture)
    at = (cursor["x"] + cursor["width"] / 2 - image["x"]) * picture.width / image["width"]
    return at - (left + share * (right + 1 - left))


@pytest.mark.parametrize("name", SHOWN)
def test_the_cursor_moves_on_the_width_of_the_picture(page: Page, name: str) -> None:
    shown = frame(page, name)
    widths = shown.evaluate("f => [f, f.querySelector('img')].map((each) => each.getBoundingClientRect().width)")
    assert widths[0] == pytest.approx(widths[1], abs=0.5)


@pytest.mark.parametrize(("width", "zoom"), [(1200, 1), (600, 1), (2000, 1.25), (2000, 1.5)])
def test_the_cursor_is_on_the_sample_in_any_width_and_magnified(page: Page, width: int, zoom: float) -> None:
    page.set_viewport_size({"width": width, "height": 1400})
    page.evaluate(f"document.querySelector('.jp-Notebook').style.zoom = {zoom}")
    assert [off(page, share) for share in (0.0, 0.25, 0.9)] == pytest.approx([0.0, 0.0, 0.0], abs=2)


@pytest.mark.parametrize("zoom", [1.25, 1.5])
def test_the_cursor_is_on_the_sample_in_a_zoomed_browser(page: Page, lab: Lab, zoom: float) -> None:
    """A browser that zooms has larger pixels, and a window of fewer."""
    zoomed = lab.chromium.new_context(
        viewport={"width": round(1200 / zoom), "height": round(900 / zoom)}, device_scale_factor=zoom
    ).new_page()
    zoomed.set_default_timeout(PATIENCE)
    lab.show(zoomed, Path(page.evaluate(f"{NOTEBOOK}.context.path")).name)
    hide_cursor(zoomed)
    assert [off(zoomed, share) for share in (0.0, 0.25, 0.9)] == pytest.approx([0.0, 0.0, 0.0], abs=2)
    zoomed.context.close()
