"""The command `extract`: a corpus in, a file of arrays out, or a folder where they need not fit into memory."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from emotion_lib.cli.command import EXIT_CODES, OneOf, load_all, stopping, to_json
from emotion_lib.errors import CorpusError
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.extraction import Features, StoredFeatures
    from emotion_lib.features import FeatureSettings


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
    features = _extracted(load_all([corpus]), feature, FeatureSettings(**chosen), output)
    click.echo(to_json(_report(features, output), indent=2) if as_json else f"{output}: {features!r}")
    if features.left_out:
        raise click.exceptions.Exit(1)


def _extracted(
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
