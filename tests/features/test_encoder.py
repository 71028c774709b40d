"""The speech encoder: its input is librosa's, its layers match NumPy's, and its file is what the command writes."""

from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import librosa
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from scipy.special import erf, softmax

from benchmarks import speech_encoder
from emotion_lib import audio, corpora
from emotion_lib.audio.speech import without_hum
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import encoder, encoder_log_mel, encoder_states, encoder_statistics

SR = encoder.ENCODER_SR


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """A recording of the demo corpus at 16 kHz."""
    return audio.read(corpora.load("demo")["path"].iloc[0], sr=SR)[0]


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(SR).astype(np.float32)


# The input


@pytest.mark.parametrize("name", ["speech", "noise"])
def test_the_input_equals_librosa(name: str, request: pytest.FixtureRequest) -> None:
    y = request.getfixturevalue(name)
    np.testing.assert_allclose(encoder_log_mel(y, SR), librosa_log_mel(y), atol=1e-4)


def librosa_log_mel(y: np.ndarray) -> np.ndarray:
    """Return the input of the encoder, computed by librosa."""
    y = y - y.mean(dtype=np.float64)
    y = (0.05 / np.sqrt(np.mean(y**2)) * y).astype(np.float32)
    bands = librosa.feature.melspectrogram(y=y, sr=SR, n_fft=400, hop_length=160, n_mels=80, pad_mode="reflect")
    exponents = np.log10(np.maximum(bands.T, 1e-10))
    return (np.maximum(exponents, exponents.max() - 8) + 4) / 4


@pytest.mark.parametrize("gain", [1e-4, 0.1, 3.0])
@pytest.mark.parametrize("offset", [0.0, -0.01, 0.2])
def test_neither_level_nor_offset_changes_anything(speech: np.ndarray, gain: float, offset: float) -> None:
    changed = (gain * (speech + offset)).astype(np.float32)
    np.testing.assert_allclose(encoder_statistics(changed, SR), encoder_statistics(speech, SR), atol=2e-3)


def test_a_constant_waveform_is_silence() -> None:
    np.testing.assert_allclose(encoder_log_mel(np.full(SR, 0.3), SR), -1.5, rtol=1e-6)


# The states


@pytest.mark.parametrize(("n_samples", "n_states"), [(1600, 6), (16_000, 51), (32_000, 101), (240_000, 751)])
def test_there_are_50_states_a_second_and_one(n_samples: int, n_states: int) -> None:
    y = np.random.default_rng(0).standard_normal(n_samples)
    assert encoder_states(y, SR).shape == (3, n_states, 512)


