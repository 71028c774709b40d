"""A network in a form that needs no Keras."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from emotion_lib.errors import extra
from emotion_lib.models.starting import silent_descriptor_2


def to_onnx(model: Any) -> bytes:
    """Write a network in ONNX's form, which runs without Keras.

    Parameters
    ----------
    model : keras.Model
        From this module.

    Returns
    -------
    bytes

    Raises
    ------
    MissingExtraError
        If tf2onnx is not installed.
    """
    with TemporaryDirectory() as folder, silent_descriptor_2(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In the future `np.object`", category=FutureWarning)
        _call_once(model)
        with extra("train"):
            import tf2onnx  # noqa: F401 (Keras asks for it later, and less clearly)
        path = Path(folder) / "network.onnx"
        model.export(path, format="onnx", verbose=False)
        return path.read_bytes()


def _call_once(model: Any) -> None:
    """Let the network hear nothing for a moment; one that was never called cannot be exported."""
    shapes = [[1, *(size or 16 for size in each.shape[1:])] for each in model.inputs]
    given = [np.ones(shape, np.float32) for shape in shapes]
    model.predict(given if len(given) > 1 else given[0], verbose=0)
