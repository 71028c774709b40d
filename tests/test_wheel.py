"""The wheel holds the library and nothing else, and with its dependencies alone it recognises emotion.

The tests with the marker `network` install it in a fresh environment, as a user would.
"""

import subprocess
import sys
import zipfile
from importlib.metadata import PackageMetadata, PathDistribution
from pathlib import Path, PurePosixPath

import pytest

from benchmarks.footprint import build_wheel, install, run
from emotion_lib.emotions import STYLES

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = {".css", ".csv", ".emotion", ".js", ".onnx", ".py"}
LICENCES = [
    "LICENSE",
    *(f"emotion_lib/corpora/LICENSE{each}" for each in (".crema-d", ".nemo")),
    *(f"emotion_lib/pretrained/LICENSE{each}" for each in ("", ".silero-vad", ".whisper")),
]
BY_NAME = {"emotion_lib/py.typed", "emotion_lib/pretrained/README.md", *LICENCES[1:]}
TRAINING_ONLY = ("IPython", "keras", "librosa", "matplotlib", "notebook", "onnx", "sklearn", "tensorflow", "torch")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def names(wheel: Path) -> set[str]:
    """Names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def about(wheel: Path) -> PackageMetadata:
    """What the wheel says of itself."""
    folder = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    return PathDistribution(zipfile.Path(wheel, f"{folder}/")).metadata


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment outside the checkout, with the wheel and what it depends on."""
    return install(wheel, tmp_path_factory.mktemp("fresh") / "environment")


@pytest.fixture(params=["demo", "tess"])
def recording(request: pytest.FixtureRequest) -> str:
    """A recording of the demo corpus, and one of TESS where it is."""
    if request.param == "demo":
        return str(ROOT / "data" / "demo" / "DEA" / "DEA_back_angry.flac")
    return str(request.getfixturevalue("tess")["path"][0])


def is_of_the_library(name: str) -> bool:
    """Return whether a file of the checkout belongs in the wheel."""
    path = PurePosixPath(name)
    return path.parts[0] == "emotion_lib" and (path.suffix in SUFFIXES or name in BY_NAME)


def test_the_wheel_holds_the_files_of_the_library_and_no_other(names: set[str]) -> None:
    files = (path.relative_to(ROOT).as_posix() for path in (ROOT / "emotion_lib").rglob("*") if path.is_file())
    expected = {name for name in files if is_of_the_library(name)}

    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "corpora/tess.csv",
        "corpora/crema-d.csv",
        "corpora/LICENSE.crema-d",
        "corpora/nemo.csv",
        "corpora/LICENSE.nemo",
        "splits/lists/crema-d-leave_speaker_out.csv",
        "splits/lists/tess-by_word.csv",
        "widgets/static/shared.js",
        "widgets/static/style.css",
        "pretrained/speech.emotion",
        "pretrained/speech_encoder.onnx",
        "pretrained/voice_activity.onnx",
        "pretrained/LICENSE",
        "pretrained/LICENSE.silero-vad",
        "pretrained/LICENSE.whisper",
        "pretrained/README.md",
    ],
)
def test_the_wheel_holds_what_stands_beside_python_files(names: set[str], name: str) -> None:
    assert f"emotion_lib/{name}" in names


def test_a_python_that_is_asked_has_no_telemetry_unless_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("-c", "import os; print(os.environ['ORT_DISABLE_TELEMETRY'])")
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    assert run(Path(sys.executable), *asked) == "1\n"
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert run(Path(sys.executable), *asked) == "0\n"


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 18_000_000


def test_the_wheel_says_and_holds_its_licences(names: set[str], about: PackageMetadata) -> None:
    assert about["License-Expression"] == "MIT AND ODbL-1.0 AND CC-BY-NC-SA-4.0 AND LicenseRef-emotion-lib-weights"
    assert about.get_all("License-File") == LICENCES
    folder = f"emotion_lib-{about['Version']}.dist-info/licenses/"
    assert {name.removeprefix(folder) for name in names if name.startswith(folder)} == set(LICENCES)


def test_every_licence_in_the_package_is_one_of_them() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "emotion_lib").rglob("LICENSE*")} == {*LICENCES[1:]}


def test_the_metadata_is_of_a_version_that_every_installer_reads(about: PackageMetadata) -> None:
    assert about["Metadata-Version"] == "2.4"


@pytest.mark.network
def test_an_installation_has_neither_tensorflow_nor_jupyter(python: Path) -> None:
    code = f"from importlib.util import find_spec; print(*filter(find_spec, {TRAINING_ONLY}))"

    assert run(python, "-c", code).split() == []


@pytest.mark.network
def test_the_installed_library_imports_and_has_its_indexes(python: Path) -> None:
    code = "import emotion_lib; print(emotion_lib.__version__, len(emotion_lib.corpora.index('tess')))"

    assert run(python, "-c", code).split()[1] == "2800"


@pytest.mark.network
def test_the_installed_library_predicts_an_emotion(python: Path, recording: str) -> None:
    code = "import sys; from emotion_lib import EmotionRecognizer; print(EmotionRecognizer.load().predict(sys.argv[1]))"

    printed = run(python, "-c", code, recording)

    assert any(emotion in printed for emotion in STYLES)


@pytest.mark.network
def test_the_installed_command_predicts_an_emotion(python: Path, recording: str) -> None:
    command = [str(python.parent / "emotion-lib"), "predict", recording]
    printed = subprocess.run(command, cwd=python.parent, check=True, stdout=subprocess.PIPE, text=True).stdout

    assert any(emotion in printed for emotion in STYLES)
