"""Nothing reports to anybody, and on disk is only what the page on privacy lists: in new processes with an empty home.

ONNX Runtime writes its files when it is imported, whoever imports it, so that these files tell whether its telemetry
is on.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import pytest

from tests.test_architecture import LIBRARY, imports

ROOT = LIBRARY.parent
LISTED = re.findall(r"^\| `([~$][^`]+)` \|", (ROOT / "docs" / "privacy.md").read_text("utf-8"), re.MULTILINE)
"""The files that the page lists."""

SETTINGS = re.compile(r"(DASK|EMOTION_LIB|IPYTHON|JUPYTER|KERAS|MPL|NUMBA|ORT|XDG)_?\w*")
"""Variables that say where something is written, or what."""

CI_SERVICES = {
    "APPVEYOR",
    "CI",
    "CIRCLECI",
    "CODEBUILD_BUILD_ID",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "TRAVIS",
}
"""Variables that tell ONNX Runtime of a CI service; it sends no telemetry there, so the tests would prove nothing."""

PROGRAMS = sorted(
    path for each in ("benchmarks", "data/demo", "docs", "notebooks") for path in (ROOT / each).rglob("*.py")
)
"""Python that is no part of the library, and runs for itself."""

NETWORK = {"aiohttp", "ftplib", "http", "httpx", "pooch", "requests", "smtplib", "socket", "urllib", "urllib3"}
"""Packages that ask a network."""

FEATURES = "~/.cache/emotion_lib/features-*.sqlite"
ANSWERS = "~/.local/share/emotion_lib/listening_test.json"
KERAS, FONTS, IPYTHON = "~/.keras/keras.json", "~/.cache/matplotlib/fontlist-*.json", "~/.ipython/profile_default/*"

RECOGNIZER = """
from emotion_lib import EmotionRecognizer, audio, corpora
demo = corpora.load("demo")[:14]
recognizer = EmotionRecognizer.load()
"""
PREDICT = f"""{RECOGNIZER}
y, sr = audio.read(demo["path"][0])
recognizer.predict(demo["path"])
list(recognizer.segments(demo["path"][0]))
list(recognizer.stream([y, y], sr))
recognizer.enrol(demo["path"], demo["emotion"])
"""
COMMAND = """
from emotion_lib import corpora
from emotion_lib.cli import main
main(["predict", str(corpora.find("demo") / "DEA"), "--json"])
"""
SPAWNED = f"""
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import emotion_lib
with ProcessPoolExecutor(1, get_context("spawn")) as pool:
    pool.submit(exec, "import onnxruntime").result()
    pool.submit(exec, {RECOGNIZER!r}).result()
"""
EXTRACT = """
from emotion_lib import corpora, extraction
extraction.extract(corpora.load("demo")[:2], "mfcc")
"""
LISTENING = """
from emotion_lib import corpora, widgets
test = widgets.listening_test(corpora.load("demo"))
for number in range(test.total):
    test._receive(test, {"do": "play"}, [])
    test._receive(test, {"do": "name", "number": number, "emotion": "sad"}, [])
"""
TO_ONNX = """
from emotion_lib import models
from emotion_lib.recognizer.heads import Network
Network(models.to_onnx(models.mean_mfcc_lstm()))
"""
NOTEBOOK = """
import sys
from pathlib import Path
sys.path.append("notebooks")
import run
path = Path(sys.argv[1])
run.execute(path, keep_in=path.parent)
"""

STEPS = {
    "predict": (PREDICT, set()),
    "the command": (COMMAND, set()),
    "a spawned worker": (SPAWNED, set()),
    "extract": (EXTRACT, {FEATURES}),
    "a listening test": (LISTENING, {ANSWERS, FONTS}),
    "to_onnx": (TO_ONNX, {KERAS, FONTS}),
}
"""What is done in a process of its own, and the files of the page that it is known to write."""

Do = Callable[..., set[str]]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the page lists the folders of Linux")


@pytest.fixture
def do(tmp_path: Path) -> Do:
    """Run some Python in a new process with an empty home; return the files that are there then."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    folders = {"XDG_CACHE_HOME": ".cache", "XDG_CONFIG_HOME": ".config", "XDG_DATA_HOME": ".local/share"}
    kept = {name for name in os.environ if not SETTINGS.fullmatch(name)} - CI_SERVICES
    variables = {name: os.environ[name] for name in kept}
    variables |= {"HOME": str(home), "TMPDIR": str(temporary), "EMOTION_LIB_PROGRESS": "0"}
    variables |= {name: str(home / folder) for name, folder in folders.items()}
    for folder in (home, temporary, *(home / each for each in folders.values())):
        folder.mkdir(parents=True, exist_ok=True)

    def run(code: str, *arguments: str, **others: str) -> set[str]:
        command = [sys.executable, "-c", code, *arguments]
        subprocess.run(command, cwd=ROOT, env=variables | others, capture_output=True, check=True)
        return {*names(home, "~"), *names(temporary, "$TMPDIR")}

    return run


def names(folder: Path, shown: str) -> Iterator[str]:
    """Yield what the files below a folder are called on the page."""
    for path in folder.rglob("*"):
        if not path.is_dir():
            yield f"{shown}/{path.relative_to(folder).as_posix()}"


def entries(files: set[str], patterns: list[str]) -> set[str]:
    """Return the patterns that files match, and the files that match none."""
    return {next((each for each in patterns if fnmatch(name, each)), name) for name in files}


@linux
@pytest.mark.parametrize("step", STEPS)
def test_what_is_on_disk_afterwards_is_on_the_page(do: Do, step: str) -> None:
    code, expected = STEPS[step]

    assert entries(do(code), LISTED) == expected


@linux
def test_a_notebook_leaves_what_is_on_the_page_and_no_way_to_its_kernel(do: Do, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell(RECOGNIZER)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")

    assert entries(do(NOTEBOOK, str(tmp_path / "a.ipynb")), LISTED) == {IPYTHON}


@linux
def test_who_turns_the_telemetry_on_gets_it(do: Do) -> None:
    files = do("import emotion_lib, onnxruntime", ORT_DISABLE_TELEMETRY="0")

    assert len([name for name in files if name.endswith(("deviceid", "onnxruntime.db"))]) == 2


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("notebooks/*.ipynb")), *PROGRAMS], ids=lambda path: path.name)
def test_whatever_needs_onnx_runtime_gets_it_through_the_library(path: Path) -> None:
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    else:
        source = path.read_text("utf-8")

    assert [each for each in imports(ast.parse(source)) if each.name.partition(".")[0] == "onnxruntime"] == []


def test_only_the_download_of_a_corpus_knows_the_network() -> None:
    knowing = {
        path.relative_to(LIBRARY).as_posix()
        for path in LIBRARY.rglob("*.py")
        for each in imports(ast.parse(path.read_text("utf-8")))
        if each.name.partition(".")[0] in NETWORK and not each.name.startswith("urllib.parse")
    }

    assert knowing == {"corpora/download.py", "corpora/mirrors.py"}
