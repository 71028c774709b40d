"""The player, as one uses it in JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from emotion_lib import audio, corpora
from tests.browser.conftest import NOTEBOOK, SLOW, Lab

CELL = "from emotion_lib import corpora, widgets\nwidgets.player(corpora.load('demo'))"
ADDRESSES = """for (const name of ["createObjectURL", "revokeObjectURL"]) {
    const whole = URL[name].bind(URL);
    const step = name === "createObjectURL" ? 1 : -1;
    URL[name] = (each) => { if (each) window.addresses += step; return whole(each); };
}"""
"""Counts the addresses of recordings and pictures that are in use."""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with a player."""
    page = lab.open([CELL])
    page.locator(".emotion-widget img").wait_for()
    yield page
    lab.close(page)


def shows(page: Page, what: str) -> None:
    """Wait until an utterance is there, picture and sound."""
    expect(page.locator(".emotion-widget img")).to_have_attribute("alt", f"Waveform and spectrogram: {what}")
    page.wait_for_function("document.querySelector('.emotion-widget audio').readyState >= 1")


def advance(page: Page) -> None:
    """Wait until the sound has come forward."""
    page.wait_for_function("document.querySelector('.emotion-widget audio').currentTime > 0.1")


def paused(page: Page) -> bool:
    """Return whether nothing plays."""
    return bool(page.locator(".emotion-widget audio").evaluate("audio => audio.paused"))


def test_an_emotion_is_chosen_and_its_utterance_is_there_and_silent(page: Page) -> None:
    page.get_by_label("Emotion").select_option("sad")
    shows(page, "DEA, sad, back")
    table = corpora.load("demo").set_index(["speaker", "emotion", "text"])
    y, sr = audio.read(str(table.loc[("DEA", "sad", "back"), "path"]))
    duration = page.locator(".emotion-widget audio").evaluate("audio => audio.duration")
    assert duration == pytest.approx(len(y) / sr, abs=0.001)
    assert paused(page)


def test_it_plays_when_it_is_told_to_and_the_cursor_moves(page: Page) -> None:
    cursor = page.locator(".emotion-cursor")
    before = cursor.evaluate("cursor => parseFloat(cursor.style.left)")
    page.locator(".emotion-widget audio").focus()
    page.keyboard.press("Space")
    advance(page)
    page.wait_for_function(
        "start => parseFloat(document.querySelector('.emotion-cursor').style.left) > start", arg=before
    )


def test_what_is_next_goes_on_where_something_plays(page: Page) -> None:
    audio = page.locator(".emotion-widget audio")
    audio.evaluate(SLOW)
    audio.evaluate("audio => { audio.currentTime = 0; return audio.play(); }")
    page.get_by_role("button", name="Next").click()
    shows(page, "DEA, sad, bite")
    advance(page)


def test_what_is_previous_is_silent_where_nothing_plays(page: Page) -> None:
    page.locator(".emotion-widget audio").evaluate("audio => audio.pause()")
    page.get_by_role("button", name="Previous").click()
    shows(page, "DEA, sad, back")
    assert paused(page)


def test_a_click_into_the_picture_goes_there(page: Page) -> None:
    box = page.locator(".emotion-widget img").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    at, duration = page.locator(".emotion-widget audio").evaluate("audio => [audio.currentTime, audio.duration]")
    assert at / duration == pytest.approx(0.5, abs=0.1)


def test_keys_step_and_are_no_shortcuts_of_jupyterlab(page: Page) -> None:
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("n")
    shows(page, "DEA, sad, bite")
    page.keyboard.press("p")
    shows(page, "DEA, sad, back")
    page.keyboard.press("a")
    assert page.evaluate(f"{NOTEBOOK}.content.widgets.length") == 1


def test_arrow_keys_choose_from_a_list_which_keeps_the_focus(page: Page) -> None:
    page.get_by_label("Word").focus()
    page.keyboard.press("ArrowDown")
    shows(page, "DEA, sad, bite")
    expect(page.get_by_label("Word")).to_be_focused()
    expect(page.get_by_label("Word")).to_have_value("bite")


def test_the_addresses_of_recordings_and_pictures_are_given_back(page: Page) -> None:
    page.evaluate(f"window.addresses = 0; {ADDRESSES}")
    for word in ("dog", "back") * 3:
        page.get_by_label("Word").select_option(word)
        shows(page, f"DEA, sad, {word}")
    assert page.evaluate("addresses") == 0
