"""Detect silence and speech in a recording, trim its ends, and cut long recordings into windows of speech.

Speech is detected by Silero VAD (Silero Team 2021, https://github.com/snakers4/silero-vad), a small recurrent network
that takes 32 ms at a time. Its file is part of this package; `benchmarks/voice_activity.py` made it.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import scipy.fft
import soxr

from emotion_lib.audio.reader import parts

CHUNK_SECONDS = 0.032
"""Length in seconds of a chunk, the input of the detector."""

SILENCE_DB = -60.0
"""Level in dB re full scale below which the loudest 32 ms of a recording are silence."""

SPEECH = 0.3
"""Lowest probability at which a chunk counts as speech when the ends of a recording are cut off.

It is lower than the 0.5 that Silero recommends, because screams and whispers count as speech here.
"""

ENOUGH_SPEECH = 0.5
"""Seconds of speech (`SpeechSpan.seconds`) that a recording must have for an emotion to be predicted.

They must lie within one second: speech is dense, while music, machines and animals resemble it now and then. The limit
was chosen on 38 kinds of sound that are made by rule (`tests/audio/sounds_chosen_on.py`), on 400 real sounds, and on
five corpora: 0.6 % of their utterances have less, mostly high screams and laughter by women.
"""

CERTAIN = 0.9
"""Certainty (`SpeechSpan.certainty`) at which a recording with less than `ENOUGH_SPEECH` has too little, not none.

Most pieces of 0.2 to 0.4 seconds of speech reach it, and few other sounds do.
"""

LOWEST_VOICE = 80.0
"""Frequency in Hz below which `without_hum` removes sound; hardly any voice is lower."""

AROUND_SPEECH = 0.1
"""Seconds that `trim` keeps before the first and after the last speech."""

SPEECH_NETWORK = "voice_activity.onnx"
"""Name of the network's file in `emotion_lib/pretrained`."""

_SR = 16_000  # Hz; Silero VAD takes 512 samples at this rate
_CHUNK = 512
_UNITS = 128
_PEAK = 0.7  # the peak to which soft speech is amplified
_SOFTEST_PEAK = 0.003  # the peak of the softest sound that is not silence; it limits the gain
_LATELY = 94  # chunks, 3 seconds
_FADING = 0.1  # probability down to which chunks next to speech belong to it
_PRELUDE = 8  # chunks
_SECOND = 31  # chunks
_AT_ONCE = 2048  # chunks that the network gets at a time, a minute; what it computes of half an hour takes a gigabyte


class Chunk(NamedTuple):
    """32 ms of a recording: number of the first sample, waveform, level in dB, and probability of speech."""

    first: int
    y: np.ndarray
    level: float
    speech: float


class SpeechSpan(NamedTuple):
    """Where a recording has speech, and how much.

    Parameters
    ----------
    start, stop : int
        Numbers of the first sample of the span and of the first one after it: the speech, and `AROUND_SPEECH` seconds
        on either side.
    seconds : float
        Expected seconds of speech (the sum of the chunks' probabilities) in the one second that has most of it.
    certainty : float
        Highest probability of any chunk.
    """

    start: int
    stop: int
    seconds: float
    certainty: float


