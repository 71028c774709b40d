"""What a network may have, and what it may take: everything else is refused before it runs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from benchmarks import operators
from benchmarks.strangers import model, nan_after, node
from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer import graph, rehearsal
from emotion_lib.recognizer.graph import read_graph
from emotion_lib.recognizer.heads import Network
from tests.recognizer.conftest import SR, of_frames


def test_the_list_has_the_operators_of_every_network_and_no_others() -> None:
    assert operators.LIST.read_text("utf-8").split() == operators.operators()


def test_every_operator_of_the_list_has_a_rule_and_no_other_has() -> None:
    assert graph.operators() == rehearsal.RULES.keys()


@pytest.mark.parametrize("name", ["frame_cnn", "frame_lstm", "mean_mfcc_lstm"])
@pytest.mark.parametrize("n_frames", [1, 7, 8, 101])
def test_shapes_are_followed_as_onnx_runtime_computes_them(
    networks: Mapping[str, bytes], name: str, n_frames: int
) -> None:
    read = read_graph(networks[name])
    features = (n_frames, 64 if name == "frame_cnn" else 40)
    shapes = [(2, 40, 1)] if len(read.inputs) == 1 else [(2, *features), (2, n_frames)]
    given = dict(zip(read.inputs, shapes, strict=True))
    held = {each: rehearsal._followed(value) for each, value in read.constants.items()}
    held |= {each: rehearsal._array(shape) for each, shape in given.items()}
    for operation in read.nodes:
        held |= rehearsal._outputs(operation, held, read.constants)[0]

    for each, array in every_array(networks[name], given).items():
        assert held[each].shape == array.shape
        if array.dtype.kind == "i":
            np.testing.assert_array_equal(held[each], array)


def every_array(network: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return all arrays that ONNX Runtime computes, by name."""
    opened = onnx.load_from_string(network)
    names = [name for each in opened.graph.node for name in each.output if name]
    del opened.graph.output[:]
    for name in names:
        opened.graph.output.add().name = name
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(opened.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    return dict(zip(names, session.run(names, given), strict=True))


def test_a_network_of_few_operators_is_accepted() -> None:
    assert of_frames(model().SerializeToString()).predict_proba(np.zeros(16_000), sr=16_000).sum() == pytest.approx(1)


RELUS = [node("Relu", "frames", out=f"x{n}") for n in range(4097)]


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (model(node("Tile", "frames", "all", out="x")), "operator 'Tile', which the library never writes"),
        (model(node("Relu", "frames", out="x", domain="own")), "operator 'Relu', which the library never writes"),
        (model(node("Relu", "frames", out="x", body=model().graph)), r"never have \(field 6 of its attribute\)"),
        (model(functions=[onnx.FunctionProto(name="f")]), r"never have \(field 25 of its model\)"),
        (model(*RELUS), "has 4101 operations; must be at most 4096"),
        (onnx.ModelProto(opset_import=[helper.make_opsetid("", 9)]), "is of version 9 of ONNX; must be 13 to 15"),
        (model(node("Relu", "frames", out="x", more=range(2**18))), "has more than 131072 parts"),
    ],
)
def test_another_part_than_the_library_writes_is_named(network: Any, sentence: str) -> None:
    with pytest.raises(ModelFileError, match=f"its network .*{sentence}"):
        read_graph(network.SerializeToString())


def test_a_network_of_millions_of_fields_is_refused() -> None:
    with pytest.raises(ModelFileError, match="has more than 131072 parts"):
        read_graph(b"\x08\x01" * 2**18)


SQUARE = {"square": np.array([4000, 4000]), "huge": np.array([2**31]), "one": np.array([1])}
MORE = "its network needs more memory or time than those of this library"
NOT_TAKEN = "its network does not take features of shape 1515 x 64"


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([node("Expand", "zero", "huge", out="x")], MORE),
        ([node("Expand", "zero", "square", out="y"), *(node("MatMul", "y", "y", out=f"x{n}") for n in range(9))], MORE),
        ([*(node("Expand", "zero", "square", out=f"x{n}") for n in range(4)),
          node("Concat", "x0", "x1", "x2", "x3", out="x", axis=0)], MORE),
        ([node("Cast", "frames", out="n", to=7), node("Expand", "zero", "n", out="x")], NOT_TAKEN),
        ([node("Shape", "frames", out="n"), node("Cast", "n", out="x", to=1)], NOT_TAKEN),
        ([node("Shape", "frames", out="n"), node("Gather", "square", "n", out="x")], NOT_TAKEN),
        ([node("Relu", "frames", out="x"), node("Tanh", "frames", out="x")], NOT_TAKEN),
        ([node("Relu", "no such", out="x")], NOT_TAKEN),
    ],
)  # fmt: skip
def test_a_network_that_would_take_the_memory_or_hours_is_refused(steps: list[Any], sentence: str) -> None:
    with pytest.raises(ModelFileError, match=sentence):
        of_frames(model(*steps, constants=SQUARE).SerializeToString())


def test_a_network_is_rehearsed_for_every_length_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = [node("Unsqueeze", "weights", "first", out="a"), node("Unsqueeze", "weights", "third", out="b")]
    network = Network(model(*sides, node("Mul", "a", "b", out="x")).SerializeToString())
    monkeypatch.setattr(rehearsal, "MOST_NUMBERS", 10**6)

    assert network.probabilities(np.zeros((1, 500, 64), np.float32)).shape == (1, 7)
    with pytest.raises(ModelFileError, match="needs more memory"):
        network.probabilities(np.zeros((1, 2000, 64), np.float32))


@pytest.mark.parametrize("use", ["predict", "segments", "stream"])
def test_a_network_that_fails_on_a_longer_recording_gives_an_error_and_no_emotion(speech: np.ndarray, use: str) -> None:
    recognizer = of_frames(nan_after(120).SerializeToString())
    uses: dict[str, Callable[[], object]] = {
        "predict": lambda: recognizer.predict(speech, SR),
        "segments": lambda: list(recognizer.segments(speech, SR)),
        "stream": lambda: list(recognizer.stream([speech], SR)),
    }
    with pytest.raises(ModelFileError, match="its network gives numbers that are not probabilities"):
        uses[use]()
