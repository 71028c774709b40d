"""A bounded pool of threads that works on many items at once and yields the results in order."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(os.cpu_count() or 1, 8)
"""Number of threads in the pool."""

_AHEAD = 64
"""Items queued ahead for the caller's executor, whose number of workers is unknown; our own threads get two each."""


def map_in_order(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    executor: Executor | None = None,
    stopped: threading.Event | None = None,
) -> Iterator[R]:
    """Call `work` on each item in parallel, and yield the results in the order of the items.

    Threads are enough, because NumPy, SciPy, soundfile, ONNX Runtime and hashlib release Python's global lock while
    they compute. A pool of processes takes longer to start than it saves.

    Parameters
    ----------
    work : callable
        Function of one item.
    items : iterable
        Any number of items; only a few are taken ahead of the results.
    executor : concurrent.futures.Executor, optional
        Executor to run the work; it is not shut down afterwards. By default, threads of this process.
    stopped : threading.Event, optional
        Event that is set when no more results are wanted, so that running work can check it and stop early.

    Yields
    ------
    object
        The result for the next item, as soon as it is ready.

    Examples
    --------
    >>> list(map_in_order(abs, [-1, 2]))
    [1, 2]
    """
    ahead = 2 * THREADS if executor is None else _AHEAD
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(THREADS) if executor is None else nullcontext(executor) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:  # also when the caller stops early: the pool must not wait for work that nobody wants
            if stopped is not None:
                stopped.set()
            for future in pending:
                future.cancel()
