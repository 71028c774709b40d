"""Commands about recordings: predict their emotions, and adapt a recogniser to the voice in them."""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import click

from emotion_lib.cli.command import EXIT_CODES, printable, stopping, to_json
from emotion_lib.errors import AudioError, CorpusError, ParameterError, check_columns

if TYPE_CHECKING:
    from emotion_lib.recognizer import EmotionRecognizer, Prediction

STANDARD_INPUT = "-"


class NamedSource(NamedTuple):
    """A recording by the name that answers call it, and what is read: a path, or the bytes of standard input."""

    name: str
    source: str | bytes


Answer: TypeAlias = "tuple[NamedSource, Prediction | AudioError]"


class Found(NamedTuple):
    """The recordings that were found, and a sentence for each place where there are none."""

    recordings: list[NamedSource]
    problems: list[str]


def find_recordings(paths: Iterable[str]) -> Found:
    """Find every recording that some paths name, in their order; those of a folder are sorted."""
    found = Found([], [])
    for path in paths:
        if path == STANDARD_INPUT:
            found.recordings.append(NamedSource(path, sys.stdin.buffer.read()))
        elif os.path.isdir(path):
            _look_into(path, found)
        else:
            found.recordings.append(NamedSource(path, path))
    return found


def _look_into(folder: str, found: Found) -> None:
    from emotion_lib.audio.sources import SUFFIXES, has_audio_suffix, walk

    broken: list[OSError] = []
    names = [name for name in walk(folder, onerror=broken.append) if has_audio_suffix(name)]
    found.recordings.extend(NamedSource(name, name) for name in names)
    found.problems.extend(f"{printable(str(error.filename))}: cannot be read ({error.strerror})" for error in broken)
    if not names and not broken:
        looked_for = ", ".join(sorted(SUFFIXES))
        found.problems.append(f"{printable(folder)}: no recordings in it or below ({looked_for})")


T = TypeVar("T")


@click.command(epilog=EXIT_CODES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--recognizer",
    metavar="FILE",
    help="What `emotion-lib train` or `enrol` wrote; the recogniser of the package by default.",
)
@click.option("--segments", is_flag=True, help="Say what is predicted when, in windows of two or three seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, with all probabilities.")
def predict(paths: tuple[str, ...], recognizer: str | None, *, segments: bool, as_json: bool) -> None:
    """Recognise the emotion in recordings.

    PATH is a recording, a folder with recordings at any depth, or - for a recording on standard input.

    Prints a line for each recording as soon as it is predicted, with tabs between: path, emotion, probability of that
    emotion, and what else there is to know: why it is unknown, that the voice is unlike those that the recogniser was
    trained on. With --segments: path, start and end in seconds, emotion, probability, what else there is to know. A
    path that would break the line stands in quotes, as a JSON string. Recordings that cannot be used are named at the
    end, on standard error; then the exit code is 1.

    Example: emotion-lib predict recordings/ interview.wav | cut -f 1,2
    """
    from emotion_lib.recognizer import EmotionRecognizer

    loaded = EmotionRecognizer.load(recognizer)
    recordings, problems = find_recordings(paths)
    answers = _segments(loaded, recordings) if segments else _predictions(loaded, recordings)
    with stopping("The answers that were printed are whole."):
        try:
            for recording, answer in _good(answers, problems):
                click.echo(_json(recording, answer) if as_json else _line(recording, answer))
        finally:
            _tell(problems)
    if problems:
        raise click.exceptions.Exit(1)


def _predictions(recognizer: "EmotionRecognizer", recordings: Sequence[NamedSource]) -> "Iterator[Answer]":
    """Yield the answer for each recording, or the error that says why there is none."""
    answers = recognizer.predictions([recording.source for recording in recordings])
    yield from zip(recordings, _watched(answers, len(recordings)), strict=True)


def _segments(recognizer: "EmotionRecognizer", recordings: Sequence[NamedSource]) -> "Iterator[Answer]":
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

    return bar(items, description="Predicting", total=total)


def _good(answers: "Iterable[Answer]", problems: list[str]) -> "Iterator[tuple[NamedSource, Prediction]]":
    """Yield the answers, and put a sentence for each recording without one into `problems`."""
    for recording, answer in answers:
        if isinstance(answer, AudioError):
            problems.append(_sentence(recording, answer))
        else:
            yield recording, answer


def _sentence(recording: NamedSource, error: AudioError) -> str:
    """Return what is wrong with a recording, under its path instead of the name that the library calls it."""
    from emotion_lib.audio.sources import name_of

    shown = "standard input" if recording.name == STANDARD_INPUT else printable(recording.name)
    return f"{shown}: {str(error).removeprefix(f'{name_of(recording.source)}: ')}"


def _line(recording: NamedSource, answer: "Prediction") -> str:
    """Return an answer as a line for eyes, `cut` and `awk`."""
    place = [f"{getattr(answer, edge):.2f}" for edge in ("start", "end") if hasattr(answer, edge)]
    besides = ", ".join(part for part in (answer.reason, answer.note, answer.warning) if part)
    return "\t".join([printable(recording.name), *place, answer.emotion, f"{answer.confidence:.2f}", besides])


