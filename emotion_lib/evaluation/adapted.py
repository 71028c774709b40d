"""Re-score an evaluation after adapting to each test speaker with a few of their utterances."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emotion_lib import splits
from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.experiments import Evaluation, features_for
from emotion_lib.extraction import Features
from emotion_lib.features import ENCODED
from emotion_lib.recognizer.voice_model import VoiceModel
from emotion_lib.recognizer.voices import Voices
from emotion_lib.training.discriminant import statistics_of
from emotion_lib.training.frame_voices import learn_voices
from emotion_lib.training.voices import learn_voice_model


@dataclass(frozen=True)
class _Seen:
    """The recordings of a voice that a model is adapted to: labelled ones of each emotion, unlabelled ones, or both.

    For `n_rare` of the emotions, only the share `rare` of the unlabelled recordings is kept.
    """

    n_labelled: int = 0
    some_unlabelled: bool = False
    n_rare: int = 0
    rare: float = 1.0


_SEEN = {
    "unlabelled": _Seen(0, True),
    "1": _Seen(1),
    "3": _Seen(3),
    "5": _Seen(5),
    "10": _Seen(10),
    "unlabelled+1": _Seen(1, True),
    "unlabelled+1, one missing": _Seen(1, True, n_rare=1, rare=0.0),
    "unlabelled+1, 5 to 1": _Seen(1, True, n_rare=3, rare=0.2),
}

SEEN_OF_VOICE = tuple(_SEEN)
"""The utterances of a test speaker that a model may be adapted to: unlabelled ones, labelled ones of each emotion, or
both.

With both, adaptation assumes that the emotions are about equally frequent among the unlabelled utterances. The last two
entries violate the assumption: one randomly drawn emotion is missing, or three have a fifth of their utterances.
"""

_UNLABELLED_SHARE = 0.5
"""Share of a voice's words whose utterances are given without labels; the rest are tested."""


def evaluate_adapted(
    evaluation: Evaluation,
    table: pd.DataFrame,
    *,
    seen: Sequence[str] = SEEN_OF_VOICE,
    draws: int = 20,
    progress: bool | None = None,
    features: Features | None = None,
) -> list[Evaluation]:
    """Re-score an evaluation after adapting to each test speaker with a few of their utterances.

    The statistics of voices in general come only from the training side of the fold. Whole words are drawn, so no word
    used for adaptation is tested: k words give k labelled utterances of each emotion; for `unlabelled`, half of the
    words are used, without labels. A draw depends only on its number and the words, and on the labels only if some
    emotions are to be rare. The probabilities of the network are used uncalibrated.

    Parameters
    ----------
    evaluation : Evaluation
        The evaluation of a network on held-out speakers, with its probabilities; only its first seed is used.
    table : DataFrame
        The corpus table that was evaluated.
    seen : sequence of str
        Some of `SEEN_OF_VOICE`.
    draws : int > 0
        Number of random draws of the utterances to adapt to.
    progress : bool or None
        Whether to show a bar during extraction; None shows it in a terminal or notebook.
    features : Features or None
        The features of `table` for this model, if they were extracted before; None extracts them.

    Returns
    -------
    list of Evaluation
        One for each entry of `seen`; in its predictions, `seed` is the number of the draw.

    Raises
    ------
    ParameterError
        If the evaluation has no probabilities or no held-out speakers, the table holds utterances that were not
        evaluated, a voice has too few words, or the features are not those of the model.

    Notebook: 05_second_chance
    """
    _check_adaptable(evaluation, table, seen)
    features = features_for(table, evaluation.model, features=features, progress=progress)
    start = time.perf_counter()
    voices = list(_test_voices(features, evaluation))
    predictions = {}
    for each in seen:
        parts = [
            voice.rescore(each, np.random.default_rng([draw, number])).assign(seed=draw)
            for draw in range(draws)
            for number, voice in enumerate(voices)
        ]
        predictions[each] = pd.concat(parts, ignore_index=True)
    minutes = (time.perf_counter() - start) / 60
    again = replace(evaluation, histories=pd.DataFrame(), minutes=minutes)
    return [replace(again, predictions=found, seen_of_voice=each) for each, found in predictions.items()]


def voices_of(features: Features, *, corpus_weights: Mapping[str, float] | None = None) -> Voices | VoiceModel | None:
    """Learn the statistics of the training voices, and the distance beyond which a voice counts as different.

    Parameters
    ----------
    features : Features
        The training utterances.
    corpus_weights : mapping of str to float > 0, optional
        As for `training.encoded.fit_encoded`; used for the states of the encoder only.

    Returns
    -------
    Voices, VoiceModel or None
        None if the feature is neither frames nor the states of the encoder, or no speaker has two utterances of an
        emotion.
    """
    if features.feature == ENCODED:
        return learn_voice_model(features, corpus_weights=corpus_weights)
    speaker, emotion, corpus = (list(features.table[name]) for name in ("speaker", "emotion", "corpus"))
    if features.X.ndim != 3 or not features.table.duplicated(["corpus", "speaker", "emotion"]).any():
        return None
    return learn_voices(statistics_of(features), speaker, emotion, corpus=corpus)


