"""The form of the notebooks, as far as a machine can judge it; how they read is for readers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import run
from nbformat import NotebookNode

FOLDER = Path(run.__file__).parent
PATHS = sorted(FOLDER.glob("*.ipynb"))
SERIES = ["01_explore", "02_features", "03_model", "04_evaluate", "05_second_chance", "06_your_voice"]
SECTIONS = ["In this notebook", "What we learnt", "What this does not show", "Try it"]

LINK = re.compile(r"\]\(([^)\s]+)\)")
LISTING = re.compile(r"glob|iterdir|listdir|scandir|walk|\.path\b")
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
BASE64 = re.compile(r"[A-Za-z0-9+/]{1000,}")

MOST_LINES = 8
"""Lines of a function that a notebook defines, where the function is the lesson."""

MOST_IGNORED = 6
"""Cells whose output is not compared, in one notebook."""

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[NotebookNode]:
    """Return the cells of one kind, `markdown` or `code`."""
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def headings(path: Path) -> list[str]:
    """Return the titles of the sections."""
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))
    return re.findall(r"^## +(.+?)\s*$", prose, re.MULTILINE)


def syntax(path: Path) -> Iterator[tuple[int, ast.AST]]:
    """Yield the number of the code cell and each node of its syntax tree."""
    for number, cell in enumerate(cells(path, "code"), start=1):
        yield from ((number, node) for node in ast.walk(ast.parse(cell.source)))


def tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    return {*cell.metadata.get("tags", [])}


def hidden(cell: NotebookNode) -> dict[str, bool]:
    """Return what JupyterLab folds away of a cell."""
    return dict(cell.metadata.get("jupyter", {}))


def outputs(path: Path) -> list[NotebookNode]:
    """Return the outputs of all code cells."""
    return [output for cell in cells(path, "code") for output in cell.outputs]


def test_the_series_is_complete() -> None:
    assert [path.stem for path in PATHS] == SERIES


def test_the_series_ends_in_results_that_make_notebooks_shows() -> None:
    assert run.results([nbformat.read(path, as_version=4) for path in PATHS])


@every_notebook
def test_it_opens_with_its_title_and_one_question(path: Path) -> None:
    title = cells(path, "markdown")[0]

    assert nbformat.read(path, as_version=4).cells[0] == title
    assert title.source.startswith("# ")
    assert LINK.sub("", title.source).count("?") == 1


@every_notebook
def test_its_sections_come_in_their_order(path: Path) -> None:
    assert [heading for heading in headings(path) if heading in SECTIONS] == SECTIONS


@every_notebook
def test_it_links_to_the_next(path: Path) -> None:
    later = SERIES[SERIES.index(path.stem) + 1 :]

    assert not later or f"({later[0]}.ipynb)" in cells(path, "markdown")[-1].source


@every_notebook
def test_the_first_code_cell_is_the_only_set_up(path: Path) -> None:
    importing = {number for number, node in syntax(path) if isinstance(node, ast.Import | ast.ImportFrom)}

    assert importing == {1}


@every_notebook
def test_it_defines_nothing_but_short_functions_where_the_function_is_the_lesson(path: Path) -> None:
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    defined = [node for _, node in syntax(path) if isinstance(node, definitions)]

    lines = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in defined}
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}
    assert all(isinstance(each, ast.FunctionDef) for each in defined)


@every_notebook
def test_it_does_not_go_through_files_itself(path: Path) -> None:
    loops = ast.For | ast.comprehension

    assert [n for n, node in syntax(path) if isinstance(node, loops) and LISTING.search(ast.unparse(node.iter))] == []


@every_notebook
@pytest.mark.parametrize("trick", ["sys.path", "filterwarnings", "simplefilter", "get_ipython"])
def test_it_does_without_tricks(path: Path, trick: str) -> None:
    assert [cell.source for cell in cells(path, "code") if trick in cell.source] == []


@every_notebook
def test_it_was_run_once_from_top_to_bottom_without_an_error_and_without_a_word_on_stderr(path: Path) -> None:
    counts = [cell.execution_count for cell in cells(path, "code")]

    assert counts == list(range(1, len(counts) + 1))
    assert [o for o in outputs(path) if o.output_type == "error" or o.get("name") == "stderr"] == []


@every_notebook
def test_it_is_kept_as_make_update_notebooks_writes_it(path: Path) -> None:
    tidied = run.tidy(nbformat.read(path, as_version=4))

    assert nbformat.writes(tidied).rstrip() == path.read_text("utf-8").rstrip()


@every_notebook
def test_it_embeds_pictures_and_nothing_else(path: Path) -> None:
    assert "audio/" not in path.read_text("utf-8")
    shown = [(kind, str(content)) for output in outputs(path) for kind, content in output.get("data", {}).items()]
    assert [kind for kind, content in shown if "<audio" in content] == []
    assert [kind for kind, content in shown if kind != "image/png" and BASE64.search(content)] == []
    assert [cell.source for cell in cells(path, "markdown") if cell.get("attachments")] == []


@every_notebook
def test_controls_that_a_saved_notebook_does_not_keep_have_a_sentence_in_their_place(path: Path) -> None:
    for cell in cells(path, "code"):
        assert ("interact(" in cell.source) == cell.source.splitlines()[-1].startswith("widgets.instead(")


@every_notebook
def test_it_is_smaller_than_a_megabyte(path: Path) -> None:
    assert path.stat().st_size < 1_000_000


@every_notebook
def test_its_relative_links_lead_somewhere(path: Path) -> None:
    targets = [urlsplit(target) for cell in cells(path, "markdown") for target in LINK.findall(cell.source)]
    relative = [unquote(target.path) for target in targets if not target.scheme and target.path]

    assert [target for target in relative if not (path.parent / target).exists()] == []


@every_notebook
def test_it_says_first_whether_tess_is_here(path: Path) -> None:
    assert "widgets.fetch(" in "".join(cell.source for cell in cells(path, "code")[:2])


@every_notebook
def test_each_exercise_has_a_hint_a_cell_to_work_in_and_a_folded_solution(path: Path) -> None:
    all_cells = nbformat.read(path, as_version=4).cells
    start = next(number for number, cell in enumerate(all_cells) if re.search(r"^## Try it", cell.source, re.MULTILINE))
    code = [number for number, cell in enumerate(all_cells) if cell.cell_type == "code" and number > start]
    places = [number for number in code if all_cells[number].source == "# Your turn"]

    assert len(places) == 3
    for before, place, after in zip([start - 1, *places[:-1]], places, [*places[1:], len(all_cells)], strict=True):
        prose = "\n".join(cell.source for cell in all_cells[before + 1 : after] if cell.cell_type == "markdown")
        solutions = [all_cells[number] for number in code if place < number < after]
        assert "hint" in prose.lower()
        assert solutions
        assert all("hide-cell" in tags(each) for each in solutions)


@every_notebook
def test_solutions_and_checks_are_folded(path: Path) -> None:
    for cell in cells(path, "code"):
        if "hide-cell" in tags(cell):
            assert hidden(cell) == {"source_hidden": True, "outputs_hidden": True}
        if "check" in tags(cell):
            assert hidden(cell).get("source_hidden")


@every_notebook
def test_few_outputs_are_not_compared_and_a_compared_cell_follows_soon(path: Path) -> None:
    ignored = ["nbval-ignore-output" in tags(cell) for cell in cells(path, "code")]

    assert sum(ignored) <= MOST_IGNORED
    assert [number for number, each in enumerate(ignored, start=1) if each and all(ignored[number : number + 2])] == []


@every_notebook
def test_a_cell_that_needs_training_comes_after_one_that_trains(path: Path) -> None:
    order = [tags(cell) & {"trains", "trained"} for cell in cells(path, "code")]

    assert {"trained"} not in order or {"trains"} in order[: order.index({"trained"})]


@every_notebook
def test_every_picture_has_an_alternative_text(path: Path) -> None:
    pictures = [output for output in outputs(path) if "image/png" in output.get("data", {})]

    assert [output for output in pictures if not output.metadata.get("image/png", {}).get("alt")] == []


@every_notebook
def test_tables_have_at_most_eight_rows_and_six_columns(path: Path) -> None:
    tables = [table for output in outputs(path) for table in TABLE.findall(output.get("data", {}).get("text/html", ""))]

    for table in tables:
        rows = re.findall(r"<tr.*?</tr>", table.partition("<tbody>")[2], re.DOTALL)
        assert len(rows) <= 8
        assert all(row.count("<td") <= 6 for row in rows)
