"""Load recogniser files that do harm, and see whether all are refused: the rows of `benchmarks.robustness` about them.

    python -m benchmarks.strangers      print the table and write strangers.csv

Each kind of file is loaded in a process of its own. A file does harm if it is not refused with a ModelFileError, or if
the refusal takes over a second, or over 60 MB more than loading the pretrained recogniser takes.
"""

import io
import json
import multiprocessing
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from benchmarks.memory import peak
from emotion_lib import EmotionRecognizer
from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer.file import DIGESTS, IDS, MANIFEST, NETWORK

TABLE = Path(__file__).parent / "strangers.csv"
SECONDS, MEGABYTES = 1.0, 60.0
PATIENCE = 120.0

Files = Iterator[tuple[str, bytes]]
"""Names and bytes of files."""

SETTINGS = {
    "sr": 16000,
    "offset": 0.0,
    "duration": None,
    "n_fft": 512,
    "hop_length": 160,
    "n_mels": 64,
    "n_mfcc": 40,
    "top_db": None,
    "trim_db": None,
    "trim_speech": False,
}
EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


def packed(members: Mapping[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of some members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            opened.writestr(zipfile.ZipInfo(name), content, method)
    return file.getvalue()


def npy(array: np.ndarray, *, allow_pickle: bool = False) -> bytes:
    """Return an array as the bytes of a `.npy` file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


def manifest(**changed: Any) -> dict[str, Any]:
    """Return the manifest of a recogniser with a network over log-mel frames."""
    calibration = {"temperature": 1.0, "threshold": 0.0}
    plain = {"emotions": EMOTIONS, "feature": "log_mel", "settings": SETTINGS, "calibration": calibration, "about": {}}
    return {"format": 2} | plain | changed


def members(network: bytes, **changed: Any) -> dict[str, bytes]:
    """Return the members of a recogniser file with a network."""
    text, digests = np.array([], dtype=str), np.zeros((0, 8), np.uint8)
    said = json.dumps(manifest(**changed)).encode()
    return {MANIFEST: said, NETWORK: network, IDS: npy(text), DIGESTS: npy(digests)}


@cache
def shipped() -> dict[str, bytes]:
    """Return the members of the pretrained recogniser."""
    file = resources.files("emotion_lib") / "pretrained" / "speech.emotion"
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def model(*nodes: Any, constants: Mapping[str, np.ndarray] | None = None, **more: Any) -> Any:
    """Return a network over frames as an ONNX model, whose last steps add the mean of an array `x` times 0.

    Without `nodes`, it is a network that the library accepts: `x` is then the sum of the frames.
    """
    given = {"uniform": np.full((1, 7), 1 / 7, np.float32), "zero": np.zeros(1, np.float32)}
    axes = {"all": np.array([0, 1, 2]), "first": np.array([0]), "second": np.array([1]), "third": np.array([2])}
    weights = [numpy_helper.from_array(each, name) for name, each in (given | axes | dict(constants or {})).items()]
    steps = list(nodes) or [node("ReduceSum", "frames", "all", out="x")]
    if not any("probabilities" in each.output for each in steps):
        steps += [
            node("Reshape", "x", "flat", out="row"),
            node("ReduceSum", "row", "first", out="sum", keepdims=1),
            node("Mul", "sum", "zero", out="nothing"),
            node("Add", "uniform", "nothing", out="probabilities"),
        ]
        weights.append(numpy_helper.from_array(np.array([-1]), "flat"))
    frames, weight, probabilities = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("frames", [None, None, 64]), ("weights", [None, None]), ("probabilities", [None, 7]))
    )
    graph = helper.make_graph(steps, "graph", [frames, weight], [probabilities], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8, **more)


def node(operator: str, *inputs: str, out: str, **attributes: Any) -> Any:
    """Return an operation with one output."""
    return helper.make_node(operator, inputs, [out], **attributes)


def file_of(network: Any) -> bytes:
    """Return the recogniser file of an ONNX model."""
    return packed(members(network.SerializeToString()))


def other_operators() -> Files:
    """Yield networks with operators that compute arrays out of nothing, loop or branch."""
    huge, one = np.array([2**31]), np.array([2**11] * 3)
    value = numpy_helper.from_array(np.zeros(1, np.float32))
    big = {"huge": huge, "repeats": one, "start": np.array(0), "stop": np.array(2**31), "step": np.array(1)}
    scales = np.array([1, 1e4, 1e4], np.float32)
    body = helper.make_graph([], "body", [], [])
    steps = {
        "ConstantOfShape": [node("ConstantOfShape", "huge", out="x", value=value)],
        "Tile": [node("Tile", "frames", "repeats", out="x")],
        "Range": [node("Range", "start", "stop", "step", out="y"), node("Cast", "y", out="x", to=1)],
        "Resize": [node("Resize", "frames", "", "scales", out="x")],
        "Upsample": [node("Upsample", "frames", "scales", out="x")],
        "OneHot": [node("OneHot", "huge", "stop", "scales", out="x")],
        "RandomUniform": [node("RandomUniform", out="x", shape=[2**31])],
        "EyeLike": [node("EyeLike", "frames", out="x")],
        "NonZero": [node("NonZero", "frames", out="x")],
        "Einsum": [node("Einsum", "frames", "frames", out="x", equation="abc,def->abcdef")],
        "ScatterND": [node("ScatterND", "frames", "huge", "frames", out="x")],
        "SequenceEmpty": [node("SequenceEmpty", out="x")],
        "Constant": [node("Constant", out="x", value=value)],
        "Loop": [node("Loop", "", "", out="x", body=body)],
        "If": [node("If", "zero", out="x", then_branch=body, else_branch=body)],
        "Scan": [node("Scan", "frames", out="x", body=body, num_scan_inputs=1)],
        "of another domain": [node("Relu", "frames", out="x", domain="com.microsoft")],
        "FusedMatMul": [node("FusedMatMul", "frames", "frames", out="x", domain="com.microsoft")],
    }
    for name, nodes in steps.items():
        yield name, file_of(model(*nodes, constants=big | {"scales": scales}))


def growing() -> Files:
    """Yield networks whose arrays grow without a bound, some only with the recording."""
    cube = [node("Shape", "weights", out="shape"), node("Gather", "shape", "second", out="n")]
    cube += [node("Concat", "n", "n", "n", out="many", axis=0), node("Expand", "zero", "many", out="x")]
    yield "Expand with the recording", file_of(model(*cube))
    huge = {"huge": np.array([2**31]), "kernel": np.ones((64, 1, 3), np.float32)}
    yield "Expand", file_of(model(node("Expand", "zero", "huge", out="x"), constants=huge))
    yield "Pad", file_of(model(node("Pad", "zero", "pads", out="x"), constants={"pads": np.array([0, 2**31])}))
    yield "Pad by nothing known", file_of(model(node("Pad", "frames", "none", out="x")))
    doubled = [node("Concat", f"x{n}", f"x{n}", out=f"x{n + 1}", axis=1) for n in range(24)]
    doubled[0].input[:] = ["frames", "frames"]
    yield "Concat", file_of(model(*doubled, node("Relu", "x24", out="x")))
    sides = [node("Unsqueeze", "weights", "first", out="a"), node("Unsqueeze", "weights", "third", out="b")]
    yield (
        "outer products",
        file_of(
            model(
                *sides,
                node("Mul", "a", "b", out="c"),
                node("Unsqueeze", "c", "first", out="d"),
                node("Unsqueeze", "b", "third", out="e"),
                node("Mul", "d", "e", out="x"),
            )
        ),
    )
    yield "outer products by MatMul", file_of(
        model(*sides, node("Transpose", "a", out="a1", perm=[1, 2, 0]), node("Reshape", "weights", "column", out="v"),
              node("Reshape", "weights", "row_", out="h"), node("MatMul", "v", "h", out="m"),
              node("Reshape", "m", "column", out="v2"), node("MatMul", "v2", "h", out="x"),
              constants={"column": np.array([-1, 1]), "row_": np.array([1, -1])})
    )  # fmt: skip
    for operator, more in (("Conv", ["kernel"]), ("MaxPool", [])):
        padded = node(operator, "frames", *more, out="x", kernel_shape=[3], pads=[2**30, 2**30])
        yield operator, file_of(model(padded, constants=huge))
    gates = {"w": np.zeros((1, 8, 64), np.float32), "r": np.zeros((1, 8, 2), np.float32)}
    steps = [node("Expand", "zero", "long", out="y"), node("LSTM", "y", "w", "r", out="x", hidden_size=2)]
    yield "LSTM", file_of(model(*steps, constants=gates | {"long": np.array([2**13, 2**13, 64])}))
    heard = [node("ReduceSum", "frames", "all", out="f", keepdims=0), node("Cast", "f", out="n", to=7)]
    yield "a size that depends on the sound", file_of(
        model(*heard, node("Reshape", "n", "one", out="s"), node("Expand", "zero", "s", out="x"),
              constants={"one": np.array([1])})
    )  # fmt: skip
    table = [node("Shape", "weights", out="shape"), node("Gather", "shape", "second", out="n")]
    looked_up = node("Gather", "table", "n", out="s")
    yield (
        "a size from a table",
        file_of(
            model(*table, looked_up, node("Expand", "zero", "s", out="x"), constants={"table": np.array([1, 2**31])})
        ),
    )
    late = node("Slice", "table", "n", "huge", out="s")
    yield (
        "a slice from the length on",
        file_of(
            model(*table, late, node("Expand", "zero", "s", out="x"), constants=huge | {"table": np.array([1, 2**31])})
        ),
    )
    yield "a constant of two gigabytes", file_of(_claiming([2**31]))
    yield "a constant of no bytes", file_of(_claiming([2**40, 2**40, 0]))
    yield "a constant of fewer numbers than none", file_of(_claiming([-1, -1]))


def _claiming(dims: list[int]) -> Any:
    made = model()
    weight = made.graph.initializer.add(name="more", data_type=TensorProto.FLOAT, dims=dims)
    weight.raw_data = b"1234"
    return made


def endless() -> Files:
    """Yield networks that would compute for minutes or years."""
    wide = [node("Expand", "zero", "square", out="y0")]
    wide += [node("MatMul", f"y{n}", "y0", out=f"y{n + 1}") for n in range(60)]
    yield (
        "products of 4000 x 4000",
        file_of(model(*wide, node("Relu", "y60", out="x"), constants={"square": np.array([4000, 4000])})),
    )
    steps = [node("Tanh", f"y{n}", out=f"y{n + 1}") for n in range(3000)]
    steps[0].input[0] = "long array"
    steps.insert(0, node("Expand", "zero", "long", out="long array"))
    long = {"long": np.array([2**10, 2**10, 64])}
    yield "thousands of operations", file_of(model(*steps, node("Relu", "y3000", out="x"), constants=long))
    more = [node("Relu", f"y{n}", out=f"y{n + 1}") for n in range(100_000)]
    more[0].input[0] = "frames"
    yield "a hundred thousand operations", file_of(model(*more, node("Relu", "y100000", out="x")))
    large = node("MaxPool", "frames", out="x", kernel_shape=[2**20], pads=[2**20, 2**20])
    yield "windows of a million", file_of(model(large))
    constants = {"long": np.array([1, 64, 2**14]), "kernel": np.zeros((64, 64, 2**11), np.float32)}
    steps = [node("Expand", "zero", "long", out="y"), node("Conv", "y", "kernel", out="x", auto_pad="SAME_UPPER")]
    yield "a kernel of thousands", file_of(model(*steps, constants=constants))


def other_parts() -> Files:
    """Yield networks with functions, references to other files, and other parts that the library never writes."""
    steps = [node("Tanh", "in", out="out")], *([node(f"f{n}", "in", out="y", domain="own"),
             node(f"f{n}", "y", out="out", domain="own")] for n in range(30))  # fmt: skip
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("own", 1)]
    nested = [helper.make_function("own", f"f{n}", ["in"], ["out"], each, opsets) for n, each in enumerate(steps)]
    yield "nested functions", file_of(model(node("f30", "frames", out="x", domain="own"), functions=nested))
    yield "a function that nobody calls", file_of(model(functions=nested[:1]))
    for place in ("weights.bin", "../weights.bin", "/dev/zero", "/etc/passwd"):
        outside = model()
        weight = outside.graph.initializer.add(name="more", data_type=TensorProto.FLOAT, dims=[2**20])
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=place)
        yield f"weights in {place}", file_of(outside)
    sparse, trained, typed, text, double = model(), model(), model(), model(), model()
    sparse.graph.sparse_initializer.add().values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "more"))
    trained.training_info.add().algorithm.name = "more"
    typed.graph.initializer.append(helper.make_tensor("more", TensorProto.FLOAT, [2], [1.0, 2.0]))
    text.graph.initializer.append(
        TensorProto(name="more", data_type=TensorProto.STRING, dims=[1], string_data=[b"text"])
    )
    double.graph.initializer.append(numpy_helper.from_array(np.ones(1), "more"))
    yield from ((name, file_of(each)) for name, each in (
        ("sparse weights", sparse), ("a training", trained), ("numbers one by one", typed), ("text", text),
        ("double precision", double)
    ))  # fmt: skip
    older = model()
    older.opset_import[0].version = 9
    yield "an old version", file_of(older)
    yield "an array computed twice", file_of(model(node("Relu", "frames", out="x"), node("Relu", "frames", out="x")))
    yield "an array that nobody computes", file_of(model(node("Relu", "nothing", out="x")))
    yield (
        "a subgraph in an operator without one",
        file_of(model(node("Relu", "frames", out="x", body=helper.make_graph([], "body", [], [])))),
    )
    yield "many outputs", file_of(model(helper.make_node("Relu", ["frames"], ["x", *map(str, range(1000))])))
    yield "no answer", file_of(model(node("Relu", "frames", out="probabilities")))


def damaged_messages() -> Files:
    """Yield bytes that are no network, or keep a reader busy."""
    whole = model().SerializeToString()
    messages = {
        "an integer of megabytes": b"\xff" * 2**24,
        "millions of fields": b"\x08\x01" * 2**24,
        "millions of empty nodes": b"\x3a\x80\x80\x80\x08" + b"\x0a\x00" * 2**23,
        "millions of numbers": _field(7, _field(5, _field(1, b"\x01" * 2**24))),
        "messages in messages": _nested(5000),
        "the graph twice": whole + whole,
        "groups": b"\x0b" * 1000,
        "a length beyond the end": b"\x3a\xff\xff\xff\xff\x0f",
        "a length of 2^63": b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        "nothing": b"",
        "text": b"network",
        "the form of ONNX Runtime": b"\x18\x00\x18\x00ORTM" + bytes(100),
        "64 MB of zeros": bytes(64 * 2**20 - 2**12),
    }
    messages |= {f"cut after {share} %": whole[: share * len(whole) // 100] for share in range(10, 100, 20)}
    for name, network in messages.items():
        yield name, packed(members(network))


def _field(number: int, content: bytes) -> bytes:
    size, length = b"", len(content)
    while length > 0x7F:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


def _nested(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = _field(5, content)
    return _field(7, _field(1, content))


def settings() -> Files:
    """Yield manifests with numbers that would fill the memory, take hours, or are none."""
    network = model().SerializeToString()
    odd: tuple[Any, ...] = (
        0,
        -1,
        2**31,
        2**62,
        2**64,
        10**400,
        1e308,
        float("nan"),
        float("inf"),
        "1",
        None,
        True,
        [],
        {},
    )
    needed = ("sr", "n_fft", "hop_length", "n_mels", "n_mfcc")
    for name in needed:
        for number in odd:
            yield f"{name}={str(number)[:20]}", packed(members(network, settings=SETTINGS | {name: number}))
    together = (
        {"hop_length": 1},
        {"hop_length": 1, "n_fft": 16},
        {"sr": 768_000, "n_fft": 2, "hop_length": 1},
        {"sr": 768_000, "n_fft": 16_384, "hop_length": 750, "n_mels": 512},
    )
    for changed in together:
        yield str(changed), packed(members(network, settings=SETTINGS | changed))
    for name in ("temperature", "threshold"):
        for number in (-1, 2**64, 10**400, float("nan"), "0.5", None, True, []):
            calibration: dict[str, Any] = {"temperature": 1.0, "threshold": 0.0} | {name: number}
            yield f"{name}={str(number)[:20]}", packed(members(network, calibration=calibration))
    for name, value in (("offset", float("nan")), ("duration", -1), ("top_db", float("inf")), ("trim_db", "x")):
        yield f"{name}={value}", packed(members(network, settings=SETTINGS | {name: value}))


def manifests() -> Files:
    """Yield manifests that are no JSON, or too large, too deep, or of other types."""
    network = model().SerializeToString()
    plain = members(network)
    deep = json.dumps(manifest())[:-3]  # up to the table `about`
    texts = {
        "brackets": b"[" * 100_000,
        "tables": b'{"a":' * 100_000,
        "a deep description": deep.encode() + b'{"a":' + b"[" * 900 + b"]" * 900 + b"}}",
        "a megabyte of lists": deep.encode() + b'{"a":[' + b"[]," * 2**22 + b"[]]}}",
        "a long number": b"1" * 2**20,
        "no text": b"\xff\xfe\x00",
        "nothing": b"",
    }
    for name, text in texts.items():
        yield name, packed(plain | {MANIFEST: text})
    emotions: list[Any] = [["angry", "<b>"], ["angry", "\x1b[2J"], ["angry", "\u202e"], ["angry", "=1+1"]]
    emotions += [["angry", "unknown"], [], ["angry"], [1, 2], ["angry"] * 7, ["angry", "x" * 10**5]]
    emotions += [[f"label {n}" for n in range(10_000)], ["angry", "\ud800"], [None, "angry"], [["angry"]]]
    for each in emotions:
        yield f"emotions {str(each)[:30]}", packed(members(network, emotions=each))
    for feature in ("", "../x", "log_mel\n", "encoder_statistics", "x" * 10**5):
        yield f"feature {feature[:20]}", packed(members(network, feature=feature))
    for version in (3, 0, -1, 1, "2", 2.0, True, None, 10**400):
        yield f"format {str(version)[:20]}", packed(members(network, format=version))
    with_arrays = shipped() | {NETWORK: network}
    yield "a network beside the arrays of a head", packed(with_arrays)
    yield (
        "a network for the arrays of a head",
        packed({name: each for name, each in with_arrays.items() if not name.startswith("head/")}),
    )


class Trap:
    """What would leave a trace if it were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(tempfile.gettempdir(), "a stranger was here"),)


def arrays() -> Files:
    """Yield heads, voices and lists with arrays that are none, run code, or are larger than they say."""
    plain = shipped()
    names = [name for name in plain if name.endswith(".npy")]
    header = "{'descr': %r, 'fortran_order': False, 'shape': %r}"
    forged = {
        "a giant shape": header % ("<f4", (10**12,)),
        "giant items": header % ("<U900000000", (2,)),
        "items of nothing": header % ("<U0", (10**12,)),
        "a negative shape": header % ("<f4", (-2,)),
        "a call": "__import__('os').system('true')",
        "brackets": "(" * 60_000,
        "thousands of axes": header % ("<f4", (1,) * 5000),
        "an overflow": header % ("<f4", (2**32, 2**32)),
    }
    bad = {name: b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() for name, text in forged.items()}
    bad |= {
        "objects": npy(np.array([Trap()], dtype=object), allow_pickle=True),
        "not a number": npy(np.full((3072, 7), np.nan, np.float32)),
        "another type": npy(np.zeros(7)),
        "dates": npy(np.zeros(7, "datetime64[s]")),
        "fields": npy(np.zeros(7, [("a", "<f4")])),
        "nothing": b"",
    }
    for member in names:
        for name, content in bad.items():
            yield f"{member}: {name}", packed(plain | {member: content}, zipfile.ZIP_STORED)
    yield "a pickle", packed(plain | {IDS: b"\x80\x04."})
    for member in ("head/coefficients.npy", names[-1]):
        for megabytes in (32, 63):
            large = npy(np.zeros(megabytes * 2**18 - 2**10, np.float32))
            yield f"{member}: {megabytes} MB of zeros", packed(plain | {member: large})


def archives() -> Files:
    """Yield zip archives that are bombs, or have other members than a recogniser."""
    network = model().SerializeToString()
    plain = members(network)
    items = list(plain.items())
    for name in ("../x.npy", "/etc/passwd", "head/../x.npy", "C:\\x", "setup.py", "head/x.npz", "", "head/", "é.npy"):
        yield f"a member {name!r}", packed([*items, (name, b"1")])
    yield "a member twice", packed([*items, (MANIFEST, b"{}")])
    yield "a link", _with_link(items)
    yield "65 000 members", packed([*items, *((f"voices/{n}.npy", b"") for n in range(65_000))])
    yield "a million members", _listing(items, 1_000_000, claims=2**32 - 1)
    yield "a million members that claim 100 bytes", _listing(items, 1_000_000, claims=100)
    yield "65 large members", packed([*items, *((f"{n}.bin", bytes(2**20)) for n in range(65))])
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield f"method {method}", packed(plain, method)
    for claims in (0, 100, 2**19, 3 * 2**30):
        yield f"gigabytes that claim {claims} bytes", forged_zip(MANIFEST, zeros(3), method=8, claims=claims)
    whole = packed(plain)
    yield "a comment of 64 kB", _commented(whole)
    yield "64 MB of zeros", bytes(64 * 2**20)
    yield "no zip", b"Dear reader,\n"
    yield from ((f"cut after {share} %", whole[: share * len(whole) // 100]) for share in range(0, 100, 10))


def _with_link(items: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in items:
            info = zipfile.ZipInfo(name)
            is_link = name == MANIFEST
            info.create_system, info.external_attr = 3, 0o120777 << 16 if is_link else 0
            opened.writestr(info, b"/etc/passwd" if is_link else content)
    return file.getvalue()


def _commented(whole: bytes) -> bytes:
    return whole[:-2] + struct.pack("<H", 2**16 - 1) + bytes(2**16 - 1)


def _listing(items: list[tuple[str, bytes]], times: int, *, claims: int) -> bytes:
    """Return a zip that lists its last member a million times; the end says so in the form for large archives."""
    whole = packed(items)
    central, end = whole.index(b"PK\x01\x02"), whole.rindex(b"PK\x05\x06")
    last = whole[whole.rindex(b"PK\x01\x02") : end]
    listed = whole[central:end] + last * times
    count = len(items) + times
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(listed), central)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, central + len(listed), 1)
    ending = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 4, 4, claims, claims, 0)
    return whole[:central] + listed + large + locator + ending


def forged_zip(name: str, data: bytes, *, method: int, claims: int, crc: int = 0) -> bytes:
    """Return a zip of one member, whose header claims any size."""
    common = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 33, crc, len(data), claims, len(name), 0)
    local = b"PK\x03\x04" + common + name.encode() + data
    central = b"PK\x01\x02\x14\x00" + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def zeros(gigabytes: int) -> bytes:
    """Return the deflated form of gigabytes of zeros, of which one megabyte was deflated."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return megabyte * 1024 * gigabytes + deflate.flush()


def nan_after(n_frames: int, *last: Any) -> Any:
    """Return a network that gives probabilities up to a number of frames, and then numbers that are none."""
    steps = [
        node("Greater", "weights", "zero", out="real"),
        node("Cast", "real", out="ones", to=1),
        node("ReduceSum", "ones", "second", out="n", keepdims=1),
        node("Sub", "limit", "n", out="left"),
    ]
    last = last or (node("Sqrt", "left", out="root"), node("Unsqueeze", "root", "third", out="x"))
    return model(*steps, *last, constants={"limit": np.full(1, n_frames + 0.5, np.float32)})


def later() -> Files:
    """Yield networks that give no probabilities, some of them only for a recording longer than the trial."""
    number = [node("Shape", "weights", out="shape"), node("Cast", "shape", out="n", to=1)]
    yield "a length as a number", file_of(model(*number, node("Log", "n", out="x")))
    yield "not a number, later", file_of(nan_after(120))
    quotient = [node("Relu", "left", out="r"), node("Div", "r", "r", out="q")]
    yield (
        "nothing over nothing, later",
        file_of(nan_after(120, *quotient, node("Mul", "uniform", "q", out="probabilities"))),
    )
    yield (
        "no probabilities, later",
        file_of(nan_after(120, *quotient[:1], node("Add", "uniform", "r", out="probabilities"))),
    )


KINDS: dict[str, Callable[[], Files]] = {
    "operators that the library never writes": other_operators,
    "arrays that grow": growing,
    "work without an end": endless,
    "other parts of ONNX": other_parts,
    "damaged networks": damaged_messages,
    "numbers of the manifest": settings,
    "manifests": manifests,
    "arrays": arrays,
    "archives": archives,
    "answers that are no probabilities": later,
}


class Attempt(NamedTuple):
    """What came of one file: `refused`, `loaded` or another error; how long it took; the peak of the process so far."""

    outcome: str
    seconds: float
    megabytes: float


def attempts(paths: list[Path]) -> list[Attempt]:
    """Load every file in this process; one that loads is given three seconds of noise."""
    found = []
    for path in paths:
        start, outcome = time.perf_counter(), "loaded"
        try:
            recognizer = EmotionRecognizer.load(path)
            recognizer._inference.infer(np.random.default_rng(0).uniform(-0.1, 0.1, 48_000))
        except ModelFileError:
            outcome = "refused"
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
            outcome = f"{type(error).__name__}: {error}"
        found.append(Attempt(outcome, time.perf_counter() - start, peak()))
    return found


def usual_peak() -> float:
    """Return the most memory of a process that loads the pretrained recogniser, in MB."""
    EmotionRecognizer.load()
    return peak()


def apart(function: Callable[..., Any], *given: Any) -> Any:
    """Return what a function gives in a process of its own, which ends with it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *given).result(timeout=PATIENCE)


