"""The recogniser that comes with the package: there, small, and honest about what it is worth."""

from importlib import resources

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.description import describe_recognizer
from emotion_lib.recognizer.recognizer import PRETRAINED


@pytest.fixture(scope="module")
def pretrained() -> EmotionRecognizer:
    """The recogniser that comes with the package."""
    return EmotionRecognizer.load()


def test_it_has_at_most_three_megabytes() -> None:
    content = (resources.files("emotion_lib") / "pretrained" / PRETRAINED).read_bytes()

    assert len(content) <= 3_000_000


def test_it_tells_the_seven_emotions_apart(pretrained: EmotionRecognizer) -> None:
    assert pretrained.emotions == EMOTIONS


def test_it_streams_so_it_clips_nothing_below_the_maximum(pretrained: EmotionRecognizer) -> None:
    assert pretrained.settings.top_db is None


def test_it_says_what_it_is_worth_how_it_was_made_and_its_licence(pretrained: EmotionRecognizer) -> None:
    about = pretrained.about

    assert about["command"].startswith("emotion-lib train")
    assert about["licence"]
    assert about["corpora"].keys() == about["worth"].keys()
    for worth in about["worth"].values():
        assert 1 / 7 < worth["value"] < 1
        assert worth["low"] is None or 0 < worth["low"] <= worth["value"] <= worth["high"] < 1
        assert 0 < worth["coverage"] <= 1
        assert 0 < worth["precision"] <= 1


def test_it_lists_the_utterances_that_it_was_trained_on(pretrained: EmotionRecognizer) -> None:
    listed = pd.Series([each.partition("/")[0] for each in pretrained.trained_on.ids]).value_counts()

    assert listed.to_dict() == {name: each["utterances"] for name, each in pretrained.about["corpora"].items()}


def test_it_describes_itself_completely(pretrained: EmotionRecognizer) -> None:
    text = describe_recognizer(pretrained)

    for word in ("Trained on: ", "Made by: ", "Performance on voices left out", "Answers unknown: below", "Licence: "):
        assert word in text
    assert "is not in this library's format" not in text


def test_it_hears_speech_in_the_demo_corpus(pretrained: EmotionRecognizer) -> None:
    answers = pretrained.predict(list(corpora.load("demo")["path"].iloc[::12]))

    assert {answer.reason for answer in answers} <= {"", "unsure"}


@pytest.mark.tess
def test_it_refuses_no_emotion_altogether(pretrained: EmotionRecognizer, tess: pd.DataFrame) -> None:
    for emotion, rows in tess.groupby("emotion"):
        heard = [answer.emotion for answer in pretrained.predict(list(rows["path"].iloc[::40]))]
        assert heard.count(str(emotion)) > len(heard) / 2


def test_it_gets_used_to_a_voice(pretrained: EmotionRecognizer) -> None:
    demo = corpora.load("demo").query("speaker == 'DEA'")
    shown = demo.groupby("emotion").head(1)
    used = pretrained.enrol(list(shown["path"]), list(shown["emotion"]))
    rest = demo.drop(shown.index)
    before, after = (
        sum(
            answer.emotion == emotion
            for answer, emotion in zip(each.with_threshold(0).predict(list(rest["path"])), rest["emotion"], strict=True)
        )
        for each in (pretrained, used)
    )
    assert after > before
