"""Keep the digests of recordings in the cache folder, so that a corpus with copies loads quickly the next time."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

from emotion_lib.errors import CorpusError
from emotion_lib.writing import cache_folder, written_whole

NAME = "digests-1.json"
"""Name of the file in the cache folder; it may be deleted at any time."""


class Digests:
    """The digests of files by path, size and times: a file that changes is read again."""

    def __init__(self) -> None:
        self._path = cache_folder() / NAME
        self._is_changed = False

    @cached_property
    def _kept(self) -> dict[str, dict[str, str]]:
        with suppress(OSError, ValueError):  # it is missing or damaged
            kept = json.loads(self._path.read_bytes())
            if isinstance(kept, dict) and all(isinstance(each, dict) for each in kept.values()):
                return kept
        return {}

    def recall(self, path: str, kind: str, compute: Callable[[], str]) -> str:
        """Return a digest of a file from the cache, or compute it.

        Parameters
        ----------
        path : str
            The file.
        kind : str
            What the digest is of, such as "bytes".
        compute : callable
            Returns the digest.

        Returns
        -------
        str
        """
        try:
            status = os.stat(path)
        except OSError:
            return compute()
        stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        known = self._kept.get(path, {})
        if known.get("stamp") != stamp:
            known = self._kept[path] = {"stamp": stamp}
        if not isinstance(known.get(kind), str):
            known[kind] = compute()
            self._is_changed = True
        return known[kind]

    def keep(self) -> None:
        """Write new digests into the cache folder, without those of files that are gone."""
        if self._is_changed:
            kept = {path: known for path, known in self._kept.items() if os.path.exists(path)}
            with suppress(CorpusError), written_whole(self._path, error=CorpusError) as file:  # the disk may be full
                file.write(json.dumps(kept).encode())
