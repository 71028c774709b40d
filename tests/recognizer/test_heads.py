"""The last step of a recogniser: a network or a weighted sum gives probabilities, and anything else is refused."""

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from scipy.special import softmax

from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer.heads import LinearHead, Network
from tests.recognizer.conftest import linear

# Networks


def test_features_of_another_size_are_refused(networks: Mapping[str, bytes]) -> None:
    with pytest.raises(ModelFileError, match="its network does not take features of shape 50 x 63"):
        Network(networks["frame_cnn"]).probabilities(np.zeros((1, 50, 63), np.float32))
    with pytest.raises(ModelFileError, match="its network does not take features of shape 41 x 1"):
        Network(networks["mean_mfcc_lstm"]).probabilities(np.zeros((1, 41), np.float32))


def test_a_network_with_other_inputs_or_outputs_is_refused() -> None:
    with_more_inputs, with_more_outputs = linear(), linear()
    for name in ("w", "y", "z"):
        with_more_inputs.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]))
    with_more_outputs.graph.output.append(onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, None))

    for network in (with_more_inputs, with_more_outputs):
        with pytest.raises(ModelFileError, match=r"its network has \d inputs and \d outputs"):
            Network(network.SerializeToString())


def test_a_network_that_cannot_be_read_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    network = linear().SerializeToString().replace(b"MatMul", b"Mat\xfful")

    with pytest.raises(ModelFileError, match="its network cannot be read"):
        Network(network)
    assert capfd.readouterr() == ("", "")


# Weighted sums

COEFFICIENTS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
INTERCEPT = np.array([0.5, 0, -1], np.float32)


def test_probabilities_are_the_softmax_of_the_weighted_sums() -> None:
    X = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    found = LinearHead(COEFFICIENTS, INTERCEPT).probabilities(X)

    np.testing.assert_allclose(found, softmax(X @ COEFFICIENTS + INTERCEPT, axis=1), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_scores_of_any_size_give_finite_probabilities() -> None:
    found = LinearHead(COEFFICIENTS, INTERCEPT).probabilities(np.full((1, 5), 1e30, np.float32))

    assert sorted(found[0]) == [0, 0, 1]


def test_an_utterance_gets_the_same_probabilities_alone_and_among_others() -> None:
    X = np.random.default_rng(1).normal(size=(50, 5)).astype(np.float32)
    head = LinearHead(COEFFICIENTS, INTERCEPT)

    np.testing.assert_allclose(head.probabilities(X[7:8])[0], head.probabilities(X)[7], rtol=1e-12)


def test_a_head_comes_back_from_its_arrays() -> None:
    head = LinearHead.from_arrays(LinearHead(COEFFICIENTS, INTERCEPT).arrays())

    np.testing.assert_array_equal(head.coefficients, COEFFICIENTS)
    np.testing.assert_array_equal(head.intercept, INTERCEPT)


@pytest.mark.parametrize(
    ("coefficients", "intercept", "sentence"),
    [
        (COEFFICIENTS, INTERCEPT[:2], r"arrays of shape \(5, 3\) and \(2,\), which do not fit together"),
        (COEFFICIENTS[0], INTERCEPT, r"arrays of shape \(3,\) and \(3,\), which do not fit together"),
        (COEFFICIENTS, INTERCEPT[:, None], r"arrays of shape \(5, 3\) and \(3, 1\), which do not fit together"),
        (np.full_like(COEFFICIENTS, np.nan), INTERCEPT, "must have finite float32 numbers"),
        (COEFFICIENTS, np.full_like(INTERCEPT, np.inf), "must have finite float32 numbers"),
        (COEFFICIENTS.astype(np.float64), INTERCEPT, "must have finite float32 numbers"),
    ],
)
def test_arrays_that_are_no_head_are_refused(coefficients: np.ndarray, intercept: np.ndarray, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        LinearHead(coefficients, intercept)


@pytest.mark.parametrize("names", [["coefficients"], ["coefficients", "intercept", "scale"], []], ids=str)
def test_arrays_that_are_missing_or_unknown_are_refused(names: list[str]) -> None:
    with pytest.raises(ModelFileError, match=r"its head has the arrays \[.*\]; must be coefficients and intercept"):
        LinearHead.from_arrays(dict.fromkeys(names, INTERCEPT))


@pytest.mark.parametrize(("shape", "said"), [((2, 4), "4"), ((2, 7, 5), "7 x 5")], ids=["fewer", "frames"])
def test_another_number_of_features_is_refused(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ModelFileError, match=f"its head takes 5 features, not {said}$"):
        LinearHead(COEFFICIENTS, INTERCEPT).probabilities(np.zeros(shape, np.float32))
