"""The runner of the notebooks, on scratch notebooks of a cell or two."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import run
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

WriteNotebook = Callable[..., Path]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the runner sets in the environment."""
    monkeypatch.setenv("EMOTION_LIB_PROGRESS", "1")
    monkeypatch.setenv("EMOTION_LIB_WIDGETS", "live")
    monkeypatch.setenv("EMOTION_LIB_HIDDEN", "")


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
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the runner write below `tmp_path`."""
    monkeypatch.setattr(run, "BUILD", tmp_path / "build")


@pytest.fixture
def write_kept(write_notebook: WriteNotebook, tmp_path: Path) -> WriteNotebook:
    """Write a notebook, and change the output of its last cell to a given text."""

    def write(*sources: str, kept: str, **options: Any) -> Path:
        path = write_notebook(*sources, **options)
        notebook = run.execute(path, keep_in=tmp_path)
        notebook.cells[-1].outputs[0].data["text/plain"] = kept
        nbformat.write(notebook, path)
        return path

    return write


def test_a_run_leaves_the_notebook_alone_writes_a_copy_and_a_page_and_shows_the_tagged_results(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_notebook("'not a result'", "'UAR 0.54, by speaker'", tags=("results",))
    before = path.read_bytes()

    assert run.show([path], tmp_path / "build") == 0

    assert path.read_bytes() == before
    executed = nbformat.read(tmp_path / "build" / path.name, as_version=4)
    assert executed.cells[1].outputs[0].data["text/plain"] == "'not a result'"
    assert "<html" in (tmp_path / "build" / "01_scratch.html").read_text(encoding="utf-8")
    progress, _, rest = capsys.readouterr().out.partition(" s\n")
    assert progress.startswith("01_scratch ... ")
    assert rest.splitlines()[1] == "'UAR 0.54, by speaker'"
    assert "not a result" not in rest
    assert rest.splitlines()[-1].startswith("Open the notebooks: make lab")


def test_the_runner_sends_the_kernel_no_copy_of_an_output_while_it_waits_for_the_end_of_the_cell(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    shown = "from ipywidgets import Output\nshown = Output()\nwith shown:\n    print('heard')"
    path = write_notebook(shown, "import time; time.sleep(0.1)", "shown.outputs")

    executed = run.execute(path, keep_in=tmp_path)

    assert executed.cells[-1].outputs[0].data["text/plain"] == "()"


def test_a_cold_run_gives_each_notebook_an_empty_cache(
    write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path))
    shown = 'import os; folder = os.environ["EMOTION_LIB_CACHE"]; print(os.listdir(folder)); open(folder + "/a", "w")'
    paths = [write_notebook(shown, name=name, tags=("results",)) for name in ("01_scratch.ipynb", "02_scratch.ipynb")]

    assert run.show(paths, tmp_path / "build", cold=True) == 0

    assert capsys.readouterr().out.count("\n[]\n") == 2
    assert os.environ["EMOTION_LIB_CACHE"] == str(tmp_path)


def test_the_kernel_is_this_python_in_the_folder_of_the_notebook_and_gone_afterwards(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    shown = "sys.executable, os.getcwd(), os.getpid(), ipykernel.get_connection_file()"
    path = write_notebook(f"import ipykernel, os, sys\nprint({shown})")

    python, folder, number, connection = run.execute(path, keep_in=tmp_path).cells[1].outputs[0].text.split()

    assert (python, folder) == (sys.executable, str(tmp_path))
    assert not Path(connection).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


@pytest.mark.parametrize(
    ("line", "cause"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("import os; os._exit(1)", "Kernel died")],
)
def test_an_error_names_the_notebook_the_cell_and_the_cause_and_keeps_the_copy(
    write_notebook: WriteNotebook, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, cause: str
) -> None:
    paths = [write_notebook("seen = 1", f"{line}\nseen"), write_notebook("1", name="02_scratch.ipynb")]

    assert run.show(paths, tmp_path / "build") == 1

    printed = capsys.readouterr()
    assert printed.out == "01_scratch ... failed\n"
    assert f"01_scratch.ipynb, cell 3 ({line}): {cause}" in printed.err
    assert nbformat.read(tmp_path / "build" / "01_scratch.ipynb", as_version=4).cells[1].execution_count == 1


def test_two_runs_write_the_same_bytes(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import ipywidgets\nipywidgets.IntSlider()")

    folder = tmp_path / "build"
    folder.mkdir()
    copies = []
    for _ in range(2):
        run.execute(path, keep_in=folder)
        copies.append((folder / path.name).read_bytes())

    assert copies[0] == copies[1]
    assert b"model_id" not in copies[0]
    assert b"IntSlider(value" not in copies[0]


def test_what_interact_shows_is_not_kept(write_notebook: WriteNotebook, tmp_path: Path) -> None:
    path = write_notebook("import ipywidgets\nipywidgets.interact(lambda n: print('shown by', 'interact'), n=1);")

    (tmp_path / "build").mkdir()
    run.execute(path, keep_in=tmp_path / "build")

    kept = nbformat.read(tmp_path / "build" / path.name, as_version=4)
    assert kept.cells[1].outputs == []
    assert "shown by interact" not in nbformat.writes(kept)


def test_update_keeps_outputs_counts_and_cell_ids(write_notebook: WriteNotebook, build: None) -> None:
    path = write_notebook("1 + 1", "2 + 2")
    before = nbformat.read(path, as_version=4)

    assert run.update([path]) == 0

    after = nbformat.read(path, as_version=4)
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    assert [cell.execution_count for cell in after.cells[1:]] == [1, 2]
    assert "version" not in after.metadata.language_info


def test_update_rewrites_no_notebook_when_one_fails(write_notebook: WriteNotebook, build: None) -> None:
    paths = [write_notebook("1 + 1"), write_notebook("1 / 0", name="02_scratch.ipynb")]
    before = [path.read_bytes() for path in paths]

    assert run.update(paths) == 1

    assert [path.read_bytes() for path in paths] == before


def test_update_keeps_what_a_reader_without_tess_sees_with_neither_bars_nor_live_widgets(
    write_notebook: WriteNotebook, build: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_notebook("from emotion_lib import corpora\ncorpora.is_here('tess')")
    monkeypatch.setattr(run, "NOTEBOOKS", path.parent)

    assert run.main(["--update"]) == 0

    assert nbformat.read(path, as_version=4).cells[1].outputs[0].data["text/plain"] == "False"
    assert (os.environ["EMOTION_LIB_PROGRESS"], os.environ["EMOTION_LIB_WIDGETS"]) == ("0", "still")


@pytest.mark.parametrize(("kept", "status"), [("2", 0), ("3", 1)], ids=["the same", "another"])
def test_check_compares_the_kept_outputs_with_a_new_run(write_kept: WriteNotebook, kept: str, status: int) -> None:
    assert run.check([write_kept("1 + 1", kept=kept)]) == status


def test_untrained_without_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run.main(["--untrained"])
    assert "--untrained needs --check" in capsys.readouterr().err


def test_check_untrained_leaves_out_the_cells_that_train_or_need_training(
    write_kept: WriteNotebook,
) -> None:
    trains = write_kept("1 + 1", kept="3", tags=("trains",))
    trained = write_kept("1 + 1", "1 + 1", kept="3", name="02_scratch.ipynb", tags=("nbval-ignore-output", "trained"))

    assert run.check([trains, trained], untrained=True) == 0