def is_silent(y: np.ndarray, sr: int) -> bool:
    """Return whether the loudest 32 ms of a waveform are below `SILENCE_DB`.

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


def find_speech(y: np.ndarray, sr: int) -> SpeechSpan:
    """Find the part of a recording in which somebody speaks, the amount of speech, and its certainty.

    Unlike a threshold of the level, this also leaves out hum, hiss and breath that are as loud as soft speech. A DC
    offset and the level of the recording change nothing.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    SpeechSpan
        The whole recording, if no chunk of it counts as speech.

    Examples
    --------
    >>> find_speech(np.zeros(16000, dtype=np.float32), 16000)
    SpeechSpan(start=0, stop=16000, seconds=0.0, certainty=0.0)
    """
    if not y.any():
        return SpeechSpan(0, len(y), 0.0, 0.0)
    speech = _speech(y, sr)
    seconds = CHUNK_SECONDS * float(np.convolve(speech, np.ones(_SECOND)).max())
    certainty = float(speech.max())
    sure = np.flatnonzero(speech >= SPEECH)
    if not len(sure):
        return SpeechSpan(0, len(y), seconds, certainty)
    faint = np.flatnonzero(speech < _FADING)
    first = faint[faint < sure[0]].max(initial=-1) + 1
    end = faint[faint > sure[-1]].min(initial=len(speech))
    start = max(0, round((first * CHUNK_SECONDS - AROUND_SPEECH) * sr))
    stop = min(len(y), round((end * CHUNK_SECONDS + AROUND_SPEECH) * sr))
    return SpeechSpan(start, stop, seconds, certainty)


def trim(y: np.ndarray, sr: int) -> np.ndarray:
    """Cut off the ends of a recording in which nobody speaks, all but `AROUND_SPEECH` seconds.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    ndarray of shape (n_kept,), float32
        A view of `y`; the whole of it if nobody speaks at all.

    Examples
    --------
    >>> len(trim(np.zeros(16000, dtype=np.float32), 16000))
    16000
    """
    span = find_speech(y, sr)
    return y[span.start : span.stop]


def without_hum(y: np.ndarray, sr: int) -> np.ndarray:
    """Remove sounds that are lower than voices: a DC offset, mains hum and rumble.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform.
    sr : int > 0
        Its sampling rate in Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The waveform after a high-pass filter of second order at `LOWEST_VOICE`, without delay.

    Examples
    --------
    >>> hum = np.sin(2 * np.pi * 50 * np.arange(16000) / 16000).astype(np.float32)
    >>> bool(without_hum(0.1 + hum, 16000)[2000:-2000].max() < 0.4)
    True
    """
    n = scipy.fft.next_fast_len(len(y) + round(AROUND_SPEECH * sr), real=True)  # padded, so that the ends do not mix
    # In place, since half an hour takes 128 MB at every step.
    gain = LOWEST_VOICE / np.fft.rfftfreq(n, 1 / sr)[1:]
    gain = np.concatenate([[0], 1 / np.sqrt(1 + gain**4)]).astype(np.float32)
    spectrum = scipy.fft.rfft((y - y.mean(dtype=np.float64)).astype(np.float32), n)
    spectrum *= gain
    filtered: np.ndarray = scipy.fft.irfft(spectrum, n, overwrite_x=True)[: len(y)]
    return filtered


def _speech(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the probability of speech in each chunk of a whole recording, of shape (n_chunks,)."""
    voiced = without_hum(y, sr)
    gain = _PEAK / max(float(np.abs(voiced).max()), 1e-38)
    chunks = _chunked(_at_16_khz(np.float32(gain) * voiced, sr))
    # Without anything before it, the network misses a word that starts at once; after digital silence, it takes the
    # start of background noise for speech. So it gets the quietest chunk first; the last one may be padded with zeros.
    quietest = int(_levels(chunks[: max(1, len(chunks) - 1)]).argmin())
    prelude = np.repeat(chunks[quietest : quietest + 1], _PRELUDE, axis=0)
    return _Detector().predict(np.concatenate([prelude, chunks]))[_PRELUDE:]


def detect(blocks: Iterable[np.ndarray], sr: int) -> Iterator[Chunk]:
    """Detect speech in a stream, chunk by chunk.

    Soft speech is amplified, with a gain that depends on the peak of the last 3 seconds.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,), float32
        Consecutive parts of the waveform, of any length.
    sr : int > 0
        Its sampling rate in Hz.

    Yields
    ------
    Chunk
        Each chunk as soon as it is complete; the last one may be shorter. The probability of speech in a silent chunk
        is 0.

    Examples
    --------
    >>> [len(chunk.y) for chunk in detect([np.zeros(1000, dtype=np.float32)] * 2, 16000)]
    [512, 512, 512, 464]
    """
    detector = _Detector()
    peaks: deque[float] = deque(maxlen=_LATELY)
    for first, y in parts(blocks, sr, seconds=CHUNK_SECONDS):
        resampled = _at_16_khz(y, sr)[:_CHUNK]  # may be a sample too long or too short; the last is shorter
        chunk = np.pad(resampled, (0, _CHUNK - len(resampled)))
        level = float(_levels(chunk[None])[0])
        peaks.append(float(np.abs(chunk).max()))
        gain = np.float32(max(1.0, _PEAK / max(_SOFTEST_PEAK, *peaks)))
        speech = float(detector.predict(gain * chunk[None])[0]) if level >= SILENCE_DB else 0.0
        yield Chunk(first, y, level, speech)


def _at_16_khz(y: np.ndarray, sr: int) -> np.ndarray:
    if sr == _SR:
        return y
    # The quickest quality is good enough to tell speech from noise; features are resampled with high quality elsewhere.
    resampled: np.ndarray = soxr.resample(y, sr, _SR, quality="QQ")
    return resampled


