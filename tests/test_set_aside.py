"""The speakers that are set aside: each has a reason, and is found in any corpus table."""

from importlib import resources

import pandas as pd
import pytest

from emotion_lib.splits import is_set_aside


@pytest.fixture(scope="module")
def listed() -> pd.DataFrame:
    """The committed list."""
    with (resources.files("emotion_lib") / "splits" / "set_aside.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str)


def test_the_list_names_each_speaker_once_with_a_reason(listed: pd.DataFrame) -> None:
    assert not listed.duplicated(["corpus", "speaker"]).any()
    assert listed["why"].str.len().min() > 10
    assert listed.groupby("corpus").size().to_dict() == {"crema-d": 17, "emotiontts": 1, "ravdess": 3}


def test_every_speaker_of_the_list_is_set_aside(listed: pd.DataFrame) -> None:
    assert is_set_aside(listed).all()


def test_a_star_stands_for_every_speaker_of_a_corpus() -> None:
    table = pd.DataFrame({"corpus": ["emotiontts", "crema-d"], "speaker": ["anybody", "anybody"]})

    assert is_set_aside(table).tolist() == [True, False]


def test_a_speaker_of_another_corpus_is_not_set_aside() -> None:
    table = pd.DataFrame({"corpus": ["emodb", "crema-d"], "speaker": ["1010", "1010"]})

    assert is_set_aside(table).tolist() == [False, True]


def test_a_speaker_that_is_a_number_is_found_too() -> None:
    assert is_set_aside(pd.DataFrame({"corpus": ["crema-d"], "speaker": [1010]})).tolist() == [True]


def test_an_empty_table_has_nobody_set_aside() -> None:
    assert is_set_aside(pd.DataFrame({"corpus": [], "speaker": []})).tolist() == []
