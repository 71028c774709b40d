"""The mistakes, as one hears them in JupyterLab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NOTEBOOK, SLOW, Lab

CELL = """import numpy as np
from emotion_lib import corpora, widgets
table = corpora.load("demo")
confusions = {"back": "unknown", "bite": "sad", "dog": "sad", "germ": "sad"}
table["predicted"] = table["text"].map(confusions).fillna(table["emotion"])
table.loc[(table["emotion"] == "happy") & (table["predicted"] == "happy"), "predicted"] = "angry"
shares = np.linspace(0.4, 0.9, len(table))
for emotion in table["emotion"].unique():
    table[emotion] = np.where(table["predicted"] == emotion, shares, (1 - shares) / 6)
widgets.mistakes(table)"""
"""Of 24 utterances of joy, all are taken for something else, 16 for anger, the more surely the later in the table."""

MANY = """from emotion_lib import corpora, widgets
table = corpora.load("demo")
widgets.mistakes(table.assign(predicted="sad", path=table["path"].where(table["text"] != "back", "gone.wav")))"""


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with a confusion matrix."""
    page = lab.open([CELL])
    page.locator(".emotion-matrix").wait_for()
    yield page
    lab.close(page)


def listed(page: Page) -> Locator:
    """Return the list behind the cell that is chosen."""
    return page.locator(".emotion-list li")


def heading(page: Page) -> Locator:
    """Return what the list is a list of."""
    return page.get_by_role("status").filter(has_text="predicted as")


def choose(page: Page, name: str) -> None:
    """Press a cell, and wait until it is chosen."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")


def test_the_most_frequent_mistake_is_chosen_and_listed_the_most_confident_first(page: Page) -> None:
    expect(heading(page)).to_have_text("happy predicted as angry: 16 utterances, the most confident first")
    expect(page.locator(".emotion-count[aria-pressed=true]")).to_have_text("16")
    expect(listed(page)).to_have_count(16)
    figures = listed(page).first.locator(".emotion-figures > span").all_text_contents()
    assert [figure.split()[0] for figure in figures] == ["angry", "disgust", "fear", "happy"]
    assert figures[0].endswith("(predicted)")
    assert figures[3].endswith("(acted)")


def test_a_cell_that_is_pressed_lists_what_is_behind_it(page: Page) -> None:
    choose(page, "neutral predicted as sad: 6 utterances")
    expect(listed(page).locator(".emotion-name")).to_have_text(
        ["DEB, germ", "DEB, dog", "DEB, bite", "DEA, germ", "DEA, dog", "DEA, bite"]
    )


def test_cells_without_utterances_are_no_buttons(page: Page) -> None:
    row = page.locator(".emotion-matrix tr").nth(1)
    expect(row.locator("td")).to_have_text(["16", "0", "0", "0", "0", "6", "0", "2", "67 %"])
    expect(row.get_by_role("button")).to_have_text(["16", "6", "2"])


def test_an_utterance_plays_when_it_is_pressed_and_again_and_its_cursor_moves(page: Page) -> None:
    choose(page, "neutral predicted as sad: 6 utterances")
    page.get_by_role("button", name="Play DEA, dog").click()
    page.wait_for_function("parseFloat(document.querySelector('.emotion-cursor').style.left) > 15")
    expect(page.locator(".emotion-widget img")).to_have_attribute(
        "alt", "Waveform and spectrogram: DEA, dog: neutral predicted as sad"
    )
    expect(page.locator(".emotion-list li[aria-current=true] .emotion-name")).to_have_text("DEA, dog")
    page.wait_for_function("document.querySelector('.emotion-widget audio').ended")
    page.locator(".emotion-widget audio").evaluate(SLOW)
    page.get_by_role("button", name="Play DEA, dog").click()
    page.get_by_role("button", name="Pause DEA, dog").click()
    assert page.locator(".emotion-widget audio").evaluate("audio => audio.paused")


def test_another_cell_is_silent(page: Page) -> None:
    page.get_by_role("button", name="Play DEA, bite").click()
    expect(page.get_by_role("button", name="Pause DEA, bite")).to_be_visible()
    choose(page, "fear predicted as sad: 6 utterances")
    expect(page.locator(".emotion-widget audio")).to_be_hidden()
    assert page.locator(".emotion-widget audio").evaluate("audio => audio.paused")


def test_arrow_keys_go_from_cell_to_cell_past_empty_ones_and_enter_chooses(page: Page) -> None:
    choose(page, "angry predicted as angry: 16 utterances")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="angry predicted as sad: 6 utterances")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("disgust predicted as sad: 6 utterances, the most confident first")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Play DEB, germ")).to_be_focused()
    assert page.evaluate(f"{NOTEBOOK}.content.widgets.length") == 1


def test_a_long_list_shows_more_and_a_missing_file_is_a_sentence(lab: Lab) -> None:
    page = lab.open([MANY])
    choose(page, "sad predicted as sad: 24 utterances")
    expect(listed(page)).to_have_count(20)
    page.get_by_role("button", name="Show 4 more of 24").click()
    expect(listed(page)).to_have_count(24)
    expect(listed(page).nth(20).get_by_role("button")).to_be_focused()
    expect(page.get_by_role("button", name="more of")).to_have_count(0)
    page.get_by_role("button", name="Play DEA, back").click()
    expect(page.get_by_role("status").filter(has_text="gone.wav")).to_be_visible()
    expect(page.locator(".emotion-widget audio")).to_be_hidden()
    lab.close(page)
