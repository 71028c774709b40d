"""Follow the emotion through a long recording: a table over time, its stretches of one emotion, and its file formats.

The rule: overlapping windows of speech are predicted one by one, as `predict` does it. Each step of half a second gets
the mean logarithm of the probabilities of the windows that it touches, and a window counts more the nearer its middle.
The emotion of all steps is then the path with the highest sum, where every change costs `CHANGE` (Viterbi 1967). At
last, a stretch of one emotion is `unknown` if its mean probability is below the recogniser's threshold.

Length and step of the windows and the cost were chosen on joined recordings of single speakers who had been left out of
the training: `benchmarks/timeline.md` has every rule that was tried.
"""

import json
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from emotion_lib.audio import speech
from emotion_lib.audio.speech import Window, windows
from emotion_lib.errors import ParameterError
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer.inference import Inference
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, UNKNOWN, UNLIKE, UNSURE, WITHOUT_SPEECH

if TYPE_CHECKING:
    import pandas as pd

STEP = 0.5
"""Seconds from one row of a timeline to the next, where somebody speaks."""

CHANGE = 1.0
"""What a change of emotion costs, in the logarithm of a probability, summed over the steps."""

BRIDGED = 1.0
"""Longest pause in seconds that belongs to the speech around it and is no row of its own."""

NOTE = (
    "It does not tell speakers apart: where several people speak, an answer may be about any of them, and a change may "
    "be that of the speaker. The channel of one speaker can be chosen with `channel`."
)
"""What a timeline cannot do; `attrs["note"]` of each table says it."""

COLUMNS = ("start", "end", "emotion", "reason")
"""The columns of a timeline before the probabilities, which have the names of the emotions."""

FORMATS = ("csv", "json", "audacity", "textgrid")
"""The formats that `formatted` writes."""

_SMALLEST = 1e-7  # keeps the logarithm of a probability of zero finite


class Part(NamedTuple):
    """The answer for one window: its first sample, its length, the probabilities, and whether the voice is unlike."""

    first: int
    length: int
    probabilities: np.ndarray
    unlike: bool


