"""Splits: nothing is on both sides that a protocol promises to keep apart."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emotion_lib import corpora, splits
from emotion_lib.errors import ParameterError

LISTS = Path(splits.__file__).with_name("lists")
COMMITTED = ("tess-by_speaker", "tess-by_speaker_and_word", "tess-by_word", "tess-random")
N_FOLDS = {"crema-d": 5, "emodb": 10, "nemo": 5, "ravdess": 6}
"""Corpus with a list of its speakers -> number of folds."""
KEPT_APART = {
    "by_word": ["text"],
    "by_speaker": ["speaker"],
    "by_speaker_and_word": ["speaker", "text"],
    "leave_speaker_out": ["speaker"],
}
"""Protocol -> what is never on both sides."""


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


@pytest.mark.parametrize("protocol", ["random", "by_utterance", "by_word", "by_speaker", "leave_speaker_out"])
def test_training_and_test_are_disjoint_and_cover_the_corpus(protocol: str) -> None:
    table = corpus()
    for part in splits.split(table, protocol):
        assert sorted([*part.train, *part.test]) == list(range(len(table)))


def test_each_fold_of_utterances_has_a_fifth_of_every_emotion() -> None:
    table = corpus(n_words=6, emotions=("angry", "froh"))
    parts = splits.split(table, "by_utterance", seed=1)

    counts = [table["emotion"].iloc[part.test].value_counts().to_dict() for part in parts]
    assert [part.fold for part in parts] == list("12345")
    assert counts == [{"angry": 3, "froh": 3}] * 2 + [{"angry": 2, "froh": 2}] * 3
    assert sorted(np.concatenate([part.test for part in parts])) == list(range(len(table)))
    assert parts[0].test.tolist() != splits.split(table, "by_utterance", seed=2)[0].test.tolist()


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


def indexed(name: str, *actors: int) -> pd.DataFrame:
    """Return the index of a corpus, or some actors of it, as a corpus table without paths."""
    table = corpora.index(name).assign(corpus=name)
    return table[table["speaker"].isin([f"actor_{actor:02}" for actor in actors])] if actors else table


def actors_held_out(*actors: int) -> dict[str, list[int]]:
    """Return by fold the actors of RAVDESS that are held out, where these are there."""
    table = indexed("ravdess", *actors)
    tested = {part.fold: table["speaker"].iloc[part.test] for part in splits.split(table, "leave_speaker_out")}
    return {fold: sorted({int(speaker.removeprefix("actor_")) for speaker in rows}) for fold, rows in tested.items()}


@settings(max_examples=50)
@given(st.sets(st.integers(1, 24), min_size=5))
def test_a_fold_of_ravdess_has_the_same_actors_whichever_are_there(actors: set[int]) -> None:
    found = actors_held_out(*actors)
    assert {actor for fold in found.values() for actor in fold} == actors
    assert all((actor - 1) // 4 + 1 == int(fold) for fold, held in found.items() for actor in held)


def test_speakers_whom_the_index_does_not_know_are_held_out_as_they_come() -> None:
    table = pd.concat([indexed("ravdess", *range(1, 11)), indexed("ravdess", 11).assign(speaker="A")])
    assert [len(fold["ravdess"]) for fold in held_out(table)] == [4, 4, 3]


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


def test_leave_corpus_out_holds_out_each_corpus_and_trains_on_the_others() -> None:
    table = of_speakers(emodb=2, tess=1, ravdess=3).sample(frac=1, random_state=0).reset_index(drop=True)
    parts = splits.split(table, "leave_corpus_out")

    assert [part.fold for part in parts] == ["emodb", "ravdess", "tess"]
    for part in parts:
        assert set(table["corpus"].iloc[part.test]) == {part.fold}
        assert sorted([*part.train, *part.test]) == list(range(len(table)))
        assert part.fold not in set(table["corpus"].iloc[part.train])


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


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a corpus as people record them: two speakers say every word, and others some, in any order."""
    words = [f"w{word}" for word in range(draw(st.integers(5, 12)))]
    said = [words, words, *draw(st.lists(st.lists(st.sampled_from(words), unique=True), max_size=3))]
    rows = [
        (f"S{speaker}_{word}_{emotion}", f"S{speaker}", word, emotion)
        for speaker, its_words in enumerate(said)
        for word in its_words
        for emotion in ("happy", "sad")
    ]
    return pd.DataFrame(draw(st.permutations(rows)), columns=["id", "speaker", "text", "emotion"])


