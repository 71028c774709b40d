"""The wheel holds the library and nothing else, and with its dependencies alone it recognises emotion.

The tests with the marker `network` install it in a fresh environment, as a user would.
"""

import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PackageMetadata, PathDistribution
from pathlib import Path

import pytest

from benchmarks.footprint import build_wheel, install, run

ROOT = Path(__file__).resolve().parents[1]
LICENCES = [
    "LICENSE",
    *(f"emotion_lib/corpora/LICENSE{each}" for each in (".crema-d", ".nemo")),
    *(f"emotion_lib/pretrained/LICENSE{each}" for each in ("", ".silero-vad", ".whisper")),
]
SUFFIXES = {"", ".css", ".csv", ".emotion", ".js", ".md", ".onnx", ".py", ".txt", ".typed"}
SUFFIXES |= {Path(each).suffix for each in LICENCES}
RECORDING = str(ROOT / "data" / "demo" / "DEA" / "DEA_back_angry.flac")
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


def test_the_wheel_holds_the_files_of_the_library_and_no_other_and_is_small(wheel: Path, names: set[str]) -> None:
    files = [path for path in (ROOT / "emotion_lib").rglob("*") if path.is_file() and path.suffix in SUFFIXES]

    assert {name for name in names if ".dist-info/" not in name} == {
        each.relative_to(ROOT).as_posix() for each in files
    }
    assert wheel.stat().st_size < 18_000_000


def test_the_source_archive_holds_no_recording_and_nothing_of_tess(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = archive.getnames()

    assert any(name.endswith("emotion_lib/corpora/excerpt.py") for name in names)
    assert [name for name in names if "/data/" in name or name.endswith((".wav", ".flac", ".npz"))] == []


def test_the_wheel_says_and_holds_its_licences_in_metadata_that_every_installer_reads(
    names: set[str], about: PackageMetadata
) -> None:
    assert about["Metadata-Version"] == "2.4"
    assert about["License-Expression"] == "MIT AND ODbL-1.0 AND CC-BY-NC-SA-4.0 AND LicenseRef-emotion-lib-weights"
    assert about.get_all("License-File") == LICENCES
    folder = f"emotion_lib-{about['Version']}.dist-info/licenses/"
    assert {name.removeprefix(folder) for name in names if name.startswith(folder)} == set(LICENCES)


def test_every_licence_in_the_package_is_one_of_them() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "emotion_lib").rglob("LICENSE*")} == {*LICENCES[1:]}


@pytest.mark.network
def test_an_installation_has_the_indexes_and_neither_tensorflow_nor_jupyter(python: Path) -> None:
    code = f"""
from importlib.util import find_spec
from emotion_lib import corpora
print(len(corpora.index('tess')), *filter(find_spec, {TRAINING_ONLY}))"""

    assert run(python, "-c", code).split() == ["2800"]


@pytest.mark.network
def test_the_installed_library_and_its_command_predict_an_emotion(python: Path) -> None:
    code = "import sys; from emotion_lib import EmotionRecognizer; print(EmotionRecognizer.load().predict(sys.argv[1]))"
    command = [str(python.parent / "emotion-lib"), "predict", RECORDING]

    assert run(python, "-c", code, RECORDING).startswith("neutral (neutral ")
    assert "neutral" in subprocess.run(command, cwd=python.parent, check=True, stdout=subprocess.PIPE, text=True).stdout
