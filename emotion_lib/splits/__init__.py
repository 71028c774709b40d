"""Divide a corpus into training and test by a named protocol, which decides the speakers and words to hold out.

`split` returns the rows of each fold and `list_folds` the same folds as a list of utterances. The lists of TESS are in
`lists/tess-PROTOCOL.csv` (id, fold, side); `make splits` regenerates them. The folds of other corpora are in
`lists/CORPUS-leave_speaker_out.csv` (speaker and the fold that holds them out), and `split` reads them. `is_set_aside`
finds the speakers that are kept for one last test.
"""

from emotion_lib.splits.protocols import (
    OF_SEVERAL_CORPORA,
    PROTOCOLS,
    UNSEEN_VOICES,
    Split,
    direction,
    list_folds,
    split,
)
from emotion_lib.splits.set_aside import is_set_aside

__all__ = [
    "OF_SEVERAL_CORPORA",
    "PROTOCOLS",
    "UNSEEN_VOICES",
    "Split",
    "direction",
    "is_set_aside",
    "list_folds",
    "split",
]
