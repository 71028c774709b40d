"""A corpus of your own: recordings in folders that are named after emotions, or listed in a CSV file."""

import csv
import io
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from emotion_lib.corpora.corpus import Corpus, Name
from emotion_lib.corpora.inventory import File
from emotion_lib.corpora.labels import UNKNOWN_SPEAKER, emotion_of, unify
from emotion_lib.corpora.report import counted
from emotion_lib.emotions import UNKNOWN, check_label
from emotion_lib.errors import CorpusError, ParameterError

SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
"""Suffixes of a list of recordings; Excel calls its "Unicode text" .txt."""

COLUMNS = {
    "path": ("path", "file", "filename"),
    "emotion": ("emotion", "label"),
    "speaker": ("speaker",),
    "text": ("text", "sentence"),
}
"""Column of the corpus table -> its names in a CSV file, the first of which counts; the last two may be absent."""

_SHOWN = 3
_MISREAD = re.compile(r"\w*[^\W\d_][¹²³¼½¾ª¿£¥¢¦§][^\W\d_]\w*|\w*[\u00c0-\u00ff]{4}\w*")
"""A word of another encoding than cp1252: Polish `ł` becomes `³` between letters, a Russian word accents only."""


def own_corpus(name: str, names: Mapping[str, Name]) -> Corpus:
    """Return the description of a corpus of your own, from the facts about each recording by relative path."""
    return Corpus(
        name=name,
        title=name,
        read_name=lambda stem, folder: None,
        cure="",
        kind_of_text="text",
        has_index=False,
        names=names,
    )


def read_folders(root: str | os.PathLike[str], files: Iterable[File]) -> dict[str, Name]:
    """Label recordings by their folders: EMOTION/FILE or SPEAKER/EMOTION/FILE, with any folders above.

    Parameters
    ----------
    root : str or path
        The folder of the corpus.
    files : iterable of File
        The files below it.

    Returns
    -------
    dict of str to Name
        The facts about each recording by relative path, without those that lie in `root` itself.

    Raises
    ------
    CorpusError
        If the name of a folder cannot be a label, or the folders above the innermost ones name the emotions.
    """
    paths = [file.relative for file in files if file.is_audio and "/" in file.relative]
    folders = [path.split("/")[:-1] for path in paths]
    labels, above = {parts[-1] for parts in folders}, {parts[-2] for parts in folders if len(parts) > 1}
    if above and all(map(emotion_of, above)) and not any(map(emotion_of, labels)):
        raise CorpusError(
            f"{root}: the folder {min(above)!r} has folders with recordings instead of recordings; name the folders "
            "SPEAKER/EMOTION (or EMOTION alone), or list the recordings in a CSV file with path, emotion and speaker"
        )
    for label in sorted(labels):
        _check_label(label.strip(), os.fspath(root))
    emotions = unify(parts[-1] for parts in folders)
    speakers = [parts[-2] if len(parts) > 1 else UNKNOWN_SPEAKER for parts in folders]
    return {
        path: Name(path, speaker, emotion, text="")
        for path, speaker, emotion in zip(paths, speakers, emotions, strict=True)
    }


def read_list(path: Path) -> tuple[list[File], dict[str, Name]]:
    """Read a CSV file that lists recordings with their labels.

    Columns are separated by a comma, semicolon, tab or bar. The text is UTF-8, or UTF-16 with a byte order mark, or
    else cp1252, in which Excel for Windows saves CSV files in Western Europe. Other encodings look like cp1252; words
    that cannot be meant are refused.

    Parameters
    ----------
    path : Path
        The file. Its first line has the names of the columns, in any case: path (or file, filename) and emotion (or
        label), and perhaps speaker, and text (or sentence). Paths are absolute or relative to the file.

    Returns
    -------
    files : list of File
        The recordings; `relative` is the path as in the list, with forward slashes.
    names : dict of str to Name
        The facts about each recording by this path; `more` has the other columns.

    Raises
    ------
    CorpusError
        If the file cannot be read as a list, a column or a recording is missing, a path occurs twice, or a word
        cannot be a label.
    """
    rows = list(_read_rows(path))
    if not rows:
        raise CorpusError(f"{path}: no recordings below the names of the columns; add a line for each recording")
    folder = Path(os.path.abspath(path.parent))
    files: list[File] = []
    lines: dict[str, int] = {}
    missing = []
    for row in rows:
        name, found = _place(row.values["path"], folder)
        if name in lines:
            raise CorpusError(f"{path}: lines {lines[name]} and {row.line} name the same file, {name}; delete one")
        lines[name] = row.line
        if found.is_file():
            files.append(File(str(found), name, found.stat().st_size))
        else:
            missing.append(f"{row.values['path']} (line {row.line})")
    if missing:
        first = ", ".join(missing[:_SHOWN]) + ", ..." * (len(missing) > _SHOWN)
        raise CorpusError(
            f"{path}: {len(missing)} of {counted(len(rows), 'recording')} not found: {first}; paths are relative to "
            f"{folder}, and most systems tell upper case from lower case"
        )
    emotions = unify(row.values["emotion"] for row in rows)
    names = {name: _name(name, emotion, row) for name, emotion, row in zip(lines, emotions, rows, strict=True)}
    return files, names


