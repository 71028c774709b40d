"""Record one's own voice, or upload a recording, and see what a recogniser hears in it."""

from typing import Any

import numpy as np
import traitlets

from emotion_lib import audio
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import script
from emotion_lib.widgets.pictures import in_words, picture
from emotion_lib.widgets.recording import Recorder, Take, check_seconds, opened

_NOTHING_YET = "Nothing was recorded yet."


class OwnVoice(Recorder):
    """What `own_voice` returns: the widget, and what was recorded in it.

    Attributes
    ----------
    recording : tuple of ndarray and int, or None
        The last recording, as a waveform and its rate.
    prediction : Prediction or None
        What was heard in it.
    """

    _esm = script("microphone", "recorder", "bars", "speaking")

    answer: "traitlets.Dict[str, Any]" = traitlets.Dict({}).tag(sync=True)

    def __init__(self, recognizer: EmotionRecognizer, *, seconds: float, start: audio.Source | None) -> None:
        super().__init__(seconds=check_seconds(seconds))
        self._recognizer = recognizer
        self.recording: tuple[np.ndarray, int] | None = None
        self.prediction: Prediction | None = None
        if start is not None:
            self._take(opened(start), {})

    def __repr__(self) -> str:
        """Return how long the recording is, and what was heard in it."""
        if self.recording is None or self.prediction is None:
            return "Own voice: nothing recorded yet"
        y, sr = self.recording
        return f"Own voice: {len(y) / sr:.1f} s, {self.prediction}"

    def still(self) -> bytes:
        """Return the picture of the recording and of what was heard."""
        if self.recording is None or self.prediction is None:
            return in_words(_NOTHING_YET)
        y, sr = self.recording
        return answers.still(y, sr, self.prediction, self._recognizer.calibration.threshold)

    def _take(self, take: Take, _: object) -> None:
        """Show a recording and what is heard in it."""
        heard, rate = take.heard(self._recognizer), self._recognizer.settings.sr
        assert rate is not None
        self.prediction = self._recognizer.predict(heard, sr=rate)
        self.recording = take.y, take.sr
        self._set_sound(heard, rate, picture(heard, rate))
        with self.hold_sync():
            self.says = take.remark
            self.alt = f"Waveform and spectrogram of {take.name or 'the recording'}, {len(take.y) / take.sr:.1f} s"
            self.answer = answers.answer(self.prediction, self._recognizer.calibration.threshold)
            self.number += 1


def own_voice(recognizer: EmotionRecognizer, *, seconds: float = 5.0, start: audio.Source | None = None) -> OwnVoice:
    """Record one's own voice in a notebook, and see what a recogniser hears in it.

    It records with the browser's microphone, or takes a file: WAV, FLAC, OGG and MP3, and whatever else the browser can
    decode (mostly M4A and WebM). Then it shows waveform and spectrogram with a player, and the probability of each
    emotion, with the line below which the answer is "I don't know". Nothing leaves the machine on which the kernel
    runs, and nothing is written to disk.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        What hears.
    seconds : float from 1 to 120, default 5
        When a recording stops by itself.
    start : path, bytes or binary file object, optional
        A recording with which the widget opens, for where nobody speaks.

    Returns
    -------
    OwnVoice
        The widget; `recording` is (y, sr) and `prediction` the answer, or None before there is one.

    Raises
    ------
    ParameterError
        If `seconds` is outside its range.
    AudioError
        If `start` cannot be read.

    Examples
    --------
    >>> from emotion_lib.corpora import load
    >>> own_voice(EmotionRecognizer.load(), start=load("demo")["path"][0]).recording[1]
    16000

    Notebook: 05_your_voice
    """
    return OwnVoice(recognizer, seconds=seconds, start=start)
