"""Measure the shape of the library, each figure beside its limit: `python -m benchmarks.structure` prints one table."""

import ast
import re
import statistics
from pathlib import Path

import click

from benchmarks.footprint import ROOT, markdown
from tests.test_architecture import ROOMS

LOWEST = {"emotions", "errors", "parallel", "progress", "writing"}  # one floor: all others may import them


class Source:
    """A file of Python: its room, the rooms that it imports, its lines of code (no docstrings), and its functions."""

    def __init__(self, path: Path) -> None:
        self.tree, lines = ast.parse(text := path.read_text("utf-8")), enumerate(text.splitlines(), start=1)
        self.room = path.relative_to(ROOT).with_suffix("").parts[1]
        nodes = list(ast.walk(self.tree))
        froms = [n for n in nodes if isinstance(n, ast.ImportFrom)]
        names = [f"{each.module}.{name.name}".split(".") for each in froms for name in each.names]
        self.imported = {name[1] for name in names if name[0] == "emotion_lib"} & {*ROOMS} - {self.room}
        prose = [n for n in nodes if isinstance(n, ast.Expr) and isinstance(getattr(n.value, "value", None), str)]
        quoted = {number for n in prose for number in range(n.lineno, (n.end_lineno or 0) + 1)}
        self.code = {number for number, line in lines if not re.match(r"\s*(#|$)", line)} - quoted
        spans = [(range(n.lineno, (n.end_lineno or 0) + 1), n.name) for n in nodes if isinstance(n, ast.FunctionDef)]
        self.functions = [(len(self.code.intersection(span)), name) for span, name in spans]


def main() -> None:
    """Print the table."""
    own, tests = ([*map(Source, (ROOT / folder).rglob("*.py"))] for folder in ("emotion_lib", "tests"))
    below = {room: {each for source in own if source.room == room for each in source.imported} for room in ROOMS}
    floor = dict.fromkeys(ROOMS, 1)
    for room in (each for each in reversed(ROOMS) if each not in LOWEST):
        floor[room] = 1 + max((floor[each] for each in below[room]), default=0)
    names = [name for source in own for each in source.tree.body if (name := getattr(each, "name", ""))]
    lines = [len(source.code) for source in own]
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "emotion_lib").rglob("*.*[dsy]"))
    rows = {
        "rooms at the top, at most 19": len({source.room for source in own} - {"__init__"}),
        "floors, the longest chain of imports, at most 8": max(floor.values()),
        "upward imports, and so cycles": sum(ROOMS.index(b) < ROOMS.index(a) for a in ROOMS for b in below[a]),
        "files, at most 90": len(lines),
        "median of their code lines, at least 80": statistics.median(lines),
        "private top-level definitions, at most 50 %": f"{100 * sum(n[0] == '_' for n in names) / len(names):.0f} %",
        "code lines of the library, at most 8000": sum(lines),
        "code lines of the tests, at most 11000": sum(len(source.code) for source in tests),
        "lines with hear, hears or heard, at most 30": len(re.findall(r"(?i).*\bhear[sd]?\b.*", text)),
        "code lines of the longest function, under 40": max(each for source in own for each in source.functions),
    }
    click.echo(markdown(("figure", "now"), [(name, str(value)) for name, value in rows.items()]), nl=False)


if __name__ == "__main__":
    main()
