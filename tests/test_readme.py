"""README and the model card quote the committed table of results."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import accuracy
from emotion_lib import EmotionRecognizer, results

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = (ROOT / "emotion_lib" / "pretrained" / "README.md").read_text(encoding="utf-8")


FIVE = [
    "most frequent emotion",
    "eGeMAPS, SVM",
    "40 averages, SVM",
    "original LSTM",
    "convolutions and voice statistics",
]
"""The models that README shows."""


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The committed table of results."""
    return results.read(ROOT / "benchmarks" / "accuracy.csv")


def test_readme_shows_five_models_of_the_table_of_results(table: pd.DataFrame) -> None:
    shown = results.overview(table).loc[FIVE, ["random", "OAF -> YAF", "YAF -> OAF"]]

    assert accuracy.page(shown) in README


def test_readme_says_the_range_of_all_trained_models(table: pd.DataFrame) -> None:
    overview = results.overview(table).drop(index="most frequent emotion")
    spans = {}
    for column in ("random", "mean of both"):
        values = overview[column][overview[column] != "-"].str.split(r"[ ,]", regex=True).str[0].astype(float)
        spans[column] = f"score {values.min():.0f} to {values.max():.0f} %"

    assert [span for span in spans.values() if span not in " ".join(README.split())] == []


def test_readme_says_what_enrolment_brings(table: pd.DataFrame) -> None:
    best = (
        results.used_to_voice(table).query("direction == 'mean'").loc["3 networks of convolutions and voice statistics"]
    )
    after = float(best["1"].partition(",")[0])

    assert f"brings our best networks to {after:.0f} % with one utterance" in " ".join(README.split())


def test_readme_says_the_figures_of_the_pretrained_recogniser(table: pd.DataFrame) -> None:
    figures = results.new_voices(table).loc["convolutions and voice statistics"]

    assert "{} on EMO-DB, {} on RAVDESS and {} on TESS".format(*figures[["EMO-DB", "RAVDESS", "TESS"]]) in README


def test_readme_says_the_published_figures_of_the_original_network(table: pd.DataFrame) -> None:
    published = results.reproduction(table).loc["published, in its README"].dropna()

    assert "{} % and {} %".format(*published) in README


def test_the_model_card_shows_the_figures_of_the_recogniser() -> None:
    assert (ROOT / "benchmarks" / "new_voices.md").read_text(encoding="utf-8") in CARD
    assert accuracy.page(results.worth(EmotionRecognizer.load())) in CARD


def test_the_recogniser_says_the_committed_figures() -> None:
    committed = pd.read_csv(ROOT / "benchmarks" / "pretrained.csv")
    figures = committed.query("group == 'all' and protocol != 'by_itself'").drop(columns="group")
    worth = pd.DataFrame(EmotionRecognizer.load().about["worth"])[list(figures)]

    order = ["protocol", "corpus"]
    found, expected = (each.sort_values(order, ignore_index=True) for each in (worth, figures))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_readme_is_no_longer_than_a_reader_has_patience() -> None:
    assert len(README.splitlines()) <= 150


def test_readme_links_the_licence_of_every_part() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert [file for file in project["license-files"] if f"]({file})" not in README] == []


def test_every_link_of_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_lines_of_code_in_readme_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    first, second, *_ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(first, names)
    assert capsys.readouterr().out.startswith("neutral (neutral ")
    exec(second, names)  # the long recording, with the recogniser of the first lines
    assert " s: " in capsys.readouterr().out


def test_the_model_card_says_the_command_and_what_was_heard() -> None:
    command = EmotionRecognizer.load().about["command"]
    assert command.partition(" --output")[0] in CARD
    assert command.partition("--licence ")[2].strip("'") in CARD
    kept = pd.read_csv(ROOT / "benchmarks" / "predictions.csv", dtype=str)
    heard = kept[(kept["model"] == "frame_cnn_statistics") & (kept["protocol"] == "leave_speaker_out")]
    happy = heard[heard["id"].str.endswith("_happy")]
    assert (len(happy), (happy["predicted"] == "happy").sum()) == (400, 5)
    assert "Of 400 *happy* utterances of TESS it predicts 5 as happy" in CARD
