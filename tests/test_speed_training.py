"""The table of training: each way trains what it says, whatever the times are."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from benchmarks.footprint import python_of
from benchmarks.speed import training
from emotion_lib import models
from emotion_lib.extraction import Features
from emotion_lib.features import ORIGINAL

STANDS_FOR_PYTORCH = """
import sys
import numpy as np
arrays = np.load(sys.argv[1])
for line in sys.stdin:
    print(len(arrays["X"]), arrays["targets"].max(), flush=True)
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
    monkeypatch.setattr(training, "with_pytorch", lambda: Path(sys.executable))
    monkeypatch.setattr(training, "SCRIPT", tmp_path / "pytorch.py")
    with training.pytorch(features) as epoch:
        assert [epoch(), epoch()] == [(80.0, 1.0)] * 2


def test_a_pytorch_that_does_not_start_is_no_epoch(features: Features, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "with_pytorch", lambda: Path(sys.executable))
    monkeypatch.setattr(training, "SCRIPT", Path("nowhere.py"))
    with training.pytorch(features) as epoch, pytest.raises((ValueError, BrokenPipeError)):
        epoch()


def test_an_environment_that_has_pytorch_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Mock()
    monkeypatch.setattr(training, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(training, "environment", made)
    training.with_pytorch()
    made.assert_called_once_with(tmp_path, "--requirement", str(training.REQUIREMENTS))
    python_of(tmp_path).parent.mkdir()
    python_of(tmp_path).touch()
    runs = Mock(side_effect=[subprocess.CompletedProcess((), code) for code in (1, 0)])
    monkeypatch.setattr(subprocess, "run", runs)
    assert training.with_pytorch() == made.return_value
    assert training.with_pytorch() == python_of(tmp_path)
    assert made.call_count == 2
