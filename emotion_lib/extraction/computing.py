"""Recordings in, features or errors out: in threads of this process, or in the workers of an executor."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from emotion_lib import audio
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import DEFAULT, FEATURES, FeatureSettings
from emotion_lib.parallel import side_by_side

BATCH = 64

Value = np.ndarray | AudioError
"""The features of a recording, or the error that says why there are none."""


def check(feature: str, executor: Executor | None = None) -> None:
    """Raise a `ParameterError` for a feature that is unknown, or what is no executor."""
    if feature not in FEATURES:
        raise ParameterError(f"feature={feature!r}: must be one of {', '.join(FEATURES)}")
    if executor is not None and not isinstance(executor, Executor):
        raise ParameterError(
            f"executor={executor!r}: must be a concurrent.futures.Executor; that of a Dask client is "
            "`client.get_executor()`"
        )


def compute(
    paths: Iterable[Path], feature: str, settings: FeatureSettings, *, executor: Executor | None = None
) -> Iterator[list[tuple[Path, Value]]]:
    """Yield batches of recordings with their features, in order; only some batches are taken ahead.

    Parameters
    ----------
    paths : iterable of Path
        The recordings, of which there may be any number.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        How the recordings are read and the feature is made.
    executor : concurrent.futures.Executor, optional
        Where, and left open; threads of this process when not given.

    Yields
    ------
    list of tuple of Path and Value
    """
    work = partial(_computed, feature=feature, settings=settings)
    return side_by_side(work, _batches(paths), executor=executor)


def extract_one(recording: audio.Source, feature: str, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Extract one feature from one recording, which may be in memory; the cache is not asked.

    Parameters
    ----------
    recording : path, bytes or binary file object
        Whatever `audio.read` takes.
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        How the recording is read and the feature is made.

    Returns
    -------
    ndarray of shape (n_features,) or (n_frames, n_features), float32

    Raises
    ------
    ParameterError
        If the feature is unknown, or the recording is nothing that can be read.
    AudioError
        If the recording cannot be used.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [0.1] * 8000, 16000, format="WAV")
    >>> extract_one(recording, "duration_level").round(2).tolist()
    [0.5, -20.0]

    Notebook: 02_features
    """
    check(feature)
    y, sr = audio.read(recording, sr=settings.sr, offset=settings.offset, duration=settings.duration)
    return FEATURES[feature](y, sr, settings=settings)


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    remaining = iter(paths)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _computed(paths: list[Path], *, feature: str, settings: FeatureSettings) -> list[tuple[Path, Value]]:
    """Return each recording with its features, or the error that says why there are none."""
    return [(path, _value(path, feature, settings)) for path in paths]


def _value(path: Path, feature: str, settings: FeatureSettings) -> Value:
    try:
        return extract_one(path, feature, settings=settings)
    except AudioError as error:
        return error
