"""Make the table of results: every figure that README and the notebooks show of a trained model.

    make accuracy                     make every row of under two minutes again, and say what the others are
    make accuracy ROW=tess/by_speaker/svm     make this row again
    make accuracy ALL=1               make every row that is not up to date (hours; it says how many)

Without make: python -m benchmarks.accuracy, with --row NAME or --all. A row is written as soon as it is done, so that
a run that was stopped goes on where it was; it is up to date while recipe, features and utterances are those that it
was made with. Of networks each epoch is kept in build/checkpoints, but on the random split, whose curves are observed.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pandas as pd

from benchmarks.rows import HERE, KEPT_PREDICTIONS, PREDICTIONS, ROWS, Row
from emotion_lib import evaluation, results
from emotion_lib.emotions import STYLES
from emotion_lib.errors import CorpusError, EmotionLibError, MissingExtraError, ParameterError
from emotion_lib.evaluation import RESULT_COLUMNS, Evaluation
from emotion_lib.splits import UNSEEN_VOICES
from emotion_lib.writing import written_whole

TABLE = HERE / "accuracy.csv"
PAGES = {
    HERE / "accuracy.md": results.overview,
    HERE / "new_voices.md": results.new_voices,
    HERE / "by_corpus.md": results.by_corpus,
    HERE / "used_to_voice.md": results.used_to_voice,
}
"""The pages of the documentation and the model card, and the function that makes each of them from the table."""
HEADINGS = {
    "accuracy.md": """# How accurate each model is on TESS

Unweighted average recall in percent, with its 95 % interval over words in brackets; guessing scores 14.3.

*random*: a fifth of the recordings is held out. *by word*: the test has no word of the training. *OAF -> YAF*: trained
on the older woman (OAF, 64) and tested on the younger (YAF, 26). *YAF -> OAF*: the other way round. *mean of both*: the
mean of the two directions; two voices are two points, so it has no interval. *voice and word*: the same mean, with no
word of the training in the test either.

A network's figure is the mean over one to five seeds, and the range of the seeds is given if it exceeds five points. A
dash means "not measured". The original networks, and the regression on the original's averages, skip the first half
second, as published. `make accuracy` makes this table.

""",
    "by_corpus.md": """# What a new voice costs, and a new corpus

Unweighted average recall in percent, with its 95 % interval in brackets: over speakers if the corpus has eight or more.
EMO-DB has seven emotions here, boredom among them. RAVDESS (actors 01 to 12) has eight, calm among them. The column of
TESS is the mean of both directions.

*its other speakers*: `leave_speaker_out`, and `by_speaker` in TESS. *the other two corpora*: only the emotions that
both sides have. The networks and the voice statistics were chosen on speakers of EMO-DB and RAVDESS, so their figures
for these two corpora are somewhat too high.

""",
    "used_to_voice.md": """# Enrolment: after a few utterances of the new voice

Unweighted average recall on TESS in percent, trained on one voice and tested on the other. Each column gives the model
more, or less, of the tested voice:

- *nothing*;
- *unlabelled*: half of its words without their emotions, tested on the other half;
- *1*, *3*, *5*, *10*: that many labelled utterances of each emotion;
- *unlabelled+1*: half of the words unlabelled, and one labelled utterance of each emotion.

The last method assumes that all emotions are about equally frequent among the unlabelled utterances. The two rightmost
columns break this assumption: one emotion is missing there, or three are a fifth as frequent as the others. Mean and
worst of 20 draws.

