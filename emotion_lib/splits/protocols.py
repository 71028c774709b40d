"""The named protocols by which utterances are divided into training and test, and their folds as lists."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_lib import corpora
from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import ParameterError, check_columns, extra

_FOLDS_OF_WORDS = 5
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
        Its name: a number, the voices in their direction ("OAF -> YAF"), or both ("OAF -> YAF, 3").
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
    - `by_speaker_and_word`: both at once, five folds of words for each speaker; neither voice nor word of a test was
      in its training. The held-out speaker's other words and the others' held-out words are on no side.
    - `leave_speaker_out`: as `by_speaker`, for corpora of many speakers, who are held out in folds: one at a time where
      a corpus has up to ten, else four at a time, in their order. Of a corpus that has an index a fold holds the same
      speakers, whichever of them are there. Of several corpora, in up to six folds, some speakers of each are held out
      at a time.

    Parameters
    ----------
    table : DataFrame
        A corpus table.
    protocol : {"random", "by_word", "by_speaker", "by_speaker_and_word", "leave_speaker_out"}
        The rule.
    seed : int
        Seed of what is drawn: utterances or words. Speakers are held out in their order.

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
    check_columns("the table", table, "speaker", "emotion", *(["text"] if protocol.endswith("word") else []))
    return list(PROTOCOLS[protocol](table, seed))


def direction(fold: str) -> str:
    """Return which voices train and which is tested in a fold, whatever its words.

    Parameters
    ----------
    fold : str
        Name of a fold.

    Returns
    -------
    str
        The same for all folds of one direction; empty where a fold is not named after voices.

    Examples
    --------
    >>> direction("OAF -> YAF"), direction("OAF -> YAF, 3"), direction("3")
    ('OAF -> YAF', 'OAF -> YAF', '')
    """
    return re.sub(rf", [1-{_FOLDS_OF_WORDS}]$", "", fold) if " -> " in fold else ""


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
    for number, of_fold in enumerate(_words(table, seed), start=1):
        yield _sides(str(number), ~of_fold, of_fold)


def _by_speaker(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    for voices, of_speaker in _speakers(table):
        yield _sides(voices, ~of_speaker, of_speaker)


def _by_speaker_and_word(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield a split for each speaker and each fold of words; none where the speaker says no word of the fold."""
    folds = list(enumerate(_words(table, seed), start=1))
    for voices, of_speaker in _speakers(table):
        for number, of_fold in folds:
            part = _sides(f"{voices}, {number}", ~of_speaker & ~of_fold, of_speaker & of_fold)
            if len(part.test) and not len(part.train):
                raise ParameterError(f"by_speaker_and_word: nothing to train on in fold {part.fold!r}; add other words")
            if len(part.test):
                yield part


