"""Measure what a few utterances of a new voice are worth: write enrolment.csv and enrolment.md.

    python -m benchmarks.enrolment

It needs EMO-DB, RAVDESS, CREMA-D and nEMO, and TESS for training only; voices that are set aside take no part. For each
left-out corpus, and for each left-out speaker, the recogniser and the statistics of its training voices come from the
others. Utterances are drawn 20 times for each voice and are not scored.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pandas as pd

from benchmarks.pretrained import CORPORA, MODEL, TRAIN_ONLY, copies_of
from emotion_lib import corpora, evaluation, results, splits
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation.augmentation import with_copies
from emotion_lib.evaluation.experiments import features_for
from emotion_lib.evaluation.metrics import uar
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.benefit import why_not_adapt
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.training.discriminant import Discriminant
from emotion_lib.training.voices import learn_voice_model

FIGURES, PAGE = (Path(__file__).with_name(f"enrolment.{kind}") for kind in ("csv", "md"))
DRAWS = 20
HEADING = """# What a few utterances of a voice are worth

Points of UAR that the recogniser gains on the other utterances of a voice after it has got used to it (`enrol`), mean
of 20 draws of these utterances, and in brackets the worst draw. The corpus, or the speaker, was left out of the
training; the voices that are set aside and those of TESS were not tested. Where the drawn utterances show that adapting
would not help, the recogniser stays as it was, as `enrol` does. `make accuracy TABLE=enrolment` makes this table.

"""


class Shown(NamedTuple):
    """The utterances that the recogniser is shown: `n` neutral ones, `n` of any emotion, or `n` of each emotion."""

    n: int
    what: str

    def draw(self, emotion: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, list[str | None]]:
        """Return the indices of the utterances of a voice that are shown, and their labels."""
        if self.what == "unlabelled":
            return rng.permutation(len(emotion))[: self.n], [None] * min(self.n, len(emotion))
        names = ["neutral"] if self.what == "neutral" else list(np.unique(emotion))
        drawn = [rng.permutation(np.flatnonzero(emotion == name))[: self.n] for name in names]
        return np.concatenate(drawn), [name for name, rows in zip(names, drawn, strict=True) for _ in rows]


SHOWN = [Shown(3, "neutral"), Shown(10, "unlabelled"), *(Shown(n, "of each emotion") for n in (1, 3, 5))]


@click.command()
def main() -> None:
    """Write the figures and their page."""
    table = pd.concat([corpora.load(name) for name in CORPORA], ignore_index=True)
    table = table[~splits.is_set_aside(table) & table["emotion"].isin(EMOTIONS)].reset_index(drop=True)
    features = features_for(table, MODEL)
    threshold, copies = EmotionRecognizer.load().calibration, copies_of(table)
    rows = []
    for protocol in ("leave_corpus_out", "leave_speaker_out"):
        answers: list[pd.DataFrame] = []
        for part in evaluation.folds(features.table, protocol, train_only=TRAIN_ONLY):
            train, test = features[part.train], features[part.test]
            fitted = RECIPES[MODEL].fit(with_copies(train, copies), 0, {})
            weights = RECIPES[MODEL].constants["corpus_weights"]
            voices = learn_voice_model(train, corpus_weights=weights, usual=False)
            assert isinstance(fitted, Discriminant)
            assert voices is not None
            answers += _answers(test, voices, threshold.apply(fitted.predict_proba(test)), list(fitted.emotions))
        rows += list(_gains(pd.concat(answers, ignore_index=True), protocol))
    figures = pd.DataFrame(rows)
    figures.to_csv(FIGURES, index=False, lineterminator="\n")
    PAGE.write_text(HEADING + _table(figures), encoding="utf-8")


def _answers(
    test: Features, voices: VoiceModel, probabilities: np.ndarray, emotions: list[str]
) -> Iterator[pd.DataFrame]:
    """Yield, for each voice, kind and draw, the answers before and after, among the emotions of the corpus."""
    for (corpus, speaker), rows in test.table.groupby(["corpus", "speaker"]):
        at, emotion = rows.index.to_numpy(), rows["emotion"].to_numpy(dtype=str)
        own = np.isin(emotions, test.emotion[(test.table["corpus"] == corpus).to_numpy()])
        names = np.array(emotions)[own]
        for shown in SHOWN:
            for draw in range(DRAWS):
                seen, labels = shown.draw(emotion, np.random.default_rng([draw, *str(speaker).encode()]))
                rest = np.setdiff1d(np.arange(len(at)), seen)
                known = (test.X[at[seen]], labels, probabilities[at[seen]])
                before = after = probabilities[at[rest]]
                if not (refused := bool(why_not_adapt(voices, *known, emotions=emotions))):
                    after = voices.adapt(*known, emotions=emotions).apply(before, test.X[at[rest]])
                found = {"before": names[before[:, own].argmax(axis=1)], "after": names[after[:, own].argmax(axis=1)]}
                of = {"corpus": str(corpus), "speaker": speaker, "shown": f"{shown.n} {shown.what}", "draw": draw}
                yield pd.DataFrame({**of, "refused": refused, "emotion": emotion[rest], **found})


def _gains(answers: pd.DataFrame, protocol: str) -> Iterator[dict[str, object]]:
    for (shown, corpus), part in answers.groupby(["shown", "corpus"], sort=False):
        scored = [
            [100 * uar(draw["emotion"].to_numpy(), draw[name].to_numpy()) for name in ("before", "after")]
            for _, draw in part.groupby("draw")
        ]
        before, after = np.array(scored).T
        gain = after - before
        yield {
            "protocol": protocol,
            "shown": shown,
            "corpus": corpus,
            "before": round(before.mean(), 2),
            "gain": round(gain.mean(), 2),
            "worst": round(gain.min(), 2),
            "refused": round(part.groupby(["speaker", "draw"])["refused"].first().mean(), 4),
        }


def _table(figures: pd.DataFrame) -> str:
    """Return the Markdown tables, one for each protocol."""
    tables = []
    for protocol, part in figures.groupby("protocol", sort=False):
        texts = part.assign(text=[f"{row.gain:+.1f} ({row.worst:+.1f})" for row in part.itertuples()])
        wide = texts.pivot(index="shown", columns="corpus", values="text").loc[part["shown"].unique()]
        wide["mean"] = part.groupby("shown")["gain"].mean().map("{:+.1f}".format)
        left_out = "corpus" if protocol == "leave_corpus_out" else "speaker"
        tables.append(f"## A {left_out} that was left out\n\n{results.to_markdown(wide)}")
    return "\n".join(tables)


if __name__ == "__main__":
    main()
