"""Widgets with sound and pictures for notebooks; each is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import extra

if TYPE_CHECKING:
    from emotion_lib.widgets.adaptation import get_used_to
    from emotion_lib.widgets.base import instead
    from emotion_lib.widgets.bets import bet
    from emotion_lib.widgets.comparison import compare
    from emotion_lib.widgets.confusion import mistakes
    from emotion_lib.widgets.fetching import fetch
    from emotion_lib.widgets.listening import listening_test
    from emotion_lib.widgets.playback import player
    from emotion_lib.widgets.recorder import own_voice
    from emotion_lib.widgets.stream import live
    from emotion_lib.widgets.timelines import timeline

_HOMES = {
    "bet": "bets",
    "compare": "comparison",
    "fetch": "fetching",
    "get_used_to": "adaptation",
    "instead": "base",
    "listening_test": "listening",
    "live": "stream",
    "mistakes": "confusion",
    "own_voice": "recorder",
    "player": "playback",
    "timeline": "timelines",
}

__all__ = [
    "bet",
    "compare",
    "fetch",
    "get_used_to",
    "instead",
    "listening_test",
    "live",
    "mistakes",
    "own_voice",
    "player",
    "timeline",
]


def __getattr__(name: str) -> Any:
    """Import the module of a widget on first use (PEP 562)."""
    # Importing the package must not need anywidget and IPython, which only the extra `notebooks` brings.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extra("notebooks"):
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
