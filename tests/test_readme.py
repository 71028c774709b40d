"""README and the model card quote the committed table of results."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import pretrained
from emotion_lib import EmotionRecognizer, results
from emotion_lib.corpora.table import CORPORA
from emotion_lib.recognizer.description import SCORED_ON, in_percent

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = (ROOT / "emotion_lib" / "pretrained" / "README.md").read_text(encoding="utf-8")
CONFIGURATIONS = (ROOT / "benchmarks" / "configurations.md").read_text(encoding="utf-8")


FIVE = [
    "most frequent emotion",
    "eGeMAPS, SVM",
    "40 averages, SVM",
    "original LSTM",
    "convolutions and voice statistics",
]
"""The models that README shows."""


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    """The scores of the pretrained recogniser for all utterances of a corpus, as `benchmarks.pretrained` wrote them."""
    scored = pd.read_csv(pretrained.FIGURES)
    described = (scored["group"] == "all") & scored["protocol"].isin(SCORED_ON)
    return scored[described].drop(columns="group").reset_index(drop=True)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The committed table of results."""
    return results.read(ROOT / "benchmarks" / "accuracy.csv")


def test_readme_shows_five_models_of_the_table_of_results(table: pd.DataFrame) -> None:
    shown = results.overview(table).loc[FIVE, ["random", "OAF -> YAF", "YAF -> OAF"]]

    assert results.to_markdown(shown) in README


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
    alone = table.query(
        "model == 'class_means' and seen_of_voice == '1' and metric == 'uar' and direction in ['', 'mean']"
    )
    tess, emodb, ravdess = (100 * alone.set_index("corpus")["value"][name] for name in ("tess", "emodb", "ravdess"))
    assert f"these utterances alone reaches {tess:.0f} % too" in " ".join(README.split())
    assert f"({emodb:.0f} on EMO-DB, {ravdess:.0f} on RAVDESS)" in " ".join(README.split())


def test_readme_says_the_figures_of_the_pretrained_recogniser(figures: pd.DataFrame) -> None:
    rows = {
        "voices that were set aside": "set_aside",
        "the whole corpus": "leave_corpus_out",
        "some of its speakers": "leave_speaker_out",
    }
    scored = figures.set_index(["protocol", "corpus"])[["value", "low", "high"]].T.to_dict("list")
    for row, protocol in rows.items():
        shown = [
            in_percent(*scored[protocol, corpus], unit="") if (protocol, corpus) in scored else "-"
            for corpus in ("crema-d", "emodb", "nemo", "ravdess")
        ]

        assert f"| {row} | {' | '.join(shown)} |\n" in README


def test_readme_says_how_often_the_recogniser_is_silent_and_right(figures: pd.DataFrame) -> None:
    unseen = figures[figures["protocol"] == "leave_corpus_out"]
    silent, right = 1 - unseen["coverage"], unseen["precision"]

    said = " ".join(README.split())
    assert f"`unknown` to {100 * silent.min():.0f} to {100 * silent.max():.0f} % of the recordings" in said
    assert f"{100 * right.min():.0f} to {100 * right.max():.0f} % of its other answers are right" in said
    assert f"keeps silent in {100 * silent.min():.0f} to {100 * silent.max():.0f} %" in " ".join(CARD.split())


def test_readme_says_the_published_figures_of_the_original_network(table: pd.DataFrame) -> None:
    published = results.reproduction(table).loc["published, in its README"].dropna()

    assert "{} % and {} %".format(*published) in README


def test_the_model_card_shows_the_figures_of_the_recogniser() -> None:
    assert (ROOT / "benchmarks" / "new_voices.md").read_text(encoding="utf-8") in CARD
    assert results.to_markdown(pretrained.card(EmotionRecognizer.load())) in CARD


def test_the_recogniser_says_the_figures_that_its_command_wrote(figures: pd.DataFrame) -> None:
    about = EmotionRecognizer.load().about

    assert about["version"] == pretrained.VERSION
    pd.testing.assert_frame_equal(pd.DataFrame(about["worth"]), figures, check_dtype=False)


def test_the_model_card_says_what_the_recogniser_was_trained_on() -> None:
    row = r"^\| ([\w-]+)(?:, [^|]*)? \| (\d+) [^|]*\| (\d+) women(?:, (\d+) men)? \|"
    said = {each[1]: (int(each[2]), int(each[3]) + int(each[4] or 0)) for each in re.finditer(row, CARD, re.MULTILINE)}

    assert said == {
        CORPORA[name].short_title: (each["utterances"], each["speakers"])
        for name, each in EmotionRecognizer.load().about["corpora"].items()
    }


