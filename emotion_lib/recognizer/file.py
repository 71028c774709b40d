"""The file of a recogniser: one zip of JSON, a network and plain arrays, from which nothing is ever executed.

The network is inspected before it runs: all of it must be in these bytes, and it must come to an end. ONNX lets a
network keep its weights in other files, which ONNX Runtime would read from the disk of whoever loads it, and it has
loops. A recogniser's network has neither. The form is read as Protocol Buffers write it
(https://protobuf.dev/programming-guides/encoding), since this needs no package that could be missing.
"""

import io
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, Any

import numpy as np

from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.writing import written_whole

FILE_FORMAT = 1
"""Version of the form; a file of a newer one is refused."""

MANIFEST, NETWORK, IDS, DIGESTS = "manifest.json", "network.onnx", "ids.npy", "digests.npy"
MEMBERS = (MANIFEST, NETWORK, IDS, DIGESTS)
"""What is in every file; each exactly once."""

VOICES, ENROLMENT = "voices", "enrolment"
"""Folders of more arrays, each exactly once, which a file may have; besides these it has nothing."""

MOST_BYTES = 64 * 2**20
"""The most that a file may unpack to."""

MOST_MANIFEST = 2**20
"""The most bytes that the manifest may have: JSON takes many times its size in memory."""

CURE = "get a whole copy from where it came, or train it again with `emotion-lib train`"
"""How an error about a file ends."""

_DIGEST = 32
_ALWAYS = (1980, 1, 1, 0, 0, 0)
_KINDS = {"emotions": list, "feature": str, "settings": dict, "calibration": dict, "about": dict}
_WORDS = {list: "list", str: "text", dict: "table"}
_NPY_VERSION = (1, 0)
_ENCRYPTED = 1
_OPTIONAL = re.compile(rf"(?:{VOICES}|{ENROLMENT})/[a-z_]+\.npy")


@dataclass(frozen=True)
class Utterances:
    """Which utterances a recogniser was trained on, so that nobody takes them for a test.

    Parameters
    ----------
    ids : tuple of str
        Each as "corpus/id".
    digests : tuple of bytes
        SHA-256 of each recording, in the same order.

    Raises
    ------
    ParameterError
        If there are more of the one than of the other, or a digest is none.
    """

    ids: tuple[str, ...] = ()
    digests: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.digests):
            raise ParameterError(f"{len(self.ids)} ids and {len(self.digests)} digests: give one of each an utterance")
        if any(len(digest) != _DIGEST for digest in self.digests):
            raise ParameterError(f"digests: must be SHA-256, {_DIGEST} bytes each")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.ids)


@dataclass(frozen=True)
class Contents:
    """What is in a file.

    Parameters
    ----------
    manifest : dict
        What JSON can say of a recogniser.
    network : bytes
        In ONNX's form.
    trained_on : Utterances
        What it was trained on.
    voices, enrolment : mapping of str to ndarray, float32
        What it knows of the training voices, and of the one voice that it is used to; empty where it knows nothing.
    """

    manifest: dict[str, Any]
    network: bytes
    trained_on: Utterances = Utterances()
    voices: Mapping[str, np.ndarray] = field(default_factory=dict)
    enrolment: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_file(path: Path, contents: Contents) -> Path:
    """Write a file that is either whole or not there; equal contents give equal bytes.

    Parameters
    ----------
    path : Path
        Where to; folders that are missing are made.
    contents : Contents
        What goes into it.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ModelFileError
        If `path` is a folder, or nothing can be written there; or if it were more than `read` takes.
    ParameterError
        If JSON cannot say what the manifest holds.
    """
    packed = _packed(contents, path)
    with written_whole(path, error=ModelFileError) as file:
        file.write(packed)
    return path