""",
}
"""What stands above the table of each page."""
WHERE = ["corpus", "direction", "seen_of_voice", "metric"]
"""Columns that tell the figures of one row apart."""


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--all", "everything", is_flag=True, help="Make every row that is not up to date.")
@click.option("--row", "only", metavar="NAME", help="Make this row again: CORPUS/PROTOCOL/MODEL.")
def main(everything: bool, only: str | None) -> None:
    """Make the rows that were asked for."""
    names = [row.name for row in ROWS]
    if only is not None and only not in names:
        raise click.BadParameter(f"{only!r} is not one of {', '.join(names)}", param_hint="--row")
    try:
        if TABLE.exists():
            _write_pages()  # a run that was killed may have written the table alone
        if everything:
            click.echo(_hours())
        for row in ROWS:
            if only in {None, row.name}:
                click.echo(f"{row.name}: ", nl=False)
                click.echo(_done(row, everything=everything, again=row.name == only))
    except EmotionLibError as error:  # such as a full disk
        raise click.ClickException(str(error)) from error


def _hours() -> str:
    """Return how long everything takes that is not up to date."""
    kept = _kept()
    outdated = [row for row in ROWS if not _is_current(row, kept)]
    minutes = pd.Series([kept[row.lines(kept)]["minutes"].max() for row in outdated], dtype=float)
    never = f", and {minutes.isna().sum()} rows that were never made" if minutes.isna().any() else ""
    return f"{len(outdated)} of {len(ROWS)} rows are not up to date: about {minutes.sum() / 60:.1f} hours{never}"


def _kept() -> pd.DataFrame:
    """Return the rows that are there already."""
    columns = [*RESULT_COLUMNS, results.KEY]
    return results.read(TABLE) if TABLE.exists() else pd.DataFrame(columns=columns, dtype=str)


def _is_current(row: Row, kept: pd.DataFrame) -> bool:
    """Return whether the table has the row with the present recipe and features, of the utterances that are here."""
    try:
        return set(kept[row.lines(kept)][results.KEY]) == {row.key}
    except (CorpusError, ParameterError):
        return False


def _done(row: Row, *, everything: bool, again: bool) -> str:
    """Make a row if it is its turn, and return what was done."""
    kept = _kept()
    committed = kept[row.lines(kept)]
    current = _is_current(row, kept)
    if again or (not current if everything else row.quick):
        try:
            return _made(row, committed)
        except (CorpusError, MissingExtraError, ParameterError) as error:
            if again:
                raise click.ClickException(str(error)) from error
            return f"{_told(row, committed, current=current)} It cannot be made here: {error}"
    return _told(row, committed, current=current)


def _told(row: Row, committed: pd.DataFrame, *, current: bool) -> str:
    """Return what the table has of a row that is not made."""
    if committed.empty:
        return f"not made yet; `make accuracy ROW={row.name}` makes it."
    if current:
        return "from the committed table, up to date."
    return f"from the committed table, of another recipe, other features or recordings; ROW={row.name} makes it again."


def _made(row: Row, committed: pd.DataFrame) -> str:
    """Make a row, put it into the table, and return how it compares with the one that was there."""
    found = row.evaluated()
    figures = pd.concat([evaluation.result_rows(each) for each in found], ignore_index=True)
    if row.name in KEPT_PREDICTIONS:
        _keep_predictions(found[0], PREDICTIONS)
    _keep(row, figures)
    differences = list(_differences(row, committed, figures))
    return f"made; {'; '.join(differences) or 'as committed'}."


def _differences(row: Row, committed: pd.DataFrame, figures: pd.DataFrame) -> Iterator[str]:
    """Yield where new figures differ from committed ones: at all, or of a network by three deviations of its seeds."""
    if committed.empty:
        yield "not in the table before"
        return
    was, now = committed.set_index(WHERE), figures.set_index(WHERE)
    for where in was.index.union(now.index, sort=False):
        name = " ".join(part for part in where if part)
        old, new = (side["value"].get(where, np.nan) for side in (was, now))
        if not abs(new - old) <= _leeway(row, was["seed_sd"].get(where, np.nan)):
            yield f"{name} is {new:.4f}, was {old:.4f}"


def _leeway(row: Row, seed_sd: float) -> float:
    """Return how far a figure may be from the committed one, which has four digits."""
    if not row.is_trained:
        return 0.000051
    return results.LEEWAY if np.isnan(seed_sd) else max(0.0001, 3 * seed_sd)


def _keep(row: Row, figures: pd.DataFrame) -> None:
    """Put the figures of a row into the table, in the place of older ones, and write the pages."""
    kept = _kept()
    figures = figures.assign(**{results.KEY: row.key})
    table = pd.concat([kept[~row.lines(kept)], figures]) if len(kept) else figures
    table = table.astype({"n": "Int64"}).assign(minutes=table["minutes"].map("{:.1f}".format))
    table = table.sort_values(["corpus", "protocol", "model", "trained_on", "seen_of_voice", "metric", "direction"])
    _write(TABLE, table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    _write_pages()


def _write_pages() -> None:
    """Write the pages that show the table."""
    shown = results.read(TABLE)
    for path, show in PAGES.items():
        _write(path, HEADINGS.get(path.name, "") + results.to_markdown(show(shown)))


def _keep_predictions(found: Evaluation, path: Path) -> None:
    """Keep what the first seed heard in each utterance: to listen to the mistakes, and to get used to its voices."""
    first = found.predictions[found.predictions["seed"] == found.predictions["seed"].min()]
    new = first.assign(model=found.model, protocol=found.protocol)
    if found.protocol not in UNSEEN_VOICES:
        new = new.drop(columns=[emotion for emotion in STYLES if emotion in new])
    if path.exists():
        kept = pd.read_csv(path, dtype={"fold": "str"})
        new = pd.concat([kept[(kept["model"] != found.model) | (kept["protocol"] != found.protocol)], new])
    emotions = [emotion for emotion in STYLES if emotion in new]
    columns = ["model", "protocol", "fold", "id"]
    new = new[[*columns, "predicted", *emotions]].sort_values(columns)
    _write(path, new.to_csv(index=False, float_format="%.4f", lineterminator="\n"))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, so that a run may be stopped at any time."""
    with written_whole(path, error=EmotionLibError) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
