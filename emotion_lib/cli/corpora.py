"""Commands about corpora: fetch, check, index, split, extract."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from emotion_lib.cli.command import (
    EXIT_CODES,
    OneOf,
    load_all,
    load_published,
    printable,
    stopping,
    to_json,
    write_table,
)
from emotion_lib.errors import MOST_SEED, CorpusError, ParameterError
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.extraction import Features, StoredFeatures
    from emotion_lib.features import FeatureSettings


@click.command(epilog=EXIT_CODES)
@click.argument("corpus", type=OneOf("emotion_lib.corpora.mirrors", "SOURCES"))
@click.option(
    "--source",
    metavar="NAME",
    help="Source to download from: kaggle or dataverse for tess, makers or kaggle for emodb, zenodo or kaggle for "
    "ravdess, kaggle for crema-d, github for nemo; by default the first name for the corpus.",
)
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder for the recordings; by default the first that `load` tries."
)
@click.option("--json", "as_json", is_flag=True, help="Print the corpus, its folder and its terms as JSON.")
def fetch(corpus: str, source: str | None, to: Path | None, *, as_json: bool) -> None:
    """Download a corpus, compare it with its index, and put it where the library finds it.

    After an interruption, run the same command again: it continues where it stopped. A broken copy that is already in
    the folder's place is renamed and kept, for instance as tess.old1.

    Example: emotion-lib fetch tess --source dataverse
    """
    from emotion_lib.corpora import mirrors
    from emotion_lib.corpora.table import CORPORA

    try:
        terms = mirrors.terms(corpus, source)
        click.echo(terms, err=as_json)  # always show the licence; with --json, stdout is for JSON only
    except ParameterError as error:
        raise click.BadParameter(str(error), param_hint="--source") from error
    with stopping("The downloaded part is kept; run the same command again to continue."):
        folder = mirrors.fetch(corpus, to, source=source)
    told = to_json({"corpus": corpus, "folder": str(folder), "terms": terms}, indent=2)
    click.echo(told if as_json else f"{CORPORA[corpus].short_title} is complete in {printable(str(folder))}")


@click.command(epilog=EXIT_CODES)
@click.argument("corpus", metavar="[CORPUS]", default="tess")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object, with every file name.")
def check(corpus: str, *, as_json: bool) -> None:
    """Read every recording of a corpus, and list the missing, duplicate, unreadable and odd ones.

    CORPUS is a name, a folder or a CSV file. A folder holds one of the known corpora, recordings that are named
    SPEAKER_word_emotion.wav, or folders EMOTION or SPEAKER/EMOTION. A CSV file has the columns path and emotion, and
    perhaps speaker and text.

    Example: emotion-lib check ~/Downloads/TESS
    """
    from emotion_lib import corpora

    report = corpora.check(corpus)
    if as_json:
        found = {
            name: [each._asdict() for each in value] if isinstance(value, tuple) else value
            for name, value in vars(report).items()
        }
        click.echo(to_json({"ok": report.ok, **found}, indent=2))
    else:
        click.echo(str(report))
    if not report.ok:
        raise click.exceptions.Exit(1)


_OUTPUT = click.option(
    "--output", "-o", type=click.Path(path_type=Path), default="-", help="File to write; by default standard output."
)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Write a list of JSON objects instead of CSV.")


@click.command(epilog=EXIT_CODES)
@click.argument("folder", type=click.Path(path_type=Path))
@_OUTPUT
@_AS_JSON
def index(folder: Path, output: Path, *, as_json: bool) -> None:
    """Write the index of a folder or CSV file of recordings: id, speaker, emotion, text, rate, samples and SHA-256.

    Example: emotion-lib index data/demo --output emotion_lib/corpora/demo.csv
    """
    from emotion_lib import corpora

    write_table(corpora.make_index(folder), output, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.argument("corpus")
@click.option(
    "--protocol",
    type=OneOf("emotion_lib.splits", "PROTOCOLS"),
    required=True,
    help="How to hold out utterances for the test.",
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Seed of the random draws."
)
@_OUTPUT
@_AS_JSON
def split(corpus: str, protocol: str, seed: int, output: Path, *, as_json: bool) -> None:
    """List the utterances for training and for testing in each fold of a protocol as CSV: id, fold, side.

    For a corpus with an index, the list has every utterance, even if the recordings are not on this machine. For a
    folder or CSV file, it has the recordings in it.

    Example: emotion-lib split tess --protocol by_speaker_and_word -o folds.csv
    """
    from emotion_lib import splits

    write_table(splits.list_folds(load_published(corpus), protocol, seed=seed), output, as_json=as_json)


class _OrNone(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """A number, or the word none."""

    def __init__(self, number: type[int] | type[float]) -> None:
        self._number = number
        self.name = f"{'integer' if number is int else 'number'}|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        if value == "none":
            return None
        try:
            return self._number(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor none.", param, ctx)


SETTINGS: dict[str, tuple[Any, str]] = {
    "sr": (_OrNone(int), "Rate in Hz to resample to, or none to keep the file's own."),
    "offset": (float, "Seconds to cut off at the start."),
    "duration": (_OrNone(float), "Seconds to keep, or none for all."),
    "n_fft": (int, "Samples in the window of a frame."),
    "hop_length": (int, "Samples from one frame to the next."),
    "n_mels": (int, "Bands of the mel spectrogram."),
    "n_mfcc": (int, "Cepstral coefficients to keep."),
    "top_db": (_OrNone(float), "Raise quieter bands to this many dB below the loudest, or none to leave them."),
    "trim_db": (_OrNone(float), "Cut off ends this many dB quieter than the loudest frame, or none to keep them."),
    "trim_speech": (bool, "Whether to cut off ends in which nobody speaks: true or false."),
}
"""The options for features: the fields of `FeatureSettings`, written out so that `--help` need not import NumPy."""


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting."""
    # Decorators apply from the last to the first, and `--help` lists the options in the order of the settings.
    for name, (type_, what) in reversed(SETTINGS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=type_, help=what)(command)
    return command


