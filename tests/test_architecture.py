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

import emotion_lib

LIBRARY = Path(emotion_lib.__file__).parent
SOURCES = sorted(path for path in LIBRARY.rglob("*.py") if path != LIBRARY / "__init__.py")

ROOMS = (
    "widgets",
    "cli",
    "plots",
    "results",
    "scoring",
    "building",
    "evaluation",
    "recipes",
    "training",
    "checkpoints",
    "models",
    "discriminant",
    "classic",
    "metrics",
    "splits",
    "recognizer",
    "extraction",
    "cache",
    "corpora",
    "enrolment",
    "calibration",
    "voice",
    "augment",
    "features",
    "mel",
    "pitch",
    "audio",
    "parallel",
    "progress",
    "writing",
    "emotions",
    "errors",
)
"""From top to bottom: a room imports only rooms that stand below it."""

TENSORFLOW_ROOMS = {"training", "models"}
HEAVY = {"IPython", "keras", "librosa", "matplotlib", "seaborn", "sklearn", "tensorflow"}
HEAVY_TO_PREDICT = HEAVY | {"pandas", "pooch", "scipy.stats", "scipy.optimize"}


class Import(NamedTuple):
    """One import statement: where it stands, and the dotted name that it brings."""

    line: int
    name: str


def room(path: Path) -> str:
    """Return the room that a file of the library belongs to."""
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


PRESENT_ROOMS = sorted({room(path) for path in SOURCES})


def source_name(path: Path) -> str:
    """Return the name by which a test shows a file."""
    return path.relative_to(LIBRARY).as_posix()


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


@pytest.mark.parametrize("path", SOURCES, ids=source_name)
def test_every_file_belongs_to_a_room_of_the_design(path: Path) -> None:
    assert room(path) in ROOMS


@pytest.mark.parametrize("path", SOURCES, ids=source_name)
def test_imports_point_down(path: Path) -> None:
    own_and_below = ROOMS[ROOMS.index(room(path)) :]
    imported = rooms_imported(ast.parse(path.read_text("utf-8")))

    assert [f"line {line}: {name}" for line, name in imported if name not in own_and_below] == []


@pytest.mark.parametrize("path", SOURCES, ids=source_name)
def test_only_the_rooms_of_the_networks_know_tensorflow(path: Path) -> None:
    names = {name.partition(".")[0] for _, name in imports(ast.parse(path.read_text("utf-8")))}

    assert room(path) in TENSORFLOW_ROOMS or names.isdisjoint({"tensorflow", "keras"})


def test_the_door_of_the_library_imports_no_room_but_for_type_checkers() -> None:
    tree = ast.parse((LIBRARY / "__init__.py").read_text("utf-8"))
    tree.body = [
        each for each in tree.body if not (isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING")
    ]

    assert list(rooms_imported(tree)) == []


@pytest.mark.parametrize(
    "statements",
    [
        "import emotion_lib",
        "import numpy as np\n"
        "from emotion_lib import audio, features\n"
        "features.mfcc(np.sin(np.arange(22050, dtype=np.float32)), 22050)",
        "from emotion_lib import corpora, evaluation, extraction, metrics, models, splits, training",
        "from emotion_lib import cli",
    ],
    ids=["the library", "the path to features", "the path to an evaluation", "the command line"],
)
def test_importing_is_light(statements: str) -> None:
    assert loaded(statements) & HEAVY == set()


def test_the_way_to_a_prediction_is_light() -> None:
    statements = "import numpy as np\nfrom emotion_lib import EmotionRecognizer\n" + (
        "EmotionRecognizer.load().predict(np.random.default_rng(0).normal(size=16000) / 10, sr=16000)"
    )

    assert loaded(statements) & HEAVY_TO_PREDICT == set()


def loaded(statements: str) -> set[str]:
    """Return the names of the modules that are there after some statements in a new Python."""
    script = f"{statements}\nimport sys\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


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
            methods = {member: method for member, method in vars(thing).items() if inspect.isfunction(method)}
            yield from (
                (f"{each}.{member}", method)
                for member, method in methods.items()
                if member not in inherited and not member.startswith("_")
            )


def section(docstring: str, title: str) -> str:
    """Return the text of one numpydoc section; empty where there is none."""
    _, _, after = docstring.partition(f"\n{title}\n{'-' * len(title)}\n")
    lines = after.splitlines()
    underlines = (number for number, line in enumerate(lines) if line and set(line) == {"-"})
    return "\n".join(lines[: next(underlines, len(lines) + 1) - 1])


def gaps(name: str, function: Callable[..., object]) -> Iterator[str]:
    """Yield what the docstring of a public function leaves unsaid."""
    docstring = inspect.getdoc(function) or ""
    heads = [line.split(":")[0] for line in section(docstring, "Parameters").splitlines() if line[:1].strip()]
    described = {word.strip(" *") for head in heads for word in head.split(",")}
    signature = inspect.signature(function)
    yield from (f"{name}: parameter {each}" for each in signature.parameters if each not in {*described, "self"})
    returns = signature.return_annotation not in {None, "None"}
    if returns and not section(docstring, "Returns") and not section(docstring, "Yields"):
        yield f"{name}: what it returns"


@pytest.mark.parametrize("path", SOURCES, ids=source_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("name", PRESENT_ROOMS)
def test_every_public_class_and_function_has_a_docstring(name: str) -> None:
    things = {**public_names(name), **dict(public_functions(name))}

    assert [each for each, thing in things.items() if not thing.__doc__] == []


# The docstrings of cli are what `--help` prints, so their form is click's.
@pytest.mark.parametrize("name", [name for name in PRESENT_ROOMS if name != "cli"])
def test_every_public_function_describes_its_parameters_and_what_it_returns(name: str) -> None:
    assert [gap for each, function in public_functions(name) for gap in gaps(each, function)] == []
