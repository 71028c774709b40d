"""Tests of extraction: order, padding and values, what is left out, a cache that is never wrong, and executors."""

import io
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_lib import audio, extraction
from emotion_lib.errors import AudioError, CorpusError, ParameterError
from emotion_lib.extraction import Features, cache, extract, extractor
from emotion_lib.features import ENCODED, FEATURES, FEATURES_VERSION, SPEECH_ENCODER, FeatureSettings
from tests.extraction.conftest import RATE, SMALL, write_noise


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the recordings that were read, which those found in the cache are not."""
    names: list[str] = []
    read = audio.read

    def note(path: Path, **settings: float) -> tuple[np.ndarray, int]:
        names.append(path.name)
        return read(path, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(audio, "read", note)
    return names


def one_by_one(table: pd.DataFrame, feature: str = "mean_mfcc") -> list[np.ndarray]:
    return [FEATURES[feature](*audio.read(path, sr=RATE), settings=SMALL) for path in table["path"]]


def cache_file(folder: Path) -> Path:
    (file,) = folder.glob("*.sqlite")
    return file


def test_vectors_are_those_of_each_recording_in_the_order_of_the_table(table: pd.DataFrame) -> None:
    table = table[::-1]
    features = extract(table, "mean_mfcc", settings=SMALL)
    np.testing.assert_array_equal(features.X, np.stack(one_by_one(table)))
    assert features.X.dtype == np.float32
    assert features.lengths.tolist() == [1] * 6
    assert features.lengths.dtype == np.int32
    assert features.table["id"].tolist() == table["id"].tolist()
    assert features.table.index.tolist() == list(range(6))


def test_frames_are_padded_with_zeros_to_the_longest(table: pd.DataFrame) -> None:
    features = extract(table, "mfcc", settings=SMALL)
    expected = one_by_one(table, "mfcc")
    assert features.X.shape == (6, max(map(len, expected)), 5)
    assert features.lengths.tolist() == [len(each) for each in expected]
    for row, each in zip(features.X, expected, strict=True):
        np.testing.assert_array_equal(row[: len(each)], each)
        assert not row[len(each) :].any()


def test_a_recording_in_two_rows_is_in_both(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table])
    features = extract(twice, "mean_mfcc", settings=SMALL)
    np.testing.assert_array_equal(features.X[:6], features.X[6:])


def test_a_bad_recording_is_left_out_and_reported(table: pd.DataFrame) -> None:
    table["path"][2].write_bytes(b"no audio")
    features = extract(table, "mean_mfcc", settings=SMALL)
    assert features.table["id"].tolist() == ["noise_0", "noise_1", "noise_3", "noise_4", "noise_5"]
    assert features.table.index.tolist() == list(range(5))
    assert [(each.id, each.path) for each in features.left_out] == [("noise_2", table["path"][2])]
    assert features.report.startswith("5 of 6 recordings; left out 1: noise_2.wav: not audio that can be read")
    np.testing.assert_array_equal(features.X, np.stack(one_by_one(features.table)))


def test_a_mended_recording_is_used_again(table: pd.DataFrame) -> None:
    good = table["path"][2].read_bytes()
    table["path"][2].write_bytes(good[:500])
    assert len(extract(table, "mean_mfcc", settings=SMALL)) == 5
    table["path"][2].write_bytes(good)
    assert extract(table, "mean_mfcc", settings=SMALL).report == "6 recordings"


def test_the_report_of_many_bad_recordings_is_short(table: pd.DataFrame, tmp_path: Path) -> None:
    lost = pd.DataFrame({"id": [f"lost_{k}" for k in range(9)], "path": [tmp_path / f"lost_{k}" for k in range(9)]})
    features = extract(pd.concat([table, lost]), "mean_mfcc", settings=SMALL)
    lines = features.report.splitlines()
    assert lines[:2] == ["6 of 15 recordings; left out 9:", "  lost_0: no such file; check the path"]
    assert lines[-1] == "  and 4 more, in `left_out`"
    assert str(tmp_path) not in repr(features)


def test_features_say_what_they_are(table: pd.DataFrame) -> None:
    features = extract(table, "mean_mfcc", settings=SMALL)
    assert repr(features) == "mean_mfcc, 6 x 5: 6 recordings"
    assert features._repr_html_() == "<p>mean_mfcc, 6 x 5: 6 recordings</p>"
    assert features.emotion.tolist() == ["angry", "sad", "happy"] * 2


@pytest.mark.parametrize(
    "choose",
    [
        lambda table: table["emotion"] == "sad",
        lambda table: (table["emotion"] == "sad").to_numpy(),
        lambda table: [1, 4],
        lambda table: np.array([1, 4]),
        lambda table: slice(1, None, 3),
    ],
)
def test_a_mask_or_positions_take_some_of_the_utterances(
    table: pd.DataFrame, choose: Callable[[pd.DataFrame], pd.Series | np.ndarray | list[int] | slice]
) -> None:
    features = extract(table, "mfcc", settings=SMALL)
    some = features[choose(table)]
    assert isinstance(some, Features)
    assert some.table["id"].tolist() == ["noise_1", "noise_4"]
    np.testing.assert_array_equal(some.X, features.X[[1, 4]])
    np.testing.assert_array_equal(some.lengths, features.lengths[[1, 4]])
    assert (some.feature, some.settings) == ("mfcc", SMALL)


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda table: table, {"feature": "mfc"}, "feature='mfc': must be one of .*mean_mfcc"),
        (lambda table: table[:0], {}, "the table is empty"),
        (lambda table: table[["id"]], {}, "no column 'path'"),
        (lambda table: table, {"executor": map}, r"executor=.*: must be a concurrent\.futures\.Executor; a Dask cl"),
    ],
    ids=["feature", "no rows", "no paths", "executor"],
)
def test_what_cannot_be_extracted_says_why(table: pd.DataFrame, change, options, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        extract(change(table), **{"feature": "mfcc"} | options)


def test_features_without_emotions_have_none(table: pd.DataFrame) -> None:
    features = extract(table[["id", "path"]], "mean_mfcc", settings=SMALL)
    with pytest.raises(ParameterError, match="no column 'emotion'"):
        _ = features.emotion


def test_a_corpus_of_nothing_but_bad_recordings_is_a_corpus_error(table: pd.DataFrame) -> None:
    for path in table["path"]:
        path.unlink()
    with pytest.raises(CorpusError, match=r"none of the 6 recordings .*: noise_0\.wav: no such file"):
        extract(table, "mfcc")


def test_only_an_audio_error_is_survived(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(y: np.ndarray, sr: int, *, settings: FeatureSettings) -> np.ndarray:
        raise AudioError("noise: no feature") if len(y) == 1000 else ZeroDivisionError

    monkeypatch.setitem(FEATURES, "mean_mfcc", broken)
    assert isinstance(next(extractor.compute([table["path"][0]], "mean_mfcc", SMALL))[0][1], AudioError)
    with pytest.raises(ZeroDivisionError):
        extract(table, "mean_mfcc", settings=SMALL, cache=False)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_cache_gives_back_the_same_without_reading(table: pd.DataFrame, computed: list[str], feature: str) -> None:
    if feature == "egemaps":
        pytest.importorskip("opensmile")
    settings = SPEECH_ENCODER if feature == ENCODED else SMALL
    first = extract(table[1:], feature, settings=settings)
    assert len(computed) == 5
    second = extract(table[1:], feature, settings=settings)
    assert len(computed) == 5
    np.testing.assert_array_equal(second.X, first.X)
    np.testing.assert_array_equal(second.lengths, first.lengths)


def test_a_recording_too_short_for_a_feature_is_left_out_by_name(table: pd.DataFrame) -> None:
    (left_out,) = extract(table, ENCODED, settings=SPEECH_ENCODER).left_out

    assert left_out.reason.startswith("noise_0.wav: waveform of 0.062 s: must have 0.1 to 15.0 s for the encoder")


def test_without_the_cache_nothing_is_kept(table: pd.DataFrame, cache_folder: Path) -> None:
    extract(table, "mean_mfcc", settings=SMALL, cache=False)
    assert not cache_folder.exists()


def test_a_changed_recording_alone_is_computed_again(table: pd.DataFrame, computed: list[str]) -> None:
    extract(table, "mean_mfcc", settings=SMALL)
    status = table["path"][3].stat()
    write_noise(table["path"][3], seed=99, n_samples=4000)
    os.utime(table["path"][3], ns=(status.st_atime_ns, status.st_mtime_ns))
    computed.clear()
    features = extract(table, "mean_mfcc", settings=SMALL)
    assert computed == ["noise_3.wav"]
    np.testing.assert_array_equal(features.X, np.stack(one_by_one(table)))


def test_a_touched_or_moved_recording_is_found_by_its_content(
    table: pd.DataFrame, computed: list[str], tmp_path: Path
) -> None:
    first = extract(table, "mean_mfcc", settings=SMALL)
    table["path"][3].touch()
    table.loc[4, "path"] = table["path"][4].rename(tmp_path / "elsewhere.wav")
    computed.clear()
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, first.X)
    assert computed == []


@pytest.mark.parametrize("change", [{"n_mels": 21}, {"top_db": None}, {"offset": 0.01}, {"sr": 8000}])
def test_changed_settings_never_give_old_values(table: pd.DataFrame, change: dict[str, Any]) -> None:
    extract(table, "mean_mfcc", settings=SMALL)
    settings = replace(SMALL, **change)
    cached = extract(table, "mean_mfcc", settings=settings)
    np.testing.assert_array_equal(cached.X, extract(table, "mean_mfcc", settings=settings, cache=False).X)


def test_another_version_of_the_features_starts_a_new_file(
    table: pd.DataFrame, computed: list[str], cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(table, "mean_mfcc", settings=SMALL)
    old = cache_file(cache_folder)
    monkeypatch.setattr("emotion_lib.extraction.cache.FEATURES_VERSION", FEATURES_VERSION + 1)
    extract(table, "mean_mfcc", settings=SMALL)
    assert len(computed) == 12
    assert not old.exists()
    assert cache_file(cache_folder).name == f"features-{FEATURES_VERSION + 1}.sqlite"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"no database" * 1000,
        lambda content: content[: len(content) // 2],
        lambda content: content[:100] + bytes(len(content) - 100),
        lambda content: content[:-1000] + b"\xaa" * 1000,
        lambda content: bytes(byte if place % 100 else 255 - byte for place, byte in enumerate(content)),
    ],
    ids=["empty", "other", "cut", "zeros", "end", "flipped"],
)
def test_a_damaged_cache_is_replaced(
    table: pd.DataFrame, computed: list[str], cache_folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    first = extract(table, "mean_mfcc", settings=SMALL)
    file = cache_file(cache_folder)
    file.write_bytes(damage(file.read_bytes()))
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, first.X)
    computed.clear()
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, first.X)
    assert computed == []


@pytest.mark.parametrize(
    "damage",
    [
        "recordings SET stamp = CAST(x'ff' AS TEXT)",
        "recordings SET digest = CAST(x'ff' AS TEXT)",
        "features SET checksum = -1, value = NULL",
        "features SET value = zeroblob(length(value))",
    ],
)
def test_a_damaged_value_in_the_cache_is_never_used(table: pd.DataFrame, cache_folder: Path, damage: str) -> None:
    first = extract(table, "mean_mfcc", settings=SMALL)
    with closing(sqlite3.connect(cache_file(cache_folder))) as connection, connection:
        connection.execute(f"UPDATE {damage}")
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, first.X)


def test_a_cache_that_cannot_be_written_is_gone_without(table: pd.DataFrame, cache_folder: Path) -> None:
    cache_folder.write_text("a file where the folder should be")
    assert len(extract(table, "mean_mfcc", settings=SMALL)) == 6


def test_a_recording_that_changes_before_it_is_read_is_not_kept_as_the_old_one(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, path = table[:1], table["path"][0]
    good, read = path.read_bytes(), audio.read

    def change_and_read(*arguments: Path, **settings: float) -> tuple[np.ndarray, int]:
        write_noise(path, seed=99)
        return read(*arguments, **settings)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(audio, "read", change_and_read)
        extract(one, "mean_mfcc", settings=SMALL)
    path.write_bytes(good)
    np.testing.assert_array_equal(extract(one, "mean_mfcc", settings=SMALL).X, np.stack(one_by_one(one)))


def test_a_recording_written_twice_in_one_tick_is_never_taken_for_the_first(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    monkeypatch.setattr(cache, "_stamp", lambda path: f"2000 {now} {now}")
    extract(table, "mean_mfcc", settings=SMALL)
    write_noise(table["path"][3], seed=99)
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, np.stack(one_by_one(table)))


def test_a_recording_that_changes_in_the_tick_in_which_it_is_read_is_not_kept_as_the_old_one(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns()
    monkeypatch.setattr(cache, "_stamp", lambda path: f"2000 {now} {now}")
    test_a_recording_that_changes_before_it_is_read_is_not_kept_as_the_old_one(table, monkeypatch)


def test_an_old_recording_is_known_by_its_stamp(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_TICK", 0)
    first = extract(table, "mean_mfcc", settings=SMALL)
    monkeypatch.setattr(cache, "_digest", None)
    np.testing.assert_array_equal(extract(table, "mean_mfcc", settings=SMALL).X, first.X)


def test_a_locked_cache_is_waited_for_once(
    table: pd.DataFrame, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(table, "mean_mfcc", settings=SMALL)
    waits: list[str] = []
    connect = sqlite3.connect

    def wait(path: Path, timeout: float) -> sqlite3.Connection:
        waits.append(path.name)
        return connect(path, timeout=0)

    with closing(connect(cache_file(cache_folder), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(sqlite3, "connect", wait)
        assert len(extract(table, "mean_mfcc", settings=SMALL)) == 6
    assert len(waits) == 1


def test_one_recording_of_an_hour_does_not_fill_the_memory_with_padding(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "MOST_PADDING", 10_000)
    assert len(extract(table, "mfcc", settings=SMALL)) == 6
    write_noise(table["path"][2], seed=2, n_samples=100_000)
    with pytest.raises(CorpusError, match=r"noise_2.wav: so long that all 6 recordings, padded .* with `duration`"):
        extract(table, "mfcc", settings=SMALL)
    assert len(extract(table, "mean_mfcc", settings=SMALL)) == 6


EXTRACT = """
import os, signal, sys
import pandas as pd
from emotion_lib import extraction
from emotion_lib.extraction import cache, extractor
from emotion_lib.features import FeatureSettings

