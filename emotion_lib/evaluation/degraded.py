"""Score a recogniser on degraded recordings, and compare each condition with the clean ones."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import audio, features
from emotion_lib.corpora.report import Report, Section, counted
from emotion_lib.errors import AudioError, CorpusError
from emotion_lib.evaluation import metrics
from emotion_lib.evaluation.conditions import CONDITIONS, full_scale, random_for
from emotion_lib.evaluation.model_card import among_own_emotions
from emotion_lib.evaluation.scores import known_utterances
from emotion_lib.extraction import LeftOut
from emotion_lib.parallel import map_in_order
from emotion_lib.progress import bar
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.description import in_percent
from emotion_lib.recognizer.prediction import UNKNOWN, WITHOUT_SPEECH

BABBLING = 5
"""Number of utterances of other speakers that make a babble."""

LOW_VOICE = 165.0
"""Median pitch in Hz that divides low voices from high ones; most men speak lower, and most women higher."""

SEX = {"f": "women", "m": "men"}
"""The groups by the first letter of a column `sex`."""

KEPT = ("corpus", "id", "speaker", "text", "emotion", "sex", "language")
"""The columns of a corpus table that `predict_degraded` keeps; not every corpus has the last two."""

COLUMNS = (
    "condition",
    "group",
    "n",
    "speakers",
    "uar",
    "low",
    "high",
    "interval_over",
    "answered",
    "right",
    "difference",
    "difference_low",
    "difference_high",
)
"""The columns of `compare`."""


@dataclass(frozen=True, repr=False)
class ConditionScores(Report):
    """The scores of a recogniser on a corpus under each condition; prints as a table.

    Parameters
    ----------
    corpus : str
        The corpus.
    rows : DataFrame
        The scores, as `compare` returns them.
    n_trained_on : int
        Number of the utterances that the recogniser was trained on.
    broken : tuple of LeftOut
        The recordings that cannot be used.
    """

    corpus: str
    rows: pd.DataFrame
    n_trained_on: int
    broken: tuple[LeftOut, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return all figures in a form that JSON can hold.

        Returns
        -------
        dict
        """
        return {
            "corpus": self.corpus,
            "conditions": self.rows.to_dict(orient="records"),
            "trained_on": self.n_trained_on,
            "broken": [{"id": each.id, "reason": each.reason} for each in self.broken],
        }

    def _parts(self) -> Iterator[Section]:
        clean = self.rows.iloc[0]
        spoken = f"{counted(int(clean['n']), 'utterance')} of {counted(int(clean['speakers']), 'speaker')}"
        over = f", 95 % intervals over {clean['interval_over']}" if clean["interval_over"] else ""
        yield Section(f"{self.corpus}: {spoken}; UAR among the corpus' own emotions in percent{over}.")
        head = f"{'condition':<29}{'n':>6}  {'UAR':<22}{'difference':<22}{'answered':>8}{'right':>7}"
        yield Section(head)
        for row in readable(self.rows):
            yield Section(f"{row[0]:<29}{row[1]:>6}  {row[2]:<22}{row[3]:<22}{row[4]:>8}{row[5]:>7}")
        yield Section(
            "Difference: to the same utterances clean; of a group, to the others. A recording in which no speech is "
            "found counts as not answered and as wrong."
        )
        if self.n_trained_on:
            yield Section(f"It was trained on {self.n_trained_on} of them: no figure holds for new recordings.")
        if self.broken:
            yield Section(f"Cannot be used ({len(self.broken)}):", [each.reason for each in self.broken])
        if self.corpus == "demo":
            yield Section("It is synthetic speech: nothing measured on it is a result.")


def score_conditions(
    recognizer: EmotionRecognizer, table: pd.DataFrame, *, include_trained: bool = False, progress: bool | None = None
) -> ConditionScores:
    """Score a recogniser on a corpus, clean and under each of `CONDITIONS`.

    Parameters
    ----------
    recognizer, table, include_trained, progress
        As for `scores.score`. Columns `sex` ("f" or "female", "m" or "male") and `language` of the table give groups,
        each with a row of its own.

    Returns
    -------
    ConditionScores

    Raises
    ------
    ParameterError, CorpusError
        As for `scores.score`.

    Examples
    --------
    >>> from emotion_lib import corpora
    >>> demo = corpora.load("demo")
    >>> found = score_conditions(EmotionRecognizer.load(), demo[demo["text"] == "back"].groupby("speaker").head(2))
    >>> found.rows["condition"].head(3).tolist()
    ['clean', 'white noise, 20 dB', 'white noise, 10 dB']
    """
    known, seen = known_utterances(recognizer, table, include_trained=include_trained)
    predictions, broken = predict_degraded(recognizer, known, progress=progress)
    unusable = known["id"].isin([each.id for each in broken]).to_numpy()
    return ConditionScores(str(known["corpus"].iloc[0]), compare(predictions), int(seen[~unusable].sum()), broken)


