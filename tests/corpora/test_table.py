"""A folder becomes a table: each utterance once, whatever the folder looks like."""

import hashlib
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import CorpusError, CorpusWarning, ParameterError

COLUMNS = ["id", "path", "corpus", "speaker", "emotion", "text"]


def test_a_folder_in_tess_naming_is_a_table_sorted_by_id(tess_folder: Path) -> None:
    table = corpora.load(tess_folder)
    assert list(table.columns) == COLUMNS
    assert len(table) == 2 * 7 * 3
    assert list(table.index) == list(range(42))
    assert table["id"].is_monotonic_increasing
    assert set(table["corpus"]) == {"folder"}


def test_every_cell_of_the_design_is_there_once_whatever_the_folders_are_called(tess_folder: Path) -> None:
    table = corpora.load(tess_folder)
    assert table.groupby(["speaker", "emotion", "text"]).size().eq(1).all()
    assert tuple(sorted(set(table["emotion"]))) == EMOTIONS
    assert set(table["speaker"]) == {"OAF", "YAF"}


def test_ids_of_a_folder_are_relative_paths(tess_folder: Path) -> None:
    table = corpora.load(str(tess_folder))
    row = table[table["id"] == "OAF_neutral/OA_bridge_neutral.wav"].iloc[0]
    assert (row["speaker"], row["text"], row["emotion"]) == ("OAF", "bridge", "neutral")
    assert Path(row["path"]) == tess_folder / "OAF_neutral" / "OA_bridge_neutral.wav"


