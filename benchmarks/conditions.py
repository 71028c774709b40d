"""Score the pretrained kind of recogniser on degraded recordings of voices that were left out of its training.

    python -m benchmarks.conditions              ten minutes on two idle cores; writes table, page and figure
    python -m benchmarks.conditions --most 20    on at most 20 utterances of each corpus

The speakers of each fold of `leave_speaker_out` are left out of a training like that of the pretrained recogniser, and
some of their utterances are then predicted under each condition. It needs TESS, which is in training only, EMO-DB,
RAVDESS, CREMA-D and nEMO; the voices that are set aside take no part.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import matplotlib as mpl
import numpy as np
import pandas as pd

from benchmarks.footprint import markdown
from benchmarks.pretrained import CORPORA, LANGUAGES, MODEL, TRAIN_ONLY, copies_of, sex_of
from emotion_lib import corpora, evaluation, plots, splits
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import CorpusError
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.degraded import compare, predict_degraded, readable
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.model_card import SPEAKERS
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.training.discriminant import Discriminant

TABLE, PAGE, FIGURE = (Path(__file__).with_name(f"conditions.{ending}") for ending in ("csv", "md", "png"))

MOST = 350
"""Most utterances of each corpus."""

MEAN = "mean"
"""The value of the column `corpus` in the rows that are means over the corpora."""

TARGETS = {
    "white noise, 20 dB": 5,
    "white noise, 10 dB": 12,
    "babble, 20 dB": 5,
    "babble, 10 dB": 12,
    "telephone": 6,
    "Opus, 12 kbit/s": 6,
    "MP3, 24 kbit/s": 6,
    "DC offset of 1 %": 2,
    "hum, -30 dB": 2,
    "gain of +20 dB": 2,
    "gain of -20 dB": 2,
    "1 s of silence at both ends": 2,
}
"""The most points of UAR that a condition may cost."""

HEADING = """# What noise, telephones and rooms cost

{utterances} utterances of {speakers} speakers of EMO-DB, RAVDESS, CREMA-D and nEMO, each predicted by a recogniser that
was trained without its speaker (`leave_speaker_out`, with TESS in every training). It was trained like the pretrained
recogniser, whose calibration and threshold it has: on clean recordings and on two degraded copies of each, with white
noise or babble at 20 or 10 dB, a telephone, Opus, echo or clipping. The other conditions were new to it. [What is it
worth on my recordings?](../docs/conditions.md) explains the conditions and the columns, and how to make this table for
recordings of your own.

*UAR* is among the emotions that a corpus has, in percent, with its 95 % interval over speakers, and *difference* is to
the same utterances clean, in points, with the interval of the paired difference; for women, men, and low and high
voices it is to the other group. *answered* is the share of recordings with an answer other than "unknown", *right* the
share of right ones among these, in percent. A recording in which no speech is found counts as not answered and as
wrong. `make accuracy TABLE=conditions` makes this table.

The targets, in points: silence, offset, hum and gain cost at most 2, noise at 20 dB at most 5 and at 10 dB at most 12,
telephone and codecs at most 6.

![The difference of each condition to clean recordings](conditions.png)

"""
HEAD = ("condition", "utterances", "UAR", "difference", "answered", "right")


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--most", type=click.IntRange(2), default=MOST, show_default=True, help="Most utterances of each corpus.")
def main(most: int) -> None:
    """Write the table, the page and the figure."""
    mpl.use("agg")
    try:
        table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    except CorpusError as error:
        raise click.ClickException(str(error)) from error
    table = table[table["emotion"].isin(EMOTIONS) & ~splits.is_set_aside(table)].reset_index(drop=True)
    rows = _scored(pd.concat(_predictions(features_for(table, MODEL), most), ignore_index=True))
    rows.to_csv(TABLE, index=False, float_format="%.4f", lineterminator="\n")
    shown = pd.read_csv(TABLE)
    PAGE.write_text(page(shown), encoding="utf-8")
    plots.use_style()
    figure = plots.plot_conditions(shown[shown["corpus"] == MEAN]).get_figure(root=True)
    assert figure is not None
    figure.savefig(FIGURE)


def _predictions(features: Features, most: int) -> Iterator[pd.DataFrame]:
    """Yield the predictions for some utterances of the speakers of each fold, left out of the training."""
    table = features.table
    languages = {name: language for language, names in LANGUAGES.items() for name in names.split(", ")}
    table = table.assign(sex=sex_of(table), language=table["corpus"].map(languages))
    tested = chosen(table, most)
    calibration, copies = EmotionRecognizer.load().calibration, copies_of(table)
    for part in evaluation.folds(table, SPEAKERS, train_only=TRAIN_ONLY):
        fitted = RECIPES[MODEL].fit(with_copies(features[part.train], copies), 0, {})
        assert isinstance(fitted, Discriminant)
        recognizer = fitted.recognizer(calibration=calibration)
        yield predict_degraded(recognizer, table.iloc[part.test][tested[part.test]], others=table)[0]


def chosen(table: pd.DataFrame, most: int) -> np.ndarray:
    """Return a mask of at most so many utterances of each corpus that is tested, evenly over emotions and ids."""
    mask = np.zeros(len(table), dtype=bool)
    for corpus, rows in table.reset_index(drop=True).sort_values(["emotion", "id"]).groupby("corpus"):
        if corpus not in TRAIN_ONLY:
            mask[rows.index[np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]] = True
    return mask


def _scored(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the mean over the corpora, then those of each corpus."""
    parts = [(MEAN, predictions), *predictions.groupby("corpus")]
    return pd.concat([compare(part).assign(corpus=corpus) for corpus, part in parts], ignore_index=True)


def page(rows: pd.DataFrame) -> str:
    """Return the page of the table."""
    rows = rows.fillna({"interval_over": ""})
    mean = rows[rows["corpus"] == MEAN]
    clean = mean.iloc[0]
    text = HEADING.format(utterances=clean["n"], speakers=clean["speakers"])
    lines = [[*line, _verdict(row)] for line, (_, row) in zip(readable(mean), mean.iterrows(), strict=True)]
    text += "## Mean of the four corpora\n\n" + markdown((*HEAD, "target"), lines)
    for corpus, part in rows[rows["corpus"] != MEAN].groupby("corpus"):
        over = part["interval_over"].iloc[0]
        text += f"\n## {corpus}\n\n{part['speakers'].iloc[0]} speakers, intervals over {over}.\n\n"
        text += markdown(HEAD, readable(part))
    return text


def _verdict(row: pd.Series) -> str:
    """Return the target of a condition, and whether it is met."""
    if row["condition"] not in TARGETS:
        return ""
    target = TARGETS[row["condition"]]
    return f"-{target}, {'met' if 100 * row['difference'] >= -target else 'missed'}"


if __name__ == "__main__":
    main()
