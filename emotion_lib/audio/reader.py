"""Read a recording, whole or block by block, as a mono waveform at the rate that is asked for."""

import math
from collections.abc import Iterator

import numpy as np

from emotion_lib.audio.decoder import OpenRecording, decoded, recording
from emotion_lib.audio.resampler import HIGHEST_RATIO, Resampler, as_mono, check_rate, check_samples, clip
from emotion_lib.audio.sources import Source, audio_error, check_source, name_of
from emotion_lib.errors import ParameterError


def read(
    source: Source, *, sr: int | None = None, offset: float = 0.0, duration: float | None = None
) -> tuple[np.ndarray, int]:
    """Read a recording as one mono waveform.

    Channels are averaged; another rate is reached with soxr (high quality). Samples beyond full scale, which float
    files and the resampler can have, are clipped as a player would clip them. WAV, AIFF, FLAC, OGG and MP3 are known
    by their content, not by their name.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording; a file object is read from its start, a pipe to its end.
    sr : int > 0, optional
        Rate in Hz to resample to, at most 100 times the file's; the file's own when not given.
    offset : float >= 0
        Seconds to skip at the start of the recording.
    duration : float > 0, optional
        Seconds to read, or as many as there are; all when not given.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1], with at least one sample.
    sr : int
        Its sampling rate in Hz.

    Raises
    ------
    ParameterError
        If `source` is nothing that can be read, or `sr`, `offset` or `duration` is outside its range.
    AudioError
        If the recording is missing, empty, not audio, cut short, not finite, or over before `offset`; or if `source`
        is a folder, a device or a named pipe.

    Notes
    -----
    A WAV header may claim 0, 0x7FFFF000 or 0xFFFFFFFF bytes of samples, which is what programs write into a pipe: all
    samples that follow are read. Any other claim must be met by the file.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [[0.5, 0.0], [0.25, 0.75]], 16000, format="WAV")
    >>> read(recording)
    (array([0.25, 0.5 ], dtype=float32), 16000)
    """
    check_source(source)
    if sr is not None:
        check_rate("sr", sr)
    if duration is not None:
        _check_length("duration", duration)
    if not (math.isfinite(offset) and offset >= 0):
        raise ParameterError(f"offset={offset}: must be a number of seconds, 0 or more")
    with recording(source, name_of(source), whole=duration is None) as found:
        parts = list(_at_rate(found, sr or found.rate, offset=offset, duration=duration))
    return parts[0] if len(parts) == 1 else np.concatenate(parts), sr or found.rate


def blocks(source: Source, *, sr: int, seconds: float = 10.0) -> Iterator[np.ndarray]:
    """Read a recording of any length, hours too, in constant memory: one block after the other.

    The blocks, one after the other, are what `read(source, sr=sr)` returns, sample for sample. They are checked as they
    are reached: damage at the end of a file is an error after all blocks before it (`read` gives none then). A pipe is
    taken in whole first, beyond 16 MB on disk.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording; a file object is read from its start, and must stay open until the last block.
    sr : int
        Rate of the blocks in Hz, from 1 to 768000, and at most 100 times the file's.
    seconds : float > 0, default 10
        Length of a block, rounded to samples.

    Returns
    -------
    iterator over ndarray of shape (n_samples,), float32
        Mono blocks in [-1, 1], all of the same length but the last, which may be shorter.

    Raises
    ------
    ParameterError
        At once, if `source` is nothing that can be read, or `sr` or `seconds` is outside its range.
    AudioError
        When the first block is asked for, for whatever a header shows; when it is reached, if the recording is cut
        short, damaged or not finite.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, np.zeros(40000), 16000, format="FLAC")
    >>> [len(block) for block in blocks(recording, sr=8000, seconds=1)]
    [8000, 8000, 4000]
    """
    check_source(source)
    check_rate("sr", sr)
    _check_length("seconds", seconds)
    return _regrouped(_from_source(source, sr), max(1, round(seconds * sr)))


