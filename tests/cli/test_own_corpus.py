"""A corpus of one's own from end to end: check it, train on some speakers, test on the others, score predictions."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from tests.cli.conftest import run

WORDS = {"happy": "fröhlich", "angry": "wütend", "sad": "traurig"}


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """Two lists in the way of a German spreadsheet: one of speakers to train on, one of the others."""
    demo = corpora.load("demo")
    demo = demo[demo["emotion"].isin(WORDS)].reset_index(drop=True)
    of_text = demo.groupby("speaker")["text"].rank(method="dense").astype(int) % 2
    demo["speaker"] = demo["speaker"].map({"DEA": "Änne", "DEB": "Jörg"}) + of_text.map({0: "", 1: " II"})
    demo["file"] = [f"Aufnahmen\\{number:03}.flac" for number in range(len(demo))]
    (tmp_path / "Aufnahmen").mkdir()
    for path, name in zip(demo["path"], demo["file"], strict=True):
        shutil.copy(path, tmp_path / name.replace("\\", "/"))
    written = []
    others = demo["speaker"].str.endswith("II")
    for name, part in (("gelernt", demo[~others]), ("geprüft", demo[others].groupby(["speaker", "emotion"]).head(2))):
        rows = part.assign(emotion=part["emotion"].map(WORDS))[["file", "emotion", "speaker"]]
        rows.columns = ["Datei", "Label", "Speaker"]
        written.append(tmp_path / f"{name}.csv")
        rows.rename(columns={"Datei": "File"}).to_csv(written[-1], sep=";", index=False, encoding="cp1252")
    return written[0], written[1]


def test_four_commands_check_train_evaluate_and_score(lists: tuple[Path, Path], tmp_path: Path) -> None:
    learnt, tested = lists
    checked = run("check", tested)
    assert checked.exit_code == 0, checked.output

    trained = run("train", learnt, "-o", tmp_path / "mine.emotion")
    assert trained.exit_code == 0, trained.output
    assert "fröhlich, traurig, wütend" in trained.stdout

    measured = run("evaluate", tested, "--recognizer", tmp_path / "mine.emotion", "--conditions", "--json")
    assert measured.exit_code == 0, measured.output
    rows = pd.DataFrame(json.loads(measured.stdout)["conditions"])
    assert {"clean", "telephone"} <= set(rows["condition"])

    table = corpora.load(tested)
    predictions = pd.DataFrame({"id": table["id"], "predicted": table["emotion"]})
    predictions.to_csv(tmp_path / "answers.csv", index=False)
    scored = run("score", tmp_path / "answers.csv", "--corpus", tested, "--trained-on", "gelernt", "--name", "Orakel")
    assert scored.exit_code == 0, scored.output
    assert "Orakel" in scored.stdout
    assert "100.0" in scored.stdout
