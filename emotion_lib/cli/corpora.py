"""The commands for a corpus on disk: `fetch`, `check` and `index`."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emotion_lib.cli.command import EXIT_CODES, OneOf, stopping, to_json, write_table
from emotion_lib.errors import ParameterError

if TYPE_CHECKING:
    from emotion_lib.corpora import CheckReport


@click.command(epilog=EXIT_CODES)
@click.argument("corpus", type=OneOf("emotion_lib.corpora.fetching", "SOURCES"))
@click.option(
    "--source",
    metavar="NAME",
    help="Where from: kaggle or dataverse for tess, makers or kaggle for emodb, zenodo or kaggle for ravdess; "
    "the first of them by default.",
)
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder to put the recordings in, where it is not found by itself."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was fetched, from whom and where to, as JSON.")
def fetch(corpus: str, source: str | None, to: Path | None, *, as_json: bool) -> None:
    """Download a corpus, compare it with its index, and put it where the library finds it.

    After an interruption the same command goes on where it stopped. A broken copy in the way is kept under another
    name, as tess.old1.

    Example: emotion-lib fetch tess --source dataverse
    """
    from emotion_lib.corpora import fetching
    from emotion_lib.corpora.loading import CORPORA

    try:
        terms = fetching.terms(corpus, source)
        click.echo(terms, err=as_json)
    except ParameterError as error:
        raise click.BadParameter(str(error), param_hint="--source") from error
    with stopping("What has come is kept, and the same command goes on from there."):
        folder = fetching.fetch(corpus, to, source=source)
    told = to_json({"corpus": corpus, "folder": str(folder), "terms": terms}, indent=2)
    click.echo(told if as_json else f"{CORPORA[corpus].short_title} is whole in {folder}")


@click.command(epilog=EXIT_CODES)
@click.argument("corpus", metavar="[NAME_OR_FOLDER]", default="tess")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object, with every name.")
def check(corpus: str, *, as_json: bool) -> None:
    """Read every recording of a corpus, and name what is missing, doubled, unreadable or odd.

    Example: emotion-lib check ~/Downloads/TESS
    """
    from emotion_lib import corpora

    report = corpora.check(corpus)
    click.echo(to_json(_everything(report), indent=2) if as_json else str(report))
    if not report.ok:
        raise click.exceptions.Exit(1)


def _everything(report: "CheckReport") -> dict[str, Any]:
    found = {field.name: getattr(report, field.name) for field in fields(report)}
    named = {
        kind: [each._asdict() for each in value] if isinstance(value, tuple) else value for kind, value in found.items()
    }
    return {"ok": report.ok, **named}


@click.command(epilog=EXIT_CODES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), default="-", help="File to write; standard output by default."
)
@click.option("--json", "as_json", is_flag=True, help="Write a list of JSON objects instead of CSV.")
def index(folder: Path, output: Path, *, as_json: bool) -> None:
    """Write the index of a folder of recordings: id, speaker, emotion, text, rate, samples and SHA-256, as CSV.

    Example: emotion-lib index data/demo --output emotion_lib/corpora/demo.csv
    """
    from emotion_lib import corpora

    write_table(corpora.make_index(folder), output, as_json=as_json)
