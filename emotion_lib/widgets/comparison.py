"""Compare one word in all emotions by all speakers: play the utterances, and see them side by side."""

import io
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import traitlets
from matplotlib import image
from matplotlib.axes import Axes

from emotion_lib import audio
from emotion_lib.corpora.report import counted
from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import AudioError, check_columns
from emotion_lib.features import FeatureSettings
from emotion_lib.plots.signals import DYNAMIC_RANGE, draw_spectrogram, greatest_power
from emotion_lib.plots.style import INK
from emotion_lib.widgets.base import Widget, blank, in_words, png, script, wav
from emotion_lib.widgets.playback import COLUMNS, NOTHING, several

SR = 16_000
"""Rate in Hz of all spectrograms: with different rates, their frequency axes would end at different frequencies."""

SETTINGS_OF_A_CELL = FeatureSettings(n_fft=512, hop_length=256)


def compare(table: pd.DataFrame) -> Widget:
    """Compare one word in all emotions: each cell of a grid of emotions and speakers plays its utterance.

    The spectrograms of a word share their limits of time, frequency and level, so quiet utterances look darker and slow
    utterances look longer. "Play in turn" plays them row by row. If a speaker said a text several times in an emotion,
    the grid has the first utterance. The list begins with the texts that most speakers said. Nothing plays by itself;
    the arrow keys go from cell to cell.

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with columns `path`, `emotion`, `speaker` and `text`. If a column `corpus` has several
        values, each speaker is named with the corpus.

    Returns
    -------
    Widget
        On a static page, it is a picture of the grid of its first word.

    Raises
    ------
    ParameterError
        If a column is missing, or an emotion cannot be a label.

    Examples
    --------
    >>> compare(pd.DataFrame(columns=["path", "emotion", "speaker", "text"]))
    Comparison of 0 words

    Notebook: 04_evaluate
    """
    check_columns("table", table, *COLUMNS)
    return _Comparison(table)


