"""Training voices in, how an emotion varies within a speaker and how far emotions lie apart out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from emotion_lib.enrolment.checking import check_arrays, chosen, transformed
from emotion_lib.errors import ParameterError

_WITHIN_SHRUNK, _BETWEEN_SHRUNK = 0.5, 0.5
_LEAST_BETWEEN = 1e-3
_FOLDS = 5
_FEWEST_VOICES = 5
_KNOWN = 0.95
"""Share of the training voices, each left out in its turn, that are not called unlike the others."""


@dataclass(frozen=True, eq=False)
class Voices:
    """Hold what is known of the training voices.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_statistics), float32
        After it, the statistics of a speaker in one emotion have about variance 1 and no correlation.
    between : ndarray of shape (n_statistics,), float32, > 0
        Variance of the means of a speaker's emotions about the speaker's mean, after the transform.
    mean, variance : ndarray of shape (n_statistics,), float32
        Of all utterances of all voices, after the transform; variances are positive.
    usual : ndarray of shape (2,), float32, > 0
        Unlikeness up to which a voice is as these are: of many utterances, and of one; infinite where there were too
        few voices to tell.

    Raises
    ------
    ParameterError
        If shapes do not fit together, or values are out of range.
    """

    transform: np.ndarray
    between: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    usual: np.ndarray

    def __post_init__(self) -> None:
        n = np.shape(self.transform)[:1] or (0,)
        shapes = {"transform": (*n, *n), "between": n, "mean": n, "variance": n, "usual": (2,)}
        check_arrays(self.arrays(), shapes, positive=("between", "variance", "usual"))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that it is made of, by name, so that a file can hold them.

        Returns
        -------
        dict of str to ndarray
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Make it of the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            By name; others are not looked at.

        Returns
        -------
        Voices

        Raises
        ------
        ParameterError
            If one is missing, or does not fit the others.
        """
        return cls(**chosen(arrays, [field.name for field in fields(cls)]))

    def unlikeness(self, statistics: np.ndarray) -> float:
        """Measure how far a voice is from the training voices.

        Parameters
        ----------
        statistics : ndarray of shape (n_utterances, n_statistics)
            Of one or more utterances of the voice.

        Returns
        -------
        float
            Mean squared distance from the mean of the training voices, in variances; 1 for these voices themselves.

        Raises
        ------
        ParameterError
            If there are no utterances, or their statistics are not those of these voices.
        """
        z = transformed(self.transform, statistics)
        return float(np.mean((z - self.mean) ** 2 / self.variance))

    def is_unlike(self, statistics: np.ndarray) -> bool:
        """Say whether a voice is unlike the training voices, so that little can be expected of what they taught.

        The limit is where 5 % of the training voices, each left out of what is known, would be called unlike. Of few
        voices (under 5) none is ever called so.

        Parameters
        ----------
        statistics : ndarray of shape (n_utterances, n_statistics)
            Of one or more utterances of the voice.

        Returns
        -------
        bool

        Raises
        ------
        ParameterError
            As `unlikeness` does.
        """
        many, one = self.usual.tolist()
        limit = many if one == np.inf else many + (one - many) / np.sqrt(max(1, len(statistics)))
        return bool(self.unlikeness(statistics) > limit)


def learn(
    statistics: np.ndarray, speaker: Iterable[str], emotion: Iterable[str], *, corpus: Iterable[str] | None = None
) -> Voices:
    """Learn from training voices how an emotion varies within a speaker, and how far emotions lie apart.

    Each corpus counts the same, whatever its size. Both covariances are shrunk: the one within towards its diagonal,
    the one between towards a sphere.

    Parameters
    ----------
    statistics : ndarray of shape (n_utterances, n_statistics)
        From `statistics`, of the training voices.
    speaker, emotion : sequence of str, of length n_utterances
        Who spoke, and what was acted.
    corpus : sequence of str, of length n_utterances, optional
        Where the recording is from; speakers of the same name in two corpora are two.

    Returns
    -------
    Voices

    Raises
    ------
    ParameterError
        If numbers differ, or no speaker has two emotions and two utterances in one of them.

    References
    ----------
    Ioffe, S. (2006). Probabilistic linear discriminant analysis. doi:10.1007/11744085_41

    Examples
    --------
    Fear lies a hundred from neutral, in one direction of three; it comes last, and the others are taken for a quarter
    of it, since one speaker does not tell how emotions differ:

    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> voices = learn(noise + 100 * np.array([[1, 0, 0], [0, 0, 0]] * 20), ["a"] * 40, ["fear", "neutral"] * 20)
    >>> (voices.between / voices.between[-1]).round(2).tolist()
    [0.25, 0.25, 1.0]
    """
    known = _Utterances.of(statistics, speaker, emotion, corpus)
    transform, between = _transform(known)
    mean, variance = _moments(known.x @ transform, known.weight)
    made = (transform, between, mean, variance, _usual(known))
    return Voices(*(array.astype(np.float32) for array in made))