def _json(recording: NamedSource, answer: "Prediction") -> str:
    return to_json({"path": recording.name, **answer.to_dict()})


def _tell(problems: Sequence[str]) -> None:
    """Name at the end the recordings that cannot be used."""
    if problems:
        click.echo("\n".join([f"{len(problems)} cannot be used:", *problems]), err=True)


FILE, EMOTION = "file", "emotion"
"""The columns of a list of recordings."""


class Labelled(NamedTuple):
    """A recording, and its emotion and speaker as far as they are known."""

    name: str
    source: str | bytes
    emotion: str | None = None
    speaker: str | None = None


@click.command(epilog=EXIT_CODES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--output", metavar="FILE.emotion", type=click.Path(path_type=Path), required=True, help="File to write.")
@click.option(
    "--recognizer", metavar="FILE", help="What `emotion-lib train` wrote; the recogniser of the package by default."
)
@click.option("--unlabelled", is_flag=True, help="Take recordings too whose emotion is nowhere said.")
@click.option("--json", "as_json", is_flag=True, help="Print what was used as one JSON object.")
def enrol(paths: tuple[str, ...], *, output: Path, recognizer: str | None, unlabelled: bool, as_json: bool) -> None:
    """Get a recogniser used to one voice, by a few recordings of it.

    PATH is a recording, a folder with recordings at any depth, or a CSV file with the columns file and emotion, whose
    paths begin at the folder of that file. The emotion of a recording is what its name says, as in a corpus
    (speaker_word_emotion.wav), or else the innermost folder with the name of an emotion (my_voice/happy/1.wav).

    One recording of each emotion helps, five are better. No network is trained. What is written is a recogniser like
    any other: emotion-lib predict --recognizer me.emotion new.wav

    Example: emotion-lib enrol my_voice/ --output me.emotion
    """
    from emotion_lib.recognizer import EmotionRecognizer

    loaded = EmotionRecognizer.load(recognizer)
    recordings = list(_recordings(paths))
    _check_one_voice(recordings, loaded.emotions, unlabelled=unlabelled)
    with stopping("Nothing was written."):
        used = loaded.enrol([each.source for each in recordings], [each.emotion for each in recordings])
        used.save(output)
    counts = used.about["enrolled"]
    if as_json:
        click.echo(to_json({"file": output, "recordings": len(recordings), "utterances": counts}, indent=2))
        return
    named = ", ".join(f"{n} {emotion}" for emotion, n in counts.items())
    click.echo(f"{printable(str(output))}: used to this voice, from these utterances of it: {named}")


def _recordings(paths: Sequence[str]) -> Iterator[Labelled]:
    for path in paths:
        if os.path.splitext(path)[1].lower() == ".csv":
            yield from _read_list(Path(path))
            continue
        found = find_recordings([path])
        if found.problems:
            raise CorpusError(found.problems[0])
        above = path if os.path.isdir(path) else os.path.dirname(path)
        for name, source in found.recordings:
            yield _label_by_name(Labelled(name, source), os.path.abspath(above))


def _label_by_name(recording: Labelled, above: str) -> Labelled:
    """Return a recording with what its name says, or else its folders, up to the one that was given."""
    from emotion_lib.corpora.tess import EMOTION_OF, read_name

    if name := read_name(Path(recording.name).stem):
        return recording._replace(emotion=name.emotion, speaker=name.speaker)
    folders = Path(os.path.abspath(recording.name)).parent.relative_to(Path(above).parent).parts
    said = (EMOTION_OF.get(folder.lower()) for folder in reversed(folders))
    return recording._replace(emotion=next(filter(None, said), None))


def _read_list(path: Path) -> Iterator[Labelled]:
    from emotion_lib.corpora.tess import EMOTION_OF

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            cure = f"its first line must name {FILE} and {EMOTION}"
            check_columns(str(path), rows.fieldnames or (), FILE, EMOTION, cure=cure)
            for row in rows:
                name, said = str(path.parent / (row[FILE] or "")), (row[EMOTION] or "").strip()
                yield Labelled(name, name, EMOTION_OF.get(said.lower(), said) or None)
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path}: no CSV file in UTF-8 ({error}); save it as one") from error


def _check_one_voice(recordings: Sequence[Labelled], emotions: Sequence[str], *, unlabelled: bool) -> None:
    """Refuse recordings that are not of one voice, or whose emotion is not said, or none that can be told apart."""
    speakers = sorted({each.speaker for each in recordings if each.speaker})
    if len(speakers) > 1:
        raise ParameterError(f"recordings of {len(speakers)} speakers ({', '.join(speakers)}); give those of one")
    for each in recordings:
        if each.emotion is None and not unlabelled:
            raise ParameterError(
                f"{printable(each.name)}: its emotion is nowhere said; put it in a folder with the name of an emotion, "
                "or take it as it is with --unlabelled"
            )
        if each.emotion is not None and each.emotion not in emotions:
            raise ParameterError(
                f"{printable(each.name)}: {each.emotion} is no emotion that this recogniser tells apart "
                f"({', '.join(emotions)}); leave it out"
            )
