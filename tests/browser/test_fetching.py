"""The button that gets TESS, as one presses it in JupyterLab."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Lab

CELL = """from emotion_lib import widgets
from emotion_lib.corpora import download, mirrors
mirrors.SOURCES["tess"] = {{"kaggle": download.Archive("http://127.0.0.1:{port}/tess", "a few MB", retries=0)}}
widgets.fetch("tess")"""


@pytest.fixture
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with the button, whose source is a server on loopback that has nothing."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        page = lab.open([CELL.format(port=server.server_port)])
        yield page
        lab.close(page)
        server.shutdown()


def test_enter_shows_the_licence_then_downloads_and_an_error_is_a_sentence_and_the_focus_stays(page: Page) -> None:
    button = page.locator(".emotion-widget button")
    expect(page.get_by_text("28 of TESS's 2800 recordings come with this notebook")).to_be_visible()
    button.focus()

    page.keyboard.press("Enter")
    expect(button).to_have_text("Download TESS")
    expect(page.get_by_text("licence: CC BY-NC-ND 4.0")).to_be_visible()

    page.keyboard.press("Enter")
    expect(page.get_by_text("the download stopped (501 Server Error")).to_be_visible()
    expect(button).to_have_text("Try again")
    expect(button).to_be_focused()
