"""Times of several ways to do one thing, taken in turns, so that a busy moment meets all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True)
class Seconds:
    """The times of one way, one for each run."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The time in the middle."""
        return statistics.median(self.runs)


def in_turns(ways: Mapping[str, Callable[[], object]], *, runs: int = RUNS, warm_up: bool = True) -> dict[str, Seconds]:
    """Time each way once a round.

    Parameters
    ----------
    ways : mapping of str to callable
        What is timed, by name.
    runs : int >= 1
        Rounds.
    warm_up : bool
        Whether a round that does not count goes before.

    Returns
    -------
    dict of str to Seconds
        In the order of `ways`.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(-1 if warm_up else 0, runs):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if run >= 0:
                times[name].append(time.perf_counter() - start)
    return {name: Seconds(tuple(each)) for name, each in times.items()}


def ratio(times: Mapping[str, Seconds], name: str, reference: str) -> float:
    """Return how many times as long one way takes as another: the median over rounds, each round by itself."""
    pairs = zip(times[name].runs, times[reference].runs, strict=True)
    return statistics.median(one / other for one, other in pairs)
