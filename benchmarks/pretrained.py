"""Train the recogniser that comes with the package, and write its figures.

    python -m benchmarks.pretrained               leaves the voices that are set aside out of everything
    python -m benchmarks.pretrained --set-aside   scores them, too, and then trains on those that may be trained on

It needs TESS, EMO-DB, RAVDESS, CREMA-D and nEMO, and `--set-aside` also EmotionTTS. TESS is only trained on: nothing
may be chosen by its two voices, on which the notebooks test.
"""

import os
from pathlib import Path

import click
import pandas as pd

from benchmarks.footprint import ROOT
from emotion_lib import corpora, evaluation, extraction, splits
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation import recognizers
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.training.encoded import fit_encoded

MODEL = "encoder_discriminant"
CORPORA = ("crema-d", "emodb", "nemo", "ravdess", "tess")
TRAIN_ONLY = ("tess",)
DEMONSTRATIONS = ("1008", "1027")
"""Actors of CREMA-D who are in no training at all."""
NEVER_TRAINED = "emotiontts"
"""A Korean corpus for research only."""

PRETRAINED = ROOT / "emotion_lib" / "pretrained" / "speech.emotion"
FIGURES = Path(__file__).with_name("pretrained.csv")

VERSION = "3"
"""Version of the recogniser; raise it when another one takes its place."""

LICENCE = (
    "Research, teaching and private study only (LicenseRef-emotion-lib-weights). The weights were learnt from TESS (CC "
    "BY-NC-ND 4.0), EMO-DB (free for research), RAVDESS and nEMO (CC BY-NC-SA 4.0) and CREMA-D (ODbL 1.0, DbCL 1.0), "
    "on the states of the encoder of OpenAI Whisper (MIT). They hold no recording. We take for granted that statistics "
    "learnt from recordings may be passed on under terms no wider than theirs; whoever needs certainty asks the owners "
    "of the corpora."
)


@click.command()
@click.option("--set-aside", is_flag=True, help="Score the voices that are set aside, then train on them too.")
def main(*, set_aside: bool) -> None:
    """Write the pretrained recogniser and its figures."""
    table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    table = table[table["emotion"].isin(EMOTIONS)]
    reserved = splits.is_set_aside(table)
    command = f"python -m benchmarks.pretrained{' --set-aside' * set_aside}"
    about = {"version": VERSION, "command": command, "licence": LICENCE}
    built = recognizers.train_recognizer(table[~reserved], MODEL, train_only=TRAIN_ONLY, about=about)
    recognizer = built.recognizer
    if set_aside:
        recognizer = _trained_on_all(recognizer, table)
    recognizer.save(PRETRAINED)
    pd.DataFrame(recognizer.about["worth"]).to_csv(FIGURES, index=False, lineterminator="\n")


def _trained_on_all(recognizer: EmotionRecognizer, table: pd.DataFrame) -> EmotionRecognizer:
    """Return the recogniser trained on everybody but the voices of demonstrations, with scores from before that."""
    worth = [*_scores(recognizer, table[splits.is_set_aside(table)]), *recognizer.about["worth"]]
    everybody = table[~table["speaker"].isin(DEMONSTRATIONS)]
    features = extraction.extract(everybody, recognizer.feature, settings=recognizer.settings)
    fitted = fit_encoded(features, **RECIPES[MODEL].constants)
    return fitted.recognizer(
        calibration=recognizer.calibration,
        about=recognizer.about | {"worth": worth, "corpora": recognizers.count_corpora(features.table)},
        trained_on=recognizers.list_utterances(features.table),
        voices=recognizers.voices_of(features),
    )


def _scores(recognizer: EmotionRecognizer, reserved: pd.DataFrame) -> list[dict[str, object]]:
    """Score a recogniser on the voices that are set aside, with the calibration that it has."""
    folder = Path(os.environ["EMOTION_LIB_DATA"]) / NEVER_TRAINED
    korean = pd.read_csv(folder / f"{NEVER_TRAINED}.csv", dtype=str)
    korean = korean.assign(
        id=korean["path"],
        path=[folder / name for name in korean["path"]],
        corpus=NEVER_TRAINED,
        text=korean["sentence"],
    )
    table = pd.concat([reserved[~reserved["speaker"].isin(DEMONSTRATIONS)], korean], ignore_index=True)
    features = extraction.extract(table, recognizer.feature, settings=recognizer.settings)
    probabilities = pd.DataFrame(recognizer.head.probabilities(features.X), columns=list(recognizer.emotions))
    rows = features.table[["corpus", "id", "speaker", "text", "emotion"]].assign(seed=0, fold="set aside")
    predictions = rows.assign(predicted=probabilities.idxmax(axis=1).astype(str)).join(probabilities)
    held_out = evaluation.Evaluation("", "set_aside", MODEL, predictions, pd.DataFrame(), 0.0, features.left_out)
    return recognizers.scores(held_out, calibration=recognizer.calibration)


if __name__ == "__main__":
    main()
