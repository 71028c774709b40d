"""Get used to one voice: a few utterances of a speaker in, and from then on better probabilities; no network retrained.

An utterance is described by a few hundred voice statistics. How these vary while a speaker stays in one emotion, and
how far emotions lie apart, carries over from the training voices; where the emotions of the new voice lie does not, and
is what its own utterances tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import scipy.fft

from emotion_lib.errors import ParameterError

_FRAMES = ("log_mel", "mfcc")
_N_COEFFICIENTS, _N_TOGETHER = 40, 13
_FEWEST_FRAMES = 3
_LOUDNESS = np.log(10) / 80
"""How much louder frames count: by their power, where c0 is eight times the mean of 64 bands in dB."""

_WITHIN_SHRUNK, _BETWEEN_SHRUNK = 0.5, 0.5
_LEAST_BETWEEN = 1e-3
_EVIDENCE = 0.15
"""What the density of a few hundred statistics counts: they are less independent than the model has them."""
_WRONG = 0.2
"""How often a network is taken to be wrong about a new voice, before it was seen; that counts as one utterance."""
_TURNS = 10
_SMALLEST = 1e-7
_FOLDS = 5
_FEWEST_VOICES = 5
_KNOWN = 0.95
"""Share of the training voices, each left out in its turn, that are not called unlike the others."""


def statistics(X: np.ndarray, lengths: np.ndarray, *, feature: str = "log_mel") -> np.ndarray:
    """Describe each utterance by what its frames are like on average, how they move, and what moves together.

    Of 40 mel-frequency cepstral coefficients: the mean, the mean where it is loud, the logarithms of the standard
    deviations of the coefficients and of their changes, and the correlations of the first 13 and of their changes.
    The means of the first coefficient are left out: they are the gain of the microphone.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_frames, n_mels or n_mfcc)
        Frames, in dB, as `extraction.extract` gives them.
    lengths : ndarray of shape (n_utterances,), int > 0
        Real frames of each utterance; what follows is padding.
    feature : {'log_mel', 'mfcc'}
        What the frames are.

    Returns
    -------
    ndarray of shape (n_utterances, n_statistics), float32

    Raises
    ------
    ParameterError
        If the feature has no frames, or lengths do not fit them.

    Examples
    --------
    Louder by 10 dB is the same voice:

    >>> X = np.random.default_rng(0).normal(-40, 10, (1, 50, 64))
    >>> np.allclose(statistics(X, [50]), statistics(X + 10, [50]), atol=1e-4)
    True
    """
    if feature not in _FRAMES:
        raise ParameterError(
            f"feature={feature!r}: enrolment needs frames, {' or '.join(_FRAMES)}; train the recogniser on them"
        )
    X, lengths = np.asarray(X), np.asarray(lengths)
    if X.ndim != 3 or lengths.shape != X.shape[:1]:
        raise ParameterError(f"X of shape {X.shape}, {lengths.size} lengths: give frames, and a length each utterance")
    if len(X) == 0 or lengths.min() < 1 or lengths.max() > X.shape[1]:
        raise ParameterError(f"lengths: must be from 1 to {X.shape[1]} frames, of at least one utterance")
    described = [_described(frames[:length], feature) for frames, length in zip(X, lengths, strict=True)]
    return np.stack(described).astype(np.float32)


def _described(frames: np.ndarray, feature: str) -> np.ndarray:
    """Return the statistics of one utterance."""
    coefficients = frames.astype(np.float64)
    if feature == "log_mel":
        coefficients = scipy.fft.dct(coefficients, axis=1, norm="ortho")
    coefficients = coefficients[:, :_N_COEFFICIENTS]
    coefficients = np.pad(coefficients, ((0, max(0, _FEWEST_FRAMES - len(coefficients))), (0, 0)), mode="edge")
    changes = (coefficients[2:] - coefficients[:-2]) / 2
    loudness = np.exp(_LOUDNESS * (coefficients[:, 0] - coefficients[:, 0].max()))
    return np.concatenate(
        [
            coefficients.mean(axis=0)[1:],
            np.average(coefficients, axis=0, weights=loudness)[1:],
            np.log(coefficients.std(axis=0) + 1e-3),
            np.log(changes.std(axis=0) + 1e-3),
            _correlations(coefficients[:, :_N_TOGETHER]),
            _correlations(changes[:, :_N_TOGETHER]),
        ]
    )


def _correlations(values: np.ndarray) -> np.ndarray:
    """Return the correlation over time of each two coefficients."""
    standard = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    correlations: np.ndarray = (standard.T @ standard / len(standard))[np.triu_indices(values.shape[1], 1)]
    return correlations


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
        _check_arrays(self.arrays(), shapes, positive=("between", "variance", "usual"))

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
        return cls(**_chosen(arrays, [field.name for field in fields(cls)]))

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
        z = _transformed(self.transform, statistics)
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
        """Return them, checked."""
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
        pairs = {(int(v), int(c)) for v, c in zip(made.voice, made.cell, strict=True)}
        if len(pairs) <= len(set(voice.tolist())) or np.bincount(made.cell).max() < 2:
            raise ParameterError("no speaker has two emotions, or none has two utterances of an emotion: give more")
        return made

    @property
    def weight(self) -> np.ndarray:
        """How much each utterance counts: the corpora all the same; sums to 1."""
        weight = 1 / np.bincount(self.corpus)[self.corpus]
        share: np.ndarray = weight / weight.sum()
        return share

    def __getitem__(self, rows: np.ndarray) -> "_Utterances":
        """Return some of them."""
        numbers = (np.unique(each[rows], return_inverse=True)[1] for each in (self.voice, self.cell, self.corpus))
        return _Utterances(self.x[rows], *numbers)


def _numbered(names: np.ndarray) -> np.ndarray:
    """Return the number of each column among the distinct ones."""
    return np.unique(names, axis=1, return_inverse=True)[1].reshape(-1)


def _means(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the mean of each group."""
    sums = np.zeros((group.max() + 1, values.shape[1]))
    np.add.at(sums, group, values)
    means: np.ndarray = sums / np.bincount(group)[:, None]
    return means


