"""Cut a recording of any length into windows of speech, in constant memory."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from emotion_lib.voice import CHUNK_SECONDS, Chunk

SHORTEST, LONGEST = 2.0, 3.0
"""Seconds of a window; a shorter stretch of speech is one window by itself."""

START, STOP = 0.5, 0.3
"""Probabilities of speech: from the first on speech begins, below the second it ends."""

PAUSE = 0.3
"""Seconds that a pause must last to end a stretch of speech."""

LEAST_SPEECH = 0.25
"""Seconds of a sound below which it is not taken for speech."""

_LEAST, _MOST = math.ceil(SHORTEST / CHUNK_SECONDS), math.floor(LONGEST / CHUNK_SECONDS)
_PAUSE, _LEAST_SPEECH = round(PAUSE / CHUNK_SECONDS), round(LEAST_SPEECH / CHUNK_SECONDS)


class Window(NamedTuple):
    """A part of a recording in which somebody speaks: its first sample, and its waveform."""

    first: int
    y: np.ndarray


def windows(chunks: Iterable[Chunk]) -> Iterator[Window]:
    """Yield the windows of speech in a recording, each as soon as it is over.

    A stretch of speech ends with a pause of `PAUSE` seconds. One of more than `LONGEST` seconds is cut into windows
    where it is least like speech: of `SHORTEST` to `LONGEST` seconds each, but for the last two, which share what is
    left and may have 1 second each.

    Parameters
    ----------
    chunks : iterable of Chunk
        The recording, as `voice.heard` gives it.

    Yields
    ------
    Window

    Examples
    --------
    >>> from emotion_lib import voice
    >>> list(windows(voice.heard([np.zeros(16000, dtype=np.float32)], 16000)))
    []
    """
    stretch: list[Chunk] = []
    least = _LEAST_SPEECH
    for chunk in chunks:
        if stretch or chunk.speech >= START:
            stretch.append(chunk)
        if _is_over(stretch):
            yield from _finished(stretch, least)
            stretch, least = [], _LEAST_SPEECH
        elif len(stretch) > _MOST + _LEAST:
            cut = _quietest(stretch, _LEAST, _MOST)
            yield _window(stretch[:cut])
            stretch, least = stretch[cut:], 1  # what goes on from speech need not prove that it is some
    yield from _finished(stretch, least)


def _is_over(stretch: list[Chunk]) -> bool:
    return len(stretch) > _PAUSE and all(chunk.speech < STOP for chunk in stretch[-_PAUSE:])


def _finished(stretch: list[Chunk], least: int) -> Iterator[Window]:
    """Yield the windows of a stretch that is over, without the pause at its end, if `least` chunks are speech."""
    while stretch and stretch[-1].speech < STOP:
        stretch = stretch[:-1]
    if sum(chunk.speech >= STOP for chunk in stretch) < least:
        return
    if len(stretch) > _MOST:
        cut = _quietest(stretch, max(len(stretch) - _MOST, len(stretch) // 3), min(_MOST, 2 * len(stretch) // 3))
        yield _window(stretch[:cut])
        stretch = stretch[cut:]
    yield _window(stretch)


def _quietest(stretch: list[Chunk], first: int, last: int) -> int:
    """Return the number of the chunk that is least like speech, from `first` to `last`."""
    return min(range(first, last + 1), key=lambda number: stretch[number].speech)


def _window(stretch: list[Chunk]) -> Window:
    return Window(stretch[0].first, np.concatenate([chunk.y for chunk in stretch]))
