"""The classic side: classifiers of scikit-learn on a few numbers a recording, against which networks are measured."""

from typing import TYPE_CHECKING

from emotion_lib.errors import ParameterError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

BASELINES = ("most_frequent", "logistic_regression", "svm")
"""The baselines by name."""


def baseline(name: str, *, seed: int = 0) -> "Pipeline":
    """Build an untrained baseline, its scaling included.

    - `most_frequent` hears every utterance as the commonest emotion of the training: what knowing nothing scores.
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
