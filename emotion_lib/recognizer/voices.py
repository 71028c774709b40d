"""Adapt the probabilities of a network on frames to one new voice, without training it again.

An utterance is described by a few hundred voice statistics. Their variation within one emotion of a speaker, and the
distances between emotions, are learnt from the training voices and hold for a new voice too. The positions of the
emotions differ from voice to voice, and are estimated from utterances of the new voice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from scipy.special import softmax

from emotion_lib.recognizer.likeness import Likeness, as_probabilities, check_arrays, chosen_arrays, one_hot, whitened


@dataclass(frozen=True, eq=False)
class Voices(Likeness):
    """Statistics of the training voices of a network on frames.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_axes), float32
        After this transform, the statistics of a speaker in one emotion have a variance of about 1 and no correlation.
    mean, variance, usual
        As in `Likeness`.
    between : ndarray of shape (n_axes,), float32, > 0
        Variance of the mean of an emotion about the mean of its speaker, after the transform.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or values are out of range.
    """

    between: np.ndarray

    def __post_init__(self) -> None:
        sizes = _two_sizes(self.transform)
        n = sizes[1:]
        shapes: dict[str, tuple[int, ...]] = {"transform": sizes, "between": n, "mean": n, "variance": n, "usual": (2,)}
        check_arrays(self.arrays(), shapes, positive=("between", "variance", "usual"))

    def adapt(
        self,
        statistics: np.ndarray,
        labels: Sequence[str | None],
        probabilities: np.ndarray,
        *,
        emotions: Sequence[str],
    ) -> "Enrolment":
        """Adapt to one speaker's voice with a few utterances; the parameters are those of `adapt`."""
        return adapt(self, statistics, labels, probabilities, emotions=emotions)


def _two_sizes(transform: np.ndarray) -> tuple[int, int]:
    """Return the numbers of rows and columns; 0 for those that an array from a damaged file lacks."""
    sizes = (*np.shape(transform), 0, 0)
    return sizes[0], sizes[1]


_EVIDENCE = 0.15
"""Weight of the log density of the statistics, below 1 because they are less independent than the model assumes."""
_WRONG = 0.2
"""Prior share of wrong predictions for a new voice; the prior counts as much as one utterance."""
_TURNS = 10  # of expectation maximisation
_SMALLEST = 1e-7  # keeps logarithms and quotients finite


@dataclass(frozen=True, eq=False)
class Enrolment:
    """Adapt the probabilities of a network to one voice.

    Parameters
    ----------
    emotions : tuple of str
        Names of the columns of probabilities.
    transform : ndarray of shape (n_statistics, n_axes), float32
        The transform of `Voices`.
    means, variances : ndarray of shape (n_emotions, n_axes), float32
        Expected mean and variance of the utterances of this voice in each emotion, after the transform.
    confusion : ndarray of shape (n_emotions, n_emotions), float32, > 0
        Probability of each acted emotion (row) given the prediction of the network (column) for this voice; columns sum
        to 1.
    weight : ndarray of shape (1,), float32, > 0
        Weight of the log density of the statistics relative to the log probability of the network.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or values are out of range.
    """

    emotions: tuple[str, ...]
    transform: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    confusion: np.ndarray
    weight: np.ndarray

    def __post_init__(self) -> None:
        sizes, k = _two_sizes(self.transform), len(self.emotions)
        n = sizes[1:]
        shapes: dict[str, tuple[int, ...]] = {
            "transform": sizes,
            "means": (k, *n),
            "variances": (k, *n),
            "confusion": (k, k),
            "weight": (1,),
        }
        check_arrays(self.arrays(), shapes, positive=("variances", "confusion", "weight"))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields that are arrays, by name, so that they can be written to a file.

        Returns
        -------
        dict of str to ndarray
            All fields but `emotions`.
        """
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "emotions"}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], emotions: Sequence[str]) -> Self:
        """Make an instance from the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            The arrays by name; others are ignored.
        emotions : sequence of str
            Names of the columns of probabilities.

        Returns
        -------
        Enrolment

        Raises
        ------
        ParameterError
            If an array is missing or does not fit the others.
        """
        return cls(tuple(emotions), **chosen_arrays(arrays, ("transform", "means", "variances", "confusion", "weight")))

    def apply(self, probabilities: np.ndarray, statistics: np.ndarray) -> np.ndarray:
        """Adapt the probabilities of further utterances of this voice.

        Parameters
        ----------
        probabilities : ndarray of shape (n_utterances, n_emotions)
            The calibrated probabilities of the network.
        statistics : ndarray of shape (n_utterances, n_statistics)
            Statistics of the same utterances.

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
        given = as_probabilities(probabilities, (len(z), len(self.emotions)))
        scores = _log(given @ self.confusion.T) + self.weight * _density(z, self.means, self.variances)
        return np.asarray(softmax(scores, axis=1))


