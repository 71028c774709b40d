"""Recipes: names, titles, and what each fits."""

import numpy as np
import pandas as pd
import pytest

from emotion_lib.evaluation.recipes import RECIPES, ProbabilisticPredictor
from emotion_lib.extraction import Features
from emotion_lib.features import FEATURES, FeatureSettings


@pytest.fixture
def features() -> Features:
    """Features of four utterances of three emotions."""
    emotion = ["sad", "angry", "happy", "sad"]
    X = np.eye(3, 40, dtype=np.float32)[[0, 1, 2, 0]]
    table = pd.DataFrame({"emotion": emotion, "corpus": "a"})
    return Features(X, np.ones(4, dtype=np.int32), table, "mean_mfcc", FeatureSettings())


def test_the_titles_of_recipes_differ() -> None:
    titles = [recipe.title for recipe in RECIPES.values()]
    assert len(set(titles)) == len(titles)


def test_every_recipe_takes_a_feature_that_there_is() -> None:
    assert {recipe.feature for recipe in RECIPES.values()} <= FEATURES.keys()


def test_class_means_alone_know_nothing(features: Features) -> None:
    fitted = RECIPES["class_means"].fit(features, 0, {})
    assert isinstance(fitted, ProbabilisticPredictor)
    assert fitted.emotions == ("angry", "happy", "sad")
    assert fitted.history.empty
    np.testing.assert_array_equal(fitted.predict_proba(features), np.full((4, 3), 1 / 3))