def insert_and_die(connection, table, rows):
    insert(connection, table, rows)
    written.append(table)
    if written.count("features") == batches:
        os.kill(os.getpid(), signal.SIGKILL)

insert, written, batches = cache._insert, [], int(sys.argv[2])
cache._insert, extractor.BATCH, extractor.SECONDS_UNTIL_KEPT = insert_and_die, 1, 0
settings = FeatureSettings(sr=16000, n_fft=256, hop_length=128, n_mels=20, n_mfcc=5)
table = pd.read_csv(sys.argv[1])
print(extraction.extract(table, "mean_mfcc", settings=settings).X.tobytes().hex())
"""
NEVER = 99


def in_another_process(table: pd.DataFrame, *, killed_in_batch: int = NEVER) -> subprocess.Popen[str]:
    """Start an extraction in batches of one recording, killed while it writes one of them where that is asked."""
    rows = table["path"][0].with_name("table.csv")
    table.to_csv(rows, index=False)
    command = [sys.executable, "-c", EXTRACT, str(rows), str(killed_in_batch)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_share_the_cache(table: pd.DataFrame, computed: list[str]) -> None:
    processes = [in_another_process(table) for _ in range(2)]
    expected = np.stack(one_by_one(table)).tobytes().hex()
    assert [process.communicate()[0].strip() for process in processes] == [expected, expected]
    computed.clear()
    extract(table, "mean_mfcc", settings=SMALL)
    assert computed == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_what_was_kept_before_a_kill_stays_and_the_rest_is_computed(table: pd.DataFrame, computed: list[str]) -> None:
    process = in_another_process(table, killed_in_batch=4)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    features = extract(table, "mean_mfcc", settings=SMALL)
    assert sorted(computed) == ["noise_3.wav", "noise_4.wav", "noise_5.wav"]
    np.testing.assert_array_equal(features.X, np.stack(one_by_one(table)))


def test_what_was_computed_before_an_interruption_is_kept(
    table: pd.DataFrame, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = audio.read

    def interrupted(path: Path, **settings: float) -> tuple[np.ndarray, int]:
        if path.name == "noise_4.wav":
            raise KeyboardInterrupt
        return read(path, **settings)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(extractor, "BATCH", 1)
        patch.setattr(audio, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            extract(table, "mean_mfcc", settings=SMALL)
    computed.clear()
    extract(table, "mean_mfcc", settings=SMALL)
    assert sorted(computed) == ["noise_4.wav", "noise_5.wav"]


@pytest.mark.tess
def test_all_of_tess_can_be_used(tess: pd.DataFrame) -> None:
    features = extract(tess, "duration_level")
    assert features.report == "2800 recordings"
    assert features.X[:, 0].min() == pytest.approx(1.254, abs=1e-3)
    assert features.X[:, 0].max() == pytest.approx(2.985, abs=1e-3)


@pytest.mark.parametrize("rows", [[99], np.ones(99, dtype=bool)], ids=["positions", "mask"])
def test_rows_of_a_longer_table_are_refused(table: pd.DataFrame, rows: "np.ndarray | list[int]") -> None:
    with pytest.raises(ParameterError, match=r"rows: .*split `features\.table`, not the original table"):
        extract(table, "mean_mfcc")[rows]


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two processes that are started as on every system, and know nothing of this one."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("feature", ["mean_mfcc", "mfcc"])
def test_an_executor_changes_no_value_and_stays_open_and_the_cache_is_here(
    table: pd.DataFrame, processes: Executor, computed: list[str], feature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "BATCH", 2)
    features = extract(table, feature, settings=SMALL, executor=processes)
    np.testing.assert_array_equal(extract(table, feature, settings=SMALL).X, features.X)
    assert computed == []
    expected = extract(table, feature, settings=SMALL, cache=False)
    np.testing.assert_array_equal(features.X, expected.X)
    np.testing.assert_array_equal(features.lengths, expected.lengths)
    assert processes.submit(len, "open").result() == 4


def test_a_bad_recording_is_reported_from_another_process(table: pd.DataFrame, processes: Executor) -> None:
    table["path"][2].write_bytes(b"no audio")
    features = extract(table, "mean_mfcc", settings=SMALL, executor=processes)
    assert features.left_out == extract(table, "mean_mfcc", settings=SMALL).left_out
    assert len(features) == 5


def test_a_path_from_here_is_found_by_a_worker_elsewhere(
    table: pd.DataFrame, processes: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert processes.submit(os.getcwd).result() == os.getcwd()
    monkeypatch.chdir(table["path"][0].parent)
    here = table.assign(path=[path.name for path in table["path"]])
    assert extract(here, "mean_mfcc", settings=SMALL, executor=processes).report == "6 recordings"


@pytest.mark.parametrize("as_recording", [str, Path.read_bytes, lambda path: io.BytesIO(path.read_bytes())])
def test_one_recording_has_the_features_that_it_has_in_a_table(table: pd.DataFrame, as_recording) -> None:
    recording = as_recording(table["path"][0])
    value = extraction.extract_one(recording, "mean_mfcc", settings=SMALL)
    np.testing.assert_array_equal(value, one_by_one(table)[0])


def test_one_recording_or_feature_that_cannot_be_used_says_why() -> None:
    with pytest.raises(AudioError, match=r"lost\.wav: no such file; check the path"):
        extraction.extract_one("lost.wav", "mean_mfcc")
    with pytest.raises(ParameterError, match="feature='mfc': must be one of"):
        extraction.extract_one(b"", "mfc")