def adapt(
    voices: Voices,
    statistics: np.ndarray,
    labels: Sequence[str | None],
    probabilities: np.ndarray,
    *,
    emotions: Sequence[str],
) -> Enrolment:
    """Adapt to one speaker's voice with a few utterances, with or without their emotions.

    The mean of each emotion is estimated from its utterances and shrunk towards the mean of the voice; the fewer
    utterances there are, the stronger the shrinkage. An utterance without a label counts towards each emotion in
    proportion to its probability. Probabilities and means are re-estimated in turn (expectation maximisation), starting
    from the predictions of the network. The predictions for the labelled utterances show which emotions the network
    confuses in this voice.

    Without labels, an emotion that the network systematically mistakes for another keeps the wrong name; one label for
    each emotion then helps more than hundreds of unlabelled utterances. Not every emotion has to
    occur, and their frequencies may differ. But if only one emotion has labels, it can attract utterances of its
    neighbours.

    Parameters
    ----------
    voices : Voices
        Statistics of the training voices.
    statistics : ndarray of shape (n_utterances, n_statistics)
        Statistics of utterances of one speaker, from `features.voice_statistics`.
    labels : sequence of str or None, of length n_utterances
        The emotion of each utterance, None where it is unknown.
    probabilities : ndarray of shape (n_utterances, n_emotions)
        The calibrated probabilities of the network.
    emotions : sequence of str
        Names of the columns of `probabilities`.

    Returns
    -------
    Enrolment

    Raises
    ------
    ParameterError
        If there are no utterances, the arrays do not fit together, or a label is not one of the emotions.

    References
    ----------
    Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM
    algorithm. doi:10.1111/j.2517-6161.1977.tb01600.x

    Examples
    --------
    >>> from emotion_lib.training.frame_voices import learn_voices
    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> apart = noise + 20 * np.array([[1, 0, 0], [0, 0, 0]] * 20)
    >>> voices = learn_voices(apart, ["a"] * 40, ["fear", "neutral"] * 20)
    >>> names, unsure = ("fear", "neutral"), np.full((2, 2), 0.5)
    >>> used = adapt(voices, apart[:2] + 7, ["neutral", "fear"], unsure, emotions=names)
    >>> used.apply(unsure, apart[2:4] + 7).round(2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    z = whitened(voices.transform, statistics)
    names = tuple(emotions)
    given = as_probabilities(probabilities, (len(z), len(names)))
    share = one_hot(labels, names, len(z))
    confusion = _confusion(share, given)
    if (share.sum(axis=1) == 0).any():
        share = _completed(voices, z, share, _log(given @ confusion.T))
    made = (voices.transform, *_expected(voices, z, share), confusion, np.array([_EVIDENCE]))
    return Enrolment(names, *(array.astype(np.float32) for array in made))


def _confusion(share: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the probability of each acted emotion given the network's prediction, from the labelled utterances."""
    n = share.shape[1]
    before = (1 - _WRONG) * np.eye(n) + _WRONG / n
    confusion = (before + share.T @ probabilities) / (1 + share.sum(axis=0)[:, None])
    return np.asarray(confusion / confusion.sum(axis=0))


def _completed(voices: Voices, z: np.ndarray, share: np.ndarray, log_network: np.ndarray) -> np.ndarray:
    """Return the share of each emotion in each utterance, estimated for the utterances without a label."""
    free = share.sum(axis=1) == 0
    scores = log_network[free]
    if not free.all():  # without labels there are no means yet to compare the statistics with
        scores = scores + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    share = share.copy()
    for _ in range(_TURNS):
        share[free] = softmax(scores, axis=1)
        scores = log_network[free] + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    return share


def _expected(voices: Voices, z: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected mean and variance of the utterances of each emotion."""
    count = share.sum(axis=0)[:, None]
    seen = share.T @ z / np.maximum(count, _SMALLEST)
    certainty = count / (1 + count * voices.between)
    middle = np.sum(certainty * seen, axis=0) / np.sum(certainty, axis=0)
    left = voices.between / (1 + count * voices.between)
    return middle + (seen - middle) * (count * left), 1 + left


def _density(z: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Return the log density of each utterance under each emotion, up to a constant."""
    squares = z**2 @ (1 / variances).T - 2 * z @ (means / variances).T
    return np.asarray(-0.5 * (squares + np.sum(means**2 / variances + np.log(variances), axis=1)))


def _log(probabilities: np.ndarray) -> np.ndarray:
    """Return the logarithm of probabilities, finite even for 0."""
    return np.asarray(np.log(np.maximum(probabilities, _SMALLEST)))
