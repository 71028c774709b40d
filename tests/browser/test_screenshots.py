"""The pictures of README and of the page in the browser, on what comes with the repository; see `make screenshots`."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Lab

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "screenshots"

START = "from emotion_lib import EmotionRecognizer, corpora, evaluation, widgets\ndemo = corpora.load('demo')\n"
HEARD = "heard = evaluation.evaluate(demo, 'statistics_lda', 'by_speaker').predictions.merge(demo[['id', 'path']])\n"
LONG = """import numpy as np
from emotion_lib import audio
recognizer = EmotionRecognizer.load()
said = ["1008_DFA_NEU", "1008_DFA_ANG", "1008_DFA_HAP", "1027_DFA_NEU", "1027_DFA_SAD", "1027_DFA_ANG"]
samples = [f"ROOT/data/samples/{name}_XX.flac" for name in said]
y = np.concatenate([audio.read(path, sr=16_000)[0] for path in samples])
""".replace("ROOT", ROOT.as_posix())
SHOWN = {
    "player": (START + "widgets.player(demo)", False),
    "mistakes": (START + HEARD + "widgets.mistakes(heard)", True),
    "timeline": (START + LONG + "widgets.timeline(recognizer, y, 16_000)", False),
    "own_voice": (START + "widgets.own_voice(EmotionRecognizer.load(), start=demo['path'].iloc[0])", False),
}
"""What each picture shows, and whether in the dark theme."""


@pytest.mark.parametrize("name", SHOWN)
def test_a_widget_is_worth_a_picture(lab: Lab, name: str) -> None:
    cell, dark = SHOWN[name]
    page = lab.open([cell], dark=dark)
    widget = page.locator(".emotion-widget").first
    if name != "mistakes":  # nothing plays there before it is chosen
        widget.locator("img").first.wait_for()
    page.set_viewport_size({"width": 1200, "height": 1300})  # the tallest widget fits in
    if name == "own_voice":  # it takes a moment to find out what decided
        widget.get_by_role("img", name="and which part decided").wait_for()
    page.wait_for_function("[...document.querySelectorAll('.emotion-widget img')].every((image) => image.complete)")
    BUILD.mkdir(parents=True, exist_ok=True)
    widget.screenshot(path=BUILD / f"{name}.png")
    lab.close(page)
    assert (BUILD / f"{name}.png").stat().st_size < 300_000


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1400, 1190), (390, 844)])
def test_the_page_is_worth_a_picture(lab: Lab, address: str, width: int, height: int, dark: bool) -> None:
    page = lab.new_page(dark=dark)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(reduced_motion="reduce")  # else the bars grow
    page.goto(address)
    page.get_by_role("button", name="woman, angry").click()
    expect(page.locator(".emotion-headline")).to_have_text("angry")
    page.get_by_role("button", name="Which part decided?").click()
    expect(page.locator("#found")).to_be_visible()
    if width < 1000:
        page.locator("#answer").evaluate("answer => answer.scrollIntoView({ block: 'center' })")
    BUILD.mkdir(parents=True, exist_ok=True)
    name = f"page_{'wide' if width > 1000 else 'narrow'}_{'dark' if dark else 'light'}.png"
    page.screenshot(path=BUILD / name)
    page.context.close()
    assert (BUILD / name).stat().st_size < 300_000
