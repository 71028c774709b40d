"""Getting used to a voice: the plan, the utterances, what changes, and the file."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from emotion_lib import audio, corpora, widgets
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import ask, sound


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    """The recogniser of the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="module")
def mine() -> pd.DataFrame:
    """Three utterances in each of two emotions, of one voice."""
    demo = corpora.load("demo")
    chosen = demo[(demo["speaker"] == "DEA") & demo["emotion"].isin(["angry", "sad"])]
    return chosen.groupby("emotion").head(3).reset_index(drop=True)


def say(widget: Widget, path: str, **message: Any) -> None:
    """Record what is in a file."""
    y, sr = audio.read(path)
    ask(widget, "part", y.tobytes(), first=True)
    ask(widget, "recorded", rate=float(sr), **message)


def meant(widget: Any) -> list[str]:
    """Return the emotions of the utterances that there are."""
    return [each["emotion"] for each in widget.utterances]


def test_the_plan_is_each_sentence_in_each_emotion(recognizer: EmotionRecognizer) -> None:
    widget = widgets.get_used_to(recognizer, sentences=["One.", "Two."])

    assert len(widget.plan) == 14
    first, second = widget.plan[:2]
    assert (first["emotion"], first["sentence"], first["number"], first["of"]) == ("angry", "One.", 1, 2)
    assert (second["emotion"], second["sentence"], second["number"]) == ("angry", "Two.", 2)
    assert widget.recognizer is recognizer
    assert widget.still().startswith(b"\x89PNG")


def test_it_goes_from_utterance_to_utterance(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer, sentences=["One.", "Two."])

    say(widget, mine["path"][0], purpose="enrol")
    ask(widget, "go", step=2)
    say(widget, mine["path"][1], purpose="enrol")

    assert meant(widget) == ["angry", "disgust"]
    assert widget.step == 3
    ask(widget, "go", step=99)
    assert widget.step == 14


def test_after_the_last_it_asks_for_what_was_skipped(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer, sentences=["One."])
    ask(widget, "go", step=6)

    say(widget, mine["path"][0], purpose="enrol")

    assert widget.step == 0


def test_what_is_said_again_takes_the_place_of_the_first(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer)
    say(widget, mine["path"][0], purpose="enrol")

    ask(widget, "go", step=0)
    say(widget, mine["path"][1], purpose="enrol")

    (only,) = widget.utterances
    assert only["seconds"] == pytest.approx(audio.duration(mine["path"][1]), abs=0.01)


def test_silence_is_a_sentence_and_is_not_kept(recognizer: EmotionRecognizer) -> None:
    widget = widgets.get_used_to(recognizer)

    ask(widget, "part", bytes(4 * 48_000), first=True)
    ask(widget, "recorded", rate=48_000.0, purpose="enrol")

    assert widget.says.startswith("silence, so it is not kept; record it again")
    assert (widget.utterances, widget.step) == ([], 0)


def test_with_two_of_each_emotion_the_test_is_fair(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer, start=mine)

    emotions, paths = list(mine["emotion"].sort_values()), list(mine.sort_values("emotion", kind="stable")["path"])
    others = [audio.read(path, sr=recognizer.settings.sr)[0] for path in paths[1:]]
    left_out = recognizer.enrol(others, emotions[1:], sr=recognizer.settings.sr).predict(paths[0])
    heard = [bar["probability"] for bar in widget.utterances[0]["after"]["bars"]]
    np.testing.assert_allclose(heard, list(left_out.probabilities.values()), atol=1e-4)
    assert "adapted to the 5 others and not to this one" in widget.verdict
    assert widget.recognizer.about["enrolled"] == {"angry": 3, "sad": 3}
    assert repr(widget) == "Adaptation to a voice: 6 utterances, adapted"
    assert len(widget.still()) > 10_000


def test_with_one_of_an_emotion_it_says_that_this_is_no_test(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer)
    say(widget, mine["path"][0], purpose="enrol")

    ask(widget, "adapt")

    assert "so this is not a test" in widget.verdict
    assert widget.utterances[0]["after"]["headline"] == "angry"


def test_without_utterances_there_is_nothing_to_get_used_to(recognizer: EmotionRecognizer) -> None:
    widget = widgets.get_used_to(recognizer)

    ask(widget, "adapt")

    assert widget.says.startswith("recordings: the list is empty; give at least one utterance")
    assert not widget.adapted


