"""Kinds of sound that had no part in the choice of `emotion_lib.audio.speech.ENOUGH_SPEECH`."""

import numpy as np

from tests.audio.sounds import (
    SR,
    Sound,
    band_pass,
    clock,
    decay,
    formants,
    hump,
    noise,
    one_of,
    overtones,
    random_note,
    repeated,
    tone,
    wandering,
)

NEW: dict[str, Sound] = {}


@one_of(NEW)
def piano(rng: np.random.Generator, n: int) -> np.ndarray:
    """Chords and runs of struck strings, whose partials are a little too high."""

    def struck() -> np.ndarray:
        y, base = np.zeros(SR), random_note(rng, 40, 84)
        for k in range(1, 13):
            frequency = k * base * np.sqrt(1 + 0.0004 * k**2)
            if frequency < 7500:
                y += decay(SR, 0.6 / k**0.5) * np.sin(2 * np.pi * frequency * clock(SR)) / k
        return rng.uniform(0.4, 1) * y

    return repeated(rng, n, struck, (0.02, 0.4))


@one_of(NEW)
def flute(rng: np.random.Generator, n: int) -> np.ndarray:
    """Notes with vibrato and breath."""

    def blown() -> np.ndarray:
        size, note = round(SR * rng.uniform(0.2, 0.8)), random_note(rng, 67, 93)
        vibrato = 1 + 0.006 * np.sin(2 * np.pi * 5 * clock(size))
        breath = band_pass(noise(rng, size), 0.8 * note, min(7500, 3 * note))
        return hump(size, 0.3) * (tone(note * vibrato, np.array([1, 0.4, 0.15, 0.05]), size) + 0.1 * breath)

    return repeated(rng, n, blown, (0.2, 0.8))


