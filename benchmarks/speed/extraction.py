"""Extraction: the averages of 40 MFCCs of TESS, beside the loop that everybody writes and the least that it can take.

The loop is librosa's, one file after the other. The floor reads the files and takes one real FFT of their frames, on as
many threads as the library, and nothing else. The features are asked to be the loop's within 0.001.

In the second table, other libraries do the same work on every fifth file, on as many threads.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import librosa
import numpy as np
import pandas as pd
import scipy.fft
import soundfile as sf

from benchmarks.footprint import markdown
from benchmarks.speed.elsewhere import running
from benchmarks.speed.timing import Seconds, in_turns, ratio
from emotion_lib import corpora
from emotion_lib.extraction import Features, extract
from emotion_lib.extraction.extractor import BATCH
from emotion_lib.features import FeatureSettings

AS_RECORDED = FeatureSettings(sr=None)
FLOOR, LOOP = "floor: read, and one FFT", "loop of librosa"
OURS, PEERS = "this library", ("kaldi-native-fbank", "openSMILE", "python_speech_features")


def table() -> str:
    """Return the times of TESS, as ratios to the floor and to librosa's loop."""
    corpus = corpora.load("tess")
    paths = list(corpus["path"])
    with tempfile.TemporaryDirectory() as folder, _cache_in(Path(folder)):
        averages = partial(_extracted, corpus, "mean_mfcc")
        times = in_turns(
            {
                FLOOR: partial(floor, paths),
                "averages, no cache": partial(averages, cache=False),
                "averages, cold cache": partial(_after_emptying, Path(folder), averages),
                "averages, warm cache": averages,
                "frames over time, no cache": partial(_extracted, corpus, "mfcc", cache=False),
                LOOP: partial(loop, paths),
            }
        )
    largest = np.abs(_extracted(corpus, "mean_mfcc", cache=False).X - loop(paths)).max()
    agreement = f"Largest difference from librosa, all files: {largest:.1g}.\n"
    return "\n".join([_shown(times, len(paths)), agreement, beside_peers(corpus[::5].reset_index(drop=True))])


def floor(paths: list[Path]) -> None:
    """Read the files and take one FFT of their frames, on all cores, a batch at a time as the library does."""
    batches = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_floor_of_batch, batches))


def _floor_of_batch(paths: list[Path]) -> None:
    """Read some files and take one FFT of their frames."""
    n_fft, hop_length = AS_RECORDED.n_fft, AS_RECORDED.hop_length
    for path in paths:
        y, _ = sf.read(path, dtype="float32")
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, n_fft // 2), n_fft)[::hop_length]
        scipy.fft.rfft(frames, axis=1)


def loop(paths: list[Path]) -> np.ndarray:
    """Return the averages as librosa gives them, (n_utterances, 40)."""
    return np.stack([_by_librosa(path) for path in paths])


def _by_librosa(path: Path) -> np.ndarray:
    """Return the averages of one file."""
    y, sr = librosa.load(path, sr=None)
    mean: np.ndarray = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40).mean(axis=1)
    return mean


def beside_peers(corpus: pd.DataFrame) -> str:
    """Return the times of other libraries, as ratios to this one."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "paths.txt"
        listed.write_text("\n".join(map(str, corpus["path"])), encoding="utf-8")
        with running("peers", str(listed)) as ask:
            ours = {OURS: partial(_extracted, corpus, "mean_mfcc", cache=False)}
            times = in_turns(ours | {name: partial(_by_peer, ask, name, len(corpus)) for name in PEERS})
    rows = [
        (name, f"{1000 * each.median / len(corpus):.2f}", f"{ratio(times, name, OURS):.1f}")
        for name, each in times.items()
    ]
    return markdown((f"averages of {len(corpus)} files", "ms a file", "times this library"), rows)


def _by_peer(ask: Callable[[str], str], name: str, n_files: int) -> None:
    """Let another library go through the files, and see that it left none out."""
    n_done = int(ask(name))
    if n_done != n_files:
        raise RuntimeError(f"{name}: averages of {n_done} files, not of {n_files}; what it wrote above may say why")


def _extracted(corpus: pd.DataFrame, feature: str, *, cache: bool = True) -> Features:
    """Return what the library extracts."""
    return extract(corpus, feature, settings=AS_RECORDED, cache=cache, progress=False)


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    """Keep the cache in a folder of its own."""
    with mock.patch.dict(os.environ, {"EMOTION_LIB_CACHE": str(folder)}):
        yield


def _after_emptying(folder: Path, way: Callable[[], object]) -> None:
    """Do a thing with an empty cache."""
    for file in folder.iterdir():
        file.unlink()
    way()


def _shown(times: dict[str, Seconds], n_utterances: int) -> str:
    """Return the table: seconds, milliseconds an utterance, and both ratios."""
    rows = [
        (
            name,
            f"{each.median:.2f}",
            f"{1000 * each.median / n_utterances:.2f}",
            f"{ratio(times, name, FLOOR):.2f}",
            f"{ratio(times, LOOP, name):.1f}",
        )
        for name, each in times.items()
    ]
    return markdown(("TESS", "seconds", "ms a file", "times the floor", "times faster than librosa"), rows)
