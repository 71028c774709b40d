"""Make the table of results: every figure that README and the notebooks show of a trained model.

    python -m benchmarks.accuracy            make the rows that are missing and take under two minutes
    python -m benchmarks.accuracy --all      make all that are missing (about two hours on two cores)
    python -m benchmarks.accuracy --row tess/random/svm   make this one again

A row is written as soon as it is done, so that a run that was stopped goes on where it was. Of a row of several corpora
each network is kept in build/checkpoints; delete that to train it anew.
"""

from dataclasses import dataclass
from pathlib import Path

import click
import pandas as pd

from emotion_lib import corpora, evaluation, results
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import CorpusError
from emotion_lib.evaluation import RESULT_COLUMNS, Evaluation

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parent / "build" / "checkpoints"
TABLE = HERE / "accuracy.csv"
PAGE = HERE / "accuracy.md"
NEW_VOICES_PAGE = HERE / "new_voices.md"
PREDICTIONS = HERE / "predictions.csv"
KEPT_PREDICTIONS = (
    "tess/random/frame_lstm",
    "tess/by_speaker/frame_lstm",
    "emodb+ravdess+tess/leave_speaker_out/frame_cnn",
)


@dataclass(frozen=True)
class Row:
    """One evaluation of the table: a model under a protocol."""

    corpus: str
    protocol: str
    model: str
    seeds: int
    quick: bool = True

    @property
    def name(self) -> str:
        """Name of the row on the command line."""
        return f"{self.corpus}/{self.protocol}/{self.model}"


BASELINE_ROWS = [
    Row("tess", protocol, model, seeds=1 if protocol == "by_speaker" else 5)
    for model in ("most_frequent", "logistic_regression", "logistic_regression_original", "svm", "mean_std_svm")
    for protocol in ("random", "by_word", "by_speaker")
]
NETWORK_ROWS = [
    Row("tess", "random", "frame_lstm", seeds=5, quick=False),
    Row("tess", "random", "mean_mfcc_lstm", seeds=5, quick=False),
    Row("tess", "by_speaker", "frame_lstm", seeds=3, quick=False),
    Row("tess_doubled", "random", "mean_mfcc_lstm", seeds=2, quick=False),
    Row("tess", "random", "mean_mfcc_lstm_normalised", seeds=2, quick=False),
    Row("tess", "by_speaker", "mean_mfcc_lstm", seeds=2, quick=False),
    Row("tess", "by_word", "frame_lstm", seeds=1, quick=False),
    Row("tess", "by_word", "mean_mfcc_lstm", seeds=1, quick=False),
]
NEW_VOICE_ROWS = [
    Row("emodb+ravdess+tess", "leave_speaker_out", "mean_std_svm", seeds=1),
    Row("emodb+ravdess+tess", "leave_speaker_out", "frame_cnn", seeds=1, quick=False),
]
ROWS = BASELINE_ROWS + NETWORK_ROWS + NEW_VOICE_ROWS


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--all", "everything", is_flag=True, help="Make the slow rows too.")
@click.option(
    "--row",
    "only",
    type=click.Choice([row.name for row in ROWS]),
    metavar="CORPUS/PROTOCOL/MODEL",
    help="Make this row again.",
)
def main(everything: bool, only: str | None) -> None:
    """Make the rows that were asked for."""
    kept = _kept()
    done = set(kept["trained_on"] + "/" + kept["protocol"] + "/" + kept["model"])
    for row in ROWS:
        if row.name == only or (only is None and row.name not in done and (row.quick or everything)):
            click.echo(f"{row.name}: {row.seeds} seeds")
            _keep(row, _evaluated(row))
        elif row.name in done:
            click.echo(f"{row.name}: from the committed table")


def _kept() -> pd.DataFrame:
    """Return the rows that are there already."""
    return results.read(TABLE) if TABLE.exists() else pd.DataFrame(columns=list(RESULT_COLUMNS), dtype=str)


def _evaluated(row: Row) -> Evaluation:
    """Return the evaluation of a row."""
    try:
        table = pd.concat([corpora.load(name.removesuffix("_doubled")) for name in row.corpus.split("+")])
    except CorpusError as error:
        raise click.ClickException(str(error)) from error
    if row.corpus.endswith("_doubled"):
        table = pd.concat([table, table.assign(id=table["id"] + "#2")]).assign(corpus=row.corpus)
    table = table[table["emotion"].isin(EMOTIONS)].reset_index(drop=True)
    several = "+" in row.corpus
    checkpoints = CHECKPOINTS / row.model if several else None  # hours, and no curves to be observed
    return evaluation.evaluate(table, row.model, row.protocol, seeds=range(row.seeds), checkpoints=checkpoints)


def _keep(row: Row, found: Evaluation) -> None:
    """Put the figures of a row into the table, in the place of older ones, and write its page."""
    kept = _kept()
    same = (kept["trained_on"] == row.corpus) & (kept["protocol"] == row.protocol) & (kept["model"] == row.model)
    figures = evaluation.rows(found)
    table = pd.concat([kept[~same], figures]) if len(kept) else figures
    order = ["corpus", "protocol", "model", "metric", "direction"]
    table.astype({"n": "Int64"}).sort_values(order).to_csv(TABLE, index=False, float_format="%.4f")
    PAGE.write_text(page(results.overview(results.read(TABLE))), encoding="utf-8")
    NEW_VOICES_PAGE.write_text(page(results.new_voices(results.read(TABLE))), encoding="utf-8")
    if row.name in KEPT_PREDICTIONS:
        _keep_predictions(found)


def _keep_predictions(found: Evaluation) -> None:
    """Keep what the first seed heard in each utterance, for the notebook in which one listens to the mistakes."""
    first = found.predictions[found.predictions["seed"] == 0]
    new = first[["fold", "id", "predicted"]].assign(model=found.model, protocol=found.protocol)
    if PREDICTIONS.exists():
        kept = pd.read_csv(PREDICTIONS, dtype=str)
        new = pd.concat([kept[(kept["model"] != found.model) | (kept["protocol"] != found.protocol)], new])
    columns = ["model", "protocol", "fold", "id", "predicted"]
    new[columns].sort_values(columns[:-1]).to_csv(PREDICTIONS, index=False)


def page(shown: pd.DataFrame) -> str:
    """Return a table as the Markdown that README shows."""
    shown = shown.reset_index()
    lines = [shown.columns, ["---"] * len(shown.columns), *shown.to_numpy()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
