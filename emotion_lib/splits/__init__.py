"""Who is held out: a corpus table in, the rows for training and for the test of a named protocol out.

`protocols` has the rules; `listing` turns what they give into a list of utterances. Such lists of TESS, EMO-DB and
RAVDESS are files beside it, `lists/CORPUS-PROTOCOL.csv`; `make splits` makes them anew.
"""

from emotion_lib.splits.protocols import PROTOCOLS, UNSEEN_VOICES, Split, direction, list_folds, split

__all__ = ["PROTOCOLS", "UNSEEN_VOICES", "Split", "direction", "list_folds", "split"]
