"""Read a recording, whole or block by block, as a mono waveform at the requested sampling rate."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from emotion_lib.audio.decoder import OpenRecording, decoded, recording
from emotion_lib.audio.resampler import (
    HIGHEST_RATIO,
    Channel,
    Mixer,
    Resampler,
    as_samples,
    check_rate,
    check_samples,
)
from emotion_lib.audio.sources import Source, audio_error, check_source
from emotion_lib.errors import ParameterError, is_number

MOST_SAMPLES = 2**25
"""Samples that `read` returns at most, unless `duration` is given: 35 minutes at 16 kHz, 128 MB."""


def read(
    source: Source,
    *,
    sr: int | None = None,
    offset: float = 0.0,
    duration: float | None = None,
    channel: Channel = None,
    notes: list[str] | None = None,
) -> tuple[np.ndarray, int]:
    """Read a recording as one mono waveform.

    Channels are averaged, and soxr (high quality) changes the sampling rate. Samples beyond full scale, as in some
    float files and after resampling, are clipped as a player would clip them. WAV and its relatives, AIFF, CAF, FLAC,
    Ogg and MP3 are recognised by their content, not by the name of the file; with the extra `formats`, so are M4A,
    AAC, AMR, 3GP, WebM and WMA.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording; a file object is read from its start, a pipe to its end.
    sr : int > 0, optional
        Sampling rate in Hz to resample to, at most 100 times that of the file; by default, that of the file.
    offset : float >= 0
        Seconds to skip at the start of the recording.
    duration : float > 0, optional
        Seconds to read at most; by default, up to the end, unless the recording has more than `MOST_SAMPLES`.
    channel : "left", "right" or int, optional
        The channel to read, by name or by its number from 1, where speakers have a channel each. By default the mean
        of all channels, or the loudest one if they cancel each other: if the mean is over 20 dB below them.
    notes : list of str, optional
        A list that gets a remark on each oddity of the recording, such as an end that is missing.

    Returns
    -------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1], with at least one sample.
    sr : int
        Its sampling rate in Hz.

    Raises
    ------
    ParameterError
        If `source` is not a path, bytes or a binary file object, or if `sr`, `offset`, `duration` or `channel` is
        outside its range.
    AudioError
        If the recording is missing, empty, not audio, cut short or too long, ends before `offset`, lacks the channel,
        or contains NaN or infinite samples; or if `source` is a folder, a device or a named pipe.

    Notes
    -----
    A recording is read until it ends. Programs that write into a pipe do not know the length, and claim 0 or more than
    2 GB of samples in the header, which is taken for no claim. A file with less than the header claims is refused as
    cut short if 64 bytes or more are missing, and gets a note otherwise.

    Examples
    --------
    >>> import io
    >>> import soundfile
    >>> recording = io.BytesIO()
    >>> soundfile.write(recording, [[0.5, 0.0], [0.25, 0.75]], 16000, format="WAV")
    >>> read(recording)
    (array([0.25, 0.5 ], dtype=float32), 16000)
    """
    if sr is not None:
        check_rate("sr", sr)
    if duration is not None:
        _check_length("duration", duration)
    if not (is_number(offset) and offset >= 0):
        raise ParameterError(f"offset={offset!r}: must be a number of seconds, 0 or more")
    notes = [] if notes is None else notes
    with recording(source, notes, whole=duration is None) as found:
        rate = sr or found.streams[0].rate
        parts, n_samples = [], 0
        for part in _at_rate(found, rate, channel, notes, offset=offset, duration=duration):
            parts.append(part)
            n_samples += len(part)
            if duration is None and n_samples > MOST_SAMPLES:
                what = f"over {MOST_SAMPLES / rate / 60:.0f} minutes, too long to be read at once"
                raise audio_error(found.name, what, "cut it into utterances, or read a part of it with `duration`")
    return parts[0] if len(parts) == 1 else np.concatenate(parts), rate


def blocks(
    source: Source, *, sr: int, seconds: float = 10.0, channel: Channel = None, notes: list[str] | None = None
) -> Iterator[np.ndarray]:
    """Read a recording of any length, even of hours, block by block in constant memory.

    Joined together, the blocks equal the result of `read(source, sr=sr)`, sample for sample. If the end of a file is
    damaged, the blocks before the damage are returned first, then the error is raised. A pipe is read to its end
    before the first block, and copied to disk if it holds more than 16 MB.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording; a file object is read from its start, and must stay open until the last block.
    sr : int
        Sampling rate of the blocks in Hz, from 1 to 768000, and at most 100 times that of the file.
    seconds : float > 0, default 10
        Length of a block, rounded to whole samples.
    channel, notes
        As for `read`.

    Returns
    -------
    iterator over ndarray of shape (n_samples,), float32
        Mono blocks in [-1, 1], all of the same length except the last, which may be shorter.

    Raises
    ------
    ParameterError
        At once, if `source` is not a path, bytes or a binary file object, or `sr`, `seconds` or `channel` is outside
        its range.
    AudioError
        With the first block, if the recording cannot be opened or its header is wrong; with a later block, if the
        recording is cut short or damaged, or contains NaN or infinite samples.

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
    Mixer(channel, "")
    # A generator of its own, so that the checks run at once.
    return _blocks(source, sr, max(1, round(seconds * sr)), channel, [] if notes is None else notes)


