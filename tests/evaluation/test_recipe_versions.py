"""A recipe trains as it did when its figures were made, or its `version` is raised."""

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss

from emotion_lib import training
from emotion_lib.evaluation.recipes import RECIPES, Predictor, ProbabilisticPredictor, Recipe
from emotion_lib.extraction import Features
from emotion_lib.training import discriminant, encoded, schedules

TRAINED = {
    "most_frequent": ("bb20a473", [0.75]),
    "logistic_regression": ("f139d90a", [0.5687]),
    "logistic_regression_original": ("78c66585", [0.5687]),
    "svm": ("28299d83", [0.5625]),
    "mean_std_logistic_regression": ("d91fd474", [0.5687]),
    "mean_std_svm": ("3b86ac63", [0.5625]),
    "egemaps_svm": ("7dcaaaf4", [0.5625]),
    "mean_mfcc_lstm": ("f18cf619", [1.6699, 1.392]),
    "mean_mfcc_lstm_normalised": ("42d78fed", [1.3819, 1.3872]),
    "frame_lstm": ("ec1bf8ce", [1.334, 1.3084]),
    "frame_cnn": ("146a171c", [1.4941, 2.2539]),
    "statistics_lda": ("f20b109b", [0.8812]),
    "frame_cnn_statistics": ("b6aec8b9", [1.4941, 0.9698]),
    "frame_cnns_statistics": ("2ff2203c", [1.5473, 0.6778]),
    "discriminant": ("c3e84d5e", [1.1294]),
    "class_means": ("f20b109b", [1.3863]),
}
"""Of each recipe, a digest of its configuration, and what `losses` gives after two epochs."""

CHANGED = (
    "The training of {} has changed. If that is meant, raise the `version` of its recipe, so that figures made before "
    "are known to be out of date, and write here: {}. Where a name alone has changed, or how Keras or scikit-learn "
    "describe a model, and not one loss, leave the version."
)
N = 160
N_FEATURES = {"log_mel": 64, "encoder_statistics": 42}
"""Numbers in a frame or an utterance, where they are not 40: 42 are seven means and deviations of three layers."""
MODULES = {"log_mel": (schedules, discriminant, training), "encoder_statistics": (encoded,)}
"""Modules whose constants decide the training on a feature, too."""
EMOTIONS = np.array(["angry", "happy", "neutral", "sad"])


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_as_its_version_says(name: str) -> None:
    features = made_up(RECIPES[name])
    fitted = shortened(RECIPES[name]).fit(features[:N], 0, {"progress": False})
    assert isinstance(fitted, ProbabilisticPredictor) or not RECIPES[name].is_network
    found = digest(RECIPES[name], fitted), losses(fitted, features[N:])
    configuration, expected = TRAINED[name]
    same = found[0] == configuration and found[1] == pytest.approx(expected, rel=0.02)
    assert same, CHANGED.format(name, found)


def made_up(recipe: Recipe) -> Features:
    """Return what a recipe takes, of 2 N utterances: each emotion is a pattern in noise, and every fifth is wrong."""
    over_time, n_features = recipe.feature in {"log_mel", "mfcc"}, N_FEATURES.get(recipe.feature, 40)
    utterance, frame, number = np.ogrid[: 2 * N, : 24 if over_time else 1, :n_features]
    noise = (utterance * 7919 + frame * 104_729 + number * 1_299_709) ** 2 % 1009 / 504.5 - 1
    pattern = 1 + utterance % 4 + (utterance * 7919 % 1009 % 5 == 0)
    X = (10 * noise + 2 * np.cos(pattern * (number + frame / 2) / 4) - 40).astype(np.float32)
    place = utterance.ravel()
    table = pd.DataFrame({"emotion": EMOTIONS[place % 4], "corpus": np.array(["a", "b"])[place // 4 % 2]})
    lengths = np.full(2 * N, X.shape[1], dtype=np.int32)
    return Features(X if over_time else X[:, 0], lengths, table, recipe.feature, recipe.settings)


def shortened(recipe: Recipe) -> Recipe:
    """Return a recipe of two epochs, of fewer and shorter utterances, and of two networks where there are several."""
    less = {"epochs": 2, "members": 2, "schedule": replace(training.AUGMENTED, per_corpus=N // 2, n_frames=20)}
    return replace(recipe, constants=recipe.constants | {name: less[name] for name in less.keys() & recipe.constants})


def digest(recipe: Recipe, fitted: Predictor) -> str:
    """Return a digest of a recipe, of the model that it trains, and of the constants of its modules."""
    described = [recipe.configuration, str(getattr(fitted, "pipeline", "")), layers(getattr(fitted, "model", None))]
    rooms = MODULES.get(recipe.feature, ())
    described += [{name: getattr(room, name) for name in dir(room) if name.isupper()} for room in rooms]
    return hashlib.sha256(json.dumps(described, sort_keys=True, default=asdict).encode()).hexdigest()[:8]


def layers(model: Any) -> list[Any]:
    """Return the layers of a network with their options, those of networks within it, and the optimiser."""
    inside = [
        layers(each) if hasattr(each, "layers") else [type(each).__name__, set_options(each.get_config())]
        for each in getattr(model, "layers", [])
    ]
    optimizer = getattr(model, "optimizer", None)
    return [*inside, set_options(optimizer.get_config())] if optimizer else inside


def set_options(options: Any) -> Any:
    """Return options that are set, without the names that Keras counts and the options that a later one may add."""
    if isinstance(options, dict):
        chosen = (key for key, each in options.items() if key != "name" and each is not None and each is not False)
        return {key: set_options(options[key]) for key in chosen}
    return [set_options(each) for each in options] if isinstance(options, (list, tuple)) else options


def losses(fitted: Predictor, test: Features) -> list[float]:
    """Return the loss of the last epoch, where there are any, and of the test; of baselines, its errors."""
    if not isinstance(fitted, ProbabilisticPredictor):
        return [round(1 - accuracy_score(test.emotion, fitted.predict(test)), 4)]
    of_training = [] if fitted.history.empty else [fitted.history["loss"].iloc[-1]]
    of_test = log_loss(test.emotion, fitted.predict_proba(test), labels=list(fitted.emotions))
    return [round(float(each), 4) for each in (*of_training, of_test)]
