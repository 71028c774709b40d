"""Add the evidence of another recogniser, its base, to a recogniser of one's own labels, where that helps."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.experiments import Evaluation
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.evaluation.scores import trained_on
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED
from emotion_lib.recognizer import EmotionRecognizer, Utterances
from emotion_lib.recognizer.calibration import Calibration, fit_temperature
from emotion_lib.recognizer.heads import LinearHead
from emotion_lib.training.discriminant import Discriminant

WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0)
"""The weights of the base that are tried; with 0 it has no part in the answers."""

FEWEST_SHARED = 4
"""The least number of emotions that a base must share: with fewer, it says too little about the others."""

_SMALLEST = 1e-12  # keeps the logarithm of a probability of zero finite


def shared_head(base: EmotionRecognizer, emotions: Sequence[str]) -> LinearHead:
    """Return the head of a base for other emotions: the scores of shared ones, relative to their mean, and else 0.

    Parameters
    ----------
    base : EmotionRecognizer
        A recogniser with a linear head on the states of the speech encoder.
    emotions : sequence of str
        The emotions of the recogniser that it is added to.

    Returns
    -------
    LinearHead

    Raises
    ------
    ParameterError
        If the base has another head or feature, or shares fewer than `FEWEST_SHARED` emotions.
    """
    head = base.head
    if not isinstance(head, LinearHead) or base.feature != ENCODED:
        raise ParameterError(
            f"base: it is {base!r}; must be a weighted sum of {ENCODED}, as `emotion-lib train` makes by default"
        )
    shared = [emotion for emotion in emotions if emotion in base.emotions]
    if len(shared) < FEWEST_SHARED:
        raise ParameterError(
            f"base: it shares {len(shared)} emotions with the labels ({', '.join(shared) or 'none'}); at least "
            f"{FEWEST_SHARED} of {', '.join(base.emotions)} are needed; train without a base"
        )
    columns, places = [base.emotions.index(each) for each in shared], [list(emotions).index(each) for each in shared]
    coefficients = np.zeros((len(head.coefficients), len(emotions)), dtype=np.float32)
    intercept = np.zeros(len(emotions), dtype=np.float32)
    # An emotion that the base does not know gets the mean evidence of those that it knows.
    coefficients[:, places] = head.coefficients[:, columns] - head.coefficients[:, columns].mean(axis=1, keepdims=True)
    intercept[places] = head.intercept[columns] - head.intercept[columns].mean()
    return LinearHead(coefficients, intercept)


def add_evidence(predictions: pd.DataFrame, found: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Add weighted evidence to the logarithms of predicted probabilities.

    Parameters
    ----------
    predictions : DataFrame
        The predictions of an evaluation, with `corpus`, `id` and the probability of each emotion.
    found : DataFrame
        From `Base.evidence`.
    weight : float
        The weight.

    Returns
    -------
    DataFrame
        The rows in the same order, with other probabilities and `predicted`.
    """
    emotions = [str(emotion) for emotion in found]
    added = found.loc[pd.MultiIndex.from_frame(predictions[["corpus", "id"]])].to_numpy()
    own = np.log(np.maximum(predictions[emotions].to_numpy(dtype=float), _SMALLEST))
    probabilities = softmax(own + weight * added, axis=1)
    changed = predictions.assign(predicted=np.array(emotions)[probabilities.argmax(axis=1)])
    changed[emotions] = probabilities
    return changed


def choose_weight(predictions: pd.DataFrame, found: pd.DataFrame) -> float:
    """Choose the weight that makes the true emotions most probable.

    Parameters
    ----------
    predictions, found : DataFrame
        As for `add_evidence`.

    Returns
    -------
    float
        One of `WEIGHTS`; the lowest among equals.
    """
    truth = predictions["emotion"].map(list(found).index).to_numpy()

    def surprise(weight: float) -> float:
        probabilities = add_evidence(predictions, found, weight)[list(found)].to_numpy()
        scaled = Calibration(fit_temperature(probabilities, truth)).apply(probabilities)
        return float(-np.log(scaled[np.arange(len(truth)), truth]).mean())

    return min(WEIGHTS, key=surprise)


