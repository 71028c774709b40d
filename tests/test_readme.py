"""README shows the table of results as it was measured, and nothing that is not there."""

import re
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import accuracy
from emotion_lib import EmotionRecognizer, results

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


CARD = (ROOT / "emotion_lib" / "pretrained" / "README.md").read_text(encoding="utf-8")


def shown(page: str) -> str:
    """Return a table that was measured, as Markdown."""
    return (ROOT / "benchmarks" / page).read_text(encoding="utf-8")


def test_readme_shows_the_tables_of_results() -> None:
    assert shown("accuracy.md") in README
    assert shown("new_voices.md") in README


def test_the_model_card_shows_the_figures_of_the_recogniser() -> None:
    assert shown("new_voices.md") in CARD
    assert accuracy.page(results.worth(EmotionRecognizer.load())) in CARD


def test_the_recogniser_says_the_figures_of_the_table() -> None:
    table = results.read(ROOT / "benchmarks" / "accuracy.csv")
    for corpus, each in EmotionRecognizer.load().about["worth"].items():
        where = {"corpus": corpus, "trained_on": "emodb+ravdess+tess", "model": "frame_cnn_statistics", "metric": "uar"}
        row = results.pick(table, protocol="leave_speaker_out", **where)
        assert [each[name] for name in ("value", "low", "high")] == [row[name] for name in ("value", "low", "high")]


def test_readme_is_no_longer_than_a_reader_has_patience() -> None:
    assert len(README.splitlines()) <= 150


def test_every_link_of_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_lines_of_code_in_readme_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    exec(re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0], {})
    assert "s: " in capsys.readouterr().out


def test_the_model_card_says_the_command_and_what_was_heard() -> None:
    command = EmotionRecognizer.load().about["command"]
    assert command.partition(" --output")[0] in CARD
    assert command.partition("--licence ")[2].strip("'") in CARD
    kept = pd.read_csv(ROOT / "benchmarks" / "predictions.csv", dtype=str)
    heard = kept[(kept["model"] == "frame_cnn_statistics") & (kept["protocol"] == "leave_speaker_out")]
    happy = heard[heard["id"].str.endswith("_happy")]
    assert (len(happy), (happy["predicted"] == "happy").sum()) == (400, 5)
    assert "Of 400 *happy* utterances of TESS it predicts 5 as happy" in CARD
