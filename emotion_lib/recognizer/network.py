"""A trained network in ONNX's form, which runs without the program that trained it."""

from typing import Any

import numpy as np
import onnxruntime

from emotion_lib import enrolment
from emotion_lib.errors import ModelFileError
from emotion_lib.features import frame_weights
from emotion_lib.recognizer import inspecting


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
        self._session = _session(onnx)
        self._inputs = [each.name for each in self._session.get_inputs()]
        if len(self._inputs) not in {1, 2, 3} or len(self._session.get_outputs()) != 1:
            raise ModelFileError("its network takes or gives something else than a recogniser's does")

    @property
    def takes_frames(self) -> bool:
        """Whether it hears frames over time, or one vector an utterance."""
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
            statistics = enrolment.statistics(X, lengths, feature=self._feature)
        return self._run(*frames, statistics)

    def _run(self, *values: np.ndarray) -> np.ndarray:
        given = {name: np.asarray(value, dtype=np.float32) for name, value in zip(self._inputs, values, strict=True)}
        try:
            probabilities: np.ndarray = self._session.run(None, given)[0]
        except Exception as error:  # ONNX Runtime's errors share no class of their own
            shape = " x ".join(map(str, values[0].shape[1:]))
            raise ModelFileError(f"its network does not take features of shape {shape}") from error
        return probabilities


def _session(onnx: bytes) -> Any:
    """Return a session of ONNX Runtime on one thread; utterances are what is worked on side by side."""
    inspecting.check(onnx)
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
