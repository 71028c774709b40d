"""What all commands have in common: how an error, a stop and a closed pipe end, and how results are written."""

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

from emotion_lib.errors import CorpusError, CorpusWarning, EmotionLibError, extra
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

    from emotion_lib.extraction import LeftOut

EXIT_CODES = (
    "Exit codes: 0, all is well; 1, something is wrong with the data; 2, the command was not understood; "
    "130, stopped by Ctrl-C."
)

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


class Commands(click.Group):
    """Commands that end in one line on stderr, whatever stops them."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn what the library raises into exit codes."""
        with _warnings_in_a_line():
            try:
                return super().invoke(ctx)
            except EmotionLibError as error:
                raise click.ClickException(" ".join(str(error).splitlines())) from error
            except KeyboardInterrupt as stop:
                _say_stopped(stop)
                raise click.exceptions.Exit(STOPPED) from stop
            except BrokenPipeError:
                _let_go_of_stdout()
                raise click.exceptions.Exit(0) from None
            except OSError as error:
                what = error.strerror or str(error)
                raise click.ClickException(f"{error.filename}: {what}" if error.filename else what) from error


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Show warnings about corpora as lines for people, without a place in the source."""
    shown_otherwise = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, CorpusWarning):
            click.echo(f"Warning: {message}", err=True)
        else:
            shown_otherwise(message, category, *place, **more)

    with warnings.catch_warnings():
        warnings.simplefilter("always", CorpusWarning)
        warnings.showwarning = show
        yield


def _say_stopped(stop: KeyboardInterrupt) -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(" ".join(["Stopped.", *map(str, stop.args)]), err=True)


def _let_go_of_stdout() -> None:
    """Write to nowhere from now on, so that Python does not complain about the closed pipe as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def stopping(what_is_left: str) -> Iterator[None]:
    """Let Ctrl-C say what it left behind."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_is_left) from None


def need(name: str, *packages: str) -> None:
    """Raise a `MissingExtraError` where a package of an extra is missing, before the work that would end in it."""
    with extra(name):
        for package in packages:
            if find_spec(package) is None:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)


class OneOf(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click alone
    """A name out of a table of the library, which is imported only when the name is needed.

    Parameters
    ----------
    room, table : str
        Where the names are, as in `OneOf("emotion_lib.splits", "PROTOCOLS")`.
    """

    name = "name"

    def __init__(self, room: str, table: str) -> None:
        self._room, self._table = room, table

    def names(self) -> tuple[str, ...]:
        """Return the names."""
        return tuple(getattr(import_module(self._room), self._table))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, if it is one."""
        if value not in self.names():
            self.fail(f"{value!r} is not one of {', '.join(self.names())}.", param, ctx)
        return str(value)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return what `--help` shows."""
        return f"[{'|'.join(self.names())}]"


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON in ASCII; what is no number becomes null."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a value made of what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_table(table: "pd.DataFrame", output: Path, *, as_json: bool) -> None:
    """Write a table as CSV or as a list of JSON objects, to a file or, where it is `-`, to standard output."""
    lines = table.to_json(orient="records", indent=1) if as_json else table.to_csv(index=False, lineterminator="\n")
    if str(output) == "-":
        click.echo(lines, nl=False)
        return
    with written_whole(output, error=CorpusError) as file:
        file.write(lines.encode())


def printable(name: str) -> str:
    """Return a name as it is, or as a JSON string where it would break a line or cannot be printed."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    encodable = name.encode(encoding, "ignore").decode(encoding) == name
    return name if name.isprintable() and encodable and not name.startswith('"') else json.dumps(name)


def load_all(names: Sequence[str]) -> "pd.DataFrame":
    """Return the tables of some corpora, one below the other."""
    import pandas as pd

    from emotion_lib import corpora

    table = pd.concat([corpora.load(name) for name in names], ignore_index=True)
    doubled = table[table.duplicated(["corpus", "id"])]
    if len(doubled):
        first = f"{doubled['corpus'].iloc[0]}/{doubled['id'].iloc[0]}"
        raise CorpusError(f"{first}: twice among {', '.join(names)}; name each corpus once")
    if "demo" in set(table["corpus"]):
        click.echo("Warning: the demo corpus is synthetic speech: nothing measured on it is a result", err=True)
    return table


def tell_left_out(left_out: "Sequence[LeftOut]") -> None:
    """Name the recordings that could not be used, on standard error."""
    if left_out:
        reasons = [printable(each.reason) for each in left_out]
        click.echo("\n".join([f"Left out, as they could not be used: {len(reasons)}", *reasons]), err=True)
