"""The part of TESS that a clone of the repository has: 28 recordings, and numbers measured on all 2800.

The folder is not named as the corpus is, so no search for `tess` finds it.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib.corpora.corpus import read_index
from emotion_lib.corpora.inventory import folders_of_corpora
from emotion_lib.corpora.tess import TESS
from emotion_lib.errors import CorpusError

EXCERPT = "tess-excerpt"
"""Name of the excerpt for `load`, and of its folder."""


def excerpt_folder() -> Path:
    """Return the folder of the excerpt; raise a `CorpusError` outside a clone of the repository."""
    data = folders_of_corpora().get("checkout")
    if data is None or not (data / EXCERPT).is_dir():
        raise CorpusError(
            f"{EXCERPT}: it is in `data/{EXCERPT}` of the repository and is not part of the installed package; "
            f"run in a clone of the repository, or {TESS.cure}"
        )
    return data / EXCERPT


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
