"""Record in the browser or upload a file; and the widget that recognises one's own voice."""

import io
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import traitlets

from emotion_lib import audio
from emotion_lib.audio.sources import name_of
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import SoundWidget, in_words, picture, script

LARGEST = 50
"""Megabytes that a file may have which is uploaded."""

LONGEST = 120.0
"""Seconds of a recording that are used; what follows is left out."""

FULL_SCALE, CLIPPED = 0.99, 0.001
"""A recording is clipped if more than this share of its samples is at full scale.

Of 450 recordings of TESS, EMO-DB and RAVDESS, brought to full scale, none is; of the same ones 6 dB too loud, 99 % are.
"""

_MEGABYTE = 10**6
_CHOOSE = "choose a recording: WAV, FLAC, OGG or MP3, or another that your browser can play"


class Take(NamedTuple):
    """A recording that came from the browser.

    Attributes
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1].
    sr : int
        Its rate in Hz, as it came.
    name : str
        Of the file; empty for what was recorded in the browser.
    remark : str
        What there is to say of its sound: clipped, or too long. Mostly empty.
    """

    y: np.ndarray
    sr: int
    name: str
    remark: str

    def resampled_for(self, recognizer: EmotionRecognizer) -> np.ndarray:
        """Return the waveform at the rate that a recogniser takes."""
        return audio.waveform(self.y, self.sr, sr_out=recognizer.settings.sr)


