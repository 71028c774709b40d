"""What tests of extraction share: a cache of their own, and recordings of noise with small features."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib.features import FeatureSettings

RATE = 16000
SMALL = FeatureSettings(sr=RATE, n_fft=256, hop_length=128, n_mels=20, n_mfcc=5)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write_noise(path: Path, *, seed: int, n_samples: int = 2000) -> None:
    sf.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, n_samples), RATE)


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Six recordings of noise, each longer than the one before it."""
    ids = [f"noise_{k}" for k in range(6)]
    paths = [tmp_path / f"{name}.wav" for name in ids]
    for k, path in enumerate(paths):
        write_noise(path, seed=k, n_samples=1000 * (k + 1))
    return pd.DataFrame({"id": ids, "path": paths, "emotion": ["angry", "sad", "happy"] * 2})
