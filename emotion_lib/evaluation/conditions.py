"""Degrade waveforms as microphones, rooms, telephones and other people do.

Each condition is a function of a waveform `y`, its rate `sr`, a source of random numbers `rng`, and waveforms of other
speakers at the same rate, `others`. It returns the degraded waveform at the same rate, which may exceed full scale. It
returns None if the condition does not apply, because the recording is too short to cut a part out of it, or nobody else
is there to babble.
"""

import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import scipy.signal
import soundfile
import soxr

from emotion_lib import audio

Degradation = Callable[[np.ndarray, int, np.random.Generator, Sequence[np.ndarray]], np.ndarray | None]

ECHO_SECONDS = 0.5
"""Time in seconds in which the echo of the room falls by 60 dB (RT60)."""

TELEPHONE_BAND = 300.0, 3400.0
"""Lowest and highest frequency in Hz that a telephone transmits."""

_MAINS = 50.0
_HARMONICS = 5
_ROOM_SEED = 0
_TINY = 1e-12  # keeps a silent waveform from being divided by zero


def random_for(row: Mapping[Any, Any], *purpose: str) -> np.random.Generator:
    """Return a source of random numbers that depends on an utterance alone, not on the order of a table.

    Parameters
    ----------
    row : mapping
        The row of a corpus table; its `corpus` and `id` are used.
    *purpose : str
        What the numbers are for; another purpose gives other numbers.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(zlib.crc32("/".join([row["corpus"], row["id"], *purpose]).encode()))


def full_scale(y: np.ndarray) -> np.ndarray:
    """Turn a waveform down to full scale if it is louder, because a recogniser would clip it, as a file would.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        The waveform.

    Returns
    -------
    ndarray of shape (n_samples,), float32
    """
    return np.asarray(y / max(1.0, _peak(y)), dtype=np.float32)


def clean(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Return the waveform as it is."""
    return y


def white_noise(
    y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, db: float
) -> np.ndarray:
    """Add white noise with a level `db` below the waveform's."""
    return np.asarray(y + _at_level(rng.standard_normal(len(y)), _level(y), -db))


def babble(
    y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, db: float
) -> np.ndarray | None:
    """Add the other speakers, all equally loud, with a total level `db` below the waveform's.

    Each of them starts anywhere in the utterance and repeats it.
    """
    if not others:
        return None
    voices = [
        np.roll(np.resize(other, max(len(y), len(other))), rng.integers(len(other)))[: len(y)] for other in others
    ]
    together = np.sum([_at_level(voice, 1.0) for voice in voices], axis=0)
    return np.asarray(y + _at_level(together, _level(y), -db))


