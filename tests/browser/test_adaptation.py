"""Getting a recogniser used to a voice, as one does it in JupyterLab."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from emotion_lib import corpora
from emotion_lib.recognizer import EmotionRecognizer
from tests.browser.conftest import Lab

CELL = """from emotion_lib import widgets
from emotion_lib.recognizer import EmotionRecognizer
mine = widgets.get_used_to(EmotionRecognizer.load(), sentences=["One.", "Two."])
mine"""


@pytest.fixture(scope="module")
def voice() -> pd.Series:
    """Recordings of one voice of the demo corpus, by emotion and word."""
    demo = corpora.load("demo")
    return demo[demo["speaker"] == "DEA"].set_index(["emotion", "text"])["path"]


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with the widget."""
    page = lab.open([CELL])
    page.locator(".emotion-task").wait_for()
    yield page
    lab.close(page)


def upload(page: Page, path: str, *, place: int = 0) -> None:
    """Upload a recording, of the plan or to be tried, once the answer to the last one is there."""
    field = page.get_by_label("upload a recording").nth(place)
    expect(field).to_be_enabled()
    field.set_input_files(path)


def test_two_emotions_are_uploaded_and_the_change_is_shown_tried_and_saved(
    page: Page, voice: pd.Series, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = page.get_by_role("table", name="What you said").locator("tbody tr")
    for place, (emotion, word) in enumerate([("angry", "back"), ("angry", "dog"), ("sad", "back"), ("sad", "dog")]):
        page.get_by_label("Emotion").select_option(emotion) if word == "back" else None
        expect(page.locator(".emotion-task")).to_contain_text(f"{emotion}: “{'One' if word == 'back' else 'Two'}.”")
        upload(page, voice[emotion, word])
        expect(rows).to_have_count(place + 1)

    page.get_by_role("button", name="Adapt to this voice").click()

    expect(page.locator(".emotion-widget")).to_contain_text("adapted to the other 3 but not to this one")
    expect(rows.first.get_by_role("cell").nth(2)).to_contain_text("%")
    upload(page, voice["angry", "home"], place=1)
    for name in ("before", "adapted to this voice"):
        expect(
            page.get_by_role("table", name=f"Probability of each emotion, {name}").locator("tbody tr")
        ).to_have_count(7)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the recogniser").click()
    path = tmp_path_factory.mktemp("download") / download.value.suggested_filename
    download.value.save_as(path)
    assert EmotionRecognizer.load(path).about["enrolled"] == {"angry": 2, "sad": 2}
    page.get_by_label("Load one that was downloaded").set_input_files(path)
    expect(page.locator(".emotion-says")).to_contain_text("my_voice.emotion: adapted to a voice with 4 recordings")


def test_it_can_be_skipped_and_said_again_and_no_recogniser_is_a_sentence(page: Page, voice: pd.Series) -> None:
    page.get_by_role("button", name="Skip").click()
    expect(page.locator(".emotion-task")).to_contain_text("neutral: “Two.”")
    expect(page.locator(".emotion-widget")).to_contain_text("Say it as you usually speak")
    upload(page, voice["neutral", "back"])
    expect(page.locator(".emotion-task")).to_contain_text("angry: “One.”")

    page.get_by_role("button", name="Repeat the last").click()
    expect(page.locator(".emotion-task")).to_contain_text("neutral: “Two.”")
    upload(page, voice["neutral", "back"])
    page.get_by_label("Emotion").select_option("neutral")
    expect(page.locator(".emotion-task")).to_contain_text("neutral: “One.”")
    upload(page, voice["neutral", "dog"])
    expect(page.locator(".emotion-widget")).to_contain_text("The recogniser is adapted to your usual voice")
    page.get_by_role("button", name="Remove neutral, utterance 2").click()
    page.get_by_role("button", name="Remove neutral, utterance 1").click()
    expect(page.get_by_role("button", name="Adapt to this voice")).to_be_disabled()

    page.get_by_label("Load one that was downloaded").set_input_files(Path(voice["angry", "back"]))
    expect(page.locator(".emotion-says")).to_contain_text("DEA_back_angry.flac: not a recogniser")
