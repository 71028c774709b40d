"""Import Keras without the lines that TensorFlow writes to stderr."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emotion_lib.errors import extra


def import_keras() -> Any:
    """Import Keras with the TensorFlow backend, and hide the lines that TensorFlow writes as it starts.

    Returns
    -------
    module
        `keras`.

    Raises
    ------
    MissingExtraError
        If TensorFlow is not installed.

    Notebook: 03_model
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silent_stderr():  # contextlib.redirect_stderr does not catch the output of compiled code
        with extra("train"):
            import keras
            import tensorflow as tf
        tf.zeros(1)  # the first tensor starts TensorFlow's runtime, which also writes to stderr
        tf.get_logger().setLevel("ERROR")
    return keras


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard everything written to file descriptor 2 inside the block, even by compiled code."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
