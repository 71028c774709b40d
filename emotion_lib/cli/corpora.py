"""Commands about corpora: fetch, check, index, split, extract."""

from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from emotion_lib.cli.command import EXIT_CODES, OneOf, load_all, stopping, to_json, write_table
from emotion_lib.errors import CorpusError, ParameterError
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.corpora import CheckReport
    from emotion_lib.extraction import Features, StoredFeatures
    from emotion_lib.features import FeatureSettings


@click.command(epilog=EXIT_CODES)
@click.argument("corpus", type=OneOf("emotion_lib.corpora.mirrors", "SOURCES"))
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
    from emotion_lib.corpora import mirrors
    from emotion_lib.corpora.table import CORPORA

    try:
        terms = mirrors.terms(corpus, source)
        click.echo(terms, err=as_json)
    except ParameterError as error:
        raise click.BadParameter(str(error), param_hint="--source") from error
    with stopping("What has come is kept, and the same command goes on from there."):
        folder = mirrors.fetch(corpus, to, source=source)
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

    write_table(splits.list_folds(_whole_corpus(corpus), protocol, seed=seed), output, as_json=as_json)


def _whole_corpus(name_or_folder: str) -> "pd.DataFrame":
    """Return the whole of a corpus that has an index, or what is in a folder."""
    from emotion_lib import corpora
    from emotion_lib.corpora.table import CORPORA

    if name_or_folder in CORPORA:
        return corpora.index(name_or_folder).assign(corpus=name_or_folder)
    return corpora.load(name_or_folder)


class _OrNone(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click alone
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
    "sr": (_OrNone(int), "Rate in Hz to resample to, or none for the file's own."),
    "offset": (float, "Seconds cut off the start."),
    "duration": (_OrNone(float), "Seconds kept, or none for all."),
    "n_fft": (int, "Samples in the window of a frame."),
    "hop_length": (int, "Samples from one frame to the next."),
    "n_mels": (int, "Bands of the mel spectrogram."),
    "n_mfcc": (int, "Cepstral coefficients kept."),
    "top_db": (_OrNone(float), "Decibels below the loudest band to which quieter ones are raised, or none."),
    "trim_db": (_OrNone(float), "Decibels below the loudest frame at which quieter ends are cut off, or none."),
}
"""The options that say how features are made: the fields of `FeatureSettings`, which stays unimported until then."""


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting."""
    for name, (type_, what) in reversed(SETTINGS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=type_, help=what)(command)
    return command


@click.command(epilog=EXIT_CODES)
@click.argument("corpus")
@click.option("--feature", type=OneOf("emotion_lib.features", "FEATURES"), required=True, help="What is extracted.")
@click.option(
    "--output",
    metavar="FILE.npz|FOLDER.zarr",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write, or folder, if it ends in .zarr.",
)
@_settings
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
@click.pass_context
def extract(ctx: click.Context, /, corpus: str, feature: str, output: Path, *, as_json: bool, **given: Any) -> None:
    """Extract a feature from every recording of a corpus, by name or folder, into a file of NumPy arrays.

    The file holds X, lengths, id, emotion and speaker, row by row, and feature and settings (JSON). A recording that
    cannot be used is left out and named, and then the exit code is 1. Settings that are not given are the library's.

    A folder that ends in .zarr is written as recordings are read, so that a corpus may be larger than memory; the same
    command goes on with one that was stopped. It holds frames, lengths and paths; `extraction.open_stored` opens it.

    Example: emotion-lib extract tess --feature mfcc --n-mfcc 20 --output tess.npz
    """
    from emotion_lib.features import FeatureSettings

    chosen = {
        name: value for name, value in given.items() if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    features = _extract_to_output(load_all([corpus]), feature, FeatureSettings(**chosen), output)
    click.echo(to_json(_report(features, output), indent=2) if as_json else f"{output}: {features!r}")
    if features.left_out:
        raise click.exceptions.Exit(1)


def _extract_to_output(
    table: "pd.DataFrame", feature: str, settings: "FeatureSettings", output: Path
) -> "Features | StoredFeatures":
    """Return features that are written to the output: while they are extracted, or after."""
    from emotion_lib import extraction

    if output.suffix == ".zarr":
        with stopping("What was extracted is kept; the same command goes on."):
            return extraction.extract_to(output, table["path"], feature, settings=settings)
    with stopping("Nothing was written; what was extracted is kept for the next time."):
        features = extraction.extract(table, feature, settings=settings)
        _write(features, output)
        return features


def _write(features: "Features", output: Path) -> None:
    """Write arrays that need no pickle."""
    import numpy as np

    arrays: dict[str, Any] = {"X": features.X, "lengths": features.lengths}
    arrays |= {name: features.table[name].to_numpy(dtype=str) for name in ("id", "emotion", "speaker")}
    arrays |= {"feature": np.array(features.feature), "settings": np.array(to_json(asdict(features.settings)))}
    with written_whole(output, error=CorpusError) as file:
        np.savez_compressed(file, **arrays)


def _report(features: "Features | StoredFeatures", output: Path) -> dict[str, Any]:
    return {
        "output": output,
        "feature": features.feature,
        "settings": asdict(features.settings),
        "shape": features.shape,
        "left_out": [each._asdict() for each in features.left_out],
    }
