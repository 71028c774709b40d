"""A scikit-learn transformer from recordings to features."""

import os
from collections.abc import Sequence
from itertools import product
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from emotion_lib.audio import Source
from emotion_lib.errors import AudioError, CorpusError, ParameterError
from emotion_lib.extraction import extract, extract_one
from emotion_lib.features import DEFAULT, ENCODED, FEATURES, SPEECH_ENCODER, FeatureSettings

Recordings: TypeAlias = "Sequence[Source] | pd.Series[Any] | np.ndarray"


class FeatureExtractor(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Turn recordings into a feature matrix X for scikit-learn's pipelines, cross-validation and searches.

    It learns nothing from the training recordings, so no information leaks into a test. Features that were extracted
    before come from the cache, so a cross-validated search extracts each recording once.

    Parameters
    ----------
    feature : {"mean_mfcc", "mean_std_mfcc", "duration_level", "egemaps", "encoder_statistics"}
        A name in `features.FEATURES` that gives one vector for each recording.
    settings : FeatureSettings, optional
        Settings for reading the recordings and computing the feature; by default `features.DEFAULT`, and for the
        speech encoder `features.SPEECH_ENCODER`.
    cache : bool
        Whether to cache the features of files on disk, as `extraction.extract` does.
    progress : bool, optional
        Whether to show a progress bar; by default it is shown on a terminal and in a live notebook.

    See Also
    --------
    emotion_lib.extraction.extract : The same for a corpus table; it leaves out recordings that cannot be used.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [0.1] * 8000, 16000, format="WAV")
    >>> FeatureExtractor("duration_level").set_output(transform="pandas").fit_transform([recording]).round(1)
       duration  level
    0       0.5  -20.0

    Cross-validate a classifier of your own on the states of the speech encoder:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from emotion_lib import corpora
    >>> table = corpora.load("demo").query("text == 'back'")
    >>> pipeline = make_pipeline(FeatureExtractor("encoder_statistics"), LogisticRegression(max_iter=2000))
    >>> folds = GroupKFold(2)  # each speaker is held out once
    >>> cross_val_score(pipeline, table["path"], table["emotion"], groups=table["speaker"], cv=folds).shape
    (2,)
    """

    def __init__(
        self,
        feature: str = "mean_std_mfcc",
        *,
        settings: FeatureSettings | None = None,
        cache: bool = True,
        progress: bool | None = None,
    ) -> None:
        self.feature = feature
        self.settings = settings
        self.cache = cache
        self.progress = progress

    def fit(self, X: Recordings, y: object = None) -> Self:
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X : sequence of recordings
            Only its type and length are checked.
        y : ignored
            Labels, which pipelines pass on.

        Returns
        -------
        FeatureExtractor
            Itself.

        Raises
        ------
        ParameterError
            If `feature` is unknown or gives a row for each frame, `settings` is not a FeatureSettings, or X is not a
            sequence of recordings.
        """
        self._settings()
        _check_recordings(X)
        return self

    def transform(self, X: Recordings) -> np.ndarray:
        """Extract the feature from each recording.

        Parameters
        ----------
        X : sequence of recordings
            Paths, such as `table["path"]`, bytes or binary file objects; only the features of files are cached.

        Returns
        -------
        ndarray of shape (n_recordings, n_features), float32
            A DataFrame after `set_output(transform="pandas")`.

        Raises
        ------
        ParameterError
            As for `fit`.
        AudioError
            If a recording cannot be used, since a transformer must return a row for each recording.
        """
        settings = self._settings()
        _check_recordings(X)
        paths = [recording for recording in X if isinstance(recording, str | os.PathLike)]
        if len(paths) == len(X):  # `extract` caches and runs in parallel, but takes only files
            return self._from_files(paths, settings)
        return np.stack([extract_one(recording, self.feature, settings=settings) for recording in X])

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the features that `transform` computes.

        Parameters
        ----------
        input_features : ignored
            Column names of X, which recordings do not have.

        Returns
        -------
        ndarray of shape (n_features,), object
            Such as "mfcc_1_mean"; the first coefficient measures the level.

        Raises
        ------
        ParameterError
            If `feature` is unknown or gives a row for each frame, or `settings` is not a FeatureSettings.
        """
        return np.array(_names(self._settings())[self.feature], dtype=object)

    def _settings(self) -> FeatureSettings:
        """Return the settings after checking them and the feature."""
        default = SPEECH_ENCODER if self.feature == ENCODED else DEFAULT
        settings = default if self.settings is None else self.settings
        if not isinstance(settings, FeatureSettings):
            raise ParameterError(f"settings={settings!r}: must be a FeatureSettings, or None for the defaults")
        vectors = _names(settings)
        if self.feature not in vectors:
            what = "gives a row for each frame, not for each recording" if self.feature in FEATURES else "is unknown"
            raise ParameterError(f"feature={self.feature!r}: {what}; must be one of {', '.join(vectors)}")
        return settings

    def _from_files(self, paths: list[str | os.PathLike[str]], settings: FeatureSettings) -> np.ndarray:
        """Extract features from files; the error names the first recording that cannot be used."""
        table = pd.DataFrame({"id": [str(path) for path in paths], "path": paths})
        try:
            features = extract(table, self.feature, settings=settings, cache=self.cache, progress=self.progress)
        except CorpusError as error:
            raise AudioError(str(error)) from error
        if features.left_out:
            count = (
                f"{len(features.left_out)} of {len(paths)} recordings cannot be used; remove them from X, since each"
            )
            raise AudioError(f"{count} row of X needs features. The first: {features.left_out[0].reason}")
        return features.X

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that X is a sequence of recordings, and that `transform` works before `fit`."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []  # the type of X is that of names or bytes
        tags.requires_fit = False
        return tags


def _names(settings: FeatureSettings) -> dict[str, list[str]]:
    numbers, parts = range(1, settings.n_mfcc + 1), product((1, 2, 3), ("mean", "std"), range(1, 513))
    means, deviations = ([f"mfcc_{number}_{what}" for number in numbers] for what in ("mean", "std"))
    return {
        "mean_mfcc": means,
        "mean_std_mfcc": means + deviations,
        "duration_level": ["duration", "level"],
        "egemaps": [f"egemaps_{number}" for number in range(1, 89)],  # openSMILE's 88 functionals
        ENCODED: [f"layer_{layer}_{what}_{number}" for layer, what, number in parts],
    }


def _check_recordings(X: object) -> None:
    if isinstance(X, str | bytes) or hasattr(X, "columns") or not hasattr(X, "__len__"):
        raise ParameterError(f"X: {type(X).__name__}, expected a sequence of recordings, such as `table['path']`")
    if len(X) == 0:
        raise ParameterError("X is empty: must have at least one recording")
