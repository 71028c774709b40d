"""The same recording has the same features as ever, or `FEATURES_VERSION` is raised."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import extraction
from emotion_lib.evaluation.recipes import ANY_VOICE
from emotion_lib.extraction import cache
from emotion_lib.features import DEFAULT, ENCODED, FEATURES, ORIGINAL, SPEECH_ENCODER, FeatureSettings, compute

RATE = 16_000
SETTINGS = {
    "default": DEFAULT,  # resampled, clipped 80 dB below the loudest band
    "original": ORIGINAL,  # a part of the recording
    "any voice": ANY_VOICE,  # quiet ends trimmed, not clipped
    "own rate": FeatureSettings(sr=None),
    "encoder": SPEECH_ENCODER,  # ends without speech trimmed
}
GOLDEN = {
    ("log_mel", "default"): ((173, 128), [-24.1757, -22.2932, -14.882, -21.173, -59.4665]),
    ("mfcc", "default"): ((173, 40), [-4.7805, -16.3596, 5.5153, -0.6466, 13.1341]),
    ("mean_mfcc", "default"): ((40,), [-4.7805, -39.013, 8.448, -4.013, 5.2135]),
    ("mean_std_mfcc", "default"): ((80,), [4.6388, -14.8947, -3.4221, 7.3482, 14.3978]),
    ("duration_level", "default"): ((2,), [-10.6645, 4.0, -25.3289]),
    ("pitch", "default"): ((173, 2), [77.2318, 175.2197, 218.3343, 278.4728, 79.5575]),
    ("log_mel", "original"): ((130, 128), [-18.8088, -8.6752, -59.4656, -9.7712, -59.4656]),
    ("mfcc", "original"): ((130, 40), [-2.6358, -15.1305, 0.1103, -10.0427, -3.7922]),
    ("mean_mfcc", "original"): ((40,), [-2.6358, -45.2415, 9.6583, -4.014, 7.0075]),
    ("mean_std_mfcc", "original"): ((80,), [4.4912, -17.1799, -1.8562, 5.4875, 15.5946]),
    ("duration_level", "original"): ((2,), [-10.5856, 3.0, -24.1711]),
    ("pitch", "original"): ((130, 2), [83.8726, 186.8183, 0.9533, 271.1123, 0.57]),
    ("log_mel", "any voice"): ((177, 64), [-26.5302, -22.4926, -26.8152, -14.1607, -21.6282]),
    ("mfcc", "any voice"): ((177, 40), [-4.096, -3.1319, -3.1879, 1.1041, 2.5748]),
    ("mean_mfcc", "any voice"): ((40,), [-4.096, 0.4457, -2.7213, 1.745, 1.219]),
    ("mean_std_mfcc", "any voice"): ((80,), [2.4026, -1.5103, 1.3175, 1.8088, 7.1231]),
    ("duration_level", "any voice"): ((2,), [-10.6584, 4.0, -25.3168]),
    ("pitch", "any voice"): ((177, 2), [79.7652, 0.8675, 0.893, 0.9393, 0.7103]),
    ("log_mel", "own rate"): ((126, 128), [-20.2178, -21.3027, -5.3854, -0.6307, -17.4147]),
    ("mfcc", "own rate"): ((126, 40), [-4.3554, -225.4256, -2.2551, -208.2263, -1.9774]),
    ("mean_mfcc", "own rate"): ((40,), [-4.3554, -0.3709, -1.658, 1.2486, 1.489]),
    ("mean_std_mfcc", "own rate"): ((80,), [3.5797, -0.87, 0.1453, 2.1532, 9.3634]),
    ("duration_level", "own rate"): ((2,), [-10.6584, 4.0, -25.3168]),
    ("pitch", "own rate"): ((126, 2), [67.9618, 169.9878, 0.8189, 278.8984, 0.7704]),
    (ENCODED, "encoder"): ((3072,), [0.4321, 0.6311, 0.6485, 0.161, 0.2788]),
}
"""Shape, mean and some of the numbers of each feature of `voice`; eGeMAPS is openSMILE's."""

CHANGED = (
    "{} ({}) of the same recording has changed. If that is meant, raise FEATURES_VERSION in "
    "emotion_lib/features/frames.py, so that no cache, store or result mixes the two, and write here: {}, {}"
)


def voice() -> np.ndarray:
    """Return four seconds of a voice that rises from 150 to 350 Hz, with pauses: 16 bits, made of integers alone."""
    n = np.arange(4 * RATE, dtype=np.int64)
    glottis = n * (1500 + n // 64) % 160_000 // 16 - 5000
    breath = n**3 % 1009 - 504
    loudness = np.array([0, 1, 3, 4, 4, 3, 2, 1, 0, 1, 3, 4, 3, 2, 1, 0])[n // 4000]
    return (loudness * (glottis + breath) // 4).astype(np.int16)


def assert_golden(X: np.ndarray, feature: str, settings: str) -> None:
    """Compare features with those of this version, or say what to do."""
    shape, expected = GOLDEN[feature, settings]
    found = [X.mean(), *X.ravel()[X.size // 9 :: max(1, X.size // 4)][:4]]
    same = X.shape == shape and np.allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert same, CHANGED.format(feature, settings, X.shape, np.round(found, 4).tolist())


def test_every_feature_has_golden_numbers() -> None:
    assert {feature for feature, _ in GOLDEN} == FEATURES.keys() - {"egemaps"}


@pytest.mark.parametrize(("feature", "settings"), GOLDEN)
def test_a_recording_has_the_features_of_this_version(feature: str, settings: str, tmp_path: Path) -> None:
    sf.write(tmp_path / "voice.wav", voice(), RATE)
    table = pd.DataFrame({"id": ["voice"], "path": [tmp_path / "voice.wav"]})
    extracted = extraction.extract(table, feature, settings=SETTINGS[settings], cache=False)
    assert_golden(extracted.X[0], feature, settings)


@pytest.mark.parametrize(
    ("feature", "settings"), [each for each in GOLDEN if SETTINGS[each[1]].sr in {RATE, None}], ids="-".join
)
def test_a_waveform_has_the_features_of_this_version(feature: str, settings: str) -> None:
    y = voice() / np.float32(2**15)
    assert_golden(compute(feature, y, RATE, settings=SETTINGS[settings]), feature, settings)


def test_the_cache_packs_features_as_ever() -> None:
    packed = cache._pack(np.array([[1, 2], [3, 4]], dtype=np.float32))
    assert packed.hex() == "020000000000803f000000400000404000008040", (
        "raise FEATURES_VERSION: caches hold another form"
    )
