"""A file is whole or not there, whatever comes between, and a folder has one writer."""

import errno
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest

from emotion_lib.errors import CorpusError, ModelFileError
from emotion_lib.writing import LOCK, locked, written_whole


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    place = tmp_path / "deeper" / "x"
    with suppress(KeyboardInterrupt), written_whole(place, error=ModelFileError) as file:
        file.write(b"half")
        raise KeyboardInterrupt

    assert list(place.parent.iterdir()) == []
    with written_whole(place, error=ModelFileError) as file:
        file.write(b"whole")
    assert place.read_bytes() == b"whole"
    assert list(place.parent.iterdir()) == [place]


def test_a_place_below_a_file_is_an_error_of_the_type_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with (
        pytest.raises(ModelFileError, match=r"cannot be written .*; choose another place"),
        written_whole(tmp_path / "x" / "y", error=ModelFileError),
    ):
        pass


WRITE = """
import os, signal, sys
from pathlib import Path
from emotion_lib.errors import CorpusError
from emotion_lib.writing import written_whole

def die():
    os.kill(os.getpid(), signal.SIGKILL)

place, where = Path(sys.argv[1]), sys.argv[2]
if where == "before":
    Path.open = lambda *_: die()
with written_whole(place, error=CorpusError) as file:
    file.write(b"new")
    if where == "in":
        die()
die()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("where", "left"), [("before", b"old"), ("in", b"old"), ("after", b"new")])
def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path, where: str, left: bytes) -> None:
    (tmp_path / "x").write_bytes(b"old")
    killed = subprocess.run([sys.executable, "-c", WRITE, str(tmp_path / "x"), where], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "x").read_bytes() == left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_a_sentence_and_the_old_file_stays(tmp_path: Path) -> None:
    import resource

    (tmp_path / "x").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with (
            pytest.raises(CorpusError, match=r"x: cannot be written \(File too large\); choose another place"),
            written_whole(tmp_path / "x", error=CorpusError) as file,
        ):
            file.write(bytes(200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_folder_that_is_only_read_is_a_sentence_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(b"old")
    refused = Mock(side_effect=OSError(errno.EROFS, os.strerror(errno.EROFS)))  # root may write where others may not
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refused)
        with (
            pytest.raises(CorpusError, match=r"x: cannot be written \(Read-only file system\); choose another place"),
            written_whole(tmp_path / "x", error=CorpusError),
        ):
            pass
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


HOLD = """
import os, sys
from pathlib import Path
from emotion_lib.errors import CorpusError
from emotion_lib.writing import locked

with locked(Path(sys.argv[1]), error=CorpusError):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_folder_has_one_writer_and_the_lock_of_a_killed_one_is_gone(tmp_path: Path) -> None:
    place = tmp_path / "deeper"
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        with (
            pytest.raises(CorpusError, match="deeper: another process is writing to it; wait until it is done"),
            locked(place, error=CorpusError),
        ):
            pass
        os.kill(holder.pid, signal.SIGTERM)
    with locked(place, error=CorpusError):
        assert [file.name for file in place.iterdir()] == [LOCK]


def test_a_folder_that_cannot_be_locked_is_an_error_of_the_type_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / LOCK).write_bytes(b"no lock" * 100)
    for place in (tmp_path / "file", tmp_path):
        with (
            pytest.raises(CorpusError, match=r"cannot be written .*; choose another place"),
            locked(place, error=CorpusError),
        ):
            pass
