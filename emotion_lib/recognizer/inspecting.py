"""Look into the bytes of a network before it runs: all of it must be in these bytes, and it must come to an end.

ONNX lets a network keep its weights in other files, which ONNX Runtime would read from the disk of whoever loads it,
and it has loops. A recogniser's network has neither. The form is read as Protocol Buffers write it
(https://protobuf.dev/programming-guides/encoding), since this needs no package that could be missing.
"""

from collections.abc import Iterator

from emotion_lib.errors import ModelFileError

_PARTS = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "loop", 10: "tensor", 11: "loop", 22: "sparse tensor", 23: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "tensor": {13: "other file"},
}
"""Which field of which message holds what (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)."""

_DATA_LOCATION = 14
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}


def check(onnx: bytes) -> None:
    """Refuse a network that is not whole in itself, or that could run for ever.

    Parameters
    ----------
    onnx : bytes
        The network, in ONNX's form.

    Raises
    ------
    ModelFileError
        If it refers to another file, has a loop or a branch, or cannot be read.
    """
    try:
        _check("model", memoryview(onnx))
    except (IndexError, ValueError) as error:
        raise ModelFileError("its network cannot be read") from error


def _check(kind: str, message: memoryview) -> None:
    """Raise a `ModelFileError` for what a message, or one in it, must not hold."""
    for number, value in _fields(message):
        part = _PARTS[kind].get(number)
        if part == "other file" or (kind == "tensor" and number == _DATA_LOCATION and value != 0):
            raise ModelFileError("its network would read another file")
        if part == "loop":
            raise ModelFileError("its network has a loop or a branch")
        if part is not None and isinstance(value, memoryview):
            _check(part, value)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a message."""
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
            raise ValueError("no such kind of field")
        if at > len(message):
            raise ValueError("a field that is cut short")
        yield key >> 3, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return a number, of which each byte holds seven bits, and where it ends."""
    number = shift = 0
    while message[at] & 0x80:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | message[at] << shift, at + 1
