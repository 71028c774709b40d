"""Check that the parts of a recogniser fit together."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from emotion_lib.audio import HIGHEST_RATE
from emotion_lib.emotions import MOST_LABELS, in_order
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.features import ENCODED, SPEECH_ENCODER, FeatureSettings, check_feature, encoder_digest
from emotion_lib.recognizer.heads import Network
from emotion_lib.recognizer.inference import Inference
from emotion_lib.recognizer.inputs import LONG
from emotion_lib.recognizer.voice_model import VoiceModel, VoiceOffsets
from emotion_lib.recognizer.voices import Enrolment, Voices

_LOWEST_RATE = 1000
_MOST_BINS, _MOST_BANDS = 2**14, 512
_FRAMES_A_SECOND = (1, 1000)
"""Limits on the number of frames a second, so that the settings in a file cannot exhaust the memory."""


def make_settings(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Make settings or a calibration from the values in a file.

    Parameters
    ----------
    kind : type
        `FeatureSettings` or `Calibration`.
    values : mapping
        The values in the file by name.

    Returns
    -------
    FeatureSettings or Calibration

    Raises
    ------
    ParameterError
        If a name is unknown, or a value is outside its range.
    """
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise ParameterError(f"{name!r}: unknown setting; must be one of {', '.join(known)}")
    return kind(**values)


def voices_of(arrays: Mapping[str, np.ndarray]) -> Voices | VoiceModel | None:
    """Make the statistics of the training voices from arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The arrays that `Voices.arrays` or `VoiceModel.arrays` returns; empty if there are no statistics.

    Returns
    -------
    Voices, VoiceModel or None

    Raises
    ------
    ParameterError
        If an array is missing, unknown, or does not fit the others.
    """
    if not arrays:
        return None
    voices = (VoiceModel if "within" in arrays else Voices).from_arrays(arrays)
    _check_names(arrays, voices.arrays())
    return voices


def enrolment_of(
    arrays: Mapping[str, np.ndarray], emotions: Sequence[str], voices: Voices | VoiceModel | None
) -> Enrolment | VoiceOffsets | None:
    """Make the enrolment of one voice from arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The arrays that `Enrolment.arrays` or `VoiceOffsets.arrays` returns; empty if no voice is enrolled.
    emotions : sequence of str
        The emotions that the recogniser distinguishes.
    voices : Voices, VoiceModel or None
        The statistics of the training voices.

    Returns
    -------
    Enrolment, VoiceOffsets or None

    Raises
    ------
    ParameterError
        If an array is missing, unknown, or does not fit the others.
    """
    if not arrays:
        return None
    enrolment = (
        VoiceOffsets.from_arrays(arrays, voices)
        if isinstance(voices, VoiceModel)
        else Enrolment.from_arrays(arrays, emotions)
    )
    _check_names(arrays, enrolment.arrays())
    return enrolment


