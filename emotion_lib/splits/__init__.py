"""Divide a corpus into training and test by a named protocol, which decides the speakers and words to hold out.

`split` returns the rows of each fold and `list_folds` the same folds as a list of utterances. The lists of TESS, EMO-DB
and RAVDESS are in `lists/CORPUS-PROTOCOL.csv`; `make splits` regenerates them.
"""

from emotion_lib.splits.protocols import PROTOCOLS, UNSEEN_VOICES, Split, direction, list_folds, split

__all__ = ["PROTOCOLS", "UNSEEN_VOICES", "Split", "direction", "list_folds", "split"]
