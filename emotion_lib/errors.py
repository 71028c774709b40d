"""The errors of the library, all subclasses of `EmotionLibError`, so that one `except` catches them all."""

import os
from collections.abc import Container, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path

_JOINERS = "\u200c\u200d"  # without them, some languages cannot be written


def legible(text: str, *, one_line: bool = False) -> str:
    r"""Return a text with everything that cannot be printed as escape sequences.

    Names of files and the contents of files can have commands to a terminal, or characters that turn the order round.

    Parameters
    ----------
    text : str
        The text.
    one_line : bool
        Whether line breaks are written as escape sequences, too.

    Returns
    -------
    str

    Examples
    --------
    >>> print(legible("\x1b[2Jclean"))
    \x1b[2Jclean
    """
    kept = _JOINERS if one_line else _JOINERS + "\n"
    return "".join(each if each.isprintable() or each in kept else ascii(each)[1:-1] for each in text)


class _Legible(Exception):  # noqa: N818 (no error of its own)
    """A message that prints no control characters, whatever files and names it quotes."""

    def __str__(self) -> str:
        return legible(super().__str__())


class EmotionLibError(_Legible):
    """Base class of every error that the library raises on purpose."""


class ParameterError(EmotionLibError, ValueError):
    """The value of an argument is not allowed; the message names the argument, its value and what was expected."""


class AudioError(EmotionLibError):
    """A recording cannot be used; the message names the file and the cure."""


class CorpusError(EmotionLibError):
    """A corpus cannot be found, read or fetched; the message names the folder and the cure."""


class ModelFileError(EmotionLibError):
    """A recogniser or a checkpoint cannot be loaded; the message names the file and the cure."""


class CorpusWarning(_Legible, UserWarning):
    """A corpus was loaded, but it differs from the published one."""


class TrainingWarning(_Legible, UserWarning):
    """A recogniser was trained, but its scores say less about new voices than they seem to."""


class MissingExtraError(EmotionLibError, ImportError):
    """A package of an optional extra is not installed; the message names the extra."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import packages of an optional extra inside a `with` block; if one is missing, name the extra.

    Parameters
    ----------
    name : str
        Name of the extra in pyproject.toml.

    Yields
    ------
    None

    Raises
    ------
    MissingExtraError
        If a package imported inside the block is not installed.

    Examples
    --------
    >>> with extra("train"):
    ...     import no_such_package
    Traceback (most recent call last):
    emotion_lib.errors.MissingExtraError: no_such_package is not installed; run `pip install 'emotion_lib[train]'`
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is not installed; run `pip install 'emotion_lib[{name}]'`") from error


LARGEST = 1e15
"""Limit on the size of a number that is given as an argument, beyond any useful one."""

MOST_SEED = 2**32 - 1
"""The largest seed that NumPy, scikit-learn and Keras all take."""


def is_number(value: object, *, whole: bool = False) -> bool:
    """Return whether a value is a number of a useful size: not NaN, not infinite, and not True or False.

    Parameters
    ----------
    value : object
        The value.
    whole : bool
        Whether it must be of a type of whole numbers.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_number(0.5), is_number("0.5"), is_number(float("nan")), is_number(1.0, whole=True)
    (True, False, False, False)
    """
    is_real = isinstance(value, Integral if whole else Real) and not isinstance(value, bool)
    return is_real and bool(abs(value) <= LARGEST)  # type: ignore[arg-type]


def check_seed(seed: object) -> None:
    """Check that a seed is a whole number that every package takes.

    Parameters
    ----------
    seed : object
        The seed.

    Raises
    ------
    ParameterError
        If it is not, or it is negative or above `MOST_SEED`.

    Examples
    --------
    >>> check_seed(2**64)
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: seed=18446744073709551616: must be a whole number from 0 to 4294967295
    """
    if not (is_number(seed, whole=True) and 0 <= seed <= MOST_SEED):  # type: ignore[operator]
        raise ParameterError(f"seed={seed!r}: must be a whole number from 0 to {MOST_SEED}")


def path_of(name: str, path: object) -> Path:
    """Return a path, in which `~` stands for the home folder.

    Parameters
    ----------
    name : str
        Name of the argument or variable in the error message.
    path : object
        Its value.

    Returns
    -------
    Path

    Raises
    ------
    ParameterError
        If it is not a path, or lies in the home folder of a user who does not exist.

    Examples
    --------
    >>> path_of("path", float("nan"))
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: path=nan: must be a path
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise ParameterError(f"{name}={path!r}: must be a path")
    expanded = Path(os.path.expanduser(path))
    if expanded.parts[:1] and expanded.parts[0].startswith("~") and len(expanded.parts) > 1:
        raise ParameterError(f"{name}={os.fspath(path)}: no home folder of this user; give the whole path")
    return expanded  # a name that begins with ~, such as ~$letter.wav, is a name


def check_positive(**values: float | None) -> None:
    """Check that arguments are positive numbers, or None.

    Parameters
    ----------
    **values : float or None
        The arguments by name.

    Raises
    ------
    ParameterError
        If one of them is 0, negative, NaN or no number; the message names the first.

    Examples
    --------
    >>> check_positive(epochs=50, limit=None)
    >>> check_positive(epochs=0)
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: epochs=0: must be a positive number
    """
    for name, value in values.items():
        if value is not None and not (is_number(value) and value > 0):
            raise ParameterError(f"{name}={value!r}: must be a positive number")


def check_columns(
    name: str, table: Container[str], *columns: str, cure: str = "load it with corpora.load, or add the column"
) -> None:
    """Check that a table has the required columns.

    Parameters
    ----------
    name : str
        Name of the table in the error message.
    table : DataFrame, or the names of its columns
        The table.
    *columns : str
        Names of the required columns.
    cure : str
        Advice at the end of the error message.

    Raises
    ------
    ParameterError
        If a column is missing; the message names the first missing one.

    Examples
    --------
    >>> check_columns("the table", ["id", "path"], "id", "emotion")
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: the table has no column 'emotion': load it with corpora.load, or add the column
    """
    for column in columns:
        if column not in table:
            raise ParameterError(f"{name} has no column {column!r}: {cure}")
