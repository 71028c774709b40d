"""Read ten thousand damaged recordings, and see whether any takes more than an error.

    python -m benchmarks.robustness                       print the table and write robustness.csv
    python -m benchmarks.robustness --files 500           a smaller look
    python -m benchmarks.robustness --reader benchmarks.robustness:read     only read, do not recognise
    python -m benchmarks.robustness --keep FOLDER         keep the files that failed

Small synthetic files of every kind that is read (WAV and its relatives, AIFF, CAF, AU, NIST, FLAC, Ogg, MP3, and M4A
and WebM with the extra `formats`) are damaged in eleven ways, the same for the same seed, and read one by one in a
process of its own, so that a crash or a hang costs one file. The exit status is 1 if any file raised another error
than AudioError, crashed the process, took over a second of the processor, or over 100 MB more memory than a sound
recording, for which the recogniser, its encoder and the packages take 270 MB.
"""

import importlib
import io
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import pandas as pd
import soundfile as sf

from benchmarks.memory import peak
from emotion_lib import EmotionRecognizer, audio
from emotion_lib.errors import AudioError

TABLE = Path(__file__).parent / "robustness.csv"
READER = "benchmarks.robustness:predict"
RATE = 16_000
PATIENCE = 20.0
SLOW = 1.0
LARGE = 100.0

Mutation = Callable[[bytes, np.random.Generator], bytes]


@cache
def recognizer() -> EmotionRecognizer:
    """Return the pretrained recogniser, loaded once."""
    return EmotionRecognizer.load()


def predict(path: Path) -> object:
    """Recognise the emotion in a file."""
    return recognizer().predict(path)


def read(path: Path) -> object:
    """Read a file as the library reads one before it computes features."""
    return audio.read(path, sr=22050)


def read_blocks(path: Path) -> object:
    """Read a file in blocks."""
    return sum(len(block) for block in audio.blocks(path, sr=16_000, seconds=1))


