"""The table of training: each way trains what it says, whatever the times are."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.speed import elsewhere, training
from emotion_lib import models
from emotion_lib.extraction import Features
from emotion_lib.features import ORIGINAL

STANDS_FOR_PYTORCH = """
import sys
import numpy as np
arrays = np.load(sys.argv[1])
for line in sys.stdin:
    print(line.strip(), len(arrays["X"]), arrays["targets"].max(), flush=True)
"""


@pytest.fixture
def features() -> Features:
    """Averages of 80 utterances of two emotions."""
    X = np.random.default_rng(0).standard_normal((80, 40)).astype(np.float32)
    table = pd.DataFrame({"emotion": ["happy", "sad"] * 40})
    return Features(X, np.ones(80, dtype=np.int32), table, "mean_mfcc", ORIGINAL)


def test_keras_own_layers_are_those_of_the_library(features: Features) -> None:
    ours = models.mean_mfcc_lstm(n_emotions=2)
    theirs = training.keras_network(features, jit_compile=False)
    assert [type(each).__name__ for each in ours.layers] == [type(each).__name__ for each in theirs.layers]
    assert [each.shape for each in ours.weights] == [each.shape for each in theirs.weights]


def test_other_libraries_get_one_number_a_step_and_the_numbers_of_emotions(features: Features) -> None:
    X, targets = training.arrays(features)
    assert X.shape == (80, 40, 1)
    assert targets.tolist() == [0, 1] * 40


def test_pytorch_is_told_what_to_train_and_answers_each_epoch(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pytorch.py").write_text(STANDS_FOR_PYTORCH)
    monkeypatch.setattr(elsewhere, "HERE", tmp_path)
    monkeypatch.setattr(elsewhere, "python_with", lambda _: Path(sys.executable))
    with training.pytorch(features) as epoch:
        assert [epoch(), epoch()] == ["epoch 80 1"] * 2
