"""The command `info`, and how other commands describe a recogniser."""

import io
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import click

from emotion_lib.cli.command import EXIT_CODES, to_json
from emotion_lib.errors import ModelFileError


@click.command(epilog=EXIT_CODES)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(file: Path | None, *, as_json: bool) -> None:
    """Say what a recogniser is, how it was trained, and what it is worth; without FILE, the one of the package.

    Example: emotion-lib info mine.emotion
    """
    show(file, as_json=as_json)


def show(path: Path | None, *, as_json: bool) -> None:
    """Print what the file of a recogniser says of itself."""
    from emotion_lib.recognizer import EmotionRecognizer
    from emotion_lib.recognizer.describing import describe

    recognizer = EmotionRecognizer.load(path)
    size, version = _form(path)
    if not as_json:
        click.echo(f"{describe(recognizer)}\nFile: {size / 1000:.0f} kB, format {version}")
        return
    said: dict[str, Any] = {
        "emotions": recognizer.emotions,
        "feature": recognizer.feature,
        "settings": asdict(recognizer.settings),
        "calibration": asdict(recognizer.calibration),
        "about": recognizer.about,
        "training_utterances": len(recognizer.trained_on),
        "can_enrol": recognizer.voices is not None,
        "size": size,
        "format": version,
    }
    click.echo(to_json(said, indent=2))


def _form(path: Path | None) -> tuple[int, int]:
    """Return the size in bytes of a recogniser's file, and the version of its form."""
    from emotion_lib.recognizer import file
    from emotion_lib.recognizer.recognizing import PRETRAINED

    place = path or resources.files("emotion_lib") / "pretrained" / PRETRAINED
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{place}: {error.strerror}; check the path") from error
    return len(content), int(file.read(io.BytesIO(content), str(place)).manifest["format"])
