"""The named protocols that divide utterances into training and test, and their folds as lists."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd

from emotion_lib.corpora.labels import UNKNOWN_SPEAKER
from emotion_lib.errors import ParameterError, check_columns, check_seed, extra

_FOLDS_OF_WORDS = 5  # `direction` reads the number of a fold as one digit
_FOLDS_OF_UTTERANCES = 5

# In a corpus of up to ten speakers each is held out alone, as is usual with the ten speakers of EMO-DB. In a larger
# corpus four are held out together: the 24 speakers of RAVDESS then need 6 trainings instead of 24.
_HELD_OUT_ALONE = 10
_HELD_OUT_TOGETHER = 4
_MOST_FOLDS = 25  # more speakers are held out together if there are more than a hundred

# Several corpora together have as many folds as RAVDESS alone.
_FOLDS_OF_SEVERAL = 6

# The lists of these corpora have few enough folds to be used beside other corpora too.
_LISTED_AMONG_OTHERS = {"crema-d", "nemo"}

_LISTS = resources.files("emotion_lib") / "splits" / "lists"


_COLUMNS = {"by_word": ["text"], "by_speaker_and_word": ["text"], "leave_corpus_out": ["corpus"]}
"""The columns that a protocol needs besides `speaker` and `emotion`."""


@dataclass(frozen=True)
class Split:
    """One division of a corpus into training and test.

    Parameters
    ----------
    fold : str
        Name of the fold: a number, the training and the test voice ("OAF -> YAF"), or both ("OAF -> YAF, 3").
    train, test : ndarray of int
        Positions of the training rows and of the test rows.
    """

    fold: str
    train: np.ndarray
    test: np.ndarray


def split(table: pd.DataFrame, protocol: str, *, seed: int = 0) -> list[Split]:
    """Divide a corpus into training and test by a named protocol.

    There is no default: a score means nothing without its protocol.

    - `random`: holds out a fifth of the utterances of each emotion. Training and test share voices and words.
    - `by_utterance`: five folds, each with a fifth of the utterances of each emotion; training and test share voices
      and words. It is for a corpus whose speakers are not known.
    - `by_word`: five folds; training and test share voices, but no words.
    - `by_speaker`: holds out each speaker once and trains on the others. Training and test share words, but no voices.
    - `by_speaker_and_word`: five folds of words for each speaker; training and test share neither voices nor words. The
      other words of the held-out speaker, and the held-out words of the other speakers, are not used.
    - `leave_speaker_out`: like `by_speaker`, for corpora of many speakers. The folds of EMO-DB (one speaker each),
      RAVDESS (four each), CREMA-D and nEMO (five folds each) are committed lists, so they stay the same when recordings
      are missing. In any other corpus, speakers are held out in alphabetical order, one at a time if there are up to
      ten, four at a time if there are more, and in 25 folds if there are more than a hundred. If the table holds
      several corpora, there are at most six folds, and each holds out some speakers of every corpus; those of CREMA-D
      and nEMO stay the same.
    - `leave_corpus_out`: holds out each corpus once and trains on the others, which differ from it in voices,
      microphones and mostly in language.

    Parameters
    ----------
    table : DataFrame
        A corpus table.
    protocol : str
        Name of the protocol, one of `PROTOCOLS`.
    seed : int
        Seed for drawing utterances (`random`, `by_utterance`) or words. Speakers are not drawn.

    Returns
    -------
    list of Split

    Raises
    ------
    ParameterError
        If the protocol is unknown, or the corpus has too few words, speakers or utterances for it, or speakers that are
        not known.

    Examples
    --------
    >>> table = pd.DataFrame({"speaker": ["A", "A", "B", "B"], "emotion": ["sad", "happy"] * 2})
    >>> [(part.fold, part.train.tolist(), part.test.tolist()) for part in split(table, "by_speaker")]
    [('B -> A', [2, 3], [0, 1]), ('A -> B', [0, 1], [2, 3])]

    Notebook: 04_evaluate
    """
    if protocol not in PROTOCOLS:
        raise ParameterError(f"protocol={protocol!r}: must be one of {', '.join(PROTOCOLS)}")
    check_seed(seed)
    check_columns("the table", table, "speaker", "emotion", *_COLUMNS.get(protocol, []))
    unnamed = int((table["speaker"] == UNKNOWN_SPEAKER).sum())
    if unnamed and "speaker" in protocol:
        raise ParameterError(
            f"{protocol}: {unnamed} of {len(table)} utterances are by unknown speakers; name these, or leave them out"
        )
    return list(PROTOCOLS[protocol](table, seed))


def direction(fold: str) -> str:
    """Return the training and the test voice of a fold, without the number of its word fold.

    Parameters
    ----------
    fold : str
        Name of a fold.

    Returns
    -------
    str
        The same for all folds with these voices; empty if the fold is not named after voices.

    Examples
    --------
    >>> direction("OAF -> YAF"), direction("OAF -> YAF, 3"), direction("3")
    ('OAF -> YAF', 'OAF -> YAF', '')
    """
    return re.sub(rf", [1-{_FOLDS_OF_WORDS}]$", "", fold) if " -> " in fold else ""


def _random(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    with extra("train"):
        from sklearn.model_selection import train_test_split

    counts = table["emotion"].value_counts()
    if len(counts) == 0 or counts.min() < 2 or len(table) < 5 * len(counts):
        raise ParameterError(
            f"random: {len(table)} utterances of {len(counts)} emotions; "
            "each emotion needs at least two utterances, and five on average"
        )
    train, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=seed, stratify=table["emotion"])
    yield Split("1", np.sort(train), np.sort(test))


def _by_utterance(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    rng = np.random.default_rng(seed)
    numbers = np.empty(len(table), dtype=int)
    for emotion, rows in sorted(table.reset_index(drop=True).groupby("emotion").groups.items()):
        if len(rows) < 2:
            raise ParameterError(f"by_utterance: 1 utterance of {emotion}; at least two are needed")
        numbers[rng.permutation(rows)] = np.arange(len(rows)) % _FOLDS_OF_UTTERANCES
    for number in np.unique(numbers):
        yield _sides(str(number + 1), numbers != number, numbers == number)


def _by_word(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    for number, of_fold in enumerate(_words(table, seed), start=1):
        yield _sides(str(number), ~of_fold, of_fold)


def _by_speaker(table: pd.DataFrame, _: int) -> Iterator[Split]:
    for voices, of_speaker in _speakers(table):
        yield _sides(voices, ~of_speaker, of_speaker)


def _by_speaker_and_word(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Yield a split for each speaker and fold of words, except where the speaker says no word of the fold."""
    folds = list(enumerate(_words(table, seed), start=1))
    for voices, of_speaker in _speakers(table):
        for number, of_fold in folds:
            part = _sides(f"{voices}, {number}", ~of_speaker & ~of_fold, of_speaker & of_fold)
            if not len(part.test):
                continue
            if not len(part.train):
                raise ParameterError(f"by_speaker_and_word: nothing to train on in fold {part.fold!r}; add other words")
            yield part


