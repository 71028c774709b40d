"""What the tests of the recogniser share: small networks that nobody trained, and speech from the demo corpus."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from emotion_lib import audio, corpora, extraction, models
from emotion_lib.emotions import EMOTIONS
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.recognizer import EmotionRecognizer, Prediction, Utterances
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.heads import Head
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.frame_voices import learn_voices

SR = 16_000
LOG_MEL = FeatureSettings(sr=SR, n_fft=512, hop_length=160, n_mels=64, top_db=None)
MFCC = FeatureSettings(sr=SR, top_db=None)


@pytest.fixture(scope="session")
def networks() -> Mapping[str, bytes]:
    """Networks as ONNX, by name, exported once: TensorFlow takes seconds to start."""
    return {
        "frame_cnn": models.to_onnx(models.frame_cnn(channels=(4, 4, 4, 4))),
        "frame_lstm": models.to_onnx(models.frame_lstm(units=4)),
        "mean_mfcc_lstm": models.to_onnx(models.mean_mfcc_lstm()),
    }


def of_frames(network: bytes | Head, **options: Any) -> EmotionRecognizer:
    """Return a recogniser of a network over log-mel frames."""
    return EmotionRecognizer(network, emotions=EMOTIONS, feature="log_mel", settings=LOG_MEL, **options)


def probabilities(prediction: Prediction) -> np.ndarray:
    """Return the probabilities of an answer as an array."""
    return np.array(list(prediction.probabilities.values()))


@pytest.fixture(scope="session")
def recognizer(networks: Mapping[str, bytes]) -> EmotionRecognizer:
    """A recogniser that answers whatever it hears: its network knows nothing, its threshold is 0."""
    return of_frames(
        networks["frame_cnn"],
        calibration=Calibration(temperature=0.5),
        about={"model": "frame_cnn", "seed": 0, "licence": "none"},
        trained_on=Utterances(("demo/a", "demo/ü"), (bytes(8), bytes(range(8)))),
    )


@pytest.fixture(scope="session")
def pretrained() -> EmotionRecognizer:
    """The recogniser that comes with the package."""
    return EmotionRecognizer.load()


@pytest.fixture(scope="session")
def voices() -> Voices:
    """What is known of the voices of the demo corpus, where other first letters are other voices: two are too few."""
    demo = corpora.load("demo")
    features = extraction.extract(demo, "log_mel", settings=LOG_MEL, cache=False, progress=False)
    statistics = voice_statistics(features.X, features.lengths)
    return learn_voices(statistics, demo["speaker"] + demo["text"].str[0], demo["emotion"])


@pytest.fixture(scope="session")
def knowing(recognizer: EmotionRecognizer, voices: Voices) -> EmotionRecognizer:
    """The recogniser that answers, and knows these voices."""
    return of_frames(
        recognizer.head,
        calibration=recognizer.calibration,
        about=recognizer.about,
        trained_on=recognizer.trained_on,
        voices=voices,
    )


@pytest.fixture(scope="session")
def unsure(networks: Mapping[str, bytes]) -> EmotionRecognizer:
    """The same network, which is never sure enough."""
    return of_frames(networks["frame_cnn"], calibration=Calibration(threshold=1.0))


@pytest.fixture(scope="session")
def speech_path() -> Path:
    """One recording of the demo corpus."""
    return Path(corpora.load("demo")["path"].iloc[0])


@pytest.fixture(scope="session")
def speech(speech_path: Path) -> np.ndarray:
    """Its waveform at 16 kHz."""
    return audio.read(speech_path, sr=SR)[0]


@pytest.fixture(scope="session")
def long_speech() -> np.ndarray:
    """Some 18 seconds of the demo corpus at 16 kHz, with half a second of silence between the recordings."""
    pause = np.zeros(SR // 2, dtype=np.float32)
    paths = corpora.load("demo")["path"].iloc[:60:6]
    return np.concatenate([part for path in paths for part in (audio.read(path, sr=SR)[0], pause)])


def linear(*, n_outputs: int = 7, weight: TensorProto | None = None, softmax: bool = True) -> Any:
    """Return a network of one matrix, for vectors of 40 numbers, as an ONNX model."""
    if weight is None:
        values = np.random.default_rng(0).normal(size=(40, n_outputs)).astype(np.float32) / 100
        weight = numpy_helper.from_array(values, "weight")
    axis = numpy_helper.from_array(np.array([2]), "axis")
    nodes = [
        helper.make_node("Squeeze", ["x", "axis"], ["vectors"]),
        helper.make_node("MatMul", ["vectors", "weight"], ["scores"]),
        helper.make_node("Softmax" if softmax else "Relu", ["scores"], ["probabilities"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 40, 1])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, n_outputs])
    graph = helper.make_graph(nodes, "linear", [x], [probabilities], [weight, axis])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.fixture
def vector_recognizer() -> Callable[[bytes], EmotionRecognizer]:
    """Make a recogniser of a network for vectors."""

    def make(network: bytes) -> EmotionRecognizer:
        return EmotionRecognizer(network, emotions=EMOTIONS, feature="mean_mfcc", settings=MFCC)

    return make
