"""Networks: the original to the layer, and silence on the way in."""

import subprocess
import sys

import numpy as np

from emotion_lib import models


def test_the_original_network_has_its_nine_layers_and_307655_parameters() -> None:
    network = models.mean_mfcc_lstm()
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["LSTM", "Dropout", "Dense", "Dropout", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert [layer.count_params() for layer in network.layers if layer.count_params()] == [
        264_192,
        32_896,
        8_256,
        2_080,
        231,
    ]
    assert network.count_params() == 307_655
    assert all(layer.rate == 0.5 for layer in network.layers if hasattr(layer, "rate"))


def test_normalisation_adds_no_parameter_that_is_trained() -> None:
    network = models.mean_mfcc_lstm(normalise=True)
    assert sum(np.prod(weight.shape) for weight in network.trainable_weights) == 307_655


def test_the_seed_decides_the_first_weights() -> None:
    first, again, other = (models.frame_lstm(4, units=3, seed=seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_outputs_are_probabilities() -> None:
    network = models.frame_lstm(4, n_emotions=3, units=3)
    found = np.asarray(network([np.ones((2, 6, 4), np.float32), np.full((2, 6), 1 / 6, np.float32)]))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_importing_keras_writes_nothing_to_the_terminal() -> None:
    use = "models.mean_mfcc_lstm().predict(np.zeros((1, 40, 1)), verbose=0)"
    code = f"import numpy as np\nfrom emotion_lib import models\n{use}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")
