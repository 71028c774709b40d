"""Hearing the probabilities move, as one does it in JupyterLab."""

import ast
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CLOSED, KERNEL, WATCH, Lab

CELL = """from emotion_lib import corpora, widgets
from emotion_lib.recognizer import EmotionRecognizer
live = widgets.live(EmotionRecognizer.load(), start={start})
live"""

BARS = "[...document.querySelectorAll('.emotion-share')].map((share) => share.textContent).join()"

KEPT = "len(live.recording[0]) / live.recording[1], live.length, float(abs(live.recording[0]).max())"
"""The seconds of what was spoken, those of its timeline, and the loudest sample."""

ASK = f"""async (code) => {{
    const asked = {KERNEL}.requestExecute({{ code: "", user_expressions: {{ said: code }} }});
    return (await asked.done).content.user_expressions.said.data["text/plain"];
}}"""
"""Evaluates an expression in the kernel."""


def moves(page: Page) -> None:
    """Wait until the bars are others than they are now."""
    now = page.evaluate(BARS)
    page.wait_for_function(f"(now) => {BARS} !== now", arg=now)


def test_the_bars_move_while_one_speaks_and_stop_when_it_is_stopped(lab: Lab, recording: Path) -> None:
    with lab.browser(fake_audio=recording) as browser:
        page = browser.open([CELL.format(start="[]")])
        page.evaluate(WATCH)
        page.get_by_role("button", name="Start the microphone").click()
        expect(page.locator(".emotion-bars tbody tr")).to_have_count(7)
        moves(page)
        moves(page)
        page.get_by_role("button", name="Stop").click()

        expect(page.get_by_role("button", name="Start the microphone")).to_be_visible()
        expect(page.get_by_role("meter")).to_be_hidden()
        expect(page.locator(".emotion-says")).to_be_hidden()
        assert page.evaluate(CLOSED)
        expect(page.get_by_role("img", name="Timeline of")).to_be_visible()
        seconds, shown, loudest = ast.literal_eval(page.evaluate(ASK, KEPT))
        assert seconds == pytest.approx(shown, abs=0.01)
        assert loudest > 0.01


def test_the_microphone_is_given_back_when_the_widget_goes_away(lab: Lab, recording: Path) -> None:
    with lab.browser(fake_audio=recording) as browser:
        page = browser.open([CELL.format(start="[]")])
        page.evaluate(WATCH)
        page.get_by_role("button", name="Start the microphone").click()
        moves(page)

        page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs') && null")

        page.wait_for_function(CLOSED)


def test_without_a_microphone_a_recording_moves_them(lab: Lab) -> None:
    page = lab.open([CELL.format(start="corpora.load('demo')['path'][:3]")])
    expect(page.get_by_role("img", name="Waveform of 5.1 s, and the probability of each emotion")).to_be_visible()

    play = "audio => { audio.playbackRate = 0.5; return audio.play(); }"  # there is time to look
    page.locator(".emotion-widget audio[controls]").evaluate(play)
    moves(page)

    page.get_by_role("button", name="Start the microphone").click()
    expect(page.locator(".emotion-widget")).to_contain_text("There is no microphone.")
    lab.close(page)