@one_of(NEW)
def marimba(rng: np.random.Generator, n: int) -> np.ndarray:
    """Bars of wood, with a partial two octaves up."""

    def struck() -> np.ndarray:
        at, note = 2 * np.pi * clock(SR // 2), random_note(rng, 48, 84)
        return decay(SR // 2, 0.12) * np.sin(note * at) + 0.4 * decay(SR // 2, 0.03) * np.sin(4 * note * at)

    return repeated(rng, n, struck, (0.1, 0.35))


@one_of(NEW)
def distorted_guitar(rng: np.random.Generator, n: int) -> np.ndarray:
    """Fifths through an overdriven amplifier."""

    def chord() -> np.ndarray:
        size, note = round(SR * rng.uniform(0.15, 0.6)), random_note(rng, 40, 57)
        strings = sum(tone(note * ratio, overtones(20, 1), size) for ratio in (1, 1.4983, 2))
        return np.asarray(band_pass(np.tanh(6 * strings * decay(size, 0.5)), 80, 5000))

    return repeated(rng, n, chord, (0.15, 0.6))


@one_of(NEW)
def accordion(rng: np.random.Generator, n: int) -> np.ndarray:
    """Reeds, two to a note, a little out of tune."""

    def chord() -> np.ndarray:
        size = round(SR * rng.uniform(0.3, 0.9))
        notes = [random_note(rng, 52, 84) for _ in range(rng.integers(1, 4))]
        reeds = [tone(note * detuned, overtones(20, 0.6), size) for note in notes for detuned in (1, 1.006)]
        return hump(size, 0.4) ** 0.5 * np.sum(reeds, axis=0)

    return repeated(rng, n, chord, (0.3, 0.9))


@one_of(NEW)
def synthesizer(rng: np.random.Generator, n: int) -> np.ndarray:
    """A chord of sawtooth waves below a filter that opens and closes."""
    notes = [random_note(rng, 45, 72) for _ in range(4)]
    bright, dull = (np.sum([tone(note, overtones(24, power), n) for note in notes], axis=0) for power in (0.8, 2.5))
    opened = wandering(rng, n, 1)
    return opened * bright + (1 - opened) * dull


@one_of(NEW)
def helicopter(rng: np.random.Generator, n: int) -> np.ndarray:
    """Blades that beat 10 to 20 times a second, and a turbine."""
    beat = np.exp(-np.mod(clock(n) * rng.uniform(10, 20), 1) / 0.2)
    return beat * noise(rng, n, 1.3) + 0.05 * tone(rng.uniform(800, 2500), overtones(3, 1), n)


@one_of(NEW)
def train(rng: np.random.Generator, n: int) -> np.ndarray:
    """A train over the joints of its rails."""

    def joint() -> np.ndarray:
        wheel = noise(rng, 3000, 1) * decay(3000, 0.03)
        return wheel + np.roll(wheel, 1600)

    return 0.2 * noise(rng, n, 1.5) + repeated(rng, n, joint, (0.4, 0.5))


@one_of(NEW)
def jet(rng: np.random.Generator, n: int) -> np.ndarray:
    """An aeroplane that flies over."""
    near = hump(n, rng.uniform(0.2, 0.8))
    whine = tone(rng.uniform(1500, 3000) * (1.1 - 0.2 * np.linspace(0, 1, n)), overtones(2, 1), n)
    return near * (noise(rng, n, 0.8) + 0.3 * near * whine)


@one_of(NEW)
def bubbles(rng: np.random.Generator, n: int) -> np.ndarray:
    """Water that gurgles: each bubble is a short tone that rises (Minnaert 1933)."""

    def bubble() -> np.ndarray:
        size = round(SR * rng.uniform(0.02, 0.08))
        pitch = rng.uniform(300, 1800) * np.linspace(1, rng.uniform(1.1, 1.8), size)
        return rng.random() * decay(size, 0.015) * tone(pitch, np.ones(1), size)

    return repeated(rng, n, bubble, (0.005, 0.1)) + 0.01 * noise(rng, n, 1)


@one_of(NEW)
def thunder(rng: np.random.Generator, n: int) -> np.ndarray:
    """A crack and a long rumble."""
    crack = band_pass(noise(rng, n), 200, 4000) * decay(n, 0.15)
    return crack + noise(rng, n, 2.2) * decay(n, 1.5) * (0.3 + wandering(rng, n, 4))


@one_of(NEW)
def paper(rng: np.random.Generator, n: int) -> np.ndarray:
    """A sheet that is crumpled."""

    def crease() -> np.ndarray:
        return rng.random() ** 2 * band_pass(noise(rng, 480) * decay(480, 0.004), 1500, 7500)

    return repeated(rng, n, crease, (0.001, 0.05)) * wandering(rng, n, 4)


@one_of(NEW)
def knocking(rng: np.random.Generator, n: int) -> np.ndarray:
    """Knuckles on a door."""
    panel = rng.uniform(120, 300)

    def knock() -> np.ndarray:
        modes = [np.sin(2 * np.pi * panel * k * clock(3000)) * decay(3000, 0.03 / k) for k in (1, 1.6, 2.4, 3.7)]
        return rng.uniform(0.5, 1) * (np.sum(modes, axis=0) + 0.5 * noise(rng, 3000) * decay(3000, 0.004))

    return repeated(rng, n, knock, (0.15, 0.5))


@one_of(NEW)
def wolves(rng: np.random.Generator, n: int) -> np.ndarray:
    """Long howls that rise, stay and fall."""

    def howl() -> np.ndarray:
        size = round(SR * rng.uniform(1.0, 2.5))
        pitch = rng.uniform(300, 550) * (0.7 + 0.5 * hump(size, 0.3) ** 0.3 + 0.03 * wandering(rng, size, 5))
        return hump(size, 0.4) * tone(pitch, np.array([1, 0.5, 0.15, 0.08, 0.03]), size)

    return repeated(rng, n, howl, (0.8, 2.0))


@one_of(NEW)
def owls(rng: np.random.Generator, n: int) -> np.ndarray:
    """Soft hoots in a rhythm."""
    pitch = rng.uniform(300, 500)

    def hoot() -> np.ndarray:
        size = round(SR * rng.uniform(0.15, 0.5))
        return hump(size, 0.4) * tone(pitch * (0.92 + 0.1 * hump(size, 0.4)), np.array([1, 0.15, 0.05]), size)

    return repeated(rng, n, hoot, (0.35, 0.9))


@one_of(NEW)
def bees(rng: np.random.Generator, n: int) -> np.ndarray:
    """Wings that beat 180 to 260 times a second, nearer and farther."""
    wings = (
        wandering(rng, n, 2) * tone(rng.uniform(180, 260) * (1 + 0.1 * wandering(rng, n, 6)), overtones(15, 0.7), n)
        for _ in range(rng.integers(1, 5))
    )
    return np.sum(list(wings), axis=0)


@one_of(NEW)
def gallop(rng: np.random.Generator, n: int) -> np.ndarray:
    """Hooves on the ground."""

    def hoof() -> np.ndarray:
        clop = np.sin(2 * np.pi * rng.uniform(400, 900) * clock(1600)) * decay(1600, 0.01)
        return rng.uniform(0.5, 1) * (clop + 0.5 * noise(rng, 1600, 1) * decay(1600, 0.02))

    return repeated(rng, n, hoof, (0.08, 0.25))


@one_of(NEW)
def modem(rng: np.random.Generator, n: int) -> np.ndarray:
    """Data by two tones, 300 to 1200 a second, after an answer tone."""
    bits = rng.integers(0, 2, n)[(clock(n) * rng.choice([300, 600, 1200])).astype(int)]
    data = tone(np.where(bits, 1300.0, 2100.0), np.ones(1), n)
    return np.where(clock(n) < 0.2 * n / SR, tone(2100.0, np.ones(1), n), data)


@one_of(NEW)
def morse(rng: np.random.Generator, n: int) -> np.ndarray:
    """Dots and dashes over a noisy radio."""
    unit, pitch = rng.uniform(0.05, 0.12), rng.uniform(500, 1000)

    def sign() -> np.ndarray:
        size = round(SR * unit * rng.choice([1, 3]))
        return hump(size, 0.5) ** 0.1 * tone(pitch, np.ones(1), size)

    return repeated(rng, n, sign, (2 * unit, 5 * unit)) + 0.1 * band_pass(noise(rng, n), 300, 3000)


@one_of(NEW)
def purring(rng: np.random.Generator, n: int) -> np.ndarray:
    """A cat that purrs, in and out."""
    rate = rng.uniform(22, 30) * (1 + 0.15 * np.sign(np.sin(2 * np.pi * 0.6 * clock(n))))
    pulses = np.maximum(0, np.sin(2 * np.pi * np.cumsum(rate) / SR)) ** 4
    return pulses * formants(noise(rng, n), (250.0, 900.0, 2000.0), 300) + 0.02 * noise(rng, n)
