"""Recognise emotion in speech: corpora, features, honest splits, networks, and what they are worth.

`EmotionRecognizer` answers for anybody's recording. The rooms of the library are imported when they are first used, so
that `import emotion_lib` costs nothing.

Examples
--------
>>> import emotion_lib
>>> emotion_lib.emotions.EMOTIONS[0]
'angry'
"""

from importlib import import_module, util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emotion_lib.recognizer import EmotionRecognizer as EmotionRecognizer


def __getattr__(name: str) -> Any:
    """Return the version, the recogniser, or a room of the library, imported on first use (PEP 562)."""
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if name == "EmotionRecognizer":
        return import_module(f"{__name__}.recognizer").EmotionRecognizer
    if name.startswith("_") or util.find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
