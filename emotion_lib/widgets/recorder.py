"""Record in the browser or upload a file, and predict the emotion of one's own voice."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import traitlets

from emotion_lib import audio
from emotion_lib.audio.sources import name_of
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from emotion_lib.recognizer.inputs import LONG
from emotion_lib.recognizer.prediction import WITHOUT_SPEECH
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import SoundWidget, in_words, picture, script
from emotion_lib.widgets.timelines import TimelineWidget

LARGEST = 50
"""Largest size of an uploaded file in megabytes."""

LONGEST = 120.0
"""Longest part of a recording that is used, in seconds; the rest is left out."""

FULL_SCALE, CLIPPED = 0.99, 0.001
"""A recording is clipped if more than the share `CLIPPED` of its samples is at `FULL_SCALE` or above.

Of 450 recordings of TESS, EMO-DB and RAVDESS, scaled to full scale, no recording is clipped by this rule; of the same
recordings 6 dB louder, 99 % are.
"""

_CHOOSE = "choose a recording: WAV, FLAC, OGG or MP3, or another format that your browser can play"


class Take(NamedTuple):
    """A recording that came from the browser.

    Attributes
    ----------
    y : ndarray of shape (n_samples,), float32
        Mono waveform in [-1, 1].
    sr : int
        Its rate in Hz, before any resampling.
    name : str
        Name of the file; empty for a recording of the browser.
    remark : str
        A warning for the user if the recording is clipped, too long, or odd. Usually empty.
    """

    y: np.ndarray
    sr: int
    name: str
    remark: str

    def resampled_for(self, recognizer: EmotionRecognizer) -> np.ndarray:
        """Return the waveform at the rate that a recogniser takes."""
        return audio.waveform(self.y, self.sr, sr_out=recognizer.settings.sr)


class Recorder(SoundWidget):
    """A widget that takes recordings; subclasses define in `_take` how they use one.

    A recording comes in parts, since the server closes the connection after a message of more than 10 MB. Afterwards
    the browser gets {do: "taken"}, or {do: "decode", why} if the kernel cannot read the file.
    """

    seconds = traitlets.Float(5.0).tag(sync=True)
    limits = traitlets.Dict({"megabytes": LARGEST, "seconds": LONGEST}).tag(sync=True)

    _arriving, _refused, _recorded = b"", "", 0

    def _take(self, take: Take, message: Mapping[str, Any]) -> None:
        """Use a recording."""
        raise NotImplementedError

    def _do_part(self, message: dict[str, Any], buffers: list[memoryview]) -> None:
        """Keep a part of a recording or file."""
        if message["first"]:
            self._arriving = b""
        # The browser checks the size too, but the kernel does not rely on it, to protect its memory.
        if len(self._arriving) + len(buffers[0]) <= LARGEST * 10**6:
            self._arriving += buffers[0]

    def _named(self, take: Take) -> str:
        """Return the name of a recording: its file, or else its number among those of the microphone."""
        self._recorded += not take.name
        return take.name or f"recording {self._recorded}"

    def _arrived(self) -> bytes:
        """Return all parts as one, and keep none of them."""
        content, self._arriving = self._arriving, b""
        return content

    def _do_recorded(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take a recording as 32-bit floats."""
        try:
            self.says = ""
            take = recorded(self._arrived(), message["rate"], name=(name := message.get("name", "")))
            if name and "cut short" in self._refused:  # browsers play what is there, and do not say so
                take = take._replace(remark=f"{self._refused.partition('; ')[0]}. {take.remark}".strip())
            self._take(take, message)
        finally:
            self.send({"do": "taken"})

    def _do_uploaded(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take a file, or ask the browser to decode it."""
        self.says = ""
        try:
            take = uploaded(self._arrived(), name=message["name"])
        except AudioError as error:
            self._refused = str(error)
            self.send({"do": "decode", "why": self._refused})
            return
        try:
            self._take(take, message)
        finally:
            self.send({"do": "taken"})


def recorded(samples: bytes, rate: float, *, name: str) -> Take:
    """Return a recording that a browser made or decoded.

    Parameters
    ----------
    samples : bytes
        32-bit floats, little-endian.
    rate : float
        Their rate in Hz.
    name : str
        Name of the decoded file; empty for a recording of the browser.

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
    """Return the recording in an uploaded file.

    Parameters
    ----------
    content : bytes
        The content of the file.
    name : str
        Its name.

    Returns
    -------
    Take

    Raises
    ------
    AudioError
        If the file cannot be read; the message names it.
    """
    file = io.BytesIO(content)
    file.name = name
    try:
        return take_of(file)
    except AudioError as error:
        what, _, _ = str(error).rpartition("; ")  # drop the cure, which is for a path; an upload has no path
        raise AudioError(f"{what}; {_CHOOSE}") from error


def take_of(source: audio.Source) -> Take:
    """Return a recording from the disk of the kernel, as if it had been uploaded."""
    notes: list[str] = []
    # One second more, to notice a recording that is too long.
    y, sr = audio.read(source, duration=LONGEST + 1, notes=notes)
    return _taken(y, sr, name_of(source), notes)


def _taken(y: np.ndarray, sr: int, name: str, notes: Sequence[str] = ()) -> Take:
    """Cut a recording that is too long, and add a remark if it is too long or clipped."""
    remarks = [f"{note[0].upper()}{note[1:]}." for note in notes]
    if len(y) > LONGEST * sr:
        y = y[: round(LONGEST * sr)]
        remarks.append(f"Only its first {LONGEST:.0f} seconds are used.")
    if (share := clipped_share(y)) > CLIPPED:
        remarks.append(
            f"It is clipped: {100 * share:.1f} % of the samples are at full scale, so it is distorted. Turn the "
            "microphone down, or move away from it."
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
    """Return the length of a recording in seconds; raise a `ParameterError` if it is out of range."""
    if not (math.isfinite(seconds) and 1 <= seconds <= LONGEST):
        raise ParameterError(f"seconds={seconds}: must be a number of seconds from 1 to {LONGEST:.0f}")
    return float(seconds)


class OwnVoice(TimelineWidget, Recorder):
    """The widget of `own_voice`, with the last recording and its prediction.

    A recording of more than 15 seconds has a timeline; of a shorter one, the picture shows which part decided, which
    the browser requests with {do: "explain"}, since it takes some seconds.

    Attributes
    ----------
    recording : tuple of ndarray and int, or None
        The last recording, as a waveform and its rate.
    prediction : Prediction or None
        Its prediction.
    """

    _esm = script("microphone", "recorder", "bars", "timeline", "own_voice")

    answer: "traitlets.Dict[str, Any]" = traitlets.Dict({}).tag(sync=True)

    def __init__(self, recognizer: EmotionRecognizer, *, seconds: float, start: audio.Source | None) -> None:
        super().__init__(seconds=check_seconds(seconds))
        self._recognizer = recognizer
        self.recording: tuple[np.ndarray, int] | None = None
        self.prediction: Prediction | None = None
        if start is not None:
            self._take(take_of(start), {})

    def __repr__(self) -> str:
        """Return the length of the recording and its prediction."""
        if self.recording is None or self.prediction is None:
            return "Own voice: nothing recorded yet"
        y, sr = self.recording
        return f"Own voice: {len(y) / sr:.1f} s, {self.prediction}"

    def still(self) -> bytes:
        """Return the picture of the recording and its prediction."""
        if self.recording is None or self.prediction is None:
            return in_words("Nothing has been recorded yet.")
        if self.length:
            return self._part(0.0, self.length).png
        y, sr = self.recording
        return answers.still(y, sr, self.prediction, self.answer["threshold"], self.answer["recording"])

    def _take(self, take: Take, _: object) -> None:
        """Show a recording and its prediction."""
        y, rate = take.resampled_for(self._recognizer), self._recognizer.settings.sr
        assert rate is not None  # a recogniser refuses settings without a rate
        self.prediction = self._recognizer.predict(y, sr=rate)
        self.recording = take.y, take.sr
        is_long = len(y) > LONG * rate
        name = f"{self._named(take)}, {len(take.y) / take.sr:.1f} s"
        self._set_sound(y, rate, picture(y, rate))
        with self.hold_sync():
            self._set_timeline(self._recognizer.timeline(y, rate) if is_long else None, y, rate)
            self.says = take.remark
            self.alt = f"Waveform and spectrogram of {name}"
            self.answer = answers.answer(self.prediction, self._recognizer.calibration.threshold, name)
            self.number += 1

    def _do_explain(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send a picture that shows which part of the recording decided the answer."""
        if self.recording is None or self.prediction is None or self.length:
            return
        if self.prediction.reason not in WITHOUT_SPEECH:
            y, rate = audio.waveform(*self.recording, sr_out=self._recognizer.settings.sr), self._recognizer.settings.sr
            assert rate is not None
            self._picture = picture(y, rate, explanation=self._recognizer.explain(y, rate))
        shown = self._picture
        content = {"do": "explained", "number": self.number, "left": shown.left, "right": shown.right}
        self.send(content | {"alt": f"{self.alt}, and which part decided"}, [shown.png])


def own_voice(recognizer: EmotionRecognizer, *, seconds: float = 5.0, start: audio.Source | None = None) -> OwnVoice:
    """Record one's own voice in a notebook, and see the prediction of a recogniser.

    The widget records with the microphone of the browser, or takes a file: WAV, FLAC, OGG, MP3, and all other formats
    that the browser can decode (usually M4A and WebM). Then it shows the waveform and the spectrogram with a player,
    and the probability of each emotion, with a line for the threshold below which the answer is "I don't know". Some
    seconds later it shows which part of the recording decided. A recording of more than 15 seconds has a timeline
    instead. Nothing leaves the machine on which the kernel runs, and nothing is written to disk.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    seconds : float from 1 to 120, default 5
        Length after which a recording stops by itself.
    start : path, bytes or binary file object, optional
        A recording to start with, so that the page shows a result before anybody records.

    Returns
    -------
    OwnVoice
        The widget; `recording` is (y, sr) and `prediction` its prediction, or None before the first recording.

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

    Notebook: 06_your_voice
    """
    return OwnVoice(recognizer, seconds=seconds, start=start)