@click.command(epilog=EXIT_CODES)
@click.argument("corpus")
@click.option("--feature", type=OneOf("emotion_lib.features", "FEATURES"), required=True, help="Feature to extract.")
@click.option(
    "--output",
    metavar="FILE.npz|FOLDER.zarr",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write; if the name ends in .zarr, folder to write.",
)
@_settings
@click.option("--json", "as_json", is_flag=True, help="Print a report as one JSON object.")
@click.pass_context
def extract(ctx: click.Context, /, corpus: str, feature: str, output: Path, *, as_json: bool, **given: Any) -> None:
    """Extract a feature from every recording of a corpus, by name, folder or CSV file, into a file of arrays.

    The file has the arrays X, lengths, id, emotion and speaker, with one row per utterance, and feature and settings
    (as JSON). Recordings that cannot be used are left out and listed; the exit code is then 1. Settings that are not
    given have the defaults of the library.

    A folder that ends in .zarr is written while the recordings are read, so the corpus may be larger than memory. After
    an interruption, run the same command again: it continues where it stopped. The folder has frames, lengths and
    paths; `extraction.open_stored` opens it.

    Example: emotion-lib extract tess --feature mfcc --n-mfcc 20 --output tess.npz
    """
    from emotion_lib.features import FeatureSettings

    # None may be the value that the user gave or the default, so check where each value comes from.
    chosen = {
        name: value for name, value in given.items() if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    features = _extract_to_output(load_all([corpus]), feature, FeatureSettings(**chosen), output)
    if as_json:
        report = {
            "output": output,
            "feature": features.feature,
            "settings": asdict(features.settings),
            "shape": features.shape,
            "left_out": [each._asdict() for each in features.left_out],
        }
        click.echo(to_json(report, indent=2))
    else:
        click.echo(f"{printable(str(output))}: {features!r}")
    if features.left_out:
        raise click.exceptions.Exit(1)


def _extract_to_output(
    table: "pd.DataFrame", feature: str, settings: "FeatureSettings", output: Path
) -> "Features | StoredFeatures":
    """Return features and write them to the output: to a Zarr folder during the extraction, to a file at its end."""
    import numpy as np

    from emotion_lib import extraction

    if output.suffix == ".zarr":
        with stopping("The extracted features are kept; run the same command again to continue."):
            return extraction.extract_to(output, table["path"], feature, settings=settings)
    with stopping("Nothing was written; the extracted features are kept for the next run."):
        features = extraction.extract(table, feature, settings=settings)
        # Strings instead of objects: the file then contains no pickle, which could run code when it is loaded.
        arrays: dict[str, Any] = {"X": features.X, "lengths": features.lengths}
        arrays |= {name: features.table[name].to_numpy(dtype=str) for name in ("id", "emotion", "speaker")}
        arrays |= {"feature": np.array(features.feature), "settings": np.array(to_json(asdict(features.settings)))}
        with written_whole(output, error=CorpusError) as file:
            np.savez_compressed(file, **arrays)
        return features
