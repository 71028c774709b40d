"""Check a corpus: read every recording, and list those that are missing, duplicated, unreadable or odd."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import PurePath
from typing import NamedTuple

from emotion_lib import audio
from emotion_lib.audio.decoder import recording as opened
from emotion_lib.corpora.corpus import Corpus
from emotion_lib.corpora.inventory import File, Inventory, NamedRecording, Pair, sound_digest, take_inventory
from emotion_lib.corpora.report import Report, Section, counted
from emotion_lib.corpora.table import open_corpus
from emotion_lib.errors import AudioError


class Finding(NamedTuple):
    """A finding about one recording.

    Attributes
    ----------
    name : str
        The path of the recording in the folder, or its id if it is missing.
    what : str
        The finding in words.
    as_published : bool
        Whether the corpus was published like this.
    """

    name: str
    what: str = ""
    as_published: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.what}" if self.what else self.name


Findings = tuple[Finding, ...]


class Cell(NamedTuple):
    """One combination of speaker, emotion and text in the design of a corpus."""

    speaker: str
    emotion: str
    text: str

    def __str__(self) -> str:
        return f"{self.speaker} {self.text} {self.emotion}"


@dataclass(frozen=True, repr=False)
class CheckReport(Report):
    """The findings of `check`; prints as sentences.

    Attributes
    ----------
    corpus, folder : str
        The name of the corpus and the folder that was checked.
    n_utterances, n_expected : int
        Number of utterances that `load` returns, and number in a complete copy.
    missing : tuple of Finding
        Utterances without a recording.
    doubled : tuple of Finding
        Copies of other recordings: byte-identical ones, and those with the same name and the same samples.
    unreadable : tuple of Finding
        Recordings that cannot be read.
    contradictory : tuple of Finding
        Byte-identical copies of other recordings with another label.
    different : tuple of Finding
        Recordings with other contents than the published ones, and second recordings with the same name.
    converted : tuple of Finding
        Recordings with the name and length of the published ones but other bytes, if most of them are like this. They
        were decoded from a compressed form or resampled, and can be used.
    faulty : tuple of Finding
        Published recordings that `load` leaves out, with the reason.
    foreign : tuple of Finding
        Recordings whose names do not fit this corpus.
    odd : tuple of Finding
        Recordings that can be used but differ from the rest: another rate, two channels, a longer header, AIFF behind
        the name .wav, a misspelt name, silence, the sound of another recording, an end that is missing.
    others : tuple of Finding
        Files that are not audio.
    n_unknown : int
        Number of recordings that were read but not compared, because the library has no SHA-256 for them.
    repair : str
        How to repair this copy; empty for a corpus of your own.
    """

    corpus: str
    folder: str
    n_utterances: int
    n_expected: int
    missing: Findings = ()
    doubled: Findings = ()
    contradictory: Findings = ()
    unreadable: Findings = ()
    different: Findings = ()
    converted: Findings = ()
    faulty: Findings = ()
    foreign: Findings = ()
    odd: Findings = ()
    others: Findings = ()
    n_unknown: int = 0
    repair: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; odd and converted recordings and faults of the published corpus do not count."""
        wrong = (
            *(*self.missing, *self.doubled, *self.contradictory),
            *(*self.unreadable, *self.different, *self.foreign),
        )
        return all(finding.as_published for finding in wrong)

    def _parts(self) -> Iterator[Section]:
        fine = "usable, but converted" if self.converted else "nothing is wrong"
        verdict = fine if self.ok else "something is wrong"
        yield Section(
            f"{self.corpus} in {self.folder}: {self.n_utterances} of {self.n_expected} utterances, {verdict}."
        )
        kinds = {
            "Missing": self.missing,
            "Unreadable": self.unreadable,
            "The same recording with two labels": self.contradictory,
            "Different from the published recording, or from another with the same name": self.different,
            "Left out, with names that do not fit this corpus": self.foreign,
            "Left out, copies of others": self.doubled,
            "Left out, faults of the published corpus": self.faulty,
            "Odd, but usable": self.odd,
            "Other files": self.others,
        }
        for title, findings in kinds.items():
            if findings:
                yield Section(f"{title} ({len(findings)}):", [str(finding) for finding in findings])
        for compared, copies in Counter(finding.what or "same name and length" for finding in self.converted).items():
            yield Section(f"Converted copies, {compared}, other bytes: {copies}.")
        if self.n_unknown:
            n = counted(self.n_unknown, "recording")
            yield Section(f"{n} read but not compared: the library has no SHA-256 of the published files.")
        if self.repair and (self.missing or self.unreadable or self.different or self.converted):
            yield Section(self.repair)