def _covariance(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted covariance about zero."""
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
    """Return the weighted mean and variance."""
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
        transform, _ = _transform(rest)
        mean, variance = _moments(rest.x @ transform, rest.weight)
        distance = np.mean((known.x[out] @ transform - mean) ** 2 / variance, axis=1)
        one += distance.tolist()
        many += [distance[known.voice[out] == voice].mean() for voice in set(known.voice[out].tolist())]
    return np.array([np.quantile(many, _KNOWN), np.quantile(one, _KNOWN)])


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
        _check_arrays(self.arrays(), shapes, positive=("variances", "heard", "weight"))

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
        return cls(tuple(emotions), **_chosen(arrays, ("transform", "means", "variances", "heard", "weight")))

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
        z = _transformed(self.transform, statistics)
        given = _checked(probabilities, (len(z), len(self.emotions)))
        return _probabilities(_log(given @ self.heard.T) + self.weight * _density(z, self.means, self.variances))


def enrol(
    voices: Voices,
    statistics: np.ndarray,
    labels: Sequence[str | None],
    probabilities: np.ndarray,
    *,
    emotions: Sequence[str],
    equally_often: bool = False,
) -> Enrolment:
    """Get used to the voice of one speaker by some of its utterances, with or without their emotions.

    Where an emotion of this voice lies is estimated from its utterances and drawn towards the middle of the voice, the
    more the fewer there are. Those without a label count for each emotion by its probability, in turns with the
    estimate (expectation maximisation), beginning with what the network heard. An emotion of which there is nothing
    may lie anywhere. What the network said of those with a label tells what it confuses in this voice.

    Without any label, what the network systematically takes for another emotion keeps its wrong name: one label of
    each emotion then says more than hundreds of utterances without. Unless told so, no emotion has to occur, and none
    as often as another; but one of which there is a label alone may take what belongs to its neighbours.

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
    equally_often : bool
        Whether to take it that those without a label hold every emotion, equally often. It gives a name to what the
        network would not name, right or wrong, and costs much where emotions occur unequally often.

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
    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> apart = noise + 20 * np.array([[1, 0, 0], [0, 0, 0]] * 20)
    >>> voices = learn(apart, ["a"] * 40, ["fear", "neutral"] * 20)
    >>> names, unsure = ("fear", "neutral"), np.full((2, 2), 0.5)
    >>> used = enrol(voices, apart[:2] + 7, ["neutral", "fear"], unsure, emotions=names)
    >>> used.apply(unsure, apart[2:4] + 7).round(2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    z = _transformed(voices.transform, statistics)
    names = tuple(emotions)
    given = _checked(probabilities, (len(z), len(names)))
    share = _labelled(labels, names, len(z))
    heard = _confused(share, given)
    if (share.sum(axis=1) == 0).any():
        share = _completed(voices, z, share, _log(given @ heard.T), equally_often=equally_often)
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


def _completed(
    voices: Voices, z: np.ndarray, share: np.ndarray, log_heard: np.ndarray, *, equally_often: bool
) -> np.ndarray:
    """Return how much each utterance counts for each emotion, where those without a label are estimated."""
    free = share.sum(axis=1) == 0
    scores = log_heard[free]
    if not free.all():
        scores = scores + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    share = share.copy()
    for _ in range(_TURNS):
        share[free] = _evened(scores) if equally_often else _probabilities(scores)
        scores = log_heard[free] + _EVIDENCE * _density(z[free], *_expected(voices, z, share))
    return share


def _evened(scores: np.ndarray) -> np.ndarray:
    """Return probabilities whose columns have about the same mean."""
    offsets = np.zeros(scores.shape[1])
    for _ in range(_TURNS):
        found = _probabilities(scores - offsets)
        offsets = offsets + np.log(np.maximum(found.mean(axis=0), _SMALLEST))
    return _probabilities(scores - offsets)


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


def _transformed(transform: np.ndarray, statistics: np.ndarray) -> np.ndarray:
    """Return statistics after the transform, checked."""
    given = np.asarray(statistics, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(transform) or len(given) == 0:
        raise ParameterError(
            f"statistics of shape {given.shape}: must be {len(transform)} numbers for at least one utterance, "
            "of the feature and settings that the training voices were learnt from"
        )
    if not np.isfinite(given).all():
        raise ParameterError("statistics: must be finite numbers")
    z: np.ndarray = given @ transform
    return z


def _checked(probabilities: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return probabilities, checked."""
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


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """Return what sums to 1 of logarithms."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return found


def _chosen(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays of these names."""
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ParameterError(f"array {missing[0]!r}: missing; give {', '.join(names)}")
    return {name: arrays[name] for name in names}


def _check_arrays(
    arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], *, positive: Sequence[str]
) -> None:
    """Raise a `ParameterError` where an array has another shape than the others ask for, or impossible values."""
    for name, array in arrays.items():
        if array.dtype.kind != "f" or array.shape != shapes[name]:
            raise ParameterError(f"{name}: {array.dtype} of shape {array.shape}, must be float of {shapes[name]}")
        if not (np.isfinite(array).all() or name == "usual"):
            raise ParameterError(f"{name}: must be finite numbers")
        if name in positive and not (array > 0).all():
            raise ParameterError(f"{name}: must be positive")
