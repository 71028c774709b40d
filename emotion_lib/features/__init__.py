"""Compute features of a waveform: the numbers that a classifier gets instead of the sound.

Each step builds on the one before: power spectrum, mel spectrogram, its logarithm, its cosine transform (the MFCCs).
The tests compare every step with librosa.

`settings` holds the parameters of the features. `frames` computes the features that have a row for each frame, with the
help of `mel` (the mel scale) and `yin` (the pitch), and `utterances` those that describe an utterance by one vector.
`encoder` computes the states of a pretrained speech encoder.
"""

from collections.abc import Callable

import numpy as np

from emotion_lib.features.encoder import encoder_log_mel, encoder_states, encoder_statistics
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
    "FEATURES",
    "FEATURES_VERSION",
    "ORIGINAL",
    "SMALLEST_POWER",
    "VOICED",
    "FeatureSettings",
    "duration_level",
    "egemaps",
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

FEATURES: dict[str, Callable[..., np.ndarray]] = {
    "log_mel": log_mel,
    "mfcc": mfcc,
    "mean_mfcc": mean_mfcc,
    "mean_std_mfcc": mean_std_mfcc,
    "duration_level": duration_level,
    "pitch": pitch,
    "egemaps": egemaps,
}
"""The features by name; each is a function of (y, sr, settings=...)."""
