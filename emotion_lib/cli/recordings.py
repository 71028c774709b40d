"""Commands about recordings: predict their emotions, and adapt a recogniser to the voice in them."""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias, TypeVar

import click

from emotion_lib.cli.command import EXIT_CODES, printable, stopping, to_json
from emotion_lib.cli.tables import PredictionTable
from emotion_lib.errors import AudioError, CorpusError, ParameterError, check_columns, path_of

if TYPE_CHECKING:
    from emotion_lib.audio import Channel
    from emotion_lib.recognizer import EmotionRecognizer, Prediction

STANDARD_INPUT = "-"


class Recording(NamedTuple):
    """A recording: its name in the output, its source, and its emotion and its speaker if they are known.

    The source is a path or standard input.
    """

    name: str
    source: str | BinaryIO
    emotion: str | None = None
    speaker: str | None = None


Answer: TypeAlias = "tuple[Recording, Prediction | AudioError]"


def find_recordings(paths: Iterable[str]) -> tuple[list[Recording], list[str]]:
    """Find the recordings of some paths, in the order of the paths, and describe the folders without recordings.

    The recordings of a folder are sorted.
    """
    from emotion_lib.audio.sources import SUFFIXES, has_audio_suffix, walk

    recordings: list[Recording] = []
    problems: list[str] = []
    for path in paths:
        if path == STANDARD_INPUT:
            if sys.stdin is None:
                problems.append("standard input: closed; pipe a recording in, as in `emotion-lib predict - < a.wav`")
            else:
                recordings.append(Recording(path, sys.stdin.buffer))
            continue
        if os.path.isdir(path):
            broken: list[OSError] = []  # one unreadable folder must not hide the recordings of the others
            names = [name for name in walk(path, onerror=broken.append) if has_audio_suffix(name)]
            recordings += [Recording(name, name) for name in names]
            problems += [f"{printable(str(error.filename))}: cannot be read ({error.strerror})" for error in broken]
            if not names and not broken:
                looked_for = ", ".join(sorted(SUFFIXES))
                problems.append(f"{printable(path)}: no recordings in it or below ({looked_for})")
        else:
            recordings.append(Recording(path, path))
    return recordings, problems


T = TypeVar("T")


def _channel(_context: click.Context, _option: click.Parameter, said: str | None) -> "Channel":
    """Return the channel that was named on the command line."""
    if said is None or said in ("left", "right"):
        return said  # type: ignore[return-value]
    if said.isdecimal() and int(said) > 0:
        return int(said)
    raise click.BadParameter(f"{said!r} is not left, right or the number of a channel, from 1")


channel_option = click.option(
    "--channel",
    metavar="left|right|N",
    callback=_channel,
    help="Use one channel, if each speaker has one; by default their mean.",
)
"""The option that chooses a channel, shared by the commands that predict."""


@click.command(epilog=EXIT_CODES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--recognizer",
    metavar="FILE",
    help="Recogniser written by `emotion-lib train` or `enrol`; by default the pretrained one.",
)
@click.option("--segments", is_flag=True, help="Predict the emotion in windows of two or three seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, with all probabilities.")
@click.option(
    "--csv", "table", metavar="FILE.csv", type=click.Path(path_type=Path), help="Write one row a recording to a table."
)
@channel_option
def predict(
    paths: tuple[str, ...],
    recognizer: str | None,
    *,
    segments: bool,
    as_json: bool,
    table: Path | None,
    channel: "Channel",
) -> None:
    """Recognise the emotion in recordings.

    PATH is a recording, a folder with recordings at any depth, or - for a recording on standard input.

    Prints one line for each recording as soon as it is predicted. Its fields are separated by tabs: path, emotion,
    probability of that emotion, and remarks (the reason for an unknown emotion, or a warning that the voice is far from
    every training voice). With --segments, the fields are path, start and end in seconds, emotion, probability, and
    remarks. A path that would break the line is written in quotes, as a JSON string. Recordings that cannot be used are
    listed at the end, on standard error; the exit code is then 1. With --json, each answer also has the version of the
    recogniser.

    With --csv, each recording is a row of the table as soon as it is done, and one that cannot be used is a row with
    the reason in the column error. The same command goes on after an interruption: recordings with a row are not
    predicted again, until you delete the row. The exit code is 1 if a recording of these paths has an error.

    Example: emotion-lib predict recordings/ interview.wav | cut -f 1,2
    """
    from emotion_lib.recognizer import EmotionRecognizer

    if table is not None and (segments or as_json):
        raise click.UsageError("--csv writes one row a recording; leave out --segments and --json")
    loaded = EmotionRecognizer.load(recognizer)
    recordings, problems = find_recordings(paths)
    version = recogniser_version(loaded)
    if table is not None:
        _write_table(PredictionTable(path_of("--csv", table), loaded.emotions), loaded, recordings, problems, channel)
        return
    answers = (_segments if segments else _predictions)(loaded, recordings, channel)
    with stopping("Every line that was printed is complete."):
        try:
            for recording, answer in answers:
                if isinstance(answer, AudioError):
                    problems.append(f"{_shown(recording)}: {_reason(recording, answer)}")
                elif as_json:
                    click.echo(to_json({"path": recording.name, **answer.to_dict(), "recognizer": version}))
                else:
                    click.echo(_line(recording, answer))
        finally:  # after Ctrl-C too
            _report(problems)
    if problems:
        raise click.exceptions.Exit(1)


