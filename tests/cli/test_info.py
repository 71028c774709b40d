"""`emotion-lib info` says what a recogniser says of itself."""

import json
from dataclasses import asdict
from pathlib import Path

from emotion_lib.recognizer import EmotionRecognizer, Utterances
from emotion_lib.recognizer.describing import describe
from tests.cli.conftest import run, toy


def test_it_is_the_description_with_size_and_format(recognizer: Path) -> None:
    result = run("info", recognizer)

    assert result.exit_code == 0
    assert result.stdout.startswith(describe(EmotionRecognizer.load(recognizer)))
    assert result.stdout.endswith(f"File: {recognizer.stat().st_size / 1000:.0f} kB, format 1\n")


def test_json_has_all_of_it(tmp_path: Path) -> None:
    made = toy(about={"licence": "none"}, trained_on=Utterances(("a/b",), (bytes(32),)))
    path = made.save(tmp_path / "x.emotion")
    said = json.loads(run("info", path, "--json").stdout)

    assert said == {
        "emotions": list(made.emotions),
        "feature": "mean_mfcc",
        "settings": asdict(made.settings),
        "calibration": asdict(made.calibration),
        "about": {"licence": "none"},
        "training_utterances": 1,
        "can_enrol": False,
        "size": path.stat().st_size,
        "format": 1,
    }


def test_what_is_no_recogniser_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    for path, what in ((tmp_path / "x", "not a recogniser"), (tmp_path / "y", "no such file"), (tmp_path, "a folder")):
        result = run("info", path)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {path}: {what}")
        assert len(result.stderr.splitlines()) == 1