def add_by_fold(predictions: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Add evidence to each fold with the weight that is best on the other folds, so that the scores stay honest.

    Parameters
    ----------
    predictions, found : DataFrame
        As for `add_evidence`; `predictions` has at least two folds.

    Returns
    -------
    DataFrame
        The rows in the same order, with other probabilities and `predicted`.
    """
    folds = predictions.reset_index(drop=True)
    parts = [
        add_evidence(part, found, choose_weight(folds[folds["fold"] != fold], found))
        for fold, part in folds.groupby("fold")
    ]
    return pd.concat(parts).sort_index()


@dataclass(frozen=True)
class Base:
    """A recogniser whose evidence is added to another one, and how much it counts.

    Parameters
    ----------
    recognizer : EmotionRecognizer
        The base.
    head : LinearHead
        From `shared_head`.
    emotions : tuple of str
        The emotions of the recogniser that it is added to.
    weight : float
        The weight of its evidence.
    """

    recognizer: EmotionRecognizer
    head: LinearHead
    emotions: tuple[str, ...]
    weight: float = 0.0

    @classmethod
    def of(
        cls,
        base: EmotionRecognizer | str | os.PathLike[str],
        model: str,
        table: pd.DataFrame,
        emotions: tuple[str, ...],
    ) -> "Base":
        """Load a base, and refuse one that does not fit or that was trained on some of the utterances."""
        if not RECIPES[model].is_recognizer:
            raise ParameterError(f"base: cannot be added to the model {model}; train discriminant")
        if not isinstance(base, EmotionRecognizer):
            base = EmotionRecognizer.load(None if base == "default" else base)
        head = shared_head(base, emotions)
        if known := int(trained_on(base, table).sum()):
            raise ParameterError(
                f"base: it was trained on {known} of these {len(table)} recordings, so it would look better than it "
                "is; leave them out, or train without a base"
            )
        return cls(base, head, emotions)

    def evidence(self, features: Features) -> pd.DataFrame:
        """Return its scores for each utterance, indexed by `corpus` and `id`."""
        names = pd.MultiIndex.from_frame(features.table[["corpus", "id"]])
        return pd.DataFrame(features.X @ self.head.coefficients + self.head.intercept, names, list(self.emotions))

    def weighed(
        self, features: Features, held_out: Evaluation, other_corpora: Evaluation | None
    ) -> tuple["Base", Evaluation, Evaluation | None]:
        """Return the base with the best weight for left-out utterances, and the evaluations with its evidence."""
        found = self.evidence(features)
        decisive = other_corpora or held_out
        weight = choose_weight(decisive.predictions, found)
        weighed = replace(self, weight=weight)
        if weight == 0:
            return weighed, held_out, other_corpora
        honest = replace(decisive, predictions=add_by_fold(decisive.predictions, found))
        if other_corpora is None:
            return weighed, honest, None
        # Left-out corpora have chosen the weight, as they choose the calibration.
        return weighed, replace(held_out, predictions=add_evidence(held_out.predictions, found, weight)), honest

    def add_to(self, fitted: Discriminant) -> Discriminant:
        """Return a discriminant with the evidence of the base; the sum of two weighted sums is one, too."""
        return replace(
            fitted,
            coefficients=fitted.coefficients + np.float32(self.weight) * self.head.coefficients,
            intercept=fitted.intercept + np.float32(self.weight) * self.head.intercept,
        )

    def story(self, licence: str = "") -> dict[str, Any]:
        """Return what the description says of the base, and the licence, which binds the new recogniser too."""
        about = self.recognizer.about
        name = f"recogniser version {about['version']}" if "version" in about else "another recogniser"
        shared = [emotion for emotion in self.emotions if emotion in self.recognizer.emotions]
        said: dict[str, Any] = {"base": {"name": name, "shared": shared, "weight": self.weight}}
        licences = [text for text in (licence, about.get("licence") if self.weight else "") if text]
        return said | ({"licence": "; the base: ".join(licences)} if licences else {})

    def trained_on(self, seen: Utterances) -> Utterances:
        """Return the utterances that the new recogniser knows, through the base too."""
        if self.weight == 0:
            return seen
        known = self.recognizer.trained_on
        return Utterances(seen.ids + known.ids, seen.digests + known.digests)
