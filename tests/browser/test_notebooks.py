"""Run All on each notebook, in JupyterLab, on the demo corpus."""

import pytest
import run

from tests.browser.conftest import Lab, code_cells, complaints, saved

PATHS = sorted(run.NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", [path.name for path in PATHS])
def test_every_cell_runs_without_an_error_and_without_a_word_on_stderr(lab: Lab, name: str) -> None:
    page = lab.run(name)
    notebook = saved(page, lab.folder)
    lab.close(page)

    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert complaints(notebook) == []
    assert counts == list(range(1, len(counts) + 1))