@dataclass(frozen=True)
class Row:
    """A line of a list: its number, the columns that the library knows, and the others."""

    line: int
    values: Mapping[str, str]
    more: Mapping[str, str]


def _read_rows(path: Path) -> Iterator[Row]:
    """Yield the lines of a list below the names of the columns, after checking them."""
    lines = read_lines(path)
    _, header = next(lines, (0, []))
    if not header:
        raise CorpusError(f"{path}: an empty file; its first line must name the columns, at least path and emotion")
    header = [cell.casefold() for cell in header]
    column_of = _columns(path, header)
    for line, cells in lines:
        if any(cells[len(header) :]):
            raise CorpusError(
                f"{path}, line {line}: {len(cells)} cells below {len(header)} columns; "
                "put a cell that contains the separator in double quotes"
            )
        row = dict(zip_longest(header, cells[: len(header)], fillvalue=""))
        values = {column: row.pop(name) for column, name in column_of.items()}
        _check_row(f"{path}, line {line}", values)
        yield Row(line, values, row)


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line of a CSV file that is not blank.

    Parameters
    ----------
    path : Path
        The file, separated by commas, semicolons, tabs or bars, in UTF-8, UTF-16 or Windows-1252.

    Yields
    ------
    tuple of int and list of str

    Raises
    ------
    CorpusError
        If the file is not a table.
    """
    text, skipped = _decoded(path), 0
    if text.lower().startswith("sep="):  # a first line that tells Excel the separator
        text, skipped = text.partition("\n")[2], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num + skipped, cells
    except csv.Error as error:
        where = f"{path}, line {reader.line_num + skipped}"
        raise CorpusError(f"{where}: not a line of a CSV file ({error}); check its double quotes") from error


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode text"
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252" and (strange := _MISREAD.search(text)):
            raise CorpusError(
                f"{path}: not in UTF-8, and read as cp1252 (Western Europe) it has words such as {strange[0]!r}; save "
                "the table as CSV in UTF-8"
            )
        if "\0" not in text:
            return text
    raise CorpusError(f"{path}: not a text file in UTF-8 or cp1252; save the table as CSV in UTF-8")


def _separator(text: str) -> str:
    """Return the separator that finds most of the columns that the library knows, else most columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    known = {name for names in COLUMNS.values() for name in names}

    def found(separator: str) -> tuple[int, int]:
        cells = [cell.strip(' "').casefold() for cell in first.split(separator)]
        return len(known.intersection(cells)), len(cells)

    return max(",;\t|", key=found)


def _columns(path: Path, header: Sequence[str]) -> dict[str, str]:
    """Return the name in this list of each column that the library knows."""
    columns = {}
    for column, names in COLUMNS.items():
        present = [name for name in names if name in header]
        if present:
            columns[column] = present[0]
        elif column in {"path", "emotion"}:
            raise CorpusError(
                f"{path}: no column {' or '.join(names)}; the columns of its first line are "
                f"{', '.join(name or 'a blank' for name in header)}; expected are path, emotion and perhaps speaker, "
                "text, separated by commas, semicolons, tabs or bars"
            )
    return columns


def _check_row(where: str, values: Mapping[str, str]) -> None:
    if not values["path"]:
        raise CorpusError(f"{where}: no path; write the path of the recording, or delete the line")
    if not values["emotion"]:
        raise CorpusError(f"{where}: no label for {values['path']}; write one, or delete the line")
    _check_label(values["emotion"], where)


def _check_label(label: str, where: str) -> None:
    """Raise a CorpusError that says where the word is, unless it can be a label."""
    try:
        check_label(UNKNOWN if label.casefold() == UNKNOWN else label)
    except ParameterError as error:
        raise CorpusError(f"{where}: {error}") from error


def _place(cell: str, folder: Path) -> tuple[str, Path]:
    """Return the id and the path of a recording: relative to the folder of the list, if it lies below it."""
    name = posixpath.normpath(os.path.expanduser(cell.replace("\\", "/")))
    path = Path(os.path.normpath(folder / name))  # an absolute name replaces the folder
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else name, path


def _name(name: str, emotion: str, row: Row) -> Name:
    more = {column: value for column, value in row.more.items() if column not in {"", "id", "path", "corpus", *COLUMNS}}
    speaker = row.values.get("speaker") or UNKNOWN_SPEAKER
    return Name(name, speaker, emotion, row.values.get("text", ""), more=more)
