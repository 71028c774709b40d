"""The shape of the library: imports point down, importing is light, every public name is documented.

Imports are read from the sources, so that one inside a function counts as well.
"""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from numpydoc.validate import validate

import emotion_lib

LIBRARY = Path(emotion_lib.__file__).parent
SOURCES = sorted(path for path in LIBRARY.rglob("*.py") if path != LIBRARY / "__init__.py")

ROOMS = (
    "widgets",
    "cli",
    "plots",
    "results",
    "evaluation",
    "training",
    "recognizer",
    "classic",
    "models",
    "splits",
    "extraction",
    "corpora",
    "features",
    "audio",
    "parallel",
    "writing",
    "progress",
    "emotions",
    "errors",
)
"""From top to bottom: a room imports only rooms that stand below it."""

TENSORFLOW_ROOMS = {"training", "models"}
HEAVY = {"IPython", "keras", "librosa", "matplotlib", "seaborn", "sklearn", "tensorflow"}
HEAVY_TO_PREDICT = HEAVY | {"pandas", "pooch", "scipy.stats", "scipy.optimize"}

PREDICT = """
import numpy as np
from emotion_lib import EmotionRecognizer
EmotionRecognizer.load().predict(np.random.default_rng(0).normal(size=16000) / 10, sr=16000)"""
INCOMPLETE = {"PR01", "PR02", "RT01", "YD01"}
"""What numpydoc calls parameters that are not documented, or unknown, and results that are not documented."""


class Import(NamedTuple):
    """One import statement: where it stands, and the dotted name that it brings."""

    line: int
    name: str


def room(path: Path) -> str:
    """Return the room that a file of the library belongs to."""
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


PRESENT_ROOMS = sorted({room(path) for path in SOURCES})
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}


def imports(tree: ast.AST) -> Iterator[Import]:
    """Yield every import below a node of a syntax tree, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports inside the library are absolute"
            yield from (Import(node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def rooms_imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and room of every import from the library."""
    for line, name in imports(tree):
        package, _, inside = name.partition(".")
        if package == "emotion_lib":
            yield line, inside.partition(".")[0]


def test_every_file_belongs_to_a_room_of_the_design() -> None:
    assert [path for path in SOURCES if room(path) not in ROOMS] == []


def test_imports_point_down() -> None:
    assert [
        f"{path.relative_to(LIBRARY)}, line {line}: {name}"
        for path, tree in TREES.items()
        for line, name in rooms_imported(tree)
        if name not in ROOMS[ROOMS.index(room(path)) :]
    ] == []


def test_only_the_rooms_of_the_networks_know_tensorflow() -> None:
    knowing = [
        path
        for path, tree in TREES.items()
        if {name.partition(".")[0] for _, name in imports(tree)} & {"tensorflow", "keras"}
    ]

    assert [path for path in knowing if room(path) not in TENSORFLOW_ROOMS] == []


def test_the_door_of_the_library_imports_no_room_but_for_type_checkers() -> None:
    tree = ast.parse((LIBRARY / "__init__.py").read_text("utf-8"))
    tree.body = [
        each for each in tree.body if not (isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING")
    ]

    assert list(rooms_imported(tree)) == []


@pytest.mark.parametrize(
    ("statements", "heavy"),
    [
        ("import emotion_lib", HEAVY),
        ("import numpy as np; from emotion_lib import features; features.mfcc(np.ones(22050), 22050)", HEAVY),
        ("from emotion_lib import corpora, evaluation, extraction, models, splits, training", HEAVY),
        ("from emotion_lib import cli", HEAVY),
        (PREDICT, HEAVY_TO_PREDICT),
    ],
    ids=["the library", "features", "an evaluation", "the command line", "a prediction"],
)
def test_the_way_is_light_to(statements: str, heavy: set[str]) -> None:
    script = f"{statements}\nimport sys\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert set(loaded.split()) & heavy == set()


def public_names(name: str) -> dict[str, object]:
    """Return the functions and classes behind the door of a room: its `__all__`, or what it defines itself."""
    module = importlib.import_module(f"emotion_lib.{name}")
    defined = [each for each, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
    names = getattr(module, "__all__", [each for each in defined if not each.startswith("_")])
    things = {each: getattr(module, each) for each in names}
    return {each: thing for each, thing in things.items() if inspect.isfunction(thing) or inspect.isclass(thing)}


def public_functions(name: str) -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield the functions behind the door of a room, and the methods that its classes are the first to have."""
    for each, thing in public_names(name).items():
        if inspect.isfunction(thing):
            yield each, thing
        elif inspect.isclass(thing):
            inherited = {member for base in thing.__mro__[1:] for member in vars(base)}
            for member, method in vars(thing).items():
                if inspect.isfunction(method) and member not in inherited and not member.startswith("_"):
                    yield f"{each}.{member}", method


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def gaps(name: str) -> list[str]:
    """Return what the docstring of a function leaves unsaid; what it yields counts as what it returns."""
    found = validate(name)
    allowed = {"RT01"} if "Yields" in found["docstring"] else set()
    return [f"{name}: {why}" for code, why in found["errors"] if code in INCOMPLETE - allowed]


def test_every_public_class_and_function_has_a_docstring_and_functions_one_of_parameters_and_what_they_return() -> None:
    things = {
        f"emotion_lib.{name}.{each}": thing
        for name in PRESENT_ROOMS
        for each, thing in {**public_names(name), **dict(public_functions(name))}.items()
    }
    # What the command says in its docstrings, `--help` prints, in click's form.
    functions = [
        each for each in things if inspect.isfunction(things[each]) and not each.startswith("emotion_lib.cli.")
    ]

    assert [name for name, thing in things.items() if not thing.__doc__] == []
    assert [gap for name in functions for gap in gaps(name)] == []
