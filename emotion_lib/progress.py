"""Progress bars that show on a terminal or in a notebook, and vanish when they are done."""

import io
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from tqdm.auto import tqdm
from tqdm.std import tqdm as plain

T = TypeVar("T")

Progress: TypeAlias = bool | Callable[[str], object] | None
"""Whether to show a bar (None: on a terminal or in a notebook), or a function that is told in words how far it is."""


def bar(items: Iterable[T], *, description: str, progress: Progress = None, **options: Any) -> "plain[T]":
    """Wrap an iterable in a progress bar that vanishes when it is done.

    Parameters
    ----------
    items : iterable
        Items to yield, unchanged.
    description : str
        Name of the task, shown before the bar.
    progress : bool, callable or None
        Whether to show the bar; None shows it on a terminal or in a notebook, unless the environment
        variable EMOTION_LIB_PROGRESS is 0. A function is called with a sentence every second instead.
    **options
        Options of tqdm, such as `total`, the number of items, which iterables without a length need.

    Returns
    -------
    tqdm

    Examples
    --------
    >>> list(bar([1, 2], description="Counting", progress=False))
    [1, 2]
    """
    if callable(progress):
        return _InWords(items, desc=description, tell=progress, **options)
    if progress is None:
        ipython = sys.modules.get("IPython")  # in a notebook it has been imported already
        in_notebook = ipython is not None and hasattr(ipython.get_ipython(), "kernel")  # on a terminal: no kernel
        watched = sys.stderr.isatty() or in_notebook
        progress = watched and os.environ.get("EMOTION_LIB_PROGRESS") != "0"
    return tqdm(items, desc=description, leave=False, disable=not progress, **options)


class _InWords(plain):  # type: ignore[type-arg] # at run time tqdm takes no parameter
    """A bar that says in words how far it is."""

    def __init__(self, items: Iterable[T], *, tell: Callable[[str], object], **options: Any) -> None:
        self._tell = tell
        super().__init__(items, file=io.StringIO(), mininterval=1, leave=False, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Tell where it is; when the bar is closed, `msg` is empty."""
        if msg is None:
            of = f" of {self._said(self.total)}" if self.total else ""
            self._tell(f"{self.desc.removesuffix(': ')}: {self._said(self.n)}{of}")

    def _said(self, n: float) -> str:
        if self.unit_scale:
            return f"{plain.format_sizeof(n)}{self.unit}"
        return f"{n}" if self.unit == "it" else f"{n} {self.unit}"
