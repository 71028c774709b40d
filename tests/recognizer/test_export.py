"""An exported recogniser answers as the recogniser does, with standard operators only, and says what it is."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from emotion_lib import audio, corpora
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.features import encoder_digest, encoder_statistics
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.prediction import UNSURE

SAMPLES = sorted((Path(__file__).parents[2] / "data" / "samples").glob("*.flac"))


@pytest.fixture(scope="module")
def exported(pretrained: EmotionRecognizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pretrained recogniser as ONNX."""
    return pretrained.export(tmp_path_factory.mktemp("exported") / "speech.onnx")


@pytest.fixture(scope="module")
def session(exported: Path) -> onnxruntime.InferenceSession:
    """The exported file, opened."""
    return onnxruntime.InferenceSession(exported)


def waveform(path: Path) -> np.ndarray:
    """Return a recording as the file takes it."""
    y, _ = audio.read(path, sr=16_000)
    return y


def difference(session: onnxruntime.InferenceSession, recognizer: EmotionRecognizer, y: np.ndarray) -> float:
    """Return the greatest difference between the probabilities of the file and those of the recogniser."""
    (found,), _ = session.run(None, {"waveform": y[None]})
    return float(np.abs(found - recognizer.predict_proba(y, sr=16_000, trim=False)).max())


def test_it_answers_as_the_recogniser_does(
    session: onnxruntime.InferenceSession, pretrained: EmotionRecognizer
) -> None:
    demo, excerpt = corpora.load("demo"), corpora.load("tess-excerpt")
    paths = [*demo["path"][::3], *excerpt["path"], *SAMPLES]

    assert max(difference(session, pretrained, waveform(path)) for path in paths) < 1e-3


@pytest.mark.parametrize("seconds", [0.5, 0.7321, 15])
def test_it_takes_half_a_second_and_the_longest_window(session: onnxruntime.InferenceSession, seconds: float) -> None:
    speech = np.concatenate([waveform(path)[12_000:36_000] for path in SAMPLES] * 2)
    y = speech[: round(seconds * 16_000)]
    _, (embedding,) = session.run(None, {"waveform": y[None]})

    np.testing.assert_allclose(embedding, encoder_statistics(y, 16_000), atol=2e-3)


def test_a_direct_current_mains_hum_and_gain_change_as_little_as_in_the_recogniser(
    session: onnxruntime.InferenceSession, pretrained: EmotionRecognizer
) -> None:
    y = waveform(SAMPLES[0])
    hum = 0.02 * np.sin(2 * np.pi * 50 * np.arange(len(y)) / 16_000)
    hummed = (0.5 * y + 0.1 + hum).astype(np.float32)

    assert pretrained.predict(hummed, sr=16_000, trim=False).reason in {"", UNSURE}
    assert difference(session, pretrained, hummed) < 1e-3


def test_a_constant_waveform_gives_probabilities(session: onnxruntime.InferenceSession) -> None:
    for constant in (0.0, 0.5):
        (found,), _ = session.run(None, {"waveform": np.full((1, 16_000), constant, dtype=np.float32)})

        assert found.sum() == pytest.approx(1, abs=1e-5)


def test_what_the_waveform_must_not_be_ends_in_an_error_or_in_nan(session: onnxruntime.InferenceSession) -> None:
    ones = np.ones((1, 16_000), dtype=np.float32)

    for wrong in (np.tile(ones, 16), np.tile(ones, (2, 1)), ones[:, :200]):
        with pytest.raises(Exception, match="ONNXRuntimeError"):
            session.run(None, {"waveform": wrong})
    assert np.isnan(session.run(None, {"waveform": np.nan * ones})[0]).all()


def test_a_recogniser_adapted_to_a_voice_is_exported_with_the_adaptation(
    pretrained: EmotionRecognizer, tmp_path: Path
) -> None:
    adapted = pretrained.enrol(SAMPLES[:3], ["angry", "happy", "neutral"])
    session = onnxruntime.InferenceSession(adapted.export(tmp_path / "mine.onnx"))
    y = waveform(SAMPLES[1])

    assert difference(session, adapted, y) < 1e-3
    assert difference(session, pretrained, y) > 1e-3


def test_all_operators_are_of_the_standard(exported: Path) -> None:
    model = onnx.load(exported)

    assert {node.domain for node in model.graph.node} == {""}
    assert [each.domain for each in model.opset_import] == [""]
    assert not {node.op_type for node in model.graph.node} & {"STFT", "DFT", "DequantizeLinear", "Loop", "Scan"}


def test_the_metadata_says_what_a_user_has_to_know(
    session: onnxruntime.InferenceSession, pretrained: EmotionRecognizer
) -> None:
    said = session.get_modelmeta().custom_metadata_map

    assert json.loads(said["emotions"]) == list(pretrained.emotions)
    assert json.loads(said["threshold"]) == pretrained.calibration.threshold
    assert [json.loads(said[name]) for name in ("sr", "min_seconds", "max_seconds")] == [16_000, 0.5, 15.0]
    assert said["encoder_sha256"] == encoder_digest()
    assert said["licence"] == pretrained.about["licence"]
    assert "Whisper" in said["notice_of_the_encoder"]
    assert "3. Whoever receives the weights, altered or not, receives this licence" in said["licence_text"]
    assert "It must not be used to judge people" in said["use"]


def test_a_file_is_the_same_whenever_it_is_made(exported: Path, pretrained: EmotionRecognizer, tmp_path: Path) -> None:
    assert pretrained.export(tmp_path / "again.onnx").read_bytes() == exported.read_bytes()


def test_a_recogniser_without_the_encoder_cannot_be_exported(recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"only one with the speech encoder can be exported; train it with"):
        recognizer.export(tmp_path / "frames.onnx")


def test_a_folder_is_no_place_for_the_file(pretrained: EmotionRecognizer, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="folder"):
        pretrained.export(tmp_path)
