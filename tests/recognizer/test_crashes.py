"""Whatever stops a command that writes a recogniser, the old file or the new one is there, and whole."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion_lib import corpora
from emotion_lib.errors import ModelFileError
from emotion_lib.recognizer import EmotionRecognizer

DYING = """
import os, signal, sys
from contextlib import contextmanager
from emotion_lib.recognizer import EmotionRecognizer, file
whole = file.written_whole

def die():
    os.kill(os.getpid(), signal.SIGKILL)

@contextmanager
def dying(path, **options):
    if moment == "before":
        die()
    with whole(path, **options) as opened:
        if moment == "in":
            opened.write(bytes(1000))
            opened.flush()
            die()
        yield opened
    die()

moment, output = sys.argv[1], sys.argv[2]
file.written_whole = dying
"""
SAVE = "EmotionRecognizer.load().with_threshold(0.9).save(output)"
ENROL = """
from emotion_lib.cli import main
main(["enrol", *sys.argv[3:], "--emotion", "neutral", "--output", output])
"""

FULL = """
import resource, sys
from emotion_lib.recognizer import EmotionRecognizer
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
EmotionRecognizer.load().save(sys.argv[1])
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no limits")


def run(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def old(tmp_path: Path, pretrained: EmotionRecognizer) -> Path:
    """The file of a recogniser, which is to be written anew."""
    return pretrained.save(tmp_path / "mine.emotion")


@posix
@pytest.mark.parametrize("use", [SAVE, ENROL], ids=["save", "enrol"])
@pytest.mark.parametrize("moment", ["before", "in", "after"])
def test_a_process_that_is_killed_leaves_the_old_file_or_the_new_one(old: Path, use: str, moment: str) -> None:
    before = old.read_bytes()
    killed = run(DYING + use, moment, old, *corpora.load("demo")["path"].iloc[:3])

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (old.read_bytes() == before) == (moment != "after")
    found = EmotionRecognizer.load(old)
    assert (found.calibration.threshold == 0.9 or found.enrolment is not None) == (moment == "after")
    assert found.save(old).read_bytes()  # the next one is not in the way of what the killed one left


@posix
def test_a_disk_that_is_full_is_a_sentence_and_the_old_file_stays(old: Path) -> None:
    before = old.read_bytes()
    failed = run(FULL, old)

    assert f"ModelFileError: {old}: cannot be written (File too large); choose another place" in failed.stderr
    assert [path.read_bytes() for path in old.parent.iterdir()] == [before]


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder with a file, in which this process may write nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mine.emotion").write_bytes(b"old")
        folder.chmod(0o555)
        is_root = os.geteuid() == 0  # who may write anywhere
        if is_root:
            os.seteuid(65_534)
        yield folder
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@posix
def test_a_folder_that_is_read_only_is_a_sentence_and_the_old_file_stays(
    pretrained: EmotionRecognizer, read_only: Path
) -> None:
    with pytest.raises(ModelFileError, match=r"cannot be written \(Permission denied\); choose another place"):
        pretrained.save(read_only / "mine.emotion")
    assert [path.read_bytes() for path in read_only.iterdir()] == [b"old"]
