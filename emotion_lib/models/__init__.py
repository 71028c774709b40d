"""The networks: how each is built, and its form without Keras.

Keras is imported inside the functions, silently, since it takes seconds and writes to the terminal.
"""

from emotion_lib.models.keras_import import import_keras
from emotion_lib.models.networks import (
    STANDARDISE,
    STATISTICS,
    average_networks,
    frame_cnn,
    frame_lstm,
    mean_mfcc_lstm,
    to_onnx,
)

__all__ = [
    "STANDARDISE",
    "STATISTICS",
    "average_networks",
    "frame_cnn",
    "frame_lstm",
    "import_keras",
    "mean_mfcc_lstm",
    "to_onnx",
]
