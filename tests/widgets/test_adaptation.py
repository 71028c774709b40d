"""Getting used to a voice: the plan, the utterances, what changes, and the file."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from benchmarks import strangers
from emotion_lib import audio, corpora, widgets
from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, adaptation
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import answer, ask, record, sound


@pytest.fixture(scope="module")
def mine() -> pd.DataFrame:
    """Three utterances in each of two emotions, of one voice."""
    demo = corpora.load("demo")
    chosen = demo[(demo["speaker"] == "DEA") & demo["emotion"].isin(["angry", "sad"])]
    return chosen.groupby("emotion").head(3).reset_index(drop=True)


@pytest.fixture
def fresh(recognizer: EmotionRecognizer) -> Any:
    """The widget, adapted to nobody."""
    return widgets.get_used_to(recognizer, sentences=["One.", "Two."])


@pytest.fixture
def adapted(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> Any:
    """The widget, adapted to six utterances."""
    return widgets.get_used_to(recognizer, start=mine)


def say(widget: Widget, path: str, *, purpose: str = "enrol") -> None:
    """Record what is in a file."""
    record(widget, *audio.read(path), purpose=purpose)


def test_the_plan_is_each_sentence_in_each_emotion(fresh: Any, recognizer: EmotionRecognizer) -> None:
    first, second = fresh.plan[:2]

    assert len(fresh.plan) == 14
    assert (first["emotion"], first["sentence"], first["number"], first["of"]) == ("neutral", "One.", 1, 2)
    assert (second["emotion"], second["sentence"], second["number"]) == ("neutral", "Two.", 2)
    assert [each["emotion"] for each in fresh.plan[2::2]] == [name for name in recognizer.emotions if name != "neutral"]
    assert fresh.recognizer is recognizer
    assert fresh.still().startswith(b"\x89PNG")


def test_the_plan_has_words_of_ones_own_in_their_style(recognizer: EmotionRecognizer) -> None:
    words = in_order(["froh", "müde", "wild", *recognizer.emotions[3:]])
    own = EmotionRecognizer(
        recognizer.head,
        emotions=words,
        feature=recognizer.feature,
        settings=recognizer.settings,
        voices=recognizer.voices,
    )
    plan = widgets.get_used_to(own, sentences=["One."]).plan

    said = sorted(words, key=lambda word: word != "neutral")
    assert [each["emotion"] for each in plan] == said
    assert [each["marker"] for each in plan] == [style_of(word).marker for word in said]


def test_after_the_ordinary_sentences_it_adapts_and_shows_the_effect(fresh: Any, mine: pd.DataFrame) -> None:
    say(fresh, mine["path"][0])
    assert not fresh.adapted
    say(fresh, mine["path"][1])

    assert fresh.says.startswith("The recogniser is adapted to your usual voice")
    assert fresh.recognizer.about["enrolled"] == {"neutral": 2}
    assert all(each["after"] for each in fresh.utterances)
    assert (fresh.step, fresh.plan[fresh.step]["emotion"]) == (2, "angry")
    say(fresh, mine["path"][2])
    assert (fresh.says, fresh.verdict) == ("", "")


def test_it_goes_from_utterance_to_utterance_and_at_the_end_to_what_was_skipped(fresh: Any, mine: pd.DataFrame) -> None:
    ask(fresh, "go", step=1)
    say(fresh, mine["path"][0])
    assert fresh.step == 2
    ask(fresh, "go", step=99)
    assert fresh.step == 14
    ask(fresh, "go", step=13)
    say(fresh, mine["path"][1])

    assert [each["emotion"] for each in fresh.utterances] == ["neutral", "surprise"]
    assert fresh.step == 0


def test_what_is_said_again_takes_the_place_of_the_first(fresh: Any, mine: pd.DataFrame) -> None:
    say(fresh, mine["path"][0])

    ask(fresh, "go", step=0)
    say(fresh, mine["path"][1])

    (only,) = fresh.utterances
    assert only["seconds"] == pytest.approx(audio.duration(mine["path"][1]), abs=0.01)


def test_silence_is_a_sentence_and_is_not_kept(fresh: Any) -> None:
    record(fresh, np.zeros(48_000), 48_000, purpose="enrol")

    assert fresh.says.startswith("Not kept (silence): record it again")
    assert (fresh.utterances, fresh.step) == ([], 0)


def test_with_two_of_each_emotion_the_test_is_fair(
    adapted: Any, recognizer: EmotionRecognizer, mine: pd.DataFrame
) -> None:
    emotions, paths = list(mine["emotion"].sort_values()), list(mine.sort_values("emotion", kind="stable")["path"])
    others = [audio.read(path, sr=recognizer.settings.sr)[0] for path in paths[1:]]
    left_out = recognizer.enrol(others, emotions[1:], sr=recognizer.settings.sr).predict(paths[0])
    heard = [bar["probability"] for bar in adapted.utterances[0]["after"]["bars"]]
    np.testing.assert_allclose(heard, list(left_out.probabilities.values()), atol=1e-4)
    assert "adapted to the other 5 but not to this one" in adapted.verdict
    assert adapted.recognizer.about["enrolled"] == {"angry": 3, "sad": 3}
    assert repr(adapted) == "Adaptation to a voice: 6 utterances, adapted"
    assert len(adapted.still()) > 10_000


def test_with_one_of_an_emotion_it_says_that_this_is_no_test(fresh: Any, mine: pd.DataFrame) -> None:
    say(fresh, mine["path"][0])

    ask(fresh, "adapt")

    assert "Utterances of one emotion do not test the others" in fresh.verdict
    ask(fresh, "go", step=2)
    say(fresh, mine["path"][1])
    ask(fresh, "adapt")
    assert "so this is not a test" in fresh.verdict
    assert fresh.utterances[0]["after"]["headline"]


def test_without_utterances_there_is_nothing_to_get_used_to(fresh: Any) -> None:
    ask(fresh, "adapt")

    assert fresh.says.startswith("recordings: the list is empty; give at least one utterance")
    assert not fresh.adapted


def test_the_first_recording_takes_the_place_of_those_to_start_with(
    adapted: Any, recognizer: EmotionRecognizer, mine: pd.DataFrame
) -> None:
    record(adapted, np.zeros(48_000), 48_000, purpose="enrol")
    assert (len(adapted.utterances), adapted.adapted) == (6, True)
    say(adapted, mine["path"][0])

    assert [each["after"] for each in adapted.utterances] == [None]
    assert (adapted.verdict, adapted.adapted) == ("", False)
    assert adapted.recognizer is recognizer


def test_an_utterance_is_removed_and_asked_for_again(fresh: Any, mine: pd.DataFrame) -> None:
    for path in mine["path"][:2]:
        say(fresh, path)

    ask(fresh, "remove", place=0)

    assert (len(fresh.utterances), fresh.step) == (1, 0)


def test_an_utterance_is_played(adapted: Any) -> None:
    ask(adapted, "play", place=3)

    assert sound(adapted)[:4] == b"RIFF"
    assert adapted.alt.startswith("Waveform and spectrogram: sad, utterance 4, ")


def test_a_try_is_heard_by_both(adapted: Any, recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    say(adapted, mine["path"][0], purpose="try")

    said = [each.predict(mine["path"][0]).emotion for each in (recognizer, adapted.recognizer)]
    assert [each["headline"] for each in adapted.tried] == [
        {"unknown": "I don't know"}.get(each, each) for each in said
    ]
    assert len(adapted.utterances) == 6


def test_what_is_saved_can_be_loaded(adapted: Any, fresh: Any, mine: pd.DataFrame) -> None:
    message, (content,) = answer(adapted, "save")
    ask(fresh, "part", content, first=True)
    ask(fresh, "load", name="me.emotion")

    assert message == {"do": "download", "name": "my_voice.emotion"}
    assert fresh.adapted
    assert fresh.says == "me.emotion: adapted to a voice with 6 recordings. Try it."
    assert fresh.recognizer.predict(mine["path"][0]) == adapted.recognizer.predict(mine["path"][0])


def test_a_strange_description_of_an_adapted_recogniser_is_no_obstacle(
    adapted: Any, fresh: Any, tmp_path: Path
) -> None:
    adapted.recognizer.save(tmp_path / "x.emotion")
    strange = EmotionRecognizer.load(tmp_path / "x.emotion")
    strange.about["enrolled"] = ["six"]
    content = strange.save(tmp_path / "x.emotion").read_bytes()
    ask(fresh, "part", content, first=True)
    ask(fresh, "load", name="me.emotion")
    assert fresh.says == "me.emotion: adapted to a voice with 6 recordings. Try it."


def test_a_file_that_is_no_adapted_recogniser_is_a_sentence(
    fresh: Any, recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    not_adapted = recognizer.save(tmp_path / "x.emotion").read_bytes()
    bomb = dict(strangers.growing())["Expand with the recording"]
    refused = {b"PK": "not a recogniser", bomb: "not a recogniser", not_adapted: "not adapted"}
    for content, why in refused.items():
        ask(fresh, "part", content, first=True)
        ask(fresh, "load", name="me.emotion")

        assert fresh.says.startswith(f"me.emotion: {why}")
        assert not fresh.adapted


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"emotion": None}, ParameterError, "start has no column 'emotion'"),
        ({"speaker": ["A", "B"] * 3}, ParameterError, r"several speakers \(A, B\)"),
        ({"emotion": "calm"}, ParameterError, "calm is not an emotion of this recogniser"),
        ({"path": "gone.wav"}, AudioError, r"gone\.wav: no such file"),
    ],
)
def test_a_table_that_is_not_of_one_voice_is_an_error(
    recognizer: EmotionRecognizer, mine: pd.DataFrame, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        widgets.get_used_to(recognizer, start=mine.assign(**change).dropna(axis="columns"))


@pytest.mark.parametrize("sentences", [[], "One."])
def test_no_sentence_is_a_parameter_error(recognizer: EmotionRecognizer, sentences: Any) -> None:
    with pytest.raises(ParameterError, match="must be a list of one sentence or more"):
        widgets.get_used_to(recognizer, sentences=sentences)


def test_a_recogniser_that_knows_no_voices_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError, match=r"recognizer: .*training voices.*train it again"):
        widgets.get_used_to(Mock(voices=None))


def test_where_adapting_does_not_help_it_says_so(
    fresh: Any, mine: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adaptation, "why_not_adapt", lambda *_, **__: "they differ")
    for path in mine["path"][:2]:
        say(fresh, path)

    assert (fresh.verdict, fresh.says, fresh.adapted) == ("Not adapted: they differ.", "", False)
    assert fresh.recognizer.enrolment is None


def test_a_recording_belongs_to_the_sentence_that_was_shown_when_it_began(fresh: Any, mine: pd.DataFrame) -> None:
    ask(fresh, "go", step=3)

    record(fresh, *audio.read(mine["path"][0]), purpose="enrol", step=0)

    (said,) = fresh.utterances
    assert (said["step"], said["recording"], said["before"]["recording"]) == (0, "recording 1", "recording 1")


def test_the_same_recording_tried_again_is_another_answer(adapted: Any, mine: pd.DataFrame) -> None:
    say(adapted, mine["path"][0], purpose="try")
    before = adapted.tried
    say(adapted, mine["path"][0], purpose="try")

    assert [each["recording"] for each in (*before, *adapted.tried)] == ["recording 1"] * 2 + ["recording 2"] * 2
    assert before[0]["number"] != adapted.tried[0]["number"]