def test_a_further_utterance_makes_what_was_heard_after_untrue(
    recognizer: EmotionRecognizer, mine: pd.DataFrame
) -> None:
    widget = widgets.get_used_to(recognizer, start=mine)

    say(widget, mine["path"][0], purpose="enrol")

    assert [each["after"] for each in widget.utterances] == [None] * 7
    assert widget.verdict == ""


def test_an_utterance_is_removed_and_asked_for_again(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer)
    for path in mine["path"][:2]:
        say(widget, path, purpose="enrol")

    ask(widget, "remove", place=0)

    assert (len(widget.utterances), widget.step) == (1, 0)


def test_an_utterance_is_played(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer, start=mine)

    ask(widget, "play", place=3)

    assert sound(widget)[:4] == b"RIFF"
    assert widget.alt == "Waveform and spectrogram: sad, utterance 4"


def test_a_try_is_heard_by_both(recognizer: EmotionRecognizer, mine: pd.DataFrame) -> None:
    widget = widgets.get_used_to(recognizer, start=mine[1:])

    say(widget, mine["path"][0], purpose="try")

    before, after = widget.tried
    assert before["headline"] == recognizer.predict(mine["path"][0]).emotion
    assert after["headline"] == widget.recognizer.predict(mine["path"][0]).emotion
    assert len(widget.utterances) == 5


def test_what_is_saved_can_be_loaded(
    recognizer: EmotionRecognizer, mine: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = widgets.get_used_to(recognizer, start=mine)
    send = Mock()
    monkeypatch.setattr(widget, "send", send)

    ask(widget, "save")
    message, (content,) = send.call_args.args
    other = widgets.get_used_to(recognizer)
    ask(other, "part", content, first=True)
    ask(other, "load", name="me.emotion")

    assert message == {"do": "download", "name": "my_voice.emotion"}
    assert other.adapted
    assert other.says == "me.emotion: adapted to a voice with 6 utterances. Try it."
    assert other.recognizer.predict(mine["path"][0]) == widget.recognizer.predict(mine["path"][0])


def test_a_file_that_is_no_recogniser_is_a_sentence(recognizer: EmotionRecognizer) -> None:
    widget = widgets.get_used_to(recognizer)

    ask(widget, "part", b"PK", first=True)
    ask(widget, "load", name="me.emotion")

    assert widget.says.startswith("me.emotion: ")
    assert not widget.adapted


def test_a_recogniser_that_is_used_to_nobody_is_a_sentence(
    recognizer: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    widget = widgets.get_used_to(recognizer)

    ask(widget, "part", recognizer.save(tmp_path_factory.mktemp("file") / "x.emotion").read_bytes(), first=True)
    ask(widget, "load", name="x.emotion")

    assert widget.says.startswith("x.emotion: not adapted to a voice, or made for other emotions")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"emotion": None}, "start has no column 'emotion'"),
        ({"speaker": ["A", "B"] * 3}, r"several speakers \(A, B\)"),
        ({"emotion": "calm"}, "calm is not an emotion of this recogniser"),
    ],
)
def test_a_table_that_is_not_of_one_voice_is_a_parameter_error(
    recognizer: EmotionRecognizer, mine: pd.DataFrame, change: dict[str, Any], message: str
) -> None:
    start = mine.assign(**change).dropna(axis="columns")

    with pytest.raises(ParameterError, match=message):
        widgets.get_used_to(recognizer, start=start)


def test_a_recording_of_the_table_that_is_gone_is_an_audio_error(
    recognizer: EmotionRecognizer, mine: pd.DataFrame
) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: no such file"):
        widgets.get_used_to(recognizer, start=mine.assign(path="gone.wav"))


@pytest.mark.parametrize("sentences", [[], "One."])
def test_no_sentence_is_a_parameter_error(recognizer: EmotionRecognizer, sentences: Any) -> None:
    with pytest.raises(ParameterError, match="must be a list of one sentence or more"):
        widgets.get_used_to(recognizer, sentences=sentences)


def test_a_recogniser_that_knows_no_voices_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError, match=r"recognizer: .*training voices.*train it again"):
        widgets.get_used_to(Mock(voices=None))
