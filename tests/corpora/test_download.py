"""Corpora are downloaded from a server on loopback: whole, broken, hostile, and broken off in the middle."""

import io
import json
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora import download, mirrors
from emotion_lib.corpora.corpus import Corpus
from emotion_lib.corpora.download import Archive, Dataverse
from emotion_lib.corpora.mirrors import fetch
from emotion_lib.errors import CorpusError, ParameterError
from tests.corpora.conftest import Server, recordings, zipped

ARCHIVE = "/tess"
LISTING = "/api/datasets/:persistentId/versions/:latest-published/files"
KAGGLES_FOLDER = "TESS Toronto emotional speech set data"


@pytest.fixture
def index(tess_folder: Path) -> pd.DataFrame:
    """The index of a small corpus in TESS's shape."""
    return corpora.make_index(tess_folder)


@pytest.fixture
def kaggle(server: Server, tess_folder: Path) -> Archive:
    """Serve the small corpus as Kaggle does TESS: one archive that holds it twice."""
    server.files[ARCHIVE] = zipped(recordings(tess_folder), KAGGLES_FOLDER, f"{KAGGLES_FOLDER}/{KAGGLES_FOLDER}")
    return Archive(server.address + ARCHIVE, retries=0)


@pytest.fixture
def dataverse(server: Server, tess_folder: Path) -> Dataverse:
    """Serve the small corpus as Dataverse does TESS: a list of files, and each file by its number."""
    rows = []
    for number, (name, content) in enumerate(recordings(tess_folder).items()):
        server.files[f"/api/access/datafile/{number}"] = content
        rows.append({"label": Path(name).name, "dataFile": {"id": number, "filename": Path(name).name}})
    server.files[LISTING] = json.dumps({"status": "OK", "data": rows}).encode()
    return Dataverse(server.address, "doi:10.5072/TESS", retries=0)


