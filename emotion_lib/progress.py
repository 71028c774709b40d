"""Progress bars that show on a terminal or in a notebook, and vanish when they are done."""

import os
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def bar(items: Iterable[T], *, description: str, progress: bool | None = None, **options: Any) -> "tqdm[T]":
    """Wrap an iterable in a progress bar that vanishes when it is done.

    Parameters
    ----------
    items : iterable
        Items to yield, unchanged.
    description : str
        Name of the task, shown before the bar.
    progress : bool or None
        Whether to show the bar; None shows it on a terminal or in a notebook, unless the environment
        variable EMOTION_LIB_PROGRESS is 0.
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
    ipython = sys.modules.get("IPython")  # in a notebook it has been imported already
    in_notebook = ipython is not None and hasattr(ipython.get_ipython(), "kernel")  # on a terminal: no kernel
    if progress is None:
        watched = sys.stderr.isatty() or in_notebook
        progress = watched and os.environ.get("EMOTION_LIB_PROGRESS") != "0"
    if in_notebook:
        options |= {"file": _Line(), "ascii": False}
    return tqdm(items, desc=description, leave=False, disable=not progress, **options)


class _Line:
    """A file that shows a bar as text in a notebook; the widget of `tqdm.auto` is an error once its kernel is gone."""

    _shown: Any = None

    def write(self, text: str) -> None:
        """Show a bar in place of the last one."""
        from IPython.display import display

        if not text.startswith("\r"):  # to another line, where a bar of its own is
            return
        line = {"text/plain": text.strip()}
        if self._shown is None:
            self._shown = display(line, raw=True, display_id=True)
        else:
            self._shown.update(line, raw=True)

    def flush(self) -> None:
        """Do nothing: all is shown at once."""
