"""Make the index of a folder of recordings, from which a copy of it can be checked file by file."""

import os
from itertools import pairwise

import pandas as pd

from emotion_lib import audio
from emotion_lib.corpora.files import files_below
from emotion_lib.corpora.folder import FOLDER
from emotion_lib.corpora.loading import existing
from emotion_lib.corpora.stock import Recording, recognise
from emotion_lib.errors import CorpusError

COLUMNS = ["id", "speaker", "emotion", "text", "rate", "samples", "sha256"]


def make_index(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Make the index of a folder of recordings in TESS's naming.

    The same files give the same index, wherever and in whatever folders they lie.

    Parameters
    ----------
    folder : str or path
        With one recording of each speaker, word and emotion.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, rate (Hz), samples, sha256 (of the file); sorted by id.

    Raises
    ------
    CorpusError
        If the folder has no recordings in TESS's naming, or two with one name.
    AudioError
        If a recording cannot be read.
    """
    recordings = _named_once(folder)
    return pd.DataFrame([_row(recording) for recording in recordings], columns=COLUMNS)


def _named_once(folder: str | os.PathLike[str]) -> list[Recording]:
    """Return the recordings of a folder sorted by name, each name once."""
    recordings = recognise(FOLDER, files_below(existing(folder)))[0]
    if not recordings:
        raise CorpusError(f"{folder}: no recordings in TESS's naming; {FOLDER.cure}")
    recordings.sort(key=lambda recording: recording.name.id)
    for one, next_one in pairwise(recordings):
        if one.name.id == next_one.name.id:
            pair = f"{one.file.relative} and {next_one.file.relative}"
            raise CorpusError(f"{pair}: two recordings of one name; an index needs each once, remove one")
    return recordings


def _row(recording: Recording) -> tuple[str, str, str, str, int, int, str]:
    """Return the row of one recording."""
    y, rate = audio.read(recording.file.path)
    name = recording.name
    return name.id, name.speaker, name.emotion, name.text, rate, len(y), recording.digest