class _Comparison(Widget):
    """A list of texts, and the grid of the chosen text."""

    _esm = script("comparison")

    texts: traitlets.List[str] = traitlets.List().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    speakers: traitlets.List[str] = traitlets.List().tag(sync=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    scale = traitlets.Unicode().tag(sync=True)
    seconds = traitlets.Float().tag(sync=True)

    def __init__(self, table: pd.DataFrame) -> None:
        named = several(table, "corpus")
        table = table.astype({"speaker": str, "text": str} | ({"corpus": str} if named else {}))
        if named:
            table = table.assign(speaker=table["corpus"] + " " + table["speaker"])
        self._table = table.drop_duplicates(["emotion", "speaker", "text"]).reset_index(drop=True)
        self._pictures: dict[int, bytes] = {}
        speakers = self._table.groupby("text")["speaker"].nunique()
        super().__init__(texts=sorted(speakers.index, key=lambda text: (-speakers[text], text)))
        if self.texts:
            # Of the texts that most speakers said, begin with the one that leaves the fewest gaps in the grid.
            times = self._table["text"].value_counts()
            self._show(max(self.texts, key=lambda text: (speakers[text], times[text])))
        else:
            self.says = NOTHING

    def __repr__(self) -> str:
        """Return one line without addresses or recordings, since a saved notebook keeps it."""
        return f"Comparison of {counted(len(self.texts), 'word')}"

    def still(self) -> bytes:
        """Return the picture of the grid, or a sentence if there is no grid."""
        return _still(self) if self.rows else in_words(self.says)

    def _do_choose(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Show the grid of another text; an earlier run of the cell may have had texts that are not there now."""
        if message["value"] in self.texts:
            self._show(message["value"])

    def _do_draw(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the pictures of the grid, as a message because traits are saved in notebooks."""
        message = {"do": "pictures", "text": self.text, "numbers": list(self._pictures)}
        self.send(message, list(self._pictures.values()))

    def _do_play(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send the sound of one utterance; an empty sound if it can no longer be read."""
        sound = b""
        try:
            sound = wav(*audio.read(self._table.loc[message["number"], "path"]))
        finally:  # after an error too, so that the browser goes on to the next cell
            self.send({"do": "sound", "number": message["number"]}, [sound])

    def _show(self, text: str) -> None:
        """Send the grid of a text."""
        said = self._table[self._table["text"] == text]
        sounds, errors = _read(said)
        seconds = max((len(y) for y in sounds.values()), default=SR) / SR
        speakers = sorted(said["speaker"].unique())
        # One loudest point for all, so that a quiet utterance looks quiet.
        loudest = max((greatest_power(y, SETTINGS_OF_A_CELL) for y in sounds.values()), default=0.0)
        self._pictures = {number: _picture(y, seconds, loudest) for number, y in sounds.items()}
        with self.hold_sync():
            self.text, self.seconds, self.speakers = text, seconds, speakers
            self.rows = [
                _row(emotion, said[said["emotion"] == emotion], speakers, self._pictures)
                for emotion in in_order(self._table["emotion"])
            ]
            self.scale = (
                f"All pictures: {seconds:.1f} s wide, 0 to {SR // 2000} kHz high, "
                f"{DYNAMIC_RANGE:.0f} dB deep from the loudest point of all."
            )
            self.alt = f"Spectrograms of “{text}”, emotions in rows, speakers in columns: {', '.join(speakers)}"
            self.says = " ".join(errors)


def _read(said: pd.DataFrame) -> tuple[dict[int, np.ndarray], list[str]]:
    """Return the waveforms of utterances by number, and the errors of unreadable ones."""
    sounds, errors = {}, []
    for number, path in zip(said.index.tolist(), said["path"], strict=True):
        try:
            sounds[number] = audio.read(path, sr=SR)[0]
        except AudioError as error:
            errors.append(str(error))
    return sounds, errors


def _picture(y: np.ndarray, seconds: float, loudest: float) -> bytes:
    """Return a spectrogram without axes, dark after the end of the recording."""
    with blank((2.5, 0.75)) as figure:
        figure.set_layout_engine("none")
        ax: Axes = figure.add_axes((0, 0, 1, 1))
        drawn = draw_spectrogram(ax, y, SR, settings=SETTINGS_OF_A_CELL, loudest=loudest)
        drawn.set_interpolation("antialiased")
        ax.set(xlim=(0, seconds), xticks=[], yticks=[], facecolor=drawn.get_cmap()(0.0))
        ax.spines[:].set_visible(False)
        return png(figure)


def _row(emotion: str, said: pd.DataFrame, speakers: list[str], readable: Collection[int]) -> dict[str, Any]:
    """Return a row of the grid: the emotion with its style, and one cell per speaker, None if there is no utterance."""
    numbers = dict(zip(said["speaker"], said.index.tolist(), strict=True))
    cells = [
        {"number": numbers[speaker], "readable": numbers[speaker] in readable} if speaker in numbers else None
        for speaker in speakers
    ]
    return {"emotion": emotion, **style_of(emotion)._asdict(), "cells": cells}


def _still(comparison: _Comparison) -> bytes:
    """Return the grid as one picture."""
    rows, columns = len(comparison.rows), len(comparison.speakers)
    with blank((8, 0.75 * rows + 0.8)) as figure:
        axes = figure.subplots(rows, columns, squeeze=False)
        for speaker, ax in zip(comparison.speakers, axes[0], strict=True):
            ax.set_title(speaker, loc="center", rotation=45 if columns > 6 else 0)
        for row, line in zip(comparison.rows, axes, strict=True):
            line[0].set_ylabel(row["emotion"], rotation=0, ha="right", va="center", labelpad=18)
            place = -0.012 * columns  # a share of the first column
            line[0].plot(place, 0.5, row["marker"], color=row["colour"], transform=line[0].transAxes, clip_on=False)
            for cell, ax in zip(row["cells"], line, strict=True):
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set_visible(False)
                if cell and (picture := comparison._pictures.get(cell["number"])):
                    ax.imshow(image.imread(io.BytesIO(picture), format="png"), aspect="auto")
                else:
                    ax.text(0.5, 0.5, "–", transform=ax.transAxes, ha="center", va="center", color=INK)
        figure.suptitle(f"“{comparison.text}”")
        figure.supxlabel(comparison.scale, fontsize=10)
        return png(figure)