def _leave_speaker_out(table: pd.DataFrame, _: int) -> Iterator[Split]:
    corpus_of = table["corpus"].astype(str) if "corpus" in table else pd.Series("", index=table.index)
    # Two corpora may use the same name for two people, so corpus and speaker together identify a voice.
    voices = corpus_of + "/" + table["speaker"].astype(str)
    speakers = {corpus: sorted(set(rows)) for corpus, rows in voices.groupby(corpus_of)}
    most = max(map(len, speakers.values()), default=0)
    if most < 2:
        raise ParameterError(f"leave_speaker_out: {most} speaker in each corpus; at least two are needed")
    numbers = voices.map(_folds(speakers)).to_numpy()
    present = np.unique(numbers)
    if len(present) < 2:
        raise ParameterError(
            f"leave_speaker_out: all {most} speakers are in one fold, so nobody is left to train on; add other speakers"
        )
    for number in present:
        yield _sides(str(number + 1), numbers != number, numbers == number)


def _sides(fold: str, train: np.ndarray, test: np.ndarray) -> Split:
    return Split(fold, np.flatnonzero(train), np.flatnonzero(test))


def _words(table: pd.DataFrame, seed: int) -> Iterator[np.ndarray]:
    """Yield a mask of the rows for each fold of words."""
    with extra("train"):
        from sklearn.model_selection import GroupKFold

    n_words = table["text"].nunique()
    if n_words < _FOLDS_OF_WORDS:
        raise ParameterError(f"column 'text': {n_words} different words; five folds need at least five")
    folds = GroupKFold(_FOLDS_OF_WORDS, shuffle=True, random_state=seed).split(table, groups=table["text"])
    for _, rows in folds:
        yield np.isin(np.arange(len(table)), rows)


