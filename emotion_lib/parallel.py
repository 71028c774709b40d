"""One bounded pool of threads: many items side by side, answered in order."""

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
"""Threads of this process that work at once."""

_AHEAD = 64
"""Items that the workers of an executor, of which there may be many, have before them; threads have two each."""


def map_in_order(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    executor: Executor | None = None,
    stopped: threading.Event | None = None,
) -> Iterator[R]:
    """Yield what `work` returns for each item, in order, as soon as it is there.

    Threads do it, since what takes time here lets go of the interpreter: NumPy, SciPy, soundfile, ONNX Runtime, a
    digest. A pool of processes starts slower than it gains.

    Parameters
    ----------
    work : callable
        item -> result.
    items : iterable
        Any number; only some are taken ahead.
    executor : concurrent.futures.Executor, optional
        Where the work is done, and left open; in threads of this process when not given.
    stopped : threading.Event, optional
        Set when nobody wants more results, so that work that looks at it can end early.

    Yields
    ------
    what `work` returns

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
        finally:
            if stopped is not None:
                stopped.set()
            for future in pending:
                future.cancel()
