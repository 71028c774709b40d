"""Where somebody speaks: whether there is sound, whether it is speech, and windows of speech in long recordings.

The judge of speech is Silero VAD (Silero Team 2021, https://github.com/snakers4/silero-vad), a small recurrent network
that judges 32 ms at a time; it comes with this package (`benchmarks/voice_activity.py` made the file).
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import soxr

CHUNK_SECONDS = 0.032
"""Seconds that are judged at a time."""

SILENCE_DB = -60.0
"""Level in dB re full scale below which the loudest 32 ms of a recording are silence."""

SPEECH = 0.3
"""Probability of speech from which on a recording has some.

Lower than the 0.5 that Silero advises, since screams and whispers are speech here. Noise, tones, clicks and silence
stay below 0.21.
"""

SPEECH_NETWORK = "voice_activity.onnx"
"""Name of the network in `emotion_lib/pretrained`."""

_SR = 16_000
_CHUNK = 512
_UNITS = 128
_BEFORE_THE_LOUDEST = 3
_TOGETHER = 4  # chunks: speech is mostly found in the first one or two
_PEAK = 0.7
_SOFTEST_PEAK = 0.003  # that of the softest sound which is no silence
_LATELY = 94  # chunks, 3 seconds


class Chunk(NamedTuple):
    """32 ms of a recording: its first sample, its waveform, its level in dB, and how probably it is speech."""

    first: int
    y: np.ndarray
    level: float
    speech: float


def is_silent(y: np.ndarray, sr: int) -> bool:
    """Return whether even the loudest 32 ms are silence.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_silent(np.zeros(16000, dtype=np.float32), 16000)
    True
    """
    return bool(_levels(_chunked(_at_16_khz(y, sr))).max(initial=-np.inf) < SILENCE_DB)


def has_speech(y: np.ndarray, sr: int) -> bool:
    """Return whether somebody speaks.

    The loudest place is judged first, with what leads up to it, since speech is mostly there; only where it holds
    none is the whole waveform judged. A quiet recording is amplified first.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    bool

    Examples
    --------
    >>> has_speech(np.sin(np.arange(16000, dtype=np.float32)), 16000)
    False
    """
    if not y.any():
        return False
    scaled = y.astype(np.float64) * (_PEAK / max(_peak(y), 1e-38))
    chunks = _chunked(_at_16_khz(scaled.astype(np.float32), sr))
    first = max(0, int(_levels(chunks).argmax()) - _BEFORE_THE_LOUDEST)
    return _any_speech(chunks[first:]) or (first > 0 and _any_speech(chunks))


def detect(blocks: Iterable[np.ndarray], sr: int) -> Iterator[Chunk]:
    """Detect speech in a waveform as it comes, 32 ms after 32 ms.

    Whoever speaks softly is amplified: as much as the loudest place of the last 3 seconds allows.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,), float32
        The waveform, in parts of any length.
    sr : int > 0
        Its sampling rate in Hz.

    Yields
    ------
    Chunk
        As soon as its samples are there; the last one may be shorter. What is silent is no speech.

    Examples
    --------
    >>> [len(chunk.y) for chunk in detect([np.zeros(1000, dtype=np.float32)] * 2, 16000)]
    [512, 512, 512, 464]
    """
    detector = _Detector()
    peaks: deque[float] = deque(maxlen=_LATELY)
    for first, y in parts(blocks, sr, seconds=CHUNK_SECONDS):
        chunk = _fitted(_at_16_khz(y, sr))
        level = float(_levels(chunk[None])[0])
        peaks.append(_peak(chunk))
        gain = np.float32(max(1.0, _PEAK / max(_SOFTEST_PEAK, *peaks)))
        speech = float(detector.predict(gain * chunk[None])[0]) if level >= SILENCE_DB else 0.0
        yield Chunk(first, y, level, speech)


def parts(blocks: Iterable[np.ndarray], sr: int, *, seconds: float) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a waveform into parts of one length, as it comes.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,), float32
        The waveform, in parts of any length.
    sr : int > 0
        Its sampling rate in Hz.
    seconds : float > 0
        Length of a part; where that is no whole number of samples, parts differ by one, so that none drifts.

    Yields
    ------
    first : int
        Number of the part's first sample.
    y : ndarray of shape (n_samples,), float32
        The part, as soon as its samples are there; the last one may be shorter.

    Examples
    --------
    >>> [(first, len(y)) for first, y in parts([np.zeros(7)], 5, seconds=0.5)]
    [(0, 2), (2, 3), (5, 2)]
    """
    number, first, rest = 1, 0, np.empty(0, dtype=np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) >= (length := max(1, round(number * seconds * sr) - first)):
            yield first, rest[:length]
            number, first, rest = number + 1, first + length, rest[length:]
    if len(rest):
        yield first, rest


def _peak(y: np.ndarray) -> float:
    return float(np.abs(y).max(initial=0))


def _at_16_khz(y: np.ndarray, sr: int) -> np.ndarray:
    if sr == _SR:
        return y
    resampled: np.ndarray = soxr.resample(y, sr, _SR, quality="QQ")
    return resampled


def _fitted(y: np.ndarray) -> np.ndarray:
    """Return a waveform of exactly one chunk."""
    return np.pad(y[:_CHUNK], (0, max(0, _CHUNK - len(y))))


def _chunked(y: np.ndarray) -> np.ndarray:
    """Return the waveform in chunks, (n_chunks, 512), the last one filled up with silence."""
    return np.pad(y, (0, -len(y) % _CHUNK)).reshape(-1, _CHUNK)


def _levels(chunks: np.ndarray) -> np.ndarray:
    power = np.square(chunks).mean(axis=1)
    decibels: np.ndarray = 10 * np.log10(np.maximum(power, 1e-12))
    return decibels


def _any_speech(chunks: np.ndarray) -> bool:
    """Return whether one of the chunks is speech; they are judged up to the first few with one that is."""
    detector = _Detector()
    few = (chunks[first : first + _TOGETHER] for first in range(0, len(chunks), _TOGETHER))
    return any(detector.predict(each).max() >= SPEECH for each in few)


class _Detector:
    """Silero VAD, which remembers the chunks before."""

    def __init__(self) -> None:
        self._state = np.zeros((2, 1, _UNITS), dtype=np.float32)

    def predict(self, chunks: np.ndarray) -> np.ndarray:
        """Return how probably each of the next chunks is speech, (n_chunks,) for (n_chunks, 512)."""
        speech: np.ndarray
        speech, self._state = _silero().run(None, {"chunks": chunks, "state": self._state})
        return speech


@cache
def _silero() -> Any:
    """Return the network, loaded once; it may run on any number of threads at a time, and starts none."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    network = (resources.files("emotion_lib") / "pretrained" / SPEECH_NETWORK).read_bytes()
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


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
        The recording, as `detect` gives it.

    Yields
    ------
    Window

    Examples
    --------
    >>> list(windows(detect([np.zeros(16000, dtype=np.float32)], 16000)))
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
            yield _joined(stretch[:cut])
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
        yield _joined(stretch[:cut])
        stretch = stretch[cut:]
    yield _joined(stretch)


def _quietest(stretch: list[Chunk], first: int, last: int) -> int:
    """Return the number of the chunk that is least like speech, from `first` to `last`."""
    return min(range(first, last + 1), key=lambda number: stretch[number].speech)


def _joined(stretch: list[Chunk]) -> Window:
    return Window(stretch[0].first, np.concatenate([chunk.y for chunk in stretch]))
