"""The command `enrol`: a recogniser and recordings of one voice in, a recogniser that is used to this voice out."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from emotion_lib.cli.command import EXIT_CODES, printable, stopping, to_json
from emotion_lib.cli.recordings import find
from emotion_lib.errors import CorpusError, ParameterError, check_columns

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
@click.option("--json", "as_json", is_flag=True, help="Print what was heard as one JSON object.")
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
    _check(recordings, loaded.emotions, unlabelled=unlabelled)
    with stopping("Nothing was written."):
        used = loaded.enrol([each.source for each in recordings], [each.emotion for each in recordings])
        used.save(output)
    counts = used.about["enrolled"]
    if as_json:
        click.echo(to_json({"file": output, "recordings": len(recordings), "utterances": counts}, indent=2))
        return
    named = ", ".join(f"{n} {emotion}" for emotion, n in counts.items())
    click.echo(f"{printable(str(output))}: used to this voice; utterances of it that were heard: {named}")


def _recordings(paths: Sequence[str]) -> Iterator[Labelled]:
    for path in paths:
        if os.path.splitext(path)[1].lower() == ".csv":
            yield from _listed(Path(path))
            continue
        found = find([path])
        if found.problems:
            raise CorpusError(found.problems[0])
        above = path if os.path.isdir(path) else os.path.dirname(path)
        for name, source in found.recordings:
            yield _named(Labelled(name, source), os.path.abspath(above))


def _named(recording: Labelled, above: str) -> Labelled:
    """Return a recording with what its name says, or else its folders, up to the one that was given."""
    from emotion_lib.corpora.tess import EMOTION_OF, read_name

    if name := read_name(Path(recording.name).stem):
        return recording._replace(emotion=name.emotion, speaker=name.speaker)
    folders = Path(os.path.abspath(recording.name)).parent.relative_to(Path(above).parent).parts
    said = (EMOTION_OF.get(folder.lower()) for folder in reversed(folders))
    return recording._replace(emotion=next(filter(None, said), None))


def _listed(path: Path) -> Iterator[Labelled]:
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


def _check(recordings: Sequence[Labelled], emotions: Sequence[str], *, unlabelled: bool) -> None:
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
