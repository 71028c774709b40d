"""A few utterances of one voice in, how the probabilities of its further utterances are to be read out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from scipy.special import softmax

from emotion_lib.enrolment.checking import check_arrays, chosen, transformed
from emotion_lib.enrolment.voices import Voices
from emotion_lib.errors import ParameterError

_EVIDENCE = 0.15
"""What the density of a few hundred statistics counts: they are less independent than the model has them."""
_WRONG = 0.2
"""How often a network is taken to be wrong about a new voice, before it was seen; that counts as one utterance."""
_TURNS = 10
_SMALLEST = 1e-7


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Turn the probabilities of a network into better ones for the voice that it got used to.

    Parameters
    ----------
    emotions : tuple of str
        Names of the columns of probabilities.
    transform : ndarray of shape (n_statistics, n_statistics), float32
        As in `Voices`.
    means, variances : ndarray of shape (n_emotions, n_statistics), float32
        Where utterances of this voice are expected, after the transform, and how far about it.
    heard : ndarray of shape (n_emotions, n_emotions), float32, > 0
        How likely an emotion (row) is where the network hears another (column) in this voice; columns sum to 1.
    weight : ndarray of shape (1,), float32, > 0
        What the logarithm of the density of the statistics counts, beside that of the network's probability.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or values are out of range.
    """

    emotions: tuple[str, ...]
    transform: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    heard: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        n, k = np.shape(self.transform)[:1] or (0,), len(self.emotions)
        shapes = {"transform": (*n, *n), "means": (k, *n), "variances": (k, *n), "heard": (k, k), "weight": (1,)}
        check_arrays(self.arrays(), shapes, positive=("variances", "heard", "weight"))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that it is made of, by name, so that a file can hold them.

        Returns
        -------
        dict of str to ndarray
            All but the names of the emotions.
        """
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "emotions"}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], emotions: Sequence[str]) -> Self:
        """Make it of the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            By name; others are not looked at.
        emotions : sequence of str
            Names of the columns of probabilities.

        Returns
        -------
        Enrolment

        Raises
        ------
        ParameterError
            If one is missing, or does not fit the others.
        """
        return cls(tuple(emotions), **chosen(arrays, ("transform", "means", "variances", "heard", "weight")))

    def apply(self, probabilities: np.ndarray, statistics: np.ndarray) -> np.ndarray:
        """Return the probabilities of further utterances of this voice.

        Parameters
        ----------
        probabilities : ndarray of shape (n_utterances, n_emotions)
            The network's, calibrated.
        statistics : ndarray of shape (n_utterances, n_statistics)
            Of the same utterances.

        Returns
        -------
        ndarray of shape (n_utterances, n_emotions), float64
            Each row sums to 1.

        Raises
        ------
        ParameterError
            If the numbers of utterances, emotions or statistics do not fit.
        """
        z = transformed(self.transform, statistics)
        given = _checked(probabilities, (len(z), len(self.emotions)))
        scores = _log(given @ self.heard.T) + self.weight * _density(z, self.means, self.variances)
        found: np.ndarray = softmax(scores, axis=1)
        return found


def enrol(
    voices: Voices,
    statistics: np.ndarray,
    labels: Sequence[str | None],
    probabilities: np.ndarray,
    *,
    emotions: Sequence[str],
) -> Enrolment:
    """Get used to the voice of one speaker by some of its utterances, with or without their emotions.

    Where an emotion of this voice lies is estimated from its utterances and drawn towards the middle of the voice, the
    more the fewer there are. Those without a label count for each emotion by its probability, in turns with the
    estimate (expectation maximisation), beginning with what the network heard. An emotion of which there is nothing
    may lie anywhere. What the network said of those with a label tells what it confuses in this voice.

    Without any label, what the network systematically takes for another emotion keeps its wrong name: one label of
    each emotion then says more than hundreds of utterances without. No emotion has to occur, and none as often as
    another; but one of which there is a label alone may take what belongs to its neighbours.

    Parameters
    ----------
    voices : Voices
        What is known of the training voices.
    statistics : ndarray of shape (n_utterances, n_statistics)
        From `statistics`, of utterances of one speaker.
    labels : sequence of str or None, of length n_utterances
        The emotion of each, None where it is not known.
    probabilities : ndarray of shape (n_utterances, n_emotions)
        The network's, calibrated.
    emotions : sequence of str
        Names of the columns of `probabilities`.

    Returns
    -------
    Enrolment

    Raises
    ------
    ParameterError
        If there are no utterances, numbers do not fit, or a label is none of the emotions.

    References
    ----------
    Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM
    algorithm. doi:10.1111/j.2517-6161.1977.tb01600.x

    Examples
    --------
    >>> from emotion_lib.enrolment import learn
    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> apart = noise + 20 * np.array([[1, 0, 0], [0, 0, 0]] * 20)
    >>> voices = learn(apart, ["a"] * 40, ["fear", "neutral"] * 20)
    >>> names, unsure = ("fear", "neutral"), np.full((2, 2), 0.5)
    >>> used = enrol(voices, apart[:2] + 7, ["neutral", "fear"], unsure, emotions=names)
    >>> used.apply(unsure, apart[2:4] + 7).round(2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    z = transformed(voices.transform, statistics)
    names = tuple(emotions)
    given = _checked(probabilities, (len(z), len(names)))
    share = _labelled(labels, names, len(z))
    heard = _confused(share, given)
    if (share.sum(axis=1) == 0).any():
        share = _completed(voices, z, share, _log(given @ heard.T))
    made = (voices.transform, *_expected(voices, z, share), heard, np.array([_EVIDENCE]))
    return Enrolment(names, *(array.astype(np.float32) for array in made))


def _labelled(labels: Sequence[str | None], names: tuple[str, ...], n: int) -> np.ndarray:
    """Return 1 for the emotion of each utterance, and 0 for all of one that has no label."""
    if len(labels) != n:
        raise ParameterError(f"{len(labels)} labels for {n} utterances: give one each, None where it is not known")
    unknown = sorted({label for label in labels if label is not None} - set(names))
    if unknown:
        raise ParameterError(f"label {unknown[0]!r}: must be one of {', '.join(names)}, or None")
    return np.array([[float(label == name) for name in names] for label in labels])


def _confused(share: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return how likely each emotion is where the network hears another, by what it said of those with a label."""
    n = share.shape[1]
    before = (1 - _WRONG) * np.eye(n) + _WRONG / n
    heard = (before + share.T @ probabilities) / (1 + share.sum(axis=0)[:, None])
    shares: np.ndarray = heard / heard.sum(axis=0)
    return shares


def _completed(voices: Voices, z: np.ndarray, share: np.ndarray, log_heard: np.ndarray) -> np.ndarray:
    """Return how much each utterance counts for each emotion, where those without a label are estimated."""
    free = share.sum(axis=1) == 0
    scores = log_heard[free]
    if not free.all():
        scores = scores + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    share = share.copy()
    for _ in range(_TURNS):
        share[free] = softmax(scores, axis=1)
        scores = log_heard[free] + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    return share


def _expected(voices: Voices, z: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where utterances of each emotion are expected, and their variance about it."""
    count = share.sum(axis=0)[:, None]
    seen = share.T @ z / np.maximum(count, _SMALLEST)
    certainty = count / (1 + count * voices.between)
    middle = np.sum(certainty * seen, axis=0) / np.sum(certainty, axis=0)
    left = voices.between / (1 + count * voices.between)
    return middle + (seen - middle) * (count * left), 1 + left


def _density(z: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Return the logarithm of the density of each utterance under each emotion, but for a constant."""
    squares = z**2 @ (1 / variances).T - 2 * z @ (means / variances).T
    density: np.ndarray = -0.5 * (squares + np.sum(means**2 / variances + np.log(variances), axis=1))
    return density


def _checked(probabilities: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    given = np.asarray(probabilities, dtype=np.float64)
    if given.shape != shape:
        raise ParameterError(f"probabilities of shape {given.shape}: must be {shape}, utterances and emotions")
    if not np.isfinite(given).all():
        raise ParameterError("probabilities: must be finite numbers")
    return given


def _log(probabilities: np.ndarray) -> np.ndarray:
    """Return the logarithm of probabilities, of which none counts for nothing."""
    logarithms: np.ndarray = np.log(np.maximum(probabilities, _SMALLEST))
    return logarithms
