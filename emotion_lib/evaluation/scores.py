"""Score a recogniser on a corpus; refuse utterances that it was trained on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emotion_lib.corpora.labels import unify
from emotion_lib.corpora.report import Report, Section, counted
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, CorpusError, ParameterError
from emotion_lib.evaluation import metrics, model_card
from emotion_lib.extraction import LeftOut
from emotion_lib.progress import bar
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.description import in_percent
from emotion_lib.recognizer.prediction import UNKNOWN, WITHOUT_SPEECH


class Figure(NamedTuple):
    """A figure with its 95 % interval.

    Attributes
    ----------
    value : float
        The figure.
    low, high : float or None
        The ends of the interval; None if there are too few words and speakers.
    interval_over : str
        "speakers", "words", or empty.
    """

    value: float
    low: float | None = None
    high: float | None = None
    interval_over: str = ""

    def __str__(self) -> str:
        """Return the figure in percent."""
        return in_percent(*self)


@dataclass(frozen=True, repr=False)
class Score(Report):
    """The predictions of a recogniser for a corpus, and its scores; prints as sentences.

    Parameters
    ----------
    corpus : str
        The corpus.
    predictions : DataFrame
        One row per usable utterance: `corpus`, `id`, `speaker`, `text`, `emotion`; `predicted`, the most probable
        emotion (`unknown` only for silence and recordings without speech); `answer`, the emotion or `unknown`, and its
        `reason`; and the probability of each emotion, in a column named after it.
    n_trained_on : int
        Number of these utterances that the recogniser was trained on.
    foreign : mapping of str to int
        Number of utterances left out, for each emotion that the recogniser does not know.
    broken : tuple of LeftOut
        The recordings that cannot be used.
    """

    corpus: str
    predictions: pd.DataFrame
    n_trained_on: int
    foreign: Mapping[str, int]
    broken: tuple[LeftOut, ...] = ()

    @property
    def uar(self) -> Figure:
        """The unweighted average recall of the most probable emotion."""
        return self._figure("uar")

    @property
    def accuracy(self) -> Figure:
        """The share of utterances whose most probable emotion is the acted one."""
        return self._figure("accuracy")

    @property
    def coverage(self) -> float:
        """The share of utterances with an answer other than `unknown`."""
        return float(self._answered.mean())

    @property
    def precision(self) -> float | None:
        """The share of right answers among all answers; None if there are no answers."""
        right = (self.predictions["answer"] == self.predictions["emotion"])[self._answered]
        return float(right.mean()) if len(right) else None

    @property
    def unknown(self) -> dict[str, int]:
        """The number of utterances answered `unknown`, by reason."""
        reasons = self.predictions["reason"][~self._answered].value_counts()
        return {str(reason): int(n) for reason, n in reasons.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return all figures in a form that JSON can hold.

        Returns
        -------
        dict
        """
        return {
            "corpus": self.corpus,
            "utterances": len(self.predictions),
            "speakers": self.predictions["speaker"].nunique(),
            "uar": self.uar._asdict(),
            "accuracy": self.accuracy._asdict(),
            "coverage": self.coverage,
            "precision": self.precision,
            "unknown": self.unknown,
            "trained_on": self.n_trained_on,
            "foreign": dict(self.foreign),
            "broken": [{"id": each.id, "reason": each.reason} for each in self.broken],
        }

    @property
    def _answered(self) -> pd.Series:
        return self.predictions["answer"] != UNKNOWN

    def _figure(self, metric: str) -> Figure:
        value = metrics.METRICS[metric](self.predictions["emotion"], self.predictions["predicted"])
        return Figure(value, *(metrics.interval_of(self.predictions, metric=metric) or ()))

    def _parts(self) -> Iterator[Section]:
        n, speakers = len(self.predictions), self.predictions["speaker"].nunique()
        yield Section(f"{self.corpus}: {counted(n, 'utterance')} of {counted(speakers, 'speaker')}.")
        yield Section(f"The most probable emotion: UAR {self.uar}, accuracy {self.accuracy}.")
        right = "" if self.precision is None else f", {100 * self.precision:.1f} % of them right"
        unknown = ", ".join(f"{count} {reason}" for reason, count in self.unknown.items()) or "none"
        answers = f"{self._answered.sum()} ({100 * self.coverage:.1f} %)"
        yield Section(f"Answers: {answers}{right}; unknown: {unknown}.")
        if self.n_trained_on:
            trained = f"It was trained on {self.n_trained_on} of them"
            yield Section(f"{trained}: the figures say nothing about new recordings.")
        if self.foreign:
            named = ", ".join(f"{count} {emotion}" for emotion, count in self.foreign.items())
            yield Section(f"Left out, since the recogniser does not know these emotions: {named}.")
        if self.broken:
            yield Section(f"Cannot be used ({len(self.broken)}):", [each.reason for each in self.broken])
        if self.corpus == "demo":
            yield Section("It is synthetic speech: nothing measured on it is a result.")


