"""The recogniser that comes with the package: there, small, robust, and honest about what it is worth."""

from importlib import resources

import numpy as np
import pandas as pd
import pytest

from emotion_lib import audio, corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.evaluation import model_card
from emotion_lib.features import SPEECH_ENCODER
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.description import describe_recognizer
from emotion_lib.recognizer.recognizer import PRETRAINED
from tests.recognizer.conftest import SR, probabilities


def test_it_has_at_most_400_kb() -> None:
    content = (resources.files("emotion_lib") / "pretrained" / PRETRAINED).read_bytes()

    assert len(content) <= 400_000


def test_it_tells_the_seven_emotions_apart(pretrained: EmotionRecognizer) -> None:
    assert pretrained.emotions == EMOTIONS


def test_it_takes_the_states_of_the_encoder_and_knows_voices(pretrained: EmotionRecognizer) -> None:
    assert (pretrained.feature, pretrained.settings) == ("encoder_statistics", SPEECH_ENCODER)
    assert pretrained.voices is not None


def test_it_says_what_it_is_worth_how_it_was_made_and_its_licence(pretrained: EmotionRecognizer) -> None:
    about = pretrained.about

    assert about["command"].startswith("python -m benchmarks.pretrained")
    assert about["licence"]
    for worth in about["worth"]:
        assert 1 / 7 < worth["value"] < 1
        assert worth["low"] is None or 0 < worth["low"] <= worth["value"] <= worth["high"] < 1
        assert 0 < worth["coverage"] <= 1
        assert 0 < worth["precision"] <= 1


def test_it_is_scored_on_each_corpus_of_its_training_but_tess(pretrained: EmotionRecognizer) -> None:
    trained_on = set(pretrained.about["corpora"])
    for protocol in (model_card.SPEAKERS, model_card.CORPORA):
        scored = [each["corpus"] for each in pretrained.about["worth"] if each["protocol"] == protocol]
        assert sorted(scored) == sorted(trained_on - {"tess"})
    assert "tess" in trained_on
    assert "tess" not in {each["corpus"] for each in pretrained.about["worth"]}


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
        heard = [answer.emotion for answer in pretrained.predict(list(rows["path"].iloc[::4]))]
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


# Recordings as they come


@pytest.fixture(scope="module")
def spoken() -> list[np.ndarray]:
    """Seven recordings of the demo corpus, in different emotions, at 16 kHz."""
    return [audio.read(path, sr=SR)[0] for path in corpora.load("demo")["path"].iloc[::24]]


def differences(recognizer: EmotionRecognizer, one: list[np.ndarray], other: list[np.ndarray]) -> np.ndarray:
    """Return the largest difference of probabilities in each recording."""
    given = [recognizer.predict_proba(each, sr=SR) for each in (one, other)]
    return np.abs(given[0] - given[1]).max(axis=1)


def test_an_offset_of_1_percent_changes_nothing(pretrained: EmotionRecognizer, spoken: list[np.ndarray]) -> None:
    offset = [y + 0.01 * np.abs(y).max() for y in spoken]

    assert differences(pretrained, spoken, offset).max() < 0.01


@pytest.mark.parametrize("frequency", [50, 60])
def test_hum_of_1_percent_changes_little(
    pretrained: EmotionRecognizer, spoken: list[np.ndarray], frequency: int
) -> None:
    humming = [
        y + 0.01 * np.abs(y).max() * np.sin(2 * np.pi * frequency * np.arange(len(y)) / SR).astype(np.float32)
        for y in spoken
    ]

    assert differences(pretrained, spoken, humming).mean() < 0.1


def test_soft_hiss_at_the_ends_changes_little(pretrained: EmotionRecognizer, spoken: list[np.ndarray]) -> None:
    hiss = 1e-4 * np.random.default_rng(0).normal(size=SR).astype(np.float32)
    padded = [np.concatenate([hiss, y, hiss]) for y in spoken]

    assert differences(pretrained, spoken, padded).mean() < 0.15


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("emodb", "ravdess")]
)
def test_hiss_30_db_below_speech_changes_little(
    pretrained: EmotionRecognizer, name: str, request: pytest.FixtureRequest
) -> None:
    table, rng = request.getfixturevalue(name), np.random.default_rng(0)
    clean = [audio.read(path, sr=SR)[0] for path in table["path"].iloc[:: len(table) // 20]]
    noisy = [y + np.sqrt(np.mean(y**2) / 1000) * rng.normal(size=len(y)).astype(np.float32) for y in clean]

    assert differences(pretrained, clean, noisy).mean() < 0.15


def test_the_level_changes_nothing(pretrained: EmotionRecognizer, spoken: list[np.ndarray]) -> None:
    assert differences(pretrained, spoken, [0.1 * y for y in spoken]).max() < 0.01


def test_a_stream_gives_what_predict_gives_for_the_same_seconds(
    pretrained: EmotionRecognizer, spoken: list[np.ndarray]
) -> None:
    y = np.concatenate(spoken[:3])
    segments = list(pretrained.stream(np.array_split(y, 50), SR))
    same = [y[round(each.start * SR) : round(each.end * SR)] for each in segments]

    assert len(segments) > 5
    for segment, answer in zip(segments, pretrained.predict(same, sr=SR), strict=True):
        assert (segment.emotion, segment.reason) == (answer.emotion, answer.reason)
        np.testing.assert_allclose(probabilities(segment), probabilities(answer), atol=1e-5)


def test_a_long_recording_gets_the_mean_of_its_windows(pretrained: EmotionRecognizer, long_speech: np.ndarray) -> None:
    whole, segments = pretrained.predict(long_speech, sr=SR), list(pretrained.segments(long_speech, sr=SR))
    lengths = [each.end - each.start for each in segments]

    mean = np.average([probabilities(each) for each in segments], axis=0, weights=lengths)
    np.testing.assert_allclose(probabilities(whole), mean, atol=1e-6)


@pytest.mark.parametrize("seconds", [0.15, 0.25, 0.35])
def test_less_than_half_a_second_of_speech_is_too_little(pretrained: EmotionRecognizer, seconds: float) -> None:
    y = audio.read(corpora.load("demo")["path"].iloc[48], sr=SR)[0][SR // 4 :][: round(seconds * SR)]
    answer = pretrained.predict(y, sr=SR)

    assert (answer.emotion, answer.reason) == ("unknown", "too little speech")
    assert set(answer.probabilities.values()) == {1 / 7}


def test_silent_ends_change_little_unless_trimming_is_switched_off(
    pretrained: EmotionRecognizer, spoken: list[np.ndarray]
) -> None:
    expected, padded = pretrained.predict_proba(spoken, sr=SR), [np.pad(y, SR) for y in spoken]
    trimmed, whole = (
        np.abs(pretrained.predict_proba(padded, sr=SR, trim=trim) - expected).max(axis=1).mean()
        for trim in (True, False)
    )

    assert trimmed < 0.15
    assert trimmed < whole
