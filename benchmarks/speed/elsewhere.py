"""Other libraries, in an environment and a process of their own: asked by a line, they answer by a line.

`NAME.py` of this folder is such a process; `NAME.txt` lists what pip installs for it, in `build/NAME`, when it is first
needed.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmarks.footprint import ROOT, environment, python_of

HERE = Path(__file__).parent
BUILD = ROOT / "build"
COMMON = ("numpy", "scipy", "soundfile")


def pinned() -> list[str]:
    """Return what is installed for others, but what the library has too, with its version."""
    lines = [line for path in sorted(HERE.glob("*.txt")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line.replace("==", " ") for line in lines if "==" in line and line.split("==")[0] not in COMMON]


@contextmanager
def running(name: str, *arguments: str) -> Iterator[Callable[[str], str]]:
    """Start a process, and give what asks it a line."""
    command = [str(python_with(name)), str(HERE / f"{name}.py"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield partial(answer, process)
        finally:
            with suppress(BrokenPipeError):  # of a line that a process, which is over, did not take
                process.communicate()


def answer(process: "subprocess.Popen[str]", line: str) -> str:
    """Return what a process says to a line."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(f"{line}\n")
    said = process.stdout.readline()
    if not said.endswith("\n"):
        raise ChildProcessError(f"no answer to {line!r}: the process ended; what it wrote above says why")
    return said.rstrip("\n")


def python_with(name: str) -> Path:
    """Return the Python of an environment that holds what is listed, made anew where it does not."""
    listed, folder = HERE / f"{name}.txt", BUILD / name
    installed = folder / listed.name
    if python_of(folder).exists() and installed.exists() and installed.read_bytes() == listed.read_bytes():
        return python_of(folder)
    python = environment(folder, "--requirement", str(listed))
    installed.write_bytes(listed.read_bytes())
    return python
