"""The listening test, as one takes it in JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTEBOOK, SLOW, Lab
from tests.browser.test_access import OUTSIDE

CELL = "from emotion_lib import corpora, widgets\nwidgets.listening_test(corpora.load('demo'))"


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with a listening test."""
    page = lab.open([CELL])
    page.get_by_role("button", name="Play").wait_for()
    page.locator(".emotion-widget audio").evaluate(SLOW)
    yield page
    lab.close(page)


def plays(page: Page) -> None:
    """Wait until the recording plays."""
    page.wait_for_function("!document.querySelector('.emotion-widget audio').paused")


def at(page: Page, number: int) -> None:
    """Wait until the test has come to a recording."""
    expect(page.get_by_text(f"Recording {number} of 14")).to_be_visible()


def test_nothing_plays_by_itself_and_no_answer_counts_before_it_is_heard(page: Page) -> None:
    assert page.locator(".emotion-widget audio").evaluate("audio => audio.paused && !audio.src")
    page.get_by_role("button", name="sad").click()
    at(page, 1)


def test_each_emotion_is_a_button_with_its_mark(page: Page) -> None:
    buttons = page.get_by_role("group", name="Which emotion?").get_by_role("button")
    expect(buttons).to_have_text([" angry", " disgust", " fear", " happy", " neutral", " sad", " surprise"])
    assert len({mark.inner_html() for mark in buttons.locator("svg").all()}) == 7


def test_an_answer_goes_on_and_the_next_recording_plays(page: Page) -> None:
    page.get_by_role("button", name="Play").click()
    plays(page)
    page.get_by_role("button", name="sad").click()
    at(page, 2)
    plays(page)


def test_it_is_played_to_its_end_by_keyboard_and_its_keys_are_no_shortcuts_of_jupyterlab(page: Page) -> None:
    page.get_by_role("button", name="Play").focus()
    for number in range(2, 15):
        at(page, number)
        page.keyboard.press("p")
        plays(page)
        page.keyboard.press("6")
    result = page.get_by_role("status").filter(has_text="Your UAR is 14 %")
    expect(result).to_be_focused()
    expect(page.get_by_role("row", name="sad").get_by_role("cell").last).to_have_text("100 %")
    assert page.evaluate(f"{NOTEBOOK}.content.widgets.length") == 1
    expect(page.locator(".emotion-notice:not(:empty)")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 900])
def test_nothing_of_the_result_is_cut_and_nothing_scrolls_sideways(page: Page, width: int) -> None:
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_function("(width) => document.querySelector('.jp-Notebook').clientWidth <= width", arg=width)
    assert page.locator(".emotion-widget").evaluate(OUTSIDE) == []
    page.set_viewport_size({"width": 1200, "height": 900})


def test_the_answers_are_there_after_the_page_is_opened_again_until_they_are_deleted(page: Page, lab: Lab) -> None:
    other = lab.open([CELL])
    expect(other.get_by_text("Your UAR is 14 %")).to_be_visible()
    other.get_by_role("button", name="Delete my answers").click()
    expect(other.get_by_text("Your answers are deleted.")).to_be_visible()
    at(other, 1)
    expect(other.get_by_role("button", name="Play")).to_be_focused()
    lab.close(other)
    again = lab.open([CELL])
    at(again, 1)
    lab.close(again)
