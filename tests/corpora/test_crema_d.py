"""CREMA-D is a corpus with a name, without the recordings that lie under two emotions or are silent."""

from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora.corpus import read_index
from emotion_lib.corpora.crema_d import LEFT_OUT, read_name
from emotion_lib.errors import CorpusWarning
from tests.corpora.conftest import noise


@pytest.mark.parametrize(
    "stem", ["notes", "1001_DFA_ANG", "1001_DFA_BOR_XX", "1001_DFA_ANG_YY", "2001_DFA_ANG_XX", "1001_dfa_ANG_XX"]
)
def test_other_names_are_not_read(stem: str) -> None:
    assert read_name(stem) is None


def test_the_index_is_what_was_published() -> None:
    table = corpora.index("crema-d")
    assert len(table) == 7442 - len(LEFT_OUT) == 7435
    assert table["speaker"].nunique() == 91
    assert table["text"].nunique() == 12
    assert table["intensity"].value_counts().to_dict() == {"unspecified": 6070, "high": 455, "low": 455, "medium": 455}
    assert table.groupby("speaker")["sex"].first().value_counts().to_dict() == {"m": 48, "f": 43}
    assert set(table["rate"]) == {16_000}
    assert table["sha256"].is_unique


def test_the_vote_of_listeners_agrees_with_two_in_five() -> None:
    table = corpora.index("crema-d")
    assert (table["voice_vote"] == table["emotion"]).mean() == pytest.approx(0.416, abs=5e-4)
    assert set(":".join(table["voice_vote"]).split(":")) == set(table["emotion"])


def test_the_figures_are_of_61_actors() -> None:
    table = corpora.index("crema-d")
    assert table["speaker"][table["in_figures"]].nunique() == 61
    assert table["in_figures"].sum() == 4984


def test_recordings_under_two_emotions_are_left_out_all_of_them() -> None:
    published = read_index("crema-d").set_index("id")
    twins = published.index[published["sha256"].duplicated(keep=False)]
    assert {*twins, "1076_MTI_SAD_XX"} == LEFT_OUT.keys()
    assert not published.loc[[*LEFT_OUT], "in_figures"].any()


@pytest.mark.filterwarnings("ignore:crema-d. 7432 recordings missing")
def test_those_left_out_are_named_and_not_wrong(tmp_path: Path) -> None:
    for seed, id in enumerate(["1001_DFA_ANG_XX", "1001_DFA_DIS_XX", "1040_ITH_SAD_X", *sorted(LEFT_OUT)]):
        (tmp_path / f"{id}.wav").write_bytes(noise(16_000, seed=seed))
    with pytest.warns(CorpusWarning, match="7 recordings left out because of a fault in the published corpus"):
        table = corpora.load(tmp_path)
    report = corpora.check(tmp_path)
    assert table["id"].tolist() == ["1001_DFA_ANG_XX", "1001_DFA_DIS_XX", "1040_ITH_SAD_XX"]
    assert list(table)[6:] == ["intensity", "sex", "voice_vote"]
    assert tuple(table.loc[2, ["speaker", "intensity", "sex", "voice_vote"]]) == ("1040", "unspecified", "m", "neutral")
    assert [(finding.name, finding.what) for finding in report.faulty] == [
        (f"{id}.wav", LEFT_OUT[id]) for id in sorted(LEFT_OUT)
    ]
    assert "1013_WSI_DIS_XX.wav: the same bytes as 1013_WSI_SAD_XX, which has another emotion" in str(report)
    assert not {finding.name for finding in report.missing} & LEFT_OUT.keys()


@pytest.mark.crema_d
def test_the_recordings_are_of_the_actors_of_the_figures(crema_d: pd.DataFrame) -> None:
    index = corpora.index("crema-d")
    assert set(index["id"][index["in_figures"]]) <= set(crema_d["id"])
    pd.testing.assert_series_equal(
        crema_d["voice_vote"], crema_d[["id"]].merge(index, on="id")["voice_vote"], check_names=False
    )


@pytest.mark.crema_d
def test_of_the_copies_check_says_that_they_are_converted(crema_d: pd.DataFrame) -> None:
    report = corpora.check("crema-d")
    assert report.unreadable == report.different == report.foreign == report.doubled == report.odd == ()
    # The silent recording is the same bytes after decoding too.
    assert len(report.converted) == report.n_utterances + len(report.faulty) - 1
    assert f"same name and length, other bytes: {len(report.converted)}." in str(report)
    assert len(report.missing) == report.n_expected - report.n_utterances
