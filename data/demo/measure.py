"""Measure the demo corpus: pitch, its range, rate, level and spectral tilt of each voice and emotion.

Run `python data/demo/measure.py`: it measures the recordings, writes `measured.csv` beside this file and prints the
same table in Markdown, as README.md shows it.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

FOLDER = Path(__file__).resolve().parent
FIGURES = FOLDER / "measured.csv"
SYLLABLES = 4
"""Say, the, word, and one of TESS's words: each has one."""

FRAME = 0.04  # seconds
HOP = 0.01
LOWEST, HIGHEST = 60, 600  # Hz
VOICED = 0.6  # least autocorrelation of a voiced frame


def main() -> int:
    """Measure, write the table and print it."""
    table = by_emotion(recordings())
    table.to_csv(FIGURES, index=False, lineterminator="\n")
    print(markdown(table))
    return 0


def recordings(folder: Path = FOLDER) -> pd.DataFrame:
    """Return one row a recording: speaker, emotion, and what was measured."""
    return pd.DataFrame([described(path) for path in sorted(folder.glob("*/*.flac"))])


def by_emotion(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the words, one row for each speaker and emotion, to one decimal."""
    means = rows.drop(columns="word").groupby(["speaker", "emotion"]).mean()
    return means.round(1).add(0.0).reset_index()  # adding 0 turns -0.0 into 0.0


def markdown(table: pd.DataFrame) -> str:
    """Return the table as Markdown."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(["| " + " | ".join(table.columns) + " |", "|---" * table.shape[1] + "|", *lines])


def described(path: Path) -> dict[str, str | float]:
    """Return speaker, word and emotion of one recording, and what was measured."""
    y, sr = sf.read(path)
    speaker, word, emotion = path.stem.split("_")
    return {"speaker": speaker, "word": word, "emotion": emotion} | measured(speech(y, sr), sr)


def measured(y: np.ndarray, sr: int) -> dict[str, float]:
    """Return the measures of one utterance, named with their units (st: semitones; dB: relative to full scale)."""
    f0 = pitch(y, sr)
    middle = float(np.median(f0))
    low, high = np.percentile(f0, [5, 95])
    return {
        "median F0 (Hz)": middle,
        "F0 range (st)": semitones(high / low),
        "F0 at the end (st)": semitones(float(np.median(f0[-len(f0) // 4 :])) / middle),
        "rate (syllables/s)": SYLLABLES * sr / len(y),
        "level (dB)": float(10 * np.log10(np.mean(y**2))),
        "tilt (dB/octave)": tilt(y, sr),
    }


def semitones(ratio: float) -> float:
    """Return an interval, given as a ratio of frequencies, in semitones."""
    return float(12 * np.log2(ratio))


def speech(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the waveform from the first to the last hop within 30 dB of the loudest."""
    hop = round(HOP * sr)
    power = np.square(y[: len(y) // hop * hop]).reshape(-1, hop).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 1000)
    return y[loud[0] * hop : (loud[-1] + 1) * hop]


def pitch(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the fundamental frequency of the voiced frames in Hz: the first high peak of the autocorrelation.

    It is divided by the window's own, so that long periods are not put at a disadvantage (Boersma 1993, "Accurate
    short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound").
    """
    r = periodicity(y, sr)
    inner = r[:, 1:-1]
    peak = (inner >= r[:, :-2]) & (inner >= r[:, 2:]) & (inner > VOICED) & (inner > 0.9 * r.max(axis=1, keepdims=True))
    lag = sr // HIGHEST + 1 + np.argmax(peak, axis=1)
    return np.asarray(sr / lag[peak.any(axis=1)])


def periodicity(y: np.ndarray, sr: int) -> np.ndarray:
    """Return the normalised autocorrelation of the frames within 25 dB of the loudest, from the shortest lag on."""
    window = np.hanning(round(FRAME * sr))
    frames = np.lib.stride_tricks.sliding_window_view(y, len(window))[:: round(HOP * sr)]
    power = np.square(frames).mean(axis=1)
    frames = frames[power > power.max() / 10**2.5]
    frames = frames - frames.mean(axis=1, keepdims=True)
    lags = slice(sr // HIGHEST, sr // LOWEST + 2)
    return np.asarray(autocorrelation(frames * window)[:, lags] / autocorrelation(window)[lags])


def autocorrelation(x: np.ndarray) -> np.ndarray:
    """Return the autocorrelation along the last axis, 1 at lag 0."""
    spectrum = np.fft.rfft(x, 2 * x.shape[-1])
    r = np.fft.irfft(np.abs(spectrum) ** 2)
    return np.asarray(r / r[..., :1])


def tilt(y: np.ndarray, sr: int) -> float:
    """Return the slope of the spectrum in dB per octave: a line through its octave bands from 250 Hz to 4 kHz."""
    power = np.abs(np.fft.rfft(y)) ** 2
    frequency = np.fft.rfftfreq(len(y), 1 / sr)
    octaves = np.arange(5)
    centres = 250 * 2.0**octaves
    bands = [power[(frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)].mean() for centre in centres]
    return float(np.polyfit(octaves, 10 * np.log10(bands), 1)[0])


if __name__ == "__main__":
    sys.exit(main())