def score(
    recognizer: EmotionRecognizer, table: pd.DataFrame, *, include_trained: bool = False, progress: bool | None = None
) -> Score:
    """Score a recogniser on a corpus.

    Training utterances are refused unless `include_trained` is set, since a score on them says nothing about new
    recordings; `trained_on` finds them. Utterances of emotions that the recogniser does not know, and recordings that
    cannot be used, are left out and reported.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    table : DataFrame
        The table of one corpus.
    include_trained : bool
        Whether to include utterances that the recogniser was trained on.
    progress : bool or None
        Whether to show a bar; None shows it in a terminal or notebook.

    Returns
    -------
    Score

    Raises
    ------
    ParameterError
        If the recogniser was trained on utterances of the table, the table holds several corpora, or the table has no
        utterance of an emotion that the recogniser knows.
    CorpusError
        If all recordings are unusable.

    Examples
    --------
    >>> from emotion_lib import corpora
    >>> demo = corpora.load("demo")
    >>> report = score(EmotionRecognizer.load(), demo[demo["text"] == "back"])
    >>> len(report.predictions), report.n_trained_on
    (14, 0)

    Notebook: 04_evaluate
    """
    known, seen = known_utterances(recognizer, table, include_trained=include_trained)
    predictions, broken = _predict_all(recognizer, known, progress)
    foreign = table.loc[~table["emotion"].isin(recognizer.emotions), "emotion"]
    return Score(
        corpus=str(known["corpus"].iloc[0]),
        predictions=predictions,
        n_trained_on=int(seen[~known["id"].isin([each.id for each in broken]).to_numpy()].sum()),
        foreign={emotion: int((foreign == emotion).sum()) for emotion in in_order(foreign)},
        broken=broken,
    )


def known_utterances(
    recognizer: EmotionRecognizer, table: pd.DataFrame, *, include_trained: bool
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the utterances of a corpus with emotions that a recogniser knows; refuse those that it was trained on.

    Parameters
    ----------
    recognizer, table, include_trained
        As for `score`.

    Returns
    -------
    known : DataFrame
        The rows with an emotion that the recogniser knows.
    seen : ndarray of shape (n_known,), bool
        Whether the recogniser was trained on each of them.

    Raises
    ------
    ParameterError
        As for `score`.
    """
    if table["corpus"].nunique() > 1:
        raise ParameterError(f"table: {table['corpus'].nunique()} corpora; score one at a time")
    spelt = unify([*recognizer.emotions, *table["emotion"]])  # as the recogniser spells its emotions
    table = table.assign(emotion=spelt[len(recognizer.emotions) :])
    known = table[table["emotion"].isin(recognizer.emotions)].reset_index(drop=True)
    if len(known) == 0:
        raise ParameterError(
            f"table: no utterance of {', '.join(recognizer.emotions)}, which are the words that the recogniser knows; "
            f"the labels of the table are {', '.join(in_order(table['emotion']))}"
        )
    seen = trained_on(recognizer, known)
    if seen.any() and not include_trained:
        raise ParameterError(
            f"{known['corpus'].iloc[0]}: the recogniser was trained on {seen.sum()} of these {len(known)} utterances; "
            "leave them out (`--unheard`, or `table[~trained_on(recognizer, table)]`), or score it on all "
            "(`--include-trained`, or `include_trained=True`)"
        )
    return known, seen


def trained_on(recognizer: EmotionRecognizer, table: pd.DataFrame) -> np.ndarray:
    """Find the utterances that a recogniser was trained on, by name or by the digest of their file.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    table : DataFrame
        A corpus table.

    Returns
    -------
    ndarray of shape (n_utterances,), bool
    """
    ids, digests = set(recognizer.trained_on.ids), set(recognizer.trained_on.digests)
    utterances = model_card.list_utterances(table)  # a renamed file keeps its digest, a converted one its name
    pairs = zip(utterances.ids, utterances.digests, strict=True)
    return np.array([id in ids or digest in digests for id, digest in pairs], dtype=bool)


def _predict_all(
    recognizer: EmotionRecognizer, table: pd.DataFrame, progress: bool | None
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Return a row for each usable utterance, and the recordings that cannot be used."""
    answers = recognizer.predictions(table["path"])
    answered = list(bar(answers, description="Predicting", progress=progress, total=len(table)))
    broken = tuple(
        LeftOut(str(id), path, str(answer))
        for id, path, answer in zip(table["id"], table["path"], answered, strict=True)
        if isinstance(answer, AudioError)
    )
    if len(broken) == len(table):
        raise CorpusError(f"none of the {len(table)} recordings can be used; the first: {broken[0].reason}")
    used = {row: answer for row, answer in enumerate(answered) if isinstance(answer, Prediction)}
    rows = table.iloc[list(used)].reset_index(drop=True)
    columns = [
        {
            "predicted": UNKNOWN if answer.reason in WITHOUT_SPEECH else answer.most_probable[0],
            "answer": answer.emotion,
            "reason": answer.reason,
            **answer.probabilities,
        }
        for answer in used.values()
    ]
    return pd.concat([rows[["corpus", "id", "speaker", "text", "emotion"]], pd.DataFrame(columns)], axis=1), broken
