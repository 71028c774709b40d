"""A corpus of your own: folders named after emotions, and CSV files as people and Excel write them."""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora, splits
from emotion_lib.corpora import UNKNOWN_SPEAKER
from emotion_lib.errors import CorpusError, CorpusWarning
from tests.conftest import tone

FILES = ("anna/Gruß 1.wav", "anna/zwei.wav", "jörg/eins.wav", "jörg/zwei.wav")
WriteList = Callable[..., Path]


@pytest.fixture
def recordings(tmp_path: Path, write_wav: Callable[..., Path]) -> Path:
    """A folder of four recordings in a naming that nothing here knows."""
    for seed, name in enumerate(FILES):
        write_wav(f"my voices/{name}", tone(seed=seed))
    return tmp_path / "my voices"


@pytest.fixture
def write_list(recordings: Path) -> WriteList:
    """Write a list beside the recordings: `write_list(text, encoding="utf-8")` returns its path."""

    def write(text: str, *, encoding: str = "utf-8", name: str = "study.csv") -> Path:
        (recordings / name).write_bytes(text.encode(encoding))
        return recordings / name

    return write


def listed(separator: str = ",", *, newline: str = "\n") -> str:
    """Return a list of the four recordings."""
    labels = ("fröhlich", "Anger", "Fröhlich", "sadness")
    rows = [(file, label, file[:4], "") for file, label in zip(FILES, labels, strict=True)]
    return "".join(separator.join(row) + newline for row in [("File", "Label", "Speaker", "Text"), *rows])


def test_a_list_of_excel_on_a_german_windows_is_a_table(write_list: WriteList, recordings: Path) -> None:
    text = listed(";", newline="\r\n").replace("/", "\\")
    table = corpora.load(write_list(text, encoding="cp1252", name="Hörprobe.csv"))
    assert table["id"].tolist() == list(FILES)
    assert table["emotion"].tolist() == ["fröhlich", "angry", "fröhlich", "sad"]
    assert table["speaker"].tolist() == ["anna", "anna", "jörg", "jörg"]
    assert set(table["corpus"]) == {"Hörprobe"}
    assert [Path(path) for path in table["path"]] == [recordings / name for name in FILES]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_make_no_difference(write_list: WriteList, separator: str, encoding: str) -> None:
    found = corpora.load(write_list(listed(separator), encoding=encoding))
    pd.testing.assert_frame_equal(found, corpora.load(write_list(listed())))


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\npath;emotion\r\nanna/zwei.wav;froh\r\n",
        '"path","emotion"\n"anna/zwei.wav","froh"\n',
        " PATH , Emotion \n\n anna/zwei.wav , froh \n,\n",
        "filename,label,,\nanna/zwei.wav,froh,,\n",
        "path,emotion,speaker\n./anna/../anna/zwei.wav,froh\n",
    ],
    ids=["sep", "quotes", "blanks", "empty columns", "short line"],
)
def test_what_people_write_is_read(write_list: WriteList, text: str) -> None:
    table = corpora.load(write_list(text))[["id", "emotion", "speaker", "text"]]
    assert table.to_numpy().tolist() == [["anna/zwei.wav", "froh", UNKNOWN_SPEAKER, ""]]


def test_a_quoted_cell_may_have_the_separator_and_other_columns_are_kept(write_list: WriteList) -> None:
    text = 'path,emotion,Sentence,Sex,id\nanna/zwei.wav,froh,"So, ""ja""",f,7\n'
    table = corpora.load(write_list(text))
    assert list(table) == ["id", "path", "corpus", "speaker", "emotion", "text", "sex"]
    assert table[["id", "text", "sex"]].to_numpy().tolist() == [["anna/zwei.wav", 'So, "ja"', "f"]]


def test_an_absolute_path_gives_the_same_id_below_the_list_and_itself_elsewhere(
    write_list: WriteList, recordings: Path, write_wav: Callable[..., Path]
) -> None:
    elsewhere = write_wav("elsewhere.wav")
    table = corpora.load(write_list(f"path,emotion\n{recordings / FILES[1]},froh\n{elsewhere},froh\n"))
    assert set(table["id"]) == {FILES[1], elsewhere.as_posix()}


