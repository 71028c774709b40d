"""Learn from the training voices how voices and their emotions differ in statistics of the frames."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from emotion_lib.errors import ParameterError
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.voices import usual_unlikeness

_WITHIN_SHRUNK, _BETWEEN_SHRUNK = 0.5, 0.5  # from few voices, covariances of hundreds of statistics are noisy
_LEAST_BETWEEN = 1e-3  # variances must stay positive where chance explains all of the difference


def learn_voices(
    statistics: np.ndarray,
    speaker: Iterable[str],
    emotion: Iterable[str],
    *,
    corpus: Iterable[str] | None = None,
) -> Voices:
    """Learn the variation within an emotion and the distances between emotions from the training voices.

    Every corpus has the same weight, whatever its size. Both covariances are shrunk: the covariance within speaker and
    emotion towards its diagonal, the covariance between emotions towards a sphere.

    Parameters
    ----------
    statistics : ndarray of shape (n_utterances, n_statistics)
        Statistics of the training voices, from `features.voice_statistics`.
    speaker, emotion : sequence of str, of length n_utterances
        The speaker and the acted emotion of each utterance.
    corpus : sequence of str, of length n_utterances, optional
        The corpus of each utterance; speakers of the same name in two corpora are different speakers.

    Returns
    -------
    Voices

    Raises
    ------
    ParameterError
        If the numbers of utterances differ, no speaker has two emotions, or no speaker has two utterances of one
        emotion.

    References
    ----------
    Ioffe, S. (2006). Probabilistic linear discriminant analysis. doi:10.1007/11744085_41

    Examples
    --------
    Fear is at a distance of 100 from neutral, along one of three directions. The directions are sorted, so this one
    is the last; the shrinkage gives the others a quarter of its variance, since one speaker is little evidence:

    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> voices = learn_voices(noise + 100 * np.array([[1, 0, 0], [0, 0, 0]] * 20), ["a"] * 40, ["fear", "neutral"] * 20)
    >>> (voices.between / voices.between[-1]).round(2).tolist()
    [0.25, 0.25, 1.0]
    """
    known = _Utterances.of(statistics, speaker, emotion, corpus)
    transform, between = _transform(known)
    mean, variance = _weighted_moments(known.x @ transform, known.weight)
    made = (transform, mean, variance, _usual_unlikeness(known), between)
    return Voices(*(array.astype(np.float32) for array in made))


@dataclass(frozen=True, eq=False)
class _Utterances:
    """The statistics of training utterances, each with the index of its voice, cell (voice and emotion) and corpus."""

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
                f"statistics of shape {x.shape} for {sizes} speakers, emotions, corpora: give one of each per utterance"
            )
        names = np.array(columns, dtype=str)
        voice = _group_numbers(names[[0, 2]])
        made = cls(x, voice, _group_numbers(np.stack([voice.astype(str), names[1]])), _group_numbers(names[2:]))
        if not made.are_enough:
            raise ParameterError(
                "no speaker has two emotions, or no speaker has two utterances of an emotion: give more utterances"
            )
        return made

    @property
    def are_enough(self) -> bool:
        """Whether a speaker has two emotions, and a speaker has two utterances of an emotion."""
        return len(set(self.cell.tolist())) > len(set(self.voice.tolist())) and bool(np.bincount(self.cell).max() > 1)

    @property
    def weight(self) -> np.ndarray:
        """Weight of each utterance; each corpus has the same total weight, and all weights sum to 1."""
        weight = 1 / np.bincount(self.corpus)[self.corpus]
        return np.asarray(weight / weight.sum())

    def __getitem__(self, rows: np.ndarray) -> "_Utterances":
        numbers = (np.unique(each[rows], return_inverse=True)[1] for each in (self.voice, self.cell, self.corpus))
        return _Utterances(self.x[rows], *numbers)


def _group_numbers(names: np.ndarray) -> np.ndarray:
    return np.unique(names, axis=1, return_inverse=True)[1].reshape(-1)


def _means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    sums = np.zeros((group.max() + 1, values.shape[1]))
    np.add.at(sums, group, values)
    return np.asarray(sums / np.bincount(group)[:, None])


def _covariance(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.asarray((values * (weight / weight.sum())[:, None]).T @ values)


def _transform(known: _Utterances) -> tuple[np.ndarray, np.ndarray]:
    """Return the transform to unit covariance within cells, and the variances between cells after this transform."""
    n = np.bincount(known.cell)
    several = (n > 1)[known.cell]
    centred = (known.x - _means(known.x, known.cell)[known.cell])[several]
    # Bessel's correction: deviations from the mean of a cell's own few utterances are too small.
    centred *= np.sqrt(n / np.maximum(n - 1, 1))[known.cell][several, None]
    weight = known.weight[several]
    scale = np.sqrt(np.average(centred**2, axis=0, weights=weight)) + 1e-6
    within = _covariance(centred / scale, weight)
    within = (1 - _WITHIN_SHRUNK) * within + _WITHIN_SHRUNK * np.diag(np.diag(within))
    values, vectors = np.linalg.eigh(within)
    white = vectors / np.sqrt(values)
    means, weight, chance = _emotions_about_voice(known, scale)
    between = white.T @ (_covariance(means, weight) - chance * within) @ white
    sphere = np.eye(len(between)) * np.trace(between) / len(between)
    spread, rotation = np.linalg.eigh((1 - _BETWEEN_SHRUNK) * between + _BETWEEN_SHRUNK * sphere)
    return white @ rotation / scale[:, None], np.maximum(spread, _LEAST_BETWEEN)


def _emotions_about_voice(known: _Utterances, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the means of emotions about their speaker, the weight of each, and the variance due to chance."""
    first = np.unique(known.cell, return_index=True)[1]
    means, voice, corpus = _means(known.x / scale, known.cell), known.voice[first], known.corpus[first]
    emotions = np.bincount(voice)[voice]
    apart = (means - _means(means, voice)[voice]) * np.sqrt(emotions / np.maximum(emotions - 1, 1))[:, None]
    weight = np.where(emotions > 1, 1 / np.bincount(corpus)[corpus], 0)
    # By chance alone, the mean of n utterances varies, with 1 / n of the variance within a cell.
    return apart, weight, float(np.average(1 / np.bincount(known.cell), weights=weight))


def _weighted_moments(z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = np.average(z, axis=0, weights=weight)
    return mean, np.average((z - mean) ** 2, axis=0, weights=weight) + 1e-6


def _usual_unlikeness(known: _Utterances) -> np.ndarray:
    def distances(out: np.ndarray) -> np.ndarray | None:
        rest = known[~out]
        if not rest.are_enough:
            return None
        transform, _ = _transform(rest)
        mean, variance = _weighted_moments(rest.x @ transform, rest.weight)
        return np.asarray(np.mean((known.x[out] @ transform - mean) ** 2 / variance, axis=1))

    return usual_unlikeness(known.voice, distances)