def _speakers(table: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each speaker's fold name and a mask of their rows."""
    speakers = sorted(table["speaker"].unique())
    if len(speakers) < 2:
        raise ParameterError(f"column 'speaker': {len(speakers)} speaker; at least two are needed")
    for speaker in speakers:
        others = [other for other in speakers if other != speaker]
        source = others[0] if len(others) == 1 else "others"
        yield f"{source} -> {speaker}", table["speaker"].to_numpy() == speaker


def _folds(speakers: dict[str, list[str]]) -> dict[str, int]:
    """Return the number of the fold that holds out each speaker: the listed one, or else by alphabetical order."""
    numbers: dict[str, int] = {}
    for corpus, names in speakers.items():
        alone = len(speakers) == 1
        listed = _listed(corpus) if alone or corpus in _LISTED_AMONG_OTHERS else {}
        if set(names) <= listed.keys():
            numbers |= listed
            continue
        together = 1 if len(names) <= _HELD_OUT_ALONE else _HELD_OUT_TOGETHER
        n_folds = _MOST_FOLDS if alone else _FOLDS_OF_SEVERAL
        size = max(together if alone else 1, -(-len(names) // n_folds))  # rounded up
        numbers |= {name: place // size for place, name in enumerate(names)}
    return numbers


@cache
def _listed(corpus: str) -> dict[str, int]:
    """Return the fold of each speaker in the committed list of a corpus; empty if there is no list."""
    path = _LISTS / f"{corpus}-leave_speaker_out.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8") as file:
        rows = pd.read_csv(file, dtype={"speaker": "str"})
    return {f"{corpus}/{speaker}": fold - 1 for speaker, fold in zip(rows["speaker"], rows["fold"], strict=True)}


def _leave_corpus_out(table: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Hold out each corpus."""
    names = sorted(set(table["corpus"]))
    if len(names) < 2:
        raise ParameterError(f"leave_corpus_out: {len(names)} corpus; at least two are needed")
    for name in names:
        tested = (table["corpus"] == name).to_numpy()
        yield _sides(name, ~tested, tested)


PROTOCOLS: dict[str, Callable[[pd.DataFrame, int], Iterator[Split]]] = {
    "random": _random,
    "by_utterance": _by_utterance,
    "by_word": _by_word,
    "by_speaker": _by_speaker,
    "by_speaker_and_word": _by_speaker_and_word,
    "leave_speaker_out": _leave_speaker_out,
    "leave_corpus_out": _leave_corpus_out,
}
"""The protocols by name."""

UNSEEN_VOICES = ("by_speaker", "by_speaker_and_word", "leave_speaker_out", "leave_corpus_out")
"""The protocols whose test voices are never in the training."""

OF_SEVERAL_CORPORA = ("by_utterance", "leave_speaker_out", "leave_corpus_out")
"""The protocols that divide several corpora together."""


def list_folds(table: pd.DataFrame, protocol: str, *, seed: int = 0) -> pd.DataFrame:
    """List the training and test utterances of each fold of a protocol.

    The list does not depend on the order of the rows. The files of TESS in `splits/lists` were made by this function
    from its index, with seed 0.

    Parameters
    ----------
    table : DataFrame
        The table of one corpus, as `corpora.load` returns it.
    protocol : str
        Name of a protocol, as `split` takes it.
    seed : int
        Seed for drawing utterances or words, as for `split`.

    Returns
    -------
    DataFrame
        Columns id, fold, side (`"train"` or `"test"`); folds in the order of `split`, each sorted by id. An utterance
        that a fold does not use has no row for that fold.

    Raises
    ------
    ParameterError
        As for `split`, and if the table has no column `id` or contains an id twice.

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
        raise ParameterError(f"id {twice!r}: twice in the table; list one corpus at a time, without copies")
    table = table.sort_values("id", ignore_index=True)
    folds = []
    for part in split(table, protocol, seed=seed):
        sides = pd.concat([pd.Series("train", index=part.train), pd.Series("test", index=part.test)]).sort_index()
        folds.append(pd.DataFrame({"id": table["id"].loc[sides.index], "fold": part.fold, "side": sides}))
    return pd.concat(folds, ignore_index=True)