@dataclass(frozen=True)
class _Voice:
    """A test speaker: their predictions and statistics, and the voices of the training side."""

    training: Voices | VoiceModel
    rows: pd.DataFrame
    statistics: np.ndarray
    emotions: list[str]

    def rescore(self, seen: str, rng: np.random.Generator) -> pd.DataFrame:
        """Draw utterances to adapt to, and return the tested rows with the predictions after the adaptation."""
        labelled, unlabelled, tested = _draw_words(self.rows, seen, rng)
        shown, probabilities = labelled | unlabelled, self.rows[self.emotions].to_numpy(dtype=float)
        emotion = self.rows["emotion"].where(labelled, None)
        used = self.training.adapt(
            self.statistics[shown],
            [None if pd.isna(name) else name for name in emotion[shown]],
            probabilities[shown],
            emotions=self.emotions,
        )
        scores = used.apply(probabilities[tested], self.statistics[tested])
        names = np.array(self.emotions)
        return self.rows[tested].assign(predicted=names[scores.argmax(axis=1)])


def _test_voices(features: Features, evaluation: Evaluation) -> Iterator[_Voice]:
    """Yield each test speaker of each fold, with the training voices of that fold."""
    seed = int(evaluation.predictions["seed"].min())
    of_first = evaluation.predictions[evaluation.predictions["seed"] == seed].set_index(["corpus", "id"])
    for part in splits.split(features.table, evaluation.protocol, seed=seed):
        train, test = features[part.train], features[part.test]
        training = voices_of(train)
        if training is None:
            raise ParameterError(
                f"{evaluation.model}: no statistics of the training voices; they need frames or the speech encoder, "
                "and two utterances of an emotion by a speaker"
            )
        for _, rows in test.table.groupby(["corpus", "speaker"]):
            predicted_before = of_first.loc[pd.MultiIndex.from_frame(rows[["corpus", "id"]])].reset_index()
            of_voice = statistics_of(test[rows.index.to_numpy()])
            yield _Voice(training, predicted_before, of_voice, list(in_order(train.emotion)))


def _draw_words(rows: pd.DataFrame, seen: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the words to adapt to, and return masks of the utterances: labelled, unlabelled, and tested."""
    words = rng.permutation(sorted(rows["text"].unique()))
    known = _SEEN[seen]
    n_unlabelled = round(_UNLABELLED_SHARE * len(words)) if known.some_unlabelled else 0
    last = known.n_labelled + n_unlabelled
    if last >= len(words):
        raise ParameterError(
            f"seen={seen!r}: takes {last} words, but the voice has {len(words)}, and the test needs at least one"
        )
    text = rows["text"].to_numpy()
    unlabelled = np.isin(text, words[known.n_labelled : last])
    if known.n_rare:
        emotion = rows["emotion"].to_numpy()
        rare = rng.permutation(in_order(emotion))[: known.n_rare]
        unlabelled &= ~np.isin(emotion, rare) | (rng.random(len(emotion)) < known.rare)
    return np.isin(text, words[: known.n_labelled]), unlabelled, ~np.isin(text, words[:last])


def _check_adaptable(evaluation: Evaluation, table: pd.DataFrame, seen: Sequence[str]) -> None:
    named = ["corpus", "id"]
    unpredicted = len(table) - len(table[named].merge(evaluation.predictions[named].drop_duplicates()))
    if unpredicted:
        raise ParameterError(
            f"table: {unpredicted} of {len(table)} utterances have not been evaluated; give the table of the evaluation"
        )
    if evaluation.protocol not in splits.UNSEEN_VOICES:
        raise ParameterError(f"protocol={evaluation.protocol!r}: must be one of {', '.join(splits.UNSEEN_VOICES)}")
    if unknown := [each for each in seen if each not in SEEN_OF_VOICE]:
        raise ParameterError(f"seen={unknown[0]!r}: must be one of {', '.join(SEEN_OF_VOICE)}")
    emotions = list(in_order(evaluation.predictions["emotion"]))
    if not set(emotions) <= set(evaluation.predictions) or evaluation.predictions[emotions].isna().any(axis=None):
        raise ParameterError(
            f"{evaluation.model}: the predictions lack the probability of some emotions; evaluate a network"
        )
