"""The command `where`: list the folders and files that the library keeps, and empty the cache."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click

from emotion_lib.cli.command import EXIT_CODES, printable, to_json

PURPOSES = {
    "cache": "extracted features, and digests of recordings",
    "EMOTION_LIB_DATA": "corpora, in the folder of EMOTION_LIB_DATA",
    "checkout": "corpora, in the clone of the repository",
    "user": "corpora of this user",
    "listening": "your answers in the listening test",
}


class Place(NamedTuple):
    """A folder or file that the library keeps; `size` is in bytes, and None if it does not exist yet."""

    name: str
    path: Path
    purpose: str
    size: int | None


@click.command(epilog=EXIT_CODES)
@click.option(
    "--clear",
    type=click.Choice(["cache"]),
    help="Ask, then delete the extracted features and no other file in their folder.",
)
@click.option("--yes", is_flag=True, help="Delete without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the places, or the deleted files, as JSON.")
def where(clear: str | None, *, yes: bool, as_json: bool) -> None:
    """List the folders and files that the library keeps, with their size and purpose.

    Example: emotion-lib where --clear cache
    """
    if yes and not clear:
        raise click.UsageError("--yes needs --clear: without it, nothing is deleted.")
    if clear:
        _clear_cache(yes=yes, as_json=as_json)
    elif as_json:
        click.echo(to_json([place._asdict() for place in _places()], indent=2))
    else:
        for place in _places():
            click.echo(f"{printable(str(place.path))} ({_in_words(place.size)}): {place.purpose}")


def _places() -> list[Place]:
    """Return the folders and files of the library; the size of the cache leaves out other files in its folder."""
    from emotion_lib.corpora.inventory import folders_of_corpora
    from emotion_lib.evaluation import listening
    from emotion_lib.extraction import cache

    answers = listening.answers_file()
    paths = {"cache": cache.folder(), **folders_of_corpora(), "listening": answers}
    files = {name: path.rglob("*") for name, path in paths.items()} | {"cache": cache.kept()}
    files["listening"] = [answers]
    return [
        Place(name, path, PURPOSES[name], _size(files[name]) if path.exists() else None) for name, path in paths.items()
    ]


def _clear_cache(*, yes: bool, as_json: bool) -> None:
    """List the files of the cache, and delete them if the user agrees."""
    from emotion_lib.extraction import cache

    files, folder = cache.kept(), printable(str(cache.folder()))
    size = _size(files)
    listed = f"{folder}, {_in_words(size)}:\n" + "".join(f"  {path.name}\n" for path in files)
    click.echo(listed if files else f"{folder}: the cache is empty\n", nl=False, err=as_json)
    deleted = files if files and (yes or _agreed("Delete these files?", err=as_json)) else []
    if deleted:
        cache.clear()
    told = {"folder": cache.folder(), "deleted": [path.name for path in deleted], "size": size if deleted else 0}
    click.echo(to_json(told, indent=2) if as_json else "Deleted." if deleted else "Nothing was deleted.")


def _agreed(question: str, *, err: bool) -> bool:
    """Ask the user; Ctrl-C stops the command, and an input without an answer is an error."""
    try:
        return click.confirm(question, err=err)
    except click.Abort as stop:  # click raises it for Ctrl-C and for the end of the input alike
        if isinstance(stop.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt("Nothing was deleted.") from stop
        click.echo(err=err)
        raise click.UsageError("there was no answer, so nothing was deleted; --yes deletes without asking.") from stop


def _size(paths: Iterable[Path]) -> int:
    """Return the size of the files among some paths in bytes; a link counts as itself, not as its target."""
    return sum(path.lstat().st_size for path in paths if path.is_file())


def _in_words(size: int | None) -> str:
    if size is None:
        return "not there yet"
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
