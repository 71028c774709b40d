"""Answers as a view shows them."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emotion_lib.emotions import STYLES, style_of
from emotion_lib.recognizer import Prediction
from emotion_lib.widgets.answers import answer, headline, plot_answer, sentence

SURE = Prediction("sad", {"angry": 0.2, "sad": 0.8})
UNSURE = Prediction("unknown", {"angry": 0.45, "sad": 0.55}, reason="unsure")
ALMOST_SURE = Prediction("unknown", {"angry": 0.403, "sad": 0.597}, reason="unsure")
SILENCE = Prediction("unknown", {"angry": 0.5, "sad": 0.5}, reason="silence")
NO_SPEECH = Prediction("unknown", {"angry": 0.5, "sad": 0.5}, reason="no speech")


@pytest.mark.parametrize(
    ("prediction", "short", "long"),
    [
        (SURE, "sad", "Predicted: sad, 80 %."),
        (
            UNSURE,
            "I don't know",
            "I don't know: the most probable emotion is sad, at 55 %, and I need at least 60 % to answer.",
        ),
        (
            ALMOST_SURE,
            "I don't know",
            "I don't know: the most probable emotion is sad, at just under 60 %, and I need at least 60 % to answer.",
        ),
        (
            SILENCE,
            "silence",
            "I don't know: the recording is silent. Is the microphone muted, or is a different one selected?",
        ),
        (NO_SPEECH, "no speech", "I don't know: there is no speech in the recording."),
    ],
)
def test_an_answer_in_words(prediction: Prediction, short: str, long: str) -> None:
    assert (headline(prediction), sentence(prediction, 0.6)) == (short, long)


def test_the_note_of_a_long_recording_is_part_of_the_sentence() -> None:
    long = Prediction("sad", {"angry": 0.2, "sad": 0.8}, note="the mean of 2 windows; `timeline` shows how it changes")

    assert sentence(long, 0.6) == "Predicted: sad, 80 %. This is the mean of 2 windows."


def test_an_unlike_voice_is_a_warning() -> None:
    unlike = Prediction("sad", {"sad": 1.0}, warning="this voice is unlike those it was trained on")

    warning = answer(unlike, 0.6, "back.wav")["warning"]
    assert warning.startswith("Careful: this voice is unlike those it was trained on. Trust")
    assert answer(SURE, 0.6, "back.wav")["warning"] == ""


def test_bars_have_the_colour_and_the_marker_of_their_emotion() -> None:
    (_, sad) = answer(SURE, 0.6, "back.wav")["bars"]

    assert sad == {"emotion": "sad", "probability": 0.8, **STYLES["sad"]._asdict()}


def test_a_word_of_ones_own_has_a_bar_with_a_style_of_its_own() -> None:
    own = Prediction("müde", {"froh": 0.2, "müde": 0.8})
    froh, tired = answer(own, 0.6, "back.wav")["bars"]

    assert (froh["marker"], tired["colour"]) == (style_of("froh").marker, style_of("müde").colour)
    assert [text.get_text() for text in plot_answer(own, 0.6, ax=Figure().subplots()).get_yticklabels()] == [
        "froh",
        "müde",
    ]


def widths(ax: Axes) -> list[float]:
    """Return how long the bars are."""
    return [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)]


def test_where_nobody_is_heard_there_are_no_bars_to_be_drawn() -> None:
    ax = plot_answer(SILENCE, 0.6, ax=Figure().subplots())

    assert not answer(SILENCE, 0.6, "back.wav")["has_speech"]
    assert widths(ax) == [0, 0]


def test_the_picture_has_bars_shares_and_the_threshold() -> None:
    ax = plot_answer(SURE, 0.6, ax=Figure().subplots())

    assert widths(ax) == [0.2, 0.8]
    assert [text.get_text() for text in ax.texts] == ["20 %", "80 %"]
    assert ax.lines[0].get_xdata() == [0.6, 0.6]
