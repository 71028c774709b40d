"""Recognise emotion in speech: load corpora, extract features, split fairly, train networks and evaluate them.

`EmotionRecognizer` predicts the emotion in any recording, and `train` makes one for labels of your own. Subpackages are
imported on first use, so that `import emotion_lib` is fast. Importing the library turns off the telemetry of ONNX
Runtime, unless the environment variable `ORT_DISABLE_TELEMETRY` is already set.

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
    from emotion_lib.evaluation.own_labels import train as train
    from emotion_lib.recognizer import EmotionRecognizer as EmotionRecognizer


# ONNX Runtime reads the variable when it is imported, and writes a device id and a first report at that moment.
# Processes started from here inherit the variable.
if "ORT_DISABLE_TELEMETRY" not in os.environ:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    if "onnxruntime" in sys.modules:  # too late to stop the first report, in time for the later ones
        sys.modules["onnxruntime"].disable_telemetry_events()


def __getattr__(name: str) -> Any:
    """Return the version, the recogniser class, `train` or a subpackage, imported on first use (PEP 562)."""
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if name == "EmotionRecognizer":
        return import_module(f"{__name__}.recognizer").EmotionRecognizer
    if name == "train":
        return import_module(f"{__name__}.evaluation.own_labels").train
    if name.startswith("_") or util.find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
