"""See and hear a recording of any length along its timeline."""

from typing import Any

import pandas as pd
import traitlets

from emotion_lib.audio import Channel
from emotion_lib.emotions import UNKNOWN, style_of
from emotion_lib.errors import AudioError
from emotion_lib.plots.timeline import Envelope, draw_timeline, envelope
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.inputs import Recording, RecordingReader
from emotion_lib.recognizer.timeline import COLUMNS, stretches
from emotion_lib.widgets.base import Picture, Widget, blank, in_words, script, timed, wav

PIECE = 20.0
"""Seconds of sound that are sent at a time."""

CLOSEST = 2.0
"""Shortest part of a recording that is shown, in seconds."""

_SR = 16_000  # Hz


class TimelineWidget(Widget):
    """A widget that may show a timeline: a picture of a part of it, and sound from any place.

    The recording stays with the kernel. The browser requests a picture with {do: "look", start, end}, and the sound
    with {do: "piece", at}; both are answered with a message.
    """

    length = traitlets.Float(0.0).tag(sync=True)
    """Seconds of the recording; 0 without a timeline."""

    drawn = traitlets.Int(-1).tag(sync=True)
    """Number of the timeline, which changes with each; -1 before the first."""

    stretches: "traitlets.List[dict[str, Any]]" = traitlets.List().tag(sync=True)
    """Start, end and answer of each stretch, with the colour and the marker of its emotion."""

    _table = pd.DataFrame()
    _reader: RecordingReader | None = None

    def _set_timeline(
        self, table: pd.DataFrame | None, recording: Recording, sr: int | None, channel: Channel = None
    ) -> None:
        """Show the timeline of a recording, or none."""
        if table is None:
            self.length, self._reader = 0.0, None
            self.drawn += 1
            return
        self._table, self._recording = table, (recording, sr, channel)
        self._reader = RecordingReader(recording, sr, to=_SR, channel=channel)
        self._wave = envelope(recording, sr, channel=channel)
        self.stretches = [
            {name: row[name] for name in COLUMNS}
            | ({} if row["emotion"] == UNKNOWN else style_of(row["emotion"])._asdict())
            for row in stretches(table).to_dict("records")
        ]
        self.length = float(table["end"].max()) if len(table) else 0.0
        self.drawn += 1

    def _part(self, start: float, end: float) -> Picture:
        """Draw a part of the timeline."""
        recording, sr, channel = self._recording
        wave: Envelope = self._wave
        if wave.step * 2000 > end - start:  # closer than the envelope that is kept
            wave = envelope(recording, sr, channel=channel, start=start, end=end)
        with blank((8, 4.4)) as figure:
            return timed(figure, draw_timeline(figure, self._table, wave, start, end))

    def _do_look(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send the picture of a part."""
        if not self.length:
            return
        width = min(max(message["end"] - message["start"], CLOSEST), self.length)
        start = min(max(message["start"], 0.0), self.length - width)
        shown = self._part(start, start + width)
        content = {"do": "part", "number": self.drawn, "start": start, "end": start + width, "alt": self._words()}
        self.send(content | {"left": shown.left, "right": shown.right}, [shown.png])

    def _do_piece(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send some seconds of the sound from a place on."""
        if self._reader is None:
            return
        at = min(max(message["at"], 0.0), max(0.0, self.length - 0.1))
        y = self._reader.read(offset=at, duration=PIECE)
        self.send({"do": "piece", "number": self.drawn, "at": at, "seconds": len(y) / _SR}, [wav(y, _SR)])

    def _words(self) -> str:
        """Return the alternative text of a picture: the time of each emotion."""
        length = self._table["end"] - self._table["start"]
        shares = length.groupby(self._table["emotion"]).sum().sort_values(ascending=False)
        named = ", ".join(f"{emotion} {seconds:.1f} s" for emotion, seconds in shares.items())
        return f"Timeline of {self.length:.1f} s: {named}"


class Timeline(TimelineWidget):
    """The widget of `timeline`.

    Attributes
    ----------
    table : DataFrame
        The timeline.
    """

    _esm = script("timeline", "timeline_alone")

    def __init__(
        self,
        recognizer: EmotionRecognizer,
        recording: Recording,
        sr: int | None,
        *,
        channel: Channel,
        table: pd.DataFrame | None,
    ) -> None:
        super().__init__()
        if not isinstance(recording, (str, bytes)) and hasattr(recording, "read"):
            raise AudioError("recording: an open file; give its path, so that any place can be read again")
        self.table = recognizer.timeline(recording, sr, channel=channel) if table is None else table
        self._set_timeline(self.table, recording, sr, channel)
        self.alt = self._words()
        self.says = " ".join(filter(None, (self.table.attrs.get("warning", ""), *self.table.attrs.get("notes", ()))))

    def __repr__(self) -> str:
        """Return one line without addresses or recordings, since a saved notebook keeps it."""
        return self._words()

    def still(self) -> bytes:
        """Return the picture of the whole timeline."""
        return self._part(0.0, self.length).png if self.length else in_words("There is nothing to hear.")


def timeline(
    recognizer: EmotionRecognizer,
    recording: Recording,
    sr: int | None = None,
    *,
    channel: Channel = None,
    table: pd.DataFrame | None = None,
) -> Timeline:
    """Follow the emotion through a long recording in a notebook, and hear it at any place.

    A click on the picture plays the recording from there on, and a cursor moves along. The keys + and - zoom, 0 shows
    the whole recording, the arrows go one second back and forth, and the space bar plays and pauses. A recording of
    hours stays on the side of the kernel: the browser gets a picture of what is shown, and 20 seconds of sound at a
    time.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The recogniser.
    recording, sr, channel
        One recording, as for `EmotionRecognizer.timeline`, but no open file.
    table : DataFrame, optional
        The timeline of the recording, if it has been made before.

    Returns
    -------
    Timeline
        The widget; `table` is the timeline. On a static page, it is a picture of the whole timeline.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    ParameterError
        If `recording` is not a recording, or `table` is not a timeline.

    Examples
    --------
    >>> from emotion_lib.corpora import load
    >>> timeline(EmotionRecognizer.load(), load("demo")["path"][0]).length
    1.6640625

    Notebook: 06_your_voice
    """
    return Timeline(recognizer, recording, sr, channel=channel, table=table)
