"""Follow the shapes of all arrays through a network before it runs, so that it cannot take the memory or hours.

Each operator has a rule for the shape of its output. Arrays are stood in for by views of a single number, which take no
memory; only shapes that the network computes itself are followed with their values. A shape may depend on the shape of
the recording, but never on its sound.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer.graph import Graph, Node

MOST_NUMBERS = 2**26
"""Limit on the numbers in all arrays that a network holds at a time: 256 MB. The pretrained one of five convolutional
networks that the library can train holds a tenth for 15 seconds."""

MOST_WORK = 2**35
"""Limit on the multiplications for one answer; about a second. Five convolutional networks need a tenth for 15
seconds."""

_A_NUMBER = 16
"""Multiplications that take as long as computing one number of an array in another way, at most."""

_MOST_KNOWN = 64
"""Limit on the length of a constant of whole numbers, and of a shape."""

_MOST_AXES = 8

Attributes = Mapping[str, Any]
Arrays = Sequence[Any]
Rule = Callable[[Arrays, Attributes], Any]


def rehearse(graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a network that would take too much memory or time for inputs of these shapes.

    Parameters
    ----------
    graph : Graph
        The network.
    shapes : mapping of str to tuple of int
        The shape of each input.

    Raises
    ------
    ModelFileError
        If the network would hold more than `MOST_NUMBERS` at a time, needs more than `MOST_WORK` multiplications, or
        the shapes of its arrays cannot be followed.
    """
    try:
        held: dict[str, Any] = {name: _followed(value) for name, value in graph.constants.items()}
        held |= {name: _array(shape) for name, shape in shapes.items()}
        last = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs}
        last |= dict.fromkeys([*graph.outputs, *graph.constants], len(graph.nodes))
        numbers, work = sum(each.size for each in held.values()), 0
        for number, node in enumerate(graph.nodes):
            made, cost = _outputs(node, held, graph.constants)
            work += cost
            numbers += sum(each.size for each in made.values())
            if numbers > MOST_NUMBERS or work > MOST_WORK:
                raise ModelFileError("its network needs more memory or time than those of this library")
            held |= made
            for name in {*node.inputs, *made}:
                if name and last.get(name, -1) <= number:
                    numbers -= held.pop(name).size
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        shape = " x ".join(map(str, next(iter(shapes.values()))[1:]))
        raise ModelFileError(f"its network does not take features of shape {shape}") from error


def _outputs(node: Node, held: Mapping[str, Any], constants: Mapping[str, np.ndarray]) -> tuple[dict[str, Any], int]:
    """Return the outputs of a node by name, and its work."""
    if any(name in held for name in node.outputs):
        raise ValueError("an array is computed twice")
    given = [held[name] if name else None for name in node.inputs]
    # With a computed parameter, the size of an array could depend on the length of the recording in any way.
    if any(name and name not in constants for name in node.inputs[1:]) and node.operator in _CONSTANT_PARAMETERS:
        raise ValueError(f"a parameter of {node.operator} is not constant")
    made = RULES[node.operator](given, node.attributes)
    arrays = made if isinstance(made, tuple) else (made,)
    if len(node.outputs) > len(arrays):
        raise ValueError("more outputs than are known")
    size = sum(each.size for each in arrays)
    return {name: each for name, each in zip(node.outputs, arrays, strict=False) if name}, _work(node, given, size)


def _work(node: Node, given: Arrays, size: int) -> int:
    """Return the number of multiplications of a node whose outputs have `size` numbers."""
    if node.operator == "MatMul":
        return int(size * given[0].shape[-1])
    if node.operator == "Conv":
        return int(size * math.prod(given[1].shape[1:]))
    if node.operator == "LSTM":
        return int(math.prod(given[0].shape[:2]) * (given[1].size + given[2].size))
    if node.operator == "MaxPool":
        return int(size * math.prod(node.attributes["kernel_shape"]) * _A_NUMBER)
    return int(_A_NUMBER * (size + sum(each.size for each in given if each is not None)))


def _followed(constant: np.ndarray) -> Any:
    """Return a constant with its values if it can be a shape."""
    if constant.dtype.kind != "i":
        return _array(constant.shape)
    if constant.size > _MOST_KNOWN:
        raise ValueError("a long list of whole numbers")
    return constant


def _array(shape: Iterable[int]) -> Any:
    """Return an array whose values are not known, as a view of a single number."""
    sizes = tuple(int(size) for size in shape)
    if len(sizes) > _MOST_AXES or min(sizes, default=0) < 0:
        raise ValueError("no shape of an array")
    if math.prod(sizes) > MOST_NUMBERS:
        raise ModelFileError("its network needs more memory or time than those of this library")
    return np.broadcast_to(np.float32(0), sizes)


def _is_known(array: Any) -> bool:
    return bool(array.dtype.kind == "i")


def _values(array: Any) -> list[int]:
    if not _is_known(array) or array.ndim > 1:
        raise ValueError("a shape that depends on the sound")
    return [int(value) for value in array.ravel()]


def _same(x: Arrays, _: Attributes) -> Any:
    return _array(x[0].shape)


def _together(x: Arrays, _: Attributes) -> Any:
    return _array(np.broadcast_shapes(*(each.shape for each in x)))


def _cast(x: Arrays, a: Attributes) -> Any:
    if not _is_known(x[0]):
        return _array(x[0].shape)
    # As a number, the length of a recording could make the answer "not a number" for some lengths only.
    return x[0].astype({6: np.int32, 7: np.int64}[a["to"]])


