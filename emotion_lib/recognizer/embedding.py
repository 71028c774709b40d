"""Describe recordings by the vectors from which emotions are predicted, and cache those of files."""

import os
from functools import partial
from pathlib import Path

import numpy as np

from emotion_lib import features
from emotion_lib.audio import Channel
from emotion_lib.audio.sources import name_of
from emotion_lib.errors import AudioError, path_of
from emotion_lib.extraction.cache import FeatureCache
from emotion_lib.parallel import map_in_order
from emotion_lib.recognizer.inference import Inference
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings


def embed(inference: Inference, recordings: Recordings, sr: int | None, *, channel: Channel = None) -> np.ndarray:
    """Return the vector of each recording, from the cache or newly computed.

    Parameters
    ----------
    inference : Inference
        The inference of the recogniser.
    recordings, sr, channel
        As for `EmotionRecognizer.embed`.

    Returns
    -------
    ndarray of shape (n_recordings, n_features), float32

    Raises
    ------
    AudioError, ParameterError
        As for `EmotionRecognizer.embed`.
    """
    cache = FeatureCache(inference.feature, inference.settings)
    paths = [_path(x) for x in recordings if isinstance(x, (str, os.PathLike)) and channel is None]
    known = {path: value for path, value in zip(paths, cache.recall(paths), strict=True) if value is not None}
    new: dict[Path, np.ndarray] = {}
    vectors = []
    try:
        for x, X in zip(
            recordings, map_in_order(partial(_features, inference, known, sr, channel), recordings), strict=True
        ):
            if isinstance(x, (str, os.PathLike)) and channel is None and _path(x) not in known:
                new[_path(x)] = X
            vectors.append(inference.statistics(X[None])[0])
    finally:  # what was computed before a broken recording is not computed again
        cache.keep(new)
    if not vectors:
        one = inference.statistics(inference.features(np.ones(inference.sr, dtype=np.float32)))
        return np.empty((0, one.shape[1]), dtype=np.float32)
    return np.array(vectors, dtype=np.float32)


def _path(x: str | os.PathLike[str]) -> Path:
    return path_of("recordings", x).absolute()


def _features(
    inference: Inference, known: dict[Path, np.ndarray], sr: int | None, channel: Channel, x: Recording
) -> np.ndarray:
    if isinstance(x, (str, os.PathLike)) and _path(x) in known:
        return known[_path(x)]
    settings = inference.settings
    y = RecordingReader(x, sr, to=inference.sr, channel=channel).read(
        offset=settings.offset, duration=settings.duration
    )
    try:
        return features.compute(inference.feature, y, inference.sr, settings=settings)
    except AudioError as error:  # it names no file, since it is about a waveform
        if isinstance(x, np.ndarray):
            raise
        raise AudioError(f"{name_of(x)}: {error}") from error
