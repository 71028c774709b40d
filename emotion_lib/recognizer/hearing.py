"""From a waveform to an answer: silence, no speech, or an emotion with its probabilities, if it is sure enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from emotion_lib import voice
from emotion_lib.calibration import Calibration
from emotion_lib.features import FEATURES, FeatureSettings
from emotion_lib.recognizer.network import Network
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, UNKNOWN, UNSURE, Prediction, Segment
from emotion_lib.recognizer.segmenting import windows

STREAM_WINDOW, STREAM_STEP = 3.0, 0.5
"""Seconds that a prediction over live audio hears, and that pass from one to the next."""


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
    """

    network: Network
    emotions: tuple[str, ...]
    feature: str
    settings: FeatureSettings
    calibration: Calibration

    @property
    def sr(self) -> int:
        """The rate in Hz of the waveforms."""
        assert self.settings.sr is not None  # the recogniser refuses settings without a rate
        return self.settings.sr

    def whole(self, y: np.ndarray, part: np.ndarray) -> Prediction:
        """Answer for a short recording, of which the network hears `part`."""
        if voice.is_silent(y, self.sr):
            return self._nothing(SILENCE)
        if not voice.has_speech(y, self.sr):
            return self._nothing(NO_SPEECH)
        return self._answer(self.probabilities(part))

    def long(self, blocks: Iterable[np.ndarray]) -> Prediction:
        """Answer for a long recording: the mean over its windows of speech, each counted by its length."""
        total, length, loudest = np.zeros(len(self.emotions)), 0, -np.inf

        def noted(chunks: Iterable[voice.Chunk]) -> Iterator[voice.Chunk]:
            nonlocal loudest
            for chunk in chunks:
                loudest = max(loudest, chunk.level)
                yield chunk

        n_windows = 0
        for window in windows(noted(voice.heard(blocks, self.sr))):
            total += len(window.y) * self.probabilities(window.y)
            length, n_windows = length + len(window.y), n_windows + 1
        if not length:
            return self._nothing(SILENCE if loudest < voice.SILENCE_DB else NO_SPEECH)
        note = f"the mean of {n_windows} window{'s' * (n_windows > 1)}; `segments` says what was heard when"
        return replace(self._answer(total / length), note=note)

    def segments(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for each window of speech in a recording."""
        for window in windows(voice.heard(blocks, self.sr)):
            yield self._segment(self._answer(self.probabilities(window.y)), window.first, len(window.y))

    def stream(self, blocks: Iterable[np.ndarray]) -> Iterator[Segment]:
        """Yield the answer for the last seconds of live audio, every half second and at its end."""
        latest = np.empty(0, dtype=np.float32)
        for first, part in voice.parts(blocks, self.sr, seconds=STREAM_STEP):
            latest = np.concatenate([latest, part])[-round(STREAM_WINDOW * self.sr) :]
            yield self._segment(self.whole(latest, latest), first + len(part) - len(latest), len(latest))

    def probabilities(self, y: np.ndarray) -> np.ndarray:
        """Return the calibrated probability of each emotion in a waveform."""
        X = FEATURES[self.feature](y, self.sr, settings=self.settings)[None]
        (probabilities,) = self.calibration.apply(self.network.probabilities(X))
        return np.asarray(probabilities)

    def _answer(self, probabilities: np.ndarray) -> Prediction:
        """Return the most probable emotion, or `unknown` where it is not probable enough."""
        best = int(probabilities.argmax())
        unsure = probabilities[best] < self.calibration.threshold
        named = dict(zip(self.emotions, probabilities.tolist(), strict=True))
        return Prediction(UNKNOWN if unsure else self.emotions[best], named, reason=UNSURE if unsure else "")

    def _nothing(self, reason: str) -> Prediction:
        """Return the answer where there is nothing to be heard: every emotion is as probable as any other."""
        return Prediction(UNKNOWN, dict.fromkeys(self.emotions, 1 / len(self.emotions)), reason)

    def _segment(self, answer: Prediction, first: int, length: int) -> Segment:
        """Return an answer with the place that it is for."""
        start, end = first / self.sr, (first + length) / self.sr
        return Segment(answer.emotion, answer.probabilities, answer.reason, answer.note, start=start, end=end)
