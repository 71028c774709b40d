"""The mel scale: librosa as the reference."""

import librosa
import numpy as np

from emotion_lib.features import mel


def test_mel_scale_equals_librosa() -> None:
    frequencies = np.linspace(0, 12_000, 200)
    np.testing.assert_allclose(mel.hz_to_mel(frequencies), librosa.hz_to_mel(frequencies), atol=1e-9)
    np.testing.assert_allclose(mel.mel_to_hz(mel.hz_to_mel(frequencies)), frequencies, atol=1e-9)