def test_the_statistics_are_mean_and_deviation_of_each_layer(speech: np.ndarray) -> None:
    states, statistics = encoder_states(without_hum(speech, SR), SR), encoder_statistics(speech, SR)
    assert statistics.dtype == np.float32
    np.testing.assert_allclose(statistics[1024:1536], states[1].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(statistics[1536:2048], states[1].std(axis=0), atol=1e-6)


def test_a_long_recording_is_described_from_all_its_parts(speech: np.ndarray) -> None:
    long = np.tile(speech, 1 + 31 * SR // len(speech))
    parts = [encoder_states(part, SR) for part in np.array_split(without_hum(long, SR), 3)]
    states = np.concatenate(parts, axis=1)
    expected = np.stack([states.mean(axis=1), states.std(axis=1)], axis=1).ravel()
    np.testing.assert_allclose(encoder_statistics(long, SR), expected, atol=1e-4)


def test_hum_changes_the_statistics_less_than_half_as_much_as_playing_backwards(speech: np.ndarray) -> None:
    hum = 0.03 * np.abs(speech).max() * np.sin(2 * np.pi * 50 * np.arange(len(speech)) / SR)
    clean, hummed, backwards = (
        encoder_statistics(y.astype(np.float32), SR) for y in (speech, speech + hum + 0.01, speech[::-1])
    )
    assert np.abs(hummed - clean).mean() < 0.5 * np.abs(backwards - clean).mean()


def test_the_same_waveform_gives_the_same_states_on_any_thread(speech: np.ndarray) -> None:
    expected = encoder_states(speech, SR)
    with ThreadPoolExecutor(4) as pool:
        for states in pool.map(lambda _: encoder_states(speech, SR), range(8)):
            np.testing.assert_array_equal(states, expected)


@settings(max_examples=20)
@given(seconds=st.floats(0.1, 1.0), exponent=st.integers(-30, 0), seed=st.integers(0, 100))
def test_any_waveform_gives_finite_statistics(seconds: float, exponent: int, seed: int) -> None:
    y = np.random.default_rng(seed).uniform(-1, 1, round(seconds * SR)) * 10.0**exponent
    assert np.isfinite(encoder_statistics(y, SR)).all()


@pytest.mark.parametrize(
    ("y", "sr", "sentence"),
    [
        (np.ones(1500), SR, r"must have 0\.1 to 15\.0 s for the encoder"),
        (np.ones(240_200), SR, r"must have 0\.1 to 15\.0 s for the encoder"),
        (np.ones((2, SR)), SR, "must have one dimension"),
        (np.ones(SR), 22_050, "sr=22050: must be 16000 for the encoder"),
    ],
)
def test_a_waveform_that_the_encoder_cannot_take_is_refused(y: np.ndarray, sr: int, sentence: str) -> None:
    with pytest.raises((AudioError, ParameterError), match=sentence):
        encoder_states(y, sr)


# The file in the package


@pytest.fixture(scope="module")
def packaged() -> bytes:
    """The encoder in the package."""
    return (resources.files("emotion_lib") / "pretrained" / encoder.ENCODER).read_bytes()


@pytest.fixture(scope="module")
def stored(packaged: bytes) -> dict[str, np.ndarray]:
    """Its weights: whole numbers, a scale for each output, and a bias."""
    arrays = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(packaged).graph.initializer}
    return {name: array for name, array in arrays.items() if name == "positions" or "/" in name}


def test_the_encoder_holds_what_the_command_takes_out_of_the_model(
    packaged: bytes, stored: dict[str, np.ndarray]
) -> None:
    assert speech_encoder.digest(stored) == speech_encoder.STORED_SHA256
    assert speech_encoder.to_onnx(stored) == packaged


def test_the_encoder_is_small_and_of_standard_operators(packaged: bytes) -> None:
    model = onnx.load_from_string(packaged)

    assert len(packaged) < 11_500_000
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 20)]
    assert {node.domain for node in model.graph.node} == {""}


@pytest.mark.parametrize("disabled", ["0", "1"])
def test_the_states_do_not_depend_on_how_the_session_treats_int8(
    packaged: bytes, speech: np.ndarray, disabled: str
) -> None:
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", disabled)
    session = onnxruntime.InferenceSession(packaged, options, providers=["CPUExecutionProvider"])
    found = session.run(None, {"log_mel": encoder_log_mel(speech, SR)})[0]
    np.testing.assert_array_equal(found, encoder_states(speech, SR))


def test_the_states_equal_those_of_a_plain_implementation(stored: dict[str, np.ndarray], speech: np.ndarray) -> None:
    expected = plain_states(encoder_log_mel(speech, SR), stored)
    np.testing.assert_allclose(encoder_states(speech, SR), expected, atol=1e-3)


def plain_states(x: np.ndarray, stored: dict[str, np.ndarray]) -> np.ndarray:
    """Return the states of each layer, computed step by step in NumPy."""

    def weight(name: str) -> np.ndarray:
        return stored[f"{name}/steps"] * stored[f"{name}/scale"].astype(float)

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ weight(name) + stored[f"{name}/bias"]

    def normalised(x: np.ndarray, name: str) -> np.ndarray:
        scaled = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * stored[f"{name}/gamma"] + stored[f"{name}/beta"]

    for name, stride in (("conv1", 1), ("conv2", 2)):
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (0, 0))), 3, axis=0)[::stride]
        x = gelu(np.einsum("tik,oik->to", windows, weight(name)) + stored[f"{name}/bias"])
    x = x + stored["positions"][: len(x)]
    states = []
    for layer in range(speech_encoder.LAYERS):
        inside = f"layer_{layer}/self_attention"
        asked = np.split(linear(normalised(x, inside), f"{inside}/linear_0"), 3, axis=1)
        heads = zip(*(np.split(part, part.shape[1] // speech_encoder.HEAD, axis=1) for part in asked), strict=True)
        found = [softmax(query @ key.T, axis=1) @ value for query, key, value in heads]
        x = x + linear(np.concatenate(found, axis=1), f"{inside}/linear_1")
        inside = f"layer_{layer}/ffn"
        x = x + linear(gelu(linear(normalised(x, inside), f"{inside}/linear_0")), f"{inside}/linear_1")
        states.append(x)
    return np.stack(states)


def gelu(x: np.ndarray) -> np.ndarray:
    """Return the Gaussian error linear unit."""
    return x * (1 + erf(x / np.sqrt(2))) / 2
