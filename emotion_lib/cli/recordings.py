"""From what was named on the command line to recordings: files, folders, and standard input."""

import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

from emotion_lib.cli.command import printable

STANDARD_INPUT = "-"


class Recording(NamedTuple):
    """A recording by the name that answers call it, and what is read: a path, or the bytes of standard input."""

    name: str
    source: str | bytes


class Found(NamedTuple):
    """The recordings that were found, and a sentence for each place where there are none."""

    recordings: list[Recording]
    problems: list[str]


def find(paths: Iterable[str]) -> Found:
    """Find every recording that some paths name, in their order; those of a folder are sorted."""
    found = Found([], [])
    for path in paths:
        if path == STANDARD_INPUT:
            found.recordings.append(Recording(path, sys.stdin.buffer.read()))
        elif os.path.isdir(path):
            _look_into(path, found)
        else:
            found.recordings.append(Recording(path, path))
    return found


def _look_into(folder: str, found: Found) -> None:
    from emotion_lib.audio.sources import SUFFIXES, has_audio_suffix, walk

    broken: list[OSError] = []
    names = [name for name in walk(folder, onerror=broken.append) if has_audio_suffix(name)]
    found.recordings.extend(Recording(name, name) for name in names)
    found.problems.extend(f"{printable(str(error.filename))}: cannot be read ({error.strerror})" for error in broken)
    if not names and not broken:
        looked_for = ", ".join(sorted(SUFFIXES))
        found.problems.append(f"{printable(folder)}: no recordings in it or below ({looked_for})")
