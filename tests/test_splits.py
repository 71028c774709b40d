"""Splits: nothing is on both sides that a protocol promises to keep apart."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_lib import splits
from emotion_lib.errors import ParameterError


def corpus(
    n_speakers: int = 2, n_words: int = 10, emotions: tuple[str, ...] = ("angry", "happy", "sad")
) -> pd.DataFrame:
    """Return a designed corpus: every speaker says every word in every emotion."""
    rows = [
        (f"S{speaker}", emotion, f"w{word}")
        for speaker in range(n_speakers)
        for word in range(n_words)
        for emotion in emotions
    ]
    return pd.DataFrame(rows, columns=["speaker", "emotion", "text"])


@pytest.mark.parametrize("protocol", splits.PROTOCOLS)
def test_training_and_test_are_disjoint_and_cover_the_corpus(protocol: str) -> None:
    table = corpus()
    for part in splits.split(table, protocol):
        assert sorted([*part.train, *part.test]) == list(range(len(table)))


@settings(max_examples=25)
@given(st.integers(2, 5), st.integers(5, 20), st.integers(0, 1000))
def test_no_group_is_on_both_sides(n_speakers: int, n_words: int, seed: int) -> None:
    table = corpus(n_speakers, n_words)
    for protocol, group in (("by_word", "text"), ("by_speaker", "speaker")):
        for part in splits.split(table, protocol, seed=seed):
            assert not set(table[group].iloc[part.train]) & set(table[group].iloc[part.test])


@pytest.mark.parametrize("protocol", ["by_word", "by_speaker"])
def test_every_utterance_is_tested_once(protocol: str) -> None:
    table = corpus()
    tested = [position for part in splits.split(table, protocol) for position in part.test]
    assert sorted(tested) == list(range(len(table)))


def test_random_holds_out_a_fifth_of_each_emotion() -> None:
    (part,) = splits.split(corpus(), "random")
    assert corpus()["emotion"].iloc[part.test].value_counts().to_dict() == {"angry": 4, "happy": 4, "sad": 4}


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    first, again, other = (splits.split(corpus(), "random", seed=seed)[0].test.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_by_speaker_names_its_directions() -> None:
    assert [part.fold for part in splits.split(corpus(2), "by_speaker")] == ["S1 -> S0", "S0 -> S1"]
    assert splits.split(corpus(3), "by_speaker")[0].fold == "others -> S0"


@pytest.mark.parametrize(
    ("table", "protocol", "sentence"),
    [
        (corpus(), "by_luck", "protocol='by_luck': must be one of random, by_word, by_speaker"),
        (corpus(n_words=4), "by_word", "4 different words; five folds need at least five"),
        (corpus(n_speakers=1), "by_speaker", "1 speaker; at least two are needed"),
        (corpus().head(3), "random", "3 utterances of 3 emotions; each emotion needs at least two"),
        (corpus(n_speakers=1, n_words=2), "random", "6 utterances of 3 emotions; .*five on average"),
        (corpus().drop(columns="text"), "by_word", "the table has no column 'text'"),
    ],
)
def test_a_corpus_that_cannot_be_split_so_says_why(table: pd.DataFrame, protocol: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        splits.split(table, protocol)
