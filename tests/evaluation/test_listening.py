"""The answers of a person: kept, read, deleted, and nothing else."""

from pathlib import Path

import pandas as pd
import pytest

from emotion_lib.errors import EmotionLibError
from emotion_lib.evaluation import listening, metrics

ANSWERS = pd.DataFrame(
    {
        "id": ["OAF_back_sad", "YAF_dog_angry"],
        "path": ["/home/me/a.wav", "/home/me/b.wav"],
        "corpus": "tess",
        "speaker": ["OAF", "YAF"],
        "emotion": ["sad", "angry"],
        "predicted": ["sad", "happy"],
    }
)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own, which is not there yet."""
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    return tmp_path / "emotion_lib" / "listening_test.json"


def test_there_are_no_answers_before_the_first_test() -> None:
    assert listening.answers().empty


def test_answers_are_kept_without_paths_and_can_be_scored(file: Path) -> None:
    listening.keep(ANSWERS)

    kept = listening.answers()
    assert kept.equals(ANSWERS[listening.COLUMNS].astype(str))
    assert metrics.uar(kept["emotion"], kept["predicted"]) == 0.5
    assert "wav" not in file.read_text("utf-8")


def test_deleted_answers_are_gone_and_nothing_is_left_to_delete(file: Path) -> None:
    listening.keep(ANSWERS)

    listening.delete()
    listening.delete()

    assert not file.exists()
    assert listening.answers().empty


@pytest.mark.parametrize("content", ["{", '[{"id": 1}]', '{"id": 1}', '"a"', "[1]"])
def test_a_file_with_something_else_in_it_is_an_error_with_a_cure(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content, "utf-8")

    with pytest.raises(EmotionLibError, match=r"listening_test.json: not the answers of a listening test; delete it"):
        listening.answers()


def test_a_file_that_cannot_be_deleted_is_an_error_with_a_cure(file: Path) -> None:
    file.mkdir(parents=True)

    with pytest.raises(EmotionLibError, match=r"listening_test.json: cannot be deleted \(.+\); delete it yourself"):
        listening.delete()
