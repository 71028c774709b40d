"""The index lists every utterance with its length and SHA-256, the same from every copy."""

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.errors import CorpusError, ParameterError


def test_a_row_says_what_a_recording_is(tess_folder: Path) -> None:
    row = corpora.make_index(tess_folder).set_index("id").loc["OAF_cloud_fear"]
    path = tess_folder / "OAF_Fear" / "OAF_cloud_fear.wav"
    assert tuple(row[["speaker", "emotion", "text", "rate"]]) == ("OAF", "fear", "cloud", 96_000)
    assert row["samples"] == (path.stat().st_size - 44) // 2
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_folders_make_no_difference(tess_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    for path in tess_folder.rglob("*.wav"):
        shutil.copy(path, tmp_path / "flat")
    pd.testing.assert_frame_equal(corpora.make_index(tess_folder), corpora.make_index(tmp_path / "flat"))


def test_two_recordings_of_one_name_cannot_be_indexed(tess_folder: Path) -> None:
    shutil.copytree(tess_folder, tess_folder / "again")
    with pytest.raises(CorpusError, match="two recordings of one name"):
        corpora.make_index(tess_folder)


def test_a_folder_without_recordings_cannot_be_indexed(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no recordings in TESS's naming"):
        corpora.make_index(tmp_path)


def test_the_index_of_tess_is_its_design() -> None:
    table = corpora.index("tess")
    assert table.groupby(["speaker", "emotion"])["text"].nunique().tolist() == [200] * 14
    assert table["rate"].value_counts().to_dict() == {24_414: 2799, 96_000: 1}
    assert table["sha256"].is_unique


def test_a_changed_index_changes_nobody_elses() -> None:
    table = corpora.index("tess")
    table["id"] = "x"
    assert corpora.index("tess")["id"].iloc[0] == "OAF_back_angry"


def test_a_corpus_without_index_is_an_error() -> None:
    with pytest.raises(
        ParameterError, match="corpus 'folder': has no index; those that have one are tess, emodb, ravdess, demo"
    ):
        corpora.index("folder")


def test_the_index_of_the_demo_corpus_is_the_one_of_its_recordings() -> None:
    pd.testing.assert_frame_equal(corpora.make_index(corpora.find("demo")), corpora.index("demo"))


@pytest.mark.tess
def test_the_index_of_tess_is_the_one_of_its_recordings(tess: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(corpora.make_index(corpora.find("tess")), corpora.index("tess"))