def duration(source: Source) -> float:
    """Measure the length of a recording: of an uncompressed one from its size, of others by decoding them.

    Parameters
    ----------
    source : path, bytes or binary file object
        The recording.

    Returns
    -------
    float
        Length in seconds.

    Raises
    ------
    ParameterError
        If `source` is not a path, bytes or a binary file object.
    AudioError
        If the recording is missing, empty, not audio or cut short.

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
    with recording(source, []) as found:
        if all(each.exact for each in found.streams):
            n_samples = sum(each.n_samples for each in found.streams)
        else:
            n_samples = sum(len(block) for block in decoded(found))
        return n_samples / found.streams[0].rate


def _check_length(name: str, seconds: float) -> None:
    if not (is_number(seconds) and seconds > 0):
        raise ParameterError(f"{name}={seconds!r}: must be a positive number of seconds")


def _at_rate(
    found: OpenRecording,
    sr: int,
    channel: Channel,
    notes: list[str],
    *,
    offset: float = 0.0,
    duration: float | None = None,
) -> Iterator[np.ndarray]:
    """Yield a recording in mono blocks at a sampling rate."""
    rate, channels = found.streams[0][:2]
    mixer = Mixer(channel, found.name, notes) if channels > 1 or channel is not None else None
    if sr > HIGHEST_RATIO * rate:
        lowest = math.ceil(sr / HIGHEST_RATIO)
        what = f"a sampling rate of {rate} Hz, expected {lowest} or more to resample it to {sr} Hz"
        raise audio_error(found.name, what, "save it again with its true rate")
    bounded = found.streams[0].bounded
    resampler = None if sr == rate else soxr.ResampleStream(rate, sr, 1, quality="HQ")
    n_in = n_out = 0
    for block in decoded(found, offset=offset, duration=duration, growth=sr / rate):
        y = mixer.mix(block) if mixer else block[:, 0]
        if not bounded:
            check_samples(y, found.name, cure="check the program that wrote it")
        if resampler:
            n_in += len(y)
            y = resampler.resample_chunk(y)
            n_out += len(y)
        yield y if bounded and not resampler else np.clip(y, -1.0, 1.0)
    if resampler:
        rest = np.clip(resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True), -1.0, 1.0)
        if n_out + len(rest) == 0:
            what = f"too short to resample to {sr} Hz ({n_in} samples at {rate} Hz)"
            raise audio_error(found.name, what, "leave it out, or choose a higher rate")
        yield rest


def _blocks(source: Source, sr: int, length: int, channel: Channel, notes: list[str]) -> Iterator[np.ndarray]:
    with recording(source, notes) as found:
        for _, part in parts(_at_rate(found, sr, channel, notes), sr, seconds=length / sr):
            yield part


def parts(blocks: Iterable[np.ndarray], sr: int, *, seconds: float) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a stream into parts of equal length.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_samples,), float32
        Consecutive parts of the waveform, of any length.
    sr : int > 0
        Its sampling rate in Hz.
    seconds : float > 0
        Length of a part. If it is not a whole number of samples, the lengths differ by one sample, so that the parts do
        not drift against the clock.

    Yields
    ------
    first : int
        Number of the first sample of the part.
    y : ndarray of shape (n_samples,), float32
        The part, as soon as it is complete; the last one may be shorter.

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


def waveform(
    y: np.ndarray,
    sr: int,
    *,
    sr_out: int | None = None,
    name: str = "waveform",
    channel: Channel = None,
    notes: list[str] | None = None,
) -> np.ndarray:
    """Convert an array of samples to a mono float32 waveform.

    Channels are averaged, samples beyond full scale are clipped, and soxr changes the sampling rate: an array with the
    samples of a file gives the same waveform as `read` gives for the file.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_channels)
        Floats in [-1, 1], or PCM as int16, int32 or uint8 (128 is silence). An array with more than 8 channels and more
        channels than samples is refused, because it is probably transposed, and the library does not guess which axis
        to average.
    sr : int
        Its sampling rate in Hz, from 1 to 768000.
    sr_out : int, optional
        Sampling rate in Hz to resample to, at most 100 times `sr`; by default `sr`.
    name : str, optional
        Name of the array in error messages.
    channel, notes
        As for `read`.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        A new array in [-1, 1], with at least one sample.

    Raises
    ------
    ParameterError
        If the shape or the type of `y` is not supported, or if a rate is outside its range.
    AudioError
        If `y` is empty or too short for the lower rate, or if its samples are NaN, infinite or far beyond full scale,
        such as integers stored as floats.

    Examples
    --------
    >>> waveform(np.array([[16384, 0], [0, -32768]], dtype=np.int16), 16000)
    array([ 0.25, -0.5 ], dtype=float32)
    """
    check_rate("sr", sr)
    resampler = Resampler(sr, sr if sr_out is None else sr_out)
    y = Mixer(channel, name, notes).mix(as_samples(y, name))
    mono = check_samples(y, name, cure="check the code that made it")
    if len(mono) == 0:
        raise audio_error(name, "no samples", "check the code that made it")
    resampled = np.concatenate([resampler.process(mono), resampler.flush()])
    if len(resampled) == 0:
        what = f"too short to resample to {sr_out} Hz ({len(mono)} samples at {sr} Hz)"
        raise audio_error(name, what, "give a longer waveform")
    return resampled
