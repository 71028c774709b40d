"""Listen to recordings one by one: whether each can be read, and what about it is unlike the rest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

import soundfile as sf

from emotion_lib import audio
from emotion_lib.corpora.files import File
from emotion_lib.corpora.stock import Recording
from emotion_lib.errors import AudioError


class Heard(NamedTuple):
    """What was heard of a recording, or why it cannot be read.

    Attributes
    ----------
    recording : Recording
        The recording.
    rate, channels : int
        Its sampling rate in Hz and its channels.
    start : int
        The byte at which the samples of a WAV file begin; 0 for other formats.
    peak : float
        The largest sample, whatever its sign.
    error : str
        Why it cannot be read; empty where it can.
    """

    recording: Recording
    rate: int = 0
    channels: int = 0
    start: int = 0
    peak: float = 0.0
    error: str = ""


class Oddity(NamedTuple):
    """All that is unlike the rest about a recording."""

    recording: Recording
    what: str


def hear(recording: Recording) -> Heard:
    """Read a recording."""
    path = recording.file.path
    try:
        y, rate = audio.read(path)
    except AudioError as error:
        name = PurePath(recording.file.relative).name
        return Heard(recording, error=str(error).removeprefix(f"{name}: "))
    return Heard(recording, rate, sf.info(path).channels, _start_of_samples(path), float(abs(y).max()))


def oddities(heard: Sequence[Heard]) -> Iterator[Oddity]:
    """Yield the recordings that can be read and are unlike the rest, and in what."""
    readable = [h for h in heard if not h.error]
    usual_rate, usual_channels = _usual(h.rate for h in readable), _usual(h.channels for h in readable)
    usual_start = _usual(h.start for h in readable if h.start)
    for recording, rate, channels, start, peak, _ in readable:
        what = {
            f"{rate} Hz, most have {usual_rate} Hz": rate != usual_rate,
            f"channels: {channels}, most have {usual_channels}": channels != usual_channels,
            f"samples begin at byte {start}, in most at {usual_start}": start not in (0, usual_start),
            "AIFF behind the name .wav": _is_disguised(recording.file),
            f"a misspelt name, read as {recording.name.id}": recording.name.misspelt,
            "silent": peak == 0.0,
        }
        if any(what.values()):
            yield Oddity(recording, "; ".join(text for text, holds in what.items() if holds))


def _usual(numbers: Iterable[int]) -> int:
    counted = Counter(numbers).most_common(1)
    return counted[0][0] if counted else 0


def _start_of_samples(path: str) -> int:
    """Return the byte at which the samples of a WAV file begin, after whatever chunks; 0 for other formats."""
    with open(path, "rb") as file:
        head = file.read(12)
        while head[:4] == b"RIFF" and len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                return file.tell()
            file.seek(size + size % 2, 1)
    return 0


def _is_disguised(file: File) -> bool:
    with open(file.path, "rb") as opened:
        return file.relative.lower().endswith(".wav") and opened.read(4) == b"FORM"
