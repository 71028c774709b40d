"""What can be heard and touched in a notebook; each widget is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import extra

if TYPE_CHECKING:
    from emotion_lib.widgets.playing import player

_HOMES = {"player": "playing"}

__all__ = ["player"]


def __getattr__(name: str) -> Any:
    """Import the module of a widget on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extra("notebooks"):
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
