"""Statistics of the training voices on the states of the speech encoder, and the adaptation to one new voice.

The states of an utterance are modelled as a sum: the mean of its emotion, an offset of the voice (and of its
microphone), an offset of this emotion in this voice, and the rest. The variances of the offsets are learnt from the
training voices. The offsets of a new voice follow from a few of its utterances, and with them the score of each emotion
changes by a weighted sum of the states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from scipy.special import softmax

from emotion_lib.errors import ParameterError
from emotion_lib.recognizer.likeness import Likeness, as_probabilities, check_arrays, chosen_arrays, one_hot, whitened

# Chosen on left-out corpora and speakers, without TESS: `python -m benchmarks.enrolment` shows what they give.
EVIDENCE = 0.55
"""Weight of the log density of the states, below 1 because they are less independent than the model assumes."""
EVIDENCE_OF_ONE = 0.8
"""The same if all utterances have the same emotion."""
DOUBT = 0.2
"""Exponent of the probabilities with which utterances without a label are counted: predictions for a new voice are
often wrong and sure."""
_TURNS = 8  # of expectation maximisation
_SMALLEST = 1e-7  # keeps logarithms and quotients finite


@dataclass(frozen=True, eq=False)
class VoiceModel(Likeness):
    """Statistics of the training voices on the states of the speech encoder.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_axes), float32
        Projects the states onto the axes in which emotions and voices differ.
    mean, variance : ndarray of shape (n_axes,), float32
        Mean and variance of all utterances of all voices on these axes; variances are positive.
    usual : ndarray of shape (2,), float32, > 0
        As in `Likeness`.
    emotions : ndarray of shape (n_emotions, n_axes), float32
        The mean of each emotion, in the order of the recogniser's emotions.
    within, of_emotion, of_voice : ndarray of shape (n_axes, n_axes), float32
        Covariances of utterances about the mean of their emotion in their voice, of this mean about its expectation in
        the voice, and of the voices about the mean of all.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or values are out of range.
    """

    emotions: np.ndarray
    within: np.ndarray
    of_emotion: np.ndarray
    of_voice: np.ndarray

    def __post_init__(self) -> None:
        rows, n = (*np.shape(self.transform), 0, 0)[:2]
        k = len(np.atleast_1d(self.emotions))
        shapes: dict[str, tuple[int, ...]] = {"transform": (rows, n), "mean": (n,), "variance": (n,), "usual": (2,)}
        shapes |= {"emotions": (k, n)} | dict.fromkeys(("within", "of_emotion", "of_voice"), (n, n))
        check_arrays(self.arrays(), shapes, positive=("variance", "usual"))
        for name in ("within", "of_emotion", "of_voice"):
            covariance = getattr(self, name).astype(np.float64)
            if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance)[0] <= 0:
                raise ParameterError(f"{name}: must be a covariance matrix")

    def adapt(
        self,
        statistics: np.ndarray,
        labels: Sequence[str | None],
        probabilities: np.ndarray,
        *,
        emotions: Sequence[str],
    ) -> "VoiceOffsets":
        """Adapt to one speaker's voice with a few utterances, with or without their emotions.

        An utterance without a label counts towards each emotion in proportion to its flattened probability;
        probabilities and offsets are re-estimated in turn (expectation maximisation). If all utterances have the same
        label, they show the offset of the voice, but not how its emotions differ.

        Parameters
        ----------
        statistics : ndarray of shape (n_utterances, n_statistics)
            The states of utterances of one speaker, from `features.encoder_statistics`.
        labels : sequence of str or None, of length n_utterances
            The emotion of each utterance, None where it is unknown.
        probabilities : ndarray of shape (n_utterances, n_emotions)
            The calibrated probabilities of the recogniser.
        emotions : sequence of str
            Names of the columns of `probabilities`.

        Returns
        -------
        VoiceOffsets

        Raises
        ------
        ParameterError
            If there are no utterances, the arrays do not fit together, or a label is not one of the emotions.

        References
        ----------
        Kenny, P. (2010). Bayesian speaker verification with heavy-tailed priors. Odyssey 2010.
        """
        z = whitened(self.transform, statistics)
        given = _log(as_probabilities(probabilities, (len(z), len(self.emotions))))
        share = one_hot(labels, tuple(emotions), len(z))
        free = share.sum(axis=1) == 0
        of_one = len(set(labels)) == 1 and not free.any()
        scores = given[free]
        for _ in range(_TURNS if free.any() else 1):
            share[free] = softmax(DOUBT * scores, axis=1)
            offsets = self._offsets(z, share, of_one=of_one)
            scores = given[free] + z[free] @ offsets.weights + offsets.intercept
        return offsets

    def coherence(self, statistics: np.ndarray, probabilities: np.ndarray) -> float:
        """Measure how much better the other utterances of a voice explain each utterance than the average voice does.

        Utterances of one voice and one microphone score about 13, utterances of several corpora about -20.

        Parameters
        ----------
        statistics, probabilities
            As for `adapt`.

        Returns
        -------
        float
            The mean gain of the log density of an utterance; 0 for a single utterance.

        Raises
        ------
        ParameterError
            As for `adapt`.
        """
        z = whitened(self.transform, statistics)
        share = softmax(DOUBT * _log(as_probabilities(probabilities, (len(z), len(self.emotions)))), axis=1)
        offset = z - share @ self.emotions
        spread = self.within + self.of_emotion + np.cov(self.emotions.T, bias=True)
        precision = np.linalg.inv(spread)
        left = np.linalg.inv(np.linalg.inv(self.of_voice) + (len(z) - 1) * precision)
        expected = (offset.sum(axis=0) - offset) @ precision @ left
        gain = _log_density(offset - expected, spread + left) - _log_density(offset, spread + self.of_voice)
        return float(gain.mean())

    def _offsets(self, z: np.ndarray, share: np.ndarray, *, of_one: bool) -> "VoiceOffsets":
        """Return the change of the scores after utterances `z`, each shared out among the emotions."""
        means, covariance = self._posterior(z, share, of_one=of_one)
        before = self._discriminant(self.emotions, self.of_emotion + self.of_voice)
        after = self._discriminant(self.emotions + means, covariance)
        weight = EVIDENCE_OF_ONE if of_one else EVIDENCE
        weights, intercept = (weight * (new - old) for new, old in zip(after, before, strict=True))
        return VoiceOffsets(weights.astype(np.float32), intercept.astype(np.float32), self.transform)

    def _posterior(self, z: np.ndarray, share: np.ndarray, *, of_one: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the expected offset of each emotion in this voice, and the mean covariance of these offsets."""
        count = share.sum(axis=0)
        present = np.flatnonzero(count > _SMALLEST)
        seen = share.T[present] @ z / count[present, None] - self.emotions[present]
        of_mean = np.linalg.inv(self.of_emotion + self.within / count[present, None, None])
        of_voice = np.linalg.inv(np.linalg.inv(self.of_voice) + of_mean.sum(axis=0))
        voice = of_voice @ np.einsum("cij,cj->i", of_mean, seen)
        offsets = np.tile(voice, (len(count), 1))
        if of_one:
            return offsets, self.of_emotion + of_voice
        gain = self.of_emotion @ of_mean
        offsets[present] += np.einsum("cij,cj->ci", gain, seen - voice)
        left = np.eye(len(voice)) - gain
        known = self.of_emotion - gain @ self.of_emotion + left @ of_voice @ left.transpose(0, 2, 1)
        others = (len(count) - len(present)) * (self.of_emotion + of_voice)
        return offsets, (known.sum(axis=0) + others) / len(count)

    def _discriminant(self, means: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and intercept of the linear discriminant with these means and a common covariance."""
        weights = np.linalg.solve(self.within + covariance, means.T)
        return weights, -0.5 * np.sum(means.T * weights, axis=0)


@dataclass(frozen=True, eq=False)
class VoiceOffsets:
    """Adapt the probabilities of a recogniser on the speech encoder to one voice.

    Parameters
    ----------
    weights : ndarray of shape (n_axes, n_emotions), float32
        What a state on each axis adds to the score of each emotion.
    intercept : ndarray of shape (n_emotions,), float32
        What is added for every utterance.
    transform : ndarray of shape (n_statistics, n_axes), float32
        The transform of the `VoiceModel`.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or numbers are not finite.
    """

    weights: np.ndarray
    intercept: np.ndarray
    transform: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        n = (*np.shape(self.intercept), 0)[0]
        check_arrays(self.arrays(), {"weights": (np.shape(self.transform)[1], n), "intercept": (n,)}, positive=())

    def arrays(self) -> dict[str, np.ndarray]:
        """Return `weights` and `intercept` by name, so that they can be written to a file beside the `VoiceModel`."""
        return {"weights": self.weights, "intercept": self.intercept}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], voices: VoiceModel) -> Self:
        """Make an instance from the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            The arrays by name; others are ignored.
        voices : VoiceModel
            The statistics of the training voices in the same file.

        Returns
        -------
        VoiceOffsets

        Raises
        ------
        ParameterError
            If an array is missing or does not fit the others.
        """
        return cls(**chosen_arrays(arrays, ("weights", "intercept")), transform=voices.transform)

    def apply(self, probabilities: np.ndarray, statistics: np.ndarray) -> np.ndarray:
        """Adapt the probabilities of further utterances of this voice.

        Parameters
        ----------
        probabilities : ndarray of shape (n_utterances, n_emotions)
            The calibrated probabilities of the recogniser.
        statistics : ndarray of shape (n_utterances, n_statistics)
            The states of the same utterances.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float64
            Each row sums to 1.

        Raises
        ------
        ParameterError
            If the numbers of utterances, emotions or statistics do not fit.
        """
        z = whitened(self.transform, statistics)
        given = as_probabilities(probabilities, (len(z), len(self.intercept)))
        return np.asarray(softmax(_log(given) + z @ self.weights + self.intercept, axis=1))


def _log_density(x: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return the log density of each row of a normal distribution about 0, up to a constant."""
    squares = np.sum(x * np.linalg.solve(covariance, x.T).T, axis=1)
    return np.asarray(-0.5 * (squares + np.linalg.slogdet(covariance)[1]))


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(probabilities, _SMALLEST)))