def test_loading_a_whole_folder_warns_of_nothing(tess_folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        corpora.load(tess_folder)


def test_a_nested_second_copy_is_left_out_and_counted(tess_folder: Path) -> None:
    once = corpora.load(tess_folder)
    shutil.copytree(tess_folder, tess_folder / "again")
    with pytest.warns(CorpusWarning, match="42 recordings identical to others and left out"):
        twice = corpora.load(tess_folder)
    pd.testing.assert_frame_equal(once, twice)


def test_a_copy_under_another_name_is_left_out(tess_folder: Path) -> None:
    shutil.copy(tess_folder / "YAF_sad" / "YAF_lamp_sad.wav", tess_folder / "ZZZ_lamp_sad.wav")
    with pytest.warns(CorpusWarning, match="1 recording identical"):
        assert len(corpora.load(tess_folder)) == 42


def test_files_of_equal_size_and_other_contents_are_kept(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    one, other = write_wav("A_word_sad.wav"), write_wav("B_word_sad.wav")
    content = bytearray(one.read_bytes())
    content[-1] ^= 1
    other.write_bytes(content)
    assert len(corpora.load(tmp_path)) == 2


def test_names_of_another_kind_are_left_out_and_counted(tess_folder: Path) -> None:
    (tess_folder / "notes.wav").write_text("not audio")
    (tess_folder / "README.txt").write_text("not even named so")
    with pytest.warns(CorpusWarning, match="1 recording left out because the name does not fit"):
        assert len(corpora.load(tess_folder)) == 42


def test_a_copy_of_a_known_corpus_is_recognised_in_any_folder(demo_copy: Path) -> None:
    shutil.move(demo_copy, demo_copy.with_name("Some Download"))
    table = corpora.load(demo_copy.with_name("Some Download"))
    pd.testing.assert_frame_equal(table.drop(columns="path"), corpora.load("demo").drop(columns="path"))


def test_a_few_names_of_another_corpus_do_not_make_a_folder_that_corpus(tess_folder: Path) -> None:
    shutil.copy(tess_folder / "YAF_sad" / "YAF_lamp_sad.wav", tess_folder / "03a01Fa.wav")
    with pytest.warns(CorpusWarning, match="1 recording left out because the name does not fit"):
        assert set(corpora.load(tess_folder)["corpus"]) == {"folder"}


def test_duplicates_can_be_kept_on_purpose(demo_copy: Path) -> None:
    shutil.copytree(demo_copy, demo_copy / "again")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = corpora.load(demo_copy, keep_duplicates=True)
    plain = table[~table["id"].str.endswith("#2")]
    assert len(table) == 2 * len(plain)
    assert set(table["id"]) == {*plain["id"], *(plain["id"] + "#2")}
    assert not plain["path"].str.contains("again").any()


def test_a_part_of_a_corpus_loads_with_a_warning_that_counts(demo_copy: Path) -> None:
    n = len(corpora.load(demo_copy))
    for path in sorted(demo_copy.rglob("*_sad.flac"))[:5]:
        path.unlink()
    with pytest.warns(CorpusWarning, match=f"demo: 5 recordings missing of {n}; `emotion-lib check .*`"):
        assert len(corpora.load(demo_copy)) == n - 5


def test_of_two_contents_for_one_id_the_published_one_is_kept(demo_copy: Path) -> None:
    first = min(demo_copy.rglob("*.flac"))
    (demo_copy / "deep" / "er").mkdir(parents=True)
    published = Path(shutil.copy(first, demo_copy / "deep" / "er" / first.name))
    y, sr = sf.read(first)
    sf.write(first, y / 2, sr)
    with pytest.warns(CorpusWarning, match="1 recording left out because another has the same name"):
        table = corpora.load(demo_copy)
    assert table.set_index("id").loc[first.stem, "path"] == str(published)


def test_loading_looks_at_no_audio(demo_copy: Path) -> None:
    broken = min(demo_copy.rglob("*.flac"))
    broken.write_bytes(b"not audio")
    assert broken.stem in set(corpora.load(demo_copy)["id"])


def test_a_folder_that_is_not_there_is_an_error_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere: no such folder; .*`emotion-lib fetch tess`"):
        corpora.load(tmp_path / "nowhere")


def test_a_path_is_a_folder_even_where_it_is_called_as_a_corpus(
    tess_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tess_folder.rename(tess_folder.with_name("tess")).parent)
    assert len(corpora.load(Path("tess"))) == 42


def test_an_archive_is_an_error_that_says_to_unpack_it(tmp_path: Path) -> None:
    (tmp_path / "tess.zip").write_bytes(b"PK")
    with pytest.raises(CorpusError, match=r"tess.zip: a file, not a folder; unpack it"):
        corpora.load(tmp_path / "tess.zip")


def test_an_empty_folder_is_an_error_that_tells_how_to_get_tess(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no recordings in this folder or below; .*`emotion-lib fetch tess`"):
        corpora.load(tmp_path)


def test_an_empty_folder_of_tess_is_an_error_that_tells_how_to_get_it(data: Path) -> None:
    (data / "tess").mkdir()
    with pytest.raises(CorpusError, match="`emotion-lib fetch tess`"):
        corpora.load("tess")


@pytest.mark.tess
def test_tess_is_2_speakers_7_emotions_200_words(tess: pd.DataFrame) -> None:
    assert list(tess.columns) == COLUMNS
    assert tess["id"].tolist() == corpora.index("tess")["id"].tolist()
    assert tess.groupby(["speaker", "emotion"])["text"].nunique().eq(200).all()
    assert len(tess) == 2 * 7 * 200


def test_a_folder_is_described_by_its_numbers(tess_folder: Path) -> None:
    assert str(corpora.describe(corpora.load(tess_folder))) == (
        "A folder of recordings: 42 utterances of 3 words by 2 speakers (OAF and YAF) "
        "in 7 emotions (angry, disgust, fear, happy, neutral, sad and surprise)."
    )


def test_one_is_not_written_in_the_plural(tess_folder: Path) -> None:
    text = str(corpora.describe(corpora.load(tess_folder).head(1)))
    assert "1 utterance of 1 word by 1 speaker (OAF) in 1 emotion" in text


def test_of_the_demo_corpus_it_says_that_nothing_is_a_result() -> None:
    text = str(corpora.describe(corpora.load("demo")))
    assert "not found" not in text
    assert "nothing measured on it is a result" in text
    assert "`emotion-lib fetch tess`" in text


def test_tables_of_several_corpora_are_described_one_by_one(tess_folder: Path) -> None:
    both = pd.concat([corpora.load(tess_folder), corpora.load("demo")])
    assert {"The demo corpus", "A folder of recordings"} <= set(
        str(corpora.describe(both)).replace("\n", ":").split(":")
    )


def test_no_utterances_are_described_too(tess_folder: Path) -> None:
    assert str(corpora.describe(corpora.load(tess_folder).head(0))) == "No utterances."


def test_in_a_notebook_it_is_a_paragraph(tess_folder: Path) -> None:
    html = corpora.describe(corpora.load(tess_folder))._repr_html_()
    assert html.startswith("<p>A folder of recordings: 42")
    assert html.endswith("</p>")


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
    with pytest.raises(CorpusError, match=r"two recordings with .* name; remove one"):
        corpora.make_index(tess_folder)


def test_a_folder_without_recordings_cannot_be_indexed(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no recordings named as in TESS .*SPEAKER_word_emotion.wav"):
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
        ParameterError,
        match="corpus 'savee': has no index; corpora with an index are tess, emodb, ravdess, crema-d, nemo, demo",
    ):
        corpora.index("savee")


def test_the_index_of_the_demo_corpus_is_the_one_of_its_recordings() -> None:
    pd.testing.assert_frame_equal(corpora.make_index(corpora.find("demo")), corpora.index("demo"))


@pytest.mark.tess
def test_the_index_of_tess_is_the_one_of_its_recordings(tess: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(corpora.make_index(corpora.find("tess")), corpora.index("tess"))
