"""SAVEE has a name here but no index: its utterances follow from its design, in both forms of its file names."""

from pathlib import Path

import pytest

from emotion_lib import corpora
from emotion_lib.corpora.savee import SAVEE, read_name
from tests.corpora.conftest import noise


def written(folder: Path, *, joined: bool) -> Path:
    """Write all of SAVEE: `AudioData/DC/a01.wav` as its makers do, or joined as in `ALL/DC_a01.wav`."""
    for seed, id in enumerate(sorted(SAVEE.ids)):
        path = folder / "ALL" / f"{id}.wav" if joined else folder / "AudioData" / f"{id.replace('_', '/')}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(8_000, seed=seed))
    return folder


@pytest.mark.parametrize(
    ("stem", "folder"), [("a01", ""), ("a01", "XY"), ("DC_x01", ""), ("DC_a1", ""), ("DC_s01", ""), ("notes", "DC")]
)
def test_other_names_are_not_read(stem: str, folder: str) -> None:
    assert read_name(stem, folder) is None


@pytest.mark.parametrize("joined", [True, False])
def test_both_forms_give_one_table_of_480(joined: bool, tmp_path: Path) -> None:
    table = corpora.load(written(tmp_path, joined=joined))
    assert set(table["corpus"]) == {"savee"}
    assert table["id"].tolist() == sorted(SAVEE.ids)
    assert table.groupby("speaker").size().to_dict() == {"DC": 120, "JE": 120, "JK": 120, "KL": 120}
    assert table.groupby("emotion").size().to_dict() == {
        **dict.fromkeys(["angry", "disgust", "fear", "happy", "sad", "surprise"], 60),
        "neutral": 120,
    }


def test_the_folder_of_one_speaker_is_enough(tmp_path: Path) -> None:
    with pytest.warns(match="savee: 360 recordings missing of 480"):
        table = corpora.load(written(tmp_path, joined=False) / "AudioData" / "JK")
    assert set(table["speaker"]) == {"JK"}


def test_check_knows_its_design_and_says_that_it_knows_no_bytes(tmp_path: Path) -> None:
    folder = written(tmp_path, joined=False)
    assert corpora.check(folder).ok
    (folder / "AudioData" / "KL" / "su15.wav").unlink()
    report = corpora.check(folder)
    assert [finding.name for finding in report.missing] == ["KL_su15"]
    assert "479 recordings read but not compared: the library has no SHA-256 of the published files." in str(report)
    assert "register at http://kahlan.eps.surrey.ac.uk/savee" in str(report)
