"""From a waveform to an answer: features, the network in ONNX Runtime, calibration, and the voice it is adapted to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from emotion_lib.audio import speech
from emotion_lib.audio.speech import windows
from emotion_lib.errors import ModelFileError
from emotion_lib.features import FEATURES, FeatureSettings, frame_weights, voice_statistics
from emotion_lib.recognizer import file
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, UNKNOWN, UNLIKE, UNSURE, Prediction, Segment
from emotion_lib.recognizer.voices import Enrolment, Voices


class Network:
    """Turn features into probabilities.

    Parameters
    ----------
    onnx : bytes
        The network: either one input, (n_utterances, n_features, 1), or two, the frames (n_utterances, n_frames,
        n_features) and the weight of each frame (n_utterances, n_frames), or as a third the voice statistics of each
        utterance (n_utterances, n_statistics); one output, (n_utterances, n_emotions).
    feature : str
        What the frames are, which the statistics depend on.

    Raises
    ------
    ModelFileError
        If the bytes are no such network, or one that would read other files.
    """

    def __init__(self, onnx: bytes, *, feature: str = "log_mel") -> None:
        self.onnx = onnx
        self._feature = feature
        self._session = _onnx_session(onnx)
        self._inputs = [each.name for each in self._session.get_inputs()]
        if len(self._inputs) not in {1, 2, 3} or len(self._session.get_outputs()) != 1:
            raise ModelFileError("its network takes or gives something else than a recogniser's does")

    @property
    def takes_frames(self) -> bool:
        """Whether it takes frames over time, or one vector an utterance."""
        return len(self._inputs) > 1

    @property
    def takes_statistics(self) -> bool:
        """Whether it is told besides what the voice of an utterance is like."""
        return len(self._inputs) == 3

    def probabilities(
        self, X: np.ndarray, lengths: np.ndarray | None = None, *, statistics: np.ndarray | None = None
    ) -> np.ndarray:
        """Compute the probability of each emotion for each utterance.

        Parameters
        ----------
        X : ndarray of shape (n_utterances, n_features) or (n_utterances, n_frames, n_features), float32
            The features that it was trained on, padded at the end.
        lengths : ndarray of shape (n_utterances,), int, optional
            Frames that are not padding; all of them when not given.
        statistics : ndarray of shape (n_utterances, n_statistics), optional
            The voice statistics, where they are known already.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ModelFileError
            If the network takes features of another shape.
        """
        if not self.takes_frames:
            return self._run(X[..., None])
        lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
        frames = (X, frame_weights(lengths, X.shape[1]))
        if not self.takes_statistics:
            return self._run(*frames)
        if statistics is None:
            statistics = voice_statistics(X, lengths, feature=self._feature)
        return self._run(*frames, statistics)

    def _run(self, *values: np.ndarray) -> np.ndarray:
        given = {name: np.asarray(value, dtype=np.float32) for name, value in zip(self._inputs, values, strict=True)}
        try:
            probabilities: np.ndarray = self._session.run(None, given)[0]
        except Exception as error:  # ONNX Runtime's errors share no class of their own
            shape = " x ".join(map(str, values[0].shape[1:]))
            raise ModelFileError(f"its network does not take features of shape {shape}") from error
        return probabilities


def _onnx_session(onnx: bytes) -> Any:
    """Return a session of ONNX Runtime on one thread; utterances are what is worked on side by side."""
    file.check_graph(onnx)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.load_model_format", "ONNX")  # not its own form, which is not inspected
    try:
        return onnxruntime.InferenceSession(
            onnx,
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # which prints
        )
    except Exception as error:  # the same
        raise ModelFileError("its network cannot be read") from error


STREAM_WINDOW, STREAM_STEP = 3.0, 0.5
"""Seconds that a prediction over live audio takes in, and that pass from one to the next."""


class Output(NamedTuple):
    """What the network gives for a stretch of speech, before any adaptation to its voice.

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
class Inference:
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

    def predict_short(self, y: np.ndarray, part: np.ndarray) -> Prediction:
        """Answer for a short recording, of which the network takes `part`."""
        if reason := self.missing_speech(y):
            return self._nothing(reason)
        return self.answer(self.infer(part))

    def missing_speech(self, y: np.ndarray) -> str:
        """Return why a waveform has no answer, `silence` or `no speech`; empty where somebody speaks."""
        if speech.is_silent(y, self.sr):
            return SILENCE
        return "" if speech.has_speech(y, self.sr) else NO_SPEECH

    def predict_long(self, blocks: Iterable[np.ndarray]) -> Prediction:
        """Answer for a long recording: the mean over its windows of speech, each counted by its length."""
        loudest = -np.inf

        def noted(chunks: Iterable[speech.Chunk]) -> Iterator[speech.Chunk]:
            nonlocal loudest
            for chunk in chunks:
                loudest = max(loudest, chunk.level)
                yield chunk

        parts = ((self.infer(window.y), len(window.y)) for window in windows(noted(speech.detect(blocks, self.sr))))
        return self.mean(parts) or self._nothing(SILENCE if loudest < speech.SILENCE_DB else NO_SPEECH)

    def mean(self, parts: Iterable[tuple[Output, int]]) -> Prediction | None:
        """Return the mean answer for parts of a recording, each counted by its length; None where there are none."""
        total, length, n_windows, n_unlike = np.zeros(len(self.emotions)), 0, 0, 0
        for output, size in parts:
            total += size * self._probabilities(output)
            length, n_windows, n_unlike = length + size, n_windows + 1, n_unlike + self._is_unlike(output)
        if not length:
            return None
        note = f"the mean of {n_windows} window{'s' * (n_windows > 1)}; `segments` says what was predicted when"
        return replace(self._answer(total / length, unlike=2 * n_unlike > n_windows), note=note)

    def predict_outputs(self, outputs: Sequence[tuple[Output, int]]) -> Prediction:
        """Return the answer for a recording whose outputs are known, with the length of each."""
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
        """Yield the answer for the last seconds of live audio, every half second and at its end."""
        latest = np.empty(0, dtype=np.float32)
        for first, part in speech.parts(blocks, self.sr, seconds=STREAM_STEP):
            latest = np.concatenate([latest, part])[-round(STREAM_WINDOW * self.sr) :]
            yield self._segment(self.predict_short(latest, latest), first + len(part) - len(latest), len(latest))

    def probabilities(self, y: np.ndarray) -> np.ndarray:
        """Return the probability of each emotion in a waveform."""
        return self._probabilities(self.infer(y))

    def infer(self, y: np.ndarray) -> Output:
        """Return the output for a waveform, before the recogniser gets used to its voice."""
        X = FEATURES[self.feature](y, self.sr, settings=self.settings)[None]
        statistics = self._statistics(X)
        probabilities = self.network.probabilities(X, statistics=statistics)
        return Output(self.calibration.apply(probabilities), np.empty((1, 0)) if statistics is None else statistics)

    def _statistics(self, X: np.ndarray) -> np.ndarray | None:
        """Return what the voice is like, if anybody asks."""
        if not self.network.takes_statistics and self.voices is None and self.enrolment is None:
            return None
        return voice_statistics(X, np.array([X.shape[1]]), feature=self.feature)

    def answer(self, output: Output) -> Prediction:
        """Return the answer for an output."""
        return self._answer(self._probabilities(output), unlike=self._is_unlike(output))

    def _probabilities(self, output: Output) -> np.ndarray:
        """Return the probability of each emotion; in the voice that the recogniser is used to, if it is to one."""
        if self.enrolment is None:
            return np.asarray(output.probabilities[0])
        return np.asarray(self.enrolment.apply(output.probabilities, output.statistics)[0])

    def _is_unlike(self, output: Output) -> bool:
        """Return whether a voice is unlike those of the training, and unknown besides."""
        return self.enrolment is None and self.voices is not None and self.voices.is_unlike(output.statistics)

    def _answer(self, probabilities: np.ndarray, *, unlike: bool) -> Prediction:
        """Return the most probable emotion, or `unknown` where it is not probable enough."""
        best = int(probabilities.argmax())
        unsure = probabilities[best] < self.calibration.threshold
        named = dict(zip(self.emotions, probabilities.tolist(), strict=True))
        emotion, reason = (UNKNOWN, UNSURE) if unsure else (self.emotions[best], "")
        return Prediction(emotion, named, reason, warning=UNLIKE if unlike else "")

    def _nothing(self, reason: str) -> Prediction:
        """Return the answer where nobody speaks: every emotion is as probable as any other."""
        return Prediction(UNKNOWN, dict.fromkeys(self.emotions, 1 / len(self.emotions)), reason)

    def _segment(self, answer: Prediction, first: int, length: int) -> Segment:
        start, end = first / self.sr, (first + length) / self.sr
        return Segment(**answer.to_dict(), start=start, end=end)
