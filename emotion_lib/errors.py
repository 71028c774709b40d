"""The errors of the library: one root, so that one `except` catches whatever it raises on purpose."""

from collections.abc import Container, Iterator
from contextlib import contextmanager


class EmotionLibError(Exception):
    """Whatever the library raises on purpose."""


class ParameterError(EmotionLibError, ValueError):
    """An argument has a value that the function cannot work with."""


class AudioError(EmotionLibError):
    """A recording cannot be used; the message names the file and the cure."""


class CorpusError(EmotionLibError):
    """A corpus cannot be found, read or fetched; the message names the folder and the cure."""


class ModelFileError(EmotionLibError):
    """A recogniser or a checkpoint cannot be loaded; the message names the file and the cure."""


class CorpusWarning(UserWarning):
    """A corpus was loaded, but not as its makers published it."""


class MissingExtraError(EmotionLibError, ImportError):
    """A package is missing that the light installation leaves out; the message names the extra that brings it."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import what an extra brings, or say which extra it is.

    Parameters
    ----------
    name : str
        The extra, as pyproject.toml calls it.

    Yields
    ------
    None

    Raises
    ------
    MissingExtraError
        If a package that is imported inside is not installed.

    Examples
    --------
    >>> with extra("train"):
    ...     import no_such_package
    Traceback (most recent call last):
    emotion_lib.errors.MissingExtraError: no_such_package is not installed; pip install 'emotion_lib[train]' brings it
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed; pip install 'emotion_lib[{name}]' brings it"
        ) from error


def check_columns(
    name: str, table: Container[str], *columns: str, cure: str = "load it with corpora.load, or add the column"
) -> None:
    """Check that a table has some columns.

    Parameters
    ----------
    name : str
        What the error calls the table.
    table : DataFrame, or the names of its columns
        The table.
    *columns : str
        What it must have.
    cure : str
        What to do where one is missing.

    Raises
    ------
    ParameterError
        If one is missing; it names the first of these.

    Examples
    --------
    >>> check_columns("the table", ["id", "path"], "id", "emotion")
    Traceback (most recent call last):
    emotion_lib.errors.ParameterError: the table has no column 'emotion': load it with corpora.load, or add the column
    """
    for column in columns:
        if column not in table:
            raise ParameterError(f"{name} has no column {column!r}: {cure}")
