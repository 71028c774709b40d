"""Learn the statistics of the training voices, and adapt probabilities to one new voice without training a network.

An utterance is described by a few hundred voice statistics. Their variation within one emotion of a speaker, and the
distances between emotions, are learnt from the training voices and hold for a new voice too. The positions of the
emotions differ from voice to voice, and are estimated from utterances of the new voice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from scipy.special import softmax

from emotion_lib.errors import ParameterError


def whitened(transform: np.ndarray, statistics: np.ndarray) -> np.ndarray:
    """Transform statistics so that their variance within one emotion of a speaker is about 1.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_axes)
        The transform of `Voices`.
    statistics : ndarray of shape (n_utterances, n_statistics)
        From `features.voice_statistics` or `features.encoder_statistics`.

    Returns
    -------
    ndarray of shape (n_utterances, n_axes), float64

    Raises
    ------
    ParameterError
        If there are no utterances, or their statistics are not finite or do not fit the transform.
    """
    given = np.asarray(statistics, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(transform) or len(given) == 0:
        raise ParameterError(
            f"statistics of shape {given.shape}: must be {len(transform)} numbers for at least one utterance, "
            "computed with the feature and settings of the training voices"
        )
    if not np.isfinite(given).all():
        raise ParameterError("statistics: must be finite numbers")
    return np.asarray(given @ transform)


def chosen_arrays(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Choose arrays by name.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Arrays by name, which may include others.
    names : sequence of str
        The names to choose.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ParameterError
        If an array is missing.
    """
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ParameterError(f"array {missing[0]!r}: missing; give {', '.join(names)}")
    return {name: arrays[name] for name in names}


def check_arrays(
    arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], *, positive: Sequence[str]
) -> None:
    """Refuse arrays that do not fit together or have impossible values.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The arrays by name.
    shapes : mapping of str to tuple of int
        The shape that each array must have.
    positive : sequence of str
        Names of the arrays whose values must be positive.

    Raises
    ------
    ParameterError
        If an array is not float32, is empty or has the wrong shape, or if a value is not finite, or not positive where
        it must be. Only `usual` may be infinite.
    """
    for name, array in arrays.items():
        if array.dtype != np.float32 or array.shape != shapes[name]:
            raise ParameterError(f"{name}: {array.dtype} of shape {array.shape}; must be float32 of {shapes[name]}")
        if not array.size:
            raise ParameterError(f"{name}: must not be empty")
        if not (np.isfinite(array).all() or name == "usual"):
            raise ParameterError(f"{name}: must be finite numbers")
        if name in positive and not (array > 0).all():
            raise ParameterError(f"{name}: must be positive")


def _two_sizes(transform: np.ndarray) -> tuple[int, int]:
    """Return the numbers of rows and columns; 0 for those that an array from a damaged file lacks."""
    sizes = (*np.shape(transform), 0, 0)
    return sizes[0], sizes[1]


def one_hot(labels: Sequence[str | None], names: tuple[str, ...], n: int) -> np.ndarray:
    """Return labels as one row of zeros and a one each, and a row of zeros for an utterance without a label.

    Parameters
    ----------
    labels : sequence of str or None
        The emotion of each utterance, None where it is unknown.
    names : tuple of str
        The emotions.
    n : int
        Number of utterances.

    Returns
    -------
    ndarray of shape (n_utterances, n_emotions), float64

    Raises
    ------
    ParameterError
        If there is not one label for each utterance, or a label is not one of the emotions.
    """
    if len(labels) != n:
        raise ParameterError(f"{len(labels)} labels for {n} utterances: give one for each, None where it is unknown")
    unknown = sorted({label for label in labels if label is not None} - set(names))
    if unknown:
        raise ParameterError(f"label {unknown[0]!r}: must be one of {', '.join(names)}, or None")
    return np.array([[float(label == name) for name in names] for label in labels])


