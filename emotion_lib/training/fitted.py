"""What training gives: a network that knows what its outputs mean, and how its features are made."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import models
from emotion_lib.errors import ParameterError
from emotion_lib.features import FeatureSettings
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.training.batches import AnyFeatures, dataset


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network, what its outputs mean, and how the features it was trained on were made.

    Parameters
    ----------
    model : keras.Model
        The network.
    emotions : tuple of str
        What each output stands for.
    feature : str
        Name of the feature it takes.
    settings : FeatureSettings
        How that feature is made.
    history : DataFrame
        One row an epoch: `epoch`, `loss`, `accuracy` as training saw them (dropout on, weights changing), and
        `test_loss`, `test_accuracy` where held-out features were observed: of the weights after that epoch, which are
        not what is kept where a regime has `inertia`.
    seconds : float
        How long its training took, what was done before a resumption included.

    Notebook: 03_model
    """

    model: Any = field(repr=False)
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    history: pd.DataFrame = field(repr=False)
    seconds: float = 0.0

    def predict_proba(self, features: AnyFeatures) -> np.ndarray:
        """Return the probability of each emotion for each utterance.

        Parameters
        ----------
        features : Features or StoredFeatures
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        check_same("features", features, self.feature, self.settings)
        if len(features) == 0:
            return np.empty((0, len(self.emotions)), dtype=np.float32)
        probabilities: np.ndarray = self.model.predict(dataset(self.model, features), verbose=0)
        return probabilities

    def predict(self, features: AnyFeatures) -> np.ndarray:
        """Return the most probable emotion of each utterance.

        Parameters
        ----------
        features : Features or StoredFeatures
            Made as those that the network was trained on.

        Returns
        -------
        ndarray of shape (n_utterances,), str

        Raises
        ------
        ParameterError
            If the features are of another kind or were made with other settings.
        """
        heard: np.ndarray = np.array(self.emotions)[self.predict_proba(features).argmax(axis=1)]
        return heard

    def recognizer(self, **options: Any) -> EmotionRecognizer:
        """Return the network as a recogniser, which needs no TensorFlow and can be saved.

        Parameters
        ----------
        **options
            `calibration`, `about`, `trained_on` and `voices`, as `EmotionRecognizer` takes them.

        Returns
        -------
        EmotionRecognizer
        """
        onnx = models.to_onnx(self.model)
        return EmotionRecognizer(onnx, emotions=self.emotions, feature=self.feature, settings=self.settings, **options)


def check_same(name: str, features: AnyFeatures, feature: str, settings: FeatureSettings) -> None:
    """Refuse features that were made in another way, and name the differences.

    Parameters
    ----------
    name : str
        What an error calls them.
    features : Features or StoredFeatures
        What was given.
    feature : str
        The feature that is expected.
    settings : FeatureSettings
        How it is to be made.

    Raises
    ------
    ParameterError
        If they differ.
    """
    made = {"feature": features.feature} | asdict(features.settings)
    expected = {"feature": feature} | asdict(settings)
    if differ := [key for key in made if made[key] != expected[key]]:
        found, trained = (", ".join(f"{key}={values[key]!r}" for key in differ) for values in (made, expected))
        raise ParameterError(f"{name}: made with {found}; this network was trained with {trained}; extract them so")
