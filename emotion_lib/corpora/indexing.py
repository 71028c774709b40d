"""Make the index of a folder of recordings, from which a copy of it can be checked file by file."""

import os
from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from emotion_lib import audio
from emotion_lib.corpora.base import INTEGERS, Name
from emotion_lib.corpora.files import File, files_below
from emotion_lib.corpora.folder import FOLDER
from emotion_lib.corpora.loading import existing, named_as
from emotion_lib.errors import CorpusError


class _Named(NamedTuple):
    name: Name
    file: File


def make_index(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Make the index of a folder of recordings, in the naming of whichever corpus most of them are.

    The same files give the same index, wherever and in whatever folders they lie.

    Parameters
    ----------
    folder : str or path
        With each recording once.

    Returns
    -------
    DataFrame
        Columns id, speaker, emotion, text, what names in this corpus say besides, rate (Hz), samples, sha256 (of the
        file); sorted by id.

    Raises
    ------
    CorpusError
        If the folder has no recordings in the naming of a corpus, or two with one name.
    AudioError
        If a recording cannot be read.
    """
    return pd.DataFrame([_row(recording) for recording in _named_once(folder)]).astype(INTEGERS)


def _named_once(folder: str | os.PathLike[str]) -> list[_Named]:
    """Return the recordings of a folder sorted by name, each name once."""
    files = [file for file in files_below(existing(folder)) if file.is_audio]
    read_name = named_as(files).read_name
    named = [_Named(name, file) for file in files if (name := read_name(file.stem))]
    if not named:
        raise CorpusError(f"{folder}: no recordings in TESS's naming, or that of another corpus; {FOLDER.cure}")
    named.sort(key=lambda recording: recording.name.id)
    for one, next_one in pairwise(named):
        if one.name.id == next_one.name.id:
            pair = f"{one.file.relative} and {next_one.file.relative}"
            raise CorpusError(f"{pair}: two recordings of one name; an index needs each once, remove one")
    return named


def _row(recording: _Named) -> dict[str, str | int]:
    name, file = recording
    y, rate = audio.read(file.path)
    return {"id": name.id, **name.columns, "rate": rate, "samples": len(y), "sha256": file.digest()}
