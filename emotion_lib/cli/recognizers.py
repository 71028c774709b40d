"""Commands about recognisers: train one, describe one, and export one."""

import io
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emotion_lib.cli.command import EXIT_CODES, OneOf, load_all, need, printable, tell_left_out, to_json
from emotion_lib.emotions import EMOTIONS, in_order
from emotion_lib.errors import MOST_SEED, ModelFileError, ParameterError

if TYPE_CHECKING:
    import pandas as pd


def _in_order(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    try:
        return in_order(name.strip() for name in value.split(",") if name.strip())
    except ParameterError as error:
        raise click.BadParameter(str(error)) from error


@click.command(epilog=EXIT_CODES)
@click.argument("corpora", metavar="CORPUS...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE.emotion", type=click.Path(path_type=Path), required=True, help="File to write."
)
@click.option(
    "--model",
    type=OneOf("emotion_lib.evaluation.recognizers", "MODELS"),
    default="discriminant",
    show_default=True,
    help="Model to train.",
)
@click.option(
    "--train-only",
    metavar="CORPUS",
    multiple=True,
    help="One of the corpora, to train on but not to score or calibrate with; may be repeated.",
)
@click.option(
    "--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Seed of all random draws."
)
@click.option(
    "--emotions",
    metavar="NAME,NAME...",
    callback=_in_order,
    help="Emotions to recognise; by default all labels, of known corpora those of the seven emotions.",
)
@click.option(
    "--base",
    metavar="default|FILE.emotion",
    help="Recogniser whose evidence is added, with its licence, if that helps; `default` is the pretrained one.",
)
@click.option("--licence", metavar="TEXT", help="Terms of use, to be stored in the file.")
@click.option(
    "--checkpoints",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder in which to keep the trained networks.",
)
@click.option("--json", "as_json", is_flag=True, help="Describe the recogniser as one JSON object.")
def train(
    corpora: tuple[str, ...],
    output: Path,
    *,
    model: str,
    train_only: tuple[str, ...],
    seed: int,
    emotions: tuple[str, ...] | None,
    base: str | None,
    licence: str | None,
    checkpoints: Path | None,
    as_json: bool,
) -> None:
    """Train a recogniser on corpora, by name, folder or CSV file, and measure it on held-out speakers and corpora.

    The labels can be any words. The default model takes a minute for a thousand recordings; networks need the extra
    `train`.

    After Ctrl-C, run the same command again: it continues where it stopped. Until the training is complete, its state
    is kept in a folder beside the output.

    Example: emotion-lib train my-recordings -o my.emotion
    """
    from emotion_lib.corpora.labels import unify
    from emotion_lib.evaluation import recognizers
    from emotion_lib.evaluation.recipes import RECIPES

    if RECIPES[model].is_network:
        need("train", "tensorflow", "keras", "onnx", "tf2onnx")
    table = load_all(corpora)
    chosen = in_order(unify([*table["emotion"], *emotions])[len(table) :]) if emotions else _usual_emotions(table)
    table = _only(table, chosen)
    more = ["--emotions", ",".join(emotions)] if emotions else []
    more += ["--base", base] if base else []
    more += ["--licence", licence] if licence else []
    more += [part for name in train_only for part in ("--train-only", name)]
    command = ["emotion-lib", "train", *corpora, "--output", output.name, "--model", model, "--seed", str(seed), *more]
    about = {"command": shlex.join(command)} | ({"licence": licence} if licence else {})
    with _checkpoint_folder(output, checkpoints) as folder:
        built = recognizers.train_recognizer(
            table,
            model,
            emotions=chosen,
            train_only=train_only,
            base=base,
            seed=seed,
            about=about,
            checkpoints=folder,
        )
        built.recognizer.save(output)
    show(output, as_json=as_json)
    tell_left_out(built.held_out.left_out)
    if built.held_out.left_out:
        raise click.exceptions.Exit(1)


def _usual_emotions(table: "pd.DataFrame") -> tuple[str, ...]:
    """Return all labels of one's own corpora, and of the corpora that the library knows those of the seven emotions.

    Calm and boredom, which only some known corpora have, would make recognisers that cannot be compared.
    """
    from emotion_lib.corpora.table import CORPORA

    is_usual = ~table["corpus"].isin(CORPORA) | table["emotion"].isin(EMOTIONS)
    return in_order(table.loc[is_usual, "emotion"])


def _only(table: "pd.DataFrame", emotions: Sequence[str]) -> "pd.DataFrame":
    """Return the utterances of some emotions, and print how many others were left out."""
    others = table.loc[~table["emotion"].isin(emotions), "emotion"].value_counts(sort=False)
    if len(others):
        click.echo(f"Left out: {', '.join(f'{n} {emotion}' for emotion, n in others.items())}", err=True)
    return table[table["emotion"].isin(emotions)]


@contextmanager
def _checkpoint_folder(output: Path, checkpoints: Path | None) -> Iterator[Path]:
    """Make the folder for the state of a training; at the end, remove it unless the user named it."""
    folder = checkpoints or output.with_name(f".{output.name}.training")
    _make_folder(folder, output)
    try:
        yield folder
    except KeyboardInterrupt:
        kept = f"The training so far is kept in {folder}; run the same command again to continue."
        nothing = "Nothing was trained yet, and no files were left behind."
        raise KeyboardInterrupt(kept if any(folder.iterdir()) else nothing) from None
    except ModelFileError as error:
        if str(folder) not in str(error):
            raise
        raise ModelFileError(f"{error}; to start again, delete {folder}") from error
    finally:
        # A folder with checkpoints is not empty, so this fails for it and leaves it to the next run.
        with suppress(OSError):
            folder.rmdir()
    if checkpoints is None:
        shutil.rmtree(folder, ignore_errors=True)


def _make_folder(folder: Path, output: Path) -> None:
    """Make a folder beside the output, so that an unwritable place is reported before hours of training."""
    if output.is_dir():
        raise ModelFileError(f"{output}: a folder; name a file in it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelFileError(f"{folder}: cannot be written ({error.strerror}); choose another place") from error


@click.command(epilog=EXIT_CODES)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(file: Path | None, *, as_json: bool) -> None:
    """Describe a recogniser: its emotions, its training and its accuracy; without FILE, the pretrained one.

    Example: emotion-lib info mine.emotion
    """
    show(file, as_json=as_json)


@click.command(epilog=EXIT_CODES)
@click.argument("output", metavar="FILE.onnx", type=click.Path(path_type=Path))
@click.option(
    "--recognizer",
    metavar="FILE",
    help="Recogniser written by `emotion-lib train` or `enrol`; by default the pretrained one.",
)
def export(output: Path, *, recognizer: str | None) -> None:
    """Write a recogniser as one ONNX file, from the waveform to the probabilities, which any language can run.

    Needs the extra `export`. The file is under the licence of the recogniser, which is in its metadata.

    Example: emotion-lib export speech.onnx
    """
    from emotion_lib.recognizer import EmotionRecognizer

    chosen = EmotionRecognizer.load(recognizer)
    size = chosen.export(output).stat().st_size / 10**6
    licence = f". Licence: {printable(str(chosen.about['licence']))}" if "licence" in chosen.about else ""
    click.echo(f"{printable(str(output))}: {size:.1f} MB{licence}")


def show(path: Path | None, *, as_json: bool) -> None:
    """Print the description of a recogniser file."""
    from emotion_lib.recognizer import EmotionRecognizer, file
    from emotion_lib.recognizer.description import describe_recognizer
    from emotion_lib.recognizer.recognizer import PRETRAINED

    recognizer = EmotionRecognizer.load(path)
    place = path or resources.files("emotion_lib") / "pretrained" / PRETRAINED
    content = place.read_bytes()
    version = int(file.read_file(io.BytesIO(content), str(place)).manifest["format"])
    if not as_json:
        click.echo(f"{describe_recognizer(recognizer)}\nFile: {len(content) / 1000:.0f} kB, format {version}")
        return
    said: dict[str, Any] = {
        "emotions": recognizer.emotions,
        "feature": recognizer.feature,
        "settings": asdict(recognizer.settings),
        "calibration": asdict(recognizer.calibration),
        "about": recognizer.about,
        "training_utterances": len(recognizer.trained_on),
        "can_enrol": recognizer.voices is not None,
        "size": len(content),
        "format": version,
    }
    click.echo(to_json(said, indent=2))
