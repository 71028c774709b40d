"""The networks: how each is built, and its form without Keras.

Keras is imported inside the functions, silently, since it takes seconds and writes to the terminal.
"""

from emotion_lib.models.exporting import to_onnx
from emotion_lib.models.networks import (
    STANDARDISE,
    STATISTICS,
    average,
    frame_cnn,
    frame_lstm,
    mean_mfcc_lstm,
)
from emotion_lib.models.starting import import_keras

__all__ = [
    "STANDARDISE",
    "STATISTICS",
    "average",
    "frame_cnn",
    "frame_lstm",
    "import_keras",
    "mean_mfcc_lstm",
    "to_onnx",
]
