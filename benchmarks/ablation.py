"""Measure which features tell the emotions of one voice apart, and which tell the two voices apart (needs TESS).

    python -m benchmarks.ablation   write ablation.csv and ablation.md, and print the latter (about a minute)

Each group of features is used alone, and left out of all. Emotions are told apart within one voice, by five folds
without a common word, for each voice; voices likewise. Whatever is concluded about features is concluded from these
two. The figures from one voice to the other stand beside them, to be looked at: nothing was chosen by them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score

from benchmarks.footprint import markdown
from emotion_lib import classic, corpora, extraction, splits
from emotion_lib.errors import CorpusError
from emotion_lib.evaluation import metrics

HERE = Path(__file__).parent
TABLE = HERE / "ablation.csv"
PAGE = HERE / "ablation.md"

MODEL = "svm"
"""Its borders may curve: of a single number, such as the duration, straight ones ask only for more or less."""

ALL = "all"
KEPT = ("alone", "all but")
TITLES = {
    "emotion": "emotion, same voice",
    "speaker": "which voice",
    "emotion of another voice": "emotion, the other voice",
}
"""What is asked, and the head of its column in the page."""


class Question(NamedTuple):
    """Something to be told apart: what it is, of whom, and who is held out in which rows."""

    asked: str
    voice: str
    truth: np.ndarray
    folds: list[splits.Split]


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
def main() -> None:
    """Make the table and its page."""
    try:
        table = corpora.load("tess")
    except CorpusError as error:
        raise click.ClickException(str(error)) from error
    groups, table = features(table)
    pd.DataFrame(ablate(groups, table)).to_csv(TABLE, index=False, float_format="%.4f")
    shown = overview(pd.read_csv(TABLE)).reset_index()
    PAGE.write_text(markdown(shown.columns, shown.to_numpy()), encoding="utf-8")
    click.echo(PAGE.read_text("utf-8"))


def features(table: pd.DataFrame) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Return the columns of each group of features, and the rows of the table that they were measured of."""
    extracted = [extraction.extract(table, each) for each in ("mean_std_mfcc", "duration_level", "pitch")]
    mfcc, duration, pitch = (each.X for each in extracted)
    mean, deviation = np.split(mfcc, 2, axis=1)
    groups = {
        "level": mean[:, :1],
        "spectral shape": mean[:, 1:13],
        "fine shape": mean[:, 13:],
        "movement": deviation,
        "duration": duration[:, :1],
        "pitch": np.array([semitones(each) for each in pitch]),
    }
    return groups, extracted[0].table


def semitones(tracked: np.ndarray) -> tuple[float, float]:
    """Return median and quartile range of the pitch of an utterance in semitones above 65 Hz; zeros without a voice."""
    frequency = tracked[tracked[:, 0] > 0, 0]
    if not frequency.size:
        return 0.0, 0.0
    low, middle, high = np.percentile(12 * np.log2(frequency / 65), [25, 50, 75])
    return float(middle), float(high - low)


def ablate(groups: dict[str, np.ndarray], table: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield a row for each question and each choice of features."""
    asked = list(questions(table))
    for group, kept, X in choices(groups):
        for question in asked:
            yield {"group": group, "kept": kept, "question": question.asked, "voice": question.voice} | figure(
                X, question, words=table["text"].to_numpy()
            )


def choices(groups: dict[str, np.ndarray]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield each group alone, all but it, and all, as columns of X."""
    for group, columns in groups.items():
        others = [each for name, each in groups.items() if name != group]
        yield group, KEPT[0], columns
        yield group, KEPT[1], np.hstack(others)
    yield ALL, KEPT[0], np.hstack(list(groups.values()))


def questions(table: pd.DataFrame) -> Iterator[Question]:
    """Yield what is asked of TESS: the emotion within each voice, the voice, the emotion of the other voice."""
    emotion, speaker = (table[column].to_numpy(dtype=str) for column in ("emotion", "speaker"))
    for voice in sorted(set(speaker)):
        rows = np.flatnonzero(speaker == voice)
        within = splits.split(table.iloc[rows], "by_word")
        folds = [splits.Split(part.fold, rows[part.train], rows[part.test]) for part in within]
        yield Question("emotion", voice, emotion, folds)
    yield Question("speaker", "both", speaker, splits.split(table, "by_word"))
    for part in splits.split(table, "by_speaker"):
        yield Question("emotion of another voice", part.fold, emotion, [part])


def figure(X: np.ndarray, question: Question, *, words: np.ndarray) -> dict[str, object]:
    """Return the UAR with which a question is answered from some features, on what was held out."""
    heard = np.empty_like(question.truth)
    for part in question.folds:
        fitted = classic.baseline(MODEL).fit(X[part.train], question.truth[part.train])
        heard[part.test] = fitted.predict(X[part.test])
    rows = np.concatenate([part.test for part in question.folds])
    truth, heard = question.truth[rows], heard[rows]
    low, high = metrics.interval(truth, heard, groups=words[rows])
    value = balanced_accuracy_score(truth, heard)  # the UAR; `metrics.uar` knows emotions only
    chance = 1 / len(set(truth))
    return {"metric": "uar", "value": value, "low": low, "high": high, "chance": chance, "n": len(rows)}


def overview(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the page: a line for each group, the UAR in percent, the mean over voices or directions."""
    means = figures.groupby(["group", "kept", "question"], sort=False)["value"].mean().mul(100).map("{:.1f}".format)
    wide = means.unstack(["kept", "question"])
    order = [(kept, question) for kept in KEPT for question in TITLES]
    wide = wide.reindex(index=figures["group"].unique(), columns=pd.MultiIndex.from_tuples(order)).fillna("-")
    wide.columns = pd.Index([f"{kept}: {TITLES[question]}" for kept, question in order])
    return wide.rename_axis("features")


if __name__ == "__main__":
    main()
