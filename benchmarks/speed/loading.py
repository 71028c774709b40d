"""How long a corpus takes to load, the first time and the second, when the digests of its files are known.

    python -m benchmarks.speed loading

Of the recordings of a corpus, `load` reads those that could be copies of others. So TESS is loaded from a folder that
has it twice too, as the usual archive does.
"""

import os
import shutil
import tempfile
import warnings
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks.footprint import markdown
from benchmarks.speed.timing import RUNS, in_turns
from emotion_lib import corpora
from emotion_lib.corpora.digests import NAME
from emotion_lib.errors import CorpusWarning


def table() -> str:
    """Return the table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, EMOTION_LIB_CACHE=folder),
        warnings.catch_warnings(action="ignore", category=CorpusWarning),
    ):
        for copy in ("one", "two"):
            shutil.copytree(corpora.find("tess"), Path(folder, "tess", copy))
        places = {"CREMA-D": corpora.find("crema-d"), "TESS": corpora.find("tess"), "TESS twice": Path(folder, "tess")}
        return markdown(("corpus", "files", "first time", "second time"), [_row(*each) for each in places.items()])


def _row(name: str, place: Path) -> tuple[str, ...]:
    def first() -> None:
        Path(os.environ["EMOTION_LIB_CACHE"], NAME).unlink(missing_ok=True)
        corpora.load(place)

    times = in_turns({"first": first, "second": partial(corpora.load, place)}, runs=RUNS)
    n_files = sum(path.is_file() for path in place.rglob("*"))
    return (name, str(n_files), *(f"{each.median:.2f} s" for each in times.values()))
