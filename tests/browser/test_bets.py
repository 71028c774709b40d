"""A bet, as one places it in JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTEBOOK, Lab

CELLS = [
    'from emotion_lib import widgets\nbet = widgets.bet("How good is it?")\nbet',
    """import ipywidgets
kept = ipywidgets.Label("nothing kept")
bet.observe(lambda _: setattr(kept, "value", f"kept {bet}"), "value")
kept""",
]
"""The second cell shows what the kernel has."""


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with a bet, and what the kernel keeps of it."""
    page = lab.open(CELLS)
    page.get_by_label("How good is it?").wait_for()
    yield page
    lab.close(page)


def test_arrow_keys_bet_and_are_no_shortcuts_of_jupyterlab(page: Page) -> None:
    slider = page.get_by_label("How good is it?")
    expect(page.get_by_text("No bet yet")).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "no bet yet")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("kept 52 %")).to_be_visible()
    expect(page.get_by_text("Your bet: 52 %")).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "52 %")
    page.keyboard.press("b")
    assert page.evaluate(f"{NOTEBOOK}.content.widgets.length") == 2


def test_enter_bets_on_the_middle(page: Page) -> None:
    page.get_by_label("How good is it?").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("kept 50 %")).to_be_visible()


def test_a_click_bets(page: Page) -> None:
    box = page.get_by_label("How good is it?").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text("kept 50 %")).to_be_visible()
    page.mouse.click(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    expect(page.get_by_text("kept 100 %")).to_be_visible()
