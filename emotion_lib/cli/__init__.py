"""The `emotion-lib` command: one file for each family of commands, and `command` for the code they share.

Commands import heavy packages inside their functions, so that `--help` answers at once and `predict` starts quickly.
"""

import click

from emotion_lib.cli.command import EXIT_CODES, Commands
from emotion_lib.cli.corpora import check, extract, fetch, index, split
from emotion_lib.cli.evaluation import evaluate, score
from emotion_lib.cli.recognizers import export, info, train
from emotion_lib.cli.recordings import enrol, predict
from emotion_lib.cli.timeline import timeline
from emotion_lib.cli.where import where

__all__ = ["main"]


@click.group(cls=Commands, epilog=EXIT_CODES)
@click.version_option(package_name="emotion_lib")
def main() -> None:
    """Recognise emotion in speech, and fetch, check and use corpora.

    Example: emotion-lib predict interview.wav --segments
    """


for _command in (
    fetch,
    check,
    index,
    split,
    extract,
    train,
    evaluate,
    score,
    predict,
    timeline,
    enrol,
    info,
    export,
    where,
):
    main.add_command(_command)
