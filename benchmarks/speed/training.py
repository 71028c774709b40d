"""Training: an epoch of the original network beside PyTorch and Keras, and memory where features are on disk.

In the first table, each way trains the same layers on the same 2240 utterances of TESS, in batches of 64, with as many
threads as it takes by itself; one epoch each, in turns, none while another computes. PyTorch is in an environment and
a process of its own. The first epoch of each, in which it is compiled, stands beside the others and is not among them.

In the second, each figure is of a process of its own that trains one epoch of a small LSTM on frames over time.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.footprint import markdown
from benchmarks.memory import peak
from benchmarks.speed.elsewhere import running
from benchmarks.speed.scale import alone
from benchmarks.speed.timing import in_turns, ratio
from emotion_lib import corpora, extraction, models, training
from emotion_lib.extraction import Features
from emotion_lib.features import ORIGINAL

UTTERANCES, BATCH_SIZE = 2240, 64
OURS, KERAS, XLA, PYTORCH = "`training.fit`", "Keras' own `fit`", "Keras' own `fit`, XLA", "PyTorch's `nn.LSTM`"

PLACES = (("disk", 1), ("disk", 10), ("memory", 10))
"""Where features are, and how often TESS is listed."""


def table() -> str:
    """Return the table of epochs, and that of memory."""
    return "\n".join([epochs(original_features()), memory()])


def original_features() -> Features:
    """Return what the original network is trained on: four fifths of TESS."""
    features = extraction.extract(corpora.load("tess"), "mean_mfcc", settings=ORIGINAL, progress=False)
    return features[np.random.default_rng(0).permutation(len(features))[:UTTERANCES]]


def epochs(features: Features) -> str:
    """Return the table of epochs of each way."""
    ours = models.mean_mfcc_lstm(n_emotions=len(set(features.emotion)))
    keras, xla = (keras_network(features, jit_compile=each) for each in (False, True))
    given, options = arrays(features), {"batch_size": BATCH_SIZE, "verbose": 0}
    with pytorch(features) as epoch_of_pytorch:
        ways: dict[str, Callable[[], object]] = {
            OURS: lambda: training.fit(ours, features, epochs=1, batch_size=BATCH_SIZE, progress=False),
            KERAS: lambda: keras.fit(*given, **options),
            XLA: lambda: xla.fit(*given, **options),
            PYTORCH: epoch_of_pytorch,
        }
        first = {name: seconds(way) for name, way in ways.items()}
        times = in_turns(ways)
    rows = [
        (name, f"{first[name]:.2f} s", f"{each.median:.2f} s", f"{ratio(times, name, PYTORCH):.2f}")
        for name, each in times.items()
    ]
    return markdown((f"epoch of {len(features)} utterances", "first", "median", "ratio to PyTorch"), rows)


def seconds(way: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def keras_network(features: Features, *, jit_compile: bool) -> Any:
    """Return the same layers as a user of Keras writes them."""
    keras = models.import_keras()
    layers = keras.layers
    first = [keras.Input((features.X.shape[1], 1)), layers.LSTM(256), layers.Dropout(0.5)]
    hidden = [each for units in (128, 64, 32) for each in (layers.Dense(units, "relu"), layers.Dropout(0.5))]
    network = keras.Sequential([*first, *hidden, layers.Dense(len(set(features.emotion)), "softmax")])
    loss = "sparse_categorical_crossentropy"
    network.compile(optimizer="adam", loss=loss, metrics=["accuracy"], jit_compile=jit_compile)
    return network


def arrays(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return what other libraries take: averages one by one, and the numbers of the emotions."""
    return features.X[..., None], np.unique(features.emotion, return_inverse=True)[1].astype(np.int64)


@contextmanager
def pytorch(features: Features) -> Iterator[Callable[[], object]]:
    """Start PyTorch, and give what trains its network for an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        X, targets = arrays(features)
        np.savez(path, X=X, targets=targets)
        with running("pytorch", str(path), str(BATCH_SIZE)) as ask:
            yield partial(ask, "epoch")


def memory() -> str:
    """Return the table of memory."""
    rows = []
    for place, copies in PLACES:
        taken, mb = alone(one_epoch, place, copies)
        rows.append((f"{copies}x ({2800 * copies} utterances)", place, f"{taken:.0f} s", f"{mb:.0f} MB"))
    return markdown(("an epoch on `mfcc` of TESS", "features in", "seconds", "peak memory"), rows)


def one_epoch(place: str, copies: int) -> tuple[float, float]:
    """Return the seconds of an epoch, and the megabytes of this process, with features on disk or in memory."""
    corpus = corpora.load("tess")
    with tempfile.TemporaryDirectory() as folder:
        recordings = chain.from_iterable(repeat(corpus["path"], copies))
        stored = extraction.extract_to(folder, recordings, "mfcc", progress=False).joined(corpus)
        features: Any = stored if place == "disk" else stored.load()
        network = models.frame_lstm(units=16)
        fitted = training.fit(network, features, epochs=1, progress=False)
        return fitted.seconds, peak()