def _transpose(x: Arrays, a: Attributes) -> Any:
    return x[0].transpose(a.get("perm"))


def _shape(x: Arrays, a: Attributes) -> Any:
    if a:
        raise ValueError("a part of a shape")
    return np.array(x[0].shape, dtype=np.int64)


def _slice(x: Arrays, _: Attributes) -> Any:
    starts, ends, *more = map(_values, x[1:])
    axes = more[0] if more else range(len(starts))
    steps = more[1] if len(more) > 1 else [1] * len(starts)
    index = [slice(None)] * x[0].ndim
    for axis, *limits in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(*limits)
    return x[0][tuple(index)]


def _concat(x: Arrays, a: Attributes) -> Any:
    if sum(each.size for each in x) <= _MOST_KNOWN and all(map(_is_known, x)):
        return np.concatenate(x, axis=a["axis"])
    shape = list(x[0].shape)
    shape[a["axis"]] = sum(each.shape[a["axis"]] for each in x)
    return _array(shape)


def _expand(x: Arrays, _: Attributes) -> Any:
    return _array(np.broadcast_shapes(x[0].shape, tuple(_values(x[1]))))


def _unsqueeze(x: Arrays, _: Attributes) -> Any:
    return np.expand_dims(x[0], tuple(_values(x[1])))


def _squeeze(x: Arrays, _: Attributes) -> Any:
    return np.squeeze(x[0], tuple(_values(x[1]))) if len(x) > 1 else np.squeeze(x[0])


def _reshape(x: Arrays, a: Attributes) -> Any:
    if a.get("allowzero"):
        raise ValueError("a shape with another meaning of 0")
    shape = [x[0].shape[axis] if size == 0 else size for axis, size in enumerate(_values(x[1]))]
    if -1 in shape:
        shape[shape.index(-1)] = x[0].size // math.prod(size for size in shape if size != -1)
    return x[0].reshape(shape) if _is_known(x[0]) else _array(shape)


def _gather(x: Arrays, a: Attributes) -> Any:
    if _is_known(x[0]):
        return x[0].take(x[1], axis=a.get("axis", 0))
    axis = range(x[0].ndim)[a.get("axis", 0)]
    return _array([*x[0].shape[:axis], *x[1].shape, *x[0].shape[axis + 1 :]])


def _pad(x: Arrays, _: Attributes) -> Any:
    pads = _values(x[1])
    before, after = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    return _array(map(sum, zip(x[0].shape, before, after, strict=True)))


def _reduce(x: Arrays, a: Attributes) -> Any:
    axes = {range(x[0].ndim)[axis] for axis in _values(x[1])}
    if a.get("keepdims", 1):
        return _array(1 if axis in axes else size for axis, size in enumerate(x[0].shape))
    return _array(size for axis, size in enumerate(x[0].shape) if axis not in axes)


def _matmul(x: Arrays, _: Attributes) -> Any:
    *first, rows, _inner = x[0].shape
    *second, _inner, columns = x[1].shape
    return _array([*np.broadcast_shapes(tuple(first), tuple(second)), rows, columns])


def _conv(x: Arrays, a: Attributes) -> Any:
    if x[0].ndim > 4:
        raise ValueError("a convolution over volumes, for which ONNX Runtime holds every window")
    return _array([x[0].shape[0], x[1].shape[0], *_windows(x[0].shape[2:], x[1].shape[2:], a)])


def _max_pool(x: Arrays, a: Attributes) -> Any:
    return _array([*x[0].shape[:2], *_windows(x[0].shape[2:], a["kernel_shape"], a)])


def _windows(sizes: Sequence[int], kernel: Sequence[int], a: Attributes) -> list[int]:
    """Return the number of places along each axis at which a kernel is laid."""
    ones, zeros = [1] * len(sizes), [0] * 2 * len(sizes)
    strides, dilations, pads = a.get("strides", ones), a.get("dilations", ones), a.get("pads", zeros)
    if a.get("auto_pad", b"")[:4] == b"SAME":
        return [-(-size // stride) for size, stride in zip(sizes, strides, strict=True)]
    before, after = pads[: len(sizes)], pads[len(sizes) :]
    padded = map(sum, zip(sizes, before, after, strict=True))
    return [
        max(0, (size - (length - 1) * dilation - 1) // stride + 1 + a.get("ceil_mode", 0))
        for size, length, dilation, stride in zip(padded, kernel, dilations, strides, strict=True)
    ]


def _lstm(x: Arrays, a: Attributes) -> Any:
    if a.get("layout"):
        raise ValueError("an LSTM with another order of axes")
    (steps, batch, _inner), (directions, _gates, units) = x[0].shape, x[2].shape
    _array([4 * directions, steps, batch, units])  # the gates, which an LSTM holds while it runs
    state = _array([directions, batch, units])
    return _array([steps, directions, batch, units]), state, state


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Log", "LogSoftmax", "Relu", "Softmax", "Sqrt", "Tanh"), _same),
    **dict.fromkeys(("Add", "Div", "Greater", "Max", "Mul", "Sub"), _together),
    "Cast": _cast,
    "Concat": _concat,
    "Conv": _conv,
    "Expand": _expand,
    "Gather": _gather,
    "LSTM": _lstm,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Pad": _pad,
    "ReduceSum": _reduce,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
"""The rule for the shape of the output of each operator."""

_CONSTANT_PARAMETERS = {"Gather", "Pad", "ReduceSum", "Slice", "Squeeze", "Unsqueeze"}
"""The operators whose inputs after the first are parameters, which must be constants."""
