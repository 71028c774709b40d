"""A cache of extracted features, keyed by the content of the recording, the feature and its settings.

The cache is one SQLite file: processes can share it, and a process killed in the middle of a write loses only that
write. The file may be deleted at any time; damaged entries are extracted again.
"""

import os
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import platformdirs

from emotion_lib.audio.sources import digest
from emotion_lib.errors import AudioError, path_of
from emotion_lib.features import FEATURES_VERSION, FeatureSettings
from emotion_lib.parallel import THREADS, map_in_order

T = TypeVar("T")

_TABLES = """
    CREATE TABLE IF NOT EXISTS recordings (path BLOB PRIMARY KEY, stamp TEXT, digest BLOB);
    CREATE TABLE IF NOT EXISTS features
        (digest BLOB, recipe TEXT, checksum INTEGER, value BLOB, PRIMARY KEY (digest, recipe));
"""
# A cache file of this version or an older one (named after a digest of the code), and SQLite's files beside it.
_NAME = re.compile(r"features-(\d+|[0-9a-f]{12})\.sqlite(-journal|-wal|-shm)?")

_DIGESTED_AT_ONCE = 64
_ASKED_AT_ONCE = 500  # older versions of SQLite take at most 999 parameters in one query
_PATIENCE = 20  # seconds to wait while another process writes
_TICK = 2 * 10**9  # nanoseconds; the clocks of file systems tick 1000 times a second, or every two seconds (FAT)

# Errors that do not mean that the file is damaged: it is locked, the disk is full, or access is not allowed.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


class _Identity(NamedTuple):
    """A file at one moment: the stamp is quick to compare, the digest identifies the content.

    A file that was written just before could be written again in the same tick of the clock, with the same stamp. Its
    identity is fresh, and the stamp says nothing.
    """

    stamp: str
    digest: bytes
    fresh: bool = False


