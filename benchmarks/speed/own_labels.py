"""Training for labels of one's own: a thousand recordings of TESS, from the files to the recogniser, cache empty."""

import os
import tempfile
import time

import numpy as np

import emotion_lib
from benchmarks.footprint import markdown
from benchmarks.speed.scale import alone
from emotion_lib import corpora

RECORDINGS = 1000


def table() -> str:
    """Return the time of one training, in a process of its own."""
    taken, processor = alone(one_training)
    row = (f"`emotion_lib.train` on {RECORDINGS} recordings", f"{taken:.0f} s", f"{processor:.0f} s", "at most 60 s")
    return markdown(("from files to recogniser", "time", "processor time", "aim"), [row])


def one_training() -> tuple[float, float]:
    """Train once, and return the seconds that passed and those of the processors."""
    tess = corpora.load("tess")
    some = tess.iloc[np.linspace(0, len(tess) - 1, RECORDINGS).astype(int)]
    with tempfile.TemporaryDirectory() as cache:
        os.environ["EMOTION_LIB_CACHE"] = cache
        start, used = time.perf_counter(), time.process_time()
        emotion_lib.train(list(some["path"]), list(some["emotion"]), list(some["speaker"]), progress=False)
        return time.perf_counter() - start, time.process_time() - used
