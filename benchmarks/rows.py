"""The rows of the table of results: what each is of, how it is made, and what it depends on."""

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path

import click
import pandas as pd

from emotion_lib import corpora, evaluation, results
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import CorpusWarning
from emotion_lib.evaluation import ACROSS_CORPORA, SEEN_OF_VOICE, Evaluation
from emotion_lib.evaluation.metrics import METRICS
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.features import FEATURES_VERSION

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parent / "build" / "checkpoints"
PREDICTIONS = HERE / "predictions.csv"

UTTERANCE = ["corpus", "id", "speaker", "text", "emotion"]
"""Columns of a corpus table that a figure may depend on."""

RAVDESS_ACTORS = tuple(f"actor_{number:02}" for number in range(1, 13))
"""The speakers of RAVDESS that the figures are of, however many are there."""


@dataclass(frozen=True)
class Row:
    """One evaluation of the table, of which come several figures.

    Parameters
    ----------
    corpus : str
        What is tested; several corpora are joined by a plus.
    protocol, model : str
        Names of a protocol and a recipe.
    seeds : int
        How many times a model is trained.
    quick : bool
        Whether it takes under two minutes.
    train_on : str
        What is trained on, where that are other corpora.
    seen : tuple of str
        What of the voices of the test the model gets used to, some of `SEEN_OF_VOICE`; empty if nothing.
    """

    corpus: str
    protocol: str
    model: str
    seeds: int = 1
    quick: bool = True
    train_on: str = ""
    seen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the row on the command line."""
        return f"{self.corpus}/{self.protocol}/{self.model}{'/enrolled' if self.seen else ''}"

    def lines(self, table: pd.DataFrame) -> pd.Series:
        """Return which lines of the table of results are of this row."""
        here = (table["protocol"] == self.protocol) & (table["model"] == self.model)
        here &= table["trained_on"] == (self.train_on or self.corpus)
        here &= table["seen_of_voice"].isin(SEEN_OF_VOICE) == bool(self.seen)
        return here & (table["corpus"] == self.corpus) if self.train_on else here

    @cached_property
    def table(self) -> pd.DataFrame:
        """The utterances that are tested; of several corpora, those of the seven emotions."""
        table = _corpora(self.corpus)
        several = table["corpus"].nunique() > 1
        return table[table["emotion"].isin(EMOTIONS)].reset_index(drop=True) if several else table

    @property
    def key(self) -> str:
        """Digest of all that decides the figures and has a name."""
        recipe = RECIPES[self.model]
        predictions = [self.kept_predictions()] if self.seen and recipe.is_network else []
        train_on = [_corpora(self.train_on)] if self.train_on else []
        decided_by = {
            "model": self.model,
            "recipe": recipe.configuration,
            "features_version": FEATURES_VERSION,
            "corpora": [_digest(table[UTTERANCE]) for table in (self.table, *train_on)],
            "protocol": self.protocol,
            "seeds": self.seeds,
            "metrics": list(METRICS),
            "seen_of_voice": self.seen,
            "predictions": [_digest(table) for table in predictions],
        }
        return hashlib.sha256(json.dumps(decided_by, sort_keys=True, default=asdict).encode()).hexdigest()[:12]

    @property
    def is_trained(self) -> bool:
        """Whether a network is trained for it, whose figures differ between processors."""
        return RECIPES[self.model].is_network and not self.seen

    def evaluated(self) -> list[Evaluation]:
        """Return what the figures are of."""
        if self.seen:
            # Without a network, nothing can name what has no label.
            seen = [each for each in self.seen if each != "unlabelled" or RECIPES[self.model].is_network]
            return evaluation.evaluate_adapted(self._heard(), self.table, seen=seen)
        seeds, checkpoints = range(self.seeds), self.checkpoints
        if self.train_on:
            train = _corpora(self.train_on)
            return [evaluation.evaluate_across(train, self.table, self.model, seeds=seeds, checkpoints=checkpoints)]
        return [evaluation.evaluate(self.table, self.model, self.protocol, seeds=seeds, checkpoints=checkpoints)]

    @property
    def checkpoints(self) -> Path | None:
        """Where every epoch of a network is kept; not on the random split, whose curves are observed at each epoch."""
        if not self.is_trained or self.protocol == "random":
            return None
        return CHECKPOINTS / f"{self.name.replace('/', '-')}-{self.key}"

    def kept_predictions(self) -> pd.DataFrame:
        """Return what is kept of what its model heard."""
        return results.kept_predictions(PREDICTIONS, self.table, self.model, self.protocol)

    def _heard(self) -> Evaluation:
        """Return what is known before anything of the voice is: what a network heard, or nothing."""
        if not RECIPES[self.model].is_network:
            return evaluation.evaluate(self.table, self.model, self.protocol)
        kept = self.kept_predictions().assign(seed=0)
        return Evaluation(self.corpus, self.protocol, self.model, kept, pd.DataFrame(), 0.0)


def _corpora(names: str) -> pd.DataFrame:
    """Return the tables of some corpora, one below the other."""
    return pd.concat([_corpus(name) for name in names.split("+")], ignore_index=True)


@cache
def _corpus(name: str) -> pd.DataFrame:
    """Return the table of a corpus; a doubled one has each recording under two names."""
    with warnings.catch_warnings(record=True, action="always", category=CorpusWarning) as odd:
        table = corpora.load(name.removesuffix("_doubled"))
    for warning in odd:
        click.echo(f"Warning: {warning.message}", err=True)
    if name.endswith("_doubled"):
        return pd.concat([table, table.assign(id=table["id"] + "#2")], ignore_index=True).assign(corpus=name)
    return table[table["speaker"].isin(RAVDESS_ACTORS)].reset_index(drop=True) if name == "ravdess" else table


def _digest(table: pd.DataFrame) -> str:
    """Return a digest of what is in a table, wherever its recordings lie."""
    lines = table.drop(columns="path", errors="ignore").to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(lines.encode()).hexdigest()


CLASSIC = (
    "most_frequent",
    "logistic_regression",
    "svm",
    "mean_std_logistic_regression",
    "mean_std_svm",
    "egemaps_svm",
)
"""Models that are fitted in seconds."""
CORPORA = ("emodb", "ravdess", "tess")
ACROSS_MODELS = ("mean_std_svm", "egemaps_svm")
"""Models that are trained on two corpora and tested on the third."""
ENROLLED_MODELS = ("class_means", "frame_cnns_statistics")
"""Models that get used to a voice of TESS; of a network that is one, the predictions by speaker are kept."""
KEPT_PREDICTIONS = (
    "tess/random/frame_lstm",
    "tess/by_speaker/frame_cnns_statistics",
    "emodb+ravdess+tess/leave_speaker_out/frame_cnn_statistics",
)
"""Rows of which it is kept what the first seed heard."""

_OF_TESS = [
    Row("tess", protocol, model, seeds=seeds)
    for model in (*CLASSIC, "logistic_regression_original")
    for protocol, seeds in {"random": 5, "by_word": 5, "by_speaker": 1, "by_speaker_and_word": 3}.items()
]
_OF_STATISTICS = [
    Row("tess", protocol, "statistics_lda", seeds=seeds)
    for protocol, seeds in {"random": 3, "by_word": 1, "by_speaker": 3, "by_speaker_and_word": 1}.items()
]
_OF_NETWORKS = [
    Row("tess", "random", "frame_lstm", seeds=5, quick=False),
    Row("tess", "random", "mean_mfcc_lstm", seeds=5, quick=False),
    Row("tess", "by_speaker", "frame_lstm", seeds=3, quick=False),
    Row("tess_doubled", "random", "mean_mfcc_lstm", seeds=2, quick=False),
    Row("tess", "random", "mean_mfcc_lstm_normalised", seeds=2, quick=False),
    Row("tess", "by_speaker", "mean_mfcc_lstm", seeds=2, quick=False),
    Row("tess", "by_word", "frame_lstm", quick=False),
    Row("tess", "by_word", "mean_mfcc_lstm", quick=False),
    Row("tess", "by_speaker", "frame_cnn", seeds=3, quick=False),
    Row("tess", "by_speaker", "frame_cnn_statistics", seeds=3, quick=False),
    Row("tess", "by_speaker", "frame_cnns_statistics", quick=False),
    Row("tess", "random", "frame_cnn_statistics", quick=False),
    Row("tess", "by_word", "frame_cnn_statistics", quick=False),
]
_OF_MANY_VOICES = [
    Row(corpus, "leave_speaker_out", model, quick=not RECIPES[model].is_network)
    for corpus in ("emodb", "ravdess")
    for model in (*CLASSIC, "statistics_lda", "frame_cnn", "frame_cnn_statistics")
] + [Row("emodb", "leave_speaker_out", "frame_cnns_statistics", quick=False)]
_OF_ALL_CORPORA = [
    Row("+".join(CORPORA), "leave_speaker_out", "mean_std_svm"),
    Row("+".join(CORPORA), "leave_speaker_out", "statistics_lda"),
    Row("+".join(CORPORA), "leave_speaker_out", "frame_cnn_statistics", quick=False),
]
_ACROSS = [
    Row(
        corpus,
        ACROSS_CORPORA,
        model,
        quick=not RECIPES[model].is_network,
        train_on="+".join(other for other in CORPORA if other != corpus),
    )
    for model in ACROSS_MODELS
    for corpus in CORPORA
]
_ENROLLED = [Row("tess", "by_speaker", model, seen=SEEN_OF_VOICE) for model in ENROLLED_MODELS]
_ENROLLED += [Row(corpus, "leave_speaker_out", "class_means", seen=("1",)) for corpus in ("emodb", "ravdess")]

ROWS = (*_OF_TESS, *_OF_STATISTICS, *_OF_NETWORKS, *_OF_MANY_VOICES, *_OF_ALL_CORPORA, *_ACROSS, *_ENROLLED)
