"""What the widgets share that are given a table of utterances."""

import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import soundfile
from matplotlib import image

from emotion_lib import widgets
from emotion_lib.errors import ParameterError
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import answer

Make = Callable[[pd.DataFrame], Widget]


@pytest.fixture(params=["player", "compare", "mistakes"])
def make(request: pytest.FixtureRequest) -> Make:
    """Make a widget of a table; of the mistakes, sadness is predicted whatever was acted."""

    def of(table: pd.DataFrame) -> Widget:
        made: Widget = getattr(widgets, request.param)(table.assign(predicted="sad"))
        return made

    return of


def test_a_table_without_rows_is_a_sentence(make: Make, table: pd.DataFrame) -> None:
    widget = make(table[:0])

    assert widget.says == "There are no utterances to hear."
    assert widget.still().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "column"), [("player", "text"), ("compare", "speaker"), ("mistakes", "predicted"), ("mistakes", "path")]
)
def test_a_column_that_is_missing_is_a_parameter_error(name: str, column: str, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=f"table has no column '{column}'"):
        getattr(widgets, name)(table.assign(predicted="sad").drop(columns=column))


def test_a_word_that_cannot_be_a_label_is_a_parameter_error(make: Make, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="label '<b>': must be plain words, without '<'"):
        make(table.assign(emotion="<b>"))


def test_a_widget_takes_words_of_ones_own(make: Make, table: pd.DataFrame) -> None:
    widget = make(table.assign(emotion=["froh", "müde"] * (len(table) // 2) + ["froh"] * (len(table) % 2)))

    assert widget.still().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("make", "do"), [("player", "show"), ("compare", "play"), ("mistakes", "play")], indirect=["make"]
)
def test_whatever_the_file_was_the_browser_gets_a_16_bit_wav(make: Make, do: str, table: pd.DataFrame) -> None:
    of_aiff = table[-1:].reset_index(drop=True)

    message, (wav, *_) = answer(make(of_aiff), do, number=0)

    sent = soundfile.info(io.BytesIO(wav))
    assert message["number"] == 0
    assert (sent.format, sent.subtype, sent.samplerate) == ("WAV", "PCM_16", 24_414)


@pytest.mark.parametrize(
    ("make", "line", "alt"),
    [
        ("player", "Player of 5 utterances", "Waveform and spectrogram: OAF, angry, bridge"),
        (
            "compare",
            "Comparison of 2 words",
            "Spectrograms of “bridge”, emotions in rows, speakers in columns: OAF, YAF",
        ),
        (
            "mistakes",
            "Confusion matrix of 5 utterances",
            "Confusion matrix of 5 utterances; angry predicted as sad: 3 utterances",
        ),
    ],
    indirect=["make"],
)
def test_a_static_page_has_one_line_and_a_picture_as_wide_as_the_page(
    make: Make, line: str, alt: str, table: pd.DataFrame
) -> None:
    widget: Any = make(table)

    assert (repr(widget), widget.alt) == (line, alt)
    assert image.imread(io.BytesIO(widget.still()), format="png").shape[1] == 768
