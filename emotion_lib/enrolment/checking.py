"""Whether statistics and arrays fit what was learnt."""

from collections.abc import Mapping, Sequence

import numpy as np

from emotion_lib.errors import ParameterError


def transformed(transform: np.ndarray, statistics: np.ndarray) -> np.ndarray:
    """Bring statistics to where an emotion within a speaker has about variance 1.

    Parameters
    ----------
    transform : ndarray of shape (n_statistics, n_statistics)
        As in `Voices`.
    statistics : ndarray of shape (n_utterances, n_statistics)
        From `statistics`.

    Returns
    -------
    ndarray of shape (n_utterances, n_statistics), float64

    Raises
    ------
    ParameterError
        If there are no utterances, or their statistics are not finite or not as many as the transform takes.
    """
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


def chosen(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Choose arrays by name.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        By name; there may be others.
    names : sequence of str
        Which of them.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ParameterError
        If one is missing.
    """
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ParameterError(f"array {missing[0]!r}: missing; give {', '.join(names)}")
    return {name: arrays[name] for name in names}


def check_arrays(
    arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]], *, positive: Sequence[str]
) -> None:
    """Refuse arrays that do not fit together, or hold impossible values.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        By name.
    shapes : mapping of str to tuple of int
        What shape each must have.
    positive : sequence of str
        Names of those whose values must be positive.

    Raises
    ------
    ParameterError
        If one is no array of floats of its shape, or a value is not finite or not positive where it must be; `usual`
        alone may be infinite.
    """
    for name, array in arrays.items():
        if array.dtype != np.float32 or array.shape != shapes[name]:
            raise ParameterError(f"{name}: {array.dtype} of shape {array.shape}, must be float32 of {shapes[name]}")
        if not (np.isfinite(array).all() or name == "usual"):
            raise ParameterError(f"{name}: must be finite numbers")
        if name in positive and not (array > 0).all():
            raise ParameterError(f"{name}: must be positive")