def _check_names(given: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> None:
    if more := sorted(given.keys() - known.keys()):
        raise ParameterError(f"array {more[0]!r}: unknown; must be one of {', '.join(known)}")


def check_parts(emotions: Sequence[str], feature: str, settings: FeatureSettings) -> None:
    """Refuse emotions, a feature or settings that a recogniser cannot use.

    Parameters
    ----------
    emotions, feature, settings
        As `EmotionRecognizer` takes them.

    Raises
    ------
    ParameterError
        If the feature or an emotion is unknown, or the settings are out of range.
    """
    check_feature(feature)
    if feature == ENCODED and settings.sr != SPEECH_ENCODER.sr:
        raise ParameterError(f"settings: sr={settings.sr}: must be {SPEECH_ENCODER.sr} for the speech encoder")
    if not all(isinstance(emotion, str) for emotion in emotions):
        raise ParameterError(f"emotions={list(emotions)}: must be strings")
    if len(emotions) > MOST_LABELS:
        raise ParameterError(f"emotions: {len(emotions)} labels; must be at most {MOST_LABELS}")
    if tuple(emotions) != in_order(emotions):
        raise ParameterError(f"emotions={list(emotions)}: must be in this order: {', '.join(in_order(emotions))}")
    if len(emotions) < 2:
        raise ParameterError(f"emotions={list(emotions)}: must be at least two emotions")
    _check_settings(settings)


def _check_settings(settings: FeatureSettings) -> None:
    if settings.sr is None:
        raise ParameterError("settings: sr=None: a recogniser reads all recordings at one rate; give the rate in Hz")
    if not _LOWEST_RATE <= settings.sr <= HIGHEST_RATE:
        raise ParameterError(f"settings: sr={settings.sr}: must be from {_LOWEST_RATE} to {HIGHEST_RATE} Hz")
    if settings.n_fft > _MOST_BINS or settings.n_mels > _MOST_BANDS:
        sizes = f"n_fft={settings.n_fft}, n_mels={settings.n_mels}"
        raise ParameterError(f"settings: {sizes}: must be at most {_MOST_BINS} and {_MOST_BANDS}")
    fewest, most = _FRAMES_A_SECOND
    if not fewest * settings.hop_length <= settings.sr <= most * settings.hop_length:
        sizes = f"hop_length={settings.hop_length}, sr={settings.sr}"
        raise ParameterError(f"settings: {sizes}: must give from {fewest} to {most} frames a second")


def check_encoder(manifest: Mapping[str, Any]) -> None:
    """Refuse a file whose recogniser was trained on the states of another speech encoder.

    Parameters
    ----------
    manifest : mapping
        The manifest of the file.

    Raises
    ------
    ModelFileError
        If the manifest does not name the encoder of this package, and the feature depends on it.
    """
    if manifest["feature"] == ENCODED and manifest.get("encoder") != encoder_digest():
        raise ModelFileError("it was trained with another speech encoder than the one of this package")


def check_fit(inference: Inference) -> None:
    """Refuse a head that does not take the feature, or does not return a probability for each emotion.

    Parameters
    ----------
    inference : Inference
        The inference of the recogniser.

    Raises
    ------
    ModelFileError
        If the head does not fit.
    """
    noise = _noise(inference.settings)
    X = inference.features(noise)
    head = inference.head
    if head.takes_frames != (X.ndim == 3):
        raise ModelFileError(f"its network does not take {inference.feature}")
    if isinstance(head, Network) and X.ndim == 3:  # before its first run: it must bear the longest recording, too
        longest = (len(X), int(LONG * X.shape[1]), X.shape[2])
        head.rehearse(longest, n_statistics=inference.statistics(X).shape[1])
    inference.infer(noise)


def check_voices(inference: Inference) -> None:
    """Refuse voices or an enrolment whose statistics do not fit the feature.

    Parameters
    ----------
    inference : Inference
        The inference of the recogniser.

    Raises
    ------
    ModelFileError
        If the statistics do not fit.
    """
    if inference.voices is None and inference.enrolment is None:
        return
    noise = _noise(inference.settings)
    try:
        with np.errstate(all="raise", under="ignore"):  # damaged arrays overflow; tiny probabilities may underflow
            if inference.voices is not None:
                _check_numbers(np.array(inference.voices.unlikeness(inference.infer(noise).statistics)), ())
            if inference.enrolment is not None:
                output = inference.infer(noise)
                adapted = inference.enrolment.apply(output.probabilities, output.statistics)[0]
                _check_numbers(adapted, (len(inference.emotions),))
    except (ValueError, FloatingPointError) as error:
        raise ModelFileError(f"its voice statistics do not fit {inference.feature} ({error})") from error


def _check_numbers(numbers: np.ndarray, shape: tuple[int, ...]) -> None:
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise ValueError(f"they give an output of shape {numbers.shape}, but must give finite numbers of shape {shape}")


def _noise(settings: FeatureSettings) -> np.ndarray:
    assert settings.sr is not None
    return np.random.default_rng(0).uniform(-0.1, 0.1, settings.sr)
