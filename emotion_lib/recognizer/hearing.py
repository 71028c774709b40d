"""From a waveform to an answer: silence, no speech, or an emotion with its probabilities, if it is sure enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from emotion_lib import enrolment, voice
from emotion_lib.calibration import Calibration
from emotion_lib.enrolment import Enrolment, Voices
from emotion_lib.features import FEATURES, FeatureSettings
from emotion_lib.recognizer.network import Network
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, UNKNOWN, UNLIKE, UNSURE, Prediction, Segment
from emotion_lib.recognizer.segmenting import windows

STREAM_WINDOW, STREAM_STEP = 3.0, 0.5
"""Seconds that a prediction over live audio hears, and that pass from one to the next."""


class Heard(NamedTuple):
    """What was heard in a stretch of speech.

    Attributes
    ----------
    probabilities : ndarray of shape (1, n_emotions)
        The network's, calibrated.
    statistics : ndarray of shape (1, n_statistics)
        What the voice is like; none where nobody asks.
    """

    probabilities: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True)
class Hearing:
    """Answer for waveforms at the rate of the settings.

    Parameters
    ----------
    network : Network
        Features in, probabilities out.
    emotions : tuple of str
        What its outputs stand for.
    feature : str
        The name of the feature.
    settings : FeatureSettings
        How it is made.
    calibration : Calibration
        How probabilities are read.
    voices : Voices or None
        What is known of the training voices, if anything.
    enrolment : Enrolment or None
        What the one voice is like that the recogniser is used to, if it is to one.
    """

    network: Network
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    calibration: Calibration
    voices: Voices | None = None
    enrolment: Enrolment | None = None

    @property
    def sr(self) -> int:
        """The rate in Hz of the waveforms."""
        assert self.settings.sr is not None  # the recogniser refuses settings without a rate
        return self.settings.sr

    def whole(self, y: np.ndarray, part: np.ndarray) -> Prediction:
        """Answer for a short recording, of which the network hears `part`."""
        if reason := self.lacks(y):
            return self._nothing(reason)
        return self._answered(part)

    def lacks(self, y: np.ndarray) -> str:
        """Return why nobody can be heard in a waveform, `silence` or `no speech`; empty where somebody can."""
        if voice.is_silent(y, self.sr):
            return SILENCE
        return "" if voice.has_speech(y, self.sr) else NO_SPEECH

    def long(self, blocks: Iterable[np.ndarray]) -> Prediction:
        """Answer for a long recording: the mean over its windows of speech, each counted by its length."""
        total, length, loudest = np.zeros(len(self.emotions)), 0, -np.inf

        def noted(chunks: Iterable[voice.Chunk]) -> Iterator[voice.Chunk]:
            nonlocal loudest
            for chunk in chunks:
                loudest = max(loudest, chunk.level)
                yield chunk

        n_windows = n_unlike = 0
        for window in windows(noted(voice.heard(blocks, self.sr))):
            heard = self.heard(window.y)
            total += len(window.y) * self._probabilities(heard)
            length, n_windows, n_unlike = length + len(window.y), n_windows + 1, n_unlike + self._is_unlike(heard)
        if not length:
            return self._nothing(SILENCE if loudest < voice.SILENCE_DB else NO_SPEECH)
        note = f"the mean of {n_windows} window{'s' * (n_windows > 1)}; `segments` says what was heard when"
        return replace(self._answer(total / length, unlike=2 * n_unlike > n_windows), note=note)

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for each window of speech in a recording."""
        for window in windows(voice.heard(blocks, self.sr)):
            yield self._segment(self._answered(window.y), window.first, len(window.y))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for the last seconds of live audio, every half second and at its end."""
        latest = np.empty(0, dtype=np.float32)
        for first, part in voice.parts(blocks, self.sr, seconds=STREAM_STEP):
            latest = np.concatenate([latest, part])[-round(STREAM_WINDOW * self.sr) :]
            yield self._segment(self.whole(latest, latest), first + len(part) - len(latest), len(latest))

    def probabilities(self, y: np.ndarray) -> np.ndarray:
        """Return the probability of each emotion in a waveform."""
        return self._probabilities(self.heard(y))

    def heard(self, y: np.ndarray) -> Heard:
        """Return what is heard in a waveform before the recogniser gets used to its voice."""
        X = FEATURES[self.feature](y, self.sr, settings=self.settings)[None]
        statistics = self._statistics(X)
        probabilities = self.network.probabilities(X, statistics=statistics)
        return Heard(self.calibration.apply(probabilities), np.empty((1, 0)) if statistics is None else statistics)

    def _statistics(self, X: np.ndarray) -> np.ndarray | None:
        """Return what the voice is like, if anybody asks."""
        if not self.network.takes_statistics and self.voices is None and self.enrolment is None:
            return None
        return enrolment.statistics(X, np.array([X.shape[1]]), feature=self.feature)

    def _answered(self, y: np.ndarray) -> Prediction:
        """Return the answer for a waveform in which somebody speaks."""
        heard = self.heard(y)
        return self._answer(self._probabilities(heard), unlike=self._is_unlike(heard))

    def _probabilities(self, heard: Heard) -> np.ndarray:
        """Return the probability of each emotion; in the voice that the recogniser is used to, if it is to one."""
        if self.enrolment is None:
            return np.asarray(heard.probabilities[0])
        return np.asarray(self.enrolment.apply(heard.probabilities, heard.statistics)[0])

    def _is_unlike(self, heard: Heard) -> bool:
        """Return whether a voice is unlike those of the training, and unknown besides."""
        return self.enrolment is None and self.voices is not None and self.voices.is_unlike(heard.statistics)

    def _answer(self, probabilities: np.ndarray, *, unlike: bool) -> Prediction:
        """Return the most probable emotion, or `unknown` where it is not probable enough."""
        best = int(probabilities.argmax())
        unsure = probabilities[best] < self.calibration.threshold
        named = dict(zip(self.emotions, probabilities.tolist(), strict=True))
        emotion, reason = (UNKNOWN, UNSURE) if unsure else (self.emotions[best], "")
        return Prediction(emotion, named, reason, warning=UNLIKE if unlike else "")

    def _nothing(self, reason: str) -> Prediction:
        """Return the answer where there is nothing to be heard: every emotion is as probable as any other."""
        return Prediction(UNKNOWN, dict.fromkeys(self.emotions, 1 / len(self.emotions)), reason)

    def _segment(self, answer: Prediction, first: int, length: int) -> Segment:
        start, end = first / self.sr, (first + length) / self.sr
        return Segment(**answer.to_dict(), start=start, end=end)
