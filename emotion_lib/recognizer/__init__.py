"""The recogniser: a recording goes in, an emotion and its probabilities come out, or "I don't know" and why.

It needs NumPy, SciPy and ONNX Runtime, and nothing of what trained it. `recognizing` has what is called; `recording`
opens what is given, `segmenting` cuts it into windows of speech, `hearing` answers for a waveform, `network` runs the
network, `enrolling` gets used to one voice, and `file` writes and reads the one file that holds all of it; `inspecting`
and `checking` refuse a network or settings that cannot be trusted.
"""

from emotion_lib.recognizer.file import Utterances
from emotion_lib.recognizer.prediction import Prediction, Segment
from emotion_lib.recognizer.recognizing import EmotionRecognizer

__all__ = ["EmotionRecognizer", "Prediction", "Segment", "Utterances"]