def duration(source: Source) -> float:
    """Return how long a recording is, from its header alone where that says it.

    Only what was written without an end (FLAC through a pipe) is read through. A FLAC or MP3 that is cut short is as
    long as its header claims: that it is not, only reading shows.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ParameterError
        If `source` is nothing that can be read.
    AudioError
        If the recording is missing, empty or not audio, or its header claims more than the file can hold.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, np.zeros(40000), 16000, format="FLAC")
    >>> duration(recording)
    2.5
    """
    check_source(source)
    with recording(source, name_of(source)) as found:
        n_samples = found.n_samples
        if n_samples is None:
            n_samples = sum(len(block) for block in decoded(found))
        return n_samples / found.rate


def _check_length(name: str, seconds: float) -> None:
    if not (math.isfinite(seconds) and seconds > 0):
        raise ParameterError(f"{name}={seconds}: must be a positive number of seconds")


def _from_source(source: Source, sr: int) -> Iterator[np.ndarray]:
    """Yield a recording at a rate, piece by piece, and close it at the end."""
    with recording(source, name_of(source)) as found:
        yield from _at_rate(found, sr)


def _at_rate(
    found: OpenRecording, sr: int, *, offset: float = 0.0, duration: float | None = None
) -> Iterator[np.ndarray]:
    growth = sr / found.rate
    if growth > HIGHEST_RATIO:
        lowest = math.ceil(sr / HIGHEST_RATIO)
        what = f"a sampling rate of {found.rate} Hz, expected {lowest} or more to bring it to {sr} Hz"
        raise audio_error(found.name, what, "write it again with its true rate")
    blocks = decoded(found, offset=offset, duration=duration, growth=growth)
    if sr == found.rate:
        yield from blocks if found.bounded else map(clip, blocks)
    else:
        yield from _resample_blocks(found, blocks, sr)


def _resample_blocks(found: OpenRecording, blocks: Iterator[np.ndarray], sr: int) -> Iterator[np.ndarray]:
    resampler = Resampler(found.rate, sr)
    n_in = n_out = 0
    for block in blocks:
        resampled = resampler.process(block)
        n_in, n_out = n_in + len(block), n_out + len(resampled)
        yield resampled
    rest = resampler.flush()
    if n_out + len(rest) == 0:
        raise audio_error(found.name, f"too short for {sr} Hz ({n_in} samples at {found.rate} Hz)")
    if len(rest):
        yield rest


def _regrouped(parts: Iterator[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Yield the same samples in blocks of `length`, the last with what is left."""
    pending: list[np.ndarray] = []
    missing = length
    for part in parts:
        rest = part
        while len(rest) >= missing:
            yield np.concatenate([*pending, rest[:missing]])
            rest, pending, missing = rest[missing:], [], length
        pending.append(rest)
        missing -= len(rest)
    if missing < length:
        yield np.concatenate(pending)


def waveform(y: np.ndarray, sr: int, *, sr_out: int | None = None, name: str = "waveform") -> np.ndarray:
    """Bring an array of samples to the form in which the library has every recording.

    Channels are averaged, samples beyond full scale clipped, another rate reached with soxr: the array that holds a
    file's samples gives what `read` gives for the file.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_channels)
        Floats in [-1, 1], or PCM as int16 or int32. More channels than samples (and more than 8) are refused: such an
        array lies on its side, and what to average is not for the library to guess.
    sr : int
        Its sampling rate in Hz, from 1 to 768000.
    sr_out : int, optional
        Rate in Hz to resample to, at most 100 times `sr`; `sr` when not given.
    name : str, optional
        What an error calls the array.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        A new array of samples in [-1, 1], with at least one.

    Raises
    ------
    ParameterError
        If the shape or the type of `y`, or a rate, is another.
    AudioError
        If there are no samples (or none are left at the lower rate), or they are not finite, or on the scale of
        integers.

    Examples
    --------
    >>> waveform(np.array([[16384, 0], [0, -32768]], dtype=np.int16), 16000)
    array([ 0.25, -0.5 ], dtype=float32)
    """
    check_rate("sr", sr)
    resampler = Resampler(sr, sr if sr_out is None else sr_out)
    mono = check_samples(as_mono(y, name), name, cure="check what made it")
    if len(mono) == 0:
        raise audio_error(name, "no samples", "check what made it")
    resampled = np.concatenate([resampler.process(mono), resampler.flush()])
    if len(resampled) == 0:
        raise audio_error(name, f"too short for {sr_out} Hz ({len(mono)} samples at {sr} Hz)", "give a longer one")
    return resampled
