"""Compute features of a waveform: the numbers that a classifier gets instead of the sound.

Each step builds on the one before: power spectrum, mel spectrogram, its logarithm, its cosine transform (the MFCCs).
The tests compare every step with librosa.

`settings` holds the parameters of the features. `frames` computes the features that have a row for each frame, with the
help of `mel` (the mel scale) and `yin` (the pitch), and `utterances` those that describe an utterance by one vector.
`encoder` computes the states of a pretrained speech encoder.
"""

from collections.abc import Callable

import numpy as np

from emotion_lib.audio import speech
from emotion_lib.errors import ParameterError
from emotion_lib.features.encoder import (
    SPEECH_ENCODER,
    encoder_digest,
    encoder_log_mel,
    encoder_states,
    encoder_statistics,
)
from emotion_lib.features.frames import (
    FEATURES_VERSION,
    SMALLEST_POWER,
    VOICED,
    frame_weights,
    log_mel,
    mel_filters,
    mfcc,
    pitch,
    power_spectrum,
)
from emotion_lib.features.settings import DEFAULT, ORIGINAL, FeatureSettings
from emotion_lib.features.utterances import duration_level, egemaps, mean_mfcc, mean_std_mfcc, voice_statistics

__all__ = [
    "DEFAULT",
    "ENCODED",
    "FEATURES",
    "FEATURES_VERSION",
    "ORIGINAL",
    "SMALLEST_POWER",
    "SPEECH_ENCODER",
    "VOICED",
    "FeatureSettings",
    "check_feature",
    "compute",
    "duration_level",
    "egemaps",
    "encoder_digest",
    "encoder_log_mel",
    "encoder_states",
    "encoder_statistics",
    "frame_weights",
    "log_mel",
    "mean_mfcc",
    "mean_std_mfcc",
    "mel_filters",
    "mfcc",
    "pitch",
    "power_spectrum",
    "voice_statistics",
]

ENCODED = "encoder_statistics"
"""Name of the feature that the speech encoder computes."""

FEATURES: dict[str, Callable[..., np.ndarray]] = {
    "log_mel": log_mel,
    "mfcc": mfcc,
    "mean_mfcc": mean_mfcc,
    "mean_std_mfcc": mean_std_mfcc,
    "duration_level": duration_level,
    "pitch": pitch,
    "egemaps": egemaps,
    ENCODED: encoder_statistics,
}
"""The features by name; each is a function of (y, sr, settings=...)."""


def compute(feature: str, y: np.ndarray, sr: int, *, settings: FeatureSettings = DEFAULT) -> np.ndarray:
    """Compute a feature by its name, after the settings have cut off the ends in which nobody speaks.

    Parameters
    ----------
    feature : str
        A name in `FEATURES`.
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1].
    sr : int > 0
        Its sampling rate in Hz.
    settings : FeatureSettings
        As for the feature; `trim_speech` decides whether the ends are cut off.

    Returns
    -------
    ndarray of shape (n_features,) or (n_frames, n_features), float32

    Raises
    ------
    AudioError
        If the feature cannot be computed of this waveform.
    ParameterError
        If the feature is unknown.

    Examples
    --------
    >>> compute("duration_level", 0.1 * np.ones(8000), 16000).round(2).tolist()
    [0.5, -20.0]
    """
    check_feature(feature)
    return FEATURES[feature](speech.trim(y, sr) if settings.trim_speech else y, sr, settings=settings)


def check_feature(feature: str) -> None:
    """Refuse an unknown feature.

    Parameters
    ----------
    feature : str
        A name.

    Raises
    ------
    ParameterError
        If it is not in `FEATURES`.
    """
    if feature not in FEATURES:
        raise ParameterError(f"feature={feature!r}: must be one of {', '.join(FEATURES)}")
