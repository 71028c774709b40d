"""The runner of the notebooks, on scratch notebooks of a cell or two."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import run
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from emotion_lib import corpora
from emotion_lib.errors import CorpusError

WriteNotebook = Callable[..., Path]


@pytest.fixture(autouse=True)
def progress_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the runner's command line sets in the environment."""
    monkeypatch.setenv("EMOTION_LIB_PROGRESS", "1")


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """Write a notebook of the given code cells, the last one tagged, and return its path."""

    def write(*sources: str, name: str = "01_scratch.ipynb", tags: tuple[str, ...] = ()) -> Path:
        cells = [new_code_cell(source) for source in sources]
        cells[-1].metadata["tags"] = list(tags)
        path = tmp_path / name
        nbformat.write(new_notebook(cells=[new_markdown_cell("# A question?"), *cells]), path)
        return path

    return write


@pytest.fixture
def without_tess(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library find no TESS."""

    def find_nothing(name: str) -> Path:
        raise CorpusError(f"{name}: not found")

    monkeypatch.setattr(corpora, "find", find_nothing)


@pytest.fixture
def with_tess(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the library find a TESS."""
    monkeypatch.setattr(corpora, "find", lambda name: tmp_path)


def test_a_run_leaves_the_notebook_alone_and_writes_a_copy_and_a_page(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    path = write_notebook("1 + 1")
    before = path.read_bytes()

    assert run.show([path], tmp_path / "build") == 0

    assert path.read_bytes() == before
    executed = nbformat.read(tmp_path / "build" / path.name, as_version=4)
    assert executed.cells[1].outputs[0].data["text/plain"] == "2"
    assert "<html" in (tmp_path / "build" / "01_scratch.html").read_text(encoding="utf-8")


def test_a_run_shows_the_notebook_it_is_in_then_the_tagged_results_then_how_to_open_them(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_notebook("'not a result'", "'UAR 0.54, by speaker'", tags=("results",))

    run.show([path], tmp_path / "build")

    progress, _, rest = capsys.readouterr().out.partition(" s\n")
    assert progress.startswith("01_scratch ... ")
    assert rest.splitlines()[1] == "'UAR 0.54, by speaker'"
    assert "not a result" not in rest
    assert rest.splitlines()[-1].startswith("Open the notebooks: make lab")


def test_the_kernel_is_this_python_in_the_folder_of_the_notebook(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import os, sys\nprint(sys.executable, os.getcwd())")

    executed = run.execute(path, keep_in=tmp_path)

    assert executed.cells[1].outputs[0].text == f"{sys.executable} {tmp_path}\n"


def test_a_kernel_is_gone_when_its_notebook_is_done(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import os, ipykernel\nprint(os.getpid(), ipykernel.get_connection_file())")

    number, connection = run.execute(path, keep_in=tmp_path).cells[1].outputs[0].text.split()

    assert not Path(connection).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


def test_an_error_names_the_notebook_the_cell_and_the_cause_and_keeps_the_copy(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write_notebook("seen = 1", "1 / 0\nseen"), write_notebook("1", name="02_scratch.ipynb")]

    assert run.show(paths, tmp_path / "build") == 1

    printed = capsys.readouterr()
    assert printed.out == "01_scratch ... failed\n"
    assert "01_scratch.ipynb, cell 3 (1 / 0): ZeroDivisionError: division by zero" in printed.err
    assert nbformat.read(tmp_path / "build" / "01_scratch.ipynb", as_version=4).cells[1].execution_count == 1


def test_a_kernel_that_dies_is_an_error_at_its_cell(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("seen = 1", "import os; os._exit(1)")

    with pytest.raises(run.NotebookError, match=r"01_scratch.ipynb, cell 3 \(import os; os._exit\(1\)\): Kernel died"):
        run.execute(path, keep_in=tmp_path)


def test_two_runs_write_the_same_bytes(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import ipywidgets\nipywidgets.IntSlider()")

    copies = []
    for _ in range(2):
        run.execute(path, keep_in=tmp_path / "..")
        copies.append((tmp_path / ".." / path.name).read_bytes())

    assert copies[0] == copies[1]
    assert b"model_id" not in copies[0]


def test_update_keeps_outputs_counts_and_cell_ids(
    write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_tess: None
) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path / "build")
    path = write_notebook("1 + 1", "2 + 2")
    before = nbformat.read(path, as_version=4)

    assert run.update([path]) == 0

    after = nbformat.read(path, as_version=4)
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    assert [cell.execution_count for cell in after.cells[1:]] == [1, 2]
    assert "version" not in after.metadata.language_info


def test_update_rewrites_no_notebook_when_one_fails(
    write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_tess: None
) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path / "build")
    paths = [write_notebook("1 + 1"), write_notebook("1 / 0", name="02_scratch.ipynb")]
    before = [path.read_bytes() for path in paths]

    assert run.update(paths) == 1

    assert [path.read_bytes() for path in paths] == before


def test_update_without_tess_refuses_with_the_cure(without_tess: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--update"]) == 1
    assert "emotion-lib fetch tess" in capsys.readouterr().err


def test_check_without_tess_compares_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch, without_tess: None, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EMOTION_LIB_REQUIRE_CORPORA", raising=False)

    assert run.check([]) == 0

    assert "no output of the notebooks can be compared" in capsys.readouterr().out


def test_check_without_tess_fails_where_tess_is_required(monkeypatch: pytest.MonkeyPatch, without_tess: None) -> None:
    monkeypatch.setenv("EMOTION_LIB_REQUIRE_CORPORA", "1")

    assert run.check([]) == 1


@pytest.mark.parametrize(("kept", "status"), [("2", 0), ("3", 1)], ids=["the same", "another"])
def test_check_compares_the_kept_outputs_with_a_new_run(
    write_notebook: WriteNotebook, tmp_path: Path, with_tess: None, kept: str, status: int
) -> None:
    path = write_notebook("1 + 1")
    notebook = run.execute(path, keep_in=tmp_path)
    notebook.cells[1].outputs[0].data["text/plain"] = kept
    nbformat.write(notebook, path)

    assert run.check([path]) == status


def test_the_command_line_turns_progress_bars_off(without_tess: None) -> None:
    run.main(["--update"])

    assert os.environ["EMOTION_LIB_PROGRESS"] == "0"


def test_the_command_line_explains_itself() -> None:
    printed = subprocess.run([sys.executable, run.__file__, "--help"], capture_output=True, text=True, check=True)

    assert "--update" in printed.stdout
    assert "--check" in printed.stdout
