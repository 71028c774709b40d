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

FOLDER = Path(__file__).parents[2] / "data" / "demo"
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
@pytest.mark.parametrize(("speaker", "word", "emotion"), [("DEA", "back", "angry"), ("DEB", "voice", "ps")])
def test_the_script_makes_the_committed_recordings(speaker: str, word: str, emotion: str) -> None:
    if make.espeak_version() != MADE_WITH:
        pytest.skip(f"{make.espeak_version()} is not {MADE_WITH}, which made the recordings")
    committed, _ = sf.read(FOLDER / speaker / f"{speaker}_{word}_{emotion}.flac")
    np.testing.assert_allclose(make.utterance(speaker, word, emotion), committed, atol=2 / 2**15)
