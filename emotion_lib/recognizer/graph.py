"""Read the ONNX form of a network without running it, and refuse all but what the library's own networks have.

The ONNX format is Protocol Buffers (https://protobuf.dev/programming-guides/encoding); this module reads it itself, so
that loading a recogniser needs no further package. Each kind of message has a short list of fields that are allowed:
subgraphs (loops and branches), functions, references to other files and sparse tensors are not among them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from emotion_lib.errors import ModelFileError

LIST = "operators.txt"
"""File beside this module with the operators of the library's networks; `python -m benchmarks.operators` writes it."""

MOST_FIELDS, MOST_NODES = 2**17, 2**12
"""Limits on the fields of all messages and on the nodes of a network; one of five convolutional networks has 12 000
fields and 500 nodes, and each takes microseconds to check."""

_VERSIONS = range(13, 16)
"""Versions of the operators for which the rules in `rehearsal` are written; the exporter writes 15."""

_FIELDS: dict[str, dict[int, str]] = {
    "model": {1: "ir_version", 2: "", 3: "", 4: "", 5: "", 6: "", 7: "graph", 8: "opset_import", 14: ""},
    "graph": {1: "node", 2: "", 5: "initializer", 10: "", 11: "input", 12: "output", 13: ""},
    "node": {1: "input", 2: "output", 3: "", 4: "op_type", 5: "attribute", 6: "", 7: "domain"},
    "attribute": {1: "name", 2: "f", 3: "i", 4: "s", 7: "floats", 8: "ints", 9: "strings", 13: "", 20: "type"},
    "tensor": {1: "dims", 2: "data_type", 8: "name", 9: "raw_data"},
    "value": {1: "name", 2: "", 3: ""},
    "opset": {1: "domain", 2: "version"},
}
"""The fields that each kind of message may have, and the names of those that are read, from
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto."""

_SCALARS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 6: np.dtype("<i4"), 7: np.dtype("<i8")}
"""The types of numbers in the library's networks by their number in ONNX."""

# Wire types, the lower three bits of a key: https://protobuf.dev/programming-guides/encoding/#structure
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}

Message = dict[str, list[Any]]
"""The values of each field of a message by the name of the field."""


@dataclass(frozen=True)
class Node:
    """One operation of a network.

    Attributes
    ----------
    operator : str
        Its name in ONNX.
    inputs, outputs : tuple of str
        The names of its arrays; an optional one that is not given is empty.
    attributes : dict
        Its parameters: a number, bytes, or a list of numbers.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """The operations of a network, in order.

    Attributes
    ----------
    inputs, outputs : tuple of str
        The names of the arrays that it takes and returns.
    constants : dict of str to ndarray
        Its weights and other constants.
    nodes : tuple of Node
        The operations.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: dict[str, np.ndarray]
    nodes: tuple[Node, ...]


@cache
def operators() -> frozenset[str]:
    """Return the names of the operators that a network may have.

    Returns
    -------
    frozenset of str
    """
    return frozenset((resources.files("emotion_lib.recognizer") / LIST).read_text("utf-8").split())


def read_graph(onnx: bytes) -> Graph:
    """Read a network, and refuse parts that the library's networks never have.

    Parameters
    ----------
    onnx : bytes
        The network as ONNX.

    Returns
    -------
    Graph

    Raises
    ------
    ModelFileError
        If the network has an operator, a kind of field, a type of number or a version that the library's networks
        never have, is too large, or cannot be read.
    """
    try:
        return _Reader(onnx).graph()
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError("its network cannot be read") from error


