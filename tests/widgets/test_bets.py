"""A bet: what it keeps, and what stands for it on a static page."""

import pytest

from emotion_lib import widgets
from emotion_lib.errors import ParameterError
from emotion_lib.widgets.base import Widget
from tests.widgets.conftest import ask

QUESTION = "How many of a hundred words does the machine get right?"


@pytest.fixture
def bet() -> Widget:
    """A slider on which nobody has bet."""
    return widgets.bet(QUESTION)


def test_there_is_no_bet_before_the_reader_bets(bet: Widget) -> None:
    assert bet.value is None
    assert str(bet) == "none"


def test_a_bet_is_kept_and_has_a_unit(bet: Widget) -> None:
    ask(bet, "place", value=60)

    assert (bet.value, str(bet)) == (60, "60 %")


def test_a_bet_beyond_the_ends_of_the_slider_is_none(bet: Widget) -> None:
    ask(bet, "place", value=101)

    assert bet.value is None


def test_a_bet_on_a_plain_number_has_no_unit() -> None:
    bet = widgets.bet("How many voices?", unit="", high=20)
    ask(bet, "place", value=7)

    assert str(bet) == "7"


def test_a_static_page_has_the_question_and_never_the_bet(bet: Widget) -> None:
    before = bet._repr_mimebundle_()
    bet.set_state({"value": 60})
    after = bet._repr_mimebundle_()

    assert before is not None
    assert after is not None
    assert before[0]["text/plain"] == f"Place your bet: {QUESTION}"
    assert before[0]["image/png"] == after[0]["image/png"]
    assert before[0]["text/plain"] == after[0]["text/plain"]
    assert before[1]["image/png"]["alt"] == f"Place your bet: {QUESTION}"


def test_a_slider_without_length_is_an_error() -> None:
    with pytest.raises(ParameterError, match="low=5, high=5: low must be below high"):
        widgets.bet("?", low=5, high=5)
