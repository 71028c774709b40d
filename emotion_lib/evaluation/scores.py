"""Score a recogniser on a corpus; refuse utterances that it was trained on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emotion_lib.corpora.labels import unify, with_synonyms
from emotion_lib.corpora.report import Report, Section, counted
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, CorpusError, ParameterError
from emotion_lib.evaluation import metrics, model_card
from emotion_lib.extraction import LeftOut
from emotion_lib.progress import bar
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.description import in_percent
from emotion_lib.recognizer.prediction import UNKNOWN, WITHOUT_SPEECH

KEPT = ("corpus", "id", "speaker", "text", "emotion", "sex", "language")
"""The columns of a corpus table that are kept beside predictions; not every corpus has the last two."""


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
        One row per usable utterance: the columns of `gather` and `answer_of`; `predicted`, the most probable of the
        emotions that the corpus has, is `unknown` only for silence and recordings without speech.
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
        """The unweighted average recall of the most probable of the corpus' emotions."""
        return self._figure("uar")

    @property
    def accuracy(self) -> Figure:
        """The share of utterances in which the most probable of the corpus' emotions is the acted one."""
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
        n_own = self.predictions["emotion"].nunique()
        among = f"of the {n_own} emotions of the corpus" if n_own > 1 else "emotion (the corpus has only one)"
        yield Section(f"The most probable {among}: UAR {self.uar}, accuracy {self.accuracy}.")
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
    """
    known, seen = known_utterances(recognizer, table, include_trained=include_trained)
    answers = recognizer.predictions(known["path"])
    rows = (each if isinstance(each, AudioError) else [answer_of(each)] for each in answers)
    predictions, broken = gather(known, rows, progress)
    foreign = table.loc[~table["emotion"].isin(recognizer.emotions), "emotion"]
    return Score(
        corpus=str(known["corpus"].iloc[0]),
        predictions=with_predicted(predictions),
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
            f"table: no utterance of {with_synonyms(recognizer.emotions)}, the words that the recogniser knows; "
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


def answer_of(answer: Prediction) -> dict[str, Any]:
    """Return an answer as columns of a table of predictions.

    Parameters
    ----------
    answer : Prediction
        The answer for an utterance.

    Returns
    -------
    dict
        `answer`, the emotion or `unknown`, its `reason`, and the probability of each emotion.
    """
    return {"answer": answer.emotion, "reason": answer.reason, **answer.probabilities}


def gather(
    table: pd.DataFrame, answers: Iterable[Sequence[Mapping[str, Any]] | AudioError], progress: bool | None
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Put the answers for utterances beside the utterances.

    Parameters
    ----------
    table : DataFrame
        A corpus table.
    answers : iterable of (list of dict, or AudioError)
        The rows of each utterance, in order, or the reason why its recording cannot be used.
    progress : bool or None
        As for `score`.

    Returns
    -------
    predictions : DataFrame
        The columns `KEPT` of the table, and the columns of the answers.
    broken : tuple of LeftOut
        The recordings that cannot be used.

    Raises
    ------
    CorpusError
        If all recordings are unusable.
    """
    found: list[dict[str, Any]] = []
    broken: list[LeftOut] = []
    watched = bar(answers, description="Predicting", progress=progress, total=len(table))
    for row, answer in zip(table.to_dict(orient="records"), watched, strict=True):
        if isinstance(answer, AudioError):
            broken.append(LeftOut(str(row["id"]), row["path"], str(answer)))
        else:
            found += [{**{name: row[name] for name in KEPT if name in row}, **each} for each in answer]
    if not found:
        raise CorpusError(f"none of the {len(table)} recordings can be used; the first: {broken[0].reason}")
    return pd.DataFrame(found), tuple(broken)


def with_predicted(answers: pd.DataFrame) -> pd.DataFrame:
    """Add the most probable of the emotions that a corpus has, or `unknown` for silence and where nobody speaks.

    Parameters
    ----------
    answers : DataFrame
        From `gather`, of one corpus or several.

    Returns
    -------
    DataFrame
        The same rows with the column `predicted`.
    """
    rows = model_card.among_own_emotions(answers.reset_index(drop=True))
    return rows.assign(predicted=rows["predicted"].where(~rows["reason"].isin(WITHOUT_SPEECH), UNKNOWN))