def measured(*kinds: str, usual: float, times: float = 1.0) -> tuple[list[Attempt], list[str]]:
    """Load the files of some kinds in one process; return what came of each, and a line for each that did harm.

    `usual` is the peak of a process that loads the pretrained recogniser, in MB; `times` multiplies the limits.
    """
    with tempfile.TemporaryDirectory() as folder:
        names: list[str] = []
        paths: list[Path] = []
        for name, content in ((f"{kind}, {name}", content) for kind in kinds for name, content in KINDS[kind]()):
            names.append(name)
            paths.append(Path(folder) / f"{len(paths)}.emotion")
            paths[-1].write_bytes(content)
        found: list[Attempt] = apart(attempts, paths)
    harm = [
        f"{name}: {each.outcome}, {each.seconds:.2f} s, {each.megabytes - usual:.0f} MB"
        for name, each in zip(names, found, strict=True)
        if each.outcome != "refused" or each.seconds > times * SECONDS or each.megabytes - usual > times * MEGABYTES
    ]
    return found, harm


def row(kind: str, found: list[Attempt], harm: list[str], *, usual: float) -> dict[str, Any]:
    """Return the row of a kind of file in the table."""
    return {
        "kind": kind,
        "tries": len(found),
        "refused": sum(each.outcome == "refused" for each in found),
        "harmed": len(harm),
        "slowest_s": max(each.seconds for each in found),
        "mb_above": max(each.megabytes for each in found) - usual,
    }


def main() -> None:
    """Load all files, and print what came of them."""
    usual = apart(usual_peak)
    rows, failures = [], []
    for kind in KINDS:
        found, harm = measured(kind, usual=usual)
        rows.append(row(kind, found, harm, usual=usual))
        failures += harm
    table = pd.DataFrame(rows)
    table.to_csv(TABLE, index=False, float_format="%.3f")
    click.echo(table.to_string(index=False, float_format="%.2f"))
    click.echo("\n".join(failures) or "Every file is refused.")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