def check(name_or_path: str | os.PathLike[str] = "tess") -> CheckReport:
    """Check a copy of a corpus and list its faults.

    Every recording is read. Corpora with an index are compared with it byte for byte. Many copies are not the original
    bytes but were decoded from a compressed form or resampled: if most recordings differ from the published ones in
    this way alone, with the same name and length, they count as converted. In a folder with names as in TESS, every
    speaker should say every word in every emotion; gaps are reported if at least half of these recordings are present.

    Parameters
    ----------
    name_or_path : str or path, default "tess"
        As for `load`.

    Returns
    -------
    CheckReport
        Prints as sentences; `ok` is True if nothing is wrong.

    Raises
    ------
    CorpusError
        As for `load`.
    """
    corpus, folder, files = open_corpus(name_or_path)
    stock = take_inventory(corpus, files)
    recordings = (*stock.kept, *stock.faulty, *(pair.left_out for pair in stock.rivals))
    probes = [probe(recording) for recording in recordings]
    missing = stock.missing if corpus.ids or corpus.names else _gaps(stock)
    converted = _converted(corpus, probes)
    # These are not reported a second time.
    known = {p.recording.file for p in probes if p.error} | {recording.file for recording in converted}
    return CheckReport(
        corpus=corpus.name,
        folder=str(folder),
        n_utterances=len(stock.kept),
        n_expected=len(corpus.ids) or (len(stock.kept) if corpus.names else len(_present(stock)) + len(missing)),
        missing=tuple(map(Finding, missing)),
        doubled=tuple(sorted(_doubled(corpus, pair) for pair in stock.copies)),
        unreadable=tuple(Finding(p.recording.file.relative, p.error) for p in probes if p.error),
        contradictory=tuple(
            Finding(r.id, f"{r.name.emotion}, but {first.id} is {first.name.emotion}")
            for r, first in stock.contradictions
        ),
        different=_different(corpus, stock, known=known),
        converted=tuple(
            Finding(r.file.relative, "" if r.id in corpus.seconds else "same name (the published length is not known)")
            for r in converted
        ),
        faulty=tuple(Finding(r.file.relative, corpus.left_out[r.id], as_published=True) for r in stock.faulty),
        foreign=tuple(
            Finding(name, "not in the folder of an emotion" if corpus.names else "") for name in stock.strangers
        ),
        odd=(*oddities([p for p in probes if p.recording not in stock.faulty]), *_in_one_copy(stock)),
        others=tuple(Finding(name) for name in stock.others),
        n_unknown=sum(r.id not in corpus.digests for r in stock.kept) if corpus.ids else 0,
        repair=corpus.repair,
    )


def _gaps(stock: Inventory) -> list[str]:
    """Return the combinations of speaker, emotion and text without a recording, if at least half have one."""
    present = _present(stock)
    speakers, emotions, texts = (sorted(set(column)) for column in zip(*present, strict=True))
    crossed = [Cell(*values) for values in product(speakers, emotions, texts)]
    # With fewer than half, the folder was probably not meant to have every combination, and most would be reported.
    return [str(cell) for cell in crossed if cell not in present] if 2 * len(present) >= len(crossed) else []


def _present(stock: Inventory) -> set[Cell]:
    return {Cell(r.name.speaker, r.name.emotion, r.name.text) for r in stock.kept}


def _doubled(corpus: Corpus, pair: Pair) -> Finding:
    """Return the finding for a copy, which may have been published as one."""
    published = corpus.digests.get(pair.left_out.id)
    as_published = pair.left_out.id != pair.kept.id and published == pair.kept.digest
    what = f"a copy of {pair.kept.file.relative}{', as published' if as_published else ''}"
    return Finding(pair.left_out.file.relative, what, as_published)


def _converted(corpus: Corpus, probes: "Sequence[Probe]") -> list[NamedRecording]:
    """Return the recordings with the length but not the bytes of the published ones, if most are like this."""
    converted = [
        p.recording
        for p in probes
        if not p.error
        and p.recording.digest != corpus.digests.get(p.recording.id, p.recording.digest)
        # A resampled copy is up to one sample longer or shorter. The index of nEMO has no lengths.
        and abs(p.samples / p.rate - corpus.seconds.get(p.recording.id, p.samples / p.rate)) <= 1 / p.rate
    ]
    # If only a few differ in this way, they are damaged rather than converted.
    return converted if 2 * len(converted) > len(probes) else []


