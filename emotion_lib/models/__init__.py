"""Build the networks in Keras, and export them to ONNX, which runs without Keras.

The functions import Keras on first use, since that takes seconds, and hide the lines that TensorFlow writes to the
terminal.
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
