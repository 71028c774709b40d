"""What tests of the command share: how it is run, and a recogniser that is made in no time."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from onnx import numpy_helper

from emotion_lib import corpora
from emotion_lib.cli import main
from emotion_lib.emotions import EMOTIONS
from emotion_lib.features import FeatureSettings
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.calibration import Calibration
from tests.recognizer.conftest import linear

SETTINGS = FeatureSettings(sr=16000)
RUN = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from emotion_lib.cli import main; "
"""A Python program that hears Ctrl-C even where whoever started the tests ignores it."""


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run the command in this process, and let nothing but its own errors pass."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, prog_name="emotion-lib")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def start(*arguments: str | Path, before: str = "", **options: Any) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own."""
    command = [sys.executable, "-c", f"{RUN}{before}main()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def toy(n_emotions: int = 7, **options: Any) -> EmotionRecognizer:
    """Return a recogniser of averages with weights out of a hat."""
    weights = np.random.default_rng(0).normal(scale=0.02, size=(SETTINGS.n_mfcc, n_emotions)).astype(np.float32)
    network = linear(n_outputs=n_emotions, weight=numpy_helper.from_array(weights, "weight"))
    return EmotionRecognizer(
        network.SerializeToString(),
        emotions=EMOTIONS[:n_emotions],
        feature="mean_mfcc",
        settings=SETTINGS,
        **{"calibration": Calibration(threshold=0.9), **options},
    )


@pytest.fixture(scope="session")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a recogniser."""
    return toy().save(tmp_path_factory.mktemp("recognizers") / "toy.emotion")


@pytest.fixture(scope="session")
def speech() -> list[Path]:
    """Some recordings of speech."""
    return [Path(path) for path in corpora.load("demo")["path"][:5]]


@pytest.fixture(scope="session")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording without a sound, which is answered fast."""
    path = tmp_path_factory.mktemp("recordings") / "silence.wav"
    sf.write(path, np.zeros(800), 16000)
    return path


def fields(lines: str) -> Iterable[list[str]]:
    """Yield the fields of each line."""
    yield from (line.split("\t") for line in lines.splitlines())
