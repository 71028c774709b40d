"""The answers of a person in the listening test, which stay on this machine until the person deletes them."""

import json
from pathlib import Path

import pandas as pd
import platformdirs

from emotion_lib.errors import EmotionLibError
from emotion_lib.writing import written_whole

COLUMNS = ["id", "corpus", "speaker", "emotion", "predicted"]
"""What is kept of each answer; `predicted` is the emotion that the person named."""


def answers_file() -> Path:
    """Return the path of the file with the answers, which may not exist yet.

    Returns
    -------
    Path
        A JSON file in the user's data folder.
    """
    return platformdirs.user_data_path("emotion_lib") / "listening_test.json"


def keep(answers: pd.DataFrame) -> None:
    """Keep the answers of a listening test in place of those of the last one.

    Parameters
    ----------
    answers : DataFrame
        One row per recording, with the columns of `COLUMNS`.

    Raises
    ------
    EmotionLibError
        If the file cannot be written.
    """
    with written_whole(answers_file(), error=EmotionLibError) as file:
        file.write(json.dumps(answers[COLUMNS].to_dict("records"), indent=1).encode())


def answers() -> pd.DataFrame:
    """Return the answers of the last listening test on this machine.

    Returns
    -------
    DataFrame
        One row per recording, with columns `id`, `corpus`, `speaker`, `emotion` (acted) and `predicted` (what the
        person named), as `metrics` takes them. It has no rows if nobody has taken the test, or the answers are deleted.

    Raises
    ------
    EmotionLibError
        If the file cannot be read, or has something else in it.

    Examples
    --------
    >>> answers().columns.to_list()
    ['id', 'corpus', 'speaker', 'emotion', 'predicted']

    Notebook: 01_explore
    """
    file = answers_file()
    try:
        rows = json.loads(file.read_text("utf-8")) if file.exists() else []
        return pd.DataFrame(rows, columns=None if rows else COLUMNS)[COLUMNS].astype(str)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EmotionLibError(f"{file}: not the answers of a listening test; delete it, and take the test") from error


def delete() -> None:
    """Delete the answers.

    Raises
    ------
    EmotionLibError
        If the file cannot be deleted.
    """
    try:
        answers_file().unlink(missing_ok=True)
    except OSError as error:
        raise EmotionLibError(f"{answers_file()}: cannot be deleted ({error.strerror}); delete it yourself") from error