class _Reader:
    """Reader of the messages of one network, which counts their fields."""

    def __init__(self, onnx: bytes) -> None:
        self._onnx = memoryview(onnx)
        self._left = MOST_FIELDS

    def graph(self) -> Graph:
        model = self._message("model", self._onnx)
        for each in model["opset_import"]:
            opset = self._message("opset", each)
            version = _one(opset, "version")
            if not _text(opset, "domain") and version not in _VERSIONS:
                raise ModelFileError(f"its network is of version {version} of ONNX; must be 13 to 15")
        parts = self._message("graph", _one(model, "graph"))
        if len(parts["node"]) > MOST_NODES:
            raise ModelFileError(f"its network has {len(parts['node'])} operations; must be at most {MOST_NODES}")
        constants = dict(map(self._constant, parts["initializer"]))
        if len(constants) < len(parts["initializer"]):
            raise ValueError("a constant twice")
        inputs, outputs = (
            [_text(self._message("value", each), "name") for each in parts[name]] for name in ("input", "output")
        )
        nodes = tuple(map(self._node, parts["node"]))
        return Graph(tuple(each for each in inputs if each not in constants), tuple(outputs), constants, nodes)

    def _node(self, message: memoryview) -> Node:
        parts = self._message("node", message)
        operator = _text(parts, "op_type")
        if operator not in operators() or _text(parts, "domain"):
            raise ModelFileError(f"its network has the operator {operator[:40]!r}, which the library never writes")
        attributes = dict(map(self._attribute, parts["attribute"]))
        if len(attributes) < len(parts["attribute"]):
            raise ValueError("a parameter twice")
        inputs, outputs = (tuple(bytes(each).decode() for each in parts[side]) for side in ("input", "output"))
        return Node(operator, inputs, outputs, attributes)

    def _attribute(self, message: memoryview) -> tuple[str, Any]:
        parts = self._message("attribute", message)
        values = [name for name in ("f", "i", "s", "floats", "ints", "strings") if parts[name]]
        if not values:
            return _text(parts, "name"), 0  # which ONNX leaves out
        (kind,) = values
        if kind in {"i", "ints"}:
            numbers = _integers(parts[kind])
            return _text(parts, "name"), numbers if kind == "ints" else numbers[0]
        return _text(parts, "name"), _one(parts, kind) if kind in {"f", "s"} else parts[kind]

    def _constant(self, message: memoryview) -> tuple[str, np.ndarray]:
        parts = self._message("tensor", message)
        dtype = _SCALARS[_one(parts, "data_type")]
        shape, data = _integers(parts["dims"]), _one(parts, "raw_data") if parts["raw_data"] else b""
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
            raise ValueError("a constant of another size than it claims")
        return _text(parts, "name"), np.frombuffer(data, dtype).reshape(shape)

    def _message(self, kind: str, message: memoryview) -> Message:
        """Return the values of a message, of which only the allowed fields may be there."""
        known = _FIELDS[kind]
        found: Message = {name: [] for name in known.values()}
        for number, value in _fields(message):
            self._left -= 1
            if self._left < 0:
                raise ModelFileError(f"its network has more than {MOST_FIELDS} parts")
            if number not in known:
                part = f"field {number} of its {kind}"
                raise ModelFileError(f"its network has a part that the library's networks never have ({part})")
            found[known[number]].append(value)
        return found


def _one(message: Message, name: str) -> Any:
    (value,) = message[name]  # a second one would be merged with the first, or replace it
    return value


def _text(message: Message, name: str) -> str:
    return bytes(_one(message, name)).decode() if message[name] else ""


def _integers(values: list[Any]) -> list[int]:
    """Return the numbers of a repeated field, which may be packed: one after the other, as bytes."""
    numbers = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            numbers.append(number)
            if len(numbers) > MOST_FIELDS:
                raise ValueError("too many numbers")
    return [number - 2**64 if number >= 2**63 else number for number in numbers]  # two's complement


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and the value of each field of a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: int | memoryview = 0
        if key & 7 == _VARINT:
            value, at = _varint(message, at)
        elif key & 7 == _BYTES:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        elif key & 7 in _FIXED:
            at += _FIXED[key & 7]
        else:
            raise ValueError("unknown wire type")
        if at > len(message):
            raise ValueError("truncated field")
        yield key >> 3, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a variable-length integer and the position after it; each byte holds seven of its bits, lowest first."""
    number = 0
    for place in range(_LONGEST_VARINT):  # without a limit, megabytes of one integer would take days
        byte = message[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("integer too long")
