"""Sounds that are no speech, made by rule: noises, music, machines, animals.

The kinds of sound are in `sounds_chosen_on`, on which `emotion_lib.audio.speech.ENOUGH_SPEECH` was chosen, and in
`sounds_new`, which had no part in it.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

SR = 16_000

Sound = Callable[[np.random.Generator, int], np.ndarray]
"""A kind of sound: a random generator and a number of samples give a waveform of this length and of any level."""


def one_of(kinds: dict[str, Sound]) -> Callable[[Sound], Sound]:
    """Return a decorator that lists a sound among these kinds."""

    def listed(sound: Sound) -> Sound:
        kinds[sound.__name__] = sound
        return sound

    return listed


def recordings(kinds: dict[str, Sound], *, each: int, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the kind and the waveform of recordings of 0.5 to 6 seconds, at many levels, half of them in a room."""
    for number, (kind, sound) in enumerate(kinds.items()):
        for take in range(each):
            rng = np.random.default_rng([seed, number, take])
            y = sound(rng, round(SR * rng.uniform(0.5, 6)))
            if rng.random() < 0.5:
                y = _in_a_room(rng, y)
            y = 10 ** rng.uniform(-2, -0.05) * y / max(1e-9, np.abs(y).max())
            hiss = 10 ** rng.uniform(-4.5, -3) * rng.normal(size=len(y)) if rng.random() < 0.5 else 0
            yield kind, (y + hiss).astype(np.float32)


def _in_a_room(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """Add a light reverberation of 0.1 to 0.4 seconds."""
    echoes = rng.normal(size=SR // 2) * decay(SR // 2, rng.uniform(0.015, 0.06))
    echoes[0] = rng.uniform(5, 20)
    return np.asarray(fftconvolve(y, echoes)[: len(y)])


def clock(n: int) -> np.ndarray:
    """Return the times of samples in seconds."""
    return np.arange(n) / SR


def decay(n: int, seconds: float) -> np.ndarray:
    """Return an exponential decay from 1."""
    return np.exp(-clock(n) / seconds)


def noise(rng: np.random.Generator, n: int, slope: float = 0.0) -> np.ndarray:
    """Return noise whose power falls with the given power of the frequency: 0 is white, 1 pink, 2 brown."""
    frequency = np.maximum(np.fft.rfftfreq(n, 1 / SR), 20)
    y: np.ndarray = np.fft.irfft(np.fft.rfft(rng.normal(size=n)) * frequency ** (-slope / 2), n)
    return y / y.std()


def band_pass(y: np.ndarray, low: float, high: float) -> np.ndarray:
    """Keep the frequencies between two, in Hz."""
    filtered: np.ndarray = sosfilt(butter(2, [low, high], "bandpass", fs=SR, output="sos"), y)
    return filtered


def wandering(rng: np.random.Generator, n: int, a_second: float) -> np.ndarray:
    """Return a smooth random curve between 0 and 1 that turns about so often a second."""
    points = rng.random(max(4, round(a_second * n / SR) + 2))
    curve: np.ndarray = np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)
    return curve


def tone(frequency: np.ndarray | float, amplitudes: np.ndarray, n: int) -> np.ndarray:
    """Return a tone of harmonics with these amplitudes, whose frequency may glide; none above 7.5 kHz."""
    f0 = np.broadcast_to(frequency, (n,))
    phase = 2 * np.pi * np.cumsum(f0) / SR
    harmonics = (
        a * np.sin(k * phase) * (k * f0 < 7500) for k, a in enumerate(amplitudes, start=1) if k * f0.min() < 7500
    )
    return np.sum(list(harmonics), axis=0)


def formants(y: np.ndarray, frequencies: tuple[float, ...], width: float) -> np.ndarray:
    """Filter a waveform with resonances, as the tract of an animal does."""
    return np.sum([band_pass(y, frequency - width / 2, frequency + width / 2) for frequency in frequencies], axis=0)


def repeated(
    rng: np.random.Generator, n: int, make: Callable[[], np.ndarray], every: tuple[float, float]
) -> np.ndarray:
    """Repeat a sound, each time made anew, with random times between its starts."""
    y, start = np.zeros(n), round(SR * rng.uniform(0, min(0.3, n / SR / 4)))
    while start < n:
        sound = make()[: n - start]
        y[start : start + len(sound)] += sound
        start += round(SR * rng.uniform(*every))
    return y


def hump(n: int, attack: float = 0.1) -> np.ndarray:
    """Return a hump from 0 to 1 and back, with its top at this part of the whole."""
    x = np.linspace(0, 1, n)
    return np.asarray(np.sin(np.pi * x ** (np.log(0.5) / np.log(attack))))


def random_note(rng: np.random.Generator, low: int, high: int) -> float:
    """Return the frequency of a random note of the C major scale, between two MIDI numbers."""
    scale = [number for number in range(low, high) if number % 12 in {0, 2, 4, 5, 7, 9, 11}]
    return float(440 * 2 ** ((rng.choice(scale) - 69) / 12))


def overtones(n: int, power: float) -> np.ndarray:
    """Return amplitudes of harmonics that fall with this power of their number."""
    return np.arange(1.0, n + 1) ** -power
