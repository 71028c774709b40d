"""The recogniser: the emotion of a recording and its probabilities, or "I don't know" and why.

It needs NumPy, SciPy and ONNX Runtime, and nothing that trained it. `recognizer` has the class, `inputs` opens a
recording in any form, `inference` goes from a waveform to an answer, `calibration` says how sure to be, `adaptation`
adapts it to one voice by what `voices` knows, and `file` reads and writes the one file that holds all of it;
`validation` refuses parts that do not fit.
"""

from emotion_lib.recognizer.file import Utterances
from emotion_lib.recognizer.prediction import Prediction, Segment
from emotion_lib.recognizer.recognizer import EmotionRecognizer, EnrolmentTrial

__all__ = ["EmotionRecognizer", "EnrolmentTrial", "Prediction", "Segment", "Utterances"]
