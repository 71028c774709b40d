"""Other versions of an utterance: of the shape that was asked for, repeatable, and within what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_lib.features import FeatureSettings, log_mel
from emotion_lib.features.mel import hz_to_mel
from emotion_lib.training import schedules
from emotion_lib.training.schedules import HIDDEN_BANDS, HIDDEN_FRAMES, other_voice, vary

N_MELS, SR = 64, 16000


def speech(n: int = 80, n_mels: int = N_MELS, *, seed: int = 0) -> np.ndarray:
    """Return a made-up mel spectrogram in decibels."""
    return np.random.default_rng(seed).normal(-40, 15, (n, n_mels)).astype(np.float32)


def varied(frames: np.ndarray, seed: int = 0, *, n_frames: int = 152) -> np.ndarray:
    """Return the version of an utterance that a seed draws."""
    return vary(frames, np.random.default_rng(seed), sr=SR, n_frames=n_frames)


@settings(max_examples=100)
@given(st.integers(1, 200), st.integers(1, 80), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_any_utterance_gives_finite_frames_and_no_more_than_asked_for(
    n: int, n_mels: int, n_frames: int, seed: int
) -> None:
    found = varied(speech(n, n_mels), seed, n_frames=n_frames)
    assert 1 <= len(found) <= n_frames
    assert found.shape[1] == n_mels
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize("level", [-100.0, 0.0, 60.0])
def test_what_is_equally_loud_everywhere_stays_finite(level: float) -> None:
    assert np.isfinite(varied(np.full((20, N_MELS), level, dtype=np.float32))).all()


def test_the_same_draw_gives_the_same_version_another_another_and_the_utterance_stays_as_it_is() -> None:
    frames = speech()
    np.testing.assert_array_equal(varied(frames, 1), varied(frames, 1))
    np.testing.assert_array_equal(frames, speech())
    assert not np.array_equal(varied(speech(), 1, n_frames=20), varied(speech(), 2, n_frames=20))


@given(st.integers(0, 2**32 - 1))
def test_tempo_stays_within_its_limits(seed: int) -> None:
    slowest, fastest = schedules.TEMPO
    assert 100 * slowest - 1 <= len(varied(speech(100), seed)) <= 100 * fastest + 1


@pytest.fixture
def nothing_varied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set each amount of variation to none; a test sets one again."""
    for name, none in {
        "TEMPO": (1.0, 1.0),
        "PITCH": (1.0, 1.0),
        "FORMANTS": (1.0, 1.0),
        "COLOUR_DB": 0.0,
        "NOISE_DB": (1000.0, 1000.0),
        "HIDDEN_BANDS": 0,
        "HIDDEN_FRAMES": 0,
    }.items():
        monkeypatch.setattr(schedules, name, none)
    return monkeypatch


@pytest.mark.usefixtures("nothing_varied")
def test_without_variation_an_utterance_is_as_it_was() -> None:
    np.testing.assert_allclose(varied(speech()), speech(), atol=1e-4)


@pytest.mark.usefixtures("nothing_varied")
def test_of_a_long_utterance_a_part_is_drawn() -> None:
    frames = np.repeat(np.arange(100, dtype=np.float32)[:, None], N_MELS, axis=1)
    starts = set()
    for seed in range(20):
        part = varied(frames, seed, n_frames=30)[:, 0]
        np.testing.assert_allclose(np.diff(part), 1, atol=1e-3)
        starts.add(int(part[0].round()))
    assert len(starts) > 5
    assert min(starts) >= 0
    assert max(starts) <= 70


