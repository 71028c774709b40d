"""Recipes: names, titles, and what each fits."""

import numpy as np
import pandas as pd
import pytest

from emotion_lib.evaluation import recipes
from emotion_lib.evaluation.recipes import RECIPES, ProbabilisticPredictor
from emotion_lib.extraction import Features
from emotion_lib.features import FEATURES, FeatureSettings

BASELINES = [name for name, recipe in RECIPES.items() if not recipe.is_network]


@pytest.fixture
def features() -> Features:
    """Features of four utterances of three emotions."""
    emotion = ["sad", "angry", "happy", "sad"]
    X = np.eye(3, 40, dtype=np.float32)[[0, 1, 2, 0]]
    table = pd.DataFrame({"emotion": emotion, "corpus": "a"})
    return Features(X, np.ones(4, dtype=np.int32), table, "mean_mfcc", FeatureSettings())


@pytest.fixture
def frames(features: Features) -> Features:
    """The same utterances as frames."""
    X = np.random.default_rng(0).normal(-40, 10, (4, 20, 64)).astype(np.float32)
    return Features(X, np.full(4, 20, dtype=np.int32), features.table, "log_mel", recipes.ANY_VOICE)


def test_the_titles_of_recipes_differ() -> None:
    titles = [recipe.title for recipe in RECIPES.values()]
    assert len(set(titles)) == len(titles)


def test_every_recipe_takes_a_feature_that_there_is() -> None:
    assert {recipe.feature for recipe in RECIPES.values()} <= FEATURES.keys()


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_names_an_emotion_that_it_was_shown(name: str, features: Features, frames: Features) -> None:
    shown = frames if RECIPES[name].feature == "log_mel" else features
    fitted = RECIPES[name].fit(shown, 0, {})
    assert set(fitted.predict(shown)) <= {"angry", "happy", "sad"}
    assert isinstance(fitted, ProbabilisticPredictor) == (name in {"class_means", "statistics_lda"})


def test_class_means_alone_know_nothing(features: Features) -> None:
    fitted = RECIPES["class_means"].fit(features, 0, {})
    assert isinstance(fitted, ProbabilisticPredictor)
    assert fitted.emotions == ("angry", "happy", "sad")
    assert fitted.history.empty
    np.testing.assert_array_equal(fitted.predict_proba(features), np.full((4, 3), 1 / 3))


def test_egemaps_is_made_at_16_khz() -> None:
    assert RECIPES["egemaps_svm"].settings.sr == 16_000
