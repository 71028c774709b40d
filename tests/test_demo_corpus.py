"""The demo corpus as it is committed, and the two scripts in data/demo that make and measure it."""

import hashlib
import importlib.util
import itertools
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import corpora

FOLDER = Path(__file__).parents[1] / "data" / "demo"
FILES = sorted(FOLDER.glob("*/*.flac"))
MADE_WITH = "eSpeak NG text-to-speech: 1.51"

DIRECTIONS = {
    "angry": {"median F0": 1, "F0 range": 1, "rate": 1, "level": 1, "tilt": 1},
    "disgust": {"median F0": -1, "F0 at the end": -1, "rate": -1, "level": -1},
    "fear": {"median F0": 1, "F0 range": -1, "rate": 1, "level": -1, "tilt": -1},
    "happy": {"median F0": 1, "F0 range": 1, "rate": 1, "level": 1, "tilt": 1},
    "ps": {"median F0": 1, "F0 range": 1, "F0 at the end": 1},
    "sad": {"median F0": -1, "F0 range": -1, "rate": -1, "level": -1, "tilt": -1},
}
"""What the card says of each emotion against neutral: more or less of it."""


def script(name: str) -> ModuleType:
    """Return one of the scripts beside the recordings as a module."""
    spec = importlib.util.spec_from_file_location(f"demo_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make, measure = script("make"), script("measure")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """One row a recording, measured now."""
    return pd.DataFrame(measure.recordings())


# the recordings


def test_the_design_is_two_speakers_by_seven_emotions_by_twelve_words() -> None:
    cells = itertools.product(("DEA", "DEB"), make.WORDS, make.EMOTIONS)
    assert {path.stem for path in FILES} == {"_".join(cell) for cell in cells}
    assert len(FILES) == 2 * 7 * 12


def test_the_words_are_words_of_tess_and_the_speakers_are_not() -> None:
    tess = corpora.index("tess")
    assert set(make.WORDS) <= set(tess["text"])
    assert not set(make.VOICES) & set(tess["speaker"])


def test_every_recording_is_16_khz_mono_16_bit_flac_and_as_long_as_those_of_tess() -> None:
    infos = [sf.info(path) for path in FILES]
    assert {(i.samplerate, i.channels, i.format, i.subtype) for i in infos} == {(16_000, 1, "FLAC", "PCM_16")}
    assert all(1.3 <= i.duration <= 3.0 for i in infos)


def test_the_recordings_are_below_5_megabytes() -> None:
    assert sum(path.stat().st_size for path in FILES) < 5_000_000


def test_no_two_recordings_are_alike() -> None:
    assert len({hashlib.sha256(sf.read(path)[0].tobytes()).digest() for path in FILES}) == len(FILES)


def test_no_recording_clips_or_is_silent_for_a_hundredth_of_a_second() -> None:
    for path in FILES:
        y, sr = sf.read(path)
        hundredths = y[: len(y) // (sr // 100) * (sr // 100)].reshape(-1, sr // 100)
        assert 0.03 < np.abs(y).max() < 0.99, path
        assert np.abs(hundredths).max(axis=1).min() > 0, path


@pytest.mark.parametrize("emotion", DIRECTIONS)
def test_an_emotion_differs_from_neutral_as_the_card_says(rows: pd.DataFrame, emotion: str) -> None:
    means = measure.by_emotion(rows).set_index(["speaker", "emotion"])
    means.columns = means.columns.str.replace(r" \(.*", "", regex=True)
    difference = means.xs(emotion, level="emotion") - means.xs("neutral", level="emotion")
    for name, sign in DIRECTIONS[emotion].items():
        assert (sign * difference[name] > 0).all(), name


def test_the_lower_voice_is_lower_in_every_emotion(rows: pd.DataFrame) -> None:
    f0 = rows.pivot_table(index="emotion", columns="speaker", values="median F0 (Hz)")
    assert (f0["DEA"] < f0["DEB"]).all()


def test_the_committed_figures_are_those_of_the_recordings(rows: pd.DataFrame) -> None:
    committed = pd.read_csv(measure.FIGURES)
    pd.testing.assert_frame_equal(measure.by_emotion(rows), committed, check_exact=False, rtol=0, atol=0.11)


def test_the_card_shows_the_committed_figures() -> None:
    committed = pd.read_csv(measure.FIGURES)
    assert measure.markdown(committed) in (FOLDER / "README.md").read_text(encoding="utf-8")


# how they are measured


def harmonics(f0: float, *, sr: int = 16_000) -> np.ndarray:
    """Return one second of a tone with ten harmonics, the n-th 1/n as strong as the first."""
    t = np.arange(sr) / sr
    n = np.arange(1, 11)[:, None]
    return np.asarray(np.mean(np.sin(2 * np.pi * n * f0 * t) / n, axis=0))


@pytest.mark.parametrize("f0", [80, 125, 200, 320])
def test_the_pitch_of_a_tone_is_its_fundamental(f0: int) -> None:
    assert measure.pitch(harmonics(f0), 16_000) == pytest.approx(f0, rel=0.01)


def test_noise_has_no_pitch() -> None:
    assert len(measure.pitch(np.random.default_rng(0).normal(size=16_000), 16_000)) == 0


def test_white_noise_has_no_tilt() -> None:
    assert measure.tilt(np.random.default_rng(0).normal(size=160_000), 16_000) == pytest.approx(0, abs=0.1)


def test_an_octave_is_twelve_semitones() -> None:
    assert measure.semitones(2) == 12


def test_quiet_before_and_after_is_no_part_of_the_speech() -> None:
    y = np.pad(harmonics(200), (3200, 4800))
    assert len(measure.speech(y, 16_000)) == pytest.approx(16_000, abs=160)


def test_the_level_of_a_full_sine_is_3_db_below_full_scale() -> None:
    y = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    assert measure.measured(y, 16_000)["level (dB)"] == pytest.approx(-3.01, abs=0.01)


# how they are made


def test_the_tilt_that_is_asked_for_is_the_tilt_that_is_measured() -> None:
    y = np.random.default_rng(0).normal(size=160_000)
    assert measure.tilt(make.with_tilt(y, -3), 16_000) == pytest.approx(-3, abs=0.1)


def test_the_level_that_is_asked_for_is_the_level_that_comes() -> None:
    y = make.with_level(harmonics(200), -27)
    assert 10 * np.log10(np.mean(y**2)) == pytest.approx(-27)


def test_one_emotion_is_never_spoken_twice_alike() -> None:
    rng = np.random.default_rng(0)
    assert make.varied(make.EMOTIONS["sad"], rng) != make.varied(make.EMOTIONS["sad"], rng)


def test_without_espeak_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert make.main() == 1
    assert capsys.readouterr().err.splitlines() == [
        "espeak-ng: not found, and the demo corpus is spoken by it; try `apt-get install espeak-ng`"
    ]


needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed; try `apt-get install espeak-ng`"
)


@needs_espeak
def test_a_failure_of_espeak_is_reported_in_its_words() -> None:
    with pytest.raises(make.EspeakError, match=r"espeak-ng: .*/no/such/text"):
        make.espeak("-f", "/no/such/text", "--stdout")


@needs_espeak
@pytest.mark.parametrize(("speaker", "word", "emotion"), [("DEA", "back", "angry"), ("DEB", "voice", "ps")])
def test_the_script_makes_the_committed_recordings(speaker: str, word: str, emotion: str) -> None:
    if make.espeak_version() != MADE_WITH:
        pytest.skip(f"{make.espeak_version()} is not {MADE_WITH}, which made the recordings")
    committed, _ = sf.read(FOLDER / speaker / f"{speaker}_{word}_{emotion}.flac")
    np.testing.assert_allclose(make.utterance(speaker, word, emotion), committed, atol=2 / 2**15)
