"""Check a copy of a corpus: read every recording, and say by name what is missing, doubled, unreadable or odd."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import PurePath
from typing import NamedTuple

from emotion_lib import audio
from emotion_lib.corpora.base import Corpus, read_index
from emotion_lib.corpora.files import File
from emotion_lib.corpora.loading import open_corpus
from emotion_lib.corpora.prose import Part, Prose
from emotion_lib.corpora.stock import Recording, Stock, take_stock
from emotion_lib.errors import AudioError


class Finding(NamedTuple):
    """What was found about one recording; `name` is its path in the folder, or its id where it is missing."""

    name: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.what}" if self.what else self.name


Findings = tuple[Finding, ...]


class Heard(NamedTuple):
    """A recording, and its rate and peak, or why it cannot be read."""

    recording: Recording
    rate: int = 0
    peak: float = 0.0
    error: str = ""


class Cell(NamedTuple):
    """One place in the design of a corpus."""

    speaker: str
    emotion: str
    text: str


@dataclass(frozen=True, repr=False)
class CheckReport(Prose):
    """What `check` found; prints as sentences.

    Attributes
    ----------
    corpus, folder : str
        What was checked.
    n_utterances, n_expected : int
        How many utterances `load` gives, and how many there are by the design of the corpus.
    missing : tuple of Finding
        Utterances that are not there.
    doubled : tuple of Finding
        Byte-identical copies of other recordings.
    unreadable : tuple of Finding
        Recordings that cannot be read.
    different : tuple of Finding
        Contents other than the published ones, or a second recording of one name.
    foreign : tuple of Finding
        Files whose names are not of this corpus.
    odd : tuple of Finding
        What can be used but is unlike the rest: another rate, AIFF behind the name .wav, a misspelt name, silence.
    others : tuple of Finding
        Files that are no recordings.
    repair : str
        How to mend this copy; empty for a folder of your own.
    """

    corpus: str
    folder: str
    n_utterances: int
    n_expected: int
    missing: Findings = ()
    doubled: Findings = ()
    unreadable: Findings = ()
    different: Findings = ()
    foreign: Findings = ()
    odd: Findings = ()
    others: Findings = ()
    repair: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; what is only odd, as some of TESS is, is not wrong."""
        return not (self.missing or self.doubled or self.unreadable or self.different or self.foreign)

    def _parts(self) -> Iterator[Part]:
        """Yield the verdict, then each kind of finding with its names."""
        verdict = "nothing is wrong" if self.ok else "not all is well"
        yield Part(f"{self.corpus} in {self.folder}: {self.n_utterances} of {self.n_expected} utterances, {verdict}.")
        kinds = {
            "Missing": self.missing,
            "Unreadable": self.unreadable,
            "Different from what was published, or from another of the same name": self.different,
            "Not named as in this corpus, left out": self.foreign,
            "Doubled, left out": self.doubled,
            "Odd, but usable": self.odd,
            "Beside them, no recordings": self.others,
        }
        for title, findings in kinds.items():
            if findings:
                yield Part(f"{title} ({len(findings)}):", [str(finding) for finding in findings])
        if self.repair and (self.missing or self.unreadable or self.different):
            yield Part(self.repair)


def check(name_or_path: str | os.PathLike[str] = "tess") -> CheckReport:
    """Check a copy of a corpus, and name whatever is not as it should be.

    Every recording is read. TESS and the demo corpus are compared with their index, byte for byte; any other folder
    with its own design, speakers by emotions by words, where at least half of that is there.

    Parameters
    ----------
    name_or_path : str or path, default "tess"
        As for `load`.

    Returns
    -------
    CheckReport
        Prints as sentences; `ok` tells whether nothing is wrong.

    Raises
    ------
    CorpusError
        If the corpus or folder is not found, or has no recordings that are named as TESS names them.

    Notes
    -----
    Notebook: 01_explore
    """
    corpus, folder, files = open_corpus(name_or_path)
    stock = take_stock(corpus, files)
    heard = [_hear(recording) for recording in (*stock.kept, *(pair.left_out for pair in stock.rivals))]
    design = _design(corpus, stock)
    return CheckReport(
        corpus=corpus.name,
        folder=str(folder),
        n_utterances=len(stock.kept),
        n_expected=len(design),
        missing=_missing(design, stock),
        doubled=tuple(
            sorted(Finding(p.left_out.file.relative, f"a copy of {p.kept.file.relative}") for p in stock.copies)
        ),
        unreadable=tuple(Finding(h.recording.file.relative, h.error) for h in heard if h.error),
        different=_different(corpus, stock, unreadable={h.recording.file for h in heard if h.error}),
        foreign=tuple(Finding(name) for name in stock.strangers),
        odd=(*_odd(heard), *_in_one_copy(stock)),
        others=tuple(Finding(name) for name in stock.others),
        repair=corpus.repair,
    )


