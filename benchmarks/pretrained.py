"""Train the recogniser that comes with the package, and write its figures.

    python -m benchmarks.pretrained               leaves the voices that are set aside out of everything
    python -m benchmarks.pretrained --set-aside   scores them, too, and then trains on those that may be trained on
    python -m benchmarks.pretrained --tess        scores each voice of TESS after training on all others; trains nothing

The first two print the table of the model card, `emotion_lib/pretrained/README.md`.
It needs TESS, EMO-DB, RAVDESS, CREMA-D and nEMO, and `--set-aside` also EmotionTTS. TESS is used for training only:
nothing may be chosen by the scores of its two voices, on which the notebooks test. So `--tess` is a look, and is logged
in looks.md.
"""

import hashlib
import inspect
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pandas as pd

from benchmarks.footprint import ROOT
from emotion_lib import corpora, evaluation, extraction, results, splits
from emotion_lib.corpora.table import CORPORA as CORPUS_OF
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation import Evaluation, augmentation, conditions, model_card, recognizers, reliability
from emotion_lib.evaluation.adapted import voices_of
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.description import SCORED_ON, in_percent
from emotion_lib.training.encoded import fit_encoded

MODEL = "discriminant"
COPIES = 2
"""Degraded copies of each utterance to train on, besides the clean one."""
VERSION = "4"
CORPORA = ("crema-d", "emodb", "nemo", "ravdess", "tess")
TRAIN_ONLY = ("tess",)
DEMONSTRATIONS = ("1008", "1027")
"""Actors of CREMA-D who are in no training at all."""
NEVER_TRAINED = "emotiontts"
"""A Korean corpus for research only."""
WOMEN = {
    "emodb": {"08", "09", "13", "14", "16"},
    "nemo": {"EB0", "IC0", "KD0", "MK0"},
    "ravdess": {f"actor_{number:02}" for number in range(2, 25, 2)},
}
"""The women of the corpora whose tables have no column `sex`."""

LANGUAGES = {"English": "crema-d, ravdess, tess", "German": "emodb", "Polish": "nemo"}
ENCODER = (
    "the first three layers of Whisper base, trained by OpenAI on 680,000 hours of unnamed audio, among which these "
    "corpora may be"
)

PRETRAINED = ROOT / "emotion_lib" / "pretrained" / "speech.emotion"
FIGURES = Path(__file__).with_name("pretrained.csv")
UAR = ["value", "low", "high", "interval_over"]

LICENCE = (
    "The weights were learnt from TESS (CC BY-NC-ND 4.0), EMO-DB (free for research), RAVDESS and nEMO (CC BY-NC-SA "
    "4.0), CREMA-D (ODbL 1.0, DbCL 1.0) and, in the speech encoder, from the audio of OpenAI Whisper (MIT). They hold "
    "no recording. It is taken for granted that statistics learnt from recordings may be passed on; use them for "
    "research, teaching and private study only (LicenseRef-emotion-lib-weights)."
)


@click.command()
@click.option("--set-aside", is_flag=True, help="Score the voices that are set aside, then train on them too.")
@click.option("--tess", is_flag=True, help="Score each voice of TESS after training on all others, and stop.")
def main(*, set_aside: bool, tess: bool) -> None:
    """Write the pretrained recogniser and its figures."""
    table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    reserved = splits.is_set_aside(table)
    if tess:
        click.echo(pd.DataFrame(_voices_of_tess(table[~reserved & table["emotion"].isin(EMOTIONS)])).to_string())
        return
    command = f"python -m benchmarks.pretrained{' --set-aside' * set_aside}"
    about = {"version": VERSION, "command": command, "licence": LICENCE, "languages": LANGUAGES, "encoder": ENCODER}
    built = recognizers.train_recognizer(
        table[~reserved], MODEL, train_only=TRAIN_ONLY, copies=copies_of(table[~reserved]), about=about
    )
    recognizer, chosen = built.recognizer, built.recognizer.calibration
    assert built.other_corpora is not None
    figures = [*_figures(built.other_corpora, table, None), *_figures(built.held_out, table, chosen)]
    for corpus, share in right_of_half(built.other_corpora).items():
        group = {"group": "right answers where half is answered", "protocol": model_card.CORPORA}
        figures.append(group | {"corpus": corpus, "value": round(share, 4)})
    figures += [each for name in CORPORA if name not in TRAIN_ONLY for each in _by_itself(table[~reserved], name)]
    if set_aside:
        held_out, tested = _predict_set_aside(recognizer, table[reserved])
        figures = [*_figures(held_out, tested, chosen), *figures]
        recognizer = _trained_on_all(recognizer, table, model_card.scores(held_out, calibration=chosen))
    recognizer.about["by_sex"] = [
        each for each in figures if each["group"] in {"women", "men"} and each["protocol"] != "leave_speaker_out"
    ]
    recognizer.save(PRETRAINED)
    pd.DataFrame(figures).to_csv(FIGURES, index=False, lineterminator="\n")
    click.echo(results.to_markdown(card(recognizer)))


