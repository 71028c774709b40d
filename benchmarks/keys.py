"""What a figure depends on, as a digest: the code that decides it, its settings, and the utterances.

Code is followed by name, from where a row starts to everything that it calls in the rooms that decide figures. So a
new recipe or another docstring outdates nothing, and another constant outdates what is computed with it.
"""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import emotion_lib

LIBRARY = Path(emotion_lib.__file__).parent
ROOMS = (
    "audio",
    "augment",
    "classic",
    "discriminant",
    "enrolment",
    "evaluation",
    "extraction",
    "features",
    "mel",
    "metrics",
    "models",
    "pitch",
    "recipes",
    "splits",
    "training",
)
"""The rooms whose code decides a figure; that of the others only carries it."""
REGISTRIES = ("FEATURES", "PROTOCOLS", "RECIPES")
"""Tables of things by name; a figure depends on the entries that it uses."""

Definition = tuple[str, str]
"""A module below `emotion_lib`, as in "evaluation.figures", and a name in it; no name is the module itself."""


def key(settings: object, *, starts: Iterable[Definition], names: Collection[str], library: Path = LIBRARY) -> str:
    """Return the digest of settings and of the code that decides a figure.

    Parameters
    ----------
    settings : object
        Whatever decides besides code, by its `repr`.
    starts : iterable of Definition
        Where the code is entered.
    names : collection of str
        The entries of `REGISTRIES` that are used.
    library : Path
        The folder of the library.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for reached in sorted(code(starts, names, library).items()):
        digest.update(repr(reached).encode())
    return digest.hexdigest()[:12]


def code(starts: Iterable[Definition], names: Collection[str], library: Path = LIBRARY) -> dict[Definition, str]:
    """Return every definition that is reached, with its code in a form that leaves docstrings and comments out."""
    reached: dict[Definition, str] = {}
    waiting = list(starts)
    while waiting:
        module, name = waiting.pop()
        if (module, name) in reached or module.partition(".")[0] not in ROOMS:
            continue
        source = _source(module, library)
        if name in source.imported:
            waiting.append(source.imported[name])
        elif name in source.defined:
            nodes = _used(name, source.defined[name], names)
            reached[module, name] = " ".join(map(_form, nodes))
            waiting += [each for node in nodes for each in _mentioned(node, module, source)]
    return reached


@dataclass(frozen=True)
class _Source:
    """What a module defines at its top, and what it takes from others of the library."""

    defined: dict[str, ast.stmt]
    imported: dict[str, Definition]


@lru_cache(maxsize=256)
def _source(module: str, library: Path) -> _Source:
    """Return what is in a module; nothing where there is no such module."""
    tree = ast.parse(_path(module, library).read_text("utf-8"))
    defined = {name: statement for statement in tree.body for name in _names(statement)}
    imported = {
        alias.asname or alias.name: _imported(f"{node.module}.{alias.name}", library)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "emotion_lib"
        for alias in node.names
    }
    return _Source(defined, imported)


def _path(module: str, library: Path) -> Path:
    """Return the file of a module, which may be a package."""
    path = library.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported(name: str, library: Path) -> Definition:
    """Return the definition that a dotted name is: a module of the library, or a name in one."""
    inside = name.removeprefix("emotion_lib.")
    return (inside, "") if _path(inside, library).exists() else (inside.rpartition(".")[0], inside.rpartition(".")[2])


def _names(statement: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _used(name: str, statement: ast.stmt, names: Collection[str]) -> list[ast.AST]:
    """Return the part of a definition that is used: all of it, or some entries of a registry."""
    value = getattr(statement, "value", None)
    if name not in REGISTRIES or not isinstance(value, ast.Dict):
        return [statement]
    entries = {
        key.value: entry for key, entry in zip(value.keys, value.values, strict=True) if isinstance(key, ast.Constant)
    }
    used = [entries[each] for each in sorted(names) if each in entries]
    if name != "RECIPES":
        return list(used)
    return [part for entry in used if isinstance(entry, ast.Call) for part in entry.args[1:]]  # the first is its title


def _mentioned(node: ast.AST, module: str, source: _Source) -> Iterator[Definition]:
    """Yield what a part of a module mentions, there or in other modules of the library."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield module, each.id
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            where, name = source.imported.get(each.value.id, ("", "-"))
            if not name:
                yield where, each.attr


def _form(node: object) -> str:
    """Return code as text without places, docstrings, comments and errors, the same in every version of Python."""
    if isinstance(node, list):
        return f"[{' '.join(_form(each) for each in node if not _decides_nothing(each))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [f"{name}={_form(value)}" for name, value in ast.iter_fields(node) if value is not None and value != []]
    return f"{type(node).__name__}({' '.join(fields)})"


def _decides_nothing(node: object) -> bool:
    """Return whether a statement is a docstring, or raises an error: a figure comes of neither."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return is_text or isinstance(node, ast.Raise)
