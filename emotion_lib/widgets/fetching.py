"""Say whether a corpus is on this machine, and get it at the press of a button."""

from functools import partial
from threading import Thread
from typing import Any

import traitlets

from emotion_lib import corpora
from emotion_lib.corpora.mirrors import terms
from emotion_lib.corpora.table import CORPORA
from emotion_lib.errors import EmotionLibError
from emotion_lib.widgets.base import Widget, in_words, script


def fetch(name: str = "tess") -> Widget:
    """Say whether a corpus is on this machine; if not, a button gets it.

    The button first shows the size of the download and the licence; pressed again, it downloads the corpus as
    `corpora.fetch` does. Meanwhile, the cells of the notebook can be run.

    Parameters
    ----------
    name : str
        A corpus, as for `corpora.fetch`.

    Returns
    -------
    Widget
        On a static page, it is the sentence that says what is on this machine.

    Raises
    ------
    ParameterError
        If the corpus cannot be fetched.

    Examples
    --------
    >>> import os
    >>> os.environ["EMOTION_LIB_HIDDEN"] = "tess"
    >>> fetch("tess")
    28 of TESS's 2800 recordings come with this notebook, and numbers measured on all of them.
    >>> del os.environ["EMOTION_LIB_HIDDEN"]

    Notebook: 01_explore
    """
    return _Fetch(name)


class _Fetch(Widget):
    """A sentence, and a button that is pressed twice: the first time, it shows the terms."""

    _esm = script("fetch")

    button = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Unicode("").tag(sync=True)

    def __init__(self, name: str) -> None:
        self._name, self._title, n = name, CORPORA[name].short_title, len(CORPORA[name].ids)
        self._terms = f"{terms(name)}. Press “Download {self._title}” to accept this licence and download it."
        self._download: Thread | None = None
        is_here = corpora.is_here(name)
        if is_here:
            self._first = f"All {n} recordings of {self._title} are on this machine."
        elif name == "tess":
            self._first = f"28 of TESS's {n} recordings come with this notebook, and numbers measured on all of them."
        else:
            self._first = f"The {n} recordings of {self._title} are not on this machine."
        super().__init__(says=self._first, button="" if is_here else f"Get {self._title}")

    def __repr__(self) -> str:
        """Return the first sentence."""
        return self._first

    def still(self) -> bytes:
        """Return the first sentence as a picture."""
        return in_words(self._first)

    def _do_press(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Show the terms; if they are shown, begin to download."""
        if self.says == self._first:
            self.says, self.button = self._terms, f"Download {self._title}"
        elif self._download is None:
            self.says, self.button = f"Downloading {self._title} ...", "Downloading ..."
            self._download = Thread(target=self._bring, daemon=True)  # the kernel goes on running cells
            self._download.start()

    def _bring(self) -> None:
        """Download the corpus, and say where it is or why it is not."""
        says, button = "The download stopped.", "Try again"
        try:
            folder = corpora.fetch(self._name, progress=partial(setattr, self, "progress"))
            says, button = f"{self._title} is in {folder}. Run this notebook again from the top to use it.", ""
        except EmotionLibError as error:
            says = str(error)
        finally:
            self._download = None
            with self.hold_sync():
                self.says, self.button, self.progress = says, button, ""