def _chunked(y: np.ndarray) -> np.ndarray:
    """Return the waveform in chunks, of shape (n_chunks, 512), padded with zeros at the end."""
    return np.pad(y, (0, -len(y) % _CHUNK)).reshape(-1, _CHUNK)


def _levels(chunks: np.ndarray) -> np.ndarray:
    power = np.square(chunks).mean(axis=1)
    decibels: np.ndarray = 10 * np.log10(np.maximum(power, 1e-12))  # at least -120 dB, so that zeros have a level
    return decibels


class _Detector:
    """Silero VAD with its recurrent state, for one stream."""

    def __init__(self) -> None:
        self._state = np.zeros((2, 1, _UNITS), dtype=np.float32)

    def predict(self, chunks: np.ndarray) -> np.ndarray:
        """Return the probability of speech in each of the next chunks, of shape (n_chunks,) for (n_chunks, 512)."""
        found = []
        for first in range(0, len(chunks), _AT_ONCE):
            speech, self._state = _silero().run(
                None, {"chunks": chunks[first : first + _AT_ONCE], "state": self._state}
            )
            found.append(speech)
        return np.concatenate(found)


@cache
def _silero() -> Any:
    """Load the network once; several threads may run it at the same time."""
    options = onnxruntime.SessionOptions()
    # One thread, because callers bring their own, and the threads of so small a network mostly wait for each other.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    network = (resources.files("emotion_lib") / "pretrained" / SPEECH_NETWORK).read_bytes()
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


SHORTEST, LONGEST = 2.0, 3.0
"""Shortest and longest window in seconds; a shorter stretch of speech is a window by itself."""

START, STOP = 0.5, 0.3
"""Probabilities of speech at which a stretch starts and below which it stops.

The gap between the two keeps a stretch together where the probability wavers around one of them.
"""

PAUSE = 0.3
"""Shortest pause in seconds that ends a stretch of speech."""

LEAST_SPEECH = 0.25
"""Shortest sound in seconds that counts as speech."""

_LEAST, _MOST = math.ceil(SHORTEST / CHUNK_SECONDS), math.floor(LONGEST / CHUNK_SECONDS)
_PAUSE, _LEAST_SPEECH = round(PAUSE / CHUNK_SECONDS), round(LEAST_SPEECH / CHUNK_SECONDS)


class Window(NamedTuple):
    """A part of a recording that contains speech: number of the first sample, and waveform."""

    first: int
    y: np.ndarray


def windows(chunks: Iterable[Chunk]) -> Iterator[Window]:
    """Cut a recording into windows of speech.

    A pause of `PAUSE` seconds ends a stretch of speech. A stretch of more than `LONGEST` seconds is cut into windows
    of `SHORTEST` to `LONGEST` seconds, at the chunks that are least likely to be speech. The last two windows of the
    stretch share the rest, and may be as short as 1 second.

    Parameters
    ----------
    chunks : iterable of Chunk
        The recording, as `detect` returns it.

    Yields
    ------
    Window
        Each window as soon as it is complete.

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
        if len(stretch) > _PAUSE and all(each.speech < STOP for each in stretch[-_PAUSE:]):
            yield from _finished(stretch, least)
            stretch, least = [], _LEAST_SPEECH
        elif len(stretch) > _MOST + _LEAST:
            cut = _quietest(stretch, _LEAST, _MOST)
            yield _joined(stretch[:cut])
            stretch, least = stretch[cut:], 1  # the rest continues speech, so it need not be long to count as speech
    yield from _finished(stretch, least)


def _finished(stretch: list[Chunk], least: int) -> Iterator[Window]:
    """Yield the last windows of a stretch without the pause at its end, if at least `least` chunks are speech."""
    while stretch and stretch[-1].speech < STOP:
        stretch = stretch[:-1]
    if sum(chunk.speech >= STOP for chunk in stretch) < least:
        return
    if len(stretch) > _MOST:  # at least a third on either side of the cut, or one window would be very short
        cut = _quietest(stretch, max(len(stretch) - _MOST, len(stretch) // 3), min(_MOST, 2 * len(stretch) // 3))
        yield _joined(stretch[:cut])
        stretch = stretch[cut:]
    yield _joined(stretch)


def _quietest(stretch: list[Chunk], first: int, last: int) -> int:
    """Return the index, from `first` to `last`, of the chunk that is least likely to be speech."""
    return min(range(first, last + 1), key=lambda number: stretch[number].speech)


def _joined(stretch: list[Chunk]) -> Window:
    return Window(stretch[0].first, np.concatenate([chunk.y for chunk in stretch]))
