"""Waveforms that are in memory already: the same checks, and the same result, as for a file."""

import numpy as np

from emotion_lib.audio.resampling import Resampler, as_mono, check_rate, checked
from emotion_lib.audio.sources import error


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
    mono = checked(as_mono(y, name), name, cure="check what made it")
    if len(mono) == 0:
        raise error(name, "no samples", "check what made it")
    resampled = np.concatenate([resampler.process(mono), resampler.flush()])
    if len(resampled) == 0:
        raise error(name, f"too short for {sr_out} Hz ({len(mono)} samples at {sr} Hz)", "give a longer one")
    return resampled
