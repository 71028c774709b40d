"""What a network says frame by frame is what it says of the recording cut off there."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.by_frame import by_frame
from emotion_lib import models
from emotion_lib.emotions import EMOTIONS
from emotion_lib.extraction import Features
from emotion_lib.features import DEFAULT
from emotion_lib.training import FittedNetwork


@pytest.fixture(scope="module")
def network() -> FittedNetwork:
    """A network that has not been trained."""
    return FittedNetwork(models.frame_lstm(units=4), EMOTIONS, "mfcc", DEFAULT, pd.DataFrame())


def utterance(n_frames: int) -> Features:
    """Return the first frames of one utterance, padded with two more."""
    X = np.random.default_rng(0).normal(size=(1, 5, 40)).astype(np.float32)[:, :n_frames]
    table = pd.DataFrame({"id": ["OAF_back_sad"]})
    return Features(np.pad(X, [(0, 0), (0, 2), (0, 0)]), np.array([n_frames], np.int32), table, "mfcc", DEFAULT)


def test_each_row_is_what_the_network_says_of_the_recording_cut_off_there(network: FittedNetwork) -> None:
    table = by_frame(network, utterance(5))

    assert list(table) == ["id", "time", *EMOTIONS]
    assert table["time"].tolist() == [0, 0.023, 0.046, 0.07, 0.093]
    for number in range(5):
        cut_off = network.predict_proba(utterance(number + 1))[0]
        np.testing.assert_allclose(table.loc[number, list(EMOTIONS)].astype(float), cut_off, rtol=1e-4)
