"""Run the notebooks, top to bottom, in this Python.

    python notebooks/run.py             run copies, in build/notebooks, and show their results
    python notebooks/run.py --cold      the same, each with an empty cache of features: the run times in README
    python notebooks/run.py --update    run them and keep the outputs in the repository
    python notebooks/run.py --check     compare the outputs kept in the repository with a new run (nbval)

All notebooks run on what comes with the repository, and what --check compares is the same with TESS and without it.
`EMOTION_LIB_HIDDEN=tess` hides TESS, as --update does, so that the kept outputs are those of a first run. `--check
--untrained` leaves out the cells that train a network or need a trained one.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent
BUILD = NOTEBOOKS.parent / "build" / "notebooks"
SECONDS_PER_CELL = 1200
WIDGET = "application/vnd.jupyter.widget-view+json"


class NotebookError(Exception):
    """A notebook that does not run to its end; the message names the cell and the cause."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description="Run the notebooks; without an option, copies of them.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--cold", action="store_true", help="run each with an empty cache, as on a first run")
    choice.add_argument("--update", action="store_true", help="keep the outputs in the repository")
    choice.add_argument("--check", action="store_true", help="compare with the outputs in the repository")
    parser.add_argument("--untrained", action="store_true", help="with --check: without the cells that need training")
    options = parser.parse_args(arguments)
    if options.untrained and not options.check:
        parser.error("--untrained needs --check")

    os.environ.update(EMOTION_LIB_PROGRESS="0", EMOTION_LIB_WIDGETS="still")
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    if options.update:
        return update(paths)
    if options.check:
        return check(paths, untrained=options.untrained)
    return show(paths, BUILD, cold=options.cold)


def show(paths: list[Path], folder: Path, *, cold: bool = False) -> int:
    """Run copies into `folder`, with a page of each, and print their results; return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    executed = []
    try:
        for path in paths:
            with TemporaryDirectory() if cold else nullcontext() as cache:
                executed.append(execute(path, keep_in=folder, cache=cache))
    except NotebookError as error:
        print("failed", flush=True)
        print(error, file=sys.stderr)
        return 1
    for path, notebook in zip(paths, executed, strict=True):
        page, _ = HTMLExporter().from_notebook_node(notebook)
        (folder / path.with_suffix(".html").name).write_text(page, encoding="utf-8")
    print("", *results(executed), f"Open the notebooks: make lab   (or read the pages in {folder})", sep="\n")
    return 0


def update(paths: list[Path]) -> int:
    """Run the notebooks without TESS and rewrite them in place once all have run; return the exit status."""
    os.environ["EMOTION_LIB_HIDDEN"] = "tess"
    status = show(paths, BUILD)
    if status == 0:
        for path in paths:
            path.write_bytes((BUILD / path.name).read_bytes())
    return status


def check(paths: list[Path], *, untrained: bool = False) -> int:
    """Compare the kept outputs with a new run; return the exit status."""
    options = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={SECONDS_PER_CELL}"]
    options += ["-p", "untrained"] if untrained else []
    found = {"PYTHONPATH": os.pathsep.join([str(NOTEBOOKS), *filter(None, [os.environ.get("PYTHONPATH")])])}
    command = [sys.executable, "-m", "pytest", *options, *map(str, paths)]
    return subprocess.run(command, env=os.environ | found, check=False).returncode


def execute(path: Path, *, keep_in: Path, cache: str | None = None) -> NotebookNode:
    """Run one notebook in a kernel of this Python, keep the copy as far as it came, and return it.

    `cache` is the folder of its features, by default the usual one.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)
    started: list[int] = []
    client = client_for(notebook, folder=path.parent, started=started)
    copy = keep_in / path.name
    found = os.environ | ({"EMOTION_LIB_CACHE": cache} if cache else {})
    print(f"{path.stem} ...", end=" ", flush=True)
    start = time.monotonic()
    try:
        # Without `cleanup_kc` each kernel lives on, and the file that says how to reach it stays.
        client.execute(cleanup_kc=True, env=found)
    except (CellExecutionError, DeadKernelError, TimeoutError) as error:
        cell = notebook.cells[started[-1]]
        where = f"{path.name}, cell {started[-1] + 1} ({cell.source.splitlines()[0]})"
        raise NotebookError(f"{where}: {cause(error)}\nAs far as it came: {copy}") from error
    finally:
        nbformat.write(tidy(notebook), copy)
    print(f"{time.monotonic() - start:.0f} s", flush=True)
    return notebook


class _Client(NotebookClient):
    """A client that never waits for a message that has already come.

    For each output of `interact`, nbclient sends the kernel a copy, on the socket on which it waits for the end of the
    cell. If the end arrives at that moment, pyzmq does not wake it up (its sockets tell of a change once), and it waits
    until the cell's time is over. No notebook needs the copies.
    """

    def on_comm_open_jupyter_widget(self, msg: dict[str, Any]) -> Any:
        """Mirror a widget, but send nothing back."""
        mirrored = super().on_comm_open_jupyter_widget(msg)
        if mirrored is not None:
            mirrored.sync_state = lambda: None
        return mirrored


def client_for(notebook: NotebookNode, *, folder: Path, started: list[int]) -> NotebookClient:
    """Return what runs the notebook in `folder`, in this Python, and appends to `started` the cells it comes to."""
    own_kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    return _Client(
        notebook,
        km=own_kernel,
        extra_arguments=["--log-level=ERROR"],
        timeout=SECONDS_PER_CELL,
        store_widget_state=True,  # without it nbclient fails on `interact`; `tidy` drops the state
        record_timing=False,
        coalesce_streams=True,  # what is printed in one go is one output, however the kernel sends it
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=lambda cell, cell_index: started.append(cell_index),
    )


def cause(error: Exception) -> str:
    """Return the one line that says what went wrong."""
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    return str(error).strip().splitlines()[0]


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without what differs between two runs of the same code on the same data."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:  # a widget whose kernel is gone is an error in the place of what stands in its output
            cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    return notebook


def results(notebooks: list[NotebookNode]) -> list[str]:
    """Return, as text, the outputs of all cells that carry the tag `results`."""
    tagged = [cell for notebook in notebooks for cell in notebook.cells if "results" in cell.metadata.get("tags", [])]
    outputs = [output for cell in tagged for output in cell.get("outputs", [])]
    return [f"{output.get('text') or output.data['text/plain']}\n" for output in outputs]


if __name__ == "__main__":
    sys.exit(main())
