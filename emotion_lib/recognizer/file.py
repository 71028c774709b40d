"""Recogniser files: a zip archive of JSON, plain arrays and possibly a network. Loading never executes code from it.

The parts are only read here; `graph` and `rehearsal` inspect the network before it runs.
"""

import io
import json
import math
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, Any

import numpy as np

from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.writing import written_whole

FILE_FORMAT = 2
"""Version of the file format; files of another version are refused."""

MANIFEST, NETWORK, IDS, DIGESTS = "manifest.json", "network.onnx", "ids.npy", "digests.npy"
MEMBERS = (MANIFEST, IDS, DIGESTS)
"""The members of every file, each exactly once; a file also has either a network or the arrays of a head."""

HEAD, VOICES, ENROLMENT = "head", "voices", "enrolment"
"""Folders of optional arrays, each at most once; a file has no other members."""

MOST_BYTES = 64 * 2**20
"""Limit on the unpacked size of a file in bytes, so that a small file cannot fill the memory."""

MOST_ARRAY = 32 * 2**20
"""Limit on the size of one array in bytes; the largest are the names of a hundred thousand utterances."""

MOST_LISTED = 2**14
"""Limit on the bytes in which the archive lists its members, at most some 20 of 60 bytes each. `zipfile` makes an
object of each before it can be asked for their number."""

MOST_LEVELS = 20
"""Limit on the lists and tables within each other in the manifest, so that it can be printed and saved again."""

MOST_MANIFEST = 2**20
"""Limit on the size of the manifest in bytes: parsed JSON takes many times its size in memory."""

CURE = "get a fresh copy, or train it again with `emotion-lib train`"
"""The cure at the end of errors about damaged files."""

DIGEST_BYTES = 8
"""Length to which the SHA-256 of a recording is shortened. Any two of a million recordings have the same with a
probability of 1 in 40 million."""

_ALWAYS = (1980, 1, 1, 0, 0, 0)  # the earliest date in a zip file; with a fixed date, equal contents give equal bytes
_KINDS = {"emotions": list, "feature": str, "settings": dict, "calibration": dict, "about": dict}
_WORDS = {list: "list", str: "text", dict: "table"}
_NPY_VERSION = (1, 0)
_ENCRYPTED = 1  # bit 0 of the flags of a zip member
_OPTIONAL = re.compile(rf"{NETWORK}|(?:{HEAD}|{VOICES}|{ENROLMENT})/[a-z_]+\.npy")


@dataclass(frozen=True)
class Utterances:
    """The utterances that a recogniser was trained on, kept so that they are refused as a test.

    Parameters
    ----------
    ids : tuple of str
        Each in the form "corpus/id".
    digests : tuple of bytes
        The first 8 bytes of the SHA-256 of each recording, in the same order.

    Raises
    ------
    ParameterError
        If the numbers of ids and digests differ, or a digest does not have 8 bytes.
    """

    ids: tuple[str, ...] = ()
    digests: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.digests):
            raise ParameterError(
                f"{len(self.ids)} ids and {len(self.digests)} digests: give one of each for every utterance"
            )
        if any(len(digest) != DIGEST_BYTES for digest in self.digests):
            raise ParameterError(f"digests: must be the first {DIGEST_BYTES} bytes of the SHA-256 of each recording")

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.ids)


@dataclass(frozen=True)
class Contents:
    """The contents of a recogniser file.

    Parameters
    ----------
    manifest : dict
        The parts of a recogniser that are stored as JSON.
    network : bytes or None
        The network as ONNX; None if the head is arrays.
    trained_on : Utterances
        The utterances that the recogniser was trained on.
    head, voices, enrolment : mapping of str to ndarray, float32
        The arrays of the head, the statistics of the training voices, and those of the voice that the recogniser is
        adapted to; each empty if it has none.
    """

    manifest: dict[str, Any]
    network: bytes | None = None
    trained_on: Utterances = Utterances()
    head: Mapping[str, np.ndarray] = field(default_factory=dict)
    voices: Mapping[str, np.ndarray] = field(default_factory=dict)
    enrolment: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_file(path: Path, contents: Contents) -> Path:
    """Write a recogniser file, completely or not at all; equal contents give equal bytes.

    Parameters
    ----------
    path : Path
        Path of the file; missing folders are created.
    contents : Contents
        The contents of the file.

    Returns
    -------
    Path
        Path of the written file.

    Raises
    ------
    ModelFileError
        If `path` is a folder, the file cannot be written, or it would be larger than `read_file` accepts.
    ParameterError
        If the manifest cannot be written as JSON.
    """
    packed = _packed(contents, path)
    with written_whole(path, error=ModelFileError) as file:
        file.write(packed)
    return path


