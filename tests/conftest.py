"""What tests share: the real TESS where it is, and small synthetic recordings where it is not."""

import os
import warnings
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import settings

from emotion_lib import corpora
from emotion_lib.errors import CorpusError, CorpusWarning

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

WriteWav = Callable[..., Path]

TESS_RATE = 24_414
WORDS = ("bridge", "cloud", "lamp")
"""None of them is a word of TESS, so that a folder of them is a folder of one's own and not a part of TESS."""

EMOTION_CODES = ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")
FOLDERS = {
    "OAF_fear": "OAF_Fear",
    "OAF_sad": "OAF_Sad",
    "OAF_ps": "OAF_Pleasant_surprise",
    "YAF_ps": "YAF_pleasant_surprised",
}
"""Folders of TESS that are not called speaker_emotion."""

MISSPELT, FAST, AIFF = "OAF_bridge_neutral", "OAF_cloud_fear", "YAF_lamp_angry"
"""The recordings of `tess_folder` that are odd as some of TESS are."""


@pytest.fixture(autouse=True)
def _loopback_without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no proxy of the machine come between a test and its server on loopback."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@cache
def real_corpus(name: str) -> pd.DataFrame:
    """Return the table of a real corpus, or skip with the reason; in CI, where the corpus has to be there, fail."""
    try:
        with warnings.catch_warnings(action="ignore", category=CorpusWarning):  # a part of RAVDESS, as in CI, is enough
            return corpora.load(name)
    except CorpusError as error:
        reason = f"the corpus {name} is not here ({error})"
        if os.environ.get("EMOTION_LIB_REQUIRE_CORPORA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def tess() -> pd.DataFrame:
    """The corpus table of the real TESS, or a skip that says how to get it (a failure in CI)."""
    return real_corpus("tess").copy()


@pytest.fixture
def emodb() -> pd.DataFrame:
    """The corpus table of the real EMO-DB, or a skip that says how to get it (a failure in CI)."""
    return real_corpus("emodb").copy()


@pytest.fixture
def ravdess() -> pd.DataFrame:
    """The corpus table of what there is of the real RAVDESS, or a skip that says how to get it (a failure in CI)."""
    return real_corpus("ravdess").copy()


@pytest.fixture
def crema_d() -> pd.DataFrame:
    """The corpus table of what there is of the real CREMA-D, or a skip that says how to get it (a failure in CI)."""
    return real_corpus("crema-d").copy()


@pytest.fixture
def nemo() -> pd.DataFrame:
    """The corpus table of what there is of the real nEMO, or a skip that says how to get it (a failure in CI)."""
    return real_corpus("nemo").copy()


def tone(seconds: float = 0.25, sr: int = TESS_RATE, *, frequency: float = 220.0, seed: int = 0) -> np.ndarray:
    """Return a tone with a little noise of its own, so that no two are identical."""
    t = np.arange(round(seconds * sr)) / sr
    noise = np.random.default_rng(seed).normal(size=len(t))
    return (0.2 * np.sin(2 * np.pi * frequency * t) + 0.01 * noise).astype(np.float32)


@pytest.fixture
def write_wav(tmp_path: Path) -> WriteWav:
    """Write a recording below `tmp_path`: `write_wav(name, y, sr, format="WAV")` returns its path."""

    def write(name: str = "tone.wav", y: np.ndarray | None = None, sr: int = TESS_RATE, *, format: str = "WAV") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, tone(sr=sr) if y is None else y, sr, format=format, subtype="PCM_16")
        return path

    return write


@pytest.fixture
def tess_folder(tmp_path: Path, write_wav: WriteWav) -> Path:
    """A folder shaped as TESS is: 2 speakers, 7 emotions, 3 words, in 14 folders, with TESS's oddities."""
    for seed, (speaker, word, code) in enumerate(product(("OAF", "YAF"), WORDS, EMOTION_CODES)):
        name = f"{speaker}_{word}_{code}"
        sr = 96_000 if name == FAST else TESS_RATE
        folder = FOLDERS.get(f"{speaker}_{code}", f"{speaker}_{code}")
        stem = name.replace("OAF", "OA") if name == MISSPELT else name
        pitch = (150.0 if speaker == "OAF" else 250.0) + 20 * EMOTION_CODES.index(code)
        y = tone(0.25 + 0.01 * seed, sr, frequency=pitch, seed=seed)
        write_wav(f"tess_folder/{folder}/{stem}.wav", y, sr, format="AIFF" if name == AIFF else "WAV")
    return tmp_path / "tess_folder"