def predict_degraded(
    recognizer: EmotionRecognizer,
    table: pd.DataFrame,
    *,
    others: pd.DataFrame | None = None,
    progress: bool | None = None,
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Predict each recording clean and under each of `CONDITIONS`, as `EmotionRecognizer.predict` does.

    What is drawn for an utterance depends on its id alone, not on the order of the table. A waveform that exceeds full
    scale is turned down, because `predict` would clip it, as a file would.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    table : DataFrame
        A corpus table.
    others : DataFrame, optional
        The corpus table from which utterances of other speakers are drawn to babble; by default `table`.
    progress : bool or None
        Whether to show a bar; None shows it in a terminal or notebook.

    Returns
    -------
    predictions : DataFrame
        One row for each utterance and condition that applies to it: `condition`, the columns `KEPT`, `answer`,
        `reason`, the probability of each emotion, and `pitch`, the median of the clean utterance in Hz.
    broken : tuple of LeftOut
        The recordings that cannot be used.

    Raises
    ------
    CorpusError
        If all recordings are unusable.
    """
    rows = _records(table)
    babblers = _babblers(rows, table if others is None else others)
    work = partial(_predicted, recognizer)
    answered = map_in_order(work, zip(rows, babblers, strict=True))
    found: list[dict[str, Any]] = []
    broken: list[LeftOut] = []
    for row, each in zip(
        rows, bar(answered, description="Predicting", progress=progress, total=len(rows)), strict=True
    ):
        if isinstance(each, AudioError):
            broken.append(LeftOut(str(row["id"]), row["path"], str(each)))
        else:
            found += each
    if not found:
        raise CorpusError(f"none of the {len(rows)} recordings can be used; the first: {broken[0].reason}")
    return pd.DataFrame(found), tuple(broken)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict(orient="records")]


def _babblers(rows: Sequence[dict[str, Any]], others: pd.DataFrame) -> Iterator[list[Any]]:
    """Yield the paths of some utterances of other speakers of the corpus, for each utterance."""
    others = others.sort_values("id")
    voices = (others["corpus"] + "/" + others["speaker"].astype(str)).to_numpy()
    corpus, paths = others["corpus"].to_numpy(), others["path"].to_numpy()
    for row in rows:
        candidates = np.flatnonzero((corpus == row["corpus"]) & (voices != f"{row['corpus']}/{row['speaker']}"))
        chosen = random_for(row, "babble").permutation(candidates)[:BABBLING]
        yield list(paths[chosen])


def _predicted(
    recognizer: EmotionRecognizer, item: tuple[dict[str, Any], list[Any]]
) -> list[dict[str, Any]] | AudioError:
    """Return the prediction for an utterance under each condition that applies to it."""
    row, paths = item
    known = {name: row[name] for name in KEPT if name in row}
    sr = int(recognizer.settings.sr or 0)  # a recogniser always has a rate
    found = []
    try:
        y = audio.read(row["path"], sr=sr)[0]
        babbling = list(_readable(paths, sr))
        pitch = _median_pitch(y, sr)
        for name, degrade in CONDITIONS.items():
            degraded = degrade(y, sr, random_for(row, name), babbling)
            if degraded is not None:
                answer = recognizer.predict(full_scale(degraded), sr)
                heard = {"answer": answer.emotion, "reason": answer.reason, "pitch": pitch, **answer.probabilities}
                found.append({"condition": name, **known, **heard})
    except AudioError as error:
        return error
    return found


def _readable(paths: Iterable[Any], sr: int) -> Iterator[np.ndarray]:
    """Yield the waveforms of recordings, without those that are broken."""
    for path in paths:
        with suppress(AudioError):
            yield audio.read(path, sr=sr)[0]


def _median_pitch(y: np.ndarray, sr: int) -> float:
    """Return the median pitch of an utterance in Hz; NaN if it has none."""
    frequency = features.pitch(y, sr)[:, 0]
    voiced = frequency[frequency > 0]
    return float(np.median(voiced)) if len(voiced) else np.nan


def compare(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each condition, and each group of speakers under clean conditions.

    Parameters
    ----------
    predictions : DataFrame
        From `predict_degraded`. Of several corpora, a figure is the mean over the corpora.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. First a row for each condition, with `group` "all"; then rows with the condition "clean" for
        women and men, for each language, and for low and high voices (the speaker's median pitch in neutral utterances,
        or in all), if the predictions tell these groups apart. `uar` is among the emotions that a corpus has;
        `answered` is the share of answers other than unknown, and `right` the share of these that are right.
        `difference` is the UAR minus that of the same utterances clean, and in a group minus that of the other group,
        if it has the same corpora. The intervals are over speakers, or over words if there are fewer than 8 speakers.
    """
    rows = among_own_emotions(predictions.reset_index(drop=True))
    rows["predicted"] = rows["predicted"].where(~rows["reason"].isin(WITHOUT_SPEECH), UNKNOWN)
    rows = rows.assign(speaker=rows["speaker"].astype(str), utterance=rows["corpus"] + "/" + rows["id"])
    clean = rows[rows["condition"] == "clean"]
    found = []
    for condition in [name for name in CONDITIONS if name in set(rows["condition"])]:
        part = rows[rows["condition"] == condition]
        same = clean[clean["utterance"].isin(part["utterance"])]
        difference = {} if condition == "clean" else _difference(part, same, seeds=(0, 0))
        found.append({"condition": condition, "group": "all", **_figures(part), **difference})
    for group, members in _groups(clean).items():
        part, rest = clean[members], clean[~members]
        difference = _difference(part, rest, seeds=(0, 1)) if set(part["corpus"]) == set(rest["corpus"]) else {}
        found.append({"condition": "clean", "group": group, **_figures(part), **difference})
    return pd.DataFrame(found).reindex(columns=list(COLUMNS))


def _groups(clean: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the members of each group, as masks; a group of nobody or of everybody is none."""
    groups = {}
    if "sex" in clean:
        words = clean["sex"].astype(str).str.strip().str.casefold().replace({"female": "f", "male": "m"})
        groups = {group: words == sex for sex, group in SEX.items()}
    if "language" in clean:
        groups |= {str(language): clean["language"] == language for language in clean["language"].dropna().unique()}
    speaker = [clean["corpus"], clean["speaker"]]
    neutral = clean["pitch"].where(clean["emotion"] == "neutral").groupby(speaker).transform("median")
    pitch = neutral.fillna(clean["pitch"].groupby(speaker).transform("median"))
    groups |= {
        f"voice below {LOW_VOICE:.0f} Hz": pitch < LOW_VOICE,
        f"voice above {LOW_VOICE:.0f} Hz": pitch >= LOW_VOICE,
    }
    return {name: mask for name, mask in groups.items() if mask.any() and not mask.all()}


def _figures(part: pd.DataFrame) -> dict[str, Any]:
    """Return the scores of some predictions; of several corpora, their mean."""
    answered = part["answer"] != UNKNOWN
    right = (part["answer"] == part["emotion"])[answered]
    over = _resampled_unit(part)
    return {
        "n": len(part),
        "speakers": part.groupby("corpus")["speaker"].nunique().sum(),
        "uar": _uar(part),
        **dict(zip(("low", "high"), _interval(_draws(part, over, seed=0)), strict=True)),
        "interval_over": {"speaker": "speakers", "text": "words", "": ""}[over],
        "answered": float(answered.groupby(part["corpus"]).mean().mean()),
        "right": float(right.groupby(part["corpus"]).mean().mean()),
    }


def _difference(part: pd.DataFrame, other: pd.DataFrame, *, seeds: tuple[int, int]) -> dict[str, Any]:
    """Return the UAR minus another UAR; with equal seeds the draws of the same utterances are the same."""
    over = min(_resampled_unit(part), _resampled_unit(other), key=["", "text", "speaker"].index)
    low, high = _interval(_draws(part, over, seed=seeds[0]) - _draws(other, over, seed=seeds[1]))
    return {"difference": _uar(part) - _uar(other), "difference_low": low, "difference_high": high}


def _uar(part: pd.DataFrame) -> float:
    return float(np.mean([metrics.uar(each["emotion"], each["predicted"]) for _, each in part.groupby("corpus")]))


def _resampled_unit(part: pd.DataFrame) -> str:
    """Return the column whose values are drawn for an interval; empty if a corpus has only one value."""
    corpora = part.groupby("corpus")
    many = corpora["speaker"].nunique().sum() >= metrics.ENOUGH_SPEAKERS
    unit = "speaker" if many else "text"
    return unit if corpora[unit].nunique().min() > 1 else ""


def _draws(part: pd.DataFrame, over: str, *, seed: int) -> np.ndarray:
    """Return the UAR of each draw, the mean over the corpora, each of which has draws of its own."""
    if not over:
        return np.array([np.nan])
    each = [
        metrics.resampled(rows["emotion"], rows["predicted"], groups=rows[over], seed=2 * number + seed)
        for number, (_, rows) in enumerate(part.groupby("corpus"))
    ]
    return np.asarray(np.mean(each, axis=0))


def _interval(draws: np.ndarray) -> list[float]:
    return [float(each) for each in np.quantile(draws, [0.025, 0.975])]


def readable(rows: pd.DataFrame) -> list[list[str]]:
    """Return rows of `compare` as text.

    Parameters
    ----------
    rows : DataFrame
        The scores.

    Returns
    -------
    list of list of str
        The condition or the group, the number of utterances, the UAR and the difference in points with their intervals,
        the share answered, and the share of right answers.
    """
    return [
        [
            row["condition"] if row["group"] == "all" else row["group"],
            str(row["n"]),
            in_percent(row["uar"], row["low"], row["high"], unit=""),
            "" if np.isnan(row["difference"]) else _points(row),
            f"{100 * row['answered']:.1f}",
            "-" if np.isnan(row["right"]) else f"{100 * row['right']:.1f}",
        ]
        for row in _records(rows)
    ]


def _points(row: dict[str, Any]) -> str:
    """Return a difference in points, with its sign and its interval."""
    ends = [row["difference_low"], row["difference_high"]]
    interval = "" if np.isnan(ends).any() else " [{:+.1f}, {:+.1f}]".format(*(100 * end for end in ends))
    return f"{100 * row['difference']:+.1f}{interval}"
