"""The kinds of sound on which `emotion_lib.audio.speech.ENOUGH_SPEECH` was chosen."""

import numpy as np
from scipy.signal import lfilter

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

CHOSEN_ON: dict[str, Sound] = {}


@one_of(CHOSEN_ON)
def white_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Hiss."""
    return noise(rng, n)


@one_of(CHOSEN_ON)
def brown_noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Rumble."""
    return noise(rng, n, 2)


@one_of(CHOSEN_ON)
def hum(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mains hum with its harmonics."""
    return tone(rng.choice([50.0, 60.0]), rng.random(12) * overtones(12, 0.8), n)


@one_of(CHOSEN_ON)
def organ(rng: np.random.Generator, n: int) -> np.ndarray:
    """Chords of an organ."""
    stops = np.array([1, 0.7, 0.3, 0.5, 0.1, 0.2, 0, 0.3])

    def chord() -> np.ndarray:
        size = round(SR * rng.uniform(0.4, 1.2))
        return hump(size, 0.3) * np.sum([tone(random_note(rng, 48, 76), stops, size) for _ in range(3)], axis=0)

    return repeated(rng, n, chord, (0.4, 1.0))


@one_of(CHOSEN_ON)
def plucked_strings(rng: np.random.Generator, n: int) -> np.ndarray:
    """A tune of plucked strings (Karplus and Strong 1983)."""

    def pluck() -> np.ndarray:
        period = round(SR / random_note(rng, 45, 76))
        excitation = np.zeros(SR)
        excitation[:period] = rng.uniform(-1, 1, period)
        loop = np.zeros(period + 2)
        loop[0], loop[-2:] = 1, -0.498
        return np.asarray(lfilter([1.0], loop, excitation))

    return repeated(rng, n, pluck, (0.15, 0.5))


@one_of(CHOSEN_ON)
def drums(rng: np.random.Generator, n: int) -> np.ndarray:
    """A loop of bass drum, snare and cymbal."""
    beat = rng.uniform(0.18, 0.3)
    y = np.zeros(n)
    for number, start in enumerate(range(0, n, round(SR * beat))):
        size = min(n - start, SR // 3)
        kick = np.sin(2 * np.pi * np.cumsum(50 + 120 * decay(size, 0.03)) / SR) * decay(size, 0.1)
        snare = (noise(rng, size) + tone(190, np.ones(2), size)) * decay(size, 0.05) / 2
        cymbal = band_pass(noise(rng, size), 5000, 7900) * decay(size, 0.03) / 2
        y[start : start + size] += cymbal + (kick, 0, snare, 0)[number % 4]
    return y


@one_of(CHOSEN_ON)
def bird_song(rng: np.random.Generator, n: int) -> np.ndarray:
    """Chirps that sweep between 2 and 6 kHz."""

    def chirp() -> np.ndarray:
        size = round(SR * rng.uniform(0.05, 0.25))
        sweep = np.linspace(rng.uniform(2000, 6000), rng.uniform(2000, 6000), size) + rng.uniform(0, 400) * np.sin(
            200 * clock(size)
        )
        return hump(size) * tone(sweep, np.array([1, 0.1]), size)

    return repeated(rng, n, chirp, (0.1, 0.5))


@one_of(CHOSEN_ON)
def barks(rng: np.random.Generator, n: int) -> np.ndarray:
    """A dog: rough, short, with resonances."""
    low = rng.uniform(200, 500)

    def bark() -> np.ndarray:
        size = round(SR * rng.uniform(0.12, 0.25))
        pitch = low * (0.8 + 0.6 * hump(size, 0.3)) * (1 + 0.05 * noise(rng, size, 2))
        source = tone(pitch, overtones(20, 0.7), size) + 0.5 * noise(rng, size)
        return hump(size, 0.15) * formants(source, (700.0, 1500.0, 2900.0), 500)

    return repeated(rng, n, bark, (0.3, 0.9))


@one_of(CHOSEN_ON)
def meows(rng: np.random.Generator, n: int) -> np.ndarray:
    """A cat: a long glide, brighter in its middle."""
    low = rng.uniform(400, 700)

    def meow() -> np.ndarray:
        size = round(SR * rng.uniform(0.4, 0.9))
        bow = hump(size, 0.4)
        source = tone(low * (1 + 0.4 * bow), overtones(12, 0.9), size)
        closed, opened = formants(source, (900.0,), 500), formants(source, (1300.0, 2400.0), 700)
        return bow * ((1 - bow) * closed + bow * opened)

    return repeated(rng, n, meow, (0.8, 1.6))


@one_of(CHOSEN_ON)
def rain(rng: np.random.Generator, n: int) -> np.ndarray:
    """Many drops over a soft hiss."""
    drops = rng.normal(size=n) * (rng.random(n) < rng.uniform(0.0005, 0.01))
    return 0.05 * noise(rng, n, 0.5) + band_pass(10 * drops, 800, 6000)


@one_of(CHOSEN_ON)
def engine(rng: np.random.Generator, n: int) -> np.ndarray:
    """A motor that changes its speed."""
    speed = rng.uniform(30, 90) * (1 + 0.7 * wandering(rng, n, 0.7))
    return tone(speed, rng.random(30) * overtones(30, 0.5), n) + 0.3 * noise(rng, n, 1)


@one_of(CHOSEN_ON)
def dialling(rng: np.random.Generator, n: int) -> np.ndarray:
    """Tones of the keys of a telephone."""

    def key() -> np.ndarray:
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        times = 2 * np.pi * clock(round(SR * 0.15))
        return np.asarray(np.sin(low * times) + np.sin(high * times))

    return repeated(rng, n, key, (0.2, 0.4))


@one_of(CHOSEN_ON)
def ticks(rng: np.random.Generator, n: int) -> np.ndarray:
    """A clock."""

    def tick() -> np.ndarray:
        return band_pass(noise(rng, 400) * decay(400, 0.003), 1500, 5000)

    every = rng.uniform(0.1, 1.0)
    return repeated(rng, n, tick, (every, every))


@one_of(CHOSEN_ON)
def breath(rng: np.random.Generator, n: int) -> np.ndarray:
    """Somebody breathes in and out."""

    def one() -> np.ndarray:
        size = round(SR * rng.uniform(0.7, 1.5))
        return hump(size, 0.4) * formants(noise(rng, size), (500.0, 1500.0, 2500.0), 800)

    return repeated(rng, n, one, (1.0, 2.0))


@one_of(CHOSEN_ON)
def digital_silence(rng: np.random.Generator, n: int) -> np.ndarray:
    """Zeros."""
    return np.zeros(n)


@one_of(CHOSEN_ON)
def wind(rng: np.random.Generator, n: int) -> np.ndarray:
    """Gusts of pink noise that whistle."""
    gusts = wandering(rng, n, 1.5)
    return gusts * noise(rng, n, 1) + 0.5 * gusts**2 * band_pass(noise(rng, n), 500, 700)


@one_of(CHOSEN_ON)
def waves(rng: np.random.Generator, n: int) -> np.ndarray:
    """The sea."""
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * clock(n) + rng.uniform(0, 6))
    return swell**2 * noise(rng, n, 0.7) + 0.2 * noise(rng, n, 2)


@one_of(CHOSEN_ON)
def crickets(rng: np.random.Generator, n: int) -> np.ndarray:
    """A steady trill near 4.5 kHz."""
    times = 2 * np.pi * clock(n)
    trill = np.maximum(0, np.sin(rng.uniform(25, 40) * times)) * (np.sin(rng.uniform(1, 3) * times) > -0.3)
    return trill * np.sin(rng.uniform(4000, 5000) * times)


@one_of(CHOSEN_ON)
def applause(rng: np.random.Generator, n: int) -> np.ndarray:
    """Many hands, or a few."""

    def clap() -> np.ndarray:
        centre = rng.uniform(800, 2500)
        return rng.random() * band_pass(noise(rng, 800) * decay(800, 0.008), 0.7 * centre, 1.4 * centre)

    return repeated(rng, n, clap, (0, 10 ** rng.uniform(-2, -0.5)))


@one_of(CHOSEN_ON)
def footsteps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Heel and sole."""

    def step() -> np.ndarray:
        heel = noise(rng, 2400, 1.5) * decay(2400, 0.02)
        return heel + 0.3 * np.roll(band_pass(noise(rng, 2400) * decay(2400, 0.03), 500, 3000), 1000)

    return repeated(rng, n, step, (0.45, 0.6))


@one_of(CHOSEN_ON)
def siren(rng: np.random.Generator, n: int) -> np.ndarray:
    """A siren that wails, or one of two tones."""
    turn = np.sin(2 * np.pi * rng.uniform(0.3, 2) * clock(n))
    turn = np.sign(turn) if rng.random() < 0.4 else turn
    return tone(rng.uniform(500, 900) * (1 + 0.3 * turn), overtones(6, 1), n)


@one_of(CHOSEN_ON)
def telephone_bell(rng: np.random.Generator, n: int) -> np.ndarray:
    """An old telephone: two bells struck 20 times a second."""
    times = 2 * np.pi * clock(n)
    struck = np.mod(clock(n), 0.05)
    bells = np.sum([np.sin(f * times) for f in rng.uniform(900, 1500) * np.array([1, 1.26, 2.7, 3.4])], axis=0)
    return bells * np.exp(-struck / 0.03) * (np.mod(clock(n), 1.5) < 0.9)


@one_of(CHOSEN_ON)
def keyboard(rng: np.random.Generator, n: int) -> np.ndarray:
    """Keys that are pressed and let go."""

    def key() -> np.ndarray:
        press = band_pass(noise(rng, 2000) * decay(2000, 0.004), 1000, 6000)
        return press + 0.4 * np.roll(press, round(SR * 0.06)) + 0.5 * noise(rng, 2000, 2) * decay(2000, 0.01)

    return repeated(rng, n, key, (0.08, 0.4))


@one_of(CHOSEN_ON)
def offset(rng: np.random.Generator, n: int) -> np.ndarray:
    """A microphone that is not plugged in: DC, and a little noise."""
    return 1 + 10 ** rng.uniform(-4, -2) * noise(rng, n)


@one_of(CHOSEN_ON)
def one_click(rng: np.random.Generator, n: int) -> np.ndarray:
    """A single sample."""
    return np.eye(1, n, int(rng.integers(n)))[0]


@one_of(CHOSEN_ON)
def church_bell(rng: np.random.Generator, n: int) -> np.ndarray:
    """Partials of a bell, which are no harmonics."""
    partials, base = np.array([0.5, 1, 1.2, 1.5, 2, 2.5, 2.67, 3, 4]), rng.uniform(200, 700)

    def stroke() -> np.ndarray:
        size = 2 * SR
        each = [decay(size, 1 / p) * np.sin(2 * np.pi * p * base * clock(size)) / np.sqrt(p) for p in partials]
        return np.sum(each, axis=0)

    return repeated(rng, n, stroke, (0.7, 1.5))


@one_of(CHOSEN_ON)
def alarm(rng: np.random.Generator, n: int) -> np.ndarray:
    """Beeps of an alarm clock: a square wave, on and off."""
    times = clock(n)
    on = (np.mod(times, rng.uniform(0.15, 0.5)) < 0.1) & (np.mod(times, 1.0) < 0.6)
    return on * np.sign(np.sin(2 * np.pi * rng.uniform(900, 3000) * times))


@one_of(CHOSEN_ON)
def whistling(rng: np.random.Generator, n: int) -> np.ndarray:
    """A tune that somebody whistles, sliding from note to note."""
    notes = np.array([random_note(rng, 81, 98) for _ in range(2 + 3 * n // SR)])
    glide = np.interp(np.linspace(0, len(notes) - 1, n), np.arange(len(notes)), notes)
    steps = notes[np.minimum(len(notes) - 1, np.arange(n) * len(notes) // n)]
    vibrato = 1 + 0.01 * np.sin(2 * np.pi * 5 * clock(n))
    puffs = 0.3 + np.abs(np.sin(np.pi * np.linspace(0, len(notes), n)))
    return puffs * (tone((0.7 * steps + 0.3 * glide) * vibrato, np.array([1, 0.05]), n) + 0.05 * noise(rng, n))


@one_of(CHOSEN_ON)
def theremin(rng: np.random.Generator, n: int) -> np.ndarray:
    """A voice-like glide with vibrato."""
    glide = rng.uniform(200, 600) * 2 ** (1.2 * wandering(rng, n, 2))
    vibrato = 1 + 0.02 * np.sin(2 * np.pi * rng.uniform(4, 7) * clock(n))
    return (0.3 + wandering(rng, n, 2)) * tone(glide * vibrato, overtones(8, 1.5), n)


@one_of(CHOSEN_ON)
def electronic_music(rng: np.random.Generator, n: int) -> np.ndarray:
    """Drums, a bass by frequency modulation (Chowning 1973) and a bright lead."""

    def bass() -> np.ndarray:
        times, note = 2 * np.pi * clock(SR // 3), random_note(rng, 33, 50)
        return np.asarray(np.sin(note * times + 3 * decay(SR // 3, 0.1) * np.sin(2 * note * times)))

    def lead() -> np.ndarray:
        size = round(SR * rng.uniform(0.1, 0.4))
        return 0.5 * hump(size) * tone(random_note(rng, 60, 84), overtones(16, 1), size)

    return drums(rng, n) + repeated(rng, n, bass, (0.25, 0.25)) + repeated(rng, n, lead, (0.2, 0.5))


@one_of(CHOSEN_ON)
def violin(rng: np.random.Generator, n: int) -> np.ndarray:
    """Bowed notes with vibrato and the resonances of a wooden body."""

    def bowed() -> np.ndarray:
        size = round(SR * rng.uniform(0.3, 1.0))
        vibrato = 1 + 0.008 * np.sin(2 * np.pi * 6 * clock(size))
        string = tone(random_note(rng, 55, 88) * vibrato, overtones(24, 1), size) + 0.03 * noise(rng, size)
        return hump(size, 0.3) * (string + 2 * formants(string, (450.0, 1000.0, 2500.0), 300))

    return repeated(rng, n, bowed, (0.3, 0.9))


@one_of(CHOSEN_ON)
def brass(rng: np.random.Generator, n: int) -> np.ndarray:
    """A fanfare, the brighter the louder."""

    def blown() -> np.ndarray:
        size = round(SR * rng.uniform(0.2, 0.7))
        swell, note = hump(size, 0.2), random_note(rng, 52, 77)
        return np.sum([swell**k * tone(k * note, np.ones(1), size) / k**0.7 for k in range(1, 12)], axis=0)

    return repeated(rng, n, blown, (0.2, 0.6))


@one_of(CHOSEN_ON)
def crows(rng: np.random.Generator, n: int) -> np.ndarray:
    """Rough caws."""

    def caw() -> np.ndarray:
        size = round(SR * rng.uniform(0.2, 0.45))
        pitch = rng.uniform(300, 450) * (1 + 0.2 * noise(rng, size, 2)).clip(0.5, 1.5)
        source = tone(pitch, overtones(20, 0.3), size) * (1 + 0.6 * np.sin(2 * np.pi * 70 * clock(size)))
        return hump(size, 0.2) * formants(source + noise(rng, size), (1400.0, 2300.0), 500)

    return repeated(rng, n, caw, (0.5, 1.1))


@one_of(CHOSEN_ON)
def cows(rng: np.random.Generator, n: int) -> np.ndarray:
    """Moos: low, long, and much like a vowel."""

    def moo() -> np.ndarray:
        size = round(SR * rng.uniform(0.9, 1.8))
        bow = hump(size, 0.6)
        source = tone(rng.uniform(90, 160) * (0.8 + 0.5 * bow), overtones(30, 0.8), size) + 0.1 * noise(rng, size)
        return bow * (formants(source, (250.0, 700.0), 150) + bow**2 * formants(source, (1300.0, 2100.0), 300))

    return repeated(rng, n, moo, (1.5, 3.0))


@one_of(CHOSEN_ON)
def frogs(rng: np.random.Generator, n: int) -> np.ndarray:
    """Croaks: pulses 40 to 90 times a second, with resonances."""

    def croak() -> np.ndarray:
        size, rate = round(SR * rng.uniform(0.15, 0.4)), rng.uniform(40, 90)
        pulses = (np.mod(np.arange(size), SR // rate) == 0).astype(float)
        return hump(size, 0.3) * formants(pulses, (600.0, 1700.0), 300)

    return repeated(rng, n, croak, (0.25, 0.8))


@one_of(CHOSEN_ON)
def glass(rng: np.random.Generator, n: int) -> np.ndarray:
    """Glasses that clink or break."""

    def clink() -> np.ndarray:
        partials = rng.uniform(1500, 7500, 8)
        each = [decay(SR // 2, rng.uniform(0.01, 0.15)) * np.sin(2 * np.pi * p * clock(SR // 2)) for p in partials]
        return rng.random() * np.sum(each, axis=0)

    return repeated(rng, n, clink, (0.02, 0.6))


@one_of(CHOSEN_ON)
def saw(rng: np.random.Generator, n: int) -> np.ndarray:
    """Strokes of a saw, to and fro."""
    stroke = np.abs(np.sin(2 * np.pi * rng.uniform(0.8, 1.5) * clock(n)))
    teeth = 1 + np.sin(2 * np.pi * np.cumsum(60 + 120 * stroke) / SR)
    return stroke * teeth * formants(noise(rng, n), (1200.0, 2600.0, 4000.0), 700)


@one_of(CHOSEN_ON)
def fire(rng: np.random.Generator, n: int) -> np.ndarray:
    """A fire that crackles."""

    def crackle() -> np.ndarray:
        return rng.random() ** 3 * band_pass(noise(rng, 300) * decay(300, 0.002), 1000, 7000)

    return repeated(rng, n, crackle, (0.005, 0.2)) + 0.02 * noise(rng, n, 1.5)
