"""The comparison of emotions, as one uses it in JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SLOW, Lab

CELL = """from emotion_lib import corpora, widgets
table = corpora.load("demo")
of_few = table["emotion"].isin(["angry", "sad"]) & table["text"].isin(["back", "dog"])
widgets.compare(table[of_few & ~((table["speaker"] == "DEB") & (table["emotion"] == "sad"))])"""
IN_TURN = ["Play DEA, angry", "Play DEB, angry", "Play DEA, sad"]


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with a comparison of two emotions; one speaker has no sadness."""
    page = lab.open([CELL])
    yield page
    lab.close(page)


def playing(page: Page) -> Locator:
    """Return the cells that play."""
    return page.locator(".emotion-cell[aria-pressed=true]")


def test_there_is_a_cell_an_utterance_and_a_dash_where_there_is_none(page: Page) -> None:
    expect(page.get_by_role("columnheader")).to_have_text(["DEA", "DEB"])
    expect(page.get_by_role("rowheader")).to_have_text([" angry", " sad"])
    assert page.locator(".emotion-cell").evaluate_all("all => all.map(each => each.ariaLabel)") == IN_TURN
    expect(page.get_by_role("img", name="not recorded")).to_have_text("–")
    expect(playing(page)).to_have_count(0)


def test_a_cell_plays_with_a_moving_cursor_until_it_is_over(page: Page) -> None:
    audio = page.locator(".emotion-widget audio")
    audio.evaluate(SLOW)
    page.get_by_role("button", name="Play DEB, angry").click()
    expect(playing(page).locator(".emotion-cursor")).to_have_count(1)
    page.wait_for_function("parseFloat(document.querySelector('.emotion-cursor').style.left) > 5")
    expect(playing(page)).to_have_attribute("aria-label", "Play DEB, angry")
    audio.evaluate("audio => (audio.playbackRate = audio.defaultPlaybackRate = 1)")
    expect(playing(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Play in turn")).to_be_visible()


def test_all_play_in_turn(page: Page) -> None:
    page.evaluate("""() => {
        window.played = [];
        const audio = document.querySelector(".emotion-widget audio");
        const now = () => document.querySelector(".emotion-cell[aria-pressed=true]").ariaLabel;
        audio.addEventListener("ended", () => played.push([now(), audio.currentTime]), { capture: true });
    }""")
    page.get_by_role("button", name="Play in turn").click()
    page.wait_for_function("played.length === 3")
    played = page.evaluate("played")
    assert [name for name, _ in played] == IN_TURN
    assert all(seconds > 1 for _, seconds in played)
    expect(page.get_by_role("button", name="Play in turn")).to_be_visible()


def test_playing_in_turn_is_stopped(page: Page) -> None:
    page.locator(".emotion-widget audio").evaluate(SLOW)
    page.get_by_role("button", name="Play in turn").click()
    page.get_by_role("button", name="Stop").click()
    expect(playing(page)).to_have_count(0)
    assert page.locator(".emotion-widget audio").evaluate("audio => audio.paused")


def test_another_word_is_chosen(page: Page) -> None:
    before = page.locator(".emotion-cell img").first.get_attribute("src")
    page.get_by_label("Word").select_option("dog")
    expect(page.locator(".emotion-cell img").first).not_to_have_attribute("src", before or "")
    expect(page.locator(".emotion-cell")).to_have_count(3)


def test_arrow_keys_go_from_cell_to_cell_and_enter_plays(page: Page) -> None:
    page.get_by_role("button", name="Play DEA, angry").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Play DEA, sad")).to_be_focused()
    page.keyboard.press("Enter")
    expect(playing(page)).to_have_attribute("aria-label", "Play DEA, sad")