def _packed(contents: Contents, path: Path) -> bytes:
    members = {
        MANIFEST: _packed_manifest(contents.manifest),
        NETWORK: contents.network,
        IDS: _npy(np.array(contents.trained_on.ids, dtype=str)),
        DIGESTS: _npy(np.frombuffer(b"".join(contents.trained_on.digests), dtype=np.uint8).reshape(-1, _DIGEST)),
        **_npys(VOICES, contents.voices),
        **_npys(ENROLMENT, contents.enrolment),
    }
    if len(members[MANIFEST]) > MOST_MANIFEST or sum(map(len, members.values())) > MOST_BYTES:
        raise ModelFileError(f"{path}: larger than a recogniser can be; take a smaller network, or say less `about` it")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, _ALWAYS), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _packed_manifest(manifest: dict[str, Any]) -> bytes:
    try:
        return json.dumps({"format": FILE_FORMAT} | manifest, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"about: must be what JSON can say ({error})") from error


def _npys(folder: str, arrays: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    return {f"{folder}/{name}.npy": _npy(array) for name, array in arrays.items()}


def _npy(array: np.ndarray) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=False)
    return packed.getvalue()


def load_file(path: Traversable, name: str, *, cure: str) -> Contents:
    """Open a file, and read it.

    Parameters
    ----------
    path : Path, or a resource of the package
        The file.
    name : str
        What errors call it.
    cure : str
        What to do where there is none.

    Returns
    -------
    Contents

    Raises
    ------
    ModelFileError
        If there is no such file, it cannot be opened, or `read` refuses it.
    """
    try:
        if path.is_dir():
            raise ModelFileError(f"{name}: a folder; give the path of a recogniser in it")
        if not path.is_file():
            raise ModelFileError(f"{name}: no such file; {cure}")
        with path.open("rb") as file:
            return read_file(file, name)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{name}: cannot be opened ({why}); check the path, and that you may read it") from error


def read_file(file: IO[bytes], name: str) -> Contents:
    """Read a file, and refuse whatever is not exactly what `write` writes.

    Parameters
    ----------
    file : binary file object
        The file, opened.
    name : str
        What errors call it.

    Returns
    -------
    Contents

    Raises
    ------
    ModelFileError
        If it is no recogniser, of a newer version, cut short or damaged; if a member is no part of a recogniser or
        one is missing; if it unpacks to more than `MOST_BYTES`; or if an array holds objects.
    """
    try:
        return _read_members(file)
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error
    except Exception as error:  # whatever zipfile, json and NumPy raise for bytes that were not made by `write`
        raise ModelFileError(f"{name}: not a recogniser, or a damaged one; {CURE}") from error


def _read_members(file: IO[bytes]) -> Contents:
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise ModelFileError(f"an empty file (0 bytes); {CURE}")
    if size > MOST_BYTES:
        raise ModelFileError(f"{size >> 20} MB, more than a recogniser can have; {CURE}")
    with zipfile.ZipFile(file) as opened:
        _check_packing(opened)
        manifest = _manifest(_member(opened, MANIFEST, most=MOST_MANIFEST))
        _check_members(opened)
        _check_kinds(manifest)
        utterances = _utterances(*(_array(_member(opened, member), member) for member in (IDS, DIGESTS)))
        more = [_numbers(opened, folder) for folder in (VOICES, ENROLMENT)]
        return Contents(manifest, _member(opened, NETWORK), utterances, *more)


def _check_packing(opened: zipfile.ZipFile) -> None:
    """Raise where it unpacks to more than a recogniser, or is packed by what unpacks without a bound."""
    members = opened.infolist()
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise ModelFileError(f"unpacks to more than {MOST_BYTES >> 20} MB, which no recogniser does; {CURE}")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise ModelFileError(f"locked with a password, which no recogniser is; {CURE}")
    if any(member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for member in members):
        raise ModelFileError(f"packed in another way than a recogniser is; {CURE}")


def _member(opened: zipfile.ZipFile, member: str, *, most: int = MOST_BYTES) -> bytes:
    """Return the content of a member: as much of it as its header says, of which `_check_packing` knows."""
    size = opened.getinfo(member).file_size
    if size > most:
        raise ModelFileError(f"its {member} is larger than a recogniser's; {CURE}")
    with opened.open(member) as packed:
        return packed.read(size)


