"""What JupyterLab writes into a notebook of the widgets, and what they show when it is opened again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NOTEBOOK, Lab, saved
from tests.widgets.test_privacy import WIDGETS, recordings_in

SAVE_STATE = "jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState').then(() => null)"
"""Turns "Save Widget State Automatically" on, and off again."""

NO_ANSWER = "The kernel is gone. Run the notebook again up to this cell."


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with one widget a cell, of which JupyterLab saves the state."""
    page = lab.open([WIDGETS, *(f"shown[{number}]" for number in range(8))])
    page.evaluate(SAVE_STATE)
    yield page
    page.evaluate(SAVE_STATE)  # as it was: the server keeps it
    lab.close(page)


def widget(page: Page, number: int) -> None:
    """Scroll to a widget, as JupyterLab draws only what is in view."""
    page.evaluate(f"{NOTEBOOK}.content.scrollToItem({number + 1}).then(() => null)")


def test_a_saved_notebook_has_the_state_of_the_widgets_and_no_recording(page: Page, lab: Lab, recording: Path) -> None:
    widget(page, 3)
    page.get_by_label("upload a recording").first.set_input_files(recording)
    expect(page.get_by_text("angry.wav").or_(page.locator("img[alt*='angry.wav']")).first).to_be_attached()

    notebook = saved(page, lab.folder)

    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum("_esm" in model["state"] for model in state.values()) == 8
    assert recordings_in(notebook) == []


def test_a_page_that_is_reloaded_asks_its_kernel_again(page: Page, lab: Lab) -> None:
    lab.show(page, Path(page.evaluate(f"{NOTEBOOK}.context.path")).name)

    widget(page, 0)
    expect(page.locator("img[alt='Waveform and spectrogram: DEA, angry, back']").first).to_be_visible()
    widget(page, 3)
    expect(page.locator("img[alt*='angry.wav']").first).to_be_visible()


def test_a_notebook_that_is_opened_again_without_its_kernel_says_so(page: Page, lab: Lab) -> None:
    name = Path(page.evaluate(f"{NOTEBOOK}.context.path")).name
    page.goto("about:blank")
    lab.server.end_kernels()

    lab.show(page, name)

    for number in range(8):
        widget(page, number)
        cell = page.locator(f".jp-Cell[data-windowed-list-index='{number + 1}'] .emotion-widget")
        if number in {2, 4, 7}:  # they have nothing to ask before a recording is chosen
            cell.get_by_role("button", name="Play").first.click()
        expect(cell.get_by_text(NO_ANSWER).first).to_be_visible()
