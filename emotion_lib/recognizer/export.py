"""Write a recogniser as one ONNX file, from the waveform to the probabilities, which any language can run.

The file needs neither this package nor Python. It has standard operators only. Spectra are convolutions with cosines
and sines, and the high-pass filter is a convolution over blocks of samples, because the Fourier transform of ONNX is
slow in ONNX Runtime.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_lib.audio.speech import without_hum
from emotion_lib.errors import ModelFileError, ParameterError, extra
from emotion_lib.features import encoder_digest
from emotion_lib.features.encoder import ENCODER, ENCODER_SR, LEVEL, LONGEST, RANGE, SPEECH_ENCODER
from emotion_lib.features.frames import SMALLEST_POWER, mel_filters
from emotion_lib.recognizer.calibration import SMALLEST_PROBABILITY
from emotion_lib.recognizer.description import USES
from emotion_lib.recognizer.heads import LinearHead
from emotion_lib.recognizer.voice_model import VoiceOffsets
from emotion_lib.writing import written_whole

if TYPE_CHECKING:
    import onnx

    from emotion_lib.recognizer.inference import Inference

WEIGHTS = "LicenseRef-emotion-lib-weights"
"""The name of the licence of the pretrained weights in a description."""

SHORTEST = 0.5
"""Seconds of the shortest waveform that the file takes."""

_BLOCK, _REACH = 64, 16
"""Samples in a block of the high-pass filter, and blocks that it reaches to either side: 64 milliseconds, after which
its response is below a millionth."""

_FRONT_END = f"""
<ir_version: 9, opset_import: ["": 20]>
front_end (float[1, n_samples] waveform) => (float[n_frames, n_mels] log_mel)
{{
    # Remove hum with a high-pass filter, block by block.
    offset = ReduceMean (waveform, last_axis)
    without_offset = Sub (waveform, offset)
    n = Shape <start = 1> (waveform)
    minus_n = Neg (n)
    missing = Mod (minus_n, block)
    widths = Concat <axis = 0> (three_zeros, missing)
    whole_blocks = Pad (without_offset, widths)
    blocks = Reshape (whole_blocks, block_shape)
    blocks_across = Transpose <perm = [0, 2, 1]> (blocks)
    filtered_across = Conv <pads = [{_REACH}, {_REACH}]> (blocks_across, high_pass)
    filtered_blocks = Transpose <perm = [0, 2, 1]> (filtered_across)
    filtered_row = Reshape (filtered_blocks, row_shape)
    filtered = Slice (filtered_row, zero, n, last_axis)

    # Bring it to mean 0 and a fixed level; what is left of a constant waveform becomes zeros.
    mean = ReduceMean (filtered, last_axis)
    centred = Sub (filtered, mean)
    squares = Mul (centred, centred)
    mean_square = ReduceMean (squares, last_axis)
    level = Sqrt (mean_square)
    sizes = Abs (filtered)
    peak = ReduceMax (sizes, last_axis)
    rounding = Mul (peak, rounding_error)
    is_sound = Greater (level, rounding)
    full_gain = Div (fixed_level, level)
    gain = Where (is_sound, full_gain, no_gain)
    levelled = Mul (gain, centred)

    # Compute the log-mel spectrogram.
    padded = Pad <mode = "reflect"> (levelled, half_frames)
    channel = Unsqueeze (padded, zero)
    spectrum = Conv <strides = [{SPEECH_ENCODER.hop_length}]> (channel, waves)
    powers = Mul (spectrum, spectrum)
    of_cosines, of_sines = Split <axis = 1, num_outputs = 2> (powers)
    power = Add (of_cosines, of_sines)
    power_of_bins = Squeeze (power, zero)
    mel_power = MatMul (mel, power_of_bins)
    bands_above_zero = Max (mel_power, smallest_power)
    logarithms = Log (bands_above_zero)
    exponents = Div (logarithms, log_10)
    highest = ReduceMax <keepdims = 0> (exponents)
    lowest = Sub (highest, range)
    in_range = Max (exponents, lowest)
    raised = Add (in_range, four)
    scaled = Div (raised, four)
    log_mel = Transpose <perm = [1, 0]> (scaled)
}}
"""

_HEAD = """
<ir_version: 9, opset_import: ["": 20]>
head (float[n_layers, n_states, width] all_states) => (float[1, n_emotions] probabilities, float[1, n] embedding)
{
    # The mean and the standard deviation of the states of each layer.
    means = ReduceMean (all_states, states_axis)
    differences = Sub (all_states, means)
    squared_differences = Mul (differences, differences)
    variances = ReduceMean (squared_differences, states_axis)
    deviations = Sqrt (variances)
    moments = Concat <axis = 1> (means, deviations)
    embedding = Reshape (moments, embedding_shape)

    # The weighted sums of the head, the temperature, and the voice that the recogniser is adapted to.
    scores = Gemm (embedding, coefficients, intercept)
    shares = Softmax <axis = 1> (scores)
    shares_above_zero = Max (shares, smallest_share)
    logarithms_of_shares = Log (shares_above_zero)
    cooled = Div (logarithms_of_shares, temperature)
    of_voice = Gemm (embedding, voice_coefficients, voice_intercept)
    adapted = Add (cooled, of_voice)
    probabilities = Softmax <axis = 1> (adapted)
}
"""


def write(path: Path, inference: "Inference", *, about: Mapping[str, Any]) -> Path:
    """Write a recogniser as one ONNX file, completely or not at all.

    Parameters
    ----------
    path : Path
        Path of the file; missing folders are created.
    inference : Inference
        The recogniser's steps from a waveform to probabilities.
    about : mapping
        The recogniser's description, of which `licence` and `version` go into the metadata; with the licence of the
        pretrained weights goes its text.

    Returns
    -------
    Path
        Path of the written file.

    Raises
    ------
    ParameterError
        If the recogniser has no speech encoder.
    ModelFileError
        If `path` is a folder or cannot be written.
    """
    if not isinstance(inference.head, LinearHead) or inference.settings != SPEECH_ENCODER:
        raise ParameterError(
            "recognizer: only one with the speech encoder can be exported; train it with --model discriminant"
        )
    with extra("export"):
        import onnx
    model = _model(inference)
    onnx.helper.set_model_props(model, _metadata(inference, about))
    with written_whole(path, error=ModelFileError) as file:
        file.write(model.SerializeToString())
    return path


def _model(inference: "Inference") -> "onnx.ModelProto":
    """Return the front end, the encoder and the head as one graph."""
    import onnx
    from onnx import compose, numpy_helper, parser

    def made_of(text: str, constants: dict[str, np.ndarray]) -> onnx.ModelProto:
        part = parser.parse_model(text)
        part.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
        return part

    front_end = made_of(_FRONT_END, _front_end_constants())
    encoder = onnx.load_model_from_string(_packaged(ENCODER))
    head = made_of(_HEAD, _head_constants(inference))
    model = compose.merge_models(front_end, encoder, io_map=[("log_mel", "log_mel")])
    model = compose.merge_models(model, head, io_map=[("states", "all_states")])
    del model.opset_import[1:]  # merging repeats it
    onnx.checker.check_model(model, full_check=True)
    return model


def _front_end_constants() -> dict[str, np.ndarray]:
    """Return the kernels, shapes and numbers of the front end by the names in its text."""
    n_fft = SPEECH_ENCODER.n_fft
    numbers = {
        "rounding_error": 1e-7,
        "fixed_level": LEVEL,
        "no_gain": 0.0,
        "smallest_power": SMALLEST_POWER,
        "log_10": np.log(10),
        "range": RANGE,
        "four": 4.0,
    }
    integers = {
        "zero": [0],
        "last_axis": [1],
        "three_zeros": [0, 0, 0],
        "block": [_BLOCK],
        "block_shape": [1, -1, _BLOCK],
        "row_shape": [1, -1],
        "half_frames": [0, n_fft // 2, 0, n_fft // 2],
    }
    return {
        "high_pass": _high_pass(),
        "waves": _waves(n_fft),
        "mel": mel_filters(ENCODER_SR, settings=SPEECH_ENCODER).astype(np.float32),
        **{name: np.array(value, dtype=np.float32) for name, value in numbers.items()},
        **{name: np.array(value, dtype=np.int64) for name, value in integers.items()},
    }


def _high_pass() -> np.ndarray:
    """Return the response of the high-pass filter as a convolution over blocks, of shape (output, input, blocks)."""
    middle = 2**16
    impulse = np.zeros(2 * middle, dtype=np.float32)
    impulse[middle] = 1
    response = without_hum(impulse, ENCODER_SR)
    to, given = np.arange(_BLOCK)[:, None, None], np.arange(_BLOCK)[None, :, None]
    block = np.arange(-_REACH, _REACH + 1)[None, None, :]
    blocks: np.ndarray = response[middle + to - given - _BLOCK * block]
    return blocks


def _waves(n_fft: int) -> np.ndarray:
    """Return the cosines of all frequencies, then the sines, under a Hann window; of shape (n_fft + 2, 1, n_fft)."""
    time = np.arange(n_fft) / n_fft
    angles = 2 * np.pi * np.outer(np.arange(n_fft // 2 + 1), time)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time)
    waves: np.ndarray = window * np.concatenate([np.cos(angles), np.sin(angles)])
    return waves[:, None].astype(np.float32)


def _head_constants(inference: "Inference") -> dict[str, np.ndarray]:
    """Return the weights, shapes and numbers of the head by the names in its text."""
    head, voice = inference.head, inference.enrolment
    assert isinstance(head, LinearHead)
    coefficients, intercept = np.zeros_like(head.coefficients), np.zeros_like(head.intercept)
    if isinstance(voice, VoiceOffsets):
        coefficients, intercept = voice.transform @ voice.weights, voice.intercept
    return {
        "coefficients": head.coefficients,
        "intercept": head.intercept,
        "voice_coefficients": coefficients,
        "voice_intercept": intercept,
        "temperature": np.array(inference.calibration.temperature, dtype=np.float32),
        "smallest_share": np.array(SMALLEST_PROBABILITY, dtype=np.float32),
        "states_axis": np.array([1]),
        "embedding_shape": np.array([1, -1]),
    }


def _metadata(inference: "Inference", about: Mapping[str, Any]) -> dict[str, str]:
    """Return what the file says of itself; each value is a text, lists and numbers as JSON."""
    weights = b"".join(array.tobytes() for array in _head_constants(inference).values())
    known = {
        "emotions": json.dumps(inference.emotions),
        "threshold": json.dumps(inference.calibration.threshold),
        "sr": json.dumps(ENCODER_SR),
        "min_seconds": json.dumps(SHORTEST),
        "max_seconds": json.dumps(LONGEST),
        "encoder_sha256": encoder_digest(),
        "head_sha256": hashlib.sha256(weights).hexdigest(),
        "notice_of_the_encoder": _packaged("LICENSE.whisper").decode(),
    }
    said = {name: str(about[name]) for name in ("licence", "version") if name in about}
    # Whoever receives the pretrained weights, altered or not, receives their licence with them.
    text = {"licence_text": _packaged("LICENSE").decode()} if WEIGHTS in said.get("licence", "") else {}
    return known | said | text | {"use": USES}


def _packaged(name: str) -> bytes:
    """Return a file that comes with the package."""
    return (resources.files("emotion_lib") / "pretrained" / name).read_bytes()
