"""The command `predict`: recordings in, a line for each answer out."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from emotion_lib.cli.command import EXIT_CODES, printable, stopping, to_json
from emotion_lib.cli.recordings import STANDARD_INPUT, Recording, find
from emotion_lib.errors import AudioError

if TYPE_CHECKING:
    from emotion_lib.recognizer import EmotionRecognizer, Prediction

    Answer = tuple[Recording, Prediction | AudioError]

T = TypeVar("T")


@click.command(epilog=EXIT_CODES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--recognizer",
    metavar="FILE",
    help="What `emotion-lib train` or `enrol` wrote; the recogniser of the package by default.",
)
@click.option("--segments", is_flag=True, help="Say what is heard when, in windows of two or three seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, with all probabilities.")
def predict(paths: tuple[str, ...], recognizer: str | None, *, segments: bool, as_json: bool) -> None:
    """Recognise the emotion in recordings.

    PATH is a recording, a folder with recordings at any depth, or - for a recording on standard input.

    Prints a line for each recording as soon as it was heard, with tabs between: path, emotion, probability of that
    emotion, and what else there is to know: why it is unknown, that the voice is unlike those that the recogniser was
    trained on. With --segments: path, start and end in seconds, emotion, probability, what else there is to know. A
    path that would break the line stands in quotes, as a JSON string. Recordings that cannot be heard are named at the
    end, on standard error; then the exit code is 1.

    Example: emotion-lib predict recordings/ interview.wav | cut -f 1,2
    """
    from emotion_lib.recognizer import EmotionRecognizer

    loaded = EmotionRecognizer.load(recognizer)
    recordings, problems = find(paths)
    answers = _segments(loaded, recordings) if segments else _predictions(loaded, recordings)
    with stopping("The answers that were printed are whole."):
        try:
            for recording, answer in _good(answers, problems):
                click.echo(_json(recording, answer) if as_json else _line(recording, answer))
        finally:
            _tell(problems)
    if problems:
        raise click.exceptions.Exit(1)


def _predictions(recognizer: "EmotionRecognizer", recordings: Sequence[Recording]) -> "Iterator[Answer]":
    """Yield the answer for each recording, or the error that says why there is none."""
    answers = recognizer.predictions([recording.source for recording in recordings])
    yield from zip(recordings, _watched(answers, len(recordings)), strict=True)


def _segments(recognizer: "EmotionRecognizer", recordings: Sequence[Recording]) -> "Iterator[Answer]":
    for recording in _watched(recordings, len(recordings)):
        try:
            for segment in recognizer.segments(recording.source):
                yield recording, segment
        except AudioError as error:
            yield recording, error


def _watched(items: Iterable[T], total: int) -> Iterable[T]:
    """Show a bar over several where somebody watches it, and not the answers."""
    if total < 2 or sys.stdout.isatty():
        return items
    from emotion_lib.progress import bar

    return bar(items, description="Listening", total=total)


def _good(answers: "Iterable[Answer]", problems: list[str]) -> "Iterator[tuple[Recording, Prediction]]":
    """Yield the answers, and put a sentence for each recording without one into `problems`."""
    for recording, answer in answers:
        if isinstance(answer, AudioError):
            problems.append(_sentence(recording, answer))
        else:
            yield recording, answer


def _sentence(recording: Recording, error: AudioError) -> str:
    """Return what is wrong with a recording, under its path instead of the name that the library calls it."""
    from emotion_lib.audio.sources import name_of

    shown = "standard input" if recording.name == STANDARD_INPUT else printable(recording.name)
    return f"{shown}: {str(error).removeprefix(f'{name_of(recording.source)}: ')}"


def _line(recording: Recording, answer: "Prediction") -> str:
    """Return an answer as a line for eyes, `cut` and `awk`."""
    place = [f"{getattr(answer, edge):.2f}" for edge in ("start", "end") if hasattr(answer, edge)]
    besides = ", ".join(part for part in (answer.reason, answer.note, answer.warning) if part)
    return "\t".join([printable(recording.name), *place, answer.emotion, f"{answer.confidence:.2f}", besides])


def _json(recording: Recording, answer: "Prediction") -> str:
    return to_json({"path": recording.name, **answer.to_dict()})


def _tell(problems: Sequence[str]) -> None:
    """Name at the end what could not be heard."""
    if problems:
        click.echo("\n".join([f"{len(problems)} could not be heard:", *problems]), err=True)
