"""The notebooks on TESS, from the first to the last, with nothing extracted before."""

import os
import subprocess
import sys
import tempfile
import time

from benchmarks.footprint import ROOT, markdown
from emotion_lib import corpora


def table() -> str:
    """Return the minutes of one run: it takes as long as a reader waits."""
    corpora.find("tess")  # without it, notebook 03 trains less
    with tempfile.TemporaryDirectory() as cache:
        surroundings = os.environ | {"EMOTION_LIB_CACHE": cache}
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "notebooks/run.py"], cwd=ROOT, env=surroundings, check=True, capture_output=True
        )
    minutes = (time.perf_counter() - start) / 60
    return markdown(("what", "minutes", "aim"), [("the six notebooks on TESS, one run", f"{minutes:.1f}", "at most 8")])