def follow(inference: Inference, blocks: Iterable[np.ndarray]) -> "pd.DataFrame":
    """Return the timeline of a recording, read block by block: `EmotionRecognizer.timeline` calls it.

    Parameters
    ----------
    inference : Inference
        The inference of the recogniser.
    blocks : iterable of ndarray
        The recording at its rate.

    Returns
    -------
    DataFrame
    """
    step = round(STEP * inference.sr)
    loudest: list[float] = []  # the level of each step; the waveform itself is not kept
    n_samples = 0

    def noted(chunks: Iterable[speech.Chunk]) -> Iterator[speech.Chunk]:
        nonlocal n_samples
        for chunk in chunks:
            loudest.extend([-math.inf] * (chunk.first // step + 1 - len(loudest)))
            loudest[-1] = max(loudest[-1], chunk.level)
            n_samples = chunk.first + len(chunk.y)
            yield chunk

    def answered(window: Window) -> Part:
        return Part(window.first, len(window.y), *inference.adapted(inference.infer(window.y)))

    parts = list(map_in_order(answered, windows(noted(speech.detect(blocks, inference.sr)), overlapping=True)))
    probabilities, path = smoothed(parts, len(loudest), step, n_emotions=len(inference.emotions))
    rows = _rows(inference, probabilities, path, np.array(loudest) >= speech.SILENCE_DB)
    table = _table(rows, inference.emotions, n_samples / inference.sr)
    unlike = 2 * sum(part.unlike for part in parts) > len(parts)
    table.attrs |= {"note": NOTE, "warning": UNLIKE if unlike else "", "threshold": inference.calibration.threshold}
    return table


def smoothed(
    parts: Iterable[Part], n_steps: int, step: int, *, n_emotions: int, change: float = CHANGE
) -> tuple[np.ndarray, np.ndarray]:
    """Smooth the answers for windows over time, by the rule of this module.

    Parameters
    ----------
    parts : iterable of Part
        The answers.
    n_steps, step : int
        Number of steps of the recording, and samples in a step.
    n_emotions : int
        Number of probabilities in an answer.
    change : float >= 0
        As `CHANGE`.

    Returns
    -------
    probabilities : ndarray of shape (n_steps, n_emotions)
        Of each step by itself.
    path : ndarray of shape (n_steps,), int
        Column of the emotion of each step, -1 where nobody speaks.
    """
    scores, weights = np.zeros((n_steps, n_emotions)), np.zeros(n_steps)
    for part in parts:
        touched = slice(part.first // step, -(-(part.first + part.length) // step))
        middles = (np.arange(touched.start, touched.stop) + 0.5) * step
        weight = 1 - np.abs(middles - part.first - part.length / 2) / (part.length / 2 + step)
        scores[touched] += weight[:, None] * np.log(np.maximum(part.probabilities, _SMALLEST))
        weights[touched] += weight
    spoken = weights > 0
    scores[spoken] /= weights[spoken, None]
    scores, spoken = _bridged(scores, spoken)
    path = np.full(n_steps, -1)
    path[spoken] = best_path(scores[spoken], change)
    probabilities = np.exp(scores)
    return probabilities / probabilities.sum(axis=1, keepdims=True), path


def _bridged(scores: np.ndarray, spoken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill short pauses: each of their steps gets the scores of the nearest step with speech."""
    at = np.flatnonzero(spoken)
    for before, after in pairwise(at.tolist()):
        if 1 < after - before <= 1 + BRIDGED / STEP:
            middle = (before + after) // 2 + 1
            scores[before + 1 : middle], scores[middle:after] = scores[before], scores[after]
            spoken[before:after] = True
    return scores, spoken


def best_path(scores: np.ndarray, change: float) -> np.ndarray:
    """Find the emotion of each step, so that the sum of their scores less the cost of the changes is greatest.

    Parameters
    ----------
    scores : ndarray of shape (n_steps, n_emotions)
        The score of each emotion.
    change : float >= 0
        Cost of a change from one step to the next.

    Returns
    -------
    ndarray of shape (n_steps,), int

    References
    ----------
    Viterbi, A. J. (1967). Error bounds for convolutional codes and an asymptotically optimum decoding algorithm.
    doi:10.1109/TIT.1967.1054010

    Examples
    --------
    One step is not worth two changes, but three are worth one:

    >>> best_path(np.array([[0, -3], [-1, 0], [0, -3], [-1, 0], [-1, 0], [-1, 0]]), 1.0).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    n_steps, n_emotions = scores.shape
    before = np.zeros((n_steps, n_emotions), dtype=np.int64)
    total = np.zeros(n_emotions)
    for number, score in enumerate(scores):
        best = int(total.argmax())
        before[number] = np.where(total >= total[best] - change, np.arange(n_emotions), best)
        total = np.maximum(total, total[best] - change) + score
    path = np.zeros(n_steps, dtype=np.int64)
    for number in range(n_steps - 1, -1, -1):
        path[number] = total.argmax() if number == n_steps - 1 else before[number + 1, path[number + 1]]
    return path


def _rows(
    inference: Inference, probabilities: np.ndarray, path: np.ndarray, heard: np.ndarray
) -> Iterator[tuple[int, str, str, np.ndarray]]:
    """Yield first step, answer, reason and probabilities of each row: a step with speech, or a part without."""
    edges = [0, *(1 + np.flatnonzero(np.diff(path))).tolist(), len(path)] if len(path) else []
    for first, end in pairwise(edges):
        if path[first] < 0:
            yield first, UNKNOWN, NO_SPEECH if heard[first:end].any() else SILENCE, probabilities[first]
            continue
        mean = probabilities[first:end].mean(axis=0)
        sure = mean.max() >= inference.calibration.threshold
        answer = (inference.emotions[int(mean.argmax())], "") if sure else (UNKNOWN, UNSURE)
        for number in range(first, end):
            yield number, *answer, probabilities[number]


def _table(
    rows: Iterable[tuple[int, str, str, np.ndarray]], emotions: tuple[str, ...], seconds: float
) -> "pd.DataFrame":
    import pandas as pd  # slow to import, and not needed to predict

    listed = list(rows)
    starts = [STEP * number for number, *_ in listed]
    places = {
        "start": starts,
        "end": [*starts[1:], seconds][: len(starts)],
        "emotion": [emotion for _, emotion, _, _ in listed],
        "reason": [reason for _, _, reason, _ in listed],
    }
    shares = np.array([probabilities for *_, probabilities in listed]).reshape(-1, len(emotions))
    return pd.DataFrame(places | dict(zip(emotions, shares.T, strict=True)))


def emotions_of(table: "pd.DataFrame") -> list[str]:
    """Return the emotions of a timeline, whose probabilities are its last columns.

    Parameters
    ----------
    table : DataFrame
        A timeline.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        If it is another table.
    """
    if tuple(getattr(table, "columns", ()))[: len(COLUMNS)] != COLUMNS:
        raise ParameterError(
            f"table: must be a timeline, with the columns {', '.join(COLUMNS)}, as `timeline` makes it"
        )
    return [str(name) for name in table.columns[len(COLUMNS) :]]


def stretches(table: "pd.DataFrame") -> "pd.DataFrame":
    """Join the rows of a timeline that follow each other with the same answer.

    Parameters
    ----------
    table : DataFrame
        A timeline.

    Returns
    -------
    DataFrame
        The same columns; the probabilities are the means over the time of the stretch.

    Raises
    ------
    ParameterError
        If it is another table.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(0.0, 0.5, "sad", "", 0.9), (0.5, 1.0, "sad", "", 0.7), (1.0, 4.0, "unknown", "silence", 0.5)]
    >>> stretches(pd.DataFrame(rows, columns=["start", "end", "emotion", "reason", "sad"]))
       start  end  emotion   reason  sad
    0    0.0  1.0      sad           0.8
    1    1.0  4.0  unknown  silence  0.5
    """
    emotions = emotions_of(table)
    answer = table["emotion"] + " " + table["reason"]
    number = (answer != answer.shift()).cumsum()
    length = table["end"] - table["start"]
    grouped = table.groupby(number)
    joined = grouped.agg({"start": "first", "end": "last", "emotion": "first", "reason": "first"})
    total = length.groupby(number).sum()
    for emotion in emotions:
        joined[emotion] = (table[emotion] * length).groupby(number).sum() / total
    joined = joined.reset_index(drop=True)
    joined.attrs = dict(table.attrs)
    return joined


def formatted(table: "pd.DataFrame", kind: str) -> str:
    r"""Write a timeline as the text of a file.

    Parameters
    ----------
    table : DataFrame
        A timeline.
    kind : "csv", "json", "audacity" or "textgrid"
        `csv` has the rows of the table, and `json` one object with the rows and the notes. `audacity` is a file for
        "Import labels" of Audacity: start, end and emotion of each stretch with speech. `textgrid` is a file for Praat,
        with one tier of intervals without gaps, whose text is empty where nobody speaks.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        If it is another table, or the format is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(0.0, 0.5, "sad", "", 0.9), (0.5, 1.0, "sad", "", 0.7), (1.0, 4.0, "unknown", "silence", 0.5)]
    >>> table = pd.DataFrame(rows, columns=["start", "end", "emotion", "reason", "sad"])
    >>> formatted(table, "audacity")
    '0.000000\t1.000000\tsad\n'
    """
    if kind not in FORMATS:
        raise ParameterError(f"format {kind!r}: must be one of {', '.join(FORMATS)}")
    emotions = emotions_of(table)
    if kind == "csv":
        return str(table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    if kind == "json":
        rows = [
            {name: row[name] for name in COLUMNS} | {"probabilities": {name: row[name] for name in emotions}}
            for row in table.to_dict("records")
        ]
        return json.dumps({**table.attrs, "timeline": rows}, indent=1) + "\n"
    return "".join((_audacity if kind == "audacity" else _textgrid)(stretches(table).to_dict("records")))


def _audacity(rows: list[dict[Any, Any]]) -> Iterator[str]:
    for row in rows:
        if row["reason"] not in WITHOUT_SPEECH:
            yield f"{row['start']:.6f}\t{row['end']:.6f}\t{row['emotion']}\n"


def _textgrid(rows: list[dict[Any, Any]]) -> Iterator[str]:
    end = f"xmax = {rows[-1]['end'] if rows else 0:.6f}\n"
    yield f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\n{end}tiers? <exists>\nsize = 1\nitem []:\n'
    yield f'    item [1]:\n        class = "IntervalTier"\n        name = "emotion"\n        xmin = 0\n        {end}'
    yield f"        intervals: size = {len(rows)}\n"
    for number, row in enumerate(rows, start=1):
        text = "" if row["reason"] in WITHOUT_SPEECH else row["emotion"]
        places = f"            xmin = {row['start']:.6f}\n            xmax = {row['end']:.6f}\n"
        yield f'        intervals [{number}]:\n{places}            text = "{text}"\n'
