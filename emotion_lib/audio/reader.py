"""Read a recording, whole or block by block, as a mono waveform at the requested sampling rate."""

import sys
from collections.abc import Iterable, Iterator
from operator import attrgetter

import numpy as np

from emotion_lib.audio.decoder import DecodingError, Stream, recording
from emotion_lib.audio.resampler import HIGHEST_RATIO, Channel, Resampler, as_samples, check_rate
from emotion_lib.audio.sources import NOTHING_LEFT, Source, audio_error, check_source
from emotion_lib.errors import AudioError, ParameterError, is_number

_BLOCK = 2**20  # samples decoded at a time, over all channels, or after resampling

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
    with recording(source, notes, whole=duration is None) as stream:
        rate = sr or stream.rate
        parts, n_samples = [], 0
        for part in _decoded(stream, rate, channel, notes, offset=offset, duration=duration):
            parts.append(part)
            n_samples += len(part)
            if duration is None and n_samples > MOST_SAMPLES:
                what = f"over {MOST_SAMPLES / rate / 60:.0f} minutes, too long to be read at once"
                raise audio_error(stream.name, what, "cut it into utterances, or read a part of it with `duration`")
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
    Resampler(sr, sr, channel=channel)  # checks the channel
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
    with recording(source, []) as stream:
        n_samples = stream.n_samples if stream.exact else sum(map(len, _decoded(stream, stream.rate, None, [])))
        return n_samples / stream.rate


def _check_length(name: str, seconds: float) -> None:
    if not (is_number(seconds) and seconds > 0):
        raise ParameterError(f"{name}={seconds!r}: must be a positive number of seconds")


def _decoded(
    stream: Stream, sr: int, channel: Channel, notes: list[str], *, offset: float = 0, duration: float | None = None
) -> Iterator[np.ndarray]:
    """Yield a part of a recording in mono blocks at a sampling rate."""
    name, files, rate, channels, blocks, end, slack, exact, bounded = stream
    if sr > HIGHEST_RATIO * rate:
        what = f"a sampling rate of {rate} Hz, expected {-(-sr // HIGHEST_RATIO)} or more to resample it to {sr} Hz"
        raise audio_error(name, what, "save it again with its true rate")
    resampler = Resampler(rate, sr, channel=channel, notes=notes, name=name)
    first, n_read, n_out = int(offset * rate), 0, 0
    wanted = sys.maxsize if duration is None else max(1, int(duration * rate))
    # A block is so short that a damaged header that claims too many samples cannot fill the memory.
    length = min(max(1, int(_BLOCK / max(channels, sr / rate))), first + wanted, end or sys.maxsize)
    position = min(first, end) if exact else 0
    try:
        for block in blocks(position, length):
            chosen = block[max(0, first - position) :][: wanted - n_read]
            position, n_read = position + len(block), n_read + len(chosen)
            if len(chosen):
                y = resampler.convert(chosen, bounded=bounded)
                n_out += len(y)
                yield y
            if n_read == wanted:
                break
    except DecodingError as problem:
        if not 0 < end <= position:  # after the end there may be a tag that is no audio
            raise audio_error(name, "damaged or cut short") from problem
    failed = next(filter(None, map(attrgetter("error_in_readcallback"), files)), None)
    if failed or n_read == 0 or (n_read < wanted and position < end - slack):
        raise failed or _cut_short(stream, position, offset)
    if sr != rate:
        rest = resampler.convert(chosen[:0], last=True)
        if n_out + len(rest) == 0:
            what = f"too short to resample to {sr} Hz ({n_read} samples at {rate} Hz)"
            raise audio_error(name, what, "leave it out, or choose a higher rate")
        yield rest


def _cut_short(stream: Stream, position: int, offset: float) -> AudioError:
    """Return the error for a recording that ended early, after `position` samples."""
    if position < stream.n_samples - stream.slack:
        claim = f"its header claims {stream.n_samples} samples, but the file holds {position}"
        return audio_error(stream.name, f"cut short: {claim}")
    if position == 0:
        return audio_error(stream.name, "no samples", NOTHING_LEFT)
    cure = f"choose an offset below its {position / stream.rate:.3f} s"
    return audio_error(stream.name, f"offset={offset} s is past its end", cure)


def _blocks(source: Source, sr: int, length: int, channel: Channel, notes: list[str]) -> Iterator[np.ndarray]:
    with recording(source, notes) as stream:
        for _, part in parts(_decoded(stream, sr, channel, notes), sr, seconds=length / sr):
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
    resampler = Resampler(sr, sr if sr_out is None else sr_out, channel=channel, notes=notes, name=name)
    samples = as_samples(y, name)
    if len(samples) == 0:
        raise audio_error(name, "no samples", "check the program that made it")
    resampled = np.concatenate([resampler.convert(samples), resampler.flush()])
    if len(resampled) == 0:
        what = f"too short to resample to {sr_out} Hz ({len(samples)} samples at {sr} Hz)"
        raise audio_error(name, what, "give a longer waveform")
    return resampled
