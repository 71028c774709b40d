"""Train and test models by named protocols, score them with intervals, and train recognisers that carry their scores.

`recipes` names the compared models. `experiments` trains and predicts by fold and seed, `adapted` re-scores
predictions after adapting to each test speaker, `metrics` scores predictions, and `rows` makes the rows of the table.
`recognizers` trains a recogniser, which `reliability` calibrates and `model_card` describes; `own_labels` trains one
from a list of recordings. `scores` scores a recogniser on a corpus, and `degraded` under the `conditions` of real
recordings. `entries` scores the predictions of any other system.
"""

from emotion_lib.evaluation.adapted import SEEN_OF_VOICE, evaluate_adapted
from emotion_lib.evaluation.experiments import (
    ACROSS_CORPORA,
    Evaluation,
    corpora_of,
    evaluate,
    evaluate_across,
    folds,
    options,
)
from emotion_lib.evaluation.rows import RESULT_COLUMNS, result_rows

__all__ = [
    "ACROSS_CORPORA",
    "RESULT_COLUMNS",
    "SEEN_OF_VOICE",
    "Evaluation",
    "corpora_of",
    "evaluate",
    "evaluate_across",
    "evaluate_adapted",
    "folds",
    "options",
    "result_rows",
]