def _hear(recording: Recording) -> Heard:
    """Read a recording."""
    try:
        y, rate = audio.read(recording.file.path)
    except AudioError as error:
        name = PurePath(recording.file.relative).name
        return Heard(recording, error=str(error).removeprefix(f"{name}: "))
    return Heard(recording, rate, float(abs(y).max()))


def _design(corpus: Corpus, stock: Stock) -> dict[Cell, str]:
    """Return what ought to be there, with the name of each."""
    if corpus.has_index:
        table = read_index(corpus.name)
        cells = map(Cell, table["speaker"], table["emotion"], table["text"])
        return dict(zip(cells, table["id"], strict=True))
    present = _present(stock)
    speakers, emotions, texts = (sorted(set(column)) for column in zip(*present, strict=True))
    crossed = [Cell(*values) for values in product(speakers, emotions, texts)]
    wanted = crossed if 2 * len(present) >= len(crossed) else sorted(present)
    return {cell: f"{cell.speaker} {cell.text} {cell.emotion}" for cell in wanted}


def _present(stock: Stock) -> set[Cell]:
    """Return which places of the design are filled."""
    return {Cell(r.name.speaker, r.name.emotion, r.name.text) for r in stock.kept}


def _missing(design: dict[Cell, str], stock: Stock) -> Findings:
    """Return what ought to be there and is not."""
    present = _present(stock)
    return tuple(Finding(name) for cell, name in design.items() if cell not in present)


def _different(corpus: Corpus, stock: Stock, *, unreadable: set[File]) -> Findings:
    """Return the readable recordings with other contents than the published, or than the one that is used."""
    published = corpus.digests
    changed = [
        Finding(r.file.relative, "not the published bytes (SHA-256 differs)")
        for r in stock.kept
        if r.file not in unreadable and r.digest != published.get(r.id, r.digest)
    ]
    rivals = [
        Finding(left_out.file.relative, f"another recording of {left_out.id}, left out; {kept.file.relative} is used")
        for left_out, kept in stock.rivals
        if left_out.file not in unreadable
    ]
    return (*changed, *rivals)


def _odd(heard: Sequence[Heard]) -> Iterator[Finding]:
    """Yield what is unlike the rest about recordings that can be read."""
    readable = [h for h in heard if not h.error]
    usual = Counter(h.rate for h in readable).most_common(1)[0][0] if readable else 0
    for recording, rate, peak, _ in readable:
        what = {
            f"{rate} Hz, most have {usual} Hz": rate != usual,
            "AIFF behind the name .wav": _is_disguised(recording.file),
            f"a misspelt name, read as {recording.name.id}": recording.name.misspelt,
            "silent": peak == 0.0,
        }
        yield from (Finding(recording.file.relative, text) for text, holds in what.items() if holds)


def _is_disguised(file: File) -> bool:
    """Return whether a file is AIFF by its first bytes and WAV by its name."""
    with open(file.path, "rb") as opened:
        return file.relative.lower().endswith(".wav") and opened.read(4) == b"FORM"


def _in_one_copy(stock: Stock) -> Findings:
    """Return, where most of the corpus is there twice, the recordings that are there once."""
    twice = {pair.kept.id for pair in (*stock.copies, *stock.rivals)}
    once = [recording for recording in stock.kept if recording.id not in twice]
    if 2 * len(once) >= len(stock.kept):
        return ()
    return tuple(Finding(recording.file.relative, "in one of the two copies only") for recording in once)
