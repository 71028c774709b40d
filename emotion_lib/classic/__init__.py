"""The classic side: classifiers of scikit-learn on a few numbers a recording, against which networks are measured.

scikit-learn takes a third of a second to import, so its classes, and ours that inherit from them, wait until they
are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import ParameterError, extra
from emotion_lib.features import DEFAULT, FeatureSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from emotion_lib.classic.transformer import FeatureExtractor

__all__ = ["BASELINES", "FeatureExtractor", "baseline", "pipeline"]

BASELINES = ("most_frequent", "logistic_regression", "svm")
"""The baselines by name."""


def __getattr__(name: str) -> Any:
    """Import the transformer, and scikit-learn with it, on first use (PEP 562)."""
    if name != "FeatureExtractor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extra("train"):
        return import_module(f"{__name__}.transformer").FeatureExtractor


def pipeline(
    name: str, *, feature: str = "mean_std_mfcc", settings: FeatureSettings = DEFAULT, seed: int = 0
) -> "Pipeline":
    """Build the whole classic path, untrained: recordings in, emotions out.

    It goes through `cross_validate` and `GridSearchCV` as any pipeline does. Give them the speakers as groups, or
    the voices of the test are those of the training.

    Parameters
    ----------
    name : {"most_frequent", "logistic_regression", "svm"}
        Which baseline it ends in.
    feature : {"mean_mfcc", "mean_std_mfcc", "duration_level", "egemaps"}
        What it is given of each recording.
    settings : FeatureSettings
        How recordings are read and the feature is made.
    seed : int
        Seed of what is drawn.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Takes a sequence of recordings, such as `table["path"]`; its step `extractor` is a `FeatureExtractor`, the
        others are those of `baseline(name)`.

    Raises
    ------
    ParameterError
        If there is no baseline of that name. A feature that does not fit is found by `fit`.

    Examples
    --------
    >>> list(pipeline("svm").named_steps)
    ['extractor', 'standardscaler', 'svc']

    Notebook: 03_model
    """
    with extra("train"):
        from sklearn.pipeline import Pipeline

        from emotion_lib.classic.transformer import FeatureExtractor

    extractor = FeatureExtractor(feature, settings=settings)
    return Pipeline([("extractor", extractor), *baseline(name, seed=seed).steps])


def baseline(name: str, *, seed: int = 0) -> "Pipeline":
    """Build an untrained baseline, its scaling included.

    - `most_frequent` predicts the commonest emotion of the training for every utterance: what knowing nothing scores.
    - `logistic_regression` weighs the features, one set of weights an emotion.
    - `svm` draws curved borders between the emotions (radial basis functions, C = 10).

    Parameters
    ----------
    name : {"most_frequent", "logistic_regression", "svm"}
        Which one.
    seed : int
        Seed of what is drawn.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Takes X of shape (n_utterances, n_features).

    Raises
    ------
    ParameterError
        If there is no baseline of that name.

    Examples
    --------
    >>> baseline("svm").fit([[0.0], [1.0]], ["sad", "happy"]).predict([[0.9]]).tolist()
    ['happy']

    Notebook: 03_model
    """
    with extra("train"):
        from sklearn.dummy import DummyClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

    if name == "most_frequent":
        return make_pipeline(StandardScaler(), DummyClassifier(strategy="most_frequent"))
    if name == "logistic_regression":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, random_state=seed))
    if name == "svm":
        return make_pipeline(StandardScaler(), SVC(C=10, random_state=seed))
    raise ParameterError(f"baseline {name!r}: must be one of {', '.join(BASELINES)}")
