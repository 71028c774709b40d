"""Measure how fast the library is: each figure beside another way to do the same, in turns.

python -m benchmarks.speed              all tables, in Markdown
python -m benchmarks.speed extraction   one of them
"""

import os
import platform
from importlib import import_module
from importlib.metadata import version

import click

from benchmarks.speed.elsewhere import pinned

TABLES = ("extraction", "loading", "prediction", "notebooks", "scale", "training", "own_labels")
PACKAGES = (
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "onnxruntime",
    "librosa",
    "tensorflow",
    "keras",
    "zarr",
    "distributed",
)


@click.command(help=str(__doc__).replace("\n\n    ", "\n\n\b\n    "))
@click.argument("tables", nargs=-1, type=click.Choice(TABLES))
def main(tables: tuple[str, ...]) -> None:
    """Print the machine, and each table as soon as it is there."""
    click.echo(machine())
    for name in tables or TABLES:
        click.echo(f"\n## {name.capitalize().replace('_', ' ')}\n\n{import_module(f'benchmarks.speed.{name}').table()}")


def machine() -> str:
    """Return what the figures were measured on."""
    versions = ", ".join([*(f"{each} {version(each)}" for each in PACKAGES), *pinned()])
    system = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}; {versions}."


if __name__ == "__main__":
    main()
