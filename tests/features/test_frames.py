"""Features: librosa as the reference, and truths that need none."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emotion_lib import features
from emotion_lib.errors import AudioError, MissingExtraError, ParameterError
from emotion_lib.features import ENCODED, FEATURES, FeatureSettings, frames, mel, utterances


@pytest.fixture
def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(30_000).astype(np.float32)


@pytest.mark.parametrize("sr", [16_000, 22_050, 24_414])
@pytest.mark.parametrize(
    "chosen",
    [FeatureSettings(), FeatureSettings(n_fft=512, hop_length=160, n_mels=64, n_mfcc=20)],
    ids=["default", "short"],
)
def test_mfcc_equals_librosa(noise: np.ndarray, sr: int, chosen: FeatureSettings) -> None:
    reference = librosa.feature.mfcc(
        y=noise, sr=sr, n_mfcc=chosen.n_mfcc, n_fft=chosen.n_fft, hop_length=chosen.hop_length, n_mels=chosen.n_mels
    )
    np.testing.assert_allclose(features.mfcc(noise, sr, settings=chosen), reference.T, atol=1e-3)


@pytest.mark.tess
def test_mfcc_equals_librosa_on_real_speech(tess) -> None:
    from emotion_lib import audio

    for path in tess["path"].iloc[::400]:
        y, sr = audio.read(path)
        reference = librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40)
        np.testing.assert_allclose(features.mfcc(y, sr), reference.T, atol=1e-3)


@pytest.mark.parametrize("n_fft", [2048, 2047])
@pytest.mark.parametrize("at_once", [1000, 10_000])
def test_what_does_not_go_in_one_piece_equals_librosa_too(
    noise: np.ndarray, n_fft: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_SAMPLES_AT_ONCE", at_once)
    reference = librosa.power_to_db(librosa.feature.melspectrogram(y=noise, sr=22_050, n_fft=n_fft))
    found = features.log_mel(noise, 22_050, settings=FeatureSettings(n_fft=n_fft))
    np.testing.assert_allclose(found, reference.T, atol=1e-3)


@pytest.mark.parametrize(("n_fft", "hop_length"), [(63, 16), (64, 100), (64, np.uint8(64)), (2048, np.int16(30000))])
@pytest.mark.parametrize("n_samples", [1, 999])
def test_frames_are_windows_over_the_padded_waveform(n_samples: int, n_fft: int, hop_length: int) -> None:
    y = np.arange(n_samples, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(y, n_fft // 2), n_fft)[::hop_length]
    np.testing.assert_array_equal(frames.framed(y, n_fft, hop_length), windows)


def test_threads_do_not_disturb_each_other() -> None:
    waveforms = [np.random.default_rng(seed).uniform(-1, 1, 20_000 + 100 * seed) for seed in range(40)]
    expected = [features.log_mel(y, 22_050) for y in waveforms]
    with ThreadPoolExecutor(4) as pool:
        for found, each in zip(pool.map(lambda y: features.log_mel(y, 22_050), waveforms), expected, strict=True):
            np.testing.assert_array_equal(found, each)


def test_a_spectrum_stays_when_the_next_is_made(noise: np.ndarray) -> None:
    spectrum = features.power_spectrum(noise)
    kept = spectrum.copy()
    features.power_spectrum(noise[::-1])
    np.testing.assert_array_equal(spectrum, kept)


def test_mel_filters_equal_librosa() -> None:
    reference = librosa.filters.mel(sr=24_414, n_fft=2048, n_mels=128)
    np.testing.assert_allclose(features.mel_filters(24_414), reference, atol=1e-6)


def test_a_pure_tone_is_loudest_in_the_mel_band_around_it() -> None:
    sr, frequency = 22_050, 1000.0
    tone = np.sin(2 * np.pi * frequency * np.arange(sr) / sr)
    centres = mel.mel_to_hz(np.linspace(0, mel.hz_to_mel(sr / 2), 130))[1:-1]
    loudest = features.log_mel(tone, sr)[20].argmax()
    assert abs(loudest - np.abs(centres - frequency).argmin()) <= 1


def test_ten_times_the_amplitude_adds_20_db(noise: np.ndarray) -> None:
    difference = features.log_mel(noise, 22_050) - features.log_mel(noise / 10, 22_050)
    np.testing.assert_allclose(difference, 20, atol=1e-3)


def test_without_top_db_a_quiet_frame_keeps_its_level() -> None:
    y = np.concatenate([np.zeros(8192), np.sin(np.arange(8192))])
    assert features.log_mel(y, 22_050)[0].max() == pytest.approx(features.log_mel(y, 22_050).max() - 80)
    assert features.log_mel(y, 22_050, settings=FeatureSettings(top_db=None))[0].max() == pytest.approx(-100)


def test_mean_mfcc_is_the_mean_over_frames(noise: np.ndarray) -> None:
    frames = features.mfcc(noise, 22_050)
    np.testing.assert_allclose(features.mean_mfcc(noise, 22_050), frames.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(features.mean_std_mfcc(noise, 22_050)[40:], frames.std(axis=0))


def test_frame_weights_of_an_utterance_sum_to_1() -> None:
    weights = features.frame_weights(np.array([3, 10]), 10)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert (weights[0, 3:] == 0).all()


def test_quiet_ends_are_cut_off_and_a_quiet_middle_is_kept() -> None:
    loud, quiet = np.sin(np.arange(8192)), 1e-4 * np.sin(np.arange(8192))
    y = np.concatenate([quiet, loud, quiet, loud, quiet])
    kept = features.log_mel(y, 22_050, settings=FeatureSettings(trim_db=40.0))
    whole = features.log_mel(y, 22_050)
    assert 48 <= len(kept) <= 52
    np.testing.assert_array_equal(kept, whole[16 - (len(kept) - 48) // 2 :][: len(kept)])


def test_silence_is_not_trimmed() -> None:
    assert len(features.log_mel(np.zeros(8192), 22_050, settings=FeatureSettings(trim_db=40.0))) == 17


@settings(max_examples=30)
@given(arrays(np.float32, st.integers(1, 6000), elements=st.floats(-1, 1, width=32)))
def test_any_waveform_gives_finite_features(y: np.ndarray) -> None:
    for name in FEATURES.keys() - {"egemaps", ENCODED}:  # the encoder takes one rate, and no waveform below 0.1 s
        assert np.isfinite(FEATURES[name](y, 22_050, settings=FeatureSettings())).all()


def test_a_waveform_of_two_channels_is_an_audio_error() -> None:
    with pytest.raises(AudioError, match="must have one dimension"):
        features.mfcc(np.zeros((2, 100)), 22_050)


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_a_waveform_without_samples_is_an_audio_error(feature) -> None:
    with pytest.raises(AudioError, match="without samples"):
        feature(np.zeros(0), 22_050)


NO_NUMBERS: list[Any] = ["512", b"512", [], float("nan"), float("inf"), -1, 0.0, 10**400, 1e308]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:10])
@pytest.mark.parametrize("name", ["sr", "n_fft", "hop_length", "n_mels", "n_mfcc", "duration", "top_db", "trim_db"])
def test_a_setting_that_is_no_useful_number_is_a_parameter_error(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"^{name}=.*: must be a positive"):
        FeatureSettings(**{name: value})


@pytest.mark.parametrize("changed", [{"n_fft": 2**30}, {"n_mels": 100_000}, {"n_fft": 512.0}, {"hop_length": True}])
def test_a_whole_number_that_is_none_or_would_fill_the_memory_is_a_parameter_error(changed: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be a positive whole number, at most"):
        FeatureSettings(**changed)


@pytest.mark.parametrize("changed", [{"offset": None}, {"offset": "0"}, {"offset": float("nan")}, {"offset": 10**400}])
def test_an_offset_that_is_no_number_is_a_parameter_error(changed: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="must be a number of seconds, 0 or more"):
        FeatureSettings(**changed)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sr": 0}, "sr=0: must be a positive whole number, at most 768000"),
        ({"offset": -1}, "offset=-1: .* 0 or more"),
        ({"n_mfcc": 41, "n_mels": 40}, "n_mfcc=41: must be at most n_mels=40"),
    ],
)
def test_settings_out_of_range_are_parameter_errors(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        FeatureSettings(**wrong)  # type: ignore[arg-type]


def test_the_pitch_of_a_tone_that_rises_an_octave_rises_an_octave() -> None:
    sr = 22_050
    t = np.arange(sr) / sr
    tracked = features.pitch(np.sin(2 * np.pi * 200 * (2**t - 1) / np.log(2)), sr)[2:-2, 0]
    np.testing.assert_allclose(tracked, 200 * 2 ** (np.arange(2, 42) * 512 / sr), rtol=0.01)


def test_a_frame_without_a_voice_has_no_pitch(noise: np.ndarray) -> None:
    silence_and_noise = np.concatenate([np.zeros(10_000, dtype=np.float32), noise])
    assert (features.pitch(silence_and_noise, 22_050)[:, 0] == 0).all()


@pytest.mark.parametrize("trim_db", [None, 20.0])
def test_pitch_has_the_frames_of_the_mel_spectrogram(noise: np.ndarray, trim_db: float | None) -> None:
    chosen = FeatureSettings(n_fft=640, hop_length=320, n_mels=64, trim_db=trim_db)
    y = np.concatenate([0.01 * noise, np.sin(np.arange(9_000) / 20), 0.001 * noise])
    assert len(features.pitch(y, 16_000, settings=chosen)) == len(features.log_mel(y, 16_000, settings=chosen))


@pytest.mark.tess
def test_where_pyin_hears_a_pitch_too_it_is_the_same(tess) -> None:
    from emotion_lib import audio

    agree = []
    for path in tess["path"].iloc[::200]:
        y, sr = audio.read(path, sr=16_000)
        reference, _, _ = librosa.pyin(y, fmin=65, fmax=700, sr=sr, frame_length=1024, hop_length=512)
        tracked = features.pitch(y, sr)[: len(reference), 0]
        both = (tracked > 0) & np.isfinite(reference)
        agree.append(np.abs(np.log2(tracked[both] / reference[both])) < 0.2)
    assert np.concatenate(agree).mean() > 0.95


def test_egemaps_needs_60_ms() -> None:
    with pytest.raises(AudioError, match="waveform of 59 ms: openSMILE needs at least 60"):
        features.egemaps(np.zeros(944), 16_000)


def test_egemaps_without_opensmile_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensmile", None)
    utterances._opensmile.cache_clear()
    with pytest.raises(MissingExtraError, match=r"opensmile is not installed; .*'emotion_lib\[opensmile\]'"):
        features.egemaps(np.zeros(16_000), 16_000)


def test_egemaps_hears_the_pitch_of_a_tone_in_its_first_number() -> None:
    pytest.importorskip("opensmile")
    saw = np.arange(16_000) * 220 / 16_000 % 1 - 0.5
    functionals = features.egemaps(saw, 16_000)
    assert functionals.shape == (88,)
    assert functionals[0] == pytest.approx(12 * np.log2(220 / 27.5), abs=0.2)
