"""Train a recogniser for labels of one's own, from a list of recordings."""

import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile as sf

from emotion_lib.corpora.labels import unify
from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError, TrainingWarning, path_of
from emotion_lib.evaluation.model_card import list_utterances
from emotion_lib.evaluation.recognizers import train_recognizer
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.inputs import Recording, RecordingReader, Recordings, is_list


def train(
    recordings: Recordings,
    labels: Sequence[str],
    speakers: Sequence[str | None] | None = None,
    *,
    sr: int | None = None,
    base: EmotionRecognizer | str | os.PathLike[str] | None = None,
    about: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> EmotionRecognizer:
    """Train a recogniser for labels of one's own, and score it on speakers left out of the training.

    It takes less than a minute for a thousand recordings, and needs no TensorFlow. The labels can be any plain words in
    any language. The description (`about`) says what it was trained on and how it scored. Without speakers, it is
    scored and calibrated on left-out recordings, a `TrainingWarning` says so, and it does not warn of unlike voices.

    Parameters
    ----------
    recordings : list of path, bytes, binary file object or ndarray
        The recordings, each once, as `predict` takes them. Those that cannot be used are left out, and a
        `TrainingWarning` says so.
    labels : list of str
        The label of each recording; at least two labels, and five recordings of each.
    speakers : list of str or None, optional
        The speaker of each recording, None where it is not known.
    sr : int > 0, optional
        Sampling rate of waveforms in Hz.
    base : EmotionRecognizer, "default" or path, optional
        A recogniser whose evidence is added, "default" for the pretrained one, if it makes the right answers for
        left-out speakers more probable. The result then has the licence of the base. At least four emotions must be
        shared, and the base must not have been trained on any of these recordings.
    about : mapping, optional
        Further facts for the description, such as a licence.
    progress : bool or None
        Whether to show bars; None shows them in a terminal or notebook.

    Returns
    -------
    EmotionRecognizer

    Raises
    ------
    ParameterError
        If the numbers of recordings, labels and speakers differ, a label is not a plain word, there are too few labels
        or recordings, a recording occurs twice or is not one, a waveform has no rate, all recordings of a label are by
        one of several speakers, or the base does not fit.
    AudioError
        If a waveform cannot be used.
    CorpusError
        If none of the recordings can be used.

    Warns
    -----
    TrainingWarning
        If speakers are not known, or recordings could not be used.

    Examples
    --------
    >>> from emotion_lib.corpora import load
    >>> demo = load("demo")
    >>> mine = train(demo["path"], demo["emotion"].replace({"happy": "fröhlich"}), demo["speaker"])
    >>> mine.emotions[-1], mine.about["corpora"]
    ('fröhlich', {'own': {'utterances': 168, 'speakers': 2}})
    """
    with tempfile.TemporaryDirectory() as folder:
        table = _own_table(recordings, labels, speakers, sr=sr, folder=Path(folder))
        options: dict[str, Any] = {"about": about, "base": base, "progress": progress}
        built = train_recognizer(table, emotions=in_order(table["emotion"]), **options)
    if left_out := built.held_out.left_out:
        said = f"{len(left_out)} of {len(table)} recordings could not be used; the first: {left_out[0].reason}"
        warnings.warn(said, TrainingWarning, stacklevel=2)
    return built.recognizer


def _own_table(
    recordings: Recordings,
    labels: Sequence[str],
    speakers: Sequence[str | None] | None,
    *,
    sr: int | None,
    folder: Path,
) -> pd.DataFrame:
    """Return a corpus table of recordings, written to a folder if they are no files; refuse one that occurs twice."""
    if not is_list(recordings):
        raise ParameterError("recordings: must be a list; give at least five recordings of each label")
    speakers = [None] * len(recordings) if speakers is None else list(speakers)
    if not len(recordings) == len(labels) == len(speakers):
        sizes = f"{len(recordings)} recordings, {len(labels)} labels and {len(speakers)} speakers"
        raise ParameterError(f"{sizes}: give one of each for every recording")
    if not len(recordings):
        raise ParameterError("recordings: the list is empty; give at least five recordings of each label")
    labels = unify(labels)
    in_order(labels)  # refuses what cannot be a label
    paths = [_as_file(x, sr, folder / f"recording-{number}.wav") for number, x in enumerate(recordings, start=1)]
    above = os.path.commonpath([path.parent for path in paths if path.parent != folder] or [folder])
    ids = [path.name if path.parent == folder else path.relative_to(above).as_posix() for path in paths]
    table = pd.DataFrame({"id": ids, "path": paths, "corpus": "own"})
    named = ["" if pd.isna(speaker) else str(speaker).strip() for speaker in speakers]
    table = table.assign(speaker=named, emotion=list(labels), text="")
    there = table[[path.is_file() for path in paths]]
    again = there["id"][pd.Series(list_utterances(there).digests, there.index).duplicated()]
    if len(again):  # a copy in the test of its original would be recognised too well
        raise ParameterError(f"{again.iloc[0]}: occurs twice, or has a copy of another name; give each recording once")
    return table


def _as_file(x: Recording, sr: int | None, path: Path) -> Path:
    """Return the path of a recording; write one that is no file to `path`."""
    reader = RecordingReader(x, sr, to=sr or 16_000)  # refuses what is no recording
    if isinstance(x, np.ndarray):
        sf.write(path, reader.read(), sr, subtype="FLOAT")
    elif isinstance(x, (str, os.PathLike)):
        return path_of("recordings", x).absolute()
    else:
        path.write_bytes(x.read() if hasattr(x, "read") else bytes(x))
    return path