ODD_NUMBERS = (0, 1, 2, 3, 7, 8, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
PLACEHOLDERS = (0, 2_000_000_000, 0x7F00_0008, 0x7FFF_0000, 0x7FFF_FF00, 0xFFFF_FFDB, 2**40, 2**63, 2**64 - 1)
"""Lengths that programs claim when they write into a pipe."""

CHUNKS = (
    b"RIFF",
    b"fmt ",
    b"fact",
    b"data",
    b"ds64",
    b"FORM",
    b"COMM",
    b"SSND",
    b"caff",
    b"desc",
    b".snd",
    b"Xing",
    b"Info",
)
WAV_FIELDS = ((20, 2), (22, 2), (24, 4), (28, 4), (32, 2), (34, 2))
"""Codec, channels, rate, bytes a second, bytes a frame, bits: where they start in a WAV file, and their lengths."""

FLAC_FIELDS = ((8, 2), (10, 2), (12, 3), (15, 3), (18, 2), (20, 2), (21, 5))
"""Block lengths, frame lengths, rate, channels with bits, number of samples."""


@cache
def recordings() -> list[bytes]:
    """Return the recordings before the damage: a fifth of a second, in several encodings."""
    t = np.arange(RATE // 5) / RATE
    mono = 0.4 * np.sin(2 * np.pi * 300 * t) + 0.05 * np.random.default_rng(0).normal(size=len(t))
    stereo = np.stack([mono, -0.5 * mono], axis=1)
    wavs = [(mono, "PCM_16"), (stereo, "PCM_16"), (mono, "PCM_U8"), (stereo, "PCM_24"), (mono, "FLOAT")]
    coded = [(mono, "ULAW"), (mono, "IMA_ADPCM"), (stereo, "MS_ADPCM"), (mono, "GSM610")]
    flacs = [(mono, "PCM_16"), (stereo, "PCM_16"), (stereo, "PCM_24"), (np.zeros(RATE), "PCM_16")]
    kinds = [("WAV", wavs), ("WAV", coded), ("FLAC", flacs), ("FLAC", flacs)]
    kinds += [(kind, [(mono, "PCM_16"), (stereo, "PCM_16")]) for kind in ("RF64", "W64", "CAF", "AIFF", "AU", "NIST")]
    kinds += [
        ("OGG", [(mono, "VORBIS"), (mono, "OPUS")]),
        ("MP3", [(mono, "MPEG_LAYER_III"), (stereo, "MPEG_LAYER_III")]),
    ]
    made = [_encoded(y, kind, subtype) for kind, each in kinds for y, subtype in each]
    untagged = [content[content.find(content[:2], 100) :] for content in made[-2:]]
    renamed = [content.replace(b"RF64", b"BW64", 1) for content in made if content.startswith(b"RF64")]
    return made + untagged + renamed + _of_phones(mono)


def _of_phones(y: np.ndarray) -> list[bytes]:
    """Return a recording as phones write it, if FFmpeg is there."""
    if find_spec("av") is None:
        return []
    import av

    made = []
    for container, codec in (("ipod", "aac"), ("webm", "libopus"), ("adts", "aac")):
        file = io.BytesIO()
        with av.open(file, "w", format=container) as output:
            stream = output.add_stream(codec, rate=48_000, layout="mono")
            assert isinstance(stream, av.AudioStream)
            for start in range(0, len(y), 960):
                samples = np.ascontiguousarray(y[None, start : start + 960], dtype=np.float32)
                frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
                frame.sample_rate, frame.pts = 48_000, start
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        made.append(file.getvalue())
    return made


def _encoded(y: np.ndarray, kind: str, subtype: str) -> bytes:
    """Return the bytes of a recording, the same at any time of day: floats are stamped with it."""
    file = io.BytesIO()
    sf.write(file, y, RATE, format=kind, subtype=subtype)
    content = file.getvalue()
    stamped = content.find(b"PEAK")
    return content if stamped < 0 else _put(content, stamped + 12, 0, 4, "little")


def _below(rng: np.random.Generator, end: int) -> int:
    """Return a number from 0 up to `end`, without it."""
    return int(rng.integers(0, end))


def _pick(rng: np.random.Generator, *numbers: int) -> int:
    """Return one of the numbers."""
    return numbers[_below(rng, len(numbers))]


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip up to 16 bits anywhere."""
    return _flip(content, rng.integers(0, 8 * len(content), rng.integers(1, 17)))


def _header_flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip up to 4 bits of the first 64 bytes."""
    return _flip(content, rng.integers(0, 8 * 64, rng.integers(1, 5)))


def _flip(content: bytes, bits: np.ndarray) -> bytes:
    """Return the bytes with these bits turned round."""
    damaged = bytearray(content)
    for bit in bits:
        damaged[bit // 8] ^= 1 << int(bit % 8)
    return bytes(damaged)


def _truncated(content: bytes, rng: np.random.Generator) -> bytes:
    """Keep the beginning, of any length."""
    return content[: _below(rng, len(content))]


def _with_chunk_size(content: bytes, rng: np.random.Generator) -> bytes:
    """Let one chunk (a metadata block in FLAC) claim another size."""
    if content.startswith(b"fLaC"):
        return _put(content, 5, _pick(rng, *ODD_NUMBERS), 3, "big")
    return _put(content, _chunk(content, rng) + 4, _pick(rng, *ODD_NUMBERS, _below(rng, 2**32)), 4, "little")


def _with_placeholder(content: bytes, rng: np.random.Generator) -> bytes:
    """Let one chunk claim a length that a program writes into a pipe, in either order of the bytes."""
    size, order = _pick(rng, 4, 8), ("little", "big")[_below(rng, 2)]
    return _put(content, _chunk(content, rng) + _pick(rng, 4, 8, 16), _pick(rng, *PLACEHOLDERS), size, order)


def _chunk(content: bytes, rng: np.random.Generator) -> int:
    """Return where one of the chunks begins, or 0 where none is known."""
    return _pick(rng, *{max(0, content.find(name)) for name in CHUNKS if name in content} or {0})


def _with_field(content: bytes, rng: np.random.Generator) -> bytes:
    """Write an odd number into up to three fields of the header."""
    is_flac = content.startswith(b"fLaC")
    for _ in range(rng.integers(1, 4)):
        fields = FLAC_FIELDS if is_flac else WAV_FIELDS
        start, size = fields[_below(rng, len(fields))]
        number = _pick(rng, *ODD_NUMBERS, _below(rng, 2**32))
        content = _put(content, start, number, size, "big" if is_flac else "little")
    return content


def _put(content: bytes, start: int, number: int, size: int, order: str) -> bytes:
    """Return the bytes with a number, as far as it fits, written over them."""
    written = (number % (1 << 8 * size)).to_bytes(size, "big" if order == "big" else "little")
    return content[:start] + written + content[start + size :]


def _with_insertion(content: bytes, rng: np.random.Generator) -> bytes:
    """Put up to 64 random bytes in between, often into the header."""
    start = _below(rng, _pick(rng, 64, len(content)))
    inserted: bytes = rng.bytes(1 + _below(rng, 64))
    return content[:start] + inserted + content[start:]


def _with_deletion(content: bytes, rng: np.random.Generator) -> bytes:
    """Leave out up to 64 bytes, often of the header."""
    start = _below(rng, _pick(rng, 64, len(content)))
    return content[:start] + content[start + 1 + _below(rng, 64) :]


def _joined(content: bytes, rng: np.random.Generator) -> bytes:
    """Put the end of another recording after the whole, or the beginning, of this one."""
    others = recordings()
    other = others[_below(rng, len(others))]
    end = _pick(rng, len(content), _below(rng, len(content)))
    return content[:end] + other[_pick(rng, 0, _below(rng, len(other))) :]


def _repeated(content: bytes, rng: np.random.Generator) -> bytes:
    """Repeat a part up to 50 times."""
    start = _below(rng, len(content))
    end = start + 1 + _below(rng, 200)
    return content[:end] + content[start:end] * (1 + _below(rng, 50)) + content[end:]


def _overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    """Write zeros, ones or noise over up to 500 bytes."""
    start, length = _below(rng, len(content)), 1 + _below(rng, 500)
    fill: bytes = (bytes(length), b"\xff" * length, rng.bytes(length))[_below(rng, 3)]
    return (content[:start] + fill + content[start + length :])[: len(content)]


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": _flipped,
    "bits of the header flipped": _header_flipped,
    "cut short": _truncated,
    "size of a chunk": _with_chunk_size,
    "a placeholder length": _with_placeholder,
    "fields of the header": _with_field,
    "bytes inserted": _with_insertion,
    "bytes deleted": _with_deletion,
    "two files in one": _joined,
    "a part repeated": _repeated,
    "a part overwritten": _overwritten,
}


def damaged(mutation: str, number: int, *, seed: int = 0) -> bytes:
    """Return a damaged recording, the same for the same arguments."""
    rng = np.random.default_rng([seed, list(MUTATIONS).index(mutation), number])
    originals = recordings()
    return MUTATIONS[mutation](originals[number % len(originals)], rng)


class Outcome(NamedTuple):
    """What came of one file: `answer`, `refused`, `crash`, or the name and words of another exception.

    `added_mb` is by how much the peak memory of the process has grown since it read a sound recording.
    """

    what: str
    seconds: float
    added_mb: float


class Worker:
    """A process that reads files, killed and started again when it crashes or hangs."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._start()

    def _start(self) -> None:
        """Start the process, and wait until it has read a sound file."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._reader), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._connection.recv()
        except EOFError as error:
            raise click.ClickException(f"{self._reader} does not survive a sound recording") from error

    def read(self, path: Path) -> Outcome:
        """Return what came of a file."""
        self._connection.send(path)
        try:
            if self._connection.poll(PATIENCE):
                found: Outcome = self._connection.recv()
                return found
        except EOFError:
            pass
        self.stop()
        self._start()
        return Outcome("crash", PATIENCE, 0.0)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def serve(connection: Connection, reader: str) -> None:
    """Read one file after the other, as they come, until nobody sends any: what a worker does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # mpg123 speaks there of what it finds
    function = reader_named(reader)
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        sound.write_bytes(recordings()[0])
        connection.send(_outcome(function, sound, 0.0))
    before = peak()
    while True:
        connection.send(_outcome(function, connection.recv(), before))


def reader_named(reader: str) -> Callable[[Path], object]:
    """Return the function that is called `module:function`."""
    module, _, name = reader.partition(":")
    function: Callable[[Path], object] = getattr(importlib.import_module(module), name)
    return function


def _outcome(function: Callable[[Path], object], path: Path, before: float) -> Outcome:
    """Return what comes of reading a file here."""
    start = time.process_time()
    try:
        function(path)
        what = "answer"
    except AudioError:
        what = "refused"
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        what = f"{type(error).__name__}: {error}"
    return Outcome(what, time.process_time() - start, peak() - before)


@dataclass
class Row:
    """What came of all files of one mutation."""

    mutation: str
    files: int = 0
    answers: int = 0
    refused: int = 0
    other_exceptions: int = 0
    crashes: int = 0
    slowest_s: float = 0.0
    added_mb: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, number: int, outcome: Outcome) -> bool:
        """Count a file, and return whether it failed."""
        self.files += 1
        self.answers += outcome.what == "answer"
        self.refused += outcome.what == "refused"
        self.crashes += outcome.what == "crash"
        self.other_exceptions += outcome.what not in {"answer", "refused", "crash"}
        is_first_large = outcome.added_mb > LARGE >= self.added_mb
        self.slowest_s = max(self.slowest_s, outcome.seconds)
        self.added_mb = max(self.added_mb, outcome.added_mb)
        failed = outcome.what not in {"answer", "refused"} or outcome.seconds > SLOW or is_first_large
        if failed:
            figures = f"{outcome.what}, {outcome.seconds:.2f} s, {outcome.added_mb:.0f} MB more"
            self.failures.append(f"{self.mutation}, file {number}: {figures}")
        return failed


@click.command(help=__doc__.replace("\n\n    ", "\n\n\b\n    "))
@click.option("--files", default=10_000, show_default=True, help="How many files.")
@click.option("--seed", default=0, show_default=True, help="Another seed, other files.")
@click.option("--reader", default=READER, show_default=True, metavar="MODULE:FUNCTION", help="What reads a path.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder to keep the files in that failed.")
@click.option("--table", type=click.Path(path_type=Path), default=TABLE, show_default=True, help="The CSV to write.")
def main(files: int, seed: int, reader: str, keep: Path | None, table: Path) -> None:
    """Damage, read and count."""
    reader_named(reader)
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measured(files, Path(folder), seed=seed, reader=reader, keep=keep))
    counted = pd.DataFrame([vars(row) for row in rows]).drop(columns="failures")
    counted.to_csv(table, index=False, float_format="%.3f")
    click.echo(page(counted))
    failures = [failure for row in rows for failure in row.failures]
    click.echo("\n".join(failures) or "Every file is an answer or an AudioError.")
    sys.exit(bool(failures))


def measured(files: int, folder: Path, *, seed: int, reader: str, keep: Path | None) -> Iterator[Row]:
    """Yield the row of each mutation; a worker reads no more than one, so that the peak is its own."""
    for place, mutation in enumerate(MUTATIONS):
        worker = Worker(reader)
        row = Row(mutation)
        for number in range(place, files, len(MUTATIONS)):
            path = folder / f"{mutation} {number}.wav"
            path.write_bytes(damaged(mutation, number, seed=seed))
            if row.add(number, worker.read(path)) and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / path.name).write_bytes(path.read_bytes())
            path.unlink()
        worker.stop()
        yield row


def page(table: pd.DataFrame) -> str:
    """Return the table as Markdown, its last row the sum and the worst."""
    whole = {name: table[name].sum() for name in table.columns[1:6]}
    worst = {name: table[name].max() for name in table.columns[6:]}
    every = pd.concat([table, pd.DataFrame([{"mutation": "all", **whole, **worst}])])
    shown = every.assign(
        slowest_s=every["slowest_s"].map("{:.3f}".format), added_mb=every["added_mb"].map("{:.0f}".format)
    )
    heads = ["mutation", "files", "answers", "AudioErrors", "other exceptions", "crashes", "slowest (s)", "added (MB)"]
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *shown.to_numpy()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
