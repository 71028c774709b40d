"""Messages print no commands to a terminal, and a bad number, seed or path is a sentence wherever it is given."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_lib import EmotionRecognizer, audio, classic, corpora, errors, evaluation, extraction, models, splits
from emotion_lib.errors import ParameterError, check_positive, check_seed, is_number, legible, path_of
from emotion_lib.extraction import cache

MESSAGES = [
    errors.EmotionLibError,
    errors.ParameterError,
    errors.AudioError,
    errors.CorpusError,
    errors.ModelFileError,
    errors.MissingExtraError,
    errors.CorpusWarning,
    errors.TrainingWarning,
]


@pytest.mark.parametrize("kind", MESSAGES)
def test_no_message_has_control_characters(kind: type[Exception]) -> None:
    assert str(kind("\x1b[2J\x07\u202egnp.wav\udcff: no such file")) == r"\x1b[2J\x07\u202egnp.wav\udcff: no such file"


def test_every_error_and_warning_of_the_library_is_among_them() -> None:
    public = {each for name, each in vars(errors).items() if isinstance(each, type) and not name.startswith("_")}

    assert {each for each in public if issubclass(each, Exception)} == set(MESSAGES)


def test_a_warning_that_python_prints_has_none_either() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("a\x1b[2Jb", errors.CorpusWarning, stacklevel=1)

    assert str(caught[0].message) == r"a\x1b[2Jb"


def test_what_languages_are_written_with_stays() -> None:
    text = "Überraschung, غضب, ক্ষ\u200d\nzweite Zeile"

    assert legible(text) == text
    assert legible(text, one_line=True) == text.replace("\n", r"\n")


ODD: list[Any] = ["0.5", b"1", None, [], True, float("nan"), float("inf"), 10**400, 1e308, object()]


def test_numbers_of_numpy_are_numbers() -> None:
    assert is_number(np.float32(0.5))
    assert is_number(np.int64(3), whole=True)
    assert not is_number(np.float64("nan"))


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:10])
def test_what_is_no_useful_number_is_none(value: Any) -> None:
    assert not is_number(value)
    with pytest.raises(ParameterError, match="must be a probability, from 0 to 1"):
        EmotionRecognizer.load().with_threshold(value)
    with pytest.raises(ParameterError, match="must be a number of seconds, 0 or more"):
        audio.read(b"", offset=value)
    if value is not None:
        with pytest.raises(ParameterError, match=r"duration=.*: must be a positive number of seconds"):
            audio.read(b"", duration=value)
        with pytest.raises(ParameterError, match=r"epochs=.*: must be a positive number"):
            check_positive(epochs=value)


TABLE = pd.DataFrame({"id": ["a"], "corpus": "demo", "speaker": "A", "emotion": "sad", "text": "a", "path": "a.wav"})
SEEDED: dict[str, Callable[[Any], object]] = {
    "split": lambda seed: splits.split(TABLE, "random", seed=seed),
    "evaluate": lambda seed: evaluation.evaluate(TABLE, "discriminant", "by_speaker", seeds=[seed]),
    "evaluate_across": lambda seed: evaluation.evaluate_across(TABLE, TABLE, "discriminant", seeds=[seed]),
    "baseline": lambda seed: classic.baseline("svm", seed=seed),
    "network": lambda seed: models.frame_lstm(seed=seed),
}


@pytest.mark.parametrize("use", SEEDED.values(), ids=SEEDED)
def test_a_seed_that_some_package_does_not_take_is_a_sentence(use: Callable[[Any], object]) -> None:
    for seed in (2**64, 2**32, -1, 1.5, "1", None, True, float("nan")):
        with pytest.raises(ParameterError, match="must be a whole number from 0 to 4294967295"):
            use(seed)


def test_the_largest_seed_is_taken_by_all() -> None:
    check_seed(errors.MOST_SEED)
    np.random.default_rng(errors.MOST_SEED)
    classic.baseline("svm", seed=errors.MOST_SEED).fit([[0.0], [1.0]], ["sad", "happy"])
    models.average_networks([models.mean_mfcc_lstm(4, seed=errors.MOST_SEED)])


NO_PATHS: list[Any] = [float("nan"), np.float64("nan"), 0, None, [], {}, b"x", True, object(), pd.NA]
PATHS: dict[str, Callable[[Any], object]] = {
    "path_of": lambda path: path_of("path", path),
    "save": lambda path: EmotionRecognizer.load().save(path),
    "load a corpus": corpora.load,
    "check": corpora.check,
    "extract": lambda path: extraction.extract(TABLE.assign(path=[path]), "mfcc", cache=False, progress=False),
}


@pytest.mark.parametrize("use", PATHS.values(), ids=PATHS)
def test_what_is_no_path_is_a_sentence(use: Callable[[Any], object]) -> None:
    for path in NO_PATHS:
        with pytest.raises(ParameterError, match=r"path=.*: must be a path"):
            use(path)


NOBODY = "~no-such-user/x"


def test_the_home_of_nobody_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for use in (path_of_it, EmotionRecognizer.load, EmotionRecognizer.load().save, corpora.load):
        with pytest.raises(ParameterError, match="path=~no-such-user/x: no home folder of this user"):
            use(NOBODY)
    monkeypatch.setenv("EMOTION_LIB_DATA", NOBODY)
    with pytest.raises(ParameterError, match="EMOTION_LIB_DATA=~no-such-user/x: no home folder"):
        corpora.load("tess")
    monkeypatch.setenv("EMOTION_LIB_CACHE", NOBODY)
    with pytest.raises(ParameterError, match="EMOTION_LIB_CACHE=~no-such-user/x: no home folder"):
        cache.folder()


def path_of_it(path: str) -> Path:
    """Return the path itself."""
    return path_of("path", path)


def test_a_path_that_is_too_long_is_no_folder() -> None:
    with pytest.raises(errors.CorpusError, match="no such folder"):
        corpora.load(os.sep + "x" * 5000)
