"""See which emotions are confused: a clickable confusion matrix, and the utterances behind each cell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import traitlets

from emotion_lib import audio
from emotion_lib.corpora.report import counted
from emotion_lib.emotions import in_order, style_of, with_probabilities
from emotion_lib.errors import AudioError, check_columns
from emotion_lib.plots import plot_confusion_matrix
from emotion_lib.plots.style import INK
from emotion_lib.recognizer.prediction import UNKNOWN
from emotion_lib.widgets.answers import percent
from emotion_lib.widgets.base import Widget, blank, in_words, picture, png, script, wav
from emotion_lib.widgets.playback import NOTHING, several

AT_ONCE = 20
"""Number of utterances in the list at first, and number that each click adds."""


def mistakes(table: pd.DataFrame) -> Widget:
    """Listen to the mistakes of a recogniser: each cell of a confusion matrix lists its utterances, which play.

    The most frequent mistake is chosen first. The most confident utterances of a cell come first, each with the
    probability of every emotion, because confident mistakes are the most instructive. Nothing plays by itself, and only
    the utterances that are played are sent to the browser. The arrow keys go from cell to cell.

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with columns `emotion`, `predicted` (which may be "unknown") and `path`. Optional columns
        are `corpus`, `speaker`, `text` and `id`, which name the utterance; the emotions, which hold the probabilities;
        and `confidence` (by default the highest probability), which sorts the list.

    Returns
    -------
    Widget
        On a static page, it is a picture of the matrix, with the first utterances of the chosen cell in words.

    Raises
    ------
    ParameterError
        If a column is missing, or an emotion cannot be a label.

    Examples
    --------
    >>> mistakes(pd.DataFrame(columns=["emotion", "predicted", "path"]))
    Confusion matrix of 0 utterances

    Notebook: 04_evaluate
    """
    cure = "merge the predictions with the corpus table by id to add the missing columns"
    check_columns("table", table, "emotion", "predicted", "path", cure=cure)
    return _Mistakes(table)


class _Mistakes(Widget):
    """A matrix of counts, and the list of the utterances behind the chosen cell."""

    _esm = script("confusion")

    columns: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    chosen: "traitlets.Dict[str, Any]" = traitlets.Dict().tag(sync=True)
    utterances: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    at_once = traitlets.Int(AT_ONCE).tag(sync=True)

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = _most_confident_first(_named(table))
        self._matrix = _count(self._table)
        self._emotions = with_probabilities(self._table)
        super().__init__(columns=[_style(predicted) for predicted in self._matrix.columns], rows=_rows(self._matrix))
        if self._table.empty:
            self.says = NOTHING
            return
        acted, predicted, is_mistake = _first(self._matrix)
        self.says = "" if is_mistake else "There are no mistakes to hear."
        self._choose(acted, predicted)
        self.alt = f"{self!r}; {self.chosen['name']}"

    def __repr__(self) -> str:
        """Return one line without addresses or recordings, since a saved notebook keeps it."""
        return f"Confusion matrix of {counted(len(self._table), 'utterance')}"

    def still(self) -> bytes:
        """Return the picture of the matrix and the start of the list, or a sentence if there are no utterances."""
        return in_words(self.says) if self._table.empty else _still(self)

    def _do_choose(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """List the utterances behind another cell; an earlier run may have had emotions that are not there now."""
        self.says = ""
        if message["emotion"] in self._matrix.index and message["predicted"] in self._matrix.columns:
            self._choose(message["emotion"], message["predicted"])

    def _do_more(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """List more of the utterances behind the chosen cell."""
        self.utterances = self._listed(len(self.utterances) + AT_ONCE)

    def _do_play(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Send the sound and the picture of one utterance; both are empty if it cannot be read."""
        number = message["number"]
        utterance = self._table.iloc[number]
        caption = f"{utterance['name']}: {_predicted_as(utterance['emotion'], utterance['predicted'])}"
        answer = {"do": "sound", "number": number, "caption": caption}
        try:
            y, sr = audio.read(utterance["path"])
        except AudioError:
            self.send(answer, [b"", b""])  # the browser waits for an answer
            raise
        self.says = ""
        seen = picture(y, sr, emotion=utterance["emotion"])
        self.send(answer | {"left": seen.left, "right": seen.right}, [wav(y, sr), seen.png])

    def _choose(self, acted: str, predicted: str) -> None:
        """Choose a cell, and list its utterances."""
        count: int = self._matrix[predicted].to_dict()[acted]
        order = "by word" if self._table["confidence"].isna().all() else "the most confident first"
        with self.hold_sync():
            name = _cell_name(acted, predicted, count)
            self.chosen = {"emotion": acted, "predicted": predicted, "count": count, "name": name, "order": order}
            self.utterances = self._listed(AT_ONCE)

    def _listed(self, n: int) -> list[dict[str, Any]]:
        """Return the first utterances behind the chosen cell."""
        table = self._table
        behind = (table["emotion"] == self.chosen["emotion"]) & (table["predicted"] == self.chosen["predicted"])
        return [_shown(number, utterance, self._emotions) for number, utterance in table[behind].head(n).iterrows()]


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return the utterances with a short `name`."""
    columns = [*(["corpus"] if several(table, "corpus") else []), "speaker", "text"]
    parts = [table[column].astype("object") for column in columns if column in table]
    named = table.assign(emotion=table["emotion"].astype(str), predicted=table["predicted"].astype(str))
    if "text" not in table:
        parts.append(table["id"] if "id" in table else table["path"].map(lambda path: Path(path).stem))
    rows = zip(*parts, strict=True)
    return named.assign(name=[", ".join(str(part) for part in row if pd.notna(part)) for row in rows])


def _most_confident_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the utterances in the order of the lists: by confidence, word and name, as far as the table has them."""
    shares = table[with_probabilities(table)].astype(float)
    confidence = table["confidence"].astype(float) if "confidence" in table else shares.max(axis=1)
    table = table.assign(confidence=confidence, given="confidence" in table)
    by_name = ["text", "name"] if "text" in table else ["name"]
    return table.sort_values(
        ["confidence", *by_name], ascending=[False, *[True] * len(by_name)], kind="stable", ignore_index=True
    )


