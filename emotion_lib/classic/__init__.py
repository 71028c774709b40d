"""Classic baselines: scikit-learn classifiers on a few numbers per recording, for comparison with the networks.

Importing scikit-learn takes a third of a second, so this module imports it, and our classes that inherit from it, on
first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from emotion_lib.errors import ParameterError, check_seed, extra
from emotion_lib.features import DEFAULT, FeatureSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from emotion_lib.classic.transformer import FeatureExtractor

__all__ = ["BASELINES", "FeatureExtractor", "baseline", "pipeline"]

BASELINES = ("most_frequent", "logistic_regression", "svm")
"""Names of the baselines."""


def __getattr__(name: str) -> Any:
    """Import `FeatureExtractor`, and with it scikit-learn, on first use (PEP 562)."""
    if name != "FeatureExtractor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with extra("train"):
        return import_module(f"{__name__}.transformer").FeatureExtractor


def pipeline(
    name: str, *, feature: str = "mean_std_mfcc", settings: FeatureSettings = DEFAULT, seed: int = 0
) -> "Pipeline":
    """Build an untrained pipeline that takes recordings and predicts emotions.

    It works with `cross_validate` and `GridSearchCV` like any other pipeline. Pass the speakers as `groups`;
    otherwise the same speakers are in training and test.

    Parameters
    ----------
    name : {"most_frequent", "logistic_regression", "svm"}
        Name of the baseline.
    feature : {"mean_mfcc", "mean_std_mfcc", "duration_level", "egemaps"}
        The feature that the baseline classifies.
    settings : FeatureSettings
        Settings for reading the recordings and computing the feature.
    seed : int
        Random seed of the classifier.

    Returns
    -------
    sklearn.pipeline.Pipeline
        A pipeline for a sequence of recordings, such as `table["path"]`. Its step `extractor` is a `FeatureExtractor`;
        the other steps are the same as in `baseline(name)`.

    Raises
    ------
    ParameterError
        If there is no baseline of that name. The feature is only checked by `fit`.

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
    """Build an untrained baseline, including the scaling of the features.

    - `most_frequent` predicts the most frequent training emotion for every utterance, like a model that has learnt
      nothing from the features.
    - `logistic_regression` has one weight for each feature and emotion.
    - `svm` separates the emotions by curved boundaries (radial basis functions, C = 10).

    Parameters
    ----------
    name : {"most_frequent", "logistic_regression", "svm"}
        Name of the baseline.
    seed : int
        Random seed of the classifier.

    Returns
    -------
    sklearn.pipeline.Pipeline
        A pipeline for X of shape (n_utterances, n_features).

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
    check_seed(seed)
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