class Recorder(SoundWidget):
    """A widget that takes recordings: a subclass says in `_take` what becomes of one.

    A recording comes in parts, since a server closes the connection over a message of more than 10 MB. When it was
    dealt with, the browser gets {do: "taken"}; where the kernel cannot read a file, {do: "decode", why}.
    """

    seconds = traitlets.Float(5.0).tag(sync=True)
    limits = traitlets.Dict({"megabytes": LARGEST, "seconds": LONGEST}).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._arriving = bytearray()

    def _take(self, take: Take, message: Mapping[str, Any]) -> None:
        """Do what is to be done with a recording."""
        raise NotImplementedError

    def _do_part(self, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Keep a part of what is sent."""
        if message["first"]:
            self._arriving.clear()
        if len(self._arriving) + len(buffers[0]) <= LARGEST * _MEGABYTE:
            self._arriving += buffers[0]

    def _arrived(self) -> bytes:
        """Return what was sent, whole, and keep nothing of it."""
        content = bytes(self._arriving)
        self._arriving.clear()
        return content

    def _do_recorded(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take samples, as 32-bit floats."""
        try:
            self.says = ""
            self._take(recorded(self._arrived(), message["rate"], name=message.get("name", "")), message)
        finally:
            self.send({"do": "taken"})

    def _do_uploaded(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take a file, or ask the browser to decode it."""
        self.says = ""
        try:
            take = uploaded(self._arrived(), name=message["name"])
        except AudioError as error:
            self.send({"do": "decode", "why": str(error)})
            return
        try:
            self._take(take, message)
        finally:
            self.send({"do": "taken"})


def recorded(samples: bytes, rate: float, *, name: str) -> Take:
    """Return what a browser recorded or decoded.

    Parameters
    ----------
    samples : bytes
        32-bit floats, the lowest byte first.
    rate : float
        Their rate in Hz.
    name : str
        Of the file that the browser decoded; empty for what it recorded.

    Returns
    -------
    Take

    Raises
    ------
    AudioError
        If there are no samples.
    """
    y = np.frombuffer(samples, dtype="<f4")
    if len(y) == 0:
        raise AudioError(f"{name}: no samples; {_CHOOSE}" if name else "Nothing was recorded; record again.")
    return _taken(audio.waveform(y, round(rate), name=name or "recording"), round(rate), name)


def uploaded(content: bytes, *, name: str) -> Take:
    """Return the recording that a file holds.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Of the file.

    Returns
    -------
    Take

    Raises
    ------
    AudioError
        If it is none that can be read; the message names the file.
    """
    file = io.BytesIO(content)
    file.name = name
    try:
        y, sr = audio.read(file, duration=LONGEST + 1)
    except AudioError as error:
        what, _, _ = str(error).rpartition("; ")  # its cure is for a path
        raise AudioError(f"{what}; {_CHOOSE}") from error
    return _taken(y, sr, name)


def take_of(source: audio.Source) -> Take:
    """Return a recording of the kernel's disk, as if it were uploaded."""
    return _taken(*audio.read(source, duration=LONGEST + 1), name_of(source))


def _taken(y: np.ndarray, sr: int, name: str) -> Take:
    """Return the part of a recording that is used, and what there is to say of it."""
    remarks = []
    if len(y) > LONGEST * sr:
        y = y[: round(LONGEST * sr)]
        remarks.append(f"Only its first {LONGEST:.0f} seconds are used.")
    if (share := clipped_share(y)) > CLIPPED:
        remarks.append(
            f"It is clipped: {100 * share:.1f} % of the samples are at full scale, so it is distorted. Turn the "
            "microphone down, or go further from it."
        )
    return Take(y, sr, name, " ".join(remarks))


def clipped_share(y: np.ndarray) -> float:
    """Return the share of samples at full scale.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), float
        Waveform in [-1, 1].

    Returns
    -------
    float

    Examples
    --------
    >>> clipped_share(np.array([0.5, 1.0, -1.0, 0.0]))
    0.5
    """
    return float(np.mean(np.abs(y) >= FULL_SCALE))


def check_seconds(seconds: float) -> float:
    """Return the length of a recording; raise a `ParameterError` for one that no recording can have."""
    if not (math.isfinite(seconds) and 1 <= seconds <= LONGEST):
        raise ParameterError(f"seconds={seconds}: must be a number of seconds from 1 to {LONGEST:.0f}")
    return float(seconds)


_NOTHING_YET = "Nothing was recorded yet."


class OwnVoice(Recorder):
    """What `own_voice` returns: the widget, and what was recorded in it.

    Attributes
    ----------
    recording : tuple of ndarray and int, or None
        The last recording, as a waveform and its rate.
    prediction : Prediction or None
        Its prediction.
    """

    _esm = script("microphone", "recorder", "bars", "own_voice")

    answer: "traitlets.Dict[str, Any]" = traitlets.Dict({}).tag(sync=True)

    def __init__(self, recognizer: EmotionRecognizer, *, seconds: float, start: audio.Source | None) -> None:
        super().__init__(seconds=check_seconds(seconds))
        self._recognizer = recognizer
        self.recording: tuple[np.ndarray, int] | None = None
        self.prediction: Prediction | None = None
        if start is not None:
            self._take(take_of(start), {})

    def __repr__(self) -> str:
        """Return how long the recording is, and its prediction."""
        if self.recording is None or self.prediction is None:
            return "Own voice: nothing recorded yet"
        y, sr = self.recording
        return f"Own voice: {len(y) / sr:.1f} s, {self.prediction}"

    def still(self) -> bytes:
        """Return the picture of the recording and of its prediction."""
        if self.recording is None or self.prediction is None:
            return in_words(_NOTHING_YET)
        y, sr = self.recording
        return answers.still(y, sr, self.prediction, self._recognizer.calibration.threshold)

    def _take(self, take: Take, _: object) -> None:
        """Show a recording and its prediction."""
        y, rate = take.resampled_for(self._recognizer), self._recognizer.settings.sr
        assert rate is not None
        self.prediction = self._recognizer.predict(y, sr=rate)
        self.recording = take.y, take.sr
        self._set_sound(y, rate, picture(y, rate))
        with self.hold_sync():
            self.says = take.remark
            self.alt = f"Waveform and spectrogram of {take.name or 'the recording'}, {len(take.y) / take.sr:.1f} s"
            self.answer = answers.answer(self.prediction, self._recognizer.calibration.threshold)
            self.number += 1


def own_voice(recognizer: EmotionRecognizer, *, seconds: float = 5.0, start: audio.Source | None = None) -> OwnVoice:
    """Record one's own voice in a notebook, and see what a recogniser predicts.

    It records with the browser's microphone, or takes a file: WAV, FLAC, OGG and MP3, and whatever else the browser can
    decode (mostly M4A and WebM). Then it shows waveform and spectrogram with a player, and the probability of each
    emotion, with the line below which the answer is "I don't know". Nothing leaves the machine on which the kernel
    runs, and nothing is written to disk.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
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
