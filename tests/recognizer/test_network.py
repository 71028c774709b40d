"""The network without what trained it: padding changes nothing, and what does not fit is refused."""

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer.network import Network
from tests.recognizer.conftest import linear

SIZES = {"frame_cnn": 64, "frame_lstm": 40}


def frames(n_frames: int, n_features: int, *, seed: int = 0) -> np.ndarray:
    """Return features that stand for an utterance."""
    return np.random.default_rng(seed).normal(size=(n_frames, n_features)).astype(np.float32)


@pytest.mark.parametrize("name", SIZES)
def test_a_network_over_frames_gives_a_probability_of_each_emotion(networks: Mapping[str, bytes], name: str) -> None:
    network = Network(networks[name])
    given = network.probabilities(frames(50, SIZES[name])[None])

    assert network.takes_frames
    assert given.shape == (1, 7)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


def test_a_network_for_vectors_gives_a_probability_of_each_emotion(networks: Mapping[str, bytes]) -> None:
    network = Network(networks["mean_mfcc_lstm"])
    given = network.probabilities(frames(3, 40))

    assert not network.takes_frames
    assert given.shape == (3, 7)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", SIZES)
@given(n_frames=st.integers(1, 40), padding=st.integers(0, 40))
def test_padding_changes_nothing(networks: Mapping[str, bytes], name: str, n_frames: int, padding: int) -> None:
    network = Network(networks[name])
    X = frames(n_frames, SIZES[name], seed=n_frames)[None]
    padded = np.pad(X, ((0, 0), (0, padding), (0, 0)), constant_values=9)

    alone = network.probabilities(X)
    np.testing.assert_allclose(network.probabilities(padded, np.array([n_frames])), alone, atol=1e-6)


def test_features_of_another_size_are_refused(networks: Mapping[str, bytes]) -> None:
    with pytest.raises(ModelFileError, match="its network does not take features of shape 50 x 63"):
        Network(networks["frame_cnn"]).probabilities(frames(50, 63)[None])
    with pytest.raises(ModelFileError, match="its network does not take features of shape 41 x 1"):
        Network(networks["mean_mfcc_lstm"]).probabilities(frames(1, 41))


def test_a_network_with_other_inputs_or_outputs_is_refused() -> None:
    with_more_inputs, with_more_outputs = linear(), linear()
    for name in ("w", "y", "z"):
        with_more_inputs.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]))
    with_more_outputs.graph.output.append(onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, None))

    for network in (with_more_inputs, with_more_outputs):
        with pytest.raises(ModelFileError, match="takes or gives something else than a recogniser's does"):
            Network(network.SerializeToString())


def test_a_network_that_cannot_be_read_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    network = linear().SerializeToString().replace(b"MatMul", b"Mat\xfful")

    with pytest.raises(ModelFileError, match="its network cannot be read"):
        Network(network)
    assert capfd.readouterr() == ("", "")
