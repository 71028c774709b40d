"""Many recordings side by side, answered in order; a few at a time, so that there may be any number of them."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
_MOST_WORKERS = 8


def side_by_side(work: Callable[[T, threading.Event], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what `work` returns for each item, in order, as soon as it is there.

    Threads do it: what takes time in a recogniser lets go of the interpreter. When nobody wants more, the event that
    `work` is given is set, so that nobody waits for the rest of a long recording.

    Parameters
    ----------
    work : callable
        (item, event) -> result.
    items : iterable
        At most two for each thread are taken ahead.

    Yields
    ------
    what `work` returns

    Examples
    --------
    >>> list(side_by_side(lambda item, stopped: item + 1, [1, 2]))
    [2, 3]
    """
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    pending: deque[Future[R]] = deque()
    stopped = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item, stopped))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