class FeatureCache:
    """A cache for one feature with one set of settings.

    A recording is identified by the SHA-256 of its content; if its path, size and times are unchanged, it is not read
    again. A new `FEATURES_VERSION` starts a new file and removes the old one. If another program keeps the file locked,
    the cache is waited for once, and then does without it.

    Parameters
    ----------
    feature : str
        A name in `features.FEATURES`.
    settings : FeatureSettings
        The settings of the extraction.
    """

    def __init__(self, feature: str, settings: FeatureSettings) -> None:
        self.recipe = f"{feature} {settings!r}"
        self.path = folder() / f"features-{FEATURES_VERSION}.sqlite"
        self._identities: dict[Path, _Identity] = {}
        self._locked = False

    def recall(self, paths: Sequence[Path]) -> list[np.ndarray | None]:
        """Return the cached features of recordings.

        Parameters
        ----------
        paths : sequence of Path
            The recordings.

        Returns
        -------
        list of ndarray or None
            One entry per path; None if the cache has no features for the present content of the file.
        """
        self._identities = self._identify(paths)
        nothing: dict[bytes, np.ndarray] = {}
        kept = self._run(self._kept, nothing)
        return [kept.get(self._identities[path].digest) if path in self._identities else None for path in paths]

    def keep(self, values: dict[Path, np.ndarray]) -> None:
        """Add features of recordings that were passed to `recall`, unless their files have changed since then.

        Parameters
        ----------
        values : dict of Path to ndarray
            The features, float32, of one or two dimensions.
        """
        rows = []
        for path, value in values.items():
            identity = self._identities.get(path)
            if (
                identity
                and _stamp(path) == identity.stamp
                and not (identity.fresh and _digest(path) != identity.digest)
            ):
                packed = _pack(value)
                rows.append((identity.digest, self.recipe, self._checksum(identity.digest, packed), packed))
        self._run(lambda connection: _insert(connection, "features", rows), None)

    def _identify(self, paths: Sequence[Path]) -> dict[Path, _Identity]:
        """Return the identity of each readable file; only new or changed files are read."""
        settled = time.time_ns() - _TICK
        stamps = {path: stamp for path in paths if (stamp := _stamp(path))}
        nothing: dict[Path, _Identity] = {}
        identities = self._run(lambda connection: _known_identities(connection, stamps), nothing)
        unknown = [path for path in stamps if path not in identities]
        new = {
            path: _Identity(stamps[path], digest, fresh=_written(stamps[path]) > settled)
            for path, digest in _digest_all(unknown)
            if digest
        }
        rows = [(_key(path), each.stamp, each.digest) for path, each in new.items() if not each.fresh]
        self._run(lambda connection: _insert(connection, "recordings", rows), None)
        return identities | new

    def _kept(self, connection: sqlite3.Connection) -> dict[bytes, np.ndarray]:
        """Return the undamaged features of the files by digest."""
        digests = list({identity.digest for identity in self._identities.values()})
        query = "SELECT digest, checksum, value FROM features WHERE recipe = ? AND digest IN"
        rows = _selected(connection, query, digests, self.recipe)
        return {
            digest: _unpack(packed)
            for digest, checksum, packed in rows
            if isinstance(packed, bytes) and checksum == self._checksum(digest, packed)
        }

    def _checksum(self, digest: bytes, packed: bytes) -> int:
        """Return a checksum that reveals damage of a value or of its key."""
        return zlib.crc32(digest + self.recipe.encode() + packed)

    def _run(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Return the result of `work`, or `otherwise` if the file cannot be used; remove a damaged file."""
        if self._locked:
            return otherwise
        try:
            with closing(self._connect()) as connection, connection:
                return work(connection)
        except OSError:
            return otherwise
        except sqlite3.Error as error:
            # The low byte is the primary code, and the rest only refines it. An error without a code counts as damage.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            self._locked = code == sqlite3.SQLITE_BUSY
            if code not in _PASSING:
                _remove(self.path)
            return otherwise

    def _connect(self) -> sqlite3.Connection:
        """Return a connection to the file, which is created if it is missing."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for old in _files(self.path.parent):
                if not old.name.startswith(self.path.name):
                    _remove(old)
        connection = sqlite3.connect(self.path, timeout=_PATIENCE)
        try:
            # Waiting for the disk takes longer than the extraction; the checksums reveal damage after a loss of power.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_TABLES)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def folder() -> Path:
    """Return the folder of the cache: $EMOTION_LIB_CACHE, or the user's cache folder.

    Returns
    -------
    Path
        The folder, which may not exist yet.
    """
    given = os.environ.get("EMOTION_LIB_CACHE")
    return path_of("EMOTION_LIB_CACHE", given) if given else platformdirs.user_cache_path("emotion_lib")


def kept() -> list[Path]:
    """List the files of the cache, but no other files in its folder.

    Returns
    -------
    list of Path
        Sorted; empty if there is no cache.
    """
    return _files(folder())


def clear() -> None:
    """Delete the files of the cache, but no other files in its folder.

    Raises
    ------
    OSError
        If a file cannot be deleted, for instance on Windows while another process has it open.
    """
    for path in kept():
        path.unlink(missing_ok=True)


def _files(place: Path) -> list[Path]:
    """Return the files in a folder that are named like files of the cache."""
    return sorted(path for path in place.glob("features-*") if _NAME.fullmatch(path.name) and path.is_file())


def _remove(path: Path) -> None:
    """Delete a cache file and its journal; on Windows, leave them if another process has them open."""
    for name in (path, path.with_name(f"{path.name}-journal")):
        with suppress(OSError):
            name.unlink(missing_ok=True)


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _known_identities(connection: sqlite3.Connection, stamps: dict[Path, str]) -> dict[Path, _Identity]:
    """Return the identities of the files whose stamp has not changed."""
    keys = {path: _key(path) for path in stamps}
    # As bytes, since sqlite3 cannot decode damaged text.
    query = "SELECT path, CAST(stamp AS BLOB), CAST(digest AS BLOB) FROM recordings WHERE path IN"
    found = {key: (stamp, digest) for key, stamp, digest in _selected(connection, query, list(keys.values()))}
    known = {path: found[key] for path, key in keys.items() if key in found}
    return {
        path: _Identity(stamps[path], digest)
        for path, (stamp, digest) in known.items()
        if stamp == stamps[path].encode() and digest
    }


def _selected(connection: sqlite3.Connection, query: str, keys: list[bytes], *others: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query that ends in IN, run in portions since SQLite limits the number of parameters."""
    rows = []
    for first in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[first : first + _ASKED_AT_ONCE]
        rows += connection.execute(f"{query} ({', '.join('?' * len(some))})", (*others, *some)).fetchall()
    return rows


def _key(path: Path) -> bytes:
    """Return the absolute path as bytes, since a file name need not be valid text."""
    return os.fsencode(os.path.abspath(path))


def _stamp(path: Path) -> str | None:
    """Return the size and times of a file, which change when it is written, or None if it cannot be accessed."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _written(stamp: str) -> int:
    """Return the later one of the times in a stamp."""
    return max(map(int, stamp.split()[1:]))


def _digest_all(paths: Sequence[Path]) -> Iterator[tuple[Path, bytes | None]]:
    """Return each file with the digest of its content, or with None if it cannot be read."""
    n_at_once = max(1, min(_DIGESTED_AT_ONCE, len(paths) // THREADS))
    some = [paths[first : first + n_at_once] for first in range(0, len(paths), n_at_once)]
    return chain.from_iterable(map_in_order(lambda batch: [(path, _digest(path)) for path in batch], some))


def _digest(path: Path) -> bytes | None:
    try:
        return digest(path, path.name)
    except AudioError:
        return None


def _pack(value: np.ndarray) -> bytes:
    """Return an array of one or two dimensions as bytes: the number of rows (0 for a vector), then the values."""
    n_rows = len(value) if value.ndim == 2 else 0
    return n_rows.to_bytes(4, "little") + value.astype("<f4").tobytes()


def _unpack(packed: bytes) -> np.ndarray:
    n_rows = int.from_bytes(packed[:4], "little")
    value = np.frombuffer(packed, dtype="<f4", offset=4)
    return value.reshape(n_rows, -1) if n_rows else value