@pytest.mark.parametrize("protocol", KEPT_APART)
@settings(max_examples=50)
@given(table=tables(), seed=st.integers(0, 1000))
def test_every_utterance_is_tested_once_and_nothing_that_the_protocol_keeps_apart_is_on_both_sides(
    protocol: str, table: pd.DataFrame, seed: int
) -> None:
    parts = splits.split(table, protocol, seed=seed)
    assert sorted(position for part in parts for position in part.test) == list(range(len(table)))
    for part in parts:
        assert len(part.train)
        assert len(part.test)
        assert not set(part.train) & set(part.test)
        for column in KEPT_APART[protocol]:
            assert not set(table[column].iloc[part.train]) & set(table[column].iloc[part.test])


@settings(max_examples=50)
@given(table=tables(), seed=st.integers(0, 1000))
def test_by_speaker_and_word_trains_on_all_that_is_neither_the_voice_nor_a_word_of_the_test(
    table: pd.DataFrame, seed: int
) -> None:
    folds = {part.fold: part for part in splits.split(table, "by_word", seed=seed)}
    for part in splits.split(table, "by_speaker_and_word", seed=seed):
        (speaker,) = set(table["speaker"].iloc[part.test])
        other = set(np.flatnonzero(table["speaker"] != speaker))
        words = folds[part.fold.rpartition(", ")[2]]
        assert set(part.train) == other & set(words.train)
        assert set(part.test) == set(words.test) - other


def test_by_speaker_and_word_names_its_directions_and_folds_of_words() -> None:
    folds = [part.fold for part in splits.split(corpus(2), "by_speaker_and_word")]
    assert folds == [f"{voices}, {number}" for voices in ("S1 -> S0", "S0 -> S1") for number in (1, 2, 3, 4, 5)]


def test_a_speaker_who_says_no_word_of_a_fold_is_not_tested_there() -> None:
    table = corpus(2).drop_duplicates("text").assign(speaker="S2")
    table = pd.concat([corpus(2), table.head(1)], ignore_index=True)
    parts = splits.split(table, "by_speaker_and_word")
    assert [splits.direction(part.fold) for part in parts].count("others -> S2") == 1


def test_the_direction_of_a_fold_is_the_same_for_all_its_words() -> None:
    for protocol, n in (("by_speaker", 1), ("by_speaker_and_word", 5)):
        directions = [splits.direction(part.fold) for part in splits.split(corpus(3), protocol)]
        assert directions == [f"others -> S{speaker}" for speaker in range(3) for _ in range(n)]


@pytest.mark.parametrize("protocol", ["random", "by_word", "leave_speaker_out"])
def test_a_fold_that_is_not_named_after_voices_has_no_direction(protocol: str) -> None:
    assert {splits.direction(part.fold) for part in splits.split(corpus(12), protocol)} == {""}


