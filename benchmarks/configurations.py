"""Score configurations of the pretrained recogniser's head on left-out corpora and speakers, and write their rows.

    python -m benchmarks.configurations                        all of CONFIGURATIONS, about a minute each
    python -m benchmarks.configurations --only "plain, 0.5"    this one

TESS is in every training and in no test, and the voices that are set aside take no part. A row of the same name is
replaced; other rows of configurations.csv stay, among them those of experiments that this command does not know.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pandas as pd

from benchmarks.pretrained import CORPORA, MODEL, TRAIN_ONLY, copies_of, right_of_half
from emotion_lib import corpora, evaluation, splits
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation import model_card
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.metrics import uar
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features

ROWS = Path(__file__).with_name("configurations.csv")
SETTINGS = "exact, folds of the card"

EQUAL, VOICES = {"tess": 1.0}, {"crema-d": 2.0, "tess": 0.25}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "means relative to the corpus, shrinkage 0.5": {"corpus_weights": EQUAL, "shrinkage": 0.5, "deviations": 1.0},
    "the recogniser: shrinkage 0.6, deviations x0.6, CREMA-D x2, TESS x0.25": {"corpus_weights": VOICES},
    "CREMA-D x2.5, nEMO x1.3, TESS x0.25": {"corpus_weights": VOICES | {"crema-d": 2.5, "nemo": 1.3}},
    "CREMA-D x2.5, nEMO x1.3, TESS x0.25, shrinkage 0.55": {
        "corpus_weights": VOICES | {"crema-d": 2.5, "nemo": 1.3},
        "shrinkage": 0.55,
    },
    "CREMA-D x2.5, nEMO x1.5, TESS x0.25": {"corpus_weights": VOICES | {"crema-d": 2.5, "nemo": 1.5}},
    "CREMA-D x2, nEMO x1.5, TESS x0.25, shrinkage 0.5": {"corpus_weights": VOICES | {"nemo": 1.5}, "shrinkage": 0.5},
    "one degraded copy of each utterance": {"copies": 1},
    "two degraded copies of each utterance (the recogniser since version 4)": {"copies": 2},
}
"""The configurations: arguments of `training.encoded.fit_encoded`, and the number of degraded copies, by default none.

Whatever else is not named is as in the recogniser.
"""


@click.command()
@click.option("--only", metavar="NAME", type=click.Choice(list(CONFIGURATIONS)), help="Score this configuration alone.")
def main(*, only: str | None) -> None:
    """Write a row of configurations.csv for each configuration."""
    table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    table = table[table["emotion"].isin(EMOTIONS) & ~splits.is_set_aside(table)].reset_index(drop=True)
    features = features_for(table, MODEL)
    for name in [only] if only else CONFIGURATIONS:
        row = {"name": name, "settings": SETTINGS, **_scored(features, CONFIGURATIONS[name])}
        rows = pd.read_csv(ROWS)
        others = rows[(rows["name"] != name) | (rows["settings"] != SETTINGS)]
        pd.concat([others, pd.DataFrame([row])]).to_csv(ROWS, index=False, lineterminator="\n")
        click.echo(row)


def _scored(features: Features, configuration: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of a configuration, in percent, and the seconds of its trainings."""
    constants = {name: value for name, value in configuration.items() if name != "copies"}
    copies = _copies(features, configuration["copies"]) if "copies" in configuration else None
    started = time.perf_counter()
    recipe = RECIPES[MODEL]
    RECIPES[MODEL] = replace(recipe, constants={**recipe.constants, **constants})
    options: dict[str, Any] = {"features": features, "copies": copies, "train_only": TRAIN_ONLY}
    try:
        loco, loso = (
            evaluation.evaluate(features.table, MODEL, protocol, **options)
            for protocol in (model_card.CORPORA, model_card.SPEAKERS)
        )
    finally:
        RECIPES[MODEL] = recipe
    of_corpora, of_speakers = (pd.DataFrame(model_card.scores(each)).set_index("corpus") for each in (loco, loso))
    own = model_card.among_own_emotions(loso.predictions).merge(features.table[["corpus", "id", "voice_vote"]])
    agreed = own[own["voice_vote"] == own["emotion"]]
    figures = {f"loco_{str(name).replace('-', '_')}": value for name, value in of_corpora["value"].items()}
    figures |= {"loco_mean": of_corpora["value"].mean()}
    figures |= {f"loso_{str(name).replace('-', '_')}": value for name, value in of_speakers["value"].items()}
    figures |= {"loso_crema_d_vote_agrees": uar(agreed["emotion"], agreed["predicted"])}
    figures |= {"calibration_error": of_corpora["expected_calibration_error"].mean()}
    figures |= {"right_at_half": sum(right_of_half(loco).values()) / len(of_corpora)}
    return {name: round(100 * float(value), 1) for name, value in figures.items()} | {
        "seconds": round(time.perf_counter() - started, 1)
    }


def _copies(features: Features, number: int) -> Features:
    """Return the first degraded copies of each utterance."""
    copies = copies_of(features.table)
    return copies[(copies.table.groupby(["corpus", "id"]).cumcount() < number).to_numpy()]


if __name__ == "__main__":
    main()
