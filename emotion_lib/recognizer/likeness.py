"""Measure how far a voice is from the training voices, and check the arrays of statistics of voices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

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
        Self

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
