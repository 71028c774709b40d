"""Name the emotion of recordings by ear, as a machine has to, and see one's own score."""

from typing import Any

import numpy as np
import pandas as pd
import traitlets

from emotion_lib import audio
from emotion_lib.corpora.report import counted
from emotion_lib.emotions import in_order, style_of
from emotion_lib.errors import AudioError, EmotionLibError, ParameterError, check_columns
from emotion_lib.evaluation import listening, metrics
from emotion_lib.widgets.answers import percent
from emotion_lib.widgets.base import Widget, in_words, script, wav


def listening_test(table: pd.DataFrame, *, n: int = 14) -> Widget:
    """Make a listening test: it plays recordings, and the reader names the emotion of each.

    Each test draws other recordings in another order. Every emotion occurs at least once and none a fixed number of
    times, so nobody can work out the last answers. After the last one, the test shows the reader's UAR and confusion
    matrix, and keeps the answers on this machine (`evaluation.listening`), where a button deletes them; no sound and no
    answer goes anywhere else. The keys 1 to 9 name the emotions, and P plays the recording again.

    Parameters
    ----------
    table : DataFrame
        One row per utterance, with columns `id`, `path`, `corpus`, `speaker` and `emotion`, of at most nine emotions.
    n : int
        Number of recordings; at least one for each emotion, and at most those of the table.

    Returns
    -------
    Widget
        On a static page, it is a sentence.

    Raises
    ------
    ParameterError
        If a column is missing, or `n` does not fit the table.

    Examples
    --------
    >>> from emotion_lib import corpora
    >>> listening_test(corpora.load("demo"))
    Listening test: 14 recordings play, and you name the emotion of each.

    Notebook: 01_explore
    """
    check_columns("table", table, "id", "path", "corpus", "speaker", "emotion")
    emotions = table["emotion"].nunique()
    if not 1 <= emotions <= 9 or not emotions <= n <= len(table):
        raise ParameterError(
            f"n={n}: must be at least the number of emotions ({emotions}, at most 9) "
            f"and at most that of recordings ({len(table)})"
        )
    return _ListeningTest(table, n)


class _ListeningTest(Widget):
    """One recording after the other, a button for each emotion, and the result."""

    _esm = script("listening")

    emotions: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    number = traitlets.Int(0).tag(sync=True)
    """Number of recordings that are answered, and of the one that plays now."""
    result: "traitlets.Dict[str, Any]" = traitlets.Dict().tag(sync=True)

    def __init__(self, table: pd.DataFrame, n: int) -> None:
        self._table = table
        emotions = [_style(emotion) for emotion in in_order(table["emotion"])]
        super().__init__(emotions=emotions, total=n, alt=f"Listening test: {counted(n, 'recording')}")
        self._begin()
        try:
            kept = listening.answers()
            self.result = _result(kept) if len(kept) else {}
        except EmotionLibError as error:
            self.says = str(error)

    def __repr__(self) -> str:
        """Return one line that is the same whoever takes the test, since a saved notebook keeps it."""
        return f"Listening test: {counted(self.total, 'recording')} play, and you name the emotion of each."

    def still(self) -> bytes:
        """Return a sentence as a picture."""
        return in_words(repr(self))

    def _begin(self) -> None:
        """Draw recordings whose emotions come in another order than before."""
        self._drawn = _draw(self._table, self.total)
        self._named: list[str] = []
        with self.hold_sync():
            self.result, self.number = {}, 0

    def _do_play(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Send the current recording, or no sound if it cannot be read; its label stays here."""
        answer = {"do": "sound", "number": self.number}
        try:
            y, sr = audio.read(self._drawn["path"].iloc[self.number])
        except AudioError:
            self.send(answer, [b""])  # the browser waits for an answer
            raise
        self.says = ""
        self.send(answer, [wav(y, sr)])

    def _do_name(self, message: dict[str, Any], _: list[memoryview]) -> None:
        """Take the answer for a recording, unless it is given already, and go on to the next."""
        if message["number"] != self.number or self.number == self.total:
            return
        self._named.append(message["emotion"])
        answers = self._drawn.head(len(self._named)).assign(predicted=self._named)
        with self.hold_sync():
            self.number += 1
            self.result = _result(answers) if self.number == self.total else {}
        if self.result:
            listening.keep(answers)

    def _do_again(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Begin another test; the answers of the last one stay until it is complete."""
        self._begin()
        self.says = ""

    def _do_delete(self, _: dict[str, Any], __: list[memoryview]) -> None:
        """Delete the kept answers."""
        listening.delete()
        self._begin()
        self.says = "Your answers are deleted."


def _draw(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return `n` utterances in random order, at least one of each emotion."""
    rng = np.random.default_rng()
    shuffled = table.iloc[rng.permutation(len(table))]
    first = shuffled.drop_duplicates("emotion")
    others = shuffled.drop(first.index).head(n - len(first))
    drawn = pd.concat([first, others])
    return drawn.iloc[rng.permutation(n)].reset_index(drop=True)


def _style(emotion: str) -> dict[str, str]:
    return {"emotion": emotion, **style_of(emotion)._asdict()}


def _result(answers: pd.DataFrame) -> dict[str, Any]:
    """Return the score in words, and the rows of the confusion matrix."""
    acted, named = answers["emotion"], answers["predicted"]
    matrix, recall = metrics.confusion_matrix(acted, named), metrics.recall(acted, named)
    return {
        "says": f"You named {(acted == named).sum()} of {counted(len(acted), 'recording')} as they were meant. "
        f"Your UAR is {percent(recall.mean())}; guessing would give {percent(1 / len(recall))}.",
        "columns": [_style(emotion) for emotion in matrix.columns],
        "rows": [
            {**_style(emotion), "counts": matrix.loc[emotion].to_list(), "recall": percent(recall[emotion])}
            for emotion in recall.index
        ],
    }
