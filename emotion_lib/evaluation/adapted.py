"""Re-score an evaluation after adapting to each test speaker with a few of their utterances."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from emotion_lib import extraction, splits
from emotion_lib.emotions import in_order
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation.experiments import Evaluation
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import Features
from emotion_lib.features import voice_statistics
from emotion_lib.recognizer.voices import Voices, adapt, learn_voices


@dataclass(frozen=True)
class _Seen:
    """What is known of a voice: labelled utterances of each emotion, and perhaps utterances without labels besides.

    Of `n_rare` emotions only the share `rare` of the utterances without labels is there.
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
"""What may be known of the voice of a test: utterances without labels, labelled ones of each emotion, or both.

Where there are both, it is taken that each emotion is about as frequent among those without labels. The last two break
that: one emotion, drawn anew each time, has none there, or three have a fifth of what the other four have.
"""

_UNLABELLED_SHARE = 0.5
"""Share of a voice's words whose utterances are known without labels; the others are the test."""


def evaluate_adapted(
    evaluation: Evaluation,
    table: pd.DataFrame,
    *,
    seen: Sequence[str] = SEEN_OF_VOICE,
    draws: int = 20,
    progress: bool | None = None,
) -> list[Evaluation]:
    """Adapt an evaluation to each voice of the test with a few of its utterances, and score the rest.

    What is known of voices in general is learnt on the training side of the fold alone. Words are drawn, so that no
    word that was shown is tested: k words and with them k labelled utterances of each emotion; for `unlabelled`, half
    of the words, without their labels. A draw is seeded by its number and looks at words alone, but where emotions are
    to be rare. The probabilities are taken as the network gives them, uncalibrated.

    Parameters
    ----------
    evaluation : Evaluation
        Of a network that was tested on speakers held out, with its probabilities; its first seed is used.
    table : DataFrame
        The corpus table that it was made on.
    seen : sequence of str
        Some of `SEEN_OF_VOICE`.
    draws : int > 0
        How often the utterances that are shown are drawn.
    progress : bool or None
        Whether to show a bar while features are made; None shows it where somebody watches.

    Returns
    -------
    list of Evaluation
        One for each of `seen`; in its predictions, `seed` is the draw.

    Raises
    ------
    ParameterError
        If no probabilities are kept, the table holds utterances that were not evaluated, or a voice has too few
        words for what is to be shown.

    Notebook: 04_evaluate
    """
    _check_adaptable(evaluation, table, seen)
    recipe = RECIPES[evaluation.model]
    features = extraction.extract(table, recipe.feature, settings=recipe.settings, progress=progress)
    start = time.perf_counter()
    voices = list(_test_voices(features, evaluation))
    predictions = {each: _adapted_predictions(voices, each, draws) for each in seen}
    minutes = (time.perf_counter() - start) / 60
    again = replace(evaluation, histories=pd.DataFrame(), minutes=minutes)
    return [replace(again, predictions=found, seen_of_voice=each) for each, found in predictions.items()]


@dataclass(frozen=True)
class _Voice:
    """A voice of a test: its predictions, and what the training side knows of voices."""

    training: Voices
    rows: pd.DataFrame
    statistics: np.ndarray
    emotions: list[str]

    @property
    def probabilities(self) -> np.ndarray:
        return self.rows[self.emotions].to_numpy(dtype=float)

    def rescore(self, drawn: "_Draw") -> pd.DataFrame:
        """Return the rows that are tested, as they are predicted once others were shown."""
        shown, tested = drawn.labelled | drawn.unlabelled, drawn.tested
        emotion = self.rows["emotion"].where(drawn.labelled, None)
        used = adapt(
            self.training,
            self.statistics[shown],
            [None if pd.isna(name) else name for name in emotion[shown]],
            self.probabilities[shown],
            emotions=self.emotions,
        )
        scores = used.apply(self.probabilities[tested], self.statistics[tested])
        names = np.array(used.emotions)
        return self.rows[tested].assign(predicted=names[scores.argmax(axis=1)])


