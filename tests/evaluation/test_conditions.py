"""Degradations of waveforms."""

import io

import numpy as np
import pytest
import soundfile

from emotion_lib.evaluation import conditions
from emotion_lib.evaluation.conditions import CONDITIONS

SR = 16_000


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(seconds: float, *, seed: int = 1, level: float = 0.05) -> np.ndarray:
    return (level * random(seed).standard_normal(round(seconds * SR))).astype(np.float32)


def tone(frequency: float, seconds: float = 2.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * SR)) / SR)).astype(np.float32)


def level(y: np.ndarray) -> float:
    """Return the level in dB re full scale."""
    return float(10 * np.log10(np.mean(np.square(y, dtype=float))))


def degraded(name: str, y: np.ndarray, *others: np.ndarray, seed: int = 0) -> np.ndarray:
    found = CONDITIONS[name](y, SR, random(seed), others)
    assert found is not None
    return found


@pytest.mark.parametrize("db", [20, 10, 0])
def test_noise_has_the_signal_to_noise_ratio_that_its_name_states(db: int) -> None:
    y, others = tone(200), [noise(1), 10 * noise(3, seed=2)]
    for kind in ("white noise", "babble"):
        added = degraded(f"{kind}, {db} dB", y, *others) - y
        assert level(y) - level(added) == pytest.approx(db, abs=0.01)


def test_all_voices_of_a_babble_are_equally_loud() -> None:
    soft, loud = tone(500), 3 * tone(2000)
    spectrum = np.abs(np.fft.rfft(degraded("babble, 0 dB", tone(100), soft, loud)))
    assert spectrum[1000] == pytest.approx(spectrum[4000], rel=1e-3)  # two seconds: two bins a hertz


def test_nobody_else_is_no_babble() -> None:
    assert CONDITIONS["babble, 0 dB"](tone(200), SR, random(), []) is None


def test_a_telephone_transmits_its_band_only() -> None:
    power = np.abs(np.fft.rfft(degraded("telephone", noise(2)))) ** 2
    frequency = np.fft.rfftfreq(2 * SR, 1 / SR)
    inside = (frequency > 320) & (frequency < 3380)
    outside = (frequency < 280) | (frequency > 3420)
    assert power[outside].mean() < 1e-5 * power[inside].mean()


def test_a_telephone_quantises_with_eight_bits() -> None:
    y = tone(1010.7)  # no divisor of the rate, or the error would repeat in each period
    found = degraded("telephone", y)
    assert 33 < level(y) - level(found - y) < 42  # G.711 states at least 33 dB for loud tones


@pytest.mark.parametrize(
    ("name", "codec", "kbit"),
    [
        ("Opus, 12 kbit/s", "OPUS", 12),
        ("MP3, 24 kbit/s", "MPEG_LAYER_III", 24),
    ],
)
def test_a_codec_has_the_bit_rate_that_its_name_states(
    name: str, codec: str, kbit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[bytes] = []
    write = soundfile.write

    def kept(file: io.BytesIO, *args: object, **kwargs: object) -> None:
        assert kwargs["subtype"] == codec
        write(file, *args, **kwargs)
        files.append(file.getvalue())

    monkeypatch.setattr(soundfile, "write", kept)
    for seconds in (4, 24):
        degraded(name, noise(seconds) * (1 + np.sin(np.arange(seconds * SR) / 1500)).astype(np.float32))
    # The difference of two lengths leaves out the headers.
    assert 8 * (len(files[1]) - len(files[0])) / 20 / 1000 == pytest.approx(kbit, rel=0.12)


@pytest.mark.parametrize("name", ["Opus, 12 kbit/s", "MP3, 24 kbit/s"])
def test_a_codec_keeps_a_tone(name: str) -> None:
    found = degraded(name, tone(440))
    assert np.abs(np.fft.rfft(found, 10 * SR)).argmax() / 10 == pytest.approx(440, abs=1)
    assert level(found) == pytest.approx(level(tone(440)), abs=1)


def test_an_echo_falls_by_60_db_in_its_time() -> None:
    click = np.zeros(SR, dtype=np.float32)
    click[0] = 1
    response = degraded("room echo", click)
    assert response[0] == pytest.approx(1)
    assert np.sum(response[1:] ** 2) == pytest.approx(1, abs=1e-3)
    blocks = 20 * np.log10(np.sqrt(np.mean(response[1 : 1 + 7200].reshape(9, 800) ** 2, axis=1)))
    fall = np.polyfit(0.05 * np.arange(9), blocks, 1)[0]
    assert fall * conditions.ECHO_SECONDS == pytest.approx(-60, abs=3)


def test_clipping_cuts_all_that_is_louder_than_a_tenth_of_the_peak() -> None:
    y = tone(100)
    found = degraded("clipped by 20 dB", y)
    assert np.abs(found).max() == 1
    loud = np.abs(y) >= 0.1 * np.abs(y).max()
    np.testing.assert_allclose(np.abs(found[loud]), 1, atol=1e-6)
    np.testing.assert_allclose(found[~loud], y[~loud] / 0.03, atol=1e-3)


def test_an_offset_is_a_hundredth_of_full_scale() -> None:
    np.testing.assert_allclose(degraded("DC offset of 1 %", tone(100)) - tone(100), 0.01, atol=1e-6)


def test_hum_is_the_mains_30_db_below_the_speech() -> None:
    y = tone(1000)
    added = degraded("hum, -30 dB", y) - y
    assert level(y) - level(added) == pytest.approx(30, abs=0.01)
    strongest = np.sort(np.abs(np.fft.rfft(added)).argsort()[-5:]) / 2
    assert strongest.tolist() == [50, 100, 150, 200, 250]


@pytest.mark.parametrize("db", [20, -20])
def test_a_gain_changes_the_level_and_nothing_else(db: int) -> None:
    found = degraded(f"gain of {db:+} dB", tone(300))
    np.testing.assert_allclose(found, tone(300) * 10 ** (db / 20), rtol=1e-5)


def test_silence_is_added_at_both_ends() -> None:
    found = degraded("1 s of silence at both ends", tone(300))
    assert len(found) == 4 * SR
    assert not found[:SR].any()
    assert not found[-SR:].any()
    np.testing.assert_array_equal(found[SR:-SR], tone(300))


@pytest.mark.parametrize(("name", "seconds"), [("middle 2 s", 2), ("middle 1 s", 1), ("middle 0.75 s", 0.75)])
def test_the_middle_of_a_recording_that_is_long_enough_is_kept(name: str, seconds: float) -> None:
    y = np.arange(3 * SR, dtype=np.float32)
    found = degraded(name, y)
    assert len(found) == seconds * SR
    assert found.mean() == pytest.approx(y.mean(), abs=1)
    assert CONDITIONS[name](y[: round(seconds * SR)], SR, random(), []) is None


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_same_random_numbers_give_the_same_waveform(name: str) -> None:
    y, others = noise(3), [noise(2, seed=2), noise(1, seed=3)]
    found, again = degraded(name, y, *others, seed=5), degraded(name, y, *others, seed=5)
    np.testing.assert_array_equal(found, again)
    np.testing.assert_array_equal(y, noise(3))


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_silent_recording_stays_finite(name: str) -> None:
    found = degraded(name, np.zeros(3 * SR, dtype=np.float32), np.zeros(SR, dtype=np.float32))
    assert np.isfinite(found).all()
