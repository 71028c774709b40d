"""eGeMAPS: what openSMILE needs, and that it hears a tone."""

import sys

import numpy as np
import pytest

from emotion_lib import egemaps
from emotion_lib.errors import AudioError, MissingExtraError


def test_egemaps_needs_60_ms() -> None:
    with pytest.raises(AudioError, match="waveform of 59 ms: openSMILE needs at least 60"):
        egemaps.functionals(np.zeros(944), 16_000)


def test_egemaps_without_opensmile_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensmile", None)
    egemaps._opensmile.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'emotion_lib\[opensmile\]' brings it"):
        egemaps.functionals(np.zeros(16_000), 16_000)


def test_egemaps_hears_the_pitch_of_a_tone_in_its_first_number() -> None:
    pytest.importorskip("opensmile")
    saw = np.arange(16_000) * 220 / 16_000 % 1 - 0.5
    functionals = egemaps.functionals(saw.astype(np.float32), 16_000)
    assert functionals.shape == (88,)
    assert functionals[0] == pytest.approx(12 * np.log2(220 / 27.5), abs=0.2)
