"""Kill commands, fill the disk and damage stores, and see whether anything is lost: beside `benchmarks.robustness`.

    python -m benchmarks.crashes                  print the table and write crashes.csv (a quarter of an hour)
    python -m benchmarks.crashes --tries 3        a smaller look
    python -m benchmarks.crashes --kind fetch     make the rows again that have this in their name

Each command works on files of its own, in a process that is killed (SIGKILL) at moments spread over its work, or may
write no file above a size. What it leaves is checked, and the command is run again to its end. A try does harm if the
old file is gone and the new one is not whole, if anything but an error of the library is raised, or if the second run
ends with other contents than a run that nothing disturbed.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from threading import RLock, Thread
from typing import Any, NamedTuple

import click
import numpy as np
import pandas as pd
import soundfile as sf
from tqdm.auto import tqdm

from benchmarks import accuracy
from benchmarks.rows import HERE, Row
from emotion_lib import corpora, extraction, results
from emotion_lib.cli import main as emotion_lib
from emotion_lib.corpora import mirrors
from emotion_lib.corpora.download import Archive
from emotion_lib.errors import CorpusError, EmotionLibError
from emotion_lib.extraction import store
from emotion_lib.features import FeatureSettings
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.writing import written_whole

TABLE = Path(__file__).parent / "crashes.csv"
RATE = 16_000
SETTINGS = FeatureSettings(sr=RATE, n_mfcc=8)
PATIENCE = 120.0
ARCHIVE = "tess.zip"
CONTEXT = multiprocessing.get_context("forkserver")  # imports what is slow to import once for all processes
CONTEXT.set_forkserver_preload(["benchmarks.accuracy", "emotion_lib.corpora.mirrors", "sklearn", "zarr"])


class Outcome(NamedTuple):
    """What came of a try: whether a sentence refused it, and the harm that was done, in words."""

    refused: bool
    harm: str = ""


def inputs(base: Path, *, n_recordings: int = 100) -> None:
    """Write what the commands work on: recordings with names of TESS, and an archive of them."""
    ids = corpora.index("tess")["id"][::28]
    (base / "recordings").mkdir()
    for seed, name in enumerate(ids[:n_recordings]):
        y = 0.1 * np.random.default_rng(seed).normal(size=RATE)
        sf.write(base / "recordings" / f"{name}.wav", y, RATE)
    with zipfile.ZipFile(base / ARCHIVE, "w") as archive:
        for path in sorted((base / "recordings").iterdir()):
            archive.write(path, path.name)


def paths(base: Path) -> list[Path]:
    """Return the recordings."""
    return sorted((base / "recordings").iterdir())


class Command:
    """A command that is disturbed: what it does in a folder, and what is to be found there.

    Parameters
    ----------
    base : Path
        Folder with the recordings.
    """

    def __init__(self, base: Path) -> None:
        self.base = base

    def prepare(self, place: Path) -> None:
        """Put the old file into a folder."""

    def run(self, place: Path) -> None:
        """Do the work."""
        raise NotImplementedError

    def state(self, place: Path) -> Any:
        """Return the contents of what is in a folder, or None if there is nothing; what is not whole is an error."""
        raise NotImplementedError

    def is_between(self, left: Any, before: Any, after: Any) -> bool:
        """Return whether what a kill left is the old or the new, or a whole part of the new."""
        return left in (before, after, None)


class ToFile(Command):
    """`emotion-lib extract` to a file."""

    def prepare(self, place: Path) -> None:
        """Extract another feature."""
        self._extract("duration_level", place)

    def run(self, place: Path) -> None:
        """Extract MFCCs in the place of it."""
        self._extract("mfcc", place)

    def _extract(self, feature: str, place: Path) -> None:
        command = ["extract", str(self.base / "recordings"), "--feature", feature, "--output", str(place / "x.npz")]
        emotion_lib(command, standalone_mode=False)

    def state(self, place: Path) -> Any:
        """Return the arrays in the file."""
        with np.load(place / "x.npz", allow_pickle=False) as arrays:
            return {name: arrays[name].tobytes() for name in arrays}


class ToStore(Command):
    """`extract_to` a Zarr folder, which holds the first half already."""

    def prepare(self, place: Path) -> None:
        """Extract the first half."""
        self._extract(place, len(paths(self.base)) // 2)

    def run(self, place: Path) -> None:
        """Extract the second half."""
        self._extract(place, None)

    def _extract(self, place: Path, n: int | None) -> None:
        store.ROWS, store.CHUNK_BYTES = 8, 2000  # many writes, and chunks that several of them share
        extraction.extract_to(place / "x.zarr", paths(self.base)[:n], "mfcc", settings=SETTINGS)

    def state(self, place: Path) -> Any:
        """Return the features, or nothing if they are not finished."""
        try:
            loaded = extraction.open_stored(place / "x.zarr").load()
        except CorpusError as error:
            if "unfinished" in str(error):
                return None
            raise
        return loaded.X.tobytes(), loaded.lengths.tobytes(), loaded.table["path"].tolist()


class Fetch(Command):
    """`fetch` of a corpus, where a broken copy of it lies."""

    def prepare(self, place: Path) -> None:
        """Put a copy there of which one recording is broken."""
        shutil.copytree(self.base / "recordings", place / "tess")
        min((place / "tess").iterdir()).write_bytes(b"broken")

    def run(self, place: Path) -> None:
        """Fetch the corpus from a server on loopback."""
        address = (self.base / "address").read_text()
        index = corpora.make_index(self.base / "recordings")
        mirrors.fetch("tess", place / "tess", source=Archive(address, retries=0), index=index)

    def state(self, place: Path) -> Any:
        """Return the recordings in place, and those of the broken copy, wherever it is."""
        copies = {
            name: [path.read_bytes() for path in sorted((place / name).rglob("*.wav"))]
            for name in ("tess", "tess.old1")
        }
        whole = len(paths(self.base))
        if any(len(copy) not in {0, whole} for copy in copies.values()) or not any(copies.values()):
            raise AssertionError("a copy is not whole")
        return copies["tess"] or None


class Accuracy(Command):
    """`make accuracy`, with rows of the demo corpus."""

    def prepare(self, place: Path) -> None:
        """Copy the committed table and its pages."""
        for path in (HERE / accuracy.TABLE.name, *(HERE / path.name for path in accuracy.PAGES)):
            shutil.copy(path, place)

    def run(self, place: Path) -> None:
        """Make two rows."""
        accuracy.TABLE = place / accuracy.TABLE.name
        accuracy.PAGES = {place / path.name: show for path, show in accuracy.PAGES.items()}
        demo = tuple(Row("demo", "by_word", model) for model in ("most_frequent", "class_means"))
        accuracy.ROWS = demo  # type: ignore[attr-defined]  # of another module
        accuracy.main(["--all"], standalone_mode=False)

    def state(self, place: Path) -> Any:
        """Return the table without the minutes, and the pages, each of which ends in a whole line."""
        pages = [(place / path.name).read_text("utf-8") for path in accuracy.PAGES]
        if not all(page.endswith("\n") for page in pages):
            raise AssertionError("a page is not whole")
        table = results.read(place / accuracy.TABLE.name).drop(columns="minutes")
        return table.to_csv(index=False).splitlines(), pages

    def is_between(self, left: Any, before: Any, after: Any) -> bool:
        """Return whether the table has all old rows and any of the new ones; the pages follow in the next run."""
        return set(before[0]) <= set(left[0]) <= set(after[0])


class Save(Command):
    """`save` of a recogniser in the place of another."""

    def prepare(self, place: Path) -> None:
        """Save the pretrained recogniser."""
        EmotionRecognizer.load().save(place / "x.emotion")

    def run(self, place: Path) -> None:
        """Save another one."""
        other = EmotionRecognizer.load()
        other.about["note"] = "another"
        other.save(place / "x.emotion")

    def state(self, place: Path) -> Any:
        """Return what the file says of itself."""
        loaded = EmotionRecognizer.load(place / "x.emotion")
        return loaded.about, loaded.trained_on.ids


class Enrol(Save):
    """`emotion-lib enrol` in the place of an earlier voice."""

    def prepare(self, place: Path) -> None:
        """Enrol one voice of the demo corpus."""
        self._enrol("DEA", place)

    def run(self, place: Path) -> None:
        """Enrol the other."""
        self._enrol("DEB", place)

    def _enrol(self, voice: str, place: Path) -> None:
        demo = corpora.load("demo").query("speaker == @voice and emotion == 'neutral'")
        emotion_lib(
            ["enrol", *map(str, demo["path"][:3]), "--emotion", "neutral", "--output", str(place / "x.emotion")],
            standalone_mode=False,
        )


COMMANDS: dict[str, type[Command]] = {
    "extract to a file": ToFile,
    "extract to a Zarr folder": ToStore,
    "fetch": Fetch,
    "make accuracy": Accuracy,
    "save": Save,
    "enrol": Enrol,
}


class Disturbed:
    """A command in a process of its own, which waits until it is told to begin."""

    def __init__(self, name: str, base: Path, place: Path, *, most_bytes: int | None = None) -> None:
        self._connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=serve, args=(theirs, name, base, place, most_bytes), daemon=True)
        self.process.start()
        theirs.close()
        self._connection.recv()

    def begin(self) -> None:
        """Let the command begin."""
        self._connection.send("go")

    def end(self) -> str:
        """Return how it ended: nothing, an error of the library, the name of another error, or `killed`."""
        try:
            said: str = self._connection.recv() if self._connection.poll(PATIENCE) else "hangs"
        except EOFError:
            said = "killed"
        self.process.kill()
        self.process.join()
        return said


def serve(connection: Connection, name: str, base: Path, place: Path, most_bytes: int | None) -> None:
    """Run a command once it is told to: what the process does."""
    os.environ.update({"EMOTION_LIB_CACHE": str(place / "cache"), "EMOTION_LIB_PROGRESS": "0"})
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    tqdm.set_lock(RLock())  # by default one of the system, which stays there after a kill
    connection.send("ready")
    connection.recv()
    if most_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
    try:
        COMMANDS[name](base).run(place)
        said = ""
    except (EmotionLibError, click.ClickException) as error:
        said = f"refused: {error}"
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        said = f"{type(error).__name__}: {error}"
    connection.send(said)


class Tried(NamedTuple):
    """A command with the folders of its tries, what is there before and after, and how long it takes."""

    name: str
    base: Path
    before: Any
    after: Any
    seconds: float

    @property
    def command(self) -> Command:
        """The command."""
        return COMMANDS[self.name](self.base)

    def fresh(self) -> Path:
        """Return a folder with the old file."""
        place = self.base / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.base / self.name / "before", place)
        return place

    def outcome(self, place: Path, *ends: str) -> Outcome:
        """Return what came of a try: what is left, and what a second run makes of it."""
        refused = any(end.startswith("refused") for end in ends)
        wrong = [end for end in ends if end not in {"", "killed"} and not end.startswith("refused")]
        try:
            if not self.command.is_between(self.command.state(place), self.before, self.after):
                wrong.append("what is left is neither the old nor the new")
            again = Disturbed(self.name, self.base, place)
            again.begin()
            if said := again.end():
                wrong.append(f"the second run: {said}")
            elif self.command.state(place) != self.after:
                wrong.append("the second run ends with other contents")
        except Exception as error:  # noqa: BLE001 (any error says that something is not whole)
            wrong.append(f"{type(error).__name__}: {error}")
        return Outcome(refused, "; ".join(wrong))


def undisturbed(name: str, base: Path) -> Tried:
    """Run a command once without a disturbance."""
    command, old = COMMANDS[name](base), base / name / "before"
    old.mkdir(parents=True)
    command.prepare(old)
    before = command.state(old)
    tried = Tried(name, base, before, None, 0.0)
    place = tried.fresh()
    run = Disturbed(name, base, place)
    start = time.perf_counter()
    run.begin()
    if said := run.end():
        raise click.ClickException(f"{name}, undisturbed: {said}")
    return tried._replace(after=command.state(place), seconds=time.perf_counter() - start)


def killed(tried: Tried, number: int, tries: int) -> Outcome:
    """Kill a command at one of so many moments."""
    place = tried.fresh()
    run = Disturbed(tried.name, tried.base, place)
    run.begin()
    run.process.join((number + 0.5) / tries * tried.seconds)
    run.process.kill()
    return tried.outcome(place, run.end())


def on_full_disk(tried: Tried, number: int, tries: int) -> Outcome:
    """Let a command write no file above one of so many sizes, up to that of the largest of its files."""
    place = tried.fresh()
    largest = (tried.base / ARCHIVE).stat().st_size
    run = Disturbed(tried.name, tried.base, place, most_bytes=int(largest ** ((number + 0.5) / tries)))
    run.begin()
    return tried.outcome(place, run.end())


def twice_at_once(tried: Tried, number: int, tries: int) -> Outcome:
    """Start a command twice at the same time, or the second one a little later."""
    place = tried.fresh()
    runs = [Disturbed(tried.name, tried.base, place) for _ in range(2)]
    runs[0].begin()
    time.sleep(number / tries * tried.seconds)
    runs[1].begin()
    return tried.outcome(place, *(run.end() for run in runs))


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    place = int(rng.integers(len(content)))
    return content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :]


def _overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    start, noise = int(rng.integers(len(content))), rng.bytes(int(rng.integers(1, 500)))
    return (content[:start] + noise + content[start + len(noise) :])[: len(content)]


DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "a bit flipped": _flipped,
    "cut short": lambda content, rng: content[: rng.integers(len(content))],
    "a part overwritten": _overwritten,
    "a part of zeros": lambda content, rng: content[: (n := int(rng.integers(len(content))))] + bytes(len(content) - n),
    "more at the end": lambda content, rng: content + rng.bytes(8),
}
"""Damages of one file of a Zarr folder."""


def damaged(damage: str, tried: Tried, number: int, tries: int) -> Outcome:
    """Damage one file of a finished store, read it, and go on with it."""
    rng = np.random.default_rng([list(DAMAGES).index(damage), number])
    place = tried.fresh()
    files = sorted(path for path in (place / "x.zarr").rglob("*") if path.is_file() and path.stat().st_size)
    file = files[int(rng.integers(len(files)))]
    file.write_bytes(DAMAGES[damage](file.read_bytes(), rng))
    refused, wrong = False, []
    for expected, run in ((tried.before, lambda _: None), (tried.after, tried.command.run)):
        try:
            run(place)
            if tried.command.state(place) != expected:
                wrong.append("other contents")
        except CorpusError:
            refused = True
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
            wrong.append(f"{type(error).__name__}: {error}")
    where = file.relative_to(place)
    return Outcome(refused, "; ".join(f"{where}: {each}" for each in wrong))


Try = Callable[[Tried, int, int], Outcome]


KINDS: dict[str, tuple[str, Try, int]] = {
    **{f"{name}, killed": (name, killed, 1) for name in COMMANDS},
    **{f"{name}, disk full": (name, on_full_disk, 1) for name in COMMANDS},
    **{f"{name}, two at once": (name, twice_at_once, 1) for name in ("extract to a Zarr folder", "fetch")},
    **{f"a store, {damage}": ("extract to a Zarr folder", partial(damaged, damage), 5) for damage in DAMAGES},
}
"""The kinds of disturbance: the command, what is done to it, and how many times as often as others."""


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--tries", default=20, show_default=True, help="How many moments, or sizes; five times as many damages.")
@click.option("--kind", default="", metavar="WORDS", help="Only the kinds with these words in their name.")
@click.option("--table", type=click.Path(path_type=Path), default=TABLE, show_default=True, help="The CSV to write.")
def main(tries: int, kind: str, table: Path) -> None:
    """Disturb, look and count."""
    chosen = {name: each for name, each in KINDS.items() if kind in name}
    harms: list[str] = []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as base:
        tried = {name: undisturbed(name, base) for name in {command for command, *_ in chosen.values()}}
        for name, (command, disturb, times) in chosen.items():
            found = [disturb(tried[command], number, times * tries) for number in range(times * tries)]
            harms += [f"{name}, try {number}: {one.harm}" for number, one in enumerate(found) if one.harm]
            keep(table, name, found)
    click.echo(results.to_markdown(pd.read_csv(table, index_col="kind", dtype=str)))
    click.echo("\n".join(harms) or "Nothing was lost.")
    sys.exit(bool(harms))


def keep(table: Path, kind: str, found: list[Outcome]) -> None:
    """Put the row of a kind into the table as soon as it is done."""
    rows = (
        pd.read_csv(table, index_col="kind") if table.exists() else pd.DataFrame(columns=["tries", "refused", "harmed"])
    )
    rows.loc[kind] = [len(found), sum(one.refused for one in found), sum(bool(one.harm) for one in found)]
    rows = rows.reindex([name for name in KINDS if name in rows.index])
    with written_whole(table, error=EmotionLibError) as file:
        file.write(rows.to_csv(index_label="kind", lineterminator="\n").encode())


@contextmanager
def served(base: Path) -> Iterator[Path]:
    """Write what the commands work on into a folder, and serve the archive of it on loopback."""
    inputs(base)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(base))) as server:
        (base / "address").write_text(f"http://127.0.0.1:{server.server_port}/{ARCHIVE}")
        Thread(target=server.serve_forever, daemon=True).start()
        yield base
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


if __name__ == "__main__":
    main()