def _figures(held_out: Evaluation, table: pd.DataFrame, calibration: Calibration | None) -> Iterator[dict[str, object]]:
    """Yield the scores of all utterances of each corpus, of its women and men, and where listeners agree."""
    for score in model_card.scores(held_out, calibration=calibration):
        yield {"group": "all"} | score
    own = model_card.among_own_emotions(held_out.predictions)
    vote = table.get("voice_vote", pd.Series(np.nan, index=table.index))
    known = table[["corpus", "id"]].assign(sex=sex_of(table), agrees=vote == table["emotion"])
    rows = own.merge(known, on=["corpus", "id"], validate="one_to_one")
    groups = {"women": rows["sex"] == "f", "men": rows["sex"] == "m", "listeners agree": rows["agrees"]}
    for group, mask in groups.items():
        yield from _uar(replace(held_out, predictions=rows[mask]), group, held_out.protocol)


def right_of_half(held_out: Evaluation) -> dict[str, float]:
    """Return the share of right answers in each corpus, at the threshold that answers half of the other corpora."""
    rows = reliability.answers(held_out.predictions)
    shares = {}
    for corpus, part in rows.groupby("corpus"):
        others = rows[rows["corpus"] != corpus].groupby("corpus")["confidence"]
        # Each corpus counts the same, so the threshold is the median of equally many quantiles of each.
        threshold = others.quantile(np.linspace(0, 1, 101)).median()
        shares[str(corpus)] = float(part["correct"][part["confidence"] >= threshold].mean())
    return shares


def sex_of(table: pd.DataFrame) -> pd.Series:
    """Return the sex of the speaker of each utterance, "f" or "m"; the women of TESS are not told apart."""
    woman = [
        speaker in WOMEN.get(corpus, ()) for corpus, speaker in zip(table["corpus"], table["speaker"], strict=True)
    ]
    guessed = pd.Series(np.where(woman, "f", "m"), index=table.index)
    return table.get("sex", guessed).fillna(guessed)


def copies_of(table: pd.DataFrame) -> Features:
    """Return the degraded copies of the utterances on which the pretrained recogniser is trained.

    They take ten minutes, so they are kept until the utterances or the way they are degraded change.
    """
    copied = table[table["emotion"].isin(EMOTIONS) & ~table["corpus"].isin(TRAIN_ONLY)].sort_values(["corpus", "id"])
    clean = features_for(copied.reset_index(drop=True), MODEL)
    code = "".join(inspect.getsource(module) for module in (augmentation, conditions))
    digest = hashlib.sha256((code + "".join(clean.table["corpus"] + clean.table["id"])).encode()).hexdigest()
    kept = ROOT / "build" / "copies" / f"{digest[:16]}-{COPIES}.pkl"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(augmentation.degraded_copies(clean, COPIES)))
    copies: Features = pickle.loads(kept.read_bytes())
    return copies


def _by_itself(table: pd.DataFrame, name: str) -> Iterator[dict[str, object]]:
    """Yield the score of a corpus when only its own other speakers are trained on, with all of its emotions."""
    rows = table[table["corpus"] == name].reset_index(drop=True)
    yield from _uar(evaluation.evaluate(rows, MODEL, "leave_speaker_out"), "all", "by_itself")


