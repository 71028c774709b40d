"""Import Keras without the lines that TensorFlow writes to stderr."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emotion_lib.errors import extra


def import_keras() -> Any:
    """Import Keras with TensorFlow behind it, without the lines that TensorFlow writes as it starts.

    Returns
    -------
    module
        `keras`, ready for use.

    Raises
    ------
    MissingExtraError
        If TensorFlow is not installed.

    Notebook: 03_model
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silent_stderr():
        with extra("train"):
            import keras
            import tensorflow as tf
        tf.zeros(1)
        tf.get_logger().setLevel("ERROR")
    return keras


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Send to nowhere what compiled code writes to file descriptor 2, as long as the block runs."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
