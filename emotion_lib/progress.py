"""Progress bars: shown where somebody watches, and nothing left behind."""

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm.auto import tqdm

T = TypeVar("T")


def bar(items: Iterable[T], *, description: str, progress: bool | None = None, total: int | None = None) -> "tqdm[T]":
    """Go through items behind a progress bar that vanishes when it is done.

    Parameters
    ----------
    items : iterable
        What is gone through, unchanged.
    description : str
        What is being done, shown before the bar.
    progress : bool or None
        Whether the bar is shown; None shows it on a terminal or in a notebook, unless the environment
        variable EMOTION_LIB_PROGRESS is 0.
    total : int or None
        How many items there are, where `items` does not say.

    Returns
    -------
    tqdm

    Examples
    --------
    >>> list(bar([1, 2], description="Counting", progress=False))
    [1, 2]
    """
    if progress is None:
        watched = sys.stderr.isatty() or _in_a_notebook()
        progress = watched and os.environ.get("EMOTION_LIB_PROGRESS") != "0"
    return tqdm(items, desc=description, total=total, leave=False, disable=not progress)


def _in_a_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