def as_probabilities(probabilities: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return probabilities in double precision; raise a `ParameterError` if they have another shape or are not finite.

    Parameters
    ----------
    probabilities : ndarray
        The probabilities.
    shape : tuple of int
        The numbers of utterances and emotions.

    Returns
    -------
    ndarray of shape (n_utterances, n_emotions), float64
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if given.shape != shape:
        raise ParameterError(f"probabilities of shape {given.shape}: must be {shape}, utterances and emotions")
    if not np.isfinite(given).all():
        raise ParameterError("probabilities: must be finite numbers")
    return given


_WITHIN_SHRUNK, _BETWEEN_SHRUNK = 0.5, 0.5  # from few voices, covariances of hundreds of statistics are noisy
_LEAST_BETWEEN = 1e-3  # variances must stay positive where chance explains all of the difference
_FOLDS = 5
_FEWEST_VOICES = 5  # one for each fold
_KNOWN = 0.95
"""Share of the training voices, each left out in turn, that count as similar to the others."""


@dataclass(frozen=True, eq=False)
class Likeness:
    """Statistics that show how far a voice is from the training voices.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_axes), float32
        Projects the statistics of an utterance onto the axes that are compared.
    mean, variance : ndarray of shape (n_axes,), float32
        Mean and variance of all utterances of all voices, after the transform; variances are positive.
    usual : ndarray of shape (2,), float32, > 0
        The unlikeness below which a voice counts as similar, measured on many utterances and on one; infinite if
        there were too few voices to estimate it.
    """

    transform: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    usual: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the fields that are arrays, by name, so that they can be written to a file.

        Returns
        -------
        dict of str to ndarray
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Make an instance from the arrays that `arrays` returned.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            The arrays by name; others are ignored.

        Returns
        -------
        Voices

        Raises
        ------
        ParameterError
            If an array is missing or does not fit the others.
        """
        return cls(**chosen_arrays(arrays, [field.name for field in fields(cls)]))

    def unlikeness(self, statistics: np.ndarray) -> float:
        """Measure how far a voice is from the training voices.

        Parameters
        ----------
        statistics : ndarray of shape (n_utterances, n_statistics)
            Statistics of one or more utterances of the voice.

        Returns
        -------
        float
            Mean squared distance from the mean of the training voices, relative to their variance; 1 for the training
            voices themselves.

        Raises
        ------
        ParameterError
            If there are no utterances, or their statistics do not fit.
        """
        z = whitened(self.transform, statistics)
        return float(np.mean((z - self.mean) ** 2 / self.variance))

    def is_unlike(self, statistics: np.ndarray) -> bool:
        """Return whether the voice is far from every training voice, so that predictions are less reliable.

        The limit is chosen so that 5 % of the training voices, each left out in turn, would be called unlike. With
        fewer than 5 training voices, no voice is called unlike.

        Parameters
        ----------
        statistics : ndarray of shape (n_utterances, n_statistics)
            Statistics of one or more utterances of the voice.

        Returns
        -------
        bool

        Raises
        ------
        ParameterError
            As for `unlikeness`.
        """
        many, one = self.usual.tolist()
        # By chance, the mean of n utterances varies with 1 / sqrt(n), so the limit moves from `one` towards `many`.
        limit = many if one == np.inf else many + (one - many) / np.sqrt(max(1, len(statistics)))
        return bool(self.unlikeness(statistics) > limit)


@dataclass(frozen=True, eq=False)
class Voices(Likeness):
    """Statistics of the training voices.

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


def usual_unlikeness(voice: np.ndarray, distances: Callable[[np.ndarray], np.ndarray | None]) -> np.ndarray:
    """Return the unlikeness that 95 % of left-out voices stay below, for many utterances and for one.

    Parameters
    ----------
    voice : ndarray of shape (n_utterances,), int
        The number of the voice of each training utterance.
    distances : callable
        Returns the unlikeness of each utterance of a mask, learnt from the others; None if they are too few.

    Returns
    -------
    ndarray of shape (2,)
        Infinite if there are too few voices.
    """
    if voice.max() + 1 < _FEWEST_VOICES:
        return np.full(2, np.inf)
    many, one = [], []
    for fold in range(_FOLDS):
        out = voice % _FOLDS == fold
        distance = distances(out)
        if distance is None:
            return np.full(2, np.inf)
        one += distance.tolist()
        many += [distance[voice[out] == each].mean() for each in set(voice[out].tolist())]
    return np.array([np.quantile(many, _KNOWN), np.quantile(one, _KNOWN)])


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
    >>> from emotion_lib.recognizer.voices import learn_voices
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
