"""Find the speakers and corpora that are set aside for one last honest test.

`set_aside.csv` lists them with the reason; the speaker `*` stands for all speakers of a corpus.
"""

from importlib import resources

import numpy as np
import pandas as pd

_LIST = resources.files("emotion_lib") / "splits" / "set_aside.csv"
_ALL_SPEAKERS = "*"


def is_set_aside(table: pd.DataFrame) -> np.ndarray:
    """Return which utterances are by a speaker, or from a corpus, that is set aside.

    Leave these utterances out of every training, comparison and choice. The list was committed before the first
    experiment with the corpora that it names. The pretrained recogniser was trained on most of them after its one test,
    so it cannot be tested on them again.

    Parameters
    ----------
    table : DataFrame
        A corpus table with the columns `corpus` and `speaker`.

    Returns
    -------
    ndarray of shape (n_utterances,), bool

    Examples
    --------
    >>> table = pd.DataFrame({"corpus": ["ravdess", "ravdess", "tess"], "speaker": ["actor_09", "actor_10", "OAF"]})
    >>> is_set_aside(table).tolist()
    [False, True, False]
    """
    with _LIST.open(encoding="utf-8") as file:
        listed = pd.read_csv(file, dtype=str)
    reserved = set(zip(listed["corpus"], listed["speaker"], strict=True))
    named = zip(table["corpus"], table["speaker"].astype(str), strict=True)
    return np.array([not reserved.isdisjoint({(corpus, name), (corpus, _ALL_SPEAKERS)}) for corpus, name in named])
