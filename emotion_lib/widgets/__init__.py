"""What can be heard and touched in a notebook; each widget is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import extra

if TYPE_CHECKING:
    from emotion_lib.widgets.comparing import compare
    from emotion_lib.widgets.enrolling import get_used_to
    from emotion_lib.widgets.mistaking import mistakes
    from emotion_lib.widgets.playing import player
    from emotion_lib.widgets.speaking import own_voice
    from emotion_lib.widgets.streaming import live

_HOMES = {
    "compare": "comparing",
    "get_used_to": "enrolling",
    "live": "streaming",
    "mistakes": "mistaking",
    "own_voice": "speaking",
    "player": "playing",
}

__all__ = ["compare", "get_used_to", "live", "mistakes", "own_voice", "player"]


def __getattr__(name: str) -> Any:
    """Import the module of a widget on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extra("notebooks"):
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
