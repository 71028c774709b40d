"""Watch the probabilities of the emotions change while one speaks."""

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import traitlets
from matplotlib.axes import Axes

from emotion_lib import audio
from emotion_lib.emotions import style_of
from emotion_lib.errors import EmotionLibError
from emotion_lib.plots import plot_waveform
from emotion_lib.plots.style import INK
from emotion_lib.recognizer import EmotionRecognizer, Segment
from emotion_lib.recognizer.inputs import is_list
from emotion_lib.recognizer.prediction import UNSURE
from emotion_lib.widgets import answers
from emotion_lib.widgets.base import Picture, SoundWidget, blank, in_words, script, timed
from emotion_lib.widgets.recorder import take_of
from emotion_lib.widgets.timelines import TimelineWidget

CHUNK_SECONDS = 0.1
"""Length of a chunk of sound from the browser, in seconds."""

MOST_CHUNKS = 30
"""Number of chunks that may wait: a prediction uses just as many (3 seconds), so older chunks would not affect it."""

PATIENCE = 10.0
"""Seconds without a chunk after which the thread ends, because a browser that is closed sends no message."""


class _Chunks:
    """Chunks that wait for the recogniser: a bounded queue with an iterator that ends when the queue is closed."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[np.ndarray | None] = queue.Queue(MOST_CHUNKS)
        self.dropped = 0

    def put(self, chunk: np.ndarray | None) -> None:
        """Append a chunk, or None for the end; if the queue is full, drop the oldest chunk."""
        while True:
            try:
                self._waiting.put_nowait(chunk)
                return
            except queue.Full:
                with suppress(queue.Empty):  # the recogniser may have taken the chunk in between
                    self._waiting.get_nowait()
                    self.dropped += 1

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield chunks as they come, until the end or until no chunk has come for a while."""
        try:
            while (chunk := self._waiting.get(timeout=PATIENCE)) is not None:
                yield chunk
        except queue.Empty:
            return


KEPT = 600.0
"""Most seconds of sound that are kept for the timeline; of more, the last ones."""