def _test_voices(features: Features, evaluation: Evaluation) -> Iterator[_Voice]:
    """Yield each voice of each fold; of other voices it knows what is on the training side of that fold."""
    seed = int(evaluation.predictions["seed"].min())
    of_first = evaluation.predictions[evaluation.predictions["seed"] == seed].set_index(["corpus", "id"])
    for part in splits.split(features.table, evaluation.protocol, seed=seed):
        train, test = features[part.train], features[part.test]
        who = [train.table[column].tolist() for column in ("speaker", "emotion", "corpus")]
        training = learn_voices(_statistics(train), who[0], who[1], corpus=who[2])
        for _, rows in test.table.groupby(["corpus", "speaker"]):
            predicted_before = of_first.loc[pd.MultiIndex.from_frame(rows[["corpus", "id"]])].reset_index()
            of_voice = _statistics(test[rows.index.to_numpy()])
            yield _Voice(training, predicted_before, of_voice, list(in_order(who[1])))


def _statistics(features: Features) -> np.ndarray:
    return voice_statistics(features.X, features.lengths, feature=features.feature)


def _adapted_predictions(voices: list[_Voice], seen: str, draws: int) -> pd.DataFrame:
    parts = [
        voice.rescore(_draw_words(voice.rows, seen, np.random.default_rng([draw, number]))).assign(seed=draw)
        for draw in range(draws)
        for number, voice in enumerate(voices)
    ]
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Draw:
    """Which utterances of a voice are shown with their labels, which without, and which are tested."""

    labelled: np.ndarray
    unlabelled: np.ndarray
    tested: np.ndarray


def _draw_words(rows: pd.DataFrame, seen: str, rng: np.random.Generator) -> _Draw:
    """Draw what is shown of a voice, by words; what is tested has none of them."""
    words = rng.permutation(sorted(rows["text"].unique()))
    known = _SEEN[seen]
    n_unlabelled = round(_UNLABELLED_SHARE * len(words)) if known.some_unlabelled else 0
    last = known.n_labelled + n_unlabelled
    if last >= len(words):
        raise ParameterError(f"seen={seen!r}: the voice has {len(words)} words, and some have to be left for the test")
    text = rows["text"].to_numpy()
    unlabelled = np.isin(text, words[known.n_labelled : last])
    if known.n_rare:
        unlabelled &= _thinned(rows["emotion"].to_numpy(), known, rng)
    return _Draw(np.isin(text, words[: known.n_labelled]), unlabelled, ~np.isin(text, words[:last]))


def _thinned(emotion: np.ndarray, known: _Seen, rng: np.random.Generator) -> np.ndarray:
    """Return which utterances are left where some emotions, which are drawn, are rarer than others."""
    rare = rng.permutation(in_order(emotion))[: known.n_rare]
    return ~np.isin(emotion, rare) | (rng.random(len(emotion)) < known.rare)


def _check_adaptable(evaluation: Evaluation, table: pd.DataFrame, seen: Sequence[str]) -> None:
    named = ["corpus", "id"]
    unpredicted = len(table) - len(table[named].merge(evaluation.predictions[named].drop_duplicates()))
    if unpredicted:
        raise ParameterError(f"table: {unpredicted} of {len(table)} utterances not evaluated; give the table that was")
    if evaluation.protocol not in splits.UNSEEN_VOICES:
        raise ParameterError(f"protocol={evaluation.protocol!r}: must be one of {', '.join(splits.UNSEEN_VOICES)}")
    if unknown := [each for each in seen if each not in SEEN_OF_VOICE]:
        raise ParameterError(f"seen={unknown[0]!r}: must be one of {', '.join(SEEN_OF_VOICE)}")
    emotions = list(in_order(evaluation.predictions["emotion"]))
    if not set(emotions) <= set(evaluation.predictions) or evaluation.predictions[emotions].isna().any(axis=None):
        raise ParameterError(
            f"{evaluation.model}: the predictions hold no probability of each emotion; evaluate a network"
        )
