"""Training on features on disk: the same weights as in memory, and never more than some batches read at once."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora, models, training
from emotion_lib.extraction import Features, StoredFeatures, extract_to
from emotion_lib.features import FeatureSettings
from emotion_lib.training import Schedule

pytest.importorskip("zarr", reason="Zarr is not installed; get it with `pip install 'emotion_lib[zarr]'`")

SETTINGS = FeatureSettings(sr=16000, n_fft=640, hop_length=640, n_mels=16, n_mfcc=5, top_db=None)
SCHEDULE = Schedule(per_corpus=28, n_frames=16, cosine_decay=True, ema_momentum=0.5)
NETWORKS = {
    "mean_mfcc": (lambda: models.mean_mfcc_lstm(5, normalise=True, seed=1), training.PLAIN),
    "mfcc": (lambda: models.frame_lstm(5, units=4, seed=1), training.PLAIN),
    "log_mel": (lambda: models.frame_cnn(16, channels=(2, 2, 2, 2), seed=1), SCHEDULE),
}
"""For each feature a network, and what it is shown."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module", params=NETWORKS)
def stored(request: pytest.FixtureRequest, folder: Path) -> StoredFeatures:
    """Every fourth utterance of the demo corpus, and its labels, on disk."""
    table = corpora.load("demo").iloc[::4]
    name = request.param
    found = extract_to(folder / name, table["path"], name, settings=SETTINGS, progress=False)
    return found.joined(table)


def fitted(features: Features | StoredFeatures, **options: object) -> training.FittedNetwork:
    network, schedule = NETWORKS[features.feature]
    chosen = {"epochs": 2, "batch_size": 12, "seed": 1, "schedule": schedule, "progress": False} | options
    return training.fit(network(), features, **chosen)  # type: ignore[arg-type,no-untyped-call]


def test_training_from_disk_gives_the_weights_of_training_in_memory(stored: StoredFeatures) -> None:
    from_disk, in_memory = fitted(stored, observe=stored[::3]), fitted(stored.load(), observe=stored.load()[::3])
    for one, other in zip(from_disk.model.get_weights(), in_memory.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    pd.testing.assert_frame_equal(from_disk.history, in_memory.history)
    np.testing.assert_array_equal(from_disk.predict_proba(stored), in_memory.predict_proba(stored.load()))


def test_a_run_goes_on_from_its_checkpoint_wherever_its_features_are(stored: StoredFeatures, tmp_path: Path) -> None:
    whole = replace(
        NETWORKS[stored.feature][1], cosine_decay=False
    )  # so that an epoch does not depend on how many there are
    fitted(stored.load(), epochs=1, schedule=whole, checkpoint=tmp_path / "run.npz")
    resumed = fitted(stored, schedule=whole, checkpoint=shutil.copy(tmp_path / "run.npz", tmp_path / "copy.npz"))
    assert resumed.history["epoch"].tolist() == [1, 2]
    for one, other in zip(resumed.model.get_weights(), fitted(stored, schedule=whole).model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_only_what_a_batch_needs_is_read(stored: StoredFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    load = StoredFeatures.load

    def counted(features: StoredFeatures) -> Features:
        read.append(len(features))
        return load(features)

    monkeypatch.setattr(StoredFeatures, "load", counted)
    fitted(stored, epochs=1, schedule=training.PLAIN)
    normalised = [len(stored)] if stored.feature != "log_mel" else []
    assert read == normalised + [12] * 3 + [6]
