"""Run All on each notebook, in JupyterLab, on the demo corpus."""

import pytest
import run

from tests.browser.conftest import Lab, saved

PATHS = sorted(run.NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", [path.name for path in PATHS])
def test_every_cell_runs_without_an_error_and_without_a_word_on_stderr(lab: Lab, name: str) -> None:
    page = lab.run(name)
    cells = [cell for cell in saved(page, lab.folder).cells if cell.cell_type == "code"]
    lab.close(page)

    outputs = [output for cell in cells for output in cell.outputs]
    assert [each for each in outputs if each.output_type == "error" or each.get("name") == "stderr"] == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
