"""The command that follows the emotion through a long recording."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emotion_lib.cli.command import EXIT_CODES, OneOf, printable, stopping
from emotion_lib.cli.recordings import STANDARD_INPUT, channel_option, find_recordings, recogniser_version
from emotion_lib.errors import AudioError
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.audio import Channel


@click.command(epilog=EXIT_CODES)
@click.argument("path", metavar="FILE")
@click.option(
    "--recognizer",
    metavar="FILE",
    help="Recogniser written by `emotion-lib train` or `enrol`; by default the pretrained one.",
)
@click.option(
    "--format",
    "kind",
    type=OneOf("emotion_lib.recognizer.timeline", "FORMATS"),
    help="Write the timeline for a spreadsheet, a program, Audacity or Praat.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="File to write; by default it is printed."
)
@channel_option
def timeline(
    path: str, *, recognizer: str | None, kind: str | None, as_json: bool, output: Path | None, channel: "Channel"
) -> None:
    """Follow the emotion through a long recording.

    FILE is a recording of any length, or - for standard input.

    Prints one line for each stretch with one answer, when the whole recording is predicted. Its fields are separated by
    tabs: start and end in seconds, emotion, probability of that emotion, and the reason for an unknown emotion. The
    formats csv and json have a row for each half second, with all probabilities. audacity is a file for "Import labels"
    of Audacity, and textgrid one for Praat.

    Speakers are not told apart: where several people speak, an answer can be about any of them. If each speaker has a
    channel, choose one with --channel.

    Example: emotion-lib timeline interview.wav --format audacity --output interview.txt
    """
    from emotion_lib.recognizer import EmotionRecognizer
    from emotion_lib.recognizer.timeline import formatted

    if as_json and kind not in (None, "json"):
        raise click.UsageError("--json and --format name two formats; leave one out")
    loaded = EmotionRecognizer.load(recognizer)
    recordings, problems = find_recordings([path])
    if problems or recordings[0].name != os.path.expanduser(path):
        raise AudioError(problems[0] if problems else f"{printable(path)}: a folder; name one recording")
    with stopping("Nothing was written."):
        table = loaded.timeline(recordings[0].source, channel=channel)
    table.attrs = {"path": path, "recognizer": recogniser_version(loaded), **table.attrs}
    kind = "json" if as_json else kind
    text = formatted(table, kind) if kind else _lines(table)
    if output is None or str(output) == STANDARD_INPUT:
        click.echo(text, nl=False)
    else:
        with written_whole(output.expanduser(), error=AudioError) as file:
            file.write(text.encode())
    for remark in (table.attrs["warning"], *table.attrs["notes"]):
        if remark:
            click.echo(f"Note: {remark}", err=True)


def _lines(table: "pd.DataFrame") -> str:
    """Return the stretches of a timeline as lines with tabs, for people, `cut` and `awk`."""
    from emotion_lib.recognizer.timeline import emotions_of, stretches

    joined = stretches(table)
    joined["confidence"] = joined[emotions_of(table)].max(axis=1)
    return "".join(
        f"{row['start']:.2f}\t{row['end']:.2f}\t{row['emotion']}\t{row['confidence']:.2f}\t{row['reason']}\n"
        for row in joined.to_dict("records")
    )