def spoilt(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """Return the files, one byte of one of them changed."""
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    return files | {name: bytes(content)}


def assert_installed(target: Path, index: pd.DataFrame) -> None:
    """Assert that a folder holds each recording of the index once, and that nothing is left beside it."""
    pd.testing.assert_frame_equal(corpora.make_index(target), index)
    assert len(list(target.rglob("*.wav"))) == len(index)
    assert not target.with_name(f".{target.name}.fetch").exists()


def assert_nothing_installed(target: Path) -> None:
    """Assert that nothing that looks like a corpus is to be seen."""
    assert not target.exists()
    with pytest.raises(CorpusError):
        corpora.load(target.parent)


# Kaggle: one archive


def test_a_nested_archive_is_unpacked_once(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    assert fetch("tess", source=kaggle, index=index) == data / "tess"
    assert_installed(data / "tess", index)


def test_the_misspelt_name_is_repaired(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    fetch("tess", source=kaggle, index=index)
    assert (data / "tess" / "OAF_neutral" / "OAF_bridge_neutral.wav").is_file()


def test_it_goes_where_it_is_told(kaggle: Archive, index: pd.DataFrame, data: Path, tmp_path: Path) -> None:
    fetch("tess", tmp_path / "deep" / "here", source=kaggle, index=index)
    assert_installed(tmp_path / "deep" / "here", index)


def test_a_whole_copy_is_not_downloaded_again(kaggle: Archive, index: pd.DataFrame, data: Path, server: Server) -> None:
    fetch("tess", source=kaggle, index=index)
    fetch("tess", source=kaggle, index=index)
    assert len(server.requests) == 1


def test_a_broken_copy_is_kept_under_another_name(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    folder = fetch("tess", source=kaggle, index=index)
    broken = folder / "OAF_sad" / "OAF_lamp_sad.wav"
    broken.write_bytes(b"broken")
    fetch("tess", source=kaggle, index=index)
    assert_installed(folder, index)
    assert (data / "tess.old1" / "OAF_sad" / "OAF_lamp_sad.wav").read_bytes() == b"broken"


def test_a_folder_with_other_files_is_not_touched(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    (data / "tess").mkdir()
    (data / "tess" / "thesis.txt").write_text("mine")
    with pytest.raises(CorpusError, match=r"holds thesis.txt, which is not part of TESS; .* with `--to`"):
        fetch("tess", source=kaggle, index=index)
    assert (data / "tess" / "thesis.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_an_error(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    (data / "tess").write_text("mine")
    with pytest.raises(CorpusError, match="a file, not a folder"):
        fetch("tess", source=kaggle, index=index)


def test_an_empty_folder_is_filled(kaggle: Archive, index: pd.DataFrame, data: Path) -> None:
    (data / "tess").mkdir()
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_a_download_that_breaks_off_is_resumed(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    whole = len(server.files[ARCHIVE])
    server.breaks_after[ARCHIVE] = whole // 2
    with pytest.raises(CorpusError, match=r"the download stopped .*: run the same command again"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")
    have = (data / ".tess.fetch" / "tess.part").stat().st_size
    assert 0 < have <= whole // 2
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)
    assert server.requests[1] == (ARCHIVE, f"bytes={have}-", whole - have)


def test_a_download_that_breaks_off_goes_on_by_itself(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    server.breaks_after[ARCHIVE] = len(server.files[ARCHIVE]) // 2
    fetch("tess", source=Archive(kaggle.address, retries=1), index=index)
    assert_installed(data / "tess", index)
    assert server.requests[1].range is not None


def test_a_server_that_ignores_ranges_sends_everything_again(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    server.knows_range = False
    server.breaks_after[ARCHIVE] = len(server.files[ARCHIVE]) // 2
    with pytest.raises(CorpusError):
        fetch("tess", source=kaggle, index=index)
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_what_came_whole_but_was_not_moved_is_not_downloaded_again(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    (data / ".tess.fetch").mkdir()
    (data / ".tess.fetch" / "tess.part").write_bytes(server.files[ARCHIVE])
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)
    assert server.requests[0].sent == 0


def test_what_came_from_a_longer_file_is_thrown_away(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    (data / ".tess.fetch").mkdir()
    (data / ".tess.fetch" / "tess.part").write_bytes(server.files[ARCHIVE] + b"more")
    with pytest.raises(CorpusError, match="the file changed since the download began"):
        fetch("tess", source=kaggle, index=index)
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_an_interruption_while_unpacking_leaves_nothing_that_looks_done(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_unpacked(corpus: Corpus, archive: Path, target: Path, wanted: object) -> None:
        target.mkdir()
        (target / "OAF_lamp_sad.wav").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(download, "unpack", half_unpacked)
        with pytest.raises(KeyboardInterrupt):
            fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)
    assert len(server.requests) == 1


def test_a_truncated_archive_is_thrown_away(kaggle: Archive, index: pd.DataFrame, data: Path, server: Server) -> None:
    whole = server.files[ARCHIVE]
    server.files[ARCHIVE] = whole[: len(whole) // 2]
    with pytest.raises(CorpusError, match=r"not a complete zip archive .* the archive was deleted: fetch again"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")
    server.files[ARCHIVE] = whole
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_one_wrong_byte_is_named_and_nothing_is_installed(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    server.files[ARCHIVE] = zipped(spoilt(recordings(tess_folder), "YAF_sad/YAF_lamp_sad.wav"), "TESS")
    with pytest.raises(CorpusError, match=r"^YAF_lamp_sad: not as published .* with another `--source`"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")


def test_a_wrong_byte_in_one_copy_is_mended_by_the_other(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    files = recordings(tess_folder)
    damaged = {f"first/{name}": content for name, content in spoilt(files, "YAF_sad/YAF_lamp_sad.wav").items()}
    server.files[ARCHIVE] = zipped(damaged | {f"second/{name}": content for name, content in files.items()}, "TESS")
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_a_damaged_member_is_named(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    archive = bytearray(zipped(recordings(tess_folder), "TESS"))
    archive[len(archive) // 2 : len(archive) // 2 + 200] = bytes(200)
    server.files[ARCHIVE] = bytes(archive)
    with pytest.raises(CorpusError, match=r"AF_\w+: not as published"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")


def test_a_missing_recording_is_named(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    files = recordings(tess_folder)
    del files["YAF_sad/YAF_lamp_sad.wav"]
    server.files[ARCHIVE] = zipped(files, "TESS")
    with pytest.raises(CorpusError, match=r"^YAF_lamp_sad: missing at the source"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")


@pytest.mark.parametrize("path", ["../../OAF_lamp_sad.wav", "/OAF_lamp_sad.wav", "..\\OAF_lamp_sad.wav", "C:/x.wav"])
def test_a_path_that_leads_out_is_refused(
    path: str, kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    packed = io.BytesIO(zipped(recordings(tess_folder), "TESS"))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(path, b"out")
    server.files[ARCHIVE] = packed.getvalue()
    with pytest.raises(CorpusError, match="leads out of the folder"):
        fetch("tess", source=kaggle, index=index)
    assert_nothing_installed(data / "tess")


def test_a_zip_bomb_fills_no_disk(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, tess_folder: Path
) -> None:
    files = recordings(tess_folder) | {"YAF_sad/YAF_lamp_sad.wav": bytes(20_000_000)}
    server.files[ARCHIVE] = zipped(files, "TESS")
    with pytest.raises(CorpusError, match=r"^YAF_lamp_sad: not as published"):
        fetch("tess", source=kaggle, index=index)
    written = sum(path.stat().st_size for path in data.parent.rglob("YAF_lamp_sad.wav") if path.is_file())
    assert written < 200_000


def test_a_download_without_end_is_stopped(kaggle: Archive, index: pd.DataFrame, data: Path, server: Server) -> None:
    server.files[ARCHIVE] = bytes(40_000_000)
    with pytest.raises(CorpusError, match=r"more than \d+ bytes, which is too large to be"):
        fetch("tess", source=kaggle, index=index)
    assert not list(data.rglob("*.part"))


def test_a_server_that_does_not_have_it_is_an_error_with_the_cure(
    server: Server, index: pd.DataFrame, data: Path
) -> None:
    with pytest.raises(CorpusError, match=r"the download stopped \(404 .*another `--source`"):
        fetch("tess", source=Archive(f"{server.address}/gone", retries=0), index=index)


def test_a_folder_that_cannot_be_written_is_an_error_with_the_cure(
    kaggle: Archive, index: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CorpusError, match=r"cannot be written .*give another folder with `--to`"):
        fetch("tess", tmp_path / "file" / "tess", source=kaggle, index=index)


def test_a_source_that_nobody_knows_is_an_error(data: Path) -> None:
    with pytest.raises(ParameterError, match="source='zenodo': must be one of kaggle, dataverse for tess"):
        fetch("tess", source="zenodo")


# Dataverse: file by file


def test_dataverse_brings_file_by_file(dataverse: Dataverse, index: pd.DataFrame, data: Path) -> None:
    fetch("tess", source=dataverse, index=index)
    assert_installed(data / "tess", index)


def test_an_interrupted_fetch_brings_only_the_files_that_are_missing(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server
) -> None:
    server.breaks_after["/api/access/datafile/20"] = 1000
    with pytest.raises(CorpusError, match="run the same command again"):
        fetch("tess", source=dataverse, index=index)
    assert_nothing_installed(data / "tess")
    brought = [request.path for request in server.requests if request.path != LISTING][:-1]
    server.requests.clear()
    fetch("tess", source=dataverse, index=index)
    assert_installed(data / "tess", index)
    again = [request.path for request in server.requests if request.path != LISTING]
    assert len(brought) + len(again) == len(index)
    assert not set(brought) & set(again)


def test_what_a_killed_fetch_left_behind_is_not_installed(
    dataverse: Dataverse, index: pd.DataFrame, data: Path
) -> None:
    (data / ".tess.fetch" / "recordings" / "OAF_sad").mkdir(parents=True)
    (data / ".tess.fetch" / "recordings" / "OAF_sad" / "tmp1a2b3c").write_bytes(b"")
    fetch("tess", source=dataverse, index=index)
    assert_installed(data / "tess", index)
    assert {path.suffix for path in data.rglob("*") if path.is_file()} == {".wav"}


def test_a_wrong_file_from_dataverse_is_named(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server
) -> None:
    server.files = spoilt(server.files, "/api/access/datafile/0")
    with pytest.raises(CorpusError, match=r"^OAF_\w+: not as published"):
        fetch("tess", source=dataverse, index=index)
    assert_nothing_installed(data / "tess")


def test_a_file_that_dataverse_does_not_list_is_named(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server
) -> None:
    listing = json.loads(server.files[LISTING])
    gone = Path(listing["data"].pop()["label"]).stem
    server.files[LISTING] = json.dumps(listing).encode()
    with pytest.raises(CorpusError, match=f"^{gone}: missing at the source"):
        fetch("tess", source=dataverse, index=index)


@pytest.mark.parametrize("content", [b"{}", b'{"data": [{"label": "x.wav"}]}', b"[]", b"<html>"])
def test_another_listing_is_an_error_with_the_cure(
    content: bytes, dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server
) -> None:
    server.files[LISTING] = content
    with pytest.raises(CorpusError, match="not the expected list of files; fetch with another `--source`"):
        fetch("tess", source=dataverse, index=index)


def test_a_busy_server_is_asked_again(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    server.busy = 1
    fetch("tess", source=replace(dataverse, retries=1), index=index)
    assert_installed(data / "tess", index)


def test_a_busy_server_is_waited_for_as_long_as_it_asks(
    kaggle: Archive,
    index: pd.DataFrame,
    data: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    server.busy, server.retry_after = 1, "40"
    fetch("tess", source=replace(kaggle, retries=1), index=index, progress=True)
    assert sum(waits) == 40 + 1  # and the second that pooch waits
    assert "the server is busy" in capsys.readouterr().err


@pytest.mark.parametrize("retry_after", ["1800", "Fri, 31 Dec 9999 23:59:59 GMT", "9" * 400])
def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(
    retry_after: str, kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    whole = server.files[ARCHIVE]
    server.breaks_after[ARCHIVE] = len(whole) // 2
    with pytest.raises(CorpusError):
        fetch("tess", source=kaggle, index=index)
    server.busy, server.retry_after = 1, retry_after
    with pytest.raises(
        CorpusError, match=r"127.0.0.1 is busy, and asks to come back in \d+ minutes; finished parts are"
    ):
        fetch("tess", source=replace(kaggle, retries=3), index=index)
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)
    assert server.requests[-1].sent < len(whole)


@pytest.mark.parametrize("retry_after", ["soon", "-1", "9" * 5000])
def test_what_says_no_time_is_not_waited_for(
    retry_after: str, kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    server.busy, server.retry_after = 1, retry_after
    with pytest.raises(CorpusError, match=r"the download stopped \(503"):
        fetch("tess", source=kaggle, index=index)


def test_a_second_fetch_is_told_of_the_first(
    kaggle: Archive, index: pd.DataFrame, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = Archive.bring

    def bring_twice(source: Archive, *wanted: Any, **options: Any) -> Path:
        with pytest.raises(CorpusError, match=r"tess.fetch: another process is writing to it; wait until"):
            fetch("tess", source=kaggle, index=index)
        return bring(source, *wanted, **options)

    monkeypatch.setattr(Archive, "bring", bring_twice)
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)


def test_a_fetch_that_waited_for_another_does_not_download_again(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch("tess", source=kaggle, index=index)
    answers = iter([False, True])
    monkeypatch.setattr(mirrors, "_is_complete", lambda *_: next(answers))
    fetch("tess", source=kaggle, index=index)
    assert len(server.requests) == 1
    assert not (data / "tess.old1").exists()


def test_a_disk_without_room_is_an_error_before_anything_is_downloaded(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(CorpusError, match=r"tess: 0 MB are free, and the corpus takes \d+ MB; free some disk space"):
        fetch("tess", source=kaggle, index=index)
    assert server.requests == []
    monkeypatch.setattr(mirrors, "_check_place", lambda *_: None)
    with pytest.raises(
        CorpusError, match=r"tess: cannot be written \(.*No space left on device for \d+ MB\); free some"
    ):
        fetch("tess", source=kaggle, index=index)
    assert server.requests[0].sent == len(server.files[ARCHIVE])
    assert not list(data.rglob("*.part"))


def test_a_place_that_cannot_be_replaced_is_an_error_before_anything_is_downloaded(
    kaggle: Archive, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "tess").mkdir()
    monkeypatch.chdir(data / "tess")
    with pytest.raises(
        CorpusError, match="a disk, or the folder in which you are; name a new folder in it with `--to`"
    ):
        fetch("tess", ".", source=kaggle, index=index)
    for place in ("~nobody_is_called_so/tess", "tess\0"):
        with pytest.raises(ParameterError, match=r"to='.*': must be a folder"):
            fetch("tess", place, source=kaggle, index=index)
    assert server.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_to_a_folder_stays_a_link(kaggle: Archive, index: pd.DataFrame, data: Path, tmp_path: Path) -> None:
    (data / "tess").symlink_to(tmp_path / "large_disk" / "tess")
    assert fetch("tess", source=kaggle, index=index) == tmp_path / "large_disk" / "tess"
    assert_installed(tmp_path / "large_disk" / "tess", index)
    assert (data / "tess").is_symlink()


def test_a_list_of_files_without_end_is_stopped(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_MOST_LISTING", 100_000)
    server.files[LISTING] = b" " * 10_000_000 + server.files[LISTING]
    with pytest.raises(CorpusError, match=r"more than 100000 bytes, which is too large .* with another `--source`"):
        fetch("tess", source=dataverse, index=index)


def test_an_archive_with_a_list_that_would_fill_the_memory_is_refused(
    kaggle: Archive, index: pd.DataFrame, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_MOST_LISTING", 1000)
    with pytest.raises(CorpusError, match=r"its list of files claims \d+ bytes"):
        fetch("tess", source=kaggle, index=index)


FETCH = """
import os, signal, sys
import pandas as pd
from emotion_lib.corpora import download, mirrors

def killing(function):
    def die(*given, **options):
        if sys.argv[5] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*given, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return die

index = pd.read_csv(sys.argv[1], dtype={"sha256": str})
place, name = {"download": download, "mirrors": mirrors}[sys.argv[3]], sys.argv[4]
setattr(place, name, killing(getattr(place, name)))
mirrors.fetch("tess", sys.argv[2], source=download.Archive(sys.argv[6], retries=0), index=index)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("room", "function", "when", "requests"),
    [
        ("download", "_fetched", "before", 1),
        ("download", "_unpack_member", "after", 1),
        ("mirrors", "_install", "before", 1),
        ("mirrors", "_install", "after", 1),
    ],
)
def test_a_fetch_that_was_killed_goes_on(
    room: str, function: str, when: str, requests: int, kaggle: Archive, index: pd.DataFrame, data: Path, server: Server
) -> None:
    index.to_csv(data / "index.csv", index=False)
    command = [sys.executable, "-c", FETCH, data / "index.csv", data / "tess", room, function, when, kaggle.address]
    assert subprocess.run(list(map(str, command)), check=False).returncode == -signal.SIGKILL
    if (room, when) != ("mirrors", "after"):
        assert not (data / "tess").exists()
    fetch("tess", source=kaggle, index=index)
    assert_installed(data / "tess", index)
    assert len(server.requests) == requests


def test_nothing_is_written_to_stderr(
    dataverse: Dataverse, index: pd.DataFrame, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fetch("tess", source=dataverse, index=index, progress=False)
    assert capfd.readouterr() == ("", "")


def test_a_server_that_cannot_be_reached_is_named(index: pd.DataFrame, data: Path) -> None:
    nowhere = Archive("http://127.0.0.1:1/tess", retries=0)
    with pytest.raises(
        CorpusError, match=r"the download stopped \(127\.0\.0\.1 cannot be reached; check the connection"
    ):
        fetch("tess", source=nowhere, index=index)
    assert not (data / "tess").exists()