def test_random_holds_out_a_fifth_of_each_emotion() -> None:
    (part,) = splits.split(corpus(), "random")
    assert corpus()["emotion"].iloc[part.test].value_counts().to_dict() == {"angry": 4, "happy": 4, "sad": 4}


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    first, again, other = (splits.split(corpus(), "random", seed=seed)[0].test.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_by_speaker_names_its_directions() -> None:
    assert [part.fold for part in splits.split(corpus(2), "by_speaker")] == ["S1 -> S0", "S0 -> S1"]
    assert splits.split(corpus(3), "by_speaker")[0].fold == "others -> S0"


def strangers() -> pd.DataFrame:
    """Return a corpus in which one says five words and another one of them."""
    return pd.DataFrame({"speaker": [*"AAAAAB"], "text": [*"vwxyzz"], "emotion": "sad"})


@pytest.mark.parametrize(
    ("table", "protocol", "sentence"),
    [
        (corpus(), "by_luck", "protocol='by_luck': must be one of random, by_utterance, .*leave_speaker_out"),
        (corpus(n_words=4), "by_word", "4 different words; five folds need at least five"),
        (corpus(n_speakers=1), "by_speaker", "1 speaker; at least two are needed"),
        (corpus(n_speakers=1), "leave_speaker_out", "leave_speaker_out: 1 speaker in each corpus; at least two"),
        (of_speakers(emodb=1, tess=1), "leave_speaker_out", "1 speaker in each corpus; at least two"),
        (indexed("ravdess", 1, 3, 4), "leave_speaker_out", "all 3 speakers are in one fold, .*; add other"),
        (corpus()[:1], "by_utterance", "by_utterance: 1 utterance of angry; at least two are needed"),
        (of_speakers(emodb=5), "leave_corpus_out", "leave_corpus_out: 1 corpus; at least two are needed"),
        (corpus().drop(columns="corpus", errors="ignore"), "leave_corpus_out", "the table has no column 'corpus'"),
        (corpus().head(0), "leave_speaker_out", "0 speaker in each corpus; at least two"),
        (corpus().drop(columns="speaker"), "leave_speaker_out", "the table has no column 'speaker'"),
        (corpus().head(3), "random", "3 utterances of 3 emotions; each emotion needs at least two"),
        (corpus(n_speakers=1, n_words=2), "random", "6 utterances of 3 emotions; .*five on average"),
        (corpus().drop(columns="text"), "by_word", "the table has no column 'text'"),
        (corpus(n_speakers=1), "by_speaker_and_word", "1 speaker; at least two are needed"),
        (strangers().replace("B", "unknown"), "leave_speaker_out", "1 of 6 utterances are by unknown speakers; name"),
        (strangers(), "by_speaker_and_word", "nothing to train on in fold 'B -> A, [1-5]'; add other words"),
    ],
)
def test_a_corpus_that_cannot_be_split_so_says_why(table: pd.DataFrame, protocol: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        splits.split(table, protocol)


def test_a_list_has_each_utterance_of_a_fold_with_its_side_sorted() -> None:
    table = indexed("tess")
    found = splits.list_folds(table, "by_speaker_and_word", seed=3)
    parts = splits.split(table, "by_speaker_and_word", seed=3)
    assert list(found) == ["id", "fold", "side"]
    assert list(dict.fromkeys(found["fold"])) == [part.fold for part in parts]
    for part, (_, rows) in zip(parts, found.groupby("fold", sort=False), strict=True):
        assert rows["id"].is_monotonic_increasing
        assert rows["id"][rows["side"] == "train"].tolist() == table["id"].iloc[part.train].tolist()
        assert rows["id"][rows["side"] == "test"].tolist() == table["id"].iloc[part.test].tolist()
        assert set(rows["side"]) == {"train", "test"}


@settings(max_examples=25)
@given(tables())
def test_a_list_does_not_depend_on_the_order_of_the_rows(table: pd.DataFrame) -> None:
    in_order = table.sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(splits.list_folds(table, "by_word"), splits.list_folds(in_order, "by_word"))


def test_a_list_of_utterances_without_names_of_their_own_so_says_why() -> None:
    with pytest.raises(ParameterError, match="the table has no column 'id'"):
        splits.list_folds(corpus(), "by_speaker")
    with pytest.raises(ParameterError, match="id 'a': twice in the table"):
        splits.list_folds(corpus().assign(id="a"), "by_speaker")


def test_the_committed_lists_are_these_and_small() -> None:
    expected = [*COMMITTED, *(f"{corpus}-leave_speaker_out" for corpus in N_FOLDS)]
    assert sorted(path.stem for path in LISTS.iterdir()) == sorted(expected)
    assert sum(path.stat().st_size for path in LISTS.iterdir()) < 1_500_000


@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_list_is_what_the_protocol_gives(name: str) -> None:
    corpus, _, protocol = name.partition("-")
    remade = splits.list_folds(indexed(corpus), protocol).to_csv(index=False, lineterminator="\n")
    assert (LISTS / f"{name}.csv").read_bytes() == remade.encode()


def listed(corpus: str) -> dict[str, int]:
    """Return the committed fold of each speaker."""
    rows = pd.read_csv(LISTS / f"{corpus}-leave_speaker_out.csv", dtype={"speaker": str})
    assert list(rows) == ["speaker", "fold"]
    assert rows["speaker"].is_unique
    return dict(zip(rows["speaker"], rows["fold"], strict=True))


@pytest.mark.parametrize("corpus", N_FOLDS)
def test_a_committed_list_of_speakers_is_what_the_protocol_holds_out(corpus: str) -> None:
    table, folds = indexed(corpus), listed(corpus)
    assert folds.keys() == set(table["speaker"])
    parts = splits.split(table, "leave_speaker_out")
    assert [part.fold for part in parts] == [str(number + 1) for number in range(N_FOLDS[corpus])]
    for part in parts:
        held_out = {speaker for speaker, fold in folds.items() if fold == int(part.fold)}
        assert set(table["speaker"].iloc[part.test]) == held_out


def test_the_folds_of_emodb_are_its_speakers_and_those_of_ravdess_fours() -> None:
    assert [*listed("emodb").values()] == list(range(1, 11))
    assert [*listed("ravdess").values()] == [fold for fold in range(1, 7) for _ in range(4)]


def test_the_folds_of_crema_d_have_as_many_women_and_men_with_and_without_those_set_aside() -> None:
    people = indexed("crema-d").query("in_figures").drop_duplicates("speaker")
    people["fold"] = people["speaker"].map(listed("crema-d"))
    for kept in (people, people[~splits.is_set_aside(people)]):
        sizes = kept.groupby(["sex", "fold"]).size()
        assert len(sizes) == 2 * 5
        assert (sizes.groupby("sex").max() - sizes.groupby("sex").min()).max() <= 1


def test_beside_other_corpora_the_listed_folds_of_crema_d_and_nemo_stay() -> None:
    table = pd.concat([indexed("emodb"), indexed("ravdess", *range(1, 10)), indexed("crema-d"), indexed("nemo")])
    alone = {name: held_out(indexed(name)) for name in ("crema-d", "nemo")}
    together = held_out(table)
    assert len(together) == 5
    assert all(fold.keys() == {"emodb", "ravdess", "crema-d", "nemo"} for fold in together)
    for name, folds in alone.items():
        assert [{name: fold[name]} for fold in together] == folds


@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_list_keeps_apart_what_its_protocol_says_without_code_of_ours(name: str) -> None:
    corpus, _, protocol = name.partition("-")
    rows = pd.read_csv(LISTS / f"{name}.csv", dtype=str).merge(corpora.index(corpus), on="id", validate="many_to_one")
    for _, fold in rows.groupby("fold"):
        sides = [fold[fold["side"] == side] for side in ("train", "test")]
        for column in ["id", *KEPT_APART.get(protocol, [])]:
            assert set.isdisjoint(*(set(side[column]) for side in sides))
    times = rows["id"][rows["side"] == "test"].value_counts()
    assert set(times) == {1}
    assert len(times) == (560 if protocol == "random" else len(corpora.index(corpus)))


@pytest.mark.tess
@pytest.mark.parametrize("protocol", ["random", "by_word", "by_speaker", "by_speaker_and_word"])
def test_recordings_of_tess_are_split_as_the_list_says(tess: pd.DataFrame, protocol: str) -> None:
    committed = pd.read_csv(LISTS / f"tess-{protocol}.csv", dtype=str)
    pd.testing.assert_frame_equal(splits.list_folds(tess, protocol), committed, check_dtype=False)


@pytest.mark.ravdess
def test_whichever_recordings_of_ravdess_are_there_are_split_as_the_list_says(ravdess: pd.DataFrame) -> None:
    folds = listed("ravdess")
    for part in splits.split(ravdess, "leave_speaker_out"):
        assert {folds[speaker] for speaker in ravdess["speaker"].iloc[part.test]} == {int(part.fold)}
