"""Run All on each notebook, in JupyterLab, on a machine without TESS."""

import re

import nbformat
import pytest
import run

from tests.browser.conftest import Lab, saved

PATHS = sorted(run.NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", [path.name for path in PATHS])
def test_every_cell_runs_without_an_error_and_without_a_word_on_stderr(lab: Lab, name: str) -> None:
    shorten(lab, name)
    page = lab.run(f"short_{name}")
    cells = [cell for cell in saved(page, lab.folder).cells if cell.cell_type == "code"]
    lab.close(page)

    outputs = [output for cell in cells for output in cell.outputs]
    assert [each for each in outputs if each.output_type == "error" or each.get("name") == "stderr"] == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def shorten(lab: Lab, name: str) -> None:
    """Write a copy that trains for two epochs, without the cells that check what a whole training gives."""
    notebook = nbformat.read(run.NOTEBOOKS / name, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "trained" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.source = re.sub(r"\bepochs=\d\d+\b", "epochs=2", cell.source)
    nbformat.write(notebook, lab.folder / "notebooks" / f"short_{name}")
