"""Recognise emotion in speech: corpora, features, honest splits, networks, and what they are worth.

`EmotionRecognizer` answers for anybody's recording. The rooms of the library are imported when they are first used, so
that `import emotion_lib` costs nothing. It turns off the telemetry of ONNX Runtime, unless `ORT_DISABLE_TELEMETRY` is
set already.

Examples
--------
>>> import emotion_lib
>>> emotion_lib.emotions.EMOTIONS[0]
'angry'
"""

import os
import sys
from importlib import import_module, util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emotion_lib.recognizer import EmotionRecognizer as EmotionRecognizer


def _turn_off_telemetry() -> None:
    """Keep ONNX Runtime from reporting to its makers, here and in processes that are started from here."""
    if "ORT_DISABLE_TELEMETRY" in os.environ:
        return
    # ONNX Runtime reads the variable when it is imported, and writes a device id and a first report right then.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    if onnxruntime := sys.modules.get("onnxruntime"):
        onnxruntime.disable_telemetry_events()  # too late for that report, but not for later ones


_turn_off_telemetry()


def __getattr__(name: str) -> Any:
    """Return the version, the recogniser, or a room of the library, imported on first use (PEP 562)."""
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if name == "EmotionRecognizer":
        return import_module(f"{__name__}.recognizer").EmotionRecognizer
    if name.startswith("_") or util.find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
