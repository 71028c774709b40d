"""A model, a protocol and seeds in, predictions of held-out utterances and rows of results out.

`running` trains and lets hear, `enrolling` lets what was heard get used to the voice of the test, and `figures` makes
rows of the table of results of either.
"""

from emotion_lib.evaluation.enrolling import SEEN_OF_VOICE, enrolled
from emotion_lib.evaluation.figures import RESULT_COLUMNS, rows
from emotion_lib.evaluation.running import ACROSS_CORPORA, Evaluation, evaluate, evaluate_across, named, options

__all__ = [
    "ACROSS_CORPORA",
    "RESULT_COLUMNS",
    "SEEN_OF_VOICE",
    "Evaluation",
    "enrolled",
    "evaluate",
    "evaluate_across",
    "named",
    "options",
    "rows",
]
