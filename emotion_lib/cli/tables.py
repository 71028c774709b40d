"""The table that `predict --csv` writes row by row, so that it can be continued after an interruption."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_lib.errors import AudioError, CorpusError

if TYPE_CHECKING:
    from emotion_lib.recognizer import Prediction

_COLUMNS = ("path", "emotion", "confidence", "reason", "remarks", "error", "recognizer")


class PredictionTable:
    """A CSV file with one row for each recording.

    Parameters
    ----------
    path : Path
        The file. If it exists, its rows are kept, but for a last one that was not written to its end.
    emotions : sequence of str
        The emotions that the recogniser distinguishes; each gets a column with its probability.

    Attributes
    ----------
    done : dict of str to bool
        The paths in the table, and whether each has an answer.

    Raises
    ------
    CorpusError
        If the file cannot be read or written, or is another table.
    """

    def __init__(self, path: Path, emotions: Sequence[str]) -> None:
        self._path, self._emotions = path, tuple(emotions)
        columns = [*_COLUMNS, *(f"p_{emotion}" for emotion in emotions)]
        try:
            self._file = path.open("a+", encoding="utf-8", newline="")
            self._file.seek(0)
            text = self._file.read()
            complete = text[: text.rfind("\n") + 1]
            self._file.truncate(len(complete.encode()))
            rows = list(csv.reader(io.StringIO(complete)))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            why = getattr(error, "strerror", None) or error
            raise CorpusError(f"{path}: cannot be read and written ({why}); name another file") from error
        if rows and rows[0] != columns:
            raise CorpusError(f"{path}: not a table that `predict --csv` wrote for this recogniser; name another file")
        self.done = {row[0]: not row[_COLUMNS.index("error")] for row in rows[1:] if len(row) == len(columns)}
        self._writer = csv.writer(self._file, lineterminator="\n")
        if not rows:
            self._writer.writerow(columns)

    def add(self, name: str, answer: "Prediction | AudioError", *, error: str = "", version: str | None = None) -> None:
        """Write the row of a recording: its answer, or the reason why there is none."""
        if isinstance(answer, AudioError):
            row = [name, "", "", "", "", error, version or "", *("" for _ in self._emotions)]
        else:
            remarks = ", ".join(part for part in (answer.note, answer.warning, *answer.notes) if part)
            shares = (f"{answer.probabilities[emotion]:.4f}" for emotion in self._emotions)
            row = [name, answer.emotion, f"{answer.confidence:.4f}", answer.reason, remarks, "", version or "", *shares]
        self._writer.writerow(row)
        self._file.flush()  # so that an interruption loses no row
        self.done[name] = not error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