def test_no_voice_was_trained_on_that_is_still_set_aside() -> None:
    recognizer = EmotionRecognizer.load()
    reserved = pd.read_csv(ROOT / "emotion_lib" / "splits" / "set_aside.csv", dtype=str)
    if "--set-aside" in recognizer.about["command"]:
        reserved = reserved[reserved["speaker"].isin(pretrained.DEMONSTRATIONS)]
    actors = [f"crema-d/{speaker}_" for speaker in reserved.loc[reserved["corpus"] == "crema-d", "speaker"]]
    last = [speaker[-3:].replace("_", "-") for speaker in reserved.loc[reserved["corpus"] == "ravdess", "speaker"]]

    ids = recognizer.trained_on.ids
    assert any(name.startswith("crema-d/1001_") for name in ids)
    assert [name for name in ids if name.startswith(tuple(actors))] == []
    assert [name for name in ids if name.startswith("ravdess/") and name.endswith(tuple(last))] == []


def test_the_model_card_says_the_figures_by_sex_and_where_listeners_agree() -> None:
    scored = pd.read_csv(pretrained.FIGURES).set_index(["group", "protocol", "corpus"])["value"]
    said = " ".join(CARD.split())
    for protocol, corpus in (
        ("set_aside", "crema-d"),
        ("set_aside", "emotiontts"),
        ("leave_corpus_out", "crema-d"),
        ("leave_corpus_out", "emodb"),
        ("leave_corpus_out", "nemo"),
        ("leave_corpus_out", "ravdess"),
        ("leave_speaker_out", "crema-d"),
    ):
        women, men = (f"{100 * scored[group, protocol, corpus]:.1f}" for group in ("women", "men"))
        assert f"{women} and {men}" in said
    protocols = ("set_aside", "leave_corpus_out", "leave_speaker_out")
    agreed = [f"{100 * scored['listeners agree', protocol, 'crema-d']:.1f}" for protocol in protocols]
    assert (
        "scores {} on the voices that were set aside, {} without CREMA-D in the training, and {} on".format(*agreed)
        in said
    )
    for corpus, name in (("emodb", "EMO-DB"), ("crema-d", "CREMA-D"), ("nemo", "nEMO"), ("ravdess", "RAVDESS")):
        assert f"{100 * scored['all', 'by_itself', corpus]:.1f} in {name}" in said


def test_the_model_card_quotes_the_conditions() -> None:
    rows = pd.read_csv(ROOT / "benchmarks" / "conditions.csv").query("corpus == 'mean'")
    cost = (-100 * rows[rows["group"] == "all"].set_index("condition")["difference"]).map("{:.1f}".format)
    said = " ".join(CARD.split())
    assert f"white noise at 20 and 10 dB {cost['white noise, 20 dB']} and {cost['white noise, 10 dB']}" in said
    assert f"babble {cost['babble, 20 dB']} and {cost['babble, 10 dB']}, a telephone {cost['telephone']}" in said
    assert f"an echo {cost['room echo']}, MP3 at 24 kbit/s {cost['MP3, 24 kbit/s']}" in said
    women = 100 * rows.set_index("group").loc["women", ["difference", "difference_low", "difference_high"]]
    assert "women score {:.1f} [{:+.1f}, {:+.1f}] points more than men".format(*women) in said


def test_the_model_card_quotes_the_configurations() -> None:
    tried = pd.read_csv(ROOT / "benchmarks" / "configurations.csv")
    chosen = tried.set_index("name").loc["two degraded copies of each utterance (the recogniser since version 4)"]
    quoted = " | ".join(f"{chosen[name]:.1f}" for name in ("loco_mean", "loso_crema_d", "calibration_error"))

    assert f"the same, and two degraded copies of each utterance (taken) | {quoted} |" in CARD
    assert f"[{len(tried)} configurations]" in " ".join(CARD.split())
    assert f"{len(tried)} configurations" in " ".join(CONFIGURATIONS.split())


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
    assert capsys.readouterr().out.startswith("angry (angry ")
    exec(second, names)  # the long recording, with the recogniser of the first lines
    assert " s: " in capsys.readouterr().out


def test_the_model_card_says_version_command_and_threshold() -> None:
    recognizer = EmotionRecognizer.load()

    assert f"\n    {recognizer.about['command']}\n" in CARD
    assert f"| Version | {recognizer.about['version']}, " in CARD
    assert f"below a probability of {recognizer.calibration.threshold:.2f}." in CARD


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.findall(r"\n## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"))[0] == version
