"""The last step of a recogniser, from features to probabilities: a network, or a weighted sum for each emotion."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import onnxruntime
from scipy.special import softmax

from emotion_lib.errors import ModelFileError
from emotion_lib.features import frame_weights, voice_statistics
from emotion_lib.recognizer.graph import read_graph
from emotion_lib.recognizer.rehearsal import rehearse


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
        If the bytes are not a network of this form, or the network has parts that the library's networks never have.
    """

    def __init__(self, onnx: bytes, *, feature: str = "log_mel") -> None:
        self.onnx = onnx
        self._feature = feature
        self._graph = read_graph(onnx)
        self._rehearsed: set[tuple[int, ...]] = set()
        n_inputs, n_outputs = len(self._graph.inputs), len(self._graph.outputs)
        if n_inputs not in {1, 2, 3} or n_outputs != 1:
            raise ModelFileError(f"its network has {n_inputs} inputs and {n_outputs} outputs; must have 1 to 3 and 1")
        self.takes_frames = n_inputs > 1
        self.takes_statistics = n_inputs == 3

    @cached_property
    def _session(self) -> Any:
        """The network in ONNX Runtime, which computes the constant parts when it opens it: only after a rehearsal."""
        return _onnx_session(self.onnx)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return no arrays, since the weights of a network are in its ONNX form."""
        return {}

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
            If the network takes features of another shape, or would need too much memory or time for this one.
        """
        lengths = np.full(len(X), X.shape[1]) if lengths is None else lengths
        values = [X if self.takes_frames else X[..., None]]
        if self.takes_frames:
            values.append(frame_weights(lengths, X.shape[1]))
        if self.takes_statistics:
            values.append(voice_statistics(X, lengths, feature=self._feature) if statistics is None else statistics)
        self.rehearse(X.shape, n_statistics=values[-1].shape[-1])
        inputs = zip(self._graph.inputs, values, strict=True)
        given = {name: np.asarray(value, dtype=np.float32) for name, value in inputs}
        try:
            probabilities: np.ndarray = self._session.run(None, given)[0]
        except Exception as error:  # ONNX Runtime's errors have no common base class of their own
            shape = " x ".join(map(str, values[0].shape[1:]))
            raise ModelFileError(f"its network does not take features of shape {shape}") from error
        return probabilities

    def rehearse(self, shape: tuple[int, ...], *, n_statistics: int) -> None:
        """Check that the network takes neither too much memory nor too much time, before it runs.

        Parameters
        ----------
        shape : tuple of int
            The shape of the features.
        n_statistics : int
            Number of voice statistics of an utterance, for a network that takes them.

        Raises
        ------
        ModelFileError
            If it would, or if this cannot be told.
        """
        if shape in self._rehearsed:
            return
        shapes = [shape, shape[:2], (shape[0], n_statistics)] if self.takes_frames else [(*shape, 1)]
        rehearse(self._graph, dict(zip(self._graph.inputs, shapes, strict=False)))
        self._rehearsed.add(shape)


def _onnx_session(onnx: bytes) -> Any:
    """Return an ONNX Runtime session that uses one thread: the library runs several utterances in parallel instead."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal errors only; errors are raised, and the log goes to the terminal
    options.add_session_config_entry("session.load_model_format", "ONNX")  # not ORT, which read_graph cannot read
    try:
        return onnxruntime.InferenceSession(
            onnx,
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # the fallback prints to the terminal
        )
    except Exception as error:  # no common base class here either
        raise ModelFileError("its network cannot be read") from error


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Compute the probability of each emotion from one vector for each utterance: a weighted sum, then softmax.

    Parameters
    ----------
    coefficients : ndarray of shape (n_features, n_emotions), float32
        The weights.
    intercept : ndarray of shape (n_emotions,), float32
        A constant added to the score of each emotion.

    Raises
    ------
    ModelFileError
        If the arrays do not fit together, are empty, are not float32, or contain numbers that are not finite.
    """

    coefficients: np.ndarray
    intercept: np.ndarray
    takes_frames = False
    onnx = None

    def __post_init__(self) -> None:
        arrays = (self.coefficients, self.intercept)
        if self.coefficients.ndim != 2 or self.intercept.shape != self.coefficients.shape[1:]:
            shapes = " and ".join(str(each.shape) for each in arrays)
            raise ModelFileError(f"its head has arrays of shape {shapes}, which do not fit together")
        if not self.coefficients.size:
            raise ModelFileError(f"its head has an array of shape {self.coefficients.shape}, which is empty")
        if any(each.dtype != np.float32 or not np.isfinite(each).all() for each in arrays):
            raise ModelFileError("its head must have finite float32 numbers")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Make a head from the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            `coefficients` and `intercept`.

        Returns
        -------
        LinearHead

        Raises
        ------
        ModelFileError
            If an array is missing or unknown, or the arrays do not fit together.
        """
        if arrays.keys() != {"coefficients", "intercept"}:
            raise ModelFileError(f"its head has the arrays {sorted(arrays)}; must be coefficients and intercept")
        return cls(**arrays)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name, so that they can be written to a file."""
        return {"coefficients": self.coefficients, "intercept": self.intercept}

    def probabilities(
        self, X: np.ndarray, lengths: np.ndarray | None = None, *, statistics: np.ndarray | None = None
    ) -> np.ndarray:
        """Compute the probability of each emotion for each utterance.

        Parameters
        ----------
        X : ndarray of shape (n_utterances, n_features), float32
            Features of the kind that the head was fitted on.
        lengths, statistics : None
            Not used; a network takes them.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float64

        Raises
        ------
        ModelFileError
            If the head takes another number of features.
        """
        if X.ndim != 2 or X.shape[1] != len(self.coefficients):
            shape = " x ".join(map(str, X.shape[1:]))
            raise ModelFileError(f"its head takes {len(self.coefficients)} features, not {shape}")
        # In double precision, so that the sum does not depend on the order in which a processor adds.
        scores = X.astype(np.float64) @ self.coefficients.astype(np.float64) + self.intercept
        return np.asarray(softmax(scores, axis=1))


Head = Network | LinearHead
"""The last step of a recogniser."""