def _packed(contents: Contents, path: Path) -> bytes:
    try:
        manifest = json.dumps({"format": FILE_FORMAT} | contents.manifest, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"about: must have JSON values: text, numbers, lists and dicts ({error})") from error
    folders = {HEAD: contents.head, VOICES: contents.voices, ENROLMENT: contents.enrolment}
    members = {
        MANIFEST: manifest,
        **({} if contents.network is None else {NETWORK: contents.network}),
        IDS: _npy(np.array(contents.trained_on.ids, dtype=str)),
        DIGESTS: _npy(np.frombuffer(b"".join(contents.trained_on.digests), dtype=np.uint8).reshape(-1, DIGEST_BYTES)),
        **{f"{folder}/{name}.npy": _npy(array) for folder, each in folders.items() for name, array in each.items()},
    }
    if len(members[MANIFEST]) > MOST_MANIFEST or sum(map(len, members.values())) > MOST_BYTES:
        raise ModelFileError(f"{path}: larger than {MOST_BYTES >> 20} MB; use a smaller network, or shorten `about`")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name, _ALWAYS), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _npy(array: np.ndarray) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=False)
    return packed.getvalue()


def load_file(path: Traversable, name: str, *, cure: str) -> Contents:
    """Open and read a recogniser file.

    Parameters
    ----------
    path : Path, or a resource of the package
        The file.
    name : str
        Name of the file in error messages.
    cure : str
        Advice in the error message about a missing file.

    Returns
    -------
    Contents

    Raises
    ------
    ModelFileError
        If the file does not exist, cannot be opened, or is refused by `read_file`.
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
        raise ModelFileError(f"{name}: cannot be opened ({why}); check the path and its read permission") from error


def read_file(file: IO[bytes], name: str) -> Contents:
    """Read a recogniser file, and refuse anything that `write_file` does not write.

    Parameters
    ----------
    file : binary file object
        The open file.
    name : str
        Name of the file in error messages.

    Returns
    -------
    Contents

    Raises
    ------
    ModelFileError
        If the file is not a recogniser file, has a newer version, is truncated or damaged; if a member is unknown or
        missing; if it unpacks to more than `MOST_BYTES`; or if an array contains Python objects.
    """
    try:
        return _read_members(file)
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error
    except Exception as error:  # zipfile, json and NumPy raise many types for bytes that `write_file` did not write
        raise ModelFileError(f"{name}: not a recogniser file, or damaged; {CURE}") from error


def _read_members(file: IO[bytes]) -> Contents:
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise ModelFileError(f"an empty file (0 bytes); {CURE}")
    if size > MOST_BYTES:
        raise ModelFileError(f"{size >> 20} MB, but a recogniser file has at most {MOST_BYTES >> 20} MB; {CURE}")
    _check_listing(file)
    with zipfile.ZipFile(file) as opened:
        _check_packing(opened)
        # Check the version first: a newer file may have other members, and then the advice is to update the library.
        manifest = _manifest(_member(opened, MANIFEST, most=MOST_MANIFEST))
        _check_members(opened)
        _check_kinds(manifest)
        ids, digests = (_array(_member(opened, member, most=MOST_ARRAY), member) for member in (IDS, DIGESTS))
        if (
            ids.ndim != 1
            or ids.dtype.kind != "U"
            or digests.dtype != np.uint8
            or digests.shape != (len(ids), DIGEST_BYTES)
        ):
            raise ModelFileError(f"its list of training utterances is damaged; {CURE}")
        utterances = Utterances(tuple(ids.tolist()), tuple(digest.tobytes() for digest in digests))
        network = _member(opened, NETWORK) if NETWORK in opened.namelist() else None
        return Contents(
            manifest, network, utterances, *(_numbers(opened, folder) for folder in (HEAD, VOICES, ENROLMENT))
        )


def _check_listing(file: IO[bytes]) -> None:
    """Refuse an archive that does not end as `write_file` ends it, or that lists far more members.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3.15 and 4.3.16
    """
    file.seek(max(0, file.seek(0, io.SEEK_END) - 42))
    before, end = (last := file.read(42))[:-22], last[-22:]
    if not end.startswith(b"PK\x05\x06") or not end.endswith(b"\0\0"):  # a comment would follow
        raise ValueError("no end")  # read_file replaces it with its own error
    # In the form for large archives, another record has the number of members.
    if int.from_bytes(end[12:16], "little") > MOST_LISTED or before.startswith(b"PK\x06\x07"):
        raise ModelFileError(f"lists more members than a recogniser file has; {CURE}")


def _check_packing(opened: zipfile.ZipFile) -> None:
    """Refuse an archive that is too large unpacked, encrypted, or compressed by another method than deflate."""
    members = opened.infolist()
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise ModelFileError(f"unpacks to more than {MOST_BYTES >> 20} MB, the largest size of a recogniser; {CURE}")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise ModelFileError(f"the file is encrypted, but recogniser files never are; {CURE}")
    # zipfile bounds the output of deflate by the size in the header, but not that of bzip2 and LZMA.
    if any(member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for member in members):
        raise ModelFileError(f"compressed by a method that recogniser files do not use; {CURE}")


def _member(opened: zipfile.ZipFile, member: str, *, most: int = MOST_BYTES) -> bytes:
    """Return the content of a member, at most the size in its header, which `_check_packing` has checked."""
    size = opened.getinfo(member).file_size
    if size > most:
        raise ModelFileError(f"its {member} has {size} bytes, but at most {most} are allowed; {CURE}")
    with opened.open(member) as packed:
        return packed.read(size)


def _manifest(content: bytes) -> dict[str, Any]:
    manifest = json.loads(content)
    version = manifest["format"]
    if type(version) is not int or version < 1:
        raise ValueError("no version")  # read_file replaces it with its own error
    if version > FILE_FORMAT:
        newer = f"format {version}, but this emotion_lib reads format {FILE_FORMAT}"
        raise ModelFileError(f"a recogniser of {newer}; update it: pip install --upgrade emotion_lib")
    if version < FILE_FORMAT:
        made = f"made by emotion_lib 0.1, in format {version}, which this version does not read"
        raise ModelFileError(f"{made}; train it again: emotion-lib train CORPUS... --output FILE.emotion")
    level: list[Any] = [manifest]
    for _ in range(MOST_LEVELS):
        level = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
        level = [part for part in level if isinstance(part, (dict, list))]
    if level:
        raise ModelFileError(f"its manifest has more than {MOST_LEVELS} lists and tables within each other; {CURE}")
    return dict(manifest)


def _check_members(opened: zipfile.ZipFile) -> None:
    """Refuse unknown, repeated and missing members."""
    members = Counter(opened.namelist())
    for member, count in members.items():
        if member not in MEMBERS and not _OPTIONAL.fullmatch(member):
            raise ModelFileError(f"contains {member[:60]!r}, which is not part of a recogniser file; {CURE}")
        if count > 1:
            raise ModelFileError(f"contains {member!r} twice; {CURE}")
    if missing := [member for member in MEMBERS if member not in members]:
        raise ModelFileError(f"lacks {missing[0]!r}; {CURE}")
    has_arrays = any(member.startswith(f"{HEAD}/") for member in members)
    if NETWORK not in members and not has_arrays:
        raise ModelFileError(f"lacks {NETWORK!r}; {CURE}")
    if NETWORK in members and has_arrays:
        raise ModelFileError(f"contains {NETWORK!r} and {HEAD!r}, but a recogniser has only one of them; {CURE}")


def _check_kinds(manifest: dict[str, Any]) -> None:
    """Refuse a manifest with a missing key or a value of another type."""
    for name, kind in _KINDS.items():
        if name not in manifest:
            raise ModelFileError(f"its manifest lacks {name!r}; {CURE}")
        if not isinstance(manifest[name], kind):
            raise ModelFileError(f"its manifest has no {_WORDS[kind]} for {name!r}; {CURE}")


def _array(content: bytes, member: str) -> np.ndarray:
    """Return the array of a `.npy` member, whose header must fit the size of its data."""
    packed = io.BytesIO(content)
    if np.lib.format.read_magic(packed) != _NPY_VERSION:
        raise ModelFileError(f"its {member} is not an array in the format that `save` writes; {CURE}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(packed)
    if dtype.hasobject:
        raise ModelFileError(f"its {member} is an array of objects, which could run code, so it is not loaded; {CURE}")
    # np.load allocates as much memory as the header declares, so the header must match the size of the data.
    if not dtype.itemsize or math.prod(shape) * dtype.itemsize != len(content) - packed.tell():
        raise ModelFileError(f"its {member} has a header that does not match its size; {CURE}")
    packed.seek(0)
    return np.asarray(np.load(packed, allow_pickle=False))


def _numbers(opened: zipfile.ZipFile, folder: str) -> dict[str, np.ndarray]:
    """Return the arrays of a folder by name; they must be float32."""
    numbers = {}
    for member in opened.namelist():
        if member.startswith(f"{folder}/"):
            array = _array(_member(opened, member, most=MOST_ARRAY), member)
            if array.dtype != np.float32:
                raise ModelFileError(f"its {member} is of type {array.dtype}, but must be float32; {CURE}")
            numbers[member.removeprefix(f"{folder}/").removesuffix(".npy")] = array
    return numbers
