"""Networks: the original to the layer, padding that nobody hears, the same without Keras, and silence on the way in."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from emotion_lib import models
from emotion_lib.features import frame_weights
from emotion_lib.recognizer.heads import Network


def test_the_original_network_has_its_nine_layers_and_307655_parameters() -> None:
    network = models.mean_mfcc_lstm()
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["LSTM", "Dropout", "Dense", "Dropout", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    n_parameters = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert n_parameters == [264_192, 32_896, 8_256, 2_080, 231]
    assert network.count_params() == 307_655
    assert all(layer.rate == 0.5 for layer in network.layers if hasattr(layer, "rate"))


def test_normalisation_adds_no_parameter_that_is_trained() -> None:
    network = models.mean_mfcc_lstm(normalise=True)
    assert sum(np.prod(weight.shape) for weight in network.trainable_weights) == 307_655


def test_the_seed_decides_the_first_weights() -> None:
    first, again, other = (models.frame_lstm(4, units=3, seed=seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_importing_keras_writes_nothing_to_the_terminal() -> None:
    use = "models.mean_mfcc_lstm().predict(np.zeros((1, 40, 1)), verbose=0)"
    code = f"import numpy as np\nfrom emotion_lib import models\n{use}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")


def test_the_network_for_any_voice_has_263744_parameters() -> None:
    assert models.frame_cnn().count_params() == 263_744


def random_weights(model: Any, *, seed: int = 0) -> Any:
    """Return the network with weights, means and variances drawn, as if it had been trained."""
    rng = np.random.default_rng(seed)
    drawn = [np.abs(rng.normal(1, 0.3, each.shape)) * (each + (each == 0) * 0.1) for each in model.get_weights()]
    model.set_weights(drawn)
    return model


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    """The networks by name, with weights that nothing leaves as they began."""
    return {
        "frame_cnn": random_weights(models.frame_cnn(seed=1)),
        "frame_lstm": random_weights(models.frame_lstm(units=16, seed=1)),
        "mean_mfcc_lstm": random_weights(models.mean_mfcc_lstm(normalise=True, seed=1)),
    }


@pytest.fixture(scope="module")
def exported(networks: dict[str, Any]) -> dict[str, Network]:
    """The same networks without Keras."""
    return {name: Network(models.to_onnx(model)) for name, model in networks.items()}


FRAMES = {"frame_cnn": 64, "frame_lstm": 40}
LENGTHS = np.array([8, 24, 61, 64])


def spectra(n_features: int) -> np.ndarray:
    """Return four utterances of 8 to 64 frames, padded with zeros, in decibels."""
    X = np.random.default_rng(0).normal(-40, 15, (4, 64, n_features)).astype(np.float32)
    X[np.arange(64) >= LENGTHS[:, None]] = 0
    return X


def heard(model: Any, X: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return what a network of Keras hears in frames."""
    return np.asarray(model.predict([X, frame_weights(lengths, X.shape[1])], verbose=0))


@pytest.mark.parametrize("name", FRAMES)
def test_an_utterance_gives_the_same_probabilities_alone_and_padded_among_longer_ones(
    name: str, networks: dict[str, Any]
) -> None:
    X = spectra(FRAMES[name])
    together = heard(networks[name], X, LENGTHS)
    assert np.ptp(together, axis=0).max() > 1e-3
    for row, length in enumerate(LENGTHS):
        alone = heard(networks[name], X[row : row + 1, :length], LENGTHS[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_what_padding_holds_is_not_heard(networks: dict[str, Any]) -> None:
    X = spectra(64)
    noisy = np.where((np.arange(64) < LENGTHS[:, None])[..., None], X, np.float32(99))
    np.testing.assert_allclose(
        heard(networks["frame_cnn"], noisy, LENGTHS), heard(networks["frame_cnn"], X, LENGTHS), atol=1e-5
    )


def test_the_level_of_a_recording_is_not_heard(networks: dict[str, Any]) -> None:
    X = spectra(64)
    np.testing.assert_allclose(
        heard(networks["frame_cnn"], X + 20, LENGTHS), heard(networks["frame_cnn"], X, LENGTHS), atol=1e-3
    )


@pytest.mark.parametrize("name", FRAMES)
def test_without_keras_frames_give_the_same_probabilities_alone_and_in_a_batch(
    name: str, networks: dict[str, Any], exported: dict[str, Network]
) -> None:
    X = spectra(FRAMES[name])
    together = exported[name].probabilities(X, LENGTHS)
    np.testing.assert_allclose(together, heard(networks[name], X, LENGTHS), atol=1e-4)
    for row, length in enumerate(LENGTHS):
        alone = exported[name].probabilities(X[row : row + 1, :length])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-4)


def test_without_keras_averages_give_the_same_probabilities_alone_and_in_a_batch(
    networks: dict[str, Any], exported: dict[str, Network]
) -> None:
    X = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    together = exported["mean_mfcc_lstm"].probabilities(X)
    np.testing.assert_allclose(together, networks["mean_mfcc_lstm"].predict(X[..., None], verbose=0), atol=1e-4)
    for row in range(5):
        alone = exported["mean_mfcc_lstm"].probabilities(X[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-4)


@pytest.mark.parametrize("name", ["frame_lstm", "mean_mfcc_lstm"])
def test_an_lstm_is_exported_as_the_operator_of_onnx(name: str, networks: dict[str, Any]) -> None:
    import onnx

    operators = [node.op_type for node in onnx.load_from_string(models.to_onnx(networks[name])).graph.node]
    assert operators.count("LSTM") == 1
    assert not {"If", "Loop", "Scan"} & set(operators)


@pytest.mark.parametrize("name", ["frame_cnn", "mean_mfcc_lstm"])
def test_a_network_is_exported_in_silence(
    name: str, networks: dict[str, Any], capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    models.to_onnx(networks[name])
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []


def test_without_the_exporter_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match="tf2onnx"):
        models.to_onnx(models.frame_cnn(16, channels=(2, 2, 2, 2)))
