"""The key of a row changes with what decides its figures, and with nothing else."""

import shutil
from pathlib import Path

import pytest

from benchmarks import keys
from emotion_lib.evaluation.recipes import RECIPES

STARTS = [("evaluation", "evaluate"), ("evaluation", "rows")]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A copy of the library's code."""
    return Path(shutil.copytree(keys.LIBRARY, tmp_path / "emotion_lib", ignore=_not_code))


def _not_code(folder: str, names: list[str]) -> set[str]:
    """Return what is no code in a folder."""
    return {name for name in names if not (name.endswith(".py") or Path(folder, name).is_dir())} | {"__pycache__"}


def key(library: Path, model: str = "svm", settings: object = ()) -> str:
    """Return the key of a model, of the code in a folder."""
    keys._source.cache_clear()
    names = {model, "by_speaker", RECIPES[model].feature}
    return keys.key(settings, starts=STARTS, names=names, library=library)


def edit(library: Path, name: str, old: str, new: str) -> None:
    """Replace a piece of code that is there."""
    path = library / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_same_code_and_settings_have_the_same_key(library: Path) -> None:
    assert key(library) == key(keys.LIBRARY)


def test_other_settings_and_another_model_have_another_key() -> None:
    assert len({key(keys.LIBRARY), key(keys.LIBRARY, settings=("other",)), key(keys.LIBRARY, "mean_std_svm")}) == 3


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("classic/__init__.py", "SVC(C=10", "SVC(C=11"),
        ("features/frames.py", "SMALLEST_POWER = 1e-10", "SMALLEST_POWER = 1e-9"),
        ("features/utterances.py", ".mean(axis=0)", ".max(axis=0)"),
        ("metrics.py", "seed: int = 0", "seed: int = 1"),
        ("metrics.py", "ENOUGH_SPEAKERS = 8", "ENOUGH_SPEAKERS = 9"),
        ("mel.py", "return", "return -"),
    ],
)
def test_code_that_decides_changes_the_key(library: Path, name: str, old: str, new: str) -> None:
    before = key(library)
    edit(library, name, old, new)
    assert key(library) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("features/frames.py", '"""Compute the', '"""Work out the'),
        ("features/frames.py", "import numpy as np\n", "# a comment\nimport numpy as np\n"),
        ("recipes.py", '"40 averages, SVM"', '"averages, SVM"'),
        ("recipes.py", "FRAME_LSTM_EPOCHS = 15", "FRAME_LSTM_EPOCHS = 16"),
        (
            "recipes.py",
            "RECIPES = {\n",
            'RECIPES = {\n    "another": Recipe("another", "mfcc", DEFAULT, _frame_lstm),\n',
        ),
        ("features/__init__.py", '"mfcc": mfcc,\n', '"mfcc": mfcc,\n    "another": mfcc,\n'),
        ("evaluation/running.py", 'raise ParameterError(f"model=', 'raise ParameterError(f"the model='),
        ("progress.py", "def bar", "NOTHING = 1\n\n\ndef bar"),
    ],
)
def test_what_decides_nothing_does_not(library: Path, name: str, old: str, new: str) -> None:
    before = key(library)
    edit(library, name, old, new)
    assert key(library) == before


def test_the_epochs_of_a_network_are_in_its_key(library: Path) -> None:
    before = key(library, "frame_lstm")
    edit(library, "recipes.py", "FRAME_LSTM_EPOCHS = 15", "FRAME_LSTM_EPOCHS = 16")
    assert key(library, "frame_lstm") != before


def test_code_is_followed_from_the_evaluation_to_the_samples() -> None:
    reached = set(keys.code(STARTS, {"frame_cnn", "by_speaker", "log_mel"}))
    expected = {
        ("evaluation.running", "evaluate"),
        ("evaluation.figures", "rows"),
        ("splits.protocols", "_by_speaker"),
        ("recipes", "_frame_cnn"),
        ("training.fitting", "fit"),
        ("models.networks", "frame_cnn"),
        ("augment", "vary"),
        ("augment", "HIDDEN_FRAMES"),
        ("features.frames", "log_mel"),
        ("mel", "hz_to_mel"),
        ("audio.reading", "read"),
        ("metrics", "uar"),
    }
    assert expected <= reached
    assert not {("splits.protocols", "_random"), ("features.frames", "mfcc"), ("classic", "baseline")} & reached
