"""Learn from the training voices how voices and their emotions differ on the states of the speech encoder."""

from collections.abc import Callable, Mapping

import numpy as np

from emotion_lib.extraction import Features
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.training.encoded import Scaled, divided_by_covariance, scaled

_SHRINKAGE = 0.8
"""How far the covariance of all utterances is shrunk towards a multiple of the identity."""
_SHARES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.0)
"""Weights of the variance between voices, relative to that within them: large for a voice of which nothing is known,
0 for a voice that is known exactly. For each, the axes that tell the emotions apart are kept."""
_NEW_ROOM = 6.0
"""How much more a new voice differs from the training voices than they do from one another, microphones included."""
_MOST_AXES = 22
"""The most axes that are kept, so that the file of a recogniser stays small; the others hardly matter."""
_LEAST_AXIS = 1e-3  # of the largest; smaller ones are noise of single precision
_LEAST = 1e-4  # of the largest variance of a covariance; chance can make an estimate negative
_FOLDS = 5
_FEWEST_VOICES = 5  # one for each fold
_KNOWN = 0.95
"""Share of the training voices, each left out in turn, that count as similar to the others."""


def learn_voice_model(
    features: Features, *, corpus_weights: Mapping[str, float] | None = None, usual: bool = True
) -> VoiceModel | None:
    """Learn how voices differ from one another, and how the emotions of a voice do.

    Parameters
    ----------
    features : Features
        The training utterances, as `encoder_statistics`.
    corpus_weights : mapping of str to float > 0, optional
        As for `fit_encoded`.
    usual : bool
        Whether to measure how far a new voice usually is from the training voices, which takes most of the time;
        without it, no voice is called unlike.

    Returns
    -------
    VoiceModel or None
        None if there are fewer than two voices, or if no voice has two emotions and two utterances of one of them.
    """
    voice = features.table.groupby(["corpus", "speaker"]).ngroup().to_numpy()
    known = _Known(scaled(features, corpus_weights=corpus_weights), voice)
    if not known.are_enough:
        return None
    transform, sphere = known.transform()
    z = (features.X @ transform).astype(np.float64)
    centre = (known.states.centre / known.states.scale + known.states.mean) @ transform
    emotions = (known.states.effects / known.states.scale[None]) @ transform + centre

    def distances(out: np.ndarray) -> np.ndarray | None:
        rest = _Known(
            scaled(features[~out], corpus_weights=corpus_weights), np.unique(voice[~out], return_inverse=True)[1]
        )
        if not rest.are_enough:
            return None
        axes, _ = rest.transform()
        mean, variance = _moments(features.X[~out] @ axes, rest.states.weight)
        return np.asarray(np.mean((features.X[out] @ axes - mean) ** 2 / variance, axis=1))

    limits = usual_unlikeness(voice, distances) if usual else np.full(2, np.inf)
    made = (transform, *_moments(z, known.states.weight), limits, emotions, *known.covariances(z, emotions, sphere))
    return VoiceModel(*(np.asarray(array, dtype=np.float32) for array in made))


class _Known:
    """Training utterances with their voices, and the sums over each cell, the utterances of an emotion in a voice."""

    def __init__(self, states: Scaled, voice: np.ndarray) -> None:
        self.states, self.voice = states, voice
        pairs = np.stack([voice, states.number])
        cells, self.cell = np.unique(pairs, axis=1, return_inverse=True)
        self.cell = self.cell.reshape(-1)
        self.count = np.bincount(self.cell)
        self.voice_of_cell, self.emotion_of_cell = cells
        self.emotions_of_voice = np.bincount(self.voice_of_cell)

    @property
    def are_enough(self) -> bool:
        """Whether all three covariances can be estimated."""
        return len(self.emotions_of_voice) > 1 and self.emotions_of_voice.max() > 1 and self.count.max() > 1

    def _means(self, z: np.ndarray, emotions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean of each cell about that of its emotion, and the mean of each voice over its cells."""
        cells = _sums(z, self.cell) / self.count[:, None] - emotions[self.emotion_of_cell]
        return cells, _sums(cells, self.voice_of_cell) / self.emotions_of_voice[:, None]

    def transform(self) -> tuple[np.ndarray, float]:
        """Return the axes on which the emotions of a voice differ, however well that voice is known.

        The second value is the variance that is added on each axis, as shrinkage does.

        Their lower bits are zero, which halves the size of a compressed file.
        """
        states = self.states
        means = (states.effects + states.centre).astype(np.float32)
        _, voices = self._means(states.Z, means)
        rest = (states.Z - means[states.number] - voices[self.voice]) * np.sqrt(states.weight)[:, None]
        between = voices * np.sqrt(np.bincount(self.voice, weights=states.weight))[:, None]
        of_rest, of_voices = float(np.sum(rest**2)), float(np.sum(between**2))
        added = _SHRINKAGE / (1 - _SHRINKAGE) * (of_rest + of_voices)  # the same for every share
        directions = []
        for share in _SHARES:
            deviations = np.concatenate([rest, share**0.5 * between]).astype(np.float32)
            shrinkage = added / (added + of_rest + share * of_voices)
            directions.append(divided_by_covariance(states.effects.T, deviations, shrinkage))
        columns = np.concatenate(directions, axis=1)
        axes, sizes, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
        axes = axes[:, sizes > _LEAST_AXIS * sizes[0]][:, :_MOST_AXES]
        spread = float(np.linalg.norm(rest @ axes))  # about one per axis afterwards, in the range of half precision
        sphere = added / rest.shape[1] / spread**2
        return (axes * states.scale[:, None] / spread).astype(np.float16).astype(np.float32), sphere

    def covariances(
        self, z: np.ndarray, emotions: np.ndarray, sphere: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the covariances of `VoiceModel`: within a cell, of the cells of a voice, and of the voices."""
        cells, voices = self._means(z, emotions)
        weight, several = self.states.weight, (self.count > 1)[self.cell]
        # Bessel's correction: deviations from the mean of a cell's own few utterances are too small.
        apart = (z - (cells + emotions[self.emotion_of_cell])[self.cell])[several]
        apart *= np.sqrt(self.count / np.maximum(self.count - 1, 1))[self.cell][several, None]
        within = _covariance(apart, weight[several])
        of_cell = np.bincount(self.cell, weights=weight)
        n = self.emotions_of_voice[self.voice_of_cell]
        shared = n > 1
        of_mean = (cells - voices[self.voice_of_cell]) * np.sqrt(n / np.maximum(n - 1, 1))[:, None]
        chance = np.average(1 / self.count[shared], weights=of_cell[shared])
        of_emotion = _covariance(of_mean[shared], of_cell[shared]) - chance * within
        of_voice = _covariance(voices, np.bincount(self.voice, weights=weight))
        of_voice -= (of_emotion + np.mean(1 / self.count) * within) * np.mean(1 / self.emotions_of_voice)
        return within + sphere * np.eye(len(within)), _positive(of_emotion), _NEW_ROOM * _positive(of_voice)


def _sums(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the sums of rows by group."""
    order = np.argsort(group, kind="stable")
    return np.asarray(np.add.reduceat(values[order], np.searchsorted(group[order], np.arange(group.max() + 1))))


def _covariance(deviations: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.asarray((deviations * (weight / weight.sum())[:, None]).T @ deviations)


def _positive(covariance: np.ndarray) -> np.ndarray:
    """Return the nearest covariance without negative or zero variances."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.maximum(values, _LEAST * np.abs(values).max())) @ vectors.T)


def _moments(z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = weight @ z
    return mean, weight @ (z - mean) ** 2 + 1e-6


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