class Live(TimelineWidget, SoundWidget):
    """The widget of `live`.

    What was spoken becomes a timeline when the microphone stops.

    Attributes
    ----------
    recording : tuple of ndarray and int, or None
        What was spoken since the last start, at most the last ten minutes, as a waveform and its rate.
    segments : list of Segment
        The predictions since the last start, one for each half second.
    """

    _esm = script("microphone", "bars", "timeline", "stream")

    answer: "traitlets.Dict[str, Any]" = traitlets.Dict({}).tag(sync=True)
    timeline: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)

    def __init__(self, recognizer: EmotionRecognizer, *, start: Sequence[audio.Source]) -> None:
        super().__init__()
        self._recognizer, self._threshold = recognizer, recognizer.calibration.threshold
        self._chunks = _Chunks()
        self._spoken, self._rate = deque[np.ndarray](), 0
        self._thread: threading.Thread | None = None
        self.segments: list[Segment] = []
        if start:
            self._begin(start)

    def __repr__(self) -> str:
        """Return the number of seconds, and the last prediction."""
        if not self.segments:
            return "Live: nothing predicted yet"
        return f"Live: {self.segments[-1].end:.1f} s predicted, the end as {answers.headline(self.segments[-1])}"

    @property
    def recording(self) -> tuple[np.ndarray, int] | None:
        """What was spoken since the last start, as a waveform and its rate; None before the first."""
        return (np.concatenate(self._spoken), self._rate) if self._spoken else None

    def still(self) -> bytes:
        """Return the picture of the predictions over time, or the timeline of what was spoken last."""
        if self.length:
            return self._part(0.0, self.length).png
        return self._picture.png or in_words("Nothing has been said yet.")

    def _begin(self, start: Sequence[audio.Source]) -> None:
        """Predict recordings one after the other, as if they were spoken now."""
        rate = self._recognizer.settings.sr
        assert rate is not None  # a recogniser refuses settings without a rate
        y = np.concatenate([take_of(each).resampled_for(self._recognizer) for each in start])
        self._spoken, self._rate = deque([y]), rate
        size = round(CHUNK_SECONDS * rate)
        chunks = (y[first : first + size] for first in range(0, len(y), size))
        self.segments = list(self._recognizer.stream(chunks, rate))
        self._set_sound(y, rate, _picture(y, rate, self.segments, self._threshold))
        self.timeline = [self._answer(each) for each in self.segments]
        self.alt = f"Waveform of {len(y) / rate:.1f} s, and the probability of each emotion over time"
        self.answer, self.number = self.timeline[-1], 0

    def _answer(self, segment: Segment) -> dict[str, Any]:
        """Return the answer to the 3 seconds before the end of a segment."""
        return {"end": segment.end, **answers.answer(segment, self._threshold, f"Up to {segment.end:.1f} s")}

    def _do_start(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Start the predictions."""
        self._end()
        self.says, self.segments, self.answer, self._chunks = "", [], {}, _Chunks()
        rate = self._rate = round(message["rate"])
        self._spoken = deque(maxlen=round(KEPT / CHUNK_SECONDS))
        self._set_timeline(None, b"", None)
        arguments = (self._chunks, rate)
        self._thread = threading.Thread(target=self._predict, args=arguments, daemon=True)
        self._thread.start()

    def _do_chunk(self, _: dict[str, Any], buffers: list[memoryview]) -> None:
        """Append a chunk of sound to those that wait for the recogniser."""
        chunk = np.frombuffer(buffers[0], dtype="<f4")
        self._chunks.put(chunk)
        self._spoken.append(chunk)

    def _do_stop(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Stop the predictions, and show the timeline of what was spoken."""
        self._end()
        if self.recording:
            with self.hold_sync():
                self._set_timeline(self._recognizer.timeline(*self.recording), *self.recording)

    def _end(self) -> None:
        """End the thread after it has predicted the waiting chunks."""
        if self._thread is not None:
            self._chunks.put(None)
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Stop the predictions, and close the widget."""
        self._end()
        super().close()

    def _predict(self, chunks: _Chunks, rate: int) -> None:
        """Predict the chunks until they end; this runs in the thread."""
        try:
            for segment in self._recognizer.stream(chunks, rate):
                self.segments.append(segment)
                self.answer = self._answer(segment)
                if chunks.dropped:
                    left_out = chunks.dropped * CHUNK_SECONDS
                    self.says = f"The kernel is too slow: {left_out:.1f} s of sound were left out."
        except EmotionLibError as error:
            self.says = str(error)


def live(recognizer: EmotionRecognizer, *, start: audio.Source | Sequence[audio.Source] = ()) -> Live:
    """Watch the probabilities of the emotions change while one speaks.

    The browser records the microphone, and every half second the recogniser predicts the emotion of the last 3 seconds,
    as `EmotionRecognizer.stream` does. When it stops, the widget shows the timeline of what was spoken, with its sound:
    the last ten minutes, which it keeps in memory until the next start.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    start : path, bytes or binary file object, or a list of them, optional
        Recordings to stream one after the other in place of the microphone, so that the page shows a result before
        anybody speaks. The user can play them, and the bars move with them.

    Returns
    -------
    Live
        The widget; `recording` is what was spoken since the last start, as (y, sr), and `segments` are the predictions.

    Raises
    ------
    AudioError
        If a recording of `start` cannot be read.

    Examples
    --------
    >>> from emotion_lib.corpora import load
    >>> [segment.end for segment in live(EmotionRecognizer.load(), start=load("demo")["path"][0]).segments]
    [0.5, 1.0, 1.5, 1.6640625]

    Notebook: 06_your_voice
    """
    recordings: list[Any] = list(start) if is_list(start) else [start]
    return Live(recognizer, start=recordings)


def _picture(y: np.ndarray, sr: int, segments: Sequence[Segment], threshold: float) -> Picture:
    """Draw a waveform above the probability of each emotion over time."""
    with blank((8, 4.4)) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        plot_waveform(y, sr, ax=upper)
        upper.set_xlabel("")
        _plot_moving(segments, threshold, lower)
        lower.set_xlim(0, len(y) / sr)
        return timed(figure, lower)


def _plot_moving(segments: Sequence[Segment], threshold: float, ax: Axes) -> None:
    """Draw the probability of each emotion at the end of each segment, with gaps where nobody speaks."""
    ends = [segment.end for segment in segments]
    spoken = [segment.reason in {"", UNSURE} for segment in segments]
    for emotion in segments[0].probabilities:
        colour, marker = style_of(emotion)
        shares = np.where(spoken, [segment.probabilities[emotion] for segment in segments], np.nan)
        ax.plot(ends, shares, color=colour, marker=marker, linewidth=1.5, label=emotion, clip_on=False, zorder=2)
    words = f"answers at\n{answers.percent(threshold)} or more"
    ax.axhline(threshold, color=INK, linewidth=1.2, linestyle="--", label=words)
    ax.set(xlabel="Time (s)", ylabel="Probability", ylim=(0, 1.02))
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
