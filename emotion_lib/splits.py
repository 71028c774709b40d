"""Who is held out: a corpus table in, the rows for training and for the test of a named protocol out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_lib.errors import ParameterError, extra

_HELD_OUT_ALONE = 10
"""Speakers of a corpus up to which each is held out alone, as is done with EMO-DB."""
_HELD_OUT_TOGETHER = 4
"""Speakers that are held out together in a larger one, as is done with RAVDESS."""
_FOLDS_OF_SEVERAL = 6


@dataclass(frozen=True)
class Split:
    """One division of a corpus into training and test.

    Parameters
    ----------
    fold : str
        Its name: a number, or the voices in their direction ("OAF -> YAF").
    train, test : ndarray of int
        Positions of the rows on either side.
    """

    fold: str
    train: np.ndarray
    test: np.ndarray


def split(table: pd.DataFrame, protocol: str, *, seed: int = 0) -> list[Split]:
    """Divide a corpus by a named protocol; there is no default, since the protocol is half of every figure.

    - `random`: a fifth of each emotion's utterances is held out. Voices and words are on both sides.
    - `by_word`: five folds; no word of a test was in its training. Voices are on both sides.
    - `by_speaker`: each speaker is held out once, and the others train. Words are on both sides.
    - `leave_speaker_out`: the same for corpora of many speakers, who are held out in folds: one at a time where a
      corpus has up to ten, else four at a time, in their order. Of several corpora, in up to six folds, some
      speakers of each are held out at a time.

    Parameters
    ----------
    table : DataFrame
        A corpus table.
    protocol : {"random", "by_word", "by_speaker", "leave_speaker_out"}
        The rule.
    seed : int
        Seed of what is drawn; where speakers are held out, nothing is.

    Returns
    -------
    list of Split

    Raises
    ------
    ParameterError
        If the protocol is unknown, or the corpus has too few words, speakers or utterances for it.

    Examples
    --------
    >>> table = pd.DataFrame({"speaker": ["A", "A", "B", "B"], "emotion": ["sad", "happy"] * 2})
    >>> [(part.fold, part.train.tolist(), part.test.tolist()) for part in split(table, "by_speaker")]
    [('B -> A', [2, 3], [0, 1]), ('A -> B', [0, 1], [2, 3])]

    Notebook: 04_evaluate
    """
    if protocol not in PROTOCOLS:
        raise ParameterError(f"protocol={protocol!r}: must be one of {', '.join(PROTOCOLS)}")
    for column in ("speaker", "emotion", *(["text"] if protocol == "by_word" else [])):
        if column not in table:
            raise ParameterError(f"the table has no column {column!r}: load it with corpora.load, or add the column")
    return list(PROTOCOLS[protocol](table, seed))


def _random(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield one split that holds out a fifth of each emotion."""
    with extra("train"):
        from sklearn.model_selection import train_test_split

    counts = table["emotion"].value_counts()
    if len(counts) == 0 or counts.min() < 2 or len(table) < 5 * len(counts):
        raise ParameterError(
            f"random: {len(table)} utterances of {len(counts)} emotions; "
            "each emotion needs at least two, and five on average"
        )
    train, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=seed, stratify=table["emotion"])
    yield Split("1", np.sort(train), np.sort(test))


def _by_word(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield five splits without a common word."""
    with extra("train"):
        from sklearn.model_selection import GroupKFold

    if table["text"].nunique() < 5:
        raise ParameterError(f"by_word: {table['text'].nunique()} different words; five folds need at least five")
    folds = GroupKFold(5, shuffle=True, random_state=seed).split(table, groups=table["text"])
    for number, (train, test) in enumerate(folds, start=1):
        yield Split(str(number), train, test)


def _by_speaker(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield one split a speaker."""
    speakers = sorted(table["speaker"].unique())
    if len(speakers) < 2:
        raise ParameterError(f"by_speaker: {len(speakers)} speaker; at least two are needed")
    for speaker in speakers:
        held_out = table["speaker"].to_numpy() == speaker
        others = [other for other in speakers if other != speaker]
        source = others[0] if len(others) == 1 else "others"
        yield Split(f"{source} -> {speaker}", np.flatnonzero(~held_out), np.flatnonzero(held_out))


def _leave_speaker_out(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield a split for each fold of speakers."""
    voices = _voices(table)
    speakers = {corpus: sorted(set(rows)) for corpus, rows in voices.groupby(_corpora(table))}
    most = max(map(len, speakers.values()), default=0)
    if most < 2:
        raise ParameterError(f"leave_speaker_out: {most} speaker in each corpus; one needs at least two")
    fold = {name: number for names in speakers.values() for name, number in _folds(names, several=len(speakers) > 1)}
    numbers = voices.map(fold).to_numpy()
    for number in range(int(numbers.max()) + 1):
        yield Split(str(number + 1), np.flatnonzero(numbers != number), np.flatnonzero(numbers == number))


def _voices(table: pd.DataFrame) -> pd.Series:
    """Return who speaks each utterance; speakers of two corpora are never the same."""
    return _corpora(table) + "/" + table["speaker"].astype(str)


def _corpora(table: pd.DataFrame) -> pd.Series:
    """Return the corpus of each utterance; one where the table does not say."""
    return table["corpus"].astype(str) if "corpus" in table else pd.Series("", index=table.index)


def _folds(names: list[str], *, several: bool) -> Iterator[tuple[str, int]]:
    """Yield each speaker of a corpus with the number of the fold in which he or she is held out."""
    if several:
        size = max(1, -(-len(names) // _FOLDS_OF_SEVERAL))
    else:
        size = 1 if len(names) <= _HELD_OUT_ALONE else _HELD_OUT_TOGETHER
    yield from ((name, place // size) for place, name in enumerate(names))


PROTOCOLS: dict[str, Callable[[pd.DataFrame, int], Iterator[Split]]] = {
    "random": _random,
    "by_word": _by_word,
    "by_speaker": _by_speaker,
    "leave_speaker_out": _leave_speaker_out,
}
"""The protocols by name."""

UNSEEN_VOICES = ("by_speaker", "leave_speaker_out")
"""The protocols whose tests hold no voice that was in training."""
