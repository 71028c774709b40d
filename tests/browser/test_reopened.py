"""A notebook as a reader finds it later: saved, opened again, run again, untrusted, and exported as a page."""

import copy
import json
import re
from collections.abc import Iterable, Iterator
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
    "import ipywidgets\nipywidgets.interact(lambda n: 2 * n, n=21)\nwidgets.instead('Run this notebook.')",
    "from emotion_lib.progress import bar\nlist(bar(range(9), description='Counting', progress=True))",
]
PICTURES = range(1, 10)
"""The cells that show a widget of the library."""
CELLS_SHOWN = range(1, 11)
"""The same, and the cell with `interact`, in whose place stands a sentence."""

ALIVE, STILL = ".emotion-widget, .widget-interact", "[class^=still] > img[alt], .emotion-instead"
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


def shows(page: Page, *, live: int, still: int, cells: Iterable[int] = CELLS_SHOWN) -> None:
    """Scroll to the output of each cell, and wait until so many live widgets and stills are seen, and no error."""
    for number in cells:
        page.evaluate(f"{NOTEBOOK}.content.scrollToItem({number}).then(() => null)")
        cell = page.locator(f".jp-Cell[data-windowed-list-index='{number}'] .jp-Cell-outputArea")
        for kind, count in {ALIVE: live, STILL: still}.items():
            expect(cell.locator(kind).locator("visible=true")).to_have_count(count)
        expect(cell.get_by_text(BROKEN).locator("visible=true")).to_have_count(0)


def without_kernel(page: Page) -> None:
    """Let the page find no kernel that it could start, as on a machine without the reader's environment."""
    none = json.dumps({"default": "", "kernelspecs": {}})
    page.route("**/api/kernelspecs*", lambda route: route.fulfill(body=none, content_type="application/json"))


def test_while_a_widget_is_alive_its_picture_hides(page: Page, notebook: NotebookNode) -> None:
    shows(page, live=1, still=0)


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
    expect(exported.locator(".emotion-instead")).to_be_visible()
    expect(exported.get_by_text("interactive(children=")).to_be_hidden()
    expect(exported.locator(".jp-OutputArea").get_by_text(BROKEN).locator("visible=true")).to_have_count(0)
    exported.close()


def test_after_a_restart_a_widget_keeps_what_it_shows(page: Page) -> None:
    page.evaluate(f"{KERNEL}.restart().then(() => null)")
    page.wait_for_function(f"{KERNEL}.status === 'idle'")
    shows(page, live=1, still=0, cells=[1])


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "from somebody else"])
def test_opened_without_a_kernel_it_shows_the_stills(
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
    shows(alone, live=0, still=1)
    alone.context.close()


def test_opened_again_with_a_new_kernel_it_shows_the_stills(
    page: Page, notebook: NotebookNode, path: str, lab: Lab
) -> None:
    page.goto("about:blank")
    lab.server.end_kernels()
    lab.show(page, Path(path).name)
    shows(page, live=0, still=1)


def test_run_again_it_shows_each_widget_once(page: Page, lab: Lab) -> None:
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    page.wait_for_function(f"{KERNEL}.status === 'idle'")
    shows(page, live=1, still=0)
    again = saved(page, lab.folder)
    assert [len(again.cells[number].outputs) for number in CELLS_SHOWN] == [2] * len(CELLS_SHOWN)