def _manifest(content: bytes) -> dict[str, Any]:
    manifest = json.loads(content)
    version = manifest["format"]
    if type(version) is not int or version < 1:
        raise ValueError("no version")
    if version > FILE_FORMAT:
        newer = f"format {version}, and this emotion_lib reads up to {FILE_FORMAT}"
        raise ModelFileError(f"a recogniser of {newer}; update it: pip install --upgrade emotion_lib")
    return dict(manifest)


def _check_members(opened: zipfile.ZipFile) -> None:
    """Raise where a member is no part of a recogniser, or one is missing or there twice."""
    members = Counter(opened.namelist())
    for member, count in members.items():
        if member not in MEMBERS and not _OPTIONAL.fullmatch(member):
            raise ModelFileError(f"holds {member[:60]!r}, which is no part of a recogniser; {CURE}")
        if count > 1:
            raise ModelFileError(f"holds {member!r} twice; {CURE}")
    if missing := [member for member in MEMBERS if member not in members]:
        raise ModelFileError(f"lacks {missing[0]!r}; {CURE}")


def _check_kinds(manifest: dict[str, Any]) -> None:
    """Raise where the manifest lacks something, or has something else in its place."""
    for name, kind in _KINDS.items():
        if name not in manifest:
            raise ModelFileError(f"its manifest lacks {name!r}; {CURE}")
        if not isinstance(manifest[name], kind):
            raise ModelFileError(f"its manifest has no {_WORDS[kind]} for {name!r}; {CURE}")


def _array(content: bytes, member: str) -> np.ndarray:
    """Return the array of a `.npy` member, whose header must fit what follows it."""
    packed = io.BytesIO(content)
    if np.lib.format.read_magic(packed) != _NPY_VERSION:
        raise ModelFileError(f"its {member} is no array in the form that `save` writes; {CURE}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(packed)
    if dtype.hasobject:
        raise ModelFileError(f"its {member} is an array of objects, which could run code, so it stays shut; {CURE}")
    if not dtype.itemsize or math.prod(shape) * dtype.itemsize != len(content) - packed.tell():
        raise ModelFileError(f"its {member} claims another size than it has; {CURE}")
    packed.seek(0)
    array: np.ndarray = np.load(packed, allow_pickle=False)
    return array


def _numbers(opened: zipfile.ZipFile, folder: str) -> dict[str, np.ndarray]:
    """Return the arrays of a folder by name, which must be numbers."""
    numbers = {}
    for member in opened.namelist():
        if member.startswith(f"{folder}/"):
            array = _array(_member(opened, member), member)
            if array.dtype != np.float32:
                raise ModelFileError(f"its {member} holds something else than numbers of 32 bits; {CURE}")
            numbers[member.removeprefix(f"{folder}/").removesuffix(".npy")] = array
    return numbers


def _utterances(ids: np.ndarray, digests: np.ndarray) -> Utterances:
    """Return what two arrays list, which must be of the same utterances."""
    if ids.ndim != 1 or ids.dtype.kind != "U" or digests.dtype != np.uint8 or digests.shape != (len(ids), _DIGEST):
        raise ModelFileError(f"its list of training utterances is damaged; {CURE}")
    return Utterances(tuple(ids.tolist()), tuple(digest.tobytes() for digest in digests))


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


def check_graph(onnx: bytes) -> None:
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
        _check_message("model", memoryview(onnx))
    except (IndexError, ValueError) as error:
        raise ModelFileError("its network cannot be read") from error


def _check_message(kind: str, message: memoryview) -> None:
    """Raise a `ModelFileError` for what a message, or one in it, must not hold."""
    for number, value in _fields(message):
        part = _PARTS[kind].get(number)
        if part == "other file" or (kind == "tensor" and number == _DATA_LOCATION and value != 0):
            raise ModelFileError("its network would read another file")
        if part == "loop":
            raise ModelFileError("its network has a loop or a branch")
        if part is not None and isinstance(value, memoryview):
            _check_message(part, value)


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
