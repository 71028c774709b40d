"""The command `split`: a corpus and a protocol in, the list of who is on which side out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emotion_lib.cli.command import EXIT_CODES, OneOf, write_table

if TYPE_CHECKING:
    import pandas as pd


@click.command(epilog=EXIT_CODES)
@click.argument("corpus")
@click.argument("protocol", type=OneOf("emotion_lib.splits", "PROTOCOLS"))
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of what is drawn.")
@click.option(
    "--output", type=click.Path(path_type=Path), default="-", help="File to write; standard output by default."
)
@click.option("--json", "as_json", is_flag=True, help="Write a list of JSON objects instead of CSV.")
def split(corpus: str, protocol: str, seed: int, output: Path, *, as_json: bool) -> None:
    """List who trains and who is tested in each fold of a protocol: id, fold, side, as CSV.

    Of tess, emodb, ravdess and demo every utterance of the corpus is listed, whether it is on this machine or not; of
    a folder, what is in it.

    Example: emotion-lib split tess by_speaker_and_word --output folds.csv
    """
    from emotion_lib import splits

    write_table(splits.listed(_table(corpus), protocol, seed=seed), output, as_json=as_json)


def _table(name_or_folder: str) -> "pd.DataFrame":
    """Return the whole of a corpus that has an index, or what is in a folder."""
    from emotion_lib import corpora
    from emotion_lib.corpora.loading import CORPORA

    if name_or_folder in CORPORA:
        return corpora.index(name_or_folder).assign(corpus=name_or_folder)
    return corpora.load(name_or_folder)
