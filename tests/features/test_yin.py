"""Pitch: tones whose period is known, noise that has none, and what a frame needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_lib.errors import ParameterError
from emotion_lib.features.yin import HIGHEST, LOWEST, frame_length, of_frames

SR = 16_000


def frames(y: np.ndarray, sr: int = SR) -> np.ndarray:
    """Return the frames of a waveform, one every 10 ms."""
    return np.lib.stride_tricks.sliding_window_view(y, frame_length(sr))[:: sr // 100]


def seconds(sr: int = SR) -> np.ndarray:
    """Return the times of a quarter of a second."""
    return np.arange(sr // 4) / sr


@pytest.mark.parametrize("sr", [8000, 16_000, 24_414])
@pytest.mark.parametrize("frequency", [66.0, 120.0, 220.0, 440.0, 690.0])
def test_a_pure_tone_has_its_frequency_and_is_wholly_periodic(frequency: float, sr: int) -> None:
    found, periodicity = of_frames(frames(np.sin(2 * np.pi * frequency * seconds(sr)), sr), sr)
    np.testing.assert_allclose(found, frequency, rtol=0.005)
    assert periodicity.min() > 0.98


@pytest.mark.parametrize("frequency", [80.0, 150.0, 320.0])
def test_a_sound_of_many_harmonics_has_the_frequency_of_the_lowest_even_where_that_is_missing(frequency: float) -> None:
    harmonics = [np.sin(2 * np.pi * frequency * number * seconds() + number) for number in range(2, 9)]
    found, _ = of_frames(frames(np.sum(harmonics, axis=0)), SR)
    np.testing.assert_allclose(found, frequency, rtol=0.01)


def test_noise_has_no_period_and_neither_has_silence() -> None:
    noise = np.random.default_rng(0).normal(size=SR)
    assert of_frames(frames(noise), SR)[1].max() < 0.5
    assert of_frames(frames(np.zeros(SR)), SR)[1].max() == 0


def test_a_tone_in_noise_is_the_less_periodic_the_louder_the_noise() -> None:
    tone, noise = np.sin(2 * np.pi * 200 * seconds()), np.random.default_rng(0).normal(size=SR // 4)
    periodicity = [of_frames(frames(tone + level * noise), SR)[1].mean() for level in (0, 0.1, 0.3, 1)]
    assert (np.diff(periodicity) < 0).all()


@given(st.floats(1e-4, 1), st.floats(70, 650))
def test_how_loud_a_tone_is_does_not_matter(level: float, frequency: float) -> None:
    tone = np.sin(2 * np.pi * frequency * seconds())
    for loud, quiet in zip(of_frames(frames(tone), SR), of_frames(frames(level * tone), SR), strict=True):
        np.testing.assert_allclose(quiet, loud, rtol=1e-3)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-30, 1e-6, 1.0]))
def test_any_frame_has_a_frequency_in_the_range_and_a_periodicity_from_0_to_1(seed: int, level: float) -> None:
    y = level * np.random.default_rng(seed).normal(size=(5, frame_length(SR)))
    frequency, periodicity = of_frames(y, SR)
    assert ((frequency >= LOWEST) & (frequency <= HIGHEST)).all()
    assert ((periodicity >= 0) & (periodicity <= 1)).all()


def test_a_rate_at_which_no_pitch_can_be_seen_is_refused() -> None:
    with pytest.raises(ParameterError, match="sr=2000: must be at least 2800 Hz"):
        frame_length(2000)
