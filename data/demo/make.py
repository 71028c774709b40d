"""Make the demo corpus: two synthetic voices, seven emotions, twelve words, named as TESS names its recordings.

Run `python data/demo/make.py` (or `make demo-corpus`): espeak-ng speaks, NumPy colours, soundfile writes
`<speaker>/<speaker>_<word>_<emotion>.flac` beside this file. `python data/demo/measure.py` says what came out.
The same espeak-ng and the same library versions give the same samples: all chance is seeded.
"""

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

FOLDER = Path(__file__).resolve().parent
ESPEAK = "espeak-ng"
SR = 16_000
SEED = 20_100

WORDS = ("back", "bite", "dog", "germ", "good", "home", "judge", "mill", "neat", "rain", "soup", "voice")
"""Twelve of TESS's 200 words, one for each vowel: /æ aɪ ɔ ɝ ʊ oʊ ʌ ɪ i eɪ u ɔɪ/."""


@dataclass(frozen=True)
class Voice:
    """A speaker: one of espeak-ng's voices, and how far its pitch (0 to 99, 50 its own) is moved."""

    name: str
    pitch: float


# DE as in demo: neither can be taken for TESS's OAF or YAF, nor for a real person.
VOICES = {"DEA": Voice("en-us+steph", pitch=-8), "DEB": Voice("en-us+f3", pitch=0)}


@dataclass(frozen=True)
class Prosody:
    """How one utterance is spoken.

    `pitch` (0 to 99, 50 is the voice's own), `pitch_range` (percent of the voice's own, 0 to 200) and `speed`
    (words per minute) are espeak-ng's; `turn` raises or lowers the pitch of the last word by so many percent, and
    `mark` is the punctuation that chooses its melody. `level` is the RMS of the speech in dB relative to full scale,
    `tilt` turns its spectrum about 1 kHz, in dB per octave.
    """

    pitch: float
    pitch_range: float
    turn: float
    mark: str
    speed: float
    level: float
    tilt: float


# The directions against neutral are the literature's (README.md has the references), the amounts are ours.
EMOTIONS = {
    "neutral": Prosody(pitch=50, pitch_range=75, turn=0, mark=".", speed=122, level=-27, tilt=0.0),
    # fast, loud, bright, high and wide: Juslin and Laukka 2003
    "angry": Prosody(pitch=62, pitch_range=150, turn=-5, mark="!", speed=140, level=-19, tilt=2.5),
    # slow, low, soft, falling far at the end: Murray and Arnott 1993
    "disgust": Prosody(pitch=34, pitch_range=110, turn=-25, mark=".", speed=96, level=-29, tilt=-0.5),
    # fast, high, narrow, rather soft and dark: Juslin and Laukka 2003
    "fear": Prosody(pitch=85, pitch_range=30, turn=8, mark=".", speed=148, level=-28, tilt=-1.0),
    # fast, high and wide, rather loud and bright: Juslin and Laukka 2003
    "happy": Prosody(pitch=72, pitch_range=190, turn=15, mark="!", speed=132, level=-22, tilt=1.8),
    # high and wide: Pell et al. 2009; that it rises at the end is the melody of a question
    "ps": Prosody(pitch=64, pitch_range=150, turn=110, mark="?", speed=124, level=-23, tilt=1.0),
    # slow, soft, dark, low and narrow: Juslin and Laukka 2003
    "sad": Prosody(pitch=36, pitch_range=25, turn=-5, mark=".", speed=88, level=-35, tilt=-2.5),
}


class EspeakError(Exception):
    """espeak-ng is absent or failed; the message says what to do."""


def main() -> int:
    """Write the corpus and return the process's exit status."""
    try:
        print(f"made with {espeak_version()}")
        for path, y in corpus():
            path.parent.mkdir(exist_ok=True)
            sf.write(path, y, SR, subtype="PCM_16", compression_level=1.0)
    except EspeakError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def corpus() -> Iterator[tuple[Path, np.ndarray]]:
    """Yield the path and the waveform of each of the 168 utterances."""
    for speaker in VOICES:
        for emotion in EMOTIONS:
            for word in WORDS:
                yield FOLDER / speaker / f"{speaker}_{word}_{emotion}.flac", utterance(speaker, word, emotion)