def _shown(recording: Recording) -> str:
    return "standard input" if recording.name == STANDARD_INPUT else printable(recording.name)


def _reason(recording: Recording, error: AudioError) -> str:
    """Return an error without the file's name: in a tree of folders the user needs the path."""
    from emotion_lib.audio.sources import name_of

    return str(error).removeprefix(f"{name_of(recording.source)}: ")


def _report(problems: Sequence[str]) -> None:
    if problems:
        click.echo("\n".join([f"{len(problems)} cannot be used:", *problems]), err=True)


def _write_table(
    table: PredictionTable,
    recognizer: "EmotionRecognizer",
    recordings: Sequence[Recording],
    problems: list[str],
    channel: "Channel",
) -> None:
    """Write the rows of the recordings that the table does not have yet."""
    waiting = [each for each in recordings if printable(each.name) not in table.done]
    version = recogniser_version(recognizer)
    with closing(table), stopping("Every row is complete; the same command goes on with the rest."):
        for recording, answer in _predictions(recognizer, waiting, channel, shown=False):
            error = _reason(recording, answer) if isinstance(answer, AudioError) else ""
            table.add(printable(recording.name), answer, error=error, version=version)
    failed = [each for each in recordings if not table.done[printable(each.name)]]
    click.echo(f"{len(recordings)} recordings, {len(waiting)} of them new, {len(failed)} with an error")
    _report(problems)
    if problems or failed:
        raise click.exceptions.Exit(1)


def recogniser_version(recognizer: "EmotionRecognizer") -> str | None:
    """Return a recogniser's version, or else the version of the library that trained it, so that answers can be dated.

    Other programs can write anything into `about`, or nothing.
    """
    made_with = recognizer.about.get("made_with")
    library = made_with.get("emotion_lib") if isinstance(made_with, Mapping) else None
    version = recognizer.about.get("version", library and f"emotion_lib {library}")
    return None if version is None else str(version)


def _predictions(
    recognizer: "EmotionRecognizer", recordings: Sequence[Recording], channel: "Channel", *, shown: bool = True
) -> "Iterator[Answer]":
    answers = recognizer.predictions([recording.source for recording in recordings], channel=channel)
    yield from zip(recordings, _watched(answers, len(recordings), shown=shown), strict=True)


def _segments(
    recognizer: "EmotionRecognizer", recordings: Sequence[Recording], channel: "Channel"
) -> "Iterator[Answer]":
    for recording in _watched(recordings, len(recordings)):
        try:
            for segment in recognizer.segments(recording.source, channel=channel):
                yield recording, segment
        except AudioError as error:
            yield recording, error


def _watched(items: Iterable[T], total: int, *, shown: bool = True) -> Iterable[T]:
    """Show a progress bar, unless there is only one recording or the answers are `shown` on the terminal."""
    if total < 2 or (shown and sys.stdout.isatty()):
        return items
    from emotion_lib.progress import bar

    return bar(items, description="Predicting", total=total)


def _line(recording: Recording, answer: "Prediction") -> str:
    """Return an answer as a line with tabs, for people, `cut` and `awk`."""
    place = [f"{getattr(answer, edge):.2f}" for edge in ("start", "end") if hasattr(answer, edge)]
    besides = ", ".join(part for part in (answer.reason, answer.note, answer.warning, *answer.notes) if part)
    return "\t".join([printable(recording.name), *place, answer.emotion, f"{answer.confidence:.2f}", besides])