def _count(table: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each emotion and prediction, with a last column for "unknown" if it occurs."""
    known = in_order([*table["emotion"], *table["predicted"][table["predicted"] != UNKNOWN]])
    predicted = [*known, UNKNOWN] if (table["predicted"] == UNKNOWN).any() else list(known)
    counts = pd.crosstab(table["emotion"], table["predicted"])
    return counts.reindex(index=list(known), columns=predicted, fill_value=0)


def _first(matrix: pd.DataFrame) -> tuple[str, str, bool]:
    """Return the cell that is chosen first, and whether it is a mistake.

    It is the most frequent mistake, or else the most frequent right answer, or else the most frequent "unknown", which
    does not count as a mistake.
    """
    counts = matrix.to_numpy()
    answered = counts * (matrix.columns != UNKNOWN)
    right = np.eye(*counts.shape, dtype=bool)
    for cells in (answered * ~right, answered * right, counts):
        if cells.any():
            row, column = divmod(int(cells.argmax()), cells.shape[1])
            break
    return str(matrix.index[row]), str(matrix.columns[column]), bool((answered * ~right).any())


def _rows(matrix: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row for each emotion that was acted: its cells with count and share, and its recall."""
    rows = []
    for acted in matrix.index[matrix.sum(axis=1) > 0]:
        counts: dict[str, int] = matrix.loc[acted].to_dict()
        total = sum(counts.values())
        cells = [
            {"predicted": predicted, "count": n, "share": n / total, "name": _cell_name(acted, predicted, n)}
            for predicted, n in counts.items()
        ]
        rows.append({**_style(acted), "cells": cells, "recall": percent(counts[acted] / total)})
    return rows


def _style(emotion: str) -> dict[str, Any]:
    """Return an emotion as a heading shows it; "unknown" has no colour and no marker."""
    drawn = {} if emotion == UNKNOWN else style_of(emotion)._asdict()
    return {"emotion": emotion, "label": _label(emotion), **drawn}


def _label(predicted: str) -> str:
    return "“I don't know”" if predicted == UNKNOWN else predicted


def _predicted_as(acted: str, predicted: str) -> str:
    """Return the acted and the predicted emotion in words."""
    return f"{acted} predicted as {_label(predicted)}"


def _cell_name(acted: str, predicted: str, count: int) -> str:
    """Return the label of a cell for screen readers."""
    return f"{_predicted_as(acted, predicted)}: {counted(count, 'utterance')}"


def _shown(number: Any, utterance: pd.Series, emotions: list[str]) -> dict[str, Any]:
    """Return an utterance as the list shows it, with its probabilities in the order of the emotions."""
    shares = {emotion: float(utterance[emotion]) for emotion in emotions}
    return {
        "number": int(number),
        "name": utterance["name"],
        "source": str(utterance.get("id", Path(utterance["path"]).name)),
        "confidence": percent(utterance["confidence"]) if utterance["given"] and utterance["confidence"] >= 0 else "",
        "bars": [
            {**_style(emotion), "share": round(share, 4), "percent": percent(share)}
            for emotion, share in shares.items()
            if not np.isnan(share)
        ],
    }


def _still(mistakes: _Mistakes) -> bytes:
    """Return the picture of the matrix, with the start of the list in words below it."""
    listed = mistakes.utterances[:5]  # enough to show the idea; a static page cannot ask for more
    # Inches: a row of the matrix and a line of text have the same height whatever their number.
    drawn, written = 1.2 + 0.45 * max(len(mistakes._matrix), 2), 0.35 + 0.22 * len(listed)
    with blank((8, drawn + written)) as figure:
        upper, lower = figure.subplots(2, 1, height_ratios=(drawn, written))
        plot_confusion_matrix(mistakes._matrix, ax=upper)
        lower.set_axis_off()
        heading = f"{mistakes.chosen['name']}, {mistakes.chosen['order']}"
        lines = "\n".join([heading, *(_in_words(utterance, mistakes.chosen["emotion"]) for utterance in listed)])
        lower.text(0, 1, lines, va="top", color=INK, linespacing=1.5, transform=lower.transAxes)
        return png(figure)


def _in_words(utterance: dict[str, Any], acted: str) -> str:
    """Return an utterance in words, with its highest probabilities and that of the acted emotion."""
    best = sorted(utterance["bars"], key=lambda bar: -bar["share"])[:3]
    told = [bar for bar in utterance["bars"] if bar["emotion"] == acted or (bar in best and bar["share"] >= 0.005)]
    shares = ", ".join(f"{bar['emotion']} {bar['percent']}" for bar in told)
    return f"   {utterance['name']}{': ' * bool(shares)}{shares}"