def _leave_speaker_out(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    voices = _voices(table)
    speakers = {corpus: sorted(set(rows)) for corpus, rows in voices.groupby(_corpora(table))}
    most = max(map(len, speakers.values()), default=0)
    if most < 2:
        raise ParameterError(f"leave_speaker_out: {most} speaker in each corpus; one needs at least two")
    numbers = voices.map(_folds(speakers)).to_numpy()
    present = np.unique(numbers)
    if len(present) < 2:
        raise ParameterError(
            f"leave_speaker_out: all {most} speakers are held out together, which leaves none to train on; add others"
        )
    for number in present:
        yield _sides(str(number + 1), numbers != number, numbers == number)


def _sides(fold: str, train: np.ndarray, test: np.ndarray) -> Split:
    return Split(fold, np.flatnonzero(train), np.flatnonzero(test))


def _words(table: pd.DataFrame, seed: int) -> Iterator[np.ndarray]:
    """Yield for each fold of words which rows have one of them."""
    with extra("train"):
        from sklearn.model_selection import GroupKFold

    n_words = table["text"].nunique()
    if n_words < _FOLDS_OF_WORDS:
        raise ParameterError(f"column 'text': {n_words} different words; five folds need at least five")
    folds = GroupKFold(_FOLDS_OF_WORDS, shuffle=True, random_state=seed).split(table, groups=table["text"])
    for _, rows in folds:
        yield np.isin(np.arange(len(table)), rows)


def _speakers(table: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Yield for each speaker the direction in which he or she is tested, and which rows are his or hers."""
    speakers = sorted(table["speaker"].unique())
    if len(speakers) < 2:
        raise ParameterError(f"column 'speaker': {len(speakers)} speaker; at least two are needed")
    for speaker in speakers:
        others = [other for other in speakers if other != speaker]
        source = others[0] if len(others) == 1 else "others"
        yield f"{source} -> {speaker}", table["speaker"].to_numpy() == speaker


def _voices(table: pd.DataFrame) -> pd.Series:
    """Return who speaks each utterance; speakers of two corpora are never the same."""
    return _corpora(table) + "/" + table["speaker"].astype(str)


def _corpora(table: pd.DataFrame) -> pd.Series:
    """Return the corpus of each utterance; one where the table does not say."""
    return table["corpus"].astype(str) if "corpus" in table else pd.Series("", index=table.index)


def _folds(speakers: dict[str, list[str]]) -> dict[str, int]:
    """Return the number of the fold in which each speaker of some corpora is held out."""
    if len(speakers) > 1:
        sizes = {corpus: -(-len(names) // _FOLDS_OF_SEVERAL) for corpus, names in speakers.items()}
    else:
        speakers = {corpus: _everybody(corpus, names) for corpus, names in speakers.items()}
        sizes = {c: 1 if len(names) <= _HELD_OUT_ALONE else _HELD_OUT_TOGETHER for c, names in speakers.items()}
    return {name: place // sizes[corpus] for corpus, names in speakers.items() for place, name in enumerate(names)}


def _everybody(corpus: str, present: list[str]) -> list[str]:
    """Return all speakers of a corpus, as its index has them; those that are there where it knows them not."""
    if corpus not in CORPORA:
        return present
    indexed = sorted({f"{corpus}/{speaker}" for speaker in corpora.index(corpus)["speaker"]})
    return indexed if set(present) <= set(indexed) else present


PROTOCOLS: dict[str, Callable[[pd.DataFrame, int], Iterator[Split]]] = {
    "random": _random,
    "by_word": _by_word,
    "by_speaker": _by_speaker,
    "by_speaker_and_word": _by_speaker_and_word,
    "leave_speaker_out": _leave_speaker_out,
}
"""The protocols by name."""

UNSEEN_VOICES = ("by_speaker", "by_speaker_and_word", "leave_speaker_out")
"""The protocols whose tests hold no voice that was in training."""


def list_folds(table: pd.DataFrame, protocol: str, *, seed: int = 0) -> pd.DataFrame:
    """List which utterances train and which are tested in each fold of a protocol.

    The list does not depend on the order of the rows. The lists of `splits/lists` are made so from the indexes of the
    corpora, with the seed 0.

    Parameters
    ----------
    table : DataFrame
        The table of one corpus, as `corpora.load` returns it.
    protocol : str
        Name of a protocol, as `split` takes it.
    seed : int
        Seed of what is drawn.

    Returns
    -------
    DataFrame
        Columns id, fold, side (`"train"` or `"test"`); folds in their order, and sorted by id in each. An utterance
        that is on neither side of a fold has no row there.

    Raises
    ------
    ParameterError
        As `split` does, and if the table has no ids or one of them twice.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["A_1", "B_1"], "speaker": ["A", "B"], "emotion": "sad"})
    >>> list_folds(table, "by_speaker")
        id    fold   side
    0  A_1  B -> A   test
    1  B_1  B -> A  train
    2  A_1  A -> B  train
    3  B_1  A -> B   test
    """
    check_columns("the table", table, "id")
    if table["id"].duplicated().any():
        twice = table["id"][table["id"].duplicated()].iloc[0]
        raise ParameterError(f"id {twice!r}: twice in the table; list each corpus alone, without copies")
    table = table.sort_values("id", ignore_index=True)
    return pd.concat([_of_fold(table["id"], part) for part in split(table, protocol, seed=seed)], ignore_index=True)


def _of_fold(ids: pd.Series, part: Split) -> pd.DataFrame:
    sides = pd.concat([pd.Series("train", index=part.train), pd.Series("test", index=part.test)]).sort_index()
    return pd.DataFrame({"id": ids.loc[sides.index], "fold": part.fold, "side": sides})