@click.command(epilog=EXIT_CODES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="FILE.emotion", type=click.Path(path_type=Path), required=True, help="File to write."
)
@click.option(
    "--recognizer", metavar="FILE", help="Recogniser written by `emotion-lib train`; by default the pretrained one."
)
@click.option("--emotion", metavar="NAME", help="Emotion of all recordings, such as neutral, whatever their names.")
@click.option("--unlabelled", is_flag=True, help="Also use recordings whose emotion is not known.")
@channel_option
@click.option("--json", "as_json", is_flag=True, help="Print the file and the utterances used as one JSON object.")
def enrol(
    paths: tuple[str, ...],
    *,
    output: Path,
    recognizer: str | None,
    emotion: str | None,
    unlabelled: bool,
    channel: "Channel",
    as_json: bool,
) -> None:
    """Adapt a recogniser to one voice with a few recordings of it.

    PATH is a recording, a folder with recordings at any depth, or a CSV file with the columns path and emotion. Paths
    in a CSV file are relative to its folder. The emotion of a recording is read from its name, as in a corpus
    (speaker_word_emotion.wav), or else from the innermost folder that is named after an emotion (my_voice/happy/1.wav).

    Three ordinary sentences (--emotion neutral) help a little, ten recordings without labels more, and five of each
    emotion most. The output is a recogniser like any other: emotion-lib predict --recognizer me.emotion new.wav

    Where the recordings show that adapting would not help, the output is the recogniser as it was, and a line says why.

    Example: emotion-lib enrol my_voice/ --output me.emotion

    Example: emotion-lib enrol one.wav two.wav three.wav --emotion neutral --output me.emotion
    """
    from emotion_lib.recognizer import EmotionRecognizer
    from emotion_lib.recognizer.adaptation import NOT_ADAPTED

    loaded = EmotionRecognizer.load(recognizer)
    recordings = list(_recordings(paths, loaded.emotions))
    if emotion is not None:
        if unlabelled:
            raise click.UsageError("Give --emotion or --unlabelled, not both.")
        said = _known(emotion, loaded.emotions) or emotion
        recordings = [each._replace(emotion=said) for each in recordings]
    _check_one_voice(recordings, loaded.emotions, unlabelled=unlabelled)
    with stopping("Nothing was written."):
        emotions = [each.emotion for each in recordings]
        used = loaded.enrol([each.source for each in recordings], emotions, channel=channel)
        used.save(output)
    counts, reason = used.about.get("enrolled", {}), used.about.get(NOT_ADAPTED, "")
    if as_json:
        report = {"file": output, "recordings": len(recordings), "utterances": counts}
        click.echo(to_json(report | ({NOT_ADAPTED: reason} if reason else {}), indent=2))
        return
    if reason:
        click.echo(f"{printable(str(output))}: not adapted: {reason}")
        return
    named = ", ".join(f"{n} {emotion}" for emotion, n in counts.items())
    click.echo(f"{printable(str(output))}: adapted to this voice with {named}")


def _recordings(paths: Sequence[str], emotions: Sequence[str]) -> Iterator[Recording]:
    from emotion_lib.corpora.own import SUFFIXES

    for path in paths:
        if os.path.splitext(path)[1].lower() in SUFFIXES:
            yield from _read_list(Path(path), emotions)
            continue
        recordings, problems = find_recordings([path])
        if problems:
            raise CorpusError(problems[0])
        above = path if os.path.isdir(path) else os.path.dirname(path)
        for recording in recordings:
            yield _label_by_name(recording, os.path.abspath(above), emotions)


def _known(word: str, emotions: Sequence[str]) -> str | None:
    """Return the emotion of a recogniser that a word stands for, in any case, or the one of the library."""
    from emotion_lib.corpora.labels import emotion_of

    plain = unicodedata.normalize("NFC", word).strip().casefold()
    return next((each for each in emotions if each.casefold() == plain), None) or emotion_of(plain)


def _label_by_name(recording: Recording, above: str, emotions: Sequence[str]) -> Recording:
    """Label a recording by its name, or else by the folders above it, up to the folder that the user gave."""
    from emotion_lib.corpora.tess import read_name

    if name := read_name(Path(recording.name).stem):
        return recording._replace(emotion=name.emotion, speaker=name.speaker)
    folders = Path(os.path.abspath(recording.name)).parent.relative_to(Path(above).parent).parts
    said = (_known(folder, emotions) for folder in reversed(folders))  # the innermost first
    return recording._replace(emotion=next(filter(None, said), None))


def _read_list(path: Path, emotions: Sequence[str]) -> Iterator[Recording]:
    from emotion_lib.corpora.own import COLUMNS, read_lines

    lines = read_lines(path)
    heads = [name.casefold() for name in next(lines, (0, []))[1]]
    column = {name: next((each for each in names if each in heads), name) for name, names in COLUMNS.items()}
    check_columns(str(path), heads, column["path"], column["emotion"], cure="its first line must name path and emotion")
    for _, cells in lines:
        row = dict(zip_longest(heads, cells[: len(heads)], fillvalue=""))
        name, said = (
            str(path.parent / os.path.expanduser(row[column["path"]].replace("\\", "/"))),
            row[column["emotion"]],
        )
        speaker = row.get(column["speaker"]) or None
        yield Recording(name, name, _known(said, emotions) or said or None, speaker)


def _check_one_voice(recordings: Sequence[Recording], emotions: Sequence[str], *, unlabelled: bool) -> None:
    """Refuse recordings of several speakers, or with an emotion that is missing or unknown to the recogniser."""
    from emotion_lib.corpora.labels import with_synonyms

    speakers = sorted({each.speaker for each in recordings if each.speaker})
    if len(speakers) > 1:
        raise ParameterError(
            f"recordings of {len(speakers)} speakers ({', '.join(speakers)}); give recordings of one speaker"
        )
    for each in recordings:
        if each.emotion is None and not unlabelled:
            raise ParameterError(
                f"{printable(each.name)}: neither its name nor its folder names an emotion; move it to a folder that "
                "is named after its emotion, or add --unlabelled"
            )
        if each.emotion is not None and each.emotion not in emotions:
            raise ParameterError(
                f"{printable(each.name)}: {each.emotion} is not an emotion of this recogniser "
                f"({with_synonyms(emotions)}); leave it out"
            )