def telephone(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Pass the waveform through a telephone: 300 to 3400 Hz, 8 kHz, mu-law with 8 bits (ITU-T G.711)."""
    narrow = _band(soxr.resample(y, sr, 8000), 8000, *TELEPHONE_BAND)
    decoded = _coded(narrow, 8000, format="WAV", subtype="ULAW")
    # The receiver filters as well, since the coarse steps of mu-law make noise at all frequencies.
    return np.asarray(soxr.resample(_band(decoded, 8000, *TELEPHONE_BAND), 8000, sr))


def opus(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Encode the waveform as Opus at 12 kbit/s, without the Ogg container's share, and decode it."""
    # libsndfile's bit rate in kbit/s is 256 - 250 * compression_level for one channel.
    return _through(y, sr, format="OGG", subtype="OPUS", compression_level=(256 - 12) / 250)


def mp3(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Encode the waveform as MP3 at a constant 24 kbit/s and decode it."""
    # At 16 kHz, libsndfile takes the rate next to 160 - 152 * compression_level kbit/s.
    return _through(
        y, sr, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=(160 - 24) / 152
    )


def echo(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Play the waveform in a room whose echo falls by 60 dB in half a second and is as strong as the direct sound."""
    time = np.arange(round(ECHO_SECONDS * sr)) / sr
    tail = np.random.default_rng(_ROOM_SEED).standard_normal(len(time)) * 10 ** (-3 * time / ECHO_SECONDS)
    tail[0] = 0
    response = tail / np.sqrt(np.sum(tail**2))
    response[0] = 1
    return np.asarray(scipy.signal.fftconvolve(y, response))


def clipped(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, db: float) -> np.ndarray:
    """Clip the waveform `db` below its peak, as a recorder does that is set too loud."""
    return np.clip(y / max(_peak(y), _TINY) * _ratio(db), -1.0, 1.0)


def offset(
    y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, share: float
) -> np.ndarray:
    """Add a constant, as a share of full scale."""
    return y + share


def hum(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, db: float) -> np.ndarray:
    """Add mains hum with four overtones, with a level `db` below the waveform's."""
    time = np.arange(len(y)) / sr
    tones = [
        np.sin(2 * np.pi * (_MAINS * number * time + rng.random())) / number for number in range(1, _HARMONICS + 1)
    ]
    return np.asarray(y + _at_level(np.sum(tones, axis=0), _level(y), -db))


def gain(y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, db: float) -> np.ndarray:
    """Amplify the waveform without clipping it."""
    return y * _ratio(db)


def silence(
    y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, seconds: float
) -> np.ndarray:
    """Add digital silence at both ends."""
    return np.pad(y, round(seconds * sr))


def middle(
    y: np.ndarray, sr: int, rng: np.random.Generator, others: Sequence[np.ndarray], *, seconds: float
) -> np.ndarray | None:
    """Keep only the middle of a recording that is longer."""
    length = round(seconds * sr)
    first = (len(y) - length) // 2
    return y[first : first + length] if len(y) > length else None


CONDITIONS: dict[str, Degradation] = {
    "clean": clean,
    "white noise, 20 dB": partial(white_noise, db=20),
    "white noise, 10 dB": partial(white_noise, db=10),
    "white noise, 0 dB": partial(white_noise, db=0),
    "babble, 20 dB": partial(babble, db=20),
    "babble, 10 dB": partial(babble, db=10),
    "babble, 0 dB": partial(babble, db=0),
    "telephone": telephone,
    "Opus, 12 kbit/s": opus,
    "MP3, 24 kbit/s": mp3,
    "room echo": echo,
    "clipped by 20 dB": partial(clipped, db=20),
    "DC offset of 1 %": partial(offset, share=0.01),
    "hum, -30 dB": partial(hum, db=30),
    "gain of +20 dB": partial(gain, db=20),
    "gain of -20 dB": partial(gain, db=-20),
    "1 s of silence at both ends": partial(silence, seconds=1.0),
    "middle 2 s": partial(middle, seconds=2.0),
    "middle 1 s": partial(middle, seconds=1.0),
    "middle 0.75 s": partial(middle, seconds=0.75),
}
"""The conditions by name, "clean" first; noise and hum are named by their level relative to the speech."""


def _ratio(db: float) -> float:
    return float(10 ** (db / 20))


def _level(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


def _peak(y: np.ndarray) -> float:
    return float(np.abs(y).max())


def _at_level(y: np.ndarray, level: float, db: float = 0.0) -> np.ndarray:
    """Return a waveform brought to a root mean square, `db` above it."""
    return np.asarray(y * (level * _ratio(db) / max(_level(y), _TINY)))


def _band(y: np.ndarray, sr: int, lowest: float, highest: float) -> np.ndarray:
    """Return the waveform with the frequencies from `lowest` to `highest` only."""
    spectrum, frequency = np.fft.rfft(y), np.fft.rfftfreq(len(y), 1 / sr)
    spectrum[(frequency < lowest) | (frequency > highest)] = 0
    return np.fft.irfft(spectrum, len(y))


def _through(y: np.ndarray, sr: int, **codec: object) -> np.ndarray:
    """Encode and decode a waveform at 16 kHz, the usual rate of speech."""
    return np.asarray(soxr.resample(_coded(soxr.resample(y, sr, 16_000), 16_000, **codec), 16_000, sr))


def _coded(y: np.ndarray, sr: int, **codec: object) -> np.ndarray:
    """Write a waveform, turned down to full scale if it is louder, and read the file."""
    file = io.BytesIO()
    soundfile.write(file, full_scale(y), sr, **codec)
    return audio.read(file, sr=sr)[0]
