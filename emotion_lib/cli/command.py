"""The code that all commands share: one-line errors, exit codes, Ctrl-C, and results as a table or as JSON."""

import json
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emotion_lib.errors import CorpusError, CorpusWarning, EmotionLibError, TrainingWarning, extra, legible
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.extraction import LeftOut

EXIT_CODES = (
    "Exit codes: 0, success; 1, a problem with the data; 2, a mistake in the command line; 130, stopped by Ctrl-C."
)


class Commands(click.Group):
    """Commands that report any error as one line on stderr."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the home folder for `~`, which the shell leaves in quotes and in `--output=~/me.emotion`."""
        expanded = (option + equals + os.path.expanduser(value) for option, equals, value in map(_parts, args))
        return super().parse_args(ctx, list(expanded))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command, and turn errors of the library into one line and an exit code."""
        with _warnings_in_a_line():
            try:
                return super().invoke(ctx)
            except EmotionLibError as error:
                raise click.ClickException(" ".join(str(error).splitlines())) from error
            except KeyboardInterrupt as stop:
                if sys.stderr.isatty():
                    click.echo(err=True)  # the terminal has just printed ^C on this line
                click.echo(legible(" ".join(["Stopped.", *map(str, stop.args)])), err=True)
                raise click.exceptions.Exit(130) from stop  # 128 + SIGINT, as shells report it
            except BrokenPipeError:
                # Python flushes stdout when it exits and would report the closed pipe, so redirect stdout to nowhere:
                # https://docs.python.org/3/library/signal.html#note-on-sigpipe
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise click.exceptions.Exit(0) from None
            except OSError as error:
                what = error.strerror or str(error)
                raise click.ClickException(legible(f"{error.filename}: {what}" if error.filename else what)) from error
            except click.ClickException as error:  # for instance about the name of a file that is not there
                error.message = legible(error.message)  # type: ignore[misc]  # marked as final
                raise


def _parts(argument: str) -> tuple[str, str, str]:
    """Return an option, the sign and the value of `--option=value`; otherwise the value alone."""
    return argument.partition("=") if argument.startswith("--") else ("", "", argument)


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print a warning of the library as one line, without its place in the source code."""
    shown_otherwise = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, CorpusWarning | TrainingWarning):
            click.echo(f"Warning: {message}", err=True)
        else:
            shown_otherwise(message, category, *place, **more)

    with warnings.catch_warnings():
        # Python shows a warning once for each line of code that raises it, but a single line raises those of all.
        warnings.simplefilter("always", CorpusWarning)
        warnings.simplefilter("always", TrainingWarning)
        warnings.showwarning = show
        yield


@contextmanager
def stopping(what_is_left: str) -> Iterator[None]:
    """After Ctrl-C, add a sentence about the files that were kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_is_left) from None


def need(name: str, *packages: str) -> None:
    """Raise a `MissingExtraError` if a package of an extra is missing, before a long task fails without it."""
    with extra(name):
        for package in packages:
            if find_spec(package) is None:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)


class OneOf(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """A name from a table of the library; its module is imported only when the name is needed.

    Parameters
    ----------
    room, table : str
        The module and its table of names, as in `OneOf("emotion_lib.splits", "PROTOCOLS")`.
    """

    name = "name"

    def __init__(self, room: str, table: str) -> None:
        self._room, self._table = room, table

    def names(self) -> tuple[str, ...]:
        """Return the names of the table."""
        return tuple(getattr(import_module(self._room), self._table))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name if the table has it, or fail with the list of names."""
        if value not in self.names():
            self.fail(f"{value!r} is not one of {', '.join(self.names())}.", param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names as `--help` shows them."""
        return f"[{'|'.join(self.names())}]"


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON in ASCII; a number that is not finite becomes null."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a value in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    value = value.item() if hasattr(value, "item") else value  # a number of NumPy, which is not imported here
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_table(table: "pd.DataFrame", output: Path, *, as_json: bool) -> None:
    """Write a table as CSV or as a list of JSON objects to a file, or to standard output if the file is `-`."""
    lines = table.to_json(orient="records", indent=1) if as_json else table.to_csv(index=False, lineterminator="\n")
    if str(output) == "-":
        click.echo(lines, nl=False)
        return
    with written_whole(output, error=CorpusError) as file:
        file.write(lines.encode())


def printable(name: str) -> str:
    """Return a name as it is, or as a JSON string if it would break the line or cannot be printed."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    encodable = name.encode(encoding, "ignore").decode(encoding) == name
    # A name that begins with a quote is written as JSON too: otherwise nobody could tell the two forms apart.
    return name if name.isprintable() and encodable and not name.startswith('"') else json.dumps(name)


def load_all(names: Sequence[str]) -> "pd.DataFrame":
    """Load several corpora as one table, in which labels that differ only in case have one spelling."""
    import pandas as pd

    from emotion_lib import corpora
    from emotion_lib.corpora.labels import unify

    tables = [corpora.load(name) for name in names]
    table = pd.concat(tables, ignore_index=True)
    table["emotion"] = unify(table["emotion"])
    doubled = table[table.duplicated(["corpus", "id"])]
    if len(doubled):
        first = f"{doubled['corpus'].iloc[0]}/{doubled['id'].iloc[0]}"
        raise CorpusError(f"{first} occurs twice in {', '.join(names)}; name each corpus once")
    of = [str(each["corpus"].iloc[0]) for each in tables]
    if twice := [name for name in of if of.count(name) > 1]:
        # Their speakers of one name would be one voice, and neither corpus could be left out without the other.
        both = [name for name, each in zip(names, of, strict=True) if each == twice[0]]
        raise CorpusError(f"{' and '.join(both)}: two corpora are called {twice[0]!r}; rename one file or folder")
    warn_of_demo(table)
    return table


def warn_of_demo(table: "pd.DataFrame") -> None:
    """Print a warning on standard error if the demo corpus is in a table."""
    if "demo" in set(table["corpus"]):
        click.echo("Warning: the demo corpus is synthetic speech; scores on it are not results", err=True)


def load_published(name: str) -> "pd.DataFrame":
    """Load a corpus from its index, which has every utterance; if it has none, from its recordings.

    Lists of folds, and the predictions scored on them, must not depend on the recordings of one machine.
    """
    from emotion_lib import corpora
    from emotion_lib.corpora.table import CORPORA

    indexed = name in CORPORA and CORPORA[name].has_index
    return corpora.index(name).assign(corpus=name) if indexed else load_all([name])


def tell_left_out(left_out: "Sequence[LeftOut]") -> None:
    """Print the recordings that could not be used, each with its reason, on standard error."""
    if left_out:
        reasons = [printable(each.reason) for each in left_out]
        click.echo("\n".join([f"Recordings that could not be used: {len(reasons)}", *reasons]), err=True)
