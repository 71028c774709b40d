"""Prediction without TensorFlow: in a warm process, from a cold start, of many files, and of live audio.

In the first table each time is the median over runs, and stands beside something that is done in turns with it: a file
of 2 seconds beside the reading of it; the command, from its start to its end, beside a Python that imports NumPy,
soundfile and ONNX Runtime and ends; a thousand files in one call beside a loop over them. In the second, what is heard
comes in chunks of 20 ms, as from a microphone, and the figure is seconds of CPU time, of all threads, for each second
that is heard: TESS with pauses, digital silence, and loud white noise.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.footprint import markdown
from benchmarks.speed.timing import RUNS, in_turns, ratio
from emotion_lib import EmotionRecognizer, audio, corpora

SHORTEST, LONGEST = 1.9, 2.1
"""Seconds of a file of about 2."""

WARM, MANY = 40, 1000
"""Files that are heard one after the other in a warm process, and in one call."""

FLOOR = "import numpy, soundfile, onnxruntime"
COMMAND = "from emotion_lib.cli import main; main()"

SR = 48_000
"""Rate in Hz of a microphone."""

CHUNK_SECONDS, PAUSE_SECONDS, LIVE_SECONDS = 0.02, 0.7, 30
LOUD = 0.3
"""Standard deviation of the noise: -10 dB re full scale."""

Row = tuple[str, ...]


def table() -> str:
    """Return the table of files, and that of live audio."""
    paths = list(corpora.load("tess")["path"])
    recognizer = EmotionRecognizer.load()
    short = spread(of_two_seconds(paths), WARM)
    rows = [warm(recognizer, short), cold(short[0]), many(recognizer, spread(paths, MANY))]
    files = markdown(("what", "median", "beside", "ratio", "aim"), rows)
    shares = cpu_shares(recognizer, live(paths))
    heard = [(what, f"{100 * share:.2f} %", "at most 10 %") for what, share in shares.items()]
    return "\n".join([files, markdown(("live audio", "share of one core", "aim"), heard)])


def of_two_seconds(paths: Sequence[Path]) -> list[Path]:
    """Return the recordings that have about 2 seconds."""
    return [path for path in paths if SHORTEST <= audio.duration(path) <= LONGEST]


def spread(paths: Sequence[Path], n: int) -> list[Path]:
    """Return `n` recordings from all over a list, or all where it has fewer."""
    return [paths[place] for place in np.unique(np.linspace(0, len(paths) - 1, n).astype(int))]


def warm(recognizer: EmotionRecognizer, paths: Sequence[Path]) -> Row:
    """Time each of some files alone."""
    assert recognizer.settings.sr is not None
    sr = recognizer.settings.sr
    times = in_turns({f"{way} {path}": work for path in paths for way, work in _ways(recognizer, path, sr).items()})
    predicted = statistics.median(times[f"predict {path}"].median for path in paths)
    beside = statistics.median(ratio(times, f"predict {path}", f"read {path}") for path in paths)
    what = f"`predict(path)` of 2 s, warm, {len(paths)} files"
    return (
        what,
        f"{1000 * predicted:.1f} ms",
        f"`audio.read(path, sr={sr})`",
        f"{beside:.1f} times as long",
        "at most 5 ms",
    )


def _ways(recognizer: EmotionRecognizer, path: Path, sr: int) -> dict[str, Callable[[], object]]:
    """Return what is done with a file: it is heard, or read alone."""
    return {"predict": lambda: recognizer.predict(path), "read": lambda: audio.read(path, sr=sr)}


def cold(path: Path) -> Row:
    """Time the command for one file, from its start to its end."""
    times = in_turns({"command": lambda: _python(COMMAND, "predict", str(path)), "floor": lambda: _python(FLOOR)})
    median, beside = times["command"].median, ratio(times, "command", "floor")
    return (
        "`emotion-lib predict FILE`, cold",
        f"{median:.2f} s",
        f'`python -c "{FLOOR}"`',
        f"{beside:.1f} times as long",
        "at most 0.6 s",
    )


def _python(code: str, *arguments: str) -> None:
    """Run some code in a Python of its own."""
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def many(recognizer: EmotionRecognizer, paths: list[Path]) -> Row:
    """Time many files in one call."""
    times = in_turns(
        {"one call": lambda: recognizer.predict(paths), "a loop": lambda: [recognizer.predict(path) for path in paths]}
    )
    a_second, beside = len(paths) / times["one call"].median, ratio(times, "a loop", "one call")
    return (
        f"{len(paths)} files in one call",
        f"{a_second:.0f} a second",
        "a loop",
        f"{beside:.2f} times as fast",
        "at least 400 a second",
    )


def live(paths: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return what a microphone may hear, each as a waveform of `LIVE_SECONDS`."""
    n_samples = LIVE_SECONDS * SR
    noise = np.random.default_rng(0).normal(scale=LOUD, size=n_samples)
    return {
        "speech (TESS, with pauses)": joined(spread(paths, LIVE_SECONDS // 2))[:n_samples],
        "digital silence": np.zeros(n_samples, dtype=np.float32),
        "loud white noise": noise.clip(-1, 1).astype(np.float32),
    }


def joined(paths: Sequence[Path]) -> np.ndarray:
    """Return recordings one after the other, with a pause after each."""
    pause = np.zeros(round(PAUSE_SECONDS * SR), dtype=np.float32)
    return np.concatenate([part for path in paths for part in (audio.read(path, sr=SR)[0], pause)])


def cpu_shares(
    recognizer: EmotionRecognizer, waveforms: Mapping[str, np.ndarray], *, runs: int = RUNS
) -> dict[str, float]:
    """Return seconds of CPU time for each second of live audio, by what is heard: the median of runs in turns."""
    shares: dict[str, list[float]] = {what: [] for what in waveforms}
    for _ in range(runs):
        for what, y in waveforms.items():
            start = time.process_time()
            list(recognizer.stream(chunks(y), SR))
            shares[what].append((time.process_time() - start) / (len(y) / SR))
    return {what: statistics.median(each) for what, each in shares.items()}


def chunks(y: np.ndarray) -> Iterator[np.ndarray]:
    """Yield a waveform as a microphone gives it."""
    length = round(CHUNK_SECONDS * SR)
    return (y[first : first + length] for first in range(0, len(y), length))
