"""Recognise the emotion of a recording, with probabilities, or answer "I don't know" and give the reason.

A recogniser needs NumPy, SciPy and ONNX Runtime, but none of the packages that train it. `recognizer` has the class,
`inputs` opens a recording in any form, `inference` predicts from a waveform, `calibration` corrects the probabilities
and sets the threshold, `adaptation` adapts a recogniser to one voice with the statistics of `voices` (on frames) or
`voice_model` (on the speech encoder), `likeness` compares voices with the training voices, and `file` reads and writes
recogniser files. `validation` checks that the parts fit together, `description` describes a recogniser.
"""

from emotion_lib.recognizer.file import Utterances
from emotion_lib.recognizer.prediction import Prediction, Segment
from emotion_lib.recognizer.recognizer import EmotionRecognizer, EnrolmentTrial

__all__ = ["EmotionRecognizer", "EnrolmentTrial", "Prediction", "Segment", "Utterances"]
