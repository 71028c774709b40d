"""Choose an utterance, play it, and see it."""

from typing import Any

import pandas as pd
import traitlets

from emotion_lib import audio
from emotion_lib.corpora.report import counted
from emotion_lib.emotions import in_order
from emotion_lib.errors import AudioError, check_columns
from emotion_lib.widgets.base import Picture, SoundWidget, Widget, in_words, picture, script

COLUMNS = ("path", "emotion", "speaker", "text")
_LABELS = {"corpus": "Corpus", "emotion": "Emotion", "speaker": "Speaker", "text": "Word"}
NOTHING = "There are no utterances to hear."


def player(table: pd.DataFrame) -> Widget:
    """Make a player for the utterances of a table: choose emotion, speaker and word, and press play.

    A cursor moves over the waveform and the spectrogram while the utterance plays; a click on either moves the cursor.
    Nothing plays by itself, but if the reader goes to the next utterance while one is playing, the next one plays too.
    The keys N and P go to the next and the previous utterance; the lists and the player have the keys of the browser.
    Only the chosen recording is sent to the browser, as 16-bit WAV whatever the format of the file. If the table has a
    column `predicted`, a line shows the prediction ("angry, predicted as happy").

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with columns `path`, `emotion`, `speaker` and `text`, and optionally `predicted`. If a
        column `corpus` has several values, the corpus has a list of its own.

    Returns
    -------
    Widget
        On a static page, it is a picture of its first utterance.

    Raises
    ------
    ParameterError
        If a column is missing, or an emotion cannot be a label.

    Examples
    --------
    >>> player(pd.DataFrame(columns=["path", "emotion", "speaker", "text"]))
    Player of 0 utterances

    Notebook: 01_explore
    """
    check_columns("table", table, *COLUMNS)
    return _Player(table)


class _Player(SoundWidget):
    """Lists to choose from, an audio element, a line of text and a picture."""

    _esm = script("playback")

    choices: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(self, table: pd.DataFrame) -> None:
        self._columns = [*(["corpus"] if several(table, "corpus") else []), "emotion", "speaker", "text"]
        self._table = _sorted(table, self._columns)
        super().__init__()
        self._show(0)

    def __repr__(self) -> str:
        """Return one line without addresses or recordings, since a saved notebook keeps it."""
        return f"Player of {counted(len(self._table), 'utterance')}"

    def still(self) -> bytes:
        """Return the picture of the current utterance, or a sentence if there is no picture."""
        return self._picture.png or in_words(self.says)

    def _do_choose(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Show the utterance that fits the lists, the first ones before the others."""
        chosen, rows = message["chosen"], self._table
        for column in self._columns:
            fitting = rows[rows[column] == chosen.get(column)]
            rows = fitting if len(fitting) else rows[rows[column] == rows[column].iloc[0]]
        self._show(int(rows.index[0]))

    def _do_step(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Show the next or the previous utterance; the first follows the last."""
        if len(self._table):
            self._show((self.number + message["by"]) % len(self._table))

    def _show(self, number: int) -> None:
        """Send an utterance, or the reason why it cannot be shown."""
        if not len(self._table):
            self.says = NOTHING
            return
        utterance = self._table.iloc[number]
        predicted = utterance.get("predicted")
        says = "" if predicted is None or pd.isna(predicted) else f"{utterance['emotion']}, predicted as {predicted}"
        try:
            y, sr = audio.read(utterance["path"])
            self._set_sound(y, sr, picture(y, sr, emotion=utterance["emotion"]))
        except AudioError as error:
            self._sound, self._picture, says = b"", Picture(b"", 0, 1), str(error)
        with self.hold_sync():
            self.choices = self._lists(utterance)
            self.alt = f"Waveform and spectrogram: {utterance['speaker']}, {utterance['emotion']}, {utterance['text']}"
            self.says, self.number = says, number

    def _lists(self, utterance: pd.Series) -> list[dict[str, Any]]:
        """Return the lists to choose from; each has the values that occur with the earlier choices."""
        rows, lists = self._table, []
        for column in self._columns:
            options = list(dict.fromkeys(rows[column]))
            lists.append({"name": column, "label": _LABELS[column], "options": options, "value": utterance[column]})
            rows = rows[rows[column] == utterance[column]]
        return lists


def several(table: pd.DataFrame, column: str) -> bool:
    """Return whether the table has a column with several values."""
    return column in table and table[column].nunique() > 1


def _sorted(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return the utterances in the order of the lists, with a number after a text that a speaker said several times."""
    table = table.astype(dict.fromkeys(columns, str))
    place = {emotion: number for number, emotion in enumerate(in_order(table["emotion"]))}
    rows = table.sort_values(
        columns, kind="stable", ignore_index=True, key=lambda c: c.map(place) if c.name == "emotion" else c
    )
    numbered = rows["text"] + " (" + (rows.groupby(columns).cumcount() + 1).astype(str) + ")"
    return rows.assign(text=rows["text"].mask(rows.duplicated(columns, keep=False), numbered))
