"""Splits: nothing is on both sides that a protocol promises to keep apart."""

import random

import pandas as pd
import pytest
from hypothesis import assume, given, settings
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


def of_speakers(**n_speakers: int) -> pd.DataFrame:
    """Return corpora of so many speakers, who are called the same in each and say one word in two emotions."""
    rows = [
        (corpus, f"{speaker:02}", emotion)
        for corpus, n in n_speakers.items()
        for speaker in range(n)
        for emotion in ("happy", "sad")
    ]
    return pd.DataFrame(rows, columns=["corpus", "speaker", "emotion"])


def held_out(table: pd.DataFrame) -> list[dict[str, list[str]]]:
    """Return for each fold the speakers that are held out, by corpus."""
    tests = [table.iloc[part.test] for part in splits.split(table, "leave_speaker_out")]
    return [{str(name): sorted(set(rows)) for name, rows in test.groupby("corpus")["speaker"]} for test in tests]


def test_ten_speakers_are_held_out_one_at_a_time() -> None:
    assert held_out(of_speakers(emodb=10)) == [{"emodb": [f"{speaker:02}"]} for speaker in range(10)]


def test_twelve_speakers_are_held_out_four_at_a_time_in_their_order() -> None:
    assert held_out(of_speakers(ravdess=12)) == [
        {"ravdess": ["00", "01", "02", "03"]},
        {"ravdess": ["04", "05", "06", "07"]},
        {"ravdess": ["08", "09", "10", "11"]},
    ]


def test_of_several_corpora_a_sixth_of_each_is_held_out_at_a_time() -> None:
    folds = held_out(of_speakers(ravdess=24, emodb=12, tess=2))
    assert [{corpus: len(names) for corpus, names in fold.items()} for fold in folds] == [
        {"ravdess": 4, "emodb": 2, "tess": 1},
        {"ravdess": 4, "emodb": 2, "tess": 1},
        *[{"ravdess": 4, "emodb": 2}] * 4,
    ]


def test_speakers_of_one_name_in_two_corpora_are_two_speakers() -> None:
    assert held_out(of_speakers(emodb=7, tess=2))[:2] == [
        {"emodb": ["00", "01"], "tess": ["00"]},
        {"emodb": ["02", "03"], "tess": ["01"]},
    ]


def test_a_table_that_names_no_corpus_is_one_corpus() -> None:
    assert [part.fold for part in splits.split(corpus(3), "leave_speaker_out")] == ["1", "2", "3"]


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["emodb", "ravdess", "tess"]), st.integers(1, 30), min_size=1), st.randoms())
def test_each_speaker_is_held_out_once_and_then_on_no_other_side(
    n_speakers: dict[str, int], order: random.Random
) -> None:
    assume(max(n_speakers.values()) > 1)
    table = of_speakers(**n_speakers).sample(frac=1, random_state=order.randrange(2**32)).reset_index(drop=True)
    voices = table["corpus"] + table["speaker"]
    parts = splits.split(table, "leave_speaker_out")
    assert sorted(position for part in parts for position in part.test) == list(range(len(table)))
    assert 2 <= len(parts) <= 10
    for part in parts:
        assert len(part.train)
        assert len(part.test)
        assert sorted([*part.train, *part.test]) == list(range(len(table)))
        assert not set(voices.iloc[part.train]) & set(voices.iloc[part.test])


@settings(max_examples=25)
@given(st.integers(2, 5), st.integers(5, 20), st.integers(0, 1000))
def test_no_group_is_on_both_sides(n_speakers: int, n_words: int, seed: int) -> None:
    table = corpus(n_speakers, n_words)
    for protocol, group in (("by_word", "text"), ("by_speaker", "speaker")):
        for part in splits.split(table, protocol, seed=seed):
            assert not set(table[group].iloc[part.train]) & set(table[group].iloc[part.test])


@pytest.mark.parametrize("protocol", ["by_word", "by_speaker", "leave_speaker_out"])
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
        (corpus(), "by_luck", "protocol='by_luck': must be one of random, by_word, by_speaker, leave_speaker_out"),
        (corpus(n_words=4), "by_word", "4 different words; five folds need at least five"),
        (corpus(n_speakers=1), "by_speaker", "1 speaker; at least two are needed"),
        (corpus(n_speakers=1), "leave_speaker_out", "leave_speaker_out: 1 speaker in each corpus; one needs at least"),
        (of_speakers(emodb=1, tess=1), "leave_speaker_out", "1 speaker in each corpus; one needs at least two"),
        (corpus().head(0), "leave_speaker_out", "0 speaker in each corpus; one needs at least two"),
        (corpus().drop(columns="speaker"), "leave_speaker_out", "the table has no column 'speaker'"),
        (corpus().head(3), "random", "3 utterances of 3 emotions; each emotion needs at least two"),
        (corpus(n_speakers=1, n_words=2), "random", "6 utterances of 3 emotions; .*five on average"),
        (corpus().drop(columns="text"), "by_word", "the table has no column 'text'"),
    ],
)
def test_a_corpus_that_cannot_be_split_so_says_why(table: pd.DataFrame, protocol: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        splits.split(table, protocol)
