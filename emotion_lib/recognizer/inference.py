"""Predict from a waveform: features, the network in ONNX Runtime, calibration, and adaptation to one voice."""

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
    """Compute the probability of each emotion from features.

    Parameters
    ----------
    onnx : bytes
        The network as ONNX. It has one input, (n_utterances, n_features, 1), or two: the frames (n_utterances,
        n_frames, n_features) and the weight of each frame (n_utterances, n_frames). A third input may take the voice
        statistics (n_utterances, n_statistics). Its output is (n_utterances, n_emotions).
    feature : str
        Name of the feature of the frames; the voice statistics depend on it.

    Attributes
    ----------
    takes_frames : bool
        Whether the network takes frames over time, rather than one vector for each utterance.
    takes_statistics : bool
        Whether the network also takes the voice statistics of an utterance.

    Raises
    ------
    ModelFileError
        If the bytes are not a network of this form, or if the network would read other files.
    """

    def __init__(self, onnx: bytes, *, feature: str = "log_mel") -> None:
        self.onnx = onnx
        self._feature = feature
        self._session = _onnx_session(onnx)
        self._inputs = [each.name for each in self._session.get_inputs()]
        n_inputs, n_outputs = len(self._inputs), len(self._session.get_outputs())
        if n_inputs not in {1, 2, 3} or n_outputs != 1:
            raise ModelFileError(f"its network has {n_inputs} inputs and {n_outputs} outputs; must have 1 to 3 and 1")
        self.takes_frames = n_inputs > 1
        self.takes_statistics = n_inputs == 3

    def probabilities(
        self, X: np.ndarray, lengths: np.ndarray | None = None, *, statistics: np.ndarray | None = None
    ) -> np.ndarray:
        """Compute the probability of each emotion for each utterance.

        Parameters
        ----------
        X : ndarray of shape (n_utterances, n_features) or (n_utterances, n_frames, n_features), float32
            Features of the kind that the network was trained on, padded at the end.
        lengths : ndarray of shape (n_utterances,), int, optional
            Number of frames without padding; all frames count when not given.
        statistics : ndarray of shape (n_utterances, n_statistics), optional
            The voice statistics; computed from `X` when not given.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float32

        Raises
        ------
        ModelFileError
            If the network takes features of another shape.
        """
        values = [X if self.takes_frames else X[..., None]]
        if self.takes_frames:
            lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
            values.append(frame_weights(lengths, X.shape[1]))
            if self.takes_statistics:
                if statistics is None:
                    statistics = voice_statistics(X, lengths, feature=self._feature)
                values.append(statistics)
        given = {name: np.asarray(value, dtype=np.float32) for name, value in zip(self._inputs, values, strict=True)}
        try:
            probabilities: np.ndarray = self._session.run(None, given)[0]
        except Exception as error:  # ONNX Runtime's errors have no common base class of their own
            shape = " x ".join(map(str, values[0].shape[1:]))
            raise ModelFileError(f"its network does not take features of shape {shape}") from error
        return probabilities


def _onnx_session(onnx: bytes) -> Any:
    """Return an ONNX Runtime session that uses one thread: the library runs several utterances in parallel instead."""
    file.check_graph(onnx)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal errors only; errors are raised, and the log goes to the terminal
    options.add_session_config_entry("session.load_model_format", "ONNX")  # not ORT, which check_graph cannot read
    try:
        return onnxruntime.InferenceSession(
            onnx,
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # the fallback prints to the terminal
        )
    except Exception as error:  # no common base class here either
        raise ModelFileError("its network cannot be read") from error


STREAM_WINDOW, STREAM_STEP = 3.0, 0.5
"""Seconds of live audio in one prediction, and seconds from one prediction to the next."""


class Output(NamedTuple):
    """The network's output for a stretch of speech, before adaptation to the voice.

    Attributes
    ----------
    probabilities : ndarray of shape (1, n_emotions)
        The calibrated probabilities.
    statistics : ndarray of shape (1, n_statistics)
        The voice statistics; of shape (1, 0) where neither the network nor the recogniser uses them.
    """

    probabilities: np.ndarray
    statistics: np.ndarray


@dataclass(frozen=True)
class Inference:
    """Predict the emotion in waveforms at the rate of the settings.

    Parameters
    ----------
    network : Network
        Computes probabilities from features.
    emotions : tuple of str
        The emotion of each output of the network.
    feature : str
        Name of the feature that the network takes.
    settings : FeatureSettings
        How the feature is computed.
    calibration : Calibration
        Temperature and threshold of the probabilities.
    voices : Voices or None
        Statistics of the training voices, if the recogniser has them.
    enrolment : Enrolment or None
        The voice that the recogniser is adapted to, if there is one.
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
        """Sampling rate of the waveforms in Hz."""
        assert self.settings.sr is not None  # the recogniser refuses settings without a rate
        return self.settings.sr

    def predict_short(self, y: np.ndarray, part: np.ndarray) -> Prediction:
        """Return the answer for a short recording `y`, predicted from `part`, which the settings choose."""
        if reason := self.missing_speech(y):
            return self._nothing(reason)
        return self.answer(self.infer(part))

    def missing_speech(self, y: np.ndarray) -> str:
        """Return `silence` or `no speech` if the waveform has no speech, and an empty string if it has."""
        if speech.is_silent(y, self.sr):
            return SILENCE
        return "" if speech.find_speech(y, self.sr).seconds >= speech.ENOUGH_SPEECH else NO_SPEECH

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
            probabilities, unlike = self._adapted(output)
            total += size * probabilities
            length, n_windows, n_unlike = length + size, n_windows + 1, n_unlike + unlike
        if not length:
            return None
        note = f"the mean of {n_windows} window{'s' * (n_windows > 1)}; `segments` gives the answer for each"
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
        for first, part in speech.parts(blocks, self.sr, seconds=STREAM_STEP):
            latest = np.concatenate([latest, part])[-round(STREAM_WINDOW * self.sr) :]
            yield self._segment(self.predict_short(latest, latest), first + len(part) - len(latest), len(latest))

    def infer(self, y: np.ndarray) -> Output:
        """Return the network's output for a waveform, before adaptation to the voice."""
        X = FEATURES[self.feature](y, self.sr, settings=self.settings)[None]
        statistics = None
        if self.network.takes_statistics or self.voices is not None or self.enrolment is not None:
            statistics = voice_statistics(X, np.array([X.shape[1]]), feature=self.feature)
        probabilities = self.network.probabilities(X, statistics=statistics)
        return Output(self.calibration.apply(probabilities), np.empty((1, 0)) if statistics is None else statistics)

    def answer(self, output: Output) -> Prediction:
        """Return the answer for an output."""
        probabilities, unlike = self._adapted(output)
        return self._answer(probabilities, unlike=unlike)

    def _adapted(self, output: Output) -> tuple[np.ndarray, bool]:
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
        return Segment(**answer.to_dict(), start=start, end=end)
