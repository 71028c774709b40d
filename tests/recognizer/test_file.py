"""The file of a recogniser: what was saved comes back, everything else is refused, and nothing in it runs."""

import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.strangers import forged_zip, packed, zeros
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, Utterances, recognizer
from emotion_lib.recognizer.file import DIGESTS, IDS, MANIFEST, MEMBERS, NETWORK, Contents, write_file
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.frame_voices import learn_voices
from tests.recognizer.conftest import SR, linear

CURE = "get a fresh copy, or train it again with `emotion-lib train`"
DAMAGED = f"not a recogniser file, or damaged; {CURE}"


@pytest.fixture(scope="module")
def saved(recognizer: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a recogniser's file."""
    return recognizer.save(tmp_path_factory.mktemp("saved") / "whole.emotion").read_bytes()


@pytest.fixture(scope="module")
def members(saved: bytes) -> Mapping[str, bytes]:
    """What is in it."""
    with zipfile.ZipFile(io.BytesIO(saved)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def manifest(members: Mapping[str, bytes]) -> dict[str, Any]:
    """What its manifest says, for a test to change."""
    return json.loads(members[MANIFEST])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a test puts its file."""
    return tmp_path / "voice.emotion"


Refused = Callable[[bytes], str]


@pytest.fixture
def refused(place: Path) -> Refused:
    """Load bytes as a recogniser, which must be refused, and return what the error says after the file's name."""

    def load(content: bytes) -> str:
        place.write_bytes(content)
        with pytest.raises(ModelFileError) as refusal:
            EmotionRecognizer.load(place)
        name, sentence = str(refusal.value).split(": ", maxsplit=1)
        assert name == str(place)
        assert "\n" not in sentence
        return sentence

    return load


def as_json(value: object) -> bytes:
    """Return a value as the bytes of its JSON."""
    return json.dumps(value).encode()


def npy(array: np.ndarray, *, version: tuple[int, int] = (1, 0), allow_pickle: bool = False) -> bytes:
    """Return an array as the bytes of a `.npy` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version, allow_pickle=allow_pickle)
    return file.getvalue()


def forged_npy(header: str, content: bytes = b"") -> bytes:
    """Return a `.npy` file with any header."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n" + content


# What was saved comes back.


def test_a_loaded_recognizer_answers_as_the_saved_one_to_the_last_digit(
    recognizer: EmotionRecognizer, speech_path: Path, place: Path
) -> None:
    loaded = EmotionRecognizer.load(recognizer.save(place))

    assert loaded.predict(speech_path) == recognizer.predict(speech_path)


def test_all_that_a_recognizer_says_of_itself_comes_back(recognizer: EmotionRecognizer, place: Path) -> None:
    loaded = EmotionRecognizer.load(recognizer.save(place))

    for name in ("emotions", "feature", "settings", "calibration", "about", "trained_on"):
        assert getattr(loaded, name) == getattr(recognizer, name)


def test_a_recognizer_without_utterances_comes_back(unsure: EmotionRecognizer, place: Path) -> None:
    assert EmotionRecognizer.load(unsure.save(place)).trained_on == Utterances()


def test_equal_contents_give_equal_bytes(recognizer: EmotionRecognizer, saved: bytes, tmp_path: Path) -> None:
    again = EmotionRecognizer.load(recognizer.save(tmp_path / "one.emotion")).save(tmp_path / "two.emotion")

    assert again.read_bytes() == saved


@pytest.mark.parametrize("form", [str, Path], ids=["str", "Path"])
def test_a_path_may_be_text_or_a_path(recognizer: EmotionRecognizer, place: Path, form: Callable[[Path], Any]) -> None:
    assert recognizer.save(form(place)) == place
    assert EmotionRecognizer.load(form(place)).emotions == recognizer.emotions


def test_folders_that_are_missing_are_made(recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    assert recognizer.save(tmp_path / "a" / "b" / "voice.emotion").is_file()


def test_a_file_is_replaced_and_nothing_is_left_beside_it(recognizer: EmotionRecognizer, place: Path) -> None:
    place.write_text("old")
    recognizer.save(place)
    recognizer.save(place)

    assert list(place.parent.iterdir()) == [place]
    assert EmotionRecognizer.load(place).emotions == recognizer.emotions


def test_a_recogniser_with_a_weighted_sum_comes_back_from_its_file(
    pretrained: EmotionRecognizer, speech_path: Path, place: Path
) -> None:
    loaded = EmotionRecognizer.load(pretrained.save(place))

    with zipfile.ZipFile(place) as opened:
        assert NETWORK not in opened.namelist()
        assert {"head/coefficients.npy", "head/intercept.npy"} < set(opened.namelist())
    assert loaded.predict(speech_path) == pretrained.predict(speech_path)
    assert loaded.settings == pretrained.settings


# What cannot be written.


def test_a_folder_is_not_overwritten(recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder; give the name of a file in it"):
        recognizer.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_below_a_file_is_refused(recognizer: EmotionRecognizer, place: Path) -> None:
    place.write_text("a file")

    with pytest.raises(ModelFileError, match=r"cannot be written \(.*\); choose another place"):
        recognizer.save(place / "voice.emotion")
    assert [path.read_text() for path in place.parent.iterdir()] == ["a file"]


@pytest.mark.parametrize("name", ["x" * 300, "zero\0byte"], ids=["too long", "with a zero byte"])
def test_a_name_that_no_file_can_have_is_refused(recognizer: EmotionRecognizer, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelFileError, match="cannot be written"):
        recognizer.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_breaks_off_leaves_the_old_file_and_no_rubbish(
    recognizer: EmotionRecognizer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_text("old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelFileError, match="No space left on device"):
        recognizer.save(place)
    assert [path.read_text() for path in place.parent.iterdir()] == ["old"]


@pytest.mark.parametrize("value", [np.float32(1), float("nan"), {1, 2}], ids=["NumPy", "NaN", "a set"])
def test_what_json_cannot_say_is_refused_when_it_is_saved(place: Path, value: object) -> None:
    with pytest.raises(ParameterError, match="about: must have JSON values"):
        write_file(place, Contents({"about": {"worth": value}}, b""))
    assert not place.exists()


def test_nothing_is_written_that_would_be_refused_for_its_size(place: Path) -> None:
    with pytest.raises(ModelFileError, match="larger than 64 MB; use a smaller network"):
        write_file(place, Contents({"about": "x" * 2**20}, b""))
    assert not place.exists()


def test_utterances_have_one_digest_each() -> None:
    with pytest.raises(ParameterError, match="1 ids and 0 digests"):
        Utterances(("demo/a",), ())
    with pytest.raises(ParameterError, match="must be the first 8 bytes of the SHA-256"):
        Utterances(("demo/a",), (b"short",))


# What is no file at all.


def test_a_missing_file_says_so(place: Path) -> None:
    with pytest.raises(ModelFileError, match=r"voice\.emotion: no such file; check the path"):
        EmotionRecognizer.load(place)


def test_a_package_without_its_recognizer_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer, "PRETRAINED", "missing.emotion")

    with pytest.raises(ModelFileError, match=r"missing\.emotion: no such file; install emotion_lib again"):
        EmotionRecognizer.load()


def test_a_folder_is_no_recognizer(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder; give the path of a recogniser in it"):
        EmotionRecognizer.load(tmp_path)


def test_a_named_pipe_is_not_waited_for(place: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(place)
    with pytest.raises(ModelFileError, match="no such file"):
        EmotionRecognizer.load(place)


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(ModelFileError, match="check the path"):
        EmotionRecognizer.load("zero\0byte")


@pytest.mark.parametrize("path", [0, b"bytes", ["a", "list"]], ids=["a number", "bytes", "a list"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(ParameterError, match="must be the path of a file that `save` wrote"):
        EmotionRecognizer.load(path)


def test_an_empty_file_says_so(refused: Refused) -> None:
    assert refused(b"") == f"an empty file (0 bytes); {CURE}"


@pytest.mark.parametrize("content", [b"Dear reader,\n", b"PK\x03\x04", bytes(1000)], ids=["text", "a start", "zeros"])
def test_what_is_no_zip_is_refused(refused: Refused, content: bytes) -> None:
    assert refused(content) == DAMAGED


def test_another_zip_is_refused(refused: Refused) -> None:
    assert refused(packed({"word/document.xml": b"<xml/>"})) == DAMAGED
    assert refused(packed({})) == DAMAGED


# Versions.


@pytest.mark.parametrize("version", [3, 10**30], ids=["the next", "a distant one"])
def test_a_newer_version_is_told_with_the_cure(refused: Refused, manifest: dict[str, Any], version: int) -> None:
    content = packed({MANIFEST: as_json(manifest | {"format": version}), "members.bin": b"of the future"})
    newer = f"a recogniser of format {version}, but this emotion_lib reads format 2"

    assert refused(content) == f"{newer}; update it: pip install --upgrade emotion_lib"


def test_a_newer_version_may_have_another_manifest(refused: Refused) -> None:
    assert refused(packed({MANIFEST: b'{"format": 3}'})).startswith("a recogniser of format 3")


def test_a_file_of_format_1_says_what_made_it_and_how_to_make_it_again(
    refused: Refused, manifest: dict[str, Any]
) -> None:
    sentence = refused(packed({MANIFEST: as_json(manifest | {"format": 1}), "network.onnx": b"of the past"}))

    for said in ("emotion_lib 0.1", "format 1", "emotion-lib train CORPUS"):
        assert said in sentence


@pytest.mark.parametrize("version", ["1", 1.0, True, None, [1], 0, -1])
def test_what_is_no_version_is_refused(
    refused: Refused, members: Mapping[str, bytes], manifest: dict[str, Any], version: object
) -> None:
    assert refused(packed({**members, MANIFEST: as_json(manifest | {"format": version})})) == DAMAGED


# Damage.


@pytest.mark.parametrize("share", [0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999])
def test_a_truncated_file_is_refused(refused: Refused, saved: bytes, share: float) -> None:
    assert refused(saved[: int(share * len(saved))]) == DAMAGED


def test_a_file_without_its_beginning_is_refused(refused: Refused, saved: bytes) -> None:
    assert refused(saved[1000:]) == DAMAGED


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place_of_damage=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_one_damaged_byte_is_refused_or_does_not_matter(
    saved: bytes, place: Path, place_of_damage: float, value: int
) -> None:
    damaged = bytearray(saved)
    damaged[int(place_of_damage * len(saved))] = value
    place.write_bytes(damaged)

    assert loads_or_is_refused(place)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(from_the_end=st.integers(1, 400), value=st.integers(0, 255))
def test_one_damaged_byte_in_the_table_of_members_is_refused_or_does_not_matter(
    saved: bytes, place: Path, from_the_end: int, value: int
) -> None:
    damaged = bytearray(saved)
    damaged[-from_the_end] = value
    place.write_bytes(damaged)

    assert loads_or_is_refused(place)


def loads_or_is_refused(path: Path) -> bool:
    """Load a file, and let nothing but the refusal pass."""
    try:
        return EmotionRecognizer.load(path).emotions != ()
    except ModelFileError:
        return True


# Members.


def test_a_member_that_is_no_part_of_a_recognizer_is_refused(refused: Refused, members: Mapping[str, bytes]) -> None:
    content = packed({**members, "setup.py": b"print('hello')"})

    assert refused(content) == f"contains 'setup.py', which is not part of a recogniser file; {CURE}"


@pytest.mark.parametrize("member", [NETWORK, IDS, DIGESTS])
def test_a_missing_member_is_named(refused: Refused, members: Mapping[str, bytes], member: str) -> None:
    content = packed({name: content for name, content in members.items() if name != member})

    assert refused(content) == f"lacks {member!r}; {CURE}"


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_doubled_member_is_refused(refused: Refused, members: Mapping[str, bytes], member: str) -> None:
    assert refused(packed([*members.items(), (member, members[member])])) == f"contains {member!r} twice; {CURE}"


def test_an_encrypted_zip_is_refused(refused: Refused, saved: bytes) -> None:
    locked = bytearray(saved)
    central = saved.index(b"PK\x01\x02")
    locked[6] |= 1
    locked[central + 8] |= 1

    assert refused(bytes(locked)) == f"the file is encrypted, but recogniser files never are; {CURE}"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "LZMA"])
def test_what_unpacks_without_a_bound_is_refused(refused: Refused, members: Mapping[str, bytes], method: int) -> None:
    assert refused(packed(members, method)) == f"compressed by a method that recogniser files do not use; {CURE}"


def test_members_may_be_stored_as_they_are(members: Mapping[str, bytes], place: Path) -> None:
    place.write_bytes(packed(members, zipfile.ZIP_STORED))

    assert loads_or_is_refused(place)
    assert EmotionRecognizer.load(place).emotions


# Bombs: refused before they claim the memory.


def peak_megabytes(refuse: Callable[[], str]) -> tuple[str, float]:
    """Return what a refusal says, and the memory in MB that it took."""
    tracemalloc.start()
    sentence = refuse()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return sentence, peak


@pytest.mark.parametrize("member", [MANIFEST, NETWORK])
def test_gigabytes_of_zeros_are_refused_by_what_their_header_says(refused: Refused, member: str) -> None:
    bomb = forged_zip(member, zeros(3), method=zipfile.ZIP_DEFLATED, claims=3 * 2**30)
    sentence, peak = peak_megabytes(lambda: refused(bomb))

    assert sentence == f"unpacks to more than 64 MB, the largest size of a recogniser; {CURE}"
    assert peak < 8


@pytest.mark.parametrize("claims", [0, 100, 2**19])
def test_gigabytes_of_zeros_are_refused_where_their_header_lies(refused: Refused, claims: int) -> None:
    bomb = forged_zip(MANIFEST, zeros(3), method=zipfile.ZIP_DEFLATED, claims=claims)
    sentence, peak = peak_megabytes(lambda: refused(bomb))

    assert sentence == DAMAGED
    assert peak < 8


def test_members_that_are_small_one_by_one_are_refused_for_their_sum(
    refused: Refused, members: Mapping[str, bytes]
) -> None:
    content = packed([*members.items(), *((f"{number}.bin", bytes(2**20)) for number in range(65))])

    assert refused(content).startswith("unpacks to more than 64 MB")


def test_a_manifest_that_would_fill_the_memory_as_objects_is_refused(
    refused: Refused, members: Mapping[str, bytes]
) -> None:
    content = packed({**members, MANIFEST: b"[" + b"[]," * 2**22 + b"[]]"})
    sentence, peak = peak_megabytes(lambda: refused(content))

    assert sentence == f"its manifest.json has {3 * 2**22 + 4} bytes, but at most {2**20} are allowed; {CURE}"
    assert peak < 8


def test_a_file_of_gigabytes_is_not_read(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(2**32)  # a hole, which takes no room on the disk

    with pytest.raises(ModelFileError, match="4096 MB, but a recogniser file has at most 64 MB"):
        EmotionRecognizer.load(place)


# Arrays.


class Trap:
    """What, unpickled, would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("member", [IDS, DIGESTS])
def test_an_array_of_objects_is_refused_and_nothing_in_it_runs(
    refused: Refused, members: Mapping[str, bytes], tmp_path: Path, member: str
) -> None:
    trace = tmp_path / "it ran"
    content = npy(np.array([Trap(trace)], dtype=object), allow_pickle=True)
    sentence = refused(packed({**members, member: content}))

    assert sentence == f"its {member} is an array of objects, which could run code, so it is not loaded; {CURE}"
    assert not trace.exists()


def test_a_pickle_in_the_place_of_an_array_does_not_run(
    refused: Refused, members: Mapping[str, bytes], tmp_path: Path
) -> None:
    trace = tmp_path / "it ran"

    assert refused(packed({**members, IDS: pickle.dumps(Trap(trace))})) == DAMAGED
    assert not trace.exists()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<U9', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<U9000000', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}",
        "{'descr': '<U1', 'fortran_order': False, 'shape': (-2,)}",
    ],
    ids=["a giant shape", "giant items", "items of nothing", "a negative shape"],
)
def test_an_array_that_claims_another_size_than_it_has_is_refused(
    refused: Refused, members: Mapping[str, bytes], header: str
) -> None:
    sentence = refused(packed({**members, IDS: forged_npy(header)}))
    assert sentence == f"its {IDS} has a header that does not match its size; {CURE}"


@pytest.mark.parametrize(
    "header",
    [
        "__import__('os').system('true')",
        "(" * 5000,
        "{[]: 1}",
        "{'descr': '|O', 'fortran_order': False",
        "{'descr': 1L}\n 'x",
        "",
    ],
    ids=["a call", "nested deep", "a list as a key", "cut short", "of Python 2", "empty"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_header_that_is_none_is_refused(refused: Refused, members: Mapping[str, bytes], header: str) -> None:
    assert refused(packed({**members, IDS: forged_npy(header)})) == DAMAGED


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_an_array_of_another_version_of_npy_is_refused(
    refused: Refused, members: Mapping[str, bytes], version: tuple[int, int]
) -> None:
    content = packed({**members, IDS: npy(np.array(["demo/a", "demo/b"]), version=version)})

    assert refused(content) == f"its {IDS} is not an array in the format that `save` writes; {CURE}"


@pytest.mark.parametrize(
    "changed",
    [
        {IDS: npy(np.array(["one", "two", "three"]))},
        {IDS: npy(np.array([["one", "two"]]))},
        {IDS: npy(np.array([1, 2]))},
        {DIGESTS: npy(np.zeros((2, 31), dtype=np.uint8))},
        {DIGESTS: npy(np.zeros((2, 32), dtype=np.int8))},
        {DIGESTS: npy(np.zeros(64, dtype=np.uint8))},
    ],
    ids=["too many ids", "ids in rows", "ids that are numbers", "short digests", "signed digests", "digests in a row"],
)
def test_ids_and_digests_that_do_not_fit_are_refused(
    refused: Refused, members: Mapping[str, bytes], changed: dict[str, bytes]
) -> None:
    assert refused(packed({**members, **changed})) == f"its list of training utterances is damaged; {CURE}"


def test_ids_that_are_no_text_are_refused(refused: Refused, members: Mapping[str, bytes]) -> None:
    beyond = npy(np.full(2, 0x7FFFFFFF, dtype="<u4").view("<U1"))

    assert refused(packed({**members, IDS: beyond})) == DAMAGED


# The manifest.


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"1", b'"format"', b"{}", b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000],
    ids=["empty", "a list", "a number", "text", "empty object", "cut short", "no text", "nested deep", "a long number"],
)
def test_a_manifest_that_is_none_is_refused(refused: Refused, members: Mapping[str, bytes], content: bytes) -> None:
    assert refused(packed({**members, MANIFEST: content})) == DAMAGED


@pytest.mark.parametrize("name", ["emotions", "feature", "settings", "calibration", "about"])
def test_what_the_manifest_lacks_is_named(
    refused: Refused, members: Mapping[str, bytes], manifest: dict[str, Any], name: str
) -> None:
    del manifest[name]

    assert refused(packed({**members, MANIFEST: as_json(manifest)})) == f"its manifest lacks {name!r}; {CURE}"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("emotions", "angry", "list"),
        ("feature", ["log_mel"], "text"),
        ("settings", None, "table"),
        ("calibration", 0.5, "table"),
        ("about", [], "table"),
    ],
)
def test_what_the_manifest_has_of_another_type_is_named(
    refused: Refused, members: Mapping[str, bytes], manifest: dict[str, Any], name: str, value: object, kind: str
) -> None:
    content = packed({**members, MANIFEST: as_json(manifest | {name: value})})

    assert refused(content) == f"its manifest has no {kind} for {name!r}; {CURE}"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("feature", "x_vector", "feature='x_vector': must be one of log_mel, mfcc"),
        ("emotions", ["angry", "<b>"], "label '<b>': must be plain words, without '<'"),
        ("emotions", ["angry", "unknown"], "label 'unknown': is the recogniser's"),
        ("emotions", ["angry", "speaker"], "label 'speaker': is the name of a column"),
        ("emotions", ["angry", "\x1b[2J"], "must be plain words, without '\\x1b'"),
        ("emotions", [str(n) for n in range(201)], "201 labels; must be at most 200"),
        ("emotions", ["sad", "angry"], "must be in this order: angry, sad"),
        ("emotions", ["angry", "sad"], "its network gives an output of shape (1, 7) for 2 emotions"),
        ("emotions", ["angry"], "must be at least two"),
        ("emotions", [], "must be at least two"),
        ("emotions", [["angry"], {}], "must be strings"),
        ("emotions", [1, "angry"], "must be strings"),
    ],
)
def test_what_a_recognizer_cannot_be_made_of_is_named(
    refused: Refused, members: Mapping[str, bytes], manifest: dict[str, Any], name: str, value: object, reason: str
) -> None:
    sentence = refused(packed({**members, MANIFEST: as_json(manifest | {name: value})}))

    assert sentence.startswith("not a recogniser file, or damaged (")
    assert reason in sentence
    assert sentence.endswith(f"); {CURE}")


@pytest.mark.parametrize(
    ("part", "name", "value", "reason"),
    [
        ("settings", "window", "hann", "'window': unknown setting; must be one of"),
        ("settings", "sr", "16000", "sr='16000': must be a positive whole number, at most 768000"),
        ("settings", "sr", None, "sr=None: a recogniser reads all recordings at one rate"),
        ("settings", "sr", True, "sr=True: must be a positive whole number, at most 768000"),
        ("settings", "sr", 16000.5, "sr=16000.5: must be a positive whole number, at most 768000"),
        ("settings", "sr", 10**12, "sr=1000000000000: must be a positive whole number, at most 768000"),
        ("settings", "sr", 1, "sr=1: must be from 1000 to 768000 Hz"),
        ("settings", "n_fft", 10**12, "must be a positive whole number, at most 65536"),
        ("settings", "n_fft", 2**15, "must be at most 16384 and 512"),
        ("settings", "n_mels", 10**12, "must be a positive whole number, at most 1024"),
        ("settings", "n_mels", 1000, "must be at most 16384 and 512"),
        ("settings", "hop_length", 0, "hop_length=0: must be a positive whole number, at most 2147483648"),
        ("settings", "n_fft", None, "n_fft=None: must be a positive whole number, at most 65536"),
        ("settings", "offset", float("nan"), "offset=nan: must be a number of seconds, 0 or more"),
        ("settings", "offset", float("inf"), "offset=inf: must be a number of seconds, 0 or more"),
        ("settings", "offset", None, "offset=None: must be a number of seconds, 0 or more"),
        ("settings", "top_db", [], "top_db=[]: must be a positive number"),
        ("settings", "duration", 10**400, "must be a positive number"),
        ("settings", "hop_length", 10**400, "must be a positive whole number, at most 2147483648"),
        ("settings", "hop_length", 2**31, "must give from 1 to 1000 frames a second"),
        ("settings", "trim_speech", 1, "trim_speech=1: must be True or False"),
        ("settings", "trim_speech", None, "trim_speech=None: must be True or False"),
        ("settings", "n_mels", 60, "its network does not take features of shape"),
        ("calibration", "threshold", float("nan"), "threshold=nan: must be a probability, from 0 to 1"),
        ("calibration", "threshold", "0.5", "threshold='0.5': must be a probability, from 0 to 1"),
        ("calibration", "threshold", None, "threshold=None: must be a probability, from 0 to 1"),
        ("calibration", "temperature", 0, "temperature=0: must be from 0.05 to 20.0"),
        ("calibration", "temperature", float("nan"), "temperature=nan: must be from 0.05 to 20.0"),
        ("calibration", "bias", 1, "'bias': unknown setting; must be one of"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    refused: Refused,
    members: Mapping[str, bytes],
    manifest: dict[str, Any],
    part: str,
    name: str,
    value: object,
    reason: str,
) -> None:
    manifest[part][name] = value
    sentence = refused(packed({**members, MANIFEST: as_json(manifest)}))

    assert reason in sentence
    assert sentence.endswith(f"); {CURE}")


def test_settings_that_would_fill_the_memory_are_refused(
    refused: Refused, members: Mapping[str, bytes], manifest: dict[str, Any]
) -> None:
    manifest["settings"] |= {"n_fft": 2**14, "hop_length": 1}
    sentence, peak = peak_megabytes(lambda: refused(packed({**members, MANIFEST: as_json(manifest)})))

    assert "hop_length=1, sr=16000: must give from 1 to 1000 frames a second" in sentence
    assert peak < 8


# The network.


def test_a_damaged_network_is_refused(refused: Refused, members: Mapping[str, bytes]) -> None:
    for content in (b"", b"network", members[NETWORK][:-10], members[NETWORK][:1000]):
        sentence = refused(packed({**members, NETWORK: content}))
        assert sentence == f"not a recogniser file, or damaged (its network cannot be read); {CURE}"


def test_a_network_in_the_own_form_of_onnx_runtime_is_refused(refused: Refused, members: Mapping[str, bytes]) -> None:
    assert "its network has a part" in refused(packed({**members, NETWORK: b"\x10\x00\x00\x00ORTM" + bytes(100)}))
    assert "its network cannot be read" in refused(packed({**members, NETWORK: b"\x18\x00\x18\x00ORTM" + bytes(100)}))


def test_a_network_for_another_feature_is_refused(
    refused: Refused, members: Mapping[str, bytes], networks: Mapping[str, bytes]
) -> None:
    vector, frames = networks["mean_mfcc_lstm"], networks["frame_lstm"]

    assert "(its network does not take log_mel); " in refused(packed({**members, NETWORK: vector}))
    assert "(its network does not take features of shape 1515 x 64); " in refused(packed({**members, NETWORK: frames}))


@pytest.fixture
def for_vectors(members: Mapping[str, bytes], manifest: dict[str, Any]) -> Callable[[Any], bytes]:
    """Return the bytes of a file whose network takes vectors."""

    def pack(network: Any) -> bytes:
        manifest["feature"] = "mean_mfcc"
        return packed({**members, MANIFEST: as_json(manifest), NETWORK: network.SerializeToString()})

    return pack


def test_a_small_network_for_vectors_is_loaded(for_vectors: Callable[[Any], bytes], place: Path) -> None:
    place.write_bytes(for_vectors(linear()))

    assert EmotionRecognizer.load(place).feature == "mean_mfcc"


def test_a_network_with_another_number_of_outputs_is_refused(
    refused: Refused, for_vectors: Callable[[Any], bytes]
) -> None:
    sentence = refused(for_vectors(linear(n_outputs=5)))

    assert "(its network gives an output of shape (1, 5) for 7 emotions)" in sentence


def test_a_network_whose_outputs_are_no_probabilities_is_refused(
    refused: Refused, for_vectors: Callable[[Any], bytes]
) -> None:
    assert "(its network gives numbers that are not probabilities)" in refused(for_vectors(linear(softmax=False)))


# Weighted sums.


@pytest.fixture(scope="module")
def encoded(pretrained: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What is in the file of a recogniser with the speech encoder."""
    with zipfile.ZipFile(pretrained.save(tmp_path_factory.mktemp("saved") / "encoded.emotion")) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.parametrize("digest", ["0" * 64, "", None, 5])
def test_a_recogniser_of_another_encoder_is_refused(
    refused: Refused, encoded: Mapping[str, bytes], digest: object
) -> None:
    changed = json.loads(encoded[MANIFEST]) | {"encoder": digest}

    assert "it was trained with another speech encoder" in refused(packed({**encoded, MANIFEST: as_json(changed)}))


def test_an_encoder_at_another_rate_is_refused(refused: Refused, encoded: Mapping[str, bytes]) -> None:
    changed = json.loads(encoded[MANIFEST])
    changed["settings"]["sr"] = 22_050

    assert "sr=22050: must be 16000 for the speech encoder" in refused(packed({**encoded, MANIFEST: as_json(changed)}))


EMPTY = np.zeros(0, np.float32)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"head/intercept.npy": None}, "its head has the arrays ['coefficients']; must be"),
        ({"head/scale.npy": npy(np.ones(7, np.float32))}, "its head has the arrays ['coefficients', 'intercept', 'sc"),
        ({"head/intercept.npy": npy(np.zeros(6, np.float32))}, "arrays of shape (3072, 7) and (6,), which do not fit"),
        ({"head/coefficients.npy": npy(np.zeros((9, 7), np.float32))}, "its head takes 9 features, not 3072"),
        ({"head/intercept.npy": npy(np.full(7, np.nan, np.float32))}, "its head must have finite float32 numbers"),
        ({"head/intercept.npy": npy(np.zeros(7))}, "its head/intercept.npy is of type float64, but must be float32"),
        (
            {"head/coefficients.npy": npy(np.zeros((3072, 0), np.float32)), "head/intercept.npy": npy(EMPTY)},
            "its head has an array of shape (3072, 0), which is empty",
        ),
        ({"head/coefficients.npy": None, "head/intercept.npy": None}, "lacks 'network.onnx'"),
        ({NETWORK: b"a network"}, "contains 'network.onnx' and 'head', but a recogniser has only one of them"),
    ],
)
def test_a_head_of_other_arrays_is_refused(
    refused: Refused, encoded: Mapping[str, bytes], changed: dict[str, bytes | None], sentence: str
) -> None:
    members = {name: content for name, content in ({**encoded, **changed}).items() if content is not None}

    assert sentence in refused(packed(members))


# Voices.


@pytest.fixture(scope="module")
def used(knowing: EmotionRecognizer, speech: np.ndarray) -> EmotionRecognizer:
    """A recogniser with all that one can have."""
    return knowing.enrol([speech], ["sad"], SR)


@pytest.fixture(scope="module")
def all_members(used: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What is in its file."""
    with zipfile.ZipFile(used.save(tmp_path_factory.mktemp("saved") / "used.emotion")) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_file_has_no_more_members_than_the_recognizer_knows(
    members: Mapping[str, bytes], all_members: Mapping[str, bytes], used: EmotionRecognizer
) -> None:
    assert used.voices is not None
    assert used.enrolment is not None
    more = [f"voices/{name}.npy" for name in used.voices.arrays()]
    more += [f"enrolment/{name}.npy" for name in used.enrolment.arrays()]

    assert set(members) == {*MEMBERS, NETWORK}
    assert set(all_members) == {*MEMBERS, NETWORK, *more}


def test_voices_and_enrolment_come_back_to_the_last_digit(used: EmotionRecognizer, place: Path) -> None:
    loaded = EmotionRecognizer.load(used.save(place))

    for name in ("voices", "enrolment"):
        before, after = getattr(used, name).arrays(), getattr(loaded, name).arrays()
        assert before.keys() == after.keys()
        for each in before:
            np.testing.assert_array_equal(before[each], after[each])
    assert loaded.save(place.with_name("again.emotion")).read_bytes() == place.read_bytes()


def test_whoever_knows_no_voices_has_none(recognizer: EmotionRecognizer, place: Path) -> None:
    loaded = EmotionRecognizer.load(recognizer.save(place))

    assert (loaded.voices, loaded.enrolment) == (None, None)


VOICE_MEMBERS = ["voices", "enrolment"]


def one_of(folder: str, members: Mapping[str, bytes]) -> str:
    """Return a member of a folder."""
    return next(name for name in members if name.startswith(f"{folder}/"))


@pytest.mark.parametrize("folder", VOICE_MEMBERS)
@pytest.mark.parametrize(
    "name", ["/a.npz", "/A.npy", "/../a.npy", "/a/b.npy", "/.npy", "/a1.npy", "/a.npy\n", "a.npy", "/a.npy.py"]
)
def test_only_arrays_lie_in_their_folders(
    refused: Refused, members: Mapping[str, bytes], folder: str, name: str
) -> None:
    assert "which is not part of a recogniser file" in refused(packed({**members, f"{folder}{name}": b""}))


@pytest.mark.parametrize("folder", VOICE_MEMBERS)
def test_an_array_too_many_or_too_few_is_refused(
    refused: Refused, all_members: Mapping[str, bytes], folder: str
) -> None:
    member = one_of(folder, all_members)
    more = {**all_members, f"{folder}/no_such.npy": all_members[member]}
    less = {name: content for name, content in all_members.items() if name != member}

    for changed in (more, less):
        assert refused(packed(changed)).startswith("not a recogniser file, or damaged (")


@pytest.mark.parametrize("folder", VOICE_MEMBERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_twice_is_refused(refused: Refused, all_members: Mapping[str, bytes], folder: str) -> None:
    member = one_of(folder, all_members)

    assert refused(packed([*all_members.items(), (member, b"")])) == f"contains {member!r} twice; {CURE}"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_thousands_of_members_are_refused_at_once(refused: Refused, members: Mapping[str, bytes]) -> None:
    names = (f"voices/{'a' * (number % 50 + 1)}.npy" for number in range(20_000))

    assert refused(packed([*members.items(), *((name, b"") for name in names)])).startswith("lists more members")


@pytest.mark.parametrize("folder", VOICE_MEMBERS)
def test_what_is_no_number_is_refused(refused: Refused, all_members: Mapping[str, bytes], folder: str) -> None:
    member = one_of(folder, all_members)
    shape = np.load(io.BytesIO(all_members[member])).shape
    for number in (np.nan, -np.inf):
        beyond = npy(np.full(shape, number, dtype=np.float32))
        assert "or damaged (" in refused(packed({**all_members, member: beyond}))
    for array in (
        np.zeros(shape, dtype=np.float64),
        np.zeros(shape, dtype=">f4"),
        np.zeros(shape, dtype=np.int32),
        np.zeros(shape, dtype="U3"),
    ):
        sentence = refused(packed({**all_members, member: npy(array)}))
        assert sentence == f"its {member} is of type {array.dtype}, but must be float32; {CURE}"


@pytest.mark.parametrize("folder", VOICE_MEMBERS)
def test_objects_among_voices_are_refused_and_nothing_in_them_runs(
    refused: Refused, all_members: Mapping[str, bytes], tmp_path: Path, folder: str
) -> None:
    trace = tmp_path / "it ran"
    member = one_of(folder, all_members)
    content = npy(np.array([Trap(trace)], dtype=object), allow_pickle=True)

    assert "an array of objects, which could run code" in refused(packed({**all_members, member: content}))
    assert not trace.exists()


def test_arrays_of_another_shape_are_refused(refused: Refused, all_members: Mapping[str, bytes]) -> None:
    for member in all_members:
        if "/" in member:
            shape = np.load(io.BytesIO(all_members[member])).shape
            for other in ((*shape, 1), (0,), (3, 5)):
                if other != shape:
                    changed = npy(np.zeros(other, dtype=np.float32))
                    assert refused(packed({**all_members, member: changed})).endswith(CURE)


def test_voices_for_another_feature_are_refused(
    refused: Refused, all_members: Mapping[str, bytes], voices: Voices, used: EmotionRecognizer
) -> None:
    statistics = np.random.default_rng(0).normal(size=(80, 34)).astype(np.float32)
    speaker, emotion = [f"s{n % 8}" for n in range(80)], [EMOTIONS[n % 7] for n in range(80)]
    of_others = learn_voices(statistics, speaker, emotion).arrays()
    changed = {**all_members, **{f"voices/{name}.npy": npy(array) for name, array in of_others.items()}}

    assert "(its voice statistics do not fit log_mel (" in refused(packed(changed))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_damaged_number_of_a_voice_is_refused_or_gives_probabilities(
    all_members: Mapping[str, bytes], place: Path, speech: np.ndarray, data: st.DataObject
) -> None:
    member = data.draw(st.sampled_from([name for name in all_members if "/" in name]))
    damaged = bytearray(all_members[member])
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    place.write_bytes(packed({**all_members, member: bytes(damaged)}))
    try:
        loaded = EmotionRecognizer.load(place)
    except ModelFileError:
        return

    assert loaded.predict_proba(speech, sr=SR).sum() == pytest.approx(1)