def test_a_list_may_name_recordings_with_any_suffix(write_list: WriteList, recordings: Path) -> None:
    (recordings / FILES[1]).rename(recordings / "zwei.take")
    path = write_list("path,emotion\nzwei.take,froh\n")
    assert corpora.load(path)["id"].tolist() == ["zwei.take"]
    assert corpora.check(path).ok


ONE = "anna/zwei.wav"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"study\.csv: an empty file; its first line must name the columns, at least path and emotion"),
        ("path,emotion\n", r"study\.csv: no recordings below the names of the columns; add a line"),
        (
            f"wav;mood\n{ONE};froh\n",
            r"no column path or file or filename; .* line are wav, mood; expected are path",
        ),
        (f"path,mood\n{ONE},froh\n", r"no column emotion or label; the columns of its first line are path, mood"),
        (
            "path,emotion\na.wav,x\nb.wav,x\nc.wav,x\nd.wav,x\n",
            r"4 of 4 recordings not found: a\.wav \(line 2\), b\.wav \(line 3\), c\.wav \(line 4\), \.\.\.; paths",
        ),
        (
            f"path,emotion\n{ONE},x\n\nanna\\zwei.wav,y\n",
            r"lines 2 and 4 name the same file, anna/zwei\.wav; delete one",
        ),
        (f"sep=,\npath,emotion\n{ONE}, \n", r"study\.csv, line 3: no label for anna/zwei\.wav; write one"),
        ("path,emotion\n,froh\n", r"line 2: no path; write the path of the recording"),
        (f"path,emotion\n{ONE},Unknown\n", r"study\.csv, line 2: label 'unknown': is the recogniser's"),
        (f"path,emotion\n{ONE},x,so ja\n", r"line 2: 3 cells below 2 columns; put a cell .* in double quotes"),
        (f'path,emotion\n{ONE},"x\n', r"line 2: not a line of a CSV file \(.*\); check its double quotes"),
        ("path,emotion\n\0", r"not a text file in UTF-8 or cp1252; save the table as CSV"),
    ],
)
def test_a_mistake_in_a_list_is_named_with_its_cure(write_list: WriteList, text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        corpora.load(write_list(text))


def test_a_workbook_is_an_error_that_says_to_save_it_as_csv(recordings: Path) -> None:
    (recordings / "study.xlsx").write_bytes(b"PK")
    with pytest.raises(CorpusError, match=r"study\.xlsx: a file, not a folder; .* save it as CSV if it is a table"):
        corpora.load(recordings / "study.xlsx")


def sorted_by_emotion(recordings: Path) -> Path:
    """Move the recordings into folders SPEAKER/EMOTION and EMOTION, and return the folder."""
    root = recordings.with_name("sorted")
    for file, folder in zip(FILES, ("anna/Freude", "anna/Anger", "FREUDE", "Anger"), strict=True):
        (root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(recordings / file, root / folder / file.replace("/", " "))
    return root


def test_the_folder_of_a_recording_is_its_emotion_and_the_folder_above_its_speaker(recordings: Path) -> None:
    table = corpora.load(sorted_by_emotion(recordings))
    assert table[["id", "speaker", "emotion"]].to_numpy().tolist() == [
        ["Anger/jörg zwei.wav", UNKNOWN_SPEAKER, "angry"],
        ["FREUDE/jörg eins.wav", UNKNOWN_SPEAKER, "FREUDE"],
        ["anna/Anger/anna zwei.wav", "anna", "angry"],
        ["anna/Freude/anna Gruß 1.wav", "anna", "FREUDE"],
    ]
    assert set(table["corpus"]) == {"sorted"}


def test_a_recording_outside_the_folders_is_left_out_and_named(recordings: Path) -> None:
    root = sorted_by_emotion(recordings)
    shutil.copy(recordings / ONE, root / "stray.wav")
    with pytest.warns(CorpusWarning, match="1 recording left out because the name does not fit"):
        assert len(corpora.load(root)) == 4
    assert [str(finding) for finding in corpora.check(root).foreign] == ["stray.wav: not in the folder of an emotion"]


def test_emotions_above_speakers_are_an_error_that_says_how_to_order_them(recordings: Path) -> None:
    (recordings / "anna").rename(recordings / "happiness")
    (recordings / "happiness" / "anna").mkdir()
    (recordings / "happiness" / "zwei.wav").rename(recordings / "happiness" / "anna" / "zwei.wav")
    (recordings / "happiness" / "Gruß 1.wav").unlink()
    with pytest.raises(CorpusError, match=r"the folder 'happiness' has folders .*; name the folders SPEAKER/EMOTION"):
        corpora.load(recordings)


def test_a_folder_called_unknown_is_refused(recordings: Path) -> None:
    (recordings / "anna").rename(recordings / "Unknown")
    with pytest.raises(CorpusError, match=r"my voices: label 'unknown': is the recogniser's .*; choose another"):
        corpora.load(recordings)


def test_no_corpus_of_your_own_has_the_name_of_a_known_one(recordings: Path, write_list: WriteList) -> None:
    assert set(corpora.load(write_list(listed(), name="TESS.csv"))["corpus"]) == {"own-TESS"}
    assert set(corpora.load(recordings.rename(recordings.with_name("emodb")))["corpus"]) == {"own-emodb"}


def test_a_copy_is_left_out_but_not_where_the_labels_differ(write_list: WriteList, recordings: Path) -> None:
    for name in ("again.wav", "otherwise.wav"):
        shutil.copy(recordings / ONE, recordings / name)
    path = write_list(f"path,emotion\n{ONE},froh\nagain.wav,Froh\notherwise.wav,sad\n")
    with pytest.warns(CorpusWarning) as warned:
        table = corpora.load(path)
    assert table["id"].tolist() == [ONE, "otherwise.wav"]
    assert "1 recording identical to others and left out" in str(warned[0].message)
    assert "another label and kept, such as anna/zwei.wav (froh) and otherwise.wav (sad); " in str(warned[1].message)
    report = corpora.check(path)
    assert [str(finding) for finding in report.contradictory] == ["otherwise.wav: sad, but anna/zwei.wav is froh"]
    assert not report.ok
    assert (report.n_utterances, report.n_expected) == (2, 2)


def test_a_list_is_checked_described_and_indexed(write_list: WriteList) -> None:
    path = write_list(listed())
    assert str(corpora.check(path)) == f"study in {path}: 4 of 4 utterances, nothing is wrong."
    assert str(corpora.describe(corpora.load(path))) == (
        "study: 4 utterances by 2 speakers (anna and jörg) in 3 emotions (angry, sad and fröhlich)."
    )
    assert corpora.make_index(path)["id"].tolist() == list(FILES)


def test_speakers_that_nobody_knows_are_not_counted(write_list: WriteList) -> None:
    one = corpora.load(write_list(f"path,emotion,speaker,text\n{FILES[0]},x,anna,ja\n{FILES[2]},x,,nein\n"))
    assert "study: 2 utterances of 2 texts by 1 speaker (anna) and unknown ones in" in str(corpora.describe(one))
    assert "by unknown speakers in" in str(corpora.describe(one.tail(1)))


def test_loading_a_list_without_faults_warns_of_nothing(write_list: WriteList) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = corpora.load(write_list(listed()))
    assert len(list(splits.split(table, "leave_speaker_out"))) == 2


@pytest.mark.parametrize(("word", "encoding"), [("złość", "cp1250"), ("радость", "cp1251")])
def test_words_that_cannot_be_cp1252_are_refused(write_list: WriteList, word: str, encoding: str) -> None:
    with pytest.raises(CorpusError, match=r"not in UTF-8, and read as cp1252 .* save the table as CSV in UTF-8"):
        corpora.load(write_list(f"path,emotion\n{ONE},{word}\n", encoding=encoding))
