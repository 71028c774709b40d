"""Configure Sphinx for `make docs`, which needs no network.

The source folder is the root of the repository, so README, the notebooks and the cards become pages where they are, and
a link that works in the repository works on the pages too. This folder has only the configuration.
"""

import pkgutil
import shutil
from importlib import import_module, metadata
from pathlib import Path

from sphinx.application import Sphinx

import emotion_lib

project = "emotion_lib"
author = "The emotion_lib developers"
release = metadata.version("emotion_lib")

root_doc = "README"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
    "benchmarks/accuracy.md",
    "benchmarks/by_corpus.md",
    "benchmarks/conditions.md",
    "benchmarks/enrolment.md",
    "benchmarks/configurations.md",
    "benchmarks/looks.md",
    "benchmarks/timeline.md",
    "benchmarks/used_to_voice.md",
    "data/README.md",
    "data/demo/README.md",
    "data/samples/README.md",
    "data/tess-excerpt/README.md",
    "docs/**",
    "emotion_lib/pretrained/README.md",
    "notebooks/*.ipynb",
]
exclude_patterns = [".*", "build"]  # large folders without pages
CONTENTS = """
```{toctree}
:hidden:
:caption: Notebooks
:glob:

notebooks/*
```

```{toctree}
:hidden:
:caption: "Library: use"

docs/command
docs/timeline
docs/own_voice
docs/own_corpus
docs/conditions
docs/api/recognizer
docs/api/audio
docs/api/corpora
docs/api/widgets
```

```{toctree}
:hidden:
:caption: "Library: measure"

docs/compare
docs/api/evaluation
docs/api/results
docs/api/splits
docs/api/plots
```

```{toctree}
:hidden:
:caption: "Library: train"

docs/api/classic
docs/api/models
docs/api/training
docs/api/extraction
docs/api/features
```

```{toctree}
:hidden:
:caption: "Library: inside"

docs/api/parallel
docs/api/writing
docs/api/progress
docs/api/errors
docs/api/emotions
```

```{toctree}
:hidden:
:caption: About

emotion_lib/pretrained/README
data/README
data/demo/README
data/samples/README
data/tess-excerpt/README
benchmarks/accuracy
benchmarks/by_corpus
benchmarks/conditions
benchmarks/enrolment
benchmarks/timeline
benchmarks/used_to_voice
benchmarks/looks
benchmarks/configurations
benchmarks/README
docs/glossary
docs/privacy
docs/design
docs/contributing
CHANGELOG
```
"""
"""The navigation beside every page. It is appended to README here because GitHub would show it as text."""

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx_click"]
default_role = "code"  # single backticks in a docstring mean what they mean in Markdown
nitpicky = True
nb_execution_mode = "off"  # the outputs are those that are committed and compared
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no state of widgets is kept, so pages need no script to draw it
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # the docstrings say more: shape, unit, range
numpydoc_show_class_members = False  # autodoc shows them

html_theme = "furo"
html_title = project
html_show_copyright = False
html_copy_source = False


def open_doors(app: Sphinx) -> None:
    """Import every public name of each room: autodoc skips names that are imported on first use."""
    for each in pkgutil.iter_modules(emotion_lib.__path__, "emotion_lib."):
        room = import_module(each.name)
        for name in getattr(room, "__all__", ()):
            setattr(room, name, getattr(room, name))


def add_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append the table of contents to the first page."""
    if docname == app.config.root_doc:
        source[0] += CONTENTS


def add_index(app: Sphinx, exception: Exception | None) -> None:
    """Copy the first page to index.html, which browsers open for a folder."""
    if exception is None and app.builder.format == "html":
        shutil.copy(Path(app.outdir, f"{app.config.root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Register the functions above with Sphinx."""
    app.connect("builder-inited", open_doors)
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_index)