def utterance(speaker: str, word: str, emotion: str) -> np.ndarray:
    """Return one utterance, float64 (n_samples,) at `SR`: "Say the word <word>", spoken with an emotion."""
    cell = [list(VOICES).index(speaker), list(EMOTIONS).index(emotion), WORDS.index(word)]
    rng = np.random.default_rng([SEED, *cell])
    prosody = varied(EMOTIONS[emotion], rng)
    y = trimmed(spoken(word, VOICES[speaker], prosody))
    y = with_level(with_tilt(y, prosody.tilt), prosody.level)
    return in_a_room(y, rng)


def varied(prosody: Prosody, rng: np.random.Generator) -> Prosody:
    """Return the prosody as one speaker gives it once: nobody says a thing twice alike."""
    return replace(
        prosody,
        pitch=prosody.pitch + rng.normal(0, 3),
        pitch_range=prosody.pitch_range * rng.normal(1, 0.1),
        turn=prosody.turn + rng.normal(0, 3),
        speed=prosody.speed * rng.normal(1, 0.04),
        level=prosody.level + rng.normal(0, 1.2),
        tilt=prosody.tilt + rng.normal(0, 0.5),
    )


def spoken(word: str, voice: Voice, prosody: Prosody) -> np.ndarray:
    """Return what espeak-ng says, at `SR`."""
    last = f'<prosody pitch="{prosody.turn:+.0f}%">{word}{prosody.mark}</prosody>'
    text = f'<prosody range="{prosody.pitch_range:.0f}%">Say the word {last}</prosody>'
    pitch, speed = f"{prosody.pitch + voice.pitch:.0f}", f"{prosody.speed:.0f}"
    wav = espeak("-m", "-z", "-v", voice.name, "-p", pitch, "-s", speed, "--stdout", text)
    y, sr = sf.read(io.BytesIO(wav))
    return np.asarray(soxr.resample(y, sr, SR))


def espeak(*arguments: str) -> bytes:
    """Return the standard output of espeak-ng."""
    if shutil.which(ESPEAK) is None:
        raise EspeakError(f"{ESPEAK}: not found, and the demo corpus is spoken by it; try `apt-get install {ESPEAK}`")
    run = subprocess.run([ESPEAK, *arguments], capture_output=True, check=False)
    if run.returncode:
        raise EspeakError(f"{ESPEAK}: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


def espeak_version() -> str:
    """Return the program's name and version, as in "eSpeak NG text-to-speech: 1.51"."""
    return espeak("--version").decode().split("  ")[0].strip()


def trimmed(y: np.ndarray) -> np.ndarray:
    """Return the waveform without the silence before and after (40 dB below its peak)."""
    heard = np.flatnonzero(np.abs(y) > 0.01 * np.abs(y).max())
    return y[heard[0] : heard[-1] + 1]


def with_tilt(y: np.ndarray, tilt: float) -> np.ndarray:
    """Return the waveform with its spectrum turned about 1 kHz by `tilt` dB per octave (flat below 100 Hz)."""
    padded = np.pad(y, SR // 10)
    frequency = np.fft.rfftfreq(len(padded), 1 / SR)
    gain = 10 ** (tilt * np.log2(np.maximum(frequency, 100) / 1000) / 20)
    return np.fft.irfft(np.fft.rfft(padded) * gain, len(padded))[SR // 10 : -SR // 10]


def with_level(y: np.ndarray, level: float) -> np.ndarray:
    """Return the waveform at an RMS of `level` dB relative to full scale."""
    return np.asarray(y * 10 ** (level / 20) / np.sqrt(np.mean(y**2)))


def in_a_room(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the waveform with 0.1 to 0.2 s before and after, all in faint noise: no recording is silent."""
    before, after = rng.integers(SR // 10, SR // 5, size=2)
    padded = np.pad(y, (before, after))
    return padded + rng.normal(0, 10 ** (rng.normal(-85, 2) / 20), len(padded))


if __name__ == "__main__":
    sys.exit(main())
