"""`~` is the home folder in every path that the library takes."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import EmotionRecognizer, audio, corpora, extraction
from emotion_lib.evaluation import entries, experiments

TABLE = pd.DataFrame({"id": ["a"], "path": ["~/sad/a.wav"]})
CALLS: dict[str, Callable[[], object]] = {
    "a recording": lambda: audio.read("~/sad/a.wav"),
    "a folder": lambda: corpora.load("~"),
    "a recording in a list": lambda: corpora.load("~/list.csv")["path"].map(audio.read),
    "a check": lambda: corpora.check("~"),
    "an index": lambda: corpora.make_index("~"),
    "features": lambda: extraction.extract(TABLE, "duration_level"),
    "features on disk": lambda: extraction.extract_to("~/f.zarr", TABLE["path"], "duration_level").read([0]),
    "vectors": lambda: EmotionRecognizer.load().embed(["~/sad/a.wav"]),
    "a recogniser": lambda: EmotionRecognizer.load(EmotionRecognizer.load().save("~/me.emotion")),
    "predictions": lambda: entries.read_csv("~/list.csv"),
    "checkpoints": lambda: experiments.options("~/runs", "a", progress=False)["checkpoint"].relative_to(Path.home()),
}
"""Calls with paths that begin with `~`, each of which fails if it is taken for the name of a folder."""


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_tilde_is_the_home_folder(
    call: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home/sad", "here"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOTION_LIB_CACHE", "~/cache")
    sf.write("../home/sad/a.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 16_000), 16_000)
    Path("../home/list.csv").write_text("path,emotion\n~/sad/a.wav,sad\n")

    call()

    assert os.listdir() == []


def test_a_tilde_before_the_name_of_nobody_is_a_part_of_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved = EmotionRecognizer.load().save("~$me.emotion")
    assert saved.samefile(tmp_path / "~$me.emotion")
    EmotionRecognizer.load("~$me.emotion")
    (tmp_path / "~$corpus" / "sad").mkdir(parents=True)
    sf.write("~$corpus/sad/a.wav", np.zeros(16_000), 16_000)
    assert len(corpora.load("~$corpus")) == 1