def _uar(held_out: Evaluation, group: str, protocol: str) -> Iterator[dict[str, object]]:
    scored = evaluation.result_rows(held_out)
    for _, row in scored[scored["metric"] == "uar"].iterrows():
        found = {name: round(row[name], 4) if isinstance(row[name], float) else row[name] for name in UAR}
        yield {"group": group, "protocol": protocol, "corpus": row["corpus"], **found}


def _voices_of_tess(table: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the score of each voice of TESS when all other voices are trained on."""
    features = features_for(table.reset_index(drop=True), MODEL)
    for voice in ("OAF", "YAF"):
        tested = (features.table["speaker"] == voice).to_numpy()
        fitted = RECIPES[MODEL].fit(features[~tested], 0, {})
        right = fitted.predict(features[tested]) == features[tested].emotion
        uar = pd.Series(right).groupby(features[tested].emotion).mean().mean()
        yield {"protocol": "all other voices", "corpus": "tess", "group": voice, "value": round(float(uar), 4)}


def _predict_set_aside(recognizer: EmotionRecognizer, reserved: pd.DataFrame) -> tuple[Evaluation, pd.DataFrame]:
    """Return the predictions for the voices that are set aside, and their table."""
    korean = corpora.load(Path(os.environ["EMOTION_LIB_DATA"]) / NEVER_TRAINED / f"{NEVER_TRAINED}.csv")
    tested = pd.concat([reserved[~reserved["speaker"].isin(DEMONSTRATIONS)], korean], ignore_index=True)
    tested = tested[tested["emotion"].isin(EMOTIONS)]
    features = extraction.extract(tested, recognizer.feature, settings=recognizer.settings)
    probabilities = pd.DataFrame(recognizer.head.probabilities(features.X), columns=list(recognizer.emotions))
    rows = features.table[["corpus", "id", "speaker", "text", "emotion"]].assign(seed=0, fold="set aside")
    predictions = rows.assign(predicted=probabilities.idxmax(axis=1).astype(str)).join(probabilities)
    return Evaluation("", "set_aside", MODEL, predictions, pd.DataFrame(), 0.0, features.left_out), tested


def _trained_on_all(
    recognizer: EmotionRecognizer, table: pd.DataFrame, worth: list[dict[str, object]]
) -> EmotionRecognizer:
    """Return the recogniser trained on all voices but those of demonstrations, with the scores from before."""
    everybody = table[~table["speaker"].isin(DEMONSTRATIONS) & table["emotion"].isin(EMOTIONS)]
    features = features_for(everybody.reset_index(drop=True), MODEL)
    counts = model_card.count_corpora(features.table)
    trained = features
    for _, part in everybody.groupby(splits.is_set_aside(everybody)):
        trained = with_copies(trained, copies_of(part))
    return fit_encoded(trained, **RECIPES[MODEL].constants).recognizer(
        calibration=recognizer.calibration,
        about=recognizer.about | {"worth": [*worth, *recognizer.about["worth"]], "corpora": counts},
        trained_on=model_card.list_utterances(features.table),
        voices=voices_of(features, corpus_weights=RECIPES[MODEL].constants["corpus_weights"]),
    )


def card(recognizer: EmotionRecognizer) -> pd.DataFrame:
    """Return the table of the model card: the scores in percent for voices and corpora left out of the training."""
    rows = [
        {
            "tested on": SCORED_ON[each["protocol"]],
            "corpus": CORPUS_OF[each["corpus"]].short_title if each["corpus"] in CORPUS_OF else each["corpus"],
            "UAR": in_percent(*(each[key] for key in UAR), unit=""),
            "answered": f"{100 * each['coverage']:.1f}",
            "answers that are right": "-" if each["precision"] is None else f"{100 * each['precision']:.1f}",
            "calibration error": f"{100 * each['expected_calibration_error']:.1f}",
        }
        for protocol in SCORED_ON
        for each in recognizer.about["worth"]
        if each["protocol"] == protocol
    ]
    return pd.DataFrame(rows).set_index(["tested on", "corpus"])


if __name__ == "__main__":
    main()
