"""Measure what the library costs a user: the seconds that an import takes, and the megabytes of an installation.

    python -m benchmarks.footprint   two tables in Markdown

Both are measured in a fresh environment that holds the wheel and what it depends on, as a user's does.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = 5
PAUSES = (5, 20, 60)
"""Seconds to wait before a download is tried again."""

LARGEST = 8
STATEMENTS = (
    "import emotion_lib",
    "from emotion_lib import EmotionRecognizer",
    "from emotion_lib import cli",
    "import numpy, soundfile, onnxruntime",
)


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
def main() -> None:
    """Install the wheel in a fresh environment and print what it costs."""
    with tempfile.TemporaryDirectory() as folder:
        python = install(build_wheel(Path(folder)), Path(folder) / "environment")
        seconds = [(f"`{each}`", f"{import_time(python, each):.3f}") for each in STATEMENTS]
        click.echo(markdown(("import", "seconds"), seconds))
        size = sizes(python)
    largest = sorted(size.items(), key=lambda item: -item[1])[:LARGEST]
    shown = [("everything", sum(size.values())), *largest]
    click.echo(markdown(("package", "MB"), [(name, f"{size / 1e6:.1f}") for name, size in shown]))


def build_wheel(folder: Path) -> Path:
    """Return the wheel, built in a folder with the hatchling of this environment, so without the network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """Return the Python of a new environment that holds the wheel and what it depends on, in the tested versions."""
    return environment(folder, "--constraint", str(ROOT / "constraints.txt"), str(wheel))


def environment(folder: Path, *arguments: str) -> Path:
    """Return the Python of a new environment that holds what pip installs, which is tried more than once."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], check=True)
    python = python_of(folder)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--retries",
        "10",
        *arguments,
    ]
    for pause in PAUSES:
        if subprocess.run(command, check=False).returncode == 0:
            return python
        time.sleep(pause)
    subprocess.run(command, check=True)
    return python


def python_of(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(python: Path, *arguments: str) -> str:
    """Return what a Python prints, outside the checkout, so that it sees only what is installed."""
    command = [str(python), "-I", *arguments]
    # Some statements import ONNX Runtime without the library, which would turn off its telemetry.
    variables = {"ORT_DISABLE_TELEMETRY": "1", **os.environ}
    ended = subprocess.run(command, cwd=python.parent, env=variables, check=True, stdout=subprocess.PIPE, text=True)
    return ended.stdout


def import_time(python: Path, statement: str) -> float:
    """Return the seconds that an import statement takes: the median of fresh processes, without their start."""
    timed = f"from time import perf_counter; start = perf_counter(); {statement}; print(perf_counter() - start)"
    return statistics.median(float(run(python, "-c", timed)) for _ in range(PROCESSES))


def sizes(python: Path) -> dict[str, int]:
    """Return the bytes on disk of every package that is installed."""
    folder = run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").strip()
    files = {package.name: package.files or () for package in metadata.distributions(path=[folder])}
    return {name: sum(Path(str(file.locate())).stat().st_size for file in listed) for name, listed in files.items()}


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    head = tuple(head)
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)) + "\n"


if __name__ == "__main__":
    main()
