"""What a clone of the repository has of two corpora, so that the notebooks run without a download.

Of TESS it has 28 recordings, and numbers measured on all 2800; of CREMA-D, embeddings and MFCCs of 500
utterances. The folders are not named as the corpora are, so no search for `tess` or `crema-d` finds them.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib.corpora.corpus import Corpus, read_index
from emotion_lib.corpora.crema_d import CREMA_D
from emotion_lib.corpora.inventory import folders_of_corpora
from emotion_lib.corpora.tess import TESS
from emotion_lib.errors import CorpusError

EXCERPT = "tess-excerpt"
"""Name of the excerpt of TESS for `load`, and of its folder."""
SAMPLES = "samples"
"""Folder with six recordings of CREMA-D, and embeddings and MFCCs of 500."""


def excerpt_folder() -> Path:
    """Return the folder of the excerpt; raise a `CorpusError` outside a clone of the repository."""
    return _of_the_clone(EXCERPT, TESS)


def _of_the_clone(place: str, corpus: Corpus) -> Path:
    """Return a file or folder of the clone's `data`; raise a `CorpusError` if it is not there."""
    data = folders_of_corpora().get("checkout")
    if data is None or not (data / place).exists():
        raise CorpusError(
            f"{place}: it is in `data/{place}` of the repository and is not part of the installed package; "
            f"run in a clone of the repository, or {corpus.cure}"
        )
    return data / place


def measurements() -> pd.DataFrame:
    """Read the numbers that were measured on each of the 2800 recordings of TESS, without the recordings.

    They come with a clone of the repository. Each column was rounded to one of 65 535 equal steps.

    Returns
    -------
    DataFrame of 2800 rows
        Columns id, corpus, speaker, emotion, text; `duration` (s); `level` (dB re full scale); `pitch` (Hz, the median
        of the frames with a voice); `pitch_spread` (semitones from the 20th to the 80th percentile of these frames);
        `mean_0` to `mean_39` and `deviation_0` to `deviation_39` (MFCCs over time); `original_0` to `original_39`
        (mean MFCCs with `features.ORIGINAL`, the settings of the original system); sorted by id.

    Raises
    ------
    CorpusError
        If the library does not run in a clone of the repository.

    Examples
    --------
    >>> numbers = measurements()
    >>> numbers.groupby("speaker")["pitch"].median().round().to_dict()
    {'OAF': 200.0, 'YAF': 233.0}
    >>> numbers.filter(regex="^original_").shape
    (2800, 40)

    Notes
    -----
    Notebook: 01_explore
    """
    with np.load(excerpt_folder() / "measurements.npz") as file:
        numbers = pd.DataFrame(file["steps"] * file["scale"], columns=file["columns"])
        ids = pd.Series(file["id"], name="id", dtype=str)
    known = read_index("tess").set_index("id")[["speaker", "emotion", "text"]]
    table = pd.DataFrame({"id": ids, "corpus": "tess"}).join(known, on="id")
    return table.join(numbers)


def embeddings() -> pd.DataFrame:
    """Read embeddings and MFCCs of 500 utterances of CREMA-D, without the recordings.

    They come with a clone of the repository. Actors 1008 and 1027, on whom the recogniser was not trained, have 60
    utterances each, ten in each emotion. The 19 women and 19 men besides them have ten utterances each and are not
    among the speakers that are set aside.

    Returns
    -------
    DataFrame of 500 rows
        Columns id, corpus, speaker, emotion, text, sex (`"female"` or `"male"`); `e_0` to `e_3071`, the vector that
        `EmotionRecognizer.embed` returns; `mean_0` to `mean_39` and `deviation_0` to `deviation_39`, the MFCCs over
        time that `measurements` has of TESS; all float32, rounded to half precision; sorted by id.

    Raises
    ------
    CorpusError
        If the library does not run in a clone of the repository.

    Examples
    --------
    >>> clips = embeddings()
    >>> clips.filter(regex="^e_").shape
    (500, 3072)
    >>> clips.filter(regex="^(mean|deviation)_").shape
    (500, 80)
    >>> clips[clips["speaker"].isin(["1008", "1027"])].groupby(["speaker", "emotion"]).size().unique()
    array([10])

    Notes
    -----
    Notebook: 05_second_chance
    """
    with np.load(_of_the_clone(f"{SAMPLES}/embeddings.npz", CREMA_D)) as file:
        vectors = pd.DataFrame(file["vectors"].astype(np.float32)).add_prefix("e_")
        names = [f"{part}_{i}" for part in ("mean", "deviation") for i in range(40)]
        mfcc = pd.DataFrame(file["mfcc"].astype(np.float32), columns=names)
        ids = pd.Series(file["id"], name="id", dtype=str)
    known = read_index("crema-d").set_index("id")[["speaker", "emotion", "text", "sex"]]
    table = pd.DataFrame({"id": ids, "corpus": "crema-d"}).join(known, on="id")
    table["sex"] = table["sex"].map({"f": "female", "m": "male"})
    return table.join(vectors).join(mfcc)