@dataclass(frozen=True, eq=False)
class _Utterances:
    """The statistics of training utterances; the number of voice and of cell (voice and emotion) of each; weights."""

    x: np.ndarray
    voice: np.ndarray
    cell: np.ndarray
    corpus: np.ndarray

    @classmethod
    def of(
        cls, x: np.ndarray, speaker: Iterable[str], emotion: Iterable[str], corpus: Iterable[str] | None
    ) -> "_Utterances":
        x = np.asarray(x, dtype=np.float64)
        columns = [list(speaker), list(emotion), [""] * len(x) if corpus is None else list(corpus)]
        if x.ndim != 2 or any(len(column) != len(x) for column in columns):
            sizes = ", ".join(str(len(column)) for column in columns)
            raise ParameterError(
                f"statistics of shape {x.shape} for {sizes} speakers, emotions, corpora: give one each"
            )
        names = np.array(columns, dtype=str)
        voice = _numbered(names[[0, 2]])
        made = cls(x, voice, _numbered(np.stack([voice.astype(str), names[1]])), _numbered(names[2:]))
        if not made.are_enough:
            raise ParameterError("no speaker has two emotions, or none has two utterances of an emotion: give more")
        return made

    @property
    def are_enough(self) -> bool:
        """Whether some speaker has two emotions, and some has two utterances of an emotion."""
        return len(set(self.cell.tolist())) > len(set(self.voice.tolist())) and bool(np.bincount(self.cell).max() > 1)

    @property
    def weight(self) -> np.ndarray:
        """How much each utterance counts: the corpora all the same; sums to 1."""
        weight = 1 / np.bincount(self.corpus)[self.corpus]
        share: np.ndarray = weight / weight.sum()
        return share

    def __getitem__(self, rows: np.ndarray) -> "_Utterances":
        numbers = (np.unique(each[rows], return_inverse=True)[1] for each in (self.voice, self.cell, self.corpus))
        return _Utterances(self.x[rows], *numbers)


def _numbered(names: np.ndarray) -> np.ndarray:
    return np.unique(names, axis=1, return_inverse=True)[1].reshape(-1)


def _means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    sums = np.zeros((group.max() + 1, values.shape[1]))
    np.add.at(sums, group, values)
    means: np.ndarray = sums / np.bincount(group)[:, None]
    return means


def _covariance(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    covariance: np.ndarray = (values * (weight / weight.sum())[:, None]).T @ values
    return covariance


def _transform(known: _Utterances) -> tuple[np.ndarray, np.ndarray]:
    """Return what makes the covariance within the unit matrix and the one between diagonal, and that diagonal."""
    n = np.bincount(known.cell)
    several = (n > 1)[known.cell]
    centred = (known.x - _means(known.x, known.cell)[known.cell])[several]
    centred *= np.sqrt(n / np.maximum(n - 1, 1))[known.cell][several, None]
    weight = known.weight[several]
    scale = np.sqrt(np.average(centred**2, axis=0, weights=weight)) + 1e-6
    within = _covariance(centred / scale, weight)
    within = (1 - _WITHIN_SHRUNK) * within + _WITHIN_SHRUNK * np.diag(np.diag(within))
    values, vectors = np.linalg.eigh(within)
    white = vectors / np.sqrt(values)
    between = white.T @ (_between(known, scale, within)) @ white
    sphere = np.eye(len(between)) * np.trace(between) / len(between)
    spread, rotation = np.linalg.eigh((1 - _BETWEEN_SHRUNK) * between + _BETWEEN_SHRUNK * sphere)
    return white @ rotation / scale[:, None], np.maximum(spread, _LEAST_BETWEEN)


def _between(known: _Utterances, scale: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Return the covariance of the means of a speaker's emotions about the speaker's, less what chance gives them."""
    first = np.unique(known.cell, return_index=True)[1]
    means, voice, corpus = _means(known.x / scale, known.cell), known.voice[first], known.corpus[first]
    emotions = np.bincount(voice)[voice]
    apart = (means - _means(means, voice)[voice]) * np.sqrt(emotions / np.maximum(emotions - 1, 1))[:, None]
    weight = np.where(emotions > 1, 1 / np.bincount(corpus)[corpus], 0)
    chance = np.average(1 / np.bincount(known.cell), weights=weight)
    covariance: np.ndarray = _covariance(apart, weight) - chance * within
    return covariance


def _moments(z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = np.average(z, axis=0, weights=weight)
    return mean, np.average((z - mean) ** 2, axis=0, weights=weight) + 1e-6


def _usual(known: _Utterances) -> np.ndarray:
    """Return the unlikeness that few left-out voices exceed with many utterances, and with one."""
    voices = known.voice.max() + 1
    if voices < _FEWEST_VOICES:
        return np.full(2, np.inf)
    many, one = [], []
    for fold in range(_FOLDS):
        out = known.voice % _FOLDS == fold
        rest = known[~out]
        if not rest.are_enough:
            return np.full(2, np.inf)
        transform, _ = _transform(rest)
        mean, variance = _moments(rest.x @ transform, rest.weight)
        distance = np.mean((known.x[out] @ transform - mean) ** 2 / variance, axis=1)
        one += distance.tolist()
        many += [distance[known.voice[out] == voice].mean() for voice in set(known.voice[out].tolist())]
    return np.array([np.quantile(many, _KNOWN), np.quantile(one, _KNOWN)])
