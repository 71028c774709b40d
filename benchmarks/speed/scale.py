"""Extraction larger than memory and than one machine: what it costs for TESS listed again and again.

    python -m benchmarks.speed.scale          1x, 10x and 100x of TESS, and a cluster of two workers
    python -m benchmarks.speed.scale 30       other scales, run once each, beside 1x

The recordings come one by one out of an iterator, the cache is not asked, and the features go to disk. Each figure of
the first table is of a process of its own: seconds for each time that TESS is listed beside those of a single time (on
a busy machine, processor time says more), and the most memory that the process had. In the second, threads of one
process are beside two worker processes of Dask, one of which is killed (SIGKILL) halfway in the last row; arrays are
compared bit by bit.
"""

import hashlib
import logging
import os
import signal
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import chain, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks.footprint import markdown
from benchmarks.memory import peak
from benchmarks.speed.timing import RUNS, Seconds, in_turns, ratio
from emotion_lib import corpora, extraction
from emotion_lib.features import FeatureSettings

FEATURE = "mean_mfcc"
SCALES = {FEATURE: (1, 10, 100), "mfcc": (1, 3)}
"""How often TESS is listed: the averages, and the frames over time."""

SETTINGS = FeatureSettings(sr=None)
MOST_MB = 1000
HEAD = (
    "extracted to disk",
    "median for 2800",
    "ratio to 1x",
    "ratio of processor time",
    "aim",
    "peak memory",
    "at most",
)

THREADS, WORKERS, KILLED = "threads of this process", "two workers of Dask", "two workers, one killed halfway"
ON_THIS_COMPUTER = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": logging.CRITICAL}


class Cost(NamedTuple):
    """What an extraction took."""

    seconds: float
    processor: float
    mb: float


def table() -> str:
    """Return the table of scales and that of the cluster."""
    costs = [scales(feature, each, runs=RUNS) for feature, each in SCALES.items()]
    return "\n".join([*costs, alone(cluster)])


def scales(feature: str, copies: tuple[int, ...], *, runs: int) -> str:
    """Return the table of one feature, TESS listed once and more often, in turns."""
    rounds = [{each: alone(cost, feature, each) for each in copies} for _ in range(runs)]
    seconds, processor = (
        {str(each): Seconds(tuple(getattr(one[each], name) / each for one in rounds)) for each in copies}
        for name in ("seconds", "processor")
    )
    rows = [
        (
            f"`{feature}`, {each}x ({2800 * each} utterances)",
            f"{seconds[str(each)].median:.2f} s",
            f"{ratio(seconds, str(each), '1'):.2f}",
            f"{ratio(processor, str(each), '1'):.2f}",
            "1 (linear)",
            f"{statistics.median(one[each].mb for one in rounds):.0f} MB",
            f"{MOST_MB} MB",
        )
        for each in copies
    ]
    return markdown(HEAD, rows)


def cost(feature: str, copies: int) -> Cost:
    """Return what it takes to extract TESS, listed some times, in this process."""
    corpus = corpora.load("tess")
    with tempfile.TemporaryDirectory() as folder:
        start, started = time.perf_counter(), time.process_time()
        extraction.extract_to(folder, chain.from_iterable(repeat(corpus["path"], copies)), feature, settings=SETTINGS)
        return Cost(time.perf_counter() - start, time.process_time() - started, peak())


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def cluster() -> str:
    """Return the table of threads beside two workers of Dask, in turns."""
    from distributed import Client, LocalCluster

    paths = list(corpora.load("tess")["path"])
    digests: dict[str, set[str]] = defaultdict(set)

    def extract(name: str, recordings: Iterable[Path], executor: Executor | None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = extraction.extract_to(folder, recordings, FEATURE, settings=SETTINGS, executor=executor)
            digests[name].add(hashlib.sha256(found.load().X.tobytes()).hexdigest())

    with LocalCluster(2, threads_per_worker=1, **ON_THIS_COMPUTER) as workers, Client(workers) as client:
        executor = client.get_executor()
        times = in_turns(
            {
                THREADS: lambda: extract(THREADS, paths, None),
                WORKERS: lambda: extract(WORKERS, paths, executor),
                KILLED: lambda: extract(KILLED, killing_a_worker(paths, client), executor),
            }
        )
    rows = [
        (
            name,
            f"{each.median:.2f} s",
            f"{ratio(times, name, THREADS):.2f}",
            "yes" if digests[name] == digests[THREADS] and len(digests[name]) == 1 else "NO",
        )
        for name, each in times.items()
    ]
    return markdown((f"`{FEATURE}` of 2800 utterances to disk", "median", "ratio to threads", "arrays identical"), rows)


def killing_a_worker(paths: list[Path], client: Any) -> Iterator[Path]:
    """Yield recordings, and kill a worker when half of them are taken."""
    client.wait_for_workers(2)
    process = next(iter(client.run(os.getpid).values()))
    yield from paths[: len(paths) // 2]
    os.kill(process, signal.SIGKILL)
    yield from paths[len(paths) // 2 :]


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.argument("copies", type=click.IntRange(min=2), nargs=-1)
def main(copies: tuple[int, ...]) -> None:
    """Print the tables, or that of other scales."""
    click.echo(scales(FEATURE, (1, *copies), runs=1) if copies else table())


if __name__ == "__main__":
    main()
