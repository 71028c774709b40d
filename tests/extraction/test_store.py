"""Tests of features on disk: equal to those in memory, written as they come, gone on with after a kill, never mixed."""

import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from emotion_lib import extraction, parallel
from emotion_lib.errors import CorpusError, MissingExtraError, ParameterError
from emotion_lib.extraction import StoredFeatures, extract, extract_to, extractor, open_stored
from emotion_lib.extraction import store as zarr_store
from emotion_lib.features import FEATURES_VERSION
from emotion_lib.writing import LOCK
from tests.extraction.conftest import SMALL

zarr = pytest.importorskip("zarr", reason="Zarr is not installed; get it with `pip install 'emotion_lib[zarr]'`")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "features.zarr"


@pytest.fixture
def small_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recordings a batch and a write, and chunks that end in the middle of utterances."""
    monkeypatch.setattr(extractor, "BATCH", 2)
    monkeypatch.setattr(zarr_store, "ROWS", 2)
    monkeypatch.setattr(zarr_store, "CHUNK_BYTES", 500)


def in_memory(table: pd.DataFrame, feature: str) -> extraction.Features:
    return extract(table, feature, settings=SMALL, cache=False)


def stored(store: Path, table: pd.DataFrame, feature: str = "mfcc") -> StoredFeatures:
    return extract_to(store, table["path"], feature, settings=SMALL)


@pytest.mark.parametrize("feature", ["mean_mfcc", "mfcc"])
@pytest.mark.usefixtures("small_writes")
def test_what_is_stored_is_what_extract_returns(store: Path, table: pd.DataFrame, feature: str) -> None:
    table["path"][2].write_bytes(b"no audio")
    expected = in_memory(table, feature)
    for opened in (stored(store, table, feature), open_stored(store)):
        found = opened.joined(table)
        loaded = found.load()
        np.testing.assert_array_equal(loaded.X, expected.X)
        np.testing.assert_array_equal(loaded.lengths, expected.lengths)
        pd.testing.assert_frame_equal(loaded.table, expected.table)
        assert [str(array.dtype) for array in found.read([0])] == ["float32", "int32"]
        assert (found.feature, found.settings, found.shape) == (feature, SMALL, expected.X.shape)
        assert found.emotion.tolist() == expected.emotion.tolist()
        assert [(each.id, each.path) for each in found.left_out] == [("2", table["path"][2])]
        assert (found.report, repr(found)) == (expected.report, repr(expected))


@pytest.mark.parametrize("feature", ["mean_mfcc", "mfcc"])
def test_rows_are_read_in_the_order_asked_for_and_padded_to_their_own_longest(
    store: Path, table: pd.DataFrame, feature: str
) -> None:
    expected = in_memory(table, feature)
    found = stored(store, table, feature)
    every_second = np.arange(6) % 2 == 0
    for rows in ([3, 0, 3], slice(4, 1, -2), every_second, pd.Series(every_second), [5], []):
        X, lengths = found.read(rows)
        of_all = expected[rows]
        longest = of_all.lengths.max(initial=0) if feature == "mfcc" else 5
        np.testing.assert_array_equal(X, of_all.X[:, :longest])
        np.testing.assert_array_equal(lengths, of_all.lengths)


def test_some_of_the_utterances_are_taken_without_reading_them(store: Path, table: pd.DataFrame) -> None:
    found = stored(store, table).joined(table)
    shutil.rmtree(store / "frames" / "c.0.0", ignore_errors=True)
    some = found[[5, 1]]
    assert some.table["id"].tolist() == ["noise_5", "noise_1"]
    assert some.emotion.tolist() == ["happy", "sad"]
    assert some.shape == (2, found.lengths[5], 5)
    assert some.left_out == ()
    np.testing.assert_array_equal(some.read([1, 0])[0], found.read([1, 5])[0])
    with pytest.raises(ParameterError, match="rows: index 6 is out of bounds"):
        found[[6]]
    with pytest.raises(ParameterError, match="rows: boolean index did not match"):
        found.read(np.ones(5, bool))


def test_vectors_stay_vectors_and_one_frame_stays_a_frame(store: Path, table: pd.DataFrame) -> None:
    one_frame = replace(SMALL, duration=0.007)
    for feature, shape in (("mean_mfcc", (6, 5)), ("mfcc", (6, 1, 5))):
        found = extract_to(store / feature, table["path"], feature, settings=one_frame)
        assert (found.shape, found.read(slice(None))[0].shape) == (shape, shape)


@pytest.mark.usefixtures("small_writes")
def test_recordings_are_taken_only_as_they_are_needed(
    store: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "THREADS", 1)
    taken = 0

    def listed() -> Iterator[Path]:
        nonlocal taken
        for taken in range(1, 101):
            written = zarr.open_group(store, mode="r").attrs["recordings"]
            assert taken - written <= 2 * 4  # two batches before a thread, one that is given to it, one held back
            yield table["path"][taken % 6]

    found = extract_to(store, listed(), "mean_mfcc", settings=SMALL)
    np.testing.assert_array_equal(found.load().X, in_memory(table, "mean_mfcc").X[np.arange(1, 101) % 6])


def until_killed(store: Path, paths: list[Path], where: str) -> None:
    """Extract, and be killed before the first, in the ninth or after the last write."""
    zarr_store.ROWS = extractor.BATCH = 2
    zarr_store.CHUNK_BYTES = 500
    extend, writes = zarr_store._extend, []

    def extend_or_die(group: Any, name: str, values: np.ndarray, **layout: Any) -> None:
        writes.append(name)
        if where == "before" or (where == "in" and writes.count("lengths") == 9):
            os.kill(os.getpid(), signal.SIGKILL)
        extend(group, name, values, **layout)

    zarr_store._extend = extend_or_die
    extract_to(store, paths, "mfcc", settings=SMALL)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("where", "kept"), [("before", 0), ("in", 16), ("after", 36)])
def test_a_run_that_was_killed_goes_on_where_it_stopped(
    store: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, where: str, kept: int
) -> None:
    paths = list(table["path"]) * 6
    process = multiprocessing.get_context("spawn").Process(target=until_killed, args=(store, paths, where))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    if where != "after":
        with pytest.raises(CorpusError, match=f"unfinished, with {kept} recordings; call `extract_to` again"):
            open_stored(store)

    compute = Mock(wraps=extractor.extract_one)
    monkeypatch.setattr(extractor, "extract_one", compute)
    found = extract_to(store, iter(paths), "mfcc", settings=SMALL)
    assert compute.call_count == 36 - kept
    np.testing.assert_array_equal(found.load().X, in_memory(table, "mfcc").X[np.arange(36) % 6])


@pytest.mark.parametrize("left", ["", "zarr", "frames/c.0.0"])
def test_what_a_kill_left_in_the_middle_of_a_file_is_removed(store: Path, table: pd.DataFrame, left: str) -> None:
    if left.startswith("frames"):
        stored(store, table[:4])
    store.mkdir(exist_ok=True)
    (store / LOCK).touch()
    partial = store / f"{left}.{'0a' * 16}.partial"
    partial.write_bytes(b"half")
    assert len(stored(store, table)) == 6
    assert not partial.exists()


@pytest.mark.usefixtures("small_writes")
@pytest.mark.parametrize("name", ["paths", "reasons", "lengths", "frames"])
def test_what_a_kill_left_half_written_is_written_again(store: Path, table: pd.DataFrame, name: str) -> None:
    stored(store, table[:5])
    group = zarr.open_group(store, mode="r+")
    array = group[name]
    array.resize((array.shape[0] + 40, *array.shape[1:]))
    array[-40:] = "rest" if name in {"paths", "reasons"} else 3
    group.update_attributes({"finished": False})
    np.testing.assert_array_equal(stored(store, table).load().X, in_memory(table, "mfcc").X)


def test_a_second_call_computes_nothing_and_a_longer_one_adds(
    store: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(store, table[:5])
    with monkeypatch.context() as patched:
        patched.setattr(extractor, "extract_one", None)
        assert len(stored(store, table[:5])) == 5
    np.testing.assert_array_equal(stored(store, table).load().X, in_memory(table, "mfcc").X)


def test_other_recordings_are_refused(store: Path, table: pd.DataFrame) -> None:
    stored(store, table)
    with pytest.raises(CorpusError, match=r"recording 0 is \S+noise_0.wav in the store, but \S+noise_5.wav in the"):
        stored(store, table[::-1])
    with pytest.raises(CorpusError, match=r"recording 4 is \S+noise_4.wav in the store, but missing in the call"):
        stored(store, table[:4])
    assert len(open_stored(store)) == 6


def test_other_features_are_refused(store: Path, table: pd.DataFrame) -> None:
    stored(store, table)
    with pytest.raises(CorpusError, match=r"holds mfcc with FeatureSettings\(sr=16000.*; give another folder"):
        stored(store, table, "mean_mfcc")
    with pytest.raises(CorpusError, match="holds mfcc with"):
        extract_to(store, table["path"], "mfcc", settings=replace(SMALL, n_mfcc=4))


@pytest.mark.parametrize(
    "attributes", [{"features_version": FEATURES_VERSION - 1}, {"format": 1, "code": "0123456789ab"}]
)
def test_features_of_another_version_are_refused(
    store: Path, table: pd.DataFrame, attributes: dict[str, object]
) -> None:
    stored(store, table)
    group = zarr.open_group(store, mode="r+")
    group.attrs.put({name: value for name, value in group.attrs.items() if name != "features_version"} | attributes)
    with pytest.raises(CorpusError, match="written by another version of the library; delete it and extract again"):
        open_stored(store)
    with pytest.raises(CorpusError, match="written by another version of the library"):
        stored(store, table)


def test_what_is_not_ours_is_refused_and_left_alone(tmp_path: Path, table: pd.DataFrame) -> None:
    zarr.create_group(tmp_path / "others.zarr")
    (tmp_path / "file.zarr").write_text("mine")
    for place in (tmp_path, tmp_path / "others.zarr", tmp_path / "file.zarr"):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(CorpusError, match=f"{place.name}: holds no features; give a folder"):
            stored(place, table)
        with pytest.raises(CorpusError, match="holds no features"):
            open_stored(place)
        assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(CorpusError, match="nowhere: holds no features"):
        open_stored(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_a_sentence_and_what_was_written_stays(store: Path, table: pd.DataFrame) -> None:
    import resource

    stored(store, table[:3])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(CorpusError, match=r"cannot be written \(File too large\); fix this and repeat the call"):
            stored(store, table)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    np.testing.assert_array_equal(stored(store, table).load().X, in_memory(table, "mfcc").X)


def test_an_empty_folder_is_written_to(store: Path, table: pd.DataFrame) -> None:
    store.mkdir()
    assert len(stored(store, table)) == 6


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, table: pd.DataFrame) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CorpusError, match=r"features.zarr: cannot be written \(Not a directory\); .*repeat the call"):
        stored(tmp_path / "file" / "features.zarr", table)


@pytest.mark.parametrize("name", ["lengths", "paths", "frames"])
def test_a_lost_file_is_noticed(store: Path, table: pd.DataFrame, name: str) -> None:
    stored(store, table)
    if name == "frames":
        next((store / name).glob("c*")).unlink()
    else:
        shutil.rmtree(store / name)
    with pytest.raises(CorpusError, match=r"features.zarr: damaged \(.*\); delete it and extract again"):
        open_stored(store).read([0])


def as_stored_before(store: Path, table: pd.DataFrame) -> None:
    """Write a store as the first versions of the library did: without checksums."""
    found = stored(store, table)
    frames, paths = np.asarray(found.frames), found.table["path"].to_numpy()
    attributes = {name: value for name, value in zarr.open_group(store).attrs.items() if name != "checksum"}
    shutil.rmtree(store)
    group = zarr.create_group(store, attributes=attributes)
    encoding = {"name": "default", "separator": "."}
    layout = {"chunks": (25, 5), "fill_value": np.nan, "chunk_key_encoding": encoding, "compressors": None}
    group.create_array("frames", data=frames, dimension_names=("frame", "feature"), **layout)
    for name, column in {"paths": paths, "lengths": found.lengths, "reasons": np.full(len(paths), "")}.items():
        text = column.astype(zarr_store._TEXT) if name != "lengths" else column
        group.create_array(name, data=text, chunks=(zarr_store.ROWS,))


def test_a_store_without_checksums_is_read_and_gone_on_with(store: Path, table: pd.DataFrame) -> None:
    as_stored_before(store, table[:4])
    np.testing.assert_array_equal(open_stored(store).load().X, in_memory(table[:4], "mfcc").X)
    np.testing.assert_array_equal(stored(store, table).load().X, in_memory(table, "mfcc").X)
    next((store / "frames").glob("c*")).write_bytes(b"cut short")
    with pytest.raises(CorpusError, match=r"damaged \(.*\); delete it and extract again"):
        open_stored(store).load()


def flip(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


@pytest.mark.parametrize("damage", [flip, lambda content: content[:-8], lambda content: b""], ids=["flip", "cut", "no"])
@pytest.mark.parametrize("name", ["frames", "paths", "lengths", "reasons"])
@pytest.mark.usefixtures("small_writes")
def test_a_damaged_chunk_is_an_error_when_it_is_read_and_before_it_is_gone_on_with(
    store: Path, table: pd.DataFrame, name: str, damage: Callable[[bytes], bytes]
) -> None:
    table["path"][1].write_bytes(b"no audio")
    stored(store, table[:5])
    chunk = max(path for path in (store / name).rglob("*") if path.is_file() and path.name != "zarr.json")
    chunk.write_bytes(damage(chunk.read_bytes()))
    with pytest.raises(CorpusError, match=r"features.zarr: damaged \(.*\); delete it and extract again"):
        open_stored(store).load()
    with pytest.raises(CorpusError, match=r"features.zarr: damaged \(.*\); delete it and extract again"):
        stored(store, table)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("zarr.json", '"hop_length": 128', '"hop_length": 129'),
        ("zarr.json", '"recordings": 6', '"recordings": 5'),
        ("frames/zarr.json", '"frame"', '"grame"'),
    ],
)
def test_a_damaged_description_is_an_error(store: Path, table: pd.DataFrame, file: str, old: str, new: str) -> None:
    stored(store, table)
    text = (store / file).read_text()
    assert old in text
    (store / file).write_text(text.replace(old, new))
    with pytest.raises(CorpusError, match=r"features.zarr: damaged \(.*\); delete it and extract again"):
        open_stored(store)


def test_the_second_writer_is_told_of_the_first(store: Path, table: pd.DataFrame) -> None:
    def listed() -> Iterator[Path]:
        with pytest.raises(CorpusError, match=r"features.zarr: another process is writing to it; wait until"):
            stored(store, table)
        yield from table["path"]

    found = extract_to(store, listed(), "mfcc", settings=SMALL)
    np.testing.assert_array_equal(found.load().X, in_memory(table, "mfcc").X)


def test_a_table_in_any_order_gives_labels_by_path(store: Path, table: pd.DataFrame) -> None:
    found = extract_to(store, [*table["path"][3:], table["path"][4]], "mean_mfcc", settings=SMALL).joined(table[::-1])
    assert found.table["id"].tolist() == ["noise_3", "noise_4", "noise_5", "noise_4"]
    assert found.table.index.tolist() == list(range(4))


def test_a_table_that_does_not_fit_is_refused(store: Path, table: pd.DataFrame) -> None:
    found = stored(store, table)
    with pytest.raises(ParameterError, match=r"the table has no row for \S+noise_5.wav: must have the paths"):
        found.joined(table[:5])
    with pytest.raises(ParameterError, match=r"the table has \S+noise_0.wav twice"):
        found.joined(pd.concat([table, table[:1]]))
    with pytest.raises(ParameterError, match="the table has no column 'path'"):
        found.joined(table.drop(columns="path"))
    with pytest.raises(ParameterError, match="the table has no column 'emotion'"):
        _ = found.emotion


def test_paths_are_whole_wherever_the_call_was_made(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = extract_to("features.zarr", ["noise_0.wav"], "mean_mfcc", settings=SMALL)
    assert found.table["path"].tolist() == [str(table["path"][0])]


@pytest.mark.skipif(sys.platform != "linux", reason="only here are names that are no text")
def test_a_name_that_is_no_text_is_written_out(store: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff.wav")
    shutil.copy(table["path"][0], odd)
    lost = tmp_path / os.fsdecode(b"\xfe.wav")
    found = extract_to(store, [odd, lost], "mean_mfcc", settings=SMALL)
    assert found.table["path"][0].endswith(r"\udcff.wav")
    assert found.left_out[0].reason.startswith(r"\udcfe.wav: no such file")
    assert found.joined(pd.DataFrame({"path": [odd], "id": ["odd"]})).table["id"].tolist() == ["odd"]


def test_recordings_of_which_none_can_be_used_are_an_error(store: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none of the 2 recordings could be used; .* a.wav: no such file.*; del"):
        extract_to(store, [tmp_path / "a.wav", tmp_path / "b.wav"], "mfcc", settings=SMALL)


def test_what_are_no_recordings_is_refused(store: Path, table: pd.DataFrame) -> None:
    for given in (table, "a.wav", table["path"][0]):
        with pytest.raises(ParameterError, match="recordings: must be an iterable of paths"):
            extract_to(store, given, "mfcc")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="feature='mffc': must be one of"):
        extract_to(store, table["path"], "mffc")
    assert not store.exists()
    with pytest.raises(ParameterError, match="recordings: empty; must have"):
        extract_to(store, [], "mfcc")


def test_without_zarr_the_extra_is_named(store: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError, match=r"zarr is not installed; .*pip install 'emotion_lib\[zarr\]'"):
        stored(store, table)
    with pytest.raises(MissingExtraError, match="zarr is not installed"):
        open_stored(store)
