"""The `emotion-lib` command.

Exit codes: 0, all is well; 1, something is wrong with the data, said on stderr; 2, the command was not understood.
"""

from pathlib import Path
from typing import TextIO

import click

from emotion_lib.errors import EmotionLibError

_EXIT_CODES = "Exit codes: 0, all is well; 1, something is wrong with the data; 2, the command was not understood."


class _Commands(click.Group):
    """Commands whose errors are one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EmotionLibError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, epilog=_EXIT_CODES)
@click.version_option(package_name="emotion_lib")
def main() -> None:
    """Recognise emotion in speech: corpora, and what is built on them.

    Example: emotion-lib check tess
    """


@main.command(epilog=_EXIT_CODES)
@click.argument("corpus", type=click.Choice(["tess"]))
@click.option(
    "--source",
    type=click.Choice(["kaggle", "dataverse"]),
    default="kaggle",
    show_default=True,
    help="One archive from Kaggle, or file by file from the repository of its makers' university.",
)
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder to put the recordings in, where it is not found by itself."
)
def fetch(corpus: str, source: str, to: Path | None) -> None:
    """Download a corpus, compare it with its index, and put it where the library finds it.

    After an interruption the same command goes on where it stopped. A broken copy in the way is kept as tess.old1.

    Example: emotion-lib fetch tess --source dataverse
    """
    from emotion_lib.corpora.fetch import fetch_tess
    from emotion_lib.corpora.tess import LICENCE, SIZES

    click.echo(f"TESS ({SIZES[source]}), licence {LICENCE}")
    folder = fetch_tess(to, source=source)
    click.echo(f"TESS is whole in {folder}")


@main.command(epilog=_EXIT_CODES)
@click.argument("corpus", metavar="[NAME_OR_FOLDER]", default="tess")
def check(corpus: str) -> None:
    """Read every recording of a corpus, and name what is missing, doubled, unreadable or odd.

    Example: emotion-lib check ~/Downloads/TESS
    """
    from emotion_lib import corpora

    report = corpora.check(corpus)
    click.echo(str(report))
    if not report.ok:
        raise click.exceptions.Exit(1)


@main.command(epilog=_EXIT_CODES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="File to write; stdout by default."
)
def index(folder: Path, output: TextIO) -> None:
    """Write the index of a folder of recordings: id, speaker, emotion, text, rate, samples and SHA-256, as CSV.

    Example: emotion-lib index data/demo --output emotion_lib/corpora/demo.csv
    """
    from emotion_lib import corpora

    lines = corpora.make_index(folder).to_csv(index=False, lineterminator="\n")
    output.write(lines)
