"""Predict from a waveform: features, the head of the recogniser, calibration, and adaptation to one voice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from emotion_lib import features
from emotion_lib.audio import speech
from emotion_lib.audio.reader import parts
from emotion_lib.audio.speech import windows
from emotion_lib.errors import ModelFileError
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.heads import Head
from emotion_lib.recognizer.prediction import (
    NO_SPEECH,
    SILENCE,
    TOO_LITTLE,
    UNKNOWN,
    UNLIKE,
    UNSURE,
    Prediction,
    Segment,
)
from emotion_lib.recognizer.voice_model import VoiceModel, VoiceOffsets
from emotion_lib.recognizer.voices import Enrolment, Voices

STREAM_WINDOW, STREAM_STEP = 3.0, 0.5
"""Seconds of live audio in one prediction, and seconds from one prediction to the next."""


class Output(NamedTuple):
    """The head's output for a stretch of speech, before adaptation to the voice.

    Attributes
    ----------
    probabilities : ndarray of shape (1, n_emotions)
        The calibrated probabilities.
    statistics : ndarray of shape (1, n_statistics)
        The voice statistics; the feature itself if it is one vector.
    """

    probabilities: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True)
class Inference:
    """Predict the emotion in waveforms at the rate of the settings.

    Parameters
    ----------
    head : Network or LinearHead
        Computes probabilities from features.
    emotions : tuple of str
        The emotion of each output of the head.
    feature : str
        Name of the feature that the head takes.
    settings : FeatureSettings
        How the feature is computed.
    calibration : Calibration
        Temperature and threshold of the probabilities.
    voices : Voices, VoiceModel or None
        Statistics of the training voices, if the recogniser has them.
    enrolment : Enrolment, VoiceOffsets or None
        The voice that the recogniser is adapted to, if there is one.
    """

    head: Head
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    calibration: Calibration
    voices: Voices | VoiceModel | None = None
    enrolment: Enrolment | VoiceOffsets | None = None

    @property
    def sr(self) -> int:
        """Sampling rate of the waveforms in Hz."""
        assert self.settings.sr is not None  # the recogniser refuses settings without a rate
        return self.settings.sr

    def trimmed(self, trim: bool) -> "Inference":
        """Return this inference, or one that leaves the ends of a recording as they are if `trim` is False."""
        return self if trim else replace(self, settings=replace(self.settings, trim_speech=False, trim_db=None))

    def predict_short(self, y: np.ndarray, part: np.ndarray) -> Prediction:
        """Return the answer for a short recording `y`, predicted from `part`, which the settings choose."""
        spoken, reason = self.spoken_part(y, part)
        return self._nothing(reason) if reason else self.answer(self.infer(spoken))

    def spoken_part(self, y: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, str]:
        """Return `part` without the ends in which nobody speaks, if the settings say so.

        The second value is the reason why no emotion can be predicted from `y`; it is empty if one can.
        """
        if speech.is_silent(y, self.sr):
            return part, SILENCE
        span = speech.find_speech(y, self.sr)
        if span.seconds < speech.ENOUGH_SPEECH:
            return part, TOO_LITTLE if span.certainty >= speech.CERTAIN else NO_SPEECH
        if not self.settings.trim_speech:
            return part, ""
        return y[span.start : span.stop] if part is y else speech.trim(part, self.sr), ""

    def predict_long(self, blocks: Iterable[np.ndarray]) -> Prediction:
        """Return the answer for a long recording: the mean over its windows of speech, weighted by their lengths."""
        loudest = -np.inf  # measured while predicting, since the blocks can be read only once

        def noted(chunks: Iterable[speech.Chunk]) -> Iterator[speech.Chunk]:
            nonlocal loudest
            for chunk in chunks:
                loudest = max(loudest, chunk.level)
                yield chunk

        parts = ((self.infer(window.y), len(window.y)) for window in windows(noted(speech.detect(blocks, self.sr))))
        return self.mean(parts) or self._nothing(SILENCE if loudest < speech.SILENCE_DB else NO_SPEECH)

    def mean(self, parts: Iterable[tuple[Output, int]]) -> Prediction | None:
        """Return the mean answer for parts of a recording, weighted by their lengths; None if there are no parts."""
        total, length, n_windows, n_unlike = np.zeros(len(self.emotions)), 0, 0, 0
        for output, size in parts:
            probabilities, unlike = self.adapted(output)
            total += size * probabilities
            length, n_windows, n_unlike = length + size, n_windows + 1, n_unlike + unlike
        if not length:
            return None
        note = f"the mean of {n_windows} window{'s' * (n_windows > 1)}; `timeline` shows how it changes"
        return replace(self._answer(total / length, unlike=2 * n_unlike > n_windows), note=note)

    def predict_outputs(self, outputs: Sequence[tuple[Output, int]]) -> Prediction:
        """Return the answer for a recording from outputs that are already computed, and the length of each."""
        if len(outputs) == 1:
            return self.answer(outputs[0][0])
        answer = self.mean(outputs)
        assert answer is not None
        return answer

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for each window of speech in a recording."""
        for window in windows(speech.detect(blocks, self.sr)):
            yield self._segment(self.answer(self.infer(window.y)), window.first, len(window.y))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for the last 3 seconds of live audio, every half second and at the end."""
        latest = np.empty(0, dtype=np.float32)
        for first, part in parts(blocks, self.sr, seconds=STREAM_STEP):
            latest = np.concatenate([latest, part])[-round(STREAM_WINDOW * self.sr) :]
            yield self._segment(self.predict_short(latest, latest), first + len(part) - len(latest), len(latest))

    def infer(self, y: np.ndarray) -> Output:
        """Return the head's output for a waveform of speech, before adaptation to the voice.

        Raises a `ModelFileError` if a network does not give probabilities: it can fail on one recording only.
        """
        X = self.features(y)
        statistics = self.statistics(X)
        probabilities = _checked(self.head.probabilities(X, statistics=statistics), len(self.emotions))
        return Output(self.calibration.apply(probabilities), statistics)

    def features(self, y: np.ndarray) -> np.ndarray:
        """Return the features of a waveform, without cutting off its ends, as a batch of one utterance."""
        return features.compute(self.feature, y, self.sr, settings=replace(self.settings, trim_speech=False))[None]

    def statistics(self, X: np.ndarray) -> np.ndarray:
        """Return one vector for each utterance: the voice statistics of frames, or a feature that is one vector."""
        return X if X.ndim == 2 else voice_statistics(X, np.full(len(X), X.shape[1]), feature=self.feature)

    def answer(self, output: Output) -> Prediction:
        """Return the answer for an output."""
        probabilities, unlike = self.adapted(output)
        return self._answer(probabilities, unlike=unlike)

    def adapted(self, output: Output) -> tuple[np.ndarray, bool]:
        """Return the probabilities after adaptation, and whether the voice is far from every training voice."""
        if self.enrolment is not None:  # the enrolled voice is known, even if it is far from the training voices
            return np.asarray(self.enrolment.apply(output.probabilities, output.statistics)[0]), False
        unlike = self.voices is not None and self.voices.is_unlike(output.statistics)
        return np.asarray(output.probabilities[0]), unlike

    def _answer(self, probabilities: np.ndarray, *, unlike: bool) -> Prediction:
        """Return the most probable emotion, or `unknown` where its probability is below the threshold."""
        best = int(probabilities.argmax())
        unsure = probabilities[best] < self.calibration.threshold
        named = dict(zip(self.emotions, probabilities.tolist(), strict=True))
        emotion, reason = (UNKNOWN, UNSURE) if unsure else (self.emotions[best], "")
        return Prediction(emotion, named, reason, warning=UNLIKE if unlike else "")

    def _nothing(self, reason: str) -> Prediction:
        """Return the answer for a recording without speech, in which all emotions are equally probable."""
        return Prediction(UNKNOWN, dict.fromkeys(self.emotions, 1 / len(self.emotions)), reason)

    def _segment(self, answer: Prediction, first: int, length: int) -> Segment:
        start, end = first / self.sr, (first + length) / self.sr
        return Segment(**vars(answer), start=start, end=end)


def _checked(given: np.ndarray, n_emotions: int) -> np.ndarray:
    """Return the output of a head if it is a probability for each emotion."""
    if given.shape != (1, n_emotions):
        raise ModelFileError(f"its network gives an output of shape {given.shape} for {n_emotions} emotions")
    # NaN fails the comparison too.
    if given.dtype.kind != "f" or not (given >= 0).all() or abs(given.sum() - 1) > 1e-3:
        raise ModelFileError("its network gives numbers that are not probabilities")
    return given