@pytest.mark.parametrize("seed", range(20))
def test_hidden_bands_and_frames_have_the_mean_and_are_no_more_than_two_of_each(
    seed: int, nothing_varied: pytest.MonkeyPatch
) -> None:
    nothing_varied.setattr(schedules, "HIDDEN_BANDS", HIDDEN_BANDS)
    nothing_varied.setattr(schedules, "HIDDEN_FRAMES", HIDDEN_FRAMES)
    frames = speech()
    found = varied(frames, seed)
    hidden = ~np.isclose(found, frames, atol=1e-4)
    frames_hidden, bands_hidden = hidden.all(axis=1), hidden.all(axis=0)
    assert (hidden == frames_hidden[:, None] | bands_hidden).all()
    np.testing.assert_allclose(found[hidden], frames.mean(), atol=1e-3)
    assert bands_hidden.sum() <= 2 * HIDDEN_BANDS
    assert frames_hidden.sum() <= 2 * HIDDEN_FRAMES


def place_of(frequency: float) -> float:
    """Return the band in whose centre a frequency lies."""
    return float(hz_to_mel(frequency) / hz_to_mel(SR / 2) * (N_MELS + 1) - 1)


def harmonics(pitch: float, *, formant: float) -> np.ndarray:
    """Return the mel spectrogram of a voice-like sound: harmonics of a pitch, loudest about one frequency."""
    settings = FeatureSettings(sr=SR, n_fft=1024, hop_length=320, n_mels=N_MELS, top_db=None)
    times = np.arange(SR) / SR
    numbers = np.arange(1, int(SR / 2 / pitch))
    levels = np.exp(-np.abs(numbers * pitch - formant) / 800)
    return log_mel(0.02 * levels @ np.sin(2 * np.pi * pitch * numbers[:, None] * times), SR, settings=settings)


def resonance(frequency: float) -> np.ndarray:
    """Return a made-up mel spectrogram with one broad hill and no harmonics."""
    hill = -60 - (np.arange(N_MELS) - place_of(frequency)) ** 2 / 120
    return np.tile(hill.astype(np.float32), (10, 1))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_formants_move_the_envelope(factor: float) -> None:
    moved = other_voice(resonance(2000), pitch=1, formants=factor, sr=SR)
    logarithmic = slice(round(place_of(1300)), round(place_of(5000)))  # where a factor moves all bands alike
    np.testing.assert_allclose(moved[:, logarithmic], resonance(2000 * factor)[:, logarithmic], atol=1)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_pitch_moves_the_harmonics_and_leaves_the_envelope(factor: float) -> None:
    given = harmonics(300, formant=300)
    moved = other_voice(given, pitch=factor, formants=1, sr=SR).mean(axis=0)
    ripple = moved - np.convolve(moved, np.ones(9) / 9, mode="same")
    second = round(place_of(600 * factor))
    assert ripple[second - 1 : second + 2].max() == ripple[second - 3 : second + 4].max()
    assert moved.mean() == pytest.approx(given.mean(), abs=1)


def test_voices_are_drawn_higher_and_lower(nothing_varied: pytest.MonkeyPatch) -> None:
    nothing_varied.setattr(schedules, "FORMANTS", (0.86, 1.16))
    places = {int(varied(resonance(2000), seed).mean(axis=0).argmax()) for seed in range(50)}
    assert min(places) < place_of(2000) - 1
    assert max(places) > place_of(2000) + 1


def test_colour_is_the_same_in_every_frame(nothing_varied: pytest.MonkeyPatch) -> None:
    nothing_varied.setattr(schedules, "COLOUR_DB", 4.0)
    colour = varied(speech()) - speech()
    np.testing.assert_allclose(colour, np.broadcast_to(colour[0], colour.shape), atol=1e-3)
    assert colour[0].std() > 0.5


def test_noise_fills_what_lies_below_it_and_leaves_what_lies_above(nothing_varied: pytest.MonkeyPatch) -> None:
    nothing_varied.setattr(schedules, "NOISE_DB", (40.0, 40.0))
    frames = np.full((10, N_MELS), -100.0, dtype=np.float32)
    frames[:, 5] = 0.0
    noisy = varied(frames)
    np.testing.assert_allclose(noisy[:, 5], 0, atol=0.01)
    np.testing.assert_allclose(np.delete(noisy, 5, axis=1), -40, atol=0.01)
