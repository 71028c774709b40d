"""Text and marks of every widget stand out from what is behind them, in each theme of JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emotion_lib import corpora, widgets
from tests.browser.conftest import Lab

START = """from emotion_lib import EmotionRecognizer, corpora, widgets
demo = corpora.load("demo")
recognizer = EmotionRecognizer.load()
shares = {emotion: 0.2 for emotion in demo["emotion"].unique()}
answers = demo.assign(predicted=demo["emotion"].shift(8, fill_value="unknown"), **shares)
"""
SHOWN = {
    "bet": "widgets.bet('How many?')",
    "compare": "widgets.compare(demo)",
    "fetch": "widgets.fetch('tess')",
    "get_used_to": "widgets.get_used_to(recognizer, sentences=['One.', 'Two.'])",
    "listening_test": "widgets.listening_test(demo)",
    "live": "widgets.live(recognizer, start=demo['path'][:3])",
    "mistakes": "widgets.mistakes(answers)",
    "own_voice": "widgets.own_voice(recognizer, start=demo['path'].iloc[0])",
    "player": "widgets.player(demo)",
    "timeline": "widgets.timeline(recognizer, demo['path'].iloc[0])",
}
"""Each widget."""

CONTRASTS = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
LEAST = {"text": 4.5, "mark": 3}
DARK = "theme => jupyterapp.commands.execute('apputils:change-dark-theme', { theme })"
STATES = """() => {
    const all = (what, change) => document.querySelectorAll(what).forEach(change);
    all(".emotion-count", (cell, place, { length }) => cell.style.setProperty("--share", place / (length - 1)));
    all(".emotion-cell", (cell, place) => cell.ariaPressed = place === 0);
    all(".emotion-warning", (warning) => Object.assign(warning, { hidden: false, textContent: "A warning." }));
}"""
"""Every shade of a matrix, a cell that plays, a warning: what is seen only now and then."""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with all widgets, with something recorded, refused and chosen."""
    page = lab.open([f"{START}display({', '.join(SHOWN.values())})"])  # cells out of view would be no part of the page
    expect(page.locator(".emotion-widget")).to_have_count(len(SHOWN))
    recording = corpora.load("demo")["path"][0]
    upload = page.get_by_label("upload a recording")
    upload.first.set_input_files(recording)  # of get_used_to, which lists it
    expect(page.get_by_role("table", name="What you said").locator("tbody tr")).to_have_count(1)
    upload.last.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no recording"})
    expect(page.get_by_role("status").filter(has_text="notes.txt")).to_be_visible()
    page.locator(".emotion-play").first.click()
    page.evaluate(STATES)
    yield page
    page.evaluate(DARK, "JupyterLab Dark")  # as it was: the server keeps it
    lab.close(page)


def test_the_page_has_every_widget() -> None:
    assert SHOWN.keys() == set(widgets.__all__) - {"instead"}


@pytest.mark.parametrize("theme", ["Light", "Dark", "Dark High Contrast"])
def test_text_and_marks_stand_out(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="light" if theme == "Light" else "dark")
    if theme != "Light":
        page.evaluate(DARK, f"JupyterLab {theme}")
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=f"JupyterLab {theme}")

    found = page.evaluate(CONTRASTS)

    assert {each["kind"] for each in found} == {"text", "mark"}
    assert [each for each in found if each["contrast"] < LEAST[each["kind"]]] == []