def _different(corpus: Corpus, stock: Inventory, *, known: set[File]) -> Findings:
    """Return the other recordings that differ from the published ones, or from the one used under their name."""
    published = corpus.digests
    changed = [
        Finding(r.file.relative, "not the published bytes (SHA-256 differs)")
        for r in stock.kept
        if r.file not in known and r.digest != published.get(r.id, r.digest)
    ]
    rivals = [
        Finding(left_out.file.relative, f"another recording of {left_out.id}, left out; {kept.file.relative} is used")
        for left_out, kept in stock.rivals
        if left_out.file not in known
    ]
    return (*changed, *rivals)


def _in_one_copy(stock: Inventory) -> Findings:
    """Return the recordings that are present once, if most of the corpus is present twice."""
    # Archives from Kaggle hold a corpus twice; gaps in either copy would otherwise go unnoticed.
    twice = {pair.kept.id for pair in (*stock.copies, *stock.rivals)}
    once = [recording for recording in stock.kept if recording.id not in twice]
    if 2 * len(once) >= len(stock.kept):
        return ()
    return tuple(Finding(recording.file.relative, "only in one of the two copies of the corpus") for recording in once)


class Probe(NamedTuple):
    """Rate, channels and peak of a recording, or the reason why it cannot be read.

    Attributes
    ----------
    recording : NamedRecording
        The recording.
    rate, channels, samples : int
        The sampling rate in Hz, the number of channels and the number of samples in each.
    start : int
        The byte at which the samples of a WAV file begin; 0 for other formats.
    peak : float
        The largest absolute value of a sample.
    sound : str
        The SHA-256 of its samples.
    error : str
        The reason why it cannot be read; empty if it can.
    notes : tuple of str
        Remarks of the reader, such as an end that is missing.
    """

    recording: NamedRecording
    rate: int = 0
    channels: int = 0
    samples: int = 0
    start: int = 0
    peak: float = 0.0
    sound: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()


def probe(recording: NamedRecording) -> Probe:
    """Return rate, channels and peak of a recording, or the reason why it cannot be read."""
    path = recording.file.path
    notes: list[str] = []
    try:
        y, rate = audio.read(path, notes=notes)
        with opened(path, []) as stream:
            channels = stream.channels
    except AudioError as error:
        name = PurePath(recording.file.relative).name
        return Probe(recording, error=str(error).removeprefix(f"{name}: "))
    peak = float(abs(y).max())
    return Probe(
        recording, rate, channels, len(y), _start_of_samples(path), peak, sound_digest(y, rate), notes=tuple(notes)
    )


def oddities(probes: Sequence[Probe]) -> Iterator[Finding]:
    """Yield a finding for each readable recording that differs from the rest."""
    readable = [p for p in probes if not p.error]
    usual_rate, usual_channels = _most_common(p.rate for p in readable), _most_common(p.channels for p in readable)
    usual_start = _most_common(p.start for p in readable if p.start)
    twins: dict[str, str] = {}
    for recording, rate, channels, _, start, peak, sound, _, notes in readable:
        twin = twins.setdefault(sound, recording.file.relative)
        what = {
            f"the same sound as {twin}": twin != recording.file.relative and peak > 0,
            f"{rate} Hz, most have {usual_rate} Hz": rate != usual_rate,
            f"channels: {channels}, most have {usual_channels}": channels != usual_channels,
            f"samples begin at byte {start}, most at {usual_start}": start not in (0, usual_start),
            "AIFF behind the name .wav": _is_disguised(recording.file),
            f"a misspelt name, read as {recording.name.id}": recording.name.misspelt,
            "silent": peak == 0.0,
            **dict.fromkeys(notes, True),
        }
        if any(what.values()):
            yield Finding(recording.file.relative, "; ".join(text for text, holds in what.items() if holds))


def _most_common(numbers: Iterable[int]) -> int:
    counted = Counter(numbers).most_common(1)
    return counted[0][0] if counted else 0


def _start_of_samples(path: str) -> int:
    """Return the byte at which the samples of a WAV file begin, after all other chunks; 0 for other formats."""
    with open(path, "rb") as file:
        head = file.read(12)
        while head[:4] == b"RIFF" and len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                return file.tell()
            file.seek(size + size % 2, 1)  # a chunk of odd size is followed by one byte of padding
    return 0


def _is_disguised(file: File) -> bool:
    # Two files of TESS are AIFF with the suffix .wav; every AIFF file begins with FORM.
    with open(file.path, "rb") as opened:
        return file.relative.lower().endswith(".wav") and opened.read(4) == b"FORM"
