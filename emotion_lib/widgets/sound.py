"""Waveforms as what a browser plays."""

import io

import numpy as np
import soundfile


def wav(y: np.ndarray, sr: int) -> bytes:
    """Return a 16-bit WAV file, which every browser plays."""
    file = io.BytesIO()
    soundfile.write(file, y, sr, format="WAV", subtype="PCM_16")
    return file.getvalue()
