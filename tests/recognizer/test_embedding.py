"""The vectors of recordings: those from which emotions are predicted, and computed once for each file."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from emotion_lib import audio, corpora, features
from emotion_lib.audio.speech import find_speech
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import ENCODED, voice_statistics
from emotion_lib.recognizer import EmotionRecognizer
from tests.conftest import WriteWav
from tests.recognizer.conftest import SR


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The feature of the speech encoder, which counts its calls."""
    encoder = Mock(wraps=features.encoder_statistics)
    monkeypatch.setitem(features.FEATURES, ENCODED, encoder)
    return encoder


@pytest.fixture(scope="module")
def paths() -> list[Path]:
    """Three recordings of the demo corpus."""
    return [Path(path) for path in corpora.load("demo")["path"].iloc[:15:6]]


def test_each_recording_has_a_vector_in_its_place(pretrained: EmotionRecognizer, paths: list[Path]) -> None:
    found = pretrained.embed(paths)

    assert found.shape == (3, 3072)
    assert found.dtype == np.float32
    np.testing.assert_allclose(pretrained.embed(paths[::-1]), found[::-1], atol=1e-6)
    assert len(np.unique(found, axis=0)) == 3


def test_emotions_are_predicted_from_the_vectors(pretrained: EmotionRecognizer, paths: list[Path]) -> None:
    given = pretrained.calibration.apply(pretrained.head.probabilities(pretrained.embed(paths)))

    np.testing.assert_allclose(given, pretrained.predict_proba(paths), atol=1e-6)


def test_a_recording_in_any_form_has_the_same_vector(pretrained: EmotionRecognizer, paths: list[Path]) -> None:
    y, sr = audio.read(paths[0])
    with paths[0].open("rb") as file:
        found = pretrained.embed([str(paths[0]), paths[0].read_bytes(), file])

    np.testing.assert_array_equal(found, found[[0, 0, 0]])
    np.testing.assert_allclose(pretrained.embed([y], sr)[0], found[0], atol=1e-4)


def test_the_vector_of_a_file_is_computed_once(pretrained: EmotionRecognizer, paths: list[Path], encoder: Mock) -> None:
    first = pretrained.embed(paths[:2])
    again = pretrained.embed([*paths, paths[0]])

    assert encoder.call_count == 3
    np.testing.assert_array_equal(again[[0, 1, 3]], first[[0, 1, 0]])


def test_trimmed_and_untrimmed_vectors_are_kept_apart(
    pretrained: EmotionRecognizer, encoder: Mock, write_wav: WriteWav, speech: np.ndarray
) -> None:
    padded = write_wav("padded.wav", np.pad(speech, SR), SR)
    trimmed, whole = (pretrained.embed([padded], trim=trim) for trim in (True, False))

    assert encoder.call_count == 2
    assert np.abs(trimmed - whole).max() > 0.01


def test_without_silent_ends_trimming_changes_nothing(pretrained: EmotionRecognizer, speech: np.ndarray) -> None:
    span = find_speech(speech, SR)
    spoken = speech[span.start + SR // 5 : span.stop - SR // 5]
    trimmed, whole = (pretrained.embed([spoken], SR, trim=trim) for trim in (True, False))

    np.testing.assert_array_equal(trimmed, whole)


def test_a_network_over_frames_gives_the_voice_statistics(
    recognizer: EmotionRecognizer, speech: np.ndarray, paths: list[Path]
) -> None:
    frames = features.log_mel(speech, SR, settings=recognizer.settings)[None]
    expected = voice_statistics(frames, np.array([frames.shape[1]]))

    np.testing.assert_allclose(recognizer.embed([speech], SR), expected, atol=1e-5)
    np.testing.assert_array_equal(recognizer.embed(paths), recognizer.embed(paths))


def test_no_recordings_have_no_vectors(pretrained: EmotionRecognizer, recognizer: EmotionRecognizer) -> None:
    assert pretrained.embed([]).shape == (0, 3072)
    assert recognizer.embed([]).shape == recognizer.embed([np.ones(SR)], SR)[:0].shape


# What cannot be used


def test_a_broken_recording_is_named_and_the_others_are_kept(
    pretrained: EmotionRecognizer, paths: list[Path], tmp_path: Path, encoder: Mock
) -> None:
    with pytest.raises(AudioError, match=r"missing\.wav: no such file"):
        pretrained.embed([*paths, tmp_path / "missing.wav"])
    pretrained.embed(paths)

    assert encoder.call_count == 3


def test_a_recording_too_short_for_the_encoder_is_named(pretrained: EmotionRecognizer, write_wav: WriteWav) -> None:
    short = write_wav("short.wav", np.full(500, 0.1), SR)

    with pytest.raises(AudioError, match=r"^short\.wav: waveform of 0\.031 s: must have 0\.1"):
        pretrained.embed([short])
    with pytest.raises(AudioError, match=r"^waveform of 0\.031 s: must have 0\.1"):
        pretrained.embed([np.full(500, 0.1)], SR)


def test_what_are_no_recordings_is_refused(pretrained: EmotionRecognizer, speech: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="recordings: must be a list; put a single recording in a list"):
        pretrained.embed(speech, SR)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="sr=None: a waveform needs its sampling rate"):
        pretrained.embed([speech])
