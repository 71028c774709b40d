"""Write the list of the operators that the library's networks have in their ONNX form.

    python -m benchmarks.operators

A recogniser file may have no other operators. Each kind of network is built alone and combined with others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd

import emotion_lib
from emotion_lib import models
from emotion_lib.emotions import EMOTIONS
from emotion_lib.features import FeatureSettings
from emotion_lib.recognizer import graph
from emotion_lib.training.discriminant import Discriminant
from emotion_lib.training.fitted import FittedNetwork, with_statistics

LIST = Path(emotion_lib.__file__).parent / "recognizer" / graph.LIST


def networks() -> Iterator[Any]:
    """Yield every kind of network that the library makes."""
    yield models.mean_mfcc_lstm(13)
    yield models.average_networks([models.mean_mfcc_lstm(normalise=True, seed=seed) for seed in range(2)])
    for build in (lambda seed: models.frame_lstm(units=4, seed=seed), _small_cnn):
        yield build(0)
        yield _with_statistics(models.average_networks([build(seed) for seed in range(2)]))


def _small_cnn(seed: int) -> Any:
    return models.frame_cnn(32, channels=(4, 6, 8, 10), seed=seed)


def _with_statistics(network: Any) -> Any:
    """Return a network combined with a discriminant on voice statistics."""
    settings, history = FeatureSettings(), pd.DataFrame({"epoch": []})
    statistics = Discriminant(EMOTIONS, np.ones((20, 7), np.float32), np.ones(7, np.float32), settings)
    return with_statistics(FittedNetwork(network, EMOTIONS, "log_mel", settings, history), statistics).model


def operators() -> list[str]:
    """Return the operators of all networks in alphabetical order."""
    graphs = (onnx.load_from_string(models.to_onnx(network)).graph for network in networks())
    return sorted({node.op_type for each in graphs for node in each.node})


if __name__ == "__main__":
    LIST.write_text("".join(f"{name}\n" for name in operators()), encoding="utf-8")
