"""A notebook as a reader finds it later: saved, opened again, run again, untrusted, and exported as a page."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Page, expect

from tests.browser.conftest import KERNEL, NOTEBOOK, Lab, saved
from tests.widgets.test_privacy import WIDGETS

SHOWN = [f"shown[{number}]" for number in range(8)]
CELLS = [
    WIDGETS,
    *SHOWN,
    "display(widgets.bet('How many?'))",
    "from emotion_lib.progress import bar\nlist(bar(range(9), description='Counting', progress=True))",
]
PICTURES = range(1, 10)
"""The cells that show a widget."""

LIVE = "application/vnd.jupyter.widget-view+json"
BROKEN = re.compile("Error displaying widget|Loading widget|Counting")


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Page]:
    """A notebook with every widget and a progress bar."""
    page = lab.open(CELLS)
    yield page
    lab.close(page)


@pytest.fixture(scope="module")
def notebook(page: Page, lab: Lab) -> NotebookNode:
    """The notebook as JupyterLab saves it."""
    return saved(page, lab.folder)


@pytest.fixture(scope="module")
def path(page: Page) -> str:
    """The path of the notebook on the server."""
    return str(page.evaluate(f"{NOTEBOOK}.context.path"))


def shown(page: Page, number: int) -> str:
    """Scroll to the output of a cell, and return how many live widgets and how many still pictures are to be seen."""
    page.evaluate(f"{NOTEBOOK}.content.scrollToItem({number}).then(() => null)")
    cell = page.locator(f".jp-Cell[data-windowed-list-index='{number}'] .jp-OutputArea")
    cell.wait_for()
    expect(cell.get_by_text(BROKEN).locator("visible=true")).to_have_count(0)
    live, still = (cell.locator(f"{each} >> visible=true") for each in (".emotion-widget", "[class^=still] > img[alt]"))
    live.or_(still).first.wait_for()
    return f"{live.count()} live, {still.count()} still"


def without_kernel(page: Page) -> None:
    """Let the page find no kernel that it could start, as on a machine without the reader's environment."""
    none = json.dumps({"default": "", "kernelspecs": {}})
    page.route("**/api/kernelspecs*", lambda route: route.fulfill(body=none, content_type="application/json"))


def test_while_a_widget_is_alive_its_picture_hides(page: Page, notebook: NotebookNode) -> None:
    assert {number: shown(page, number) for number in PICTURES} == dict.fromkeys(PICTURES, "1 live, 0 still")


def test_a_saved_notebook_has_each_picture_once_and_nothing_of_a_progress_bar(notebook: NotebookNode) -> None:
    for number in PICTURES:
        live, still = notebook.cells[number].outputs
        assert live.data.keys() == {LIVE, "text/plain"}
        assert still.data.keys() == {"image/png", "text/html", "text/plain"}
        assert still.metadata["image/png"]["alt"]
    kept, answer = notebook.cells[-1].outputs
    assert kept.data == {"text/plain": ""}
    assert answer.data["text/plain"] == "[0, 1, 2, 3, 4, 5, 6, 7, 8]"


def test_an_exported_page_shows_the_pictures_with_their_alternative_text(
    page: Page, notebook: NotebookNode, path: str, lab: Lab
) -> None:
    exported = page.context.new_page()
    exported.goto(f"{lab.server.url}/nbconvert/html/{path}?download=false&token={lab.server.token}")
    for number in PICTURES:
        picture = exported.locator(".jp-Cell").nth(number).locator("img >> visible=true")
        expect(picture).to_have_attribute("alt", notebook.cells[number].outputs[1].metadata["image/png"]["alt"])
    expect(exported.locator(".jp-OutputArea").get_by_text(BROKEN).locator("visible=true")).to_have_count(0)
    exported.close()


def test_after_a_restart_a_widget_keeps_what_it_shows(page: Page) -> None:
    page.evaluate(f"{KERNEL}.restart().then(() => null)")
    page.wait_for_function(f"{KERNEL}.status === 'idle'")
    assert shown(page, 1) == "1 live, 0 still"


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "from somebody else"])
def test_opened_without_a_kernel_it_shows_the_pictures(
    page: Page, notebook: NotebookNode, path: str, lab: Lab, trusted: bool
) -> None:
    page.goto("about:blank")
    lab.server.end_kernels()
    if not trusted:  # the signature is of the content
        path, notebook = f"notebooks/other-{Path(path).name}", copy.deepcopy(notebook)
        notebook.metadata["from"] = "somebody else"
        nbformat.write(notebook, lab.folder / path)
    alone = lab.new_page()
    without_kernel(alone)
    alone.goto(f"{lab.server.url}/lab/tree/{path}?reset&token={lab.server.token}")
    alone.locator(".jp-Dialog button", has_text="No Kernel").click()
    assert {number: shown(alone, number) for number in PICTURES} == dict.fromkeys(PICTURES, "0 live, 1 still")
    alone.context.close()


def test_opened_again_with_a_new_kernel_it_shows_the_pictures(
    page: Page, notebook: NotebookNode, path: str, lab: Lab
) -> None:
    page.goto("about:blank")
    lab.server.end_kernels()
    lab.show(page, Path(path).name)
    assert {number: shown(page, number) for number in PICTURES} == dict.fromkeys(PICTURES, "0 live, 1 still")


def test_run_again_it_shows_each_widget_once(page: Page, lab: Lab) -> None:
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    page.wait_for_function(f"{KERNEL}.status === 'idle'")
    assert {number: shown(page, number) for number in PICTURES} == dict.fromkeys(PICTURES, "1 live, 0 still")
    again = saved(page, lab.folder)
    assert [len(again.cells[number].outputs) for number in PICTURES] == [2] * len(PICTURES)
