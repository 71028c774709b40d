"""Train on degraded copies of the recordings too, so that a model knows noise, telephones and rooms."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from emotion_lib import audio, features
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.evaluation.conditions import CONDITIONS, full_scale, random_for
from emotion_lib.extraction import Features
from emotion_lib.parallel import map_in_order
from emotion_lib.progress import bar

DRAWN = (
    "white noise, 20 dB",
    "white noise, 10 dB",
    "babble, 20 dB",
    "babble, 10 dB",
    "telephone",
    "Opus, 12 kbit/s",
    "room echo",
    "clipped by 20 dB",
)
"""Those of `CONDITIONS` that are drawn for copies, all equally often; the others show what was not trained on."""

BABBLING = 5
"""Most utterances of the one other speaker who babbles in a copy."""


def degraded_copies(clean: Features, number: int, *, progress: bool | None = None) -> Features:
    """Degrade each recording in some ways drawn at random, and extract its features again.

    What is drawn for an utterance depends on its id and on the other utterances of its corpus alone.

    Parameters
    ----------
    clean : Features
        The features of the recordings, one vector each.
    number : int
        Number of copies of each recording, each with another of the conditions in `DRAWN`.
    progress : bool or None
        Whether to show a bar; None shows it in a terminal or notebook.

    Returns
    -------
    Features
        The copies. Their table has the further columns `condition` and `babbler`, the speaker who babbles. There is no
        copy where the condition does not apply, or nothing can be extracted from it.

    Raises
    ------
    ParameterError
        If the features are frames, or the number is not from 1 to the number of conditions.

    Examples
    --------
    >>> from emotion_lib import corpora, extraction
    >>> demo = corpora.load("demo").groupby("speaker").head(2)
    >>> copies = degraded_copies(extraction.extract(demo, "mean_mfcc"), 2)
    >>> copies.shape
    (8, 40)
    """
    if clean.X.ndim != 2:
        raise ParameterError(f"features: {clean.feature} are frames; copies are made of features of one vector")
    if not 1 <= number <= len(DRAWN):
        raise ParameterError(f"number={number!r}: must be from 1 to {len(DRAWN)}, the number of conditions")
    plans = list(_plans(clean.table, number))
    work = partial(_extracted, feature=clean.feature, settings=clean.settings)
    found = bar(map_in_order(work, plans), description="Extracting copies", progress=progress, total=len(plans))
    pairs = [(plan["row"], X) for plan, X in zip(plans, found, strict=True) if X is not None]
    X = np.array([X for _, X in pairs], dtype=np.float32).reshape(-1, clean.X.shape[1])
    return Features(
        X, np.ones(len(X), dtype=np.int32), pd.DataFrame([row for row, _ in pairs]), clean.feature, clean.settings
    )


def with_copies(train: Features, copies: Features | None) -> Features:
    """Add the copies of the training utterances in which nobody speaks who is not in the training.

    Parameters
    ----------
    train : Features
        The training utterances.
    copies : Features or None
        The copies of these and other utterances, from `degraded_copies`; None adds none.

    Returns
    -------
    Features
        The training utterances, then their copies.
    """
    if copies is None:
        return train
    known = set(zip(train.table["corpus"], train.table["id"], strict=True))
    voices = set(zip(train.table["corpus"], train.table["speaker"], strict=True))
    fits = [
        (row.corpus, row.id) in known and (not row.babbler or (row.corpus, row.babbler) in voices)
        for row in copies.table.itertuples()
    ]
    added = copies[np.array(fits, dtype=bool)]
    table = pd.concat([train.table, added.table[train.table.columns]], ignore_index=True)
    lengths = np.concatenate([train.lengths, added.lengths])
    return replace(train, X=np.concatenate([train.X, added.X]), lengths=lengths, table=table)


def _plans(table: pd.DataFrame, number: int) -> Iterator[dict[str, Any]]:
    """Yield what each copy is made of: its row of the table, and the paths of the utterances that babble."""
    paths = {
        corpus: {speaker: list(rows["path"]) for speaker, rows in part.sort_values("id").groupby("speaker")}
        for corpus, part in table.groupby("corpus")
    }
    for row in table.to_dict(orient="records"):
        rng = random_for(row, "copies")
        for condition in rng.choice(DRAWN, number, replace=False):
            speakers = [name for name in paths[row["corpus"]] if name != row["speaker"]]
            babbler = speakers[rng.integers(len(speakers))] if condition.startswith("babble") and speakers else ""
            spoken = paths[row["corpus"]].get(babbler, [])
            babble = [spoken[at] for at in rng.permutation(len(spoken))[:BABBLING]]
            yield {"row": {**row, "condition": str(condition), "babbler": babbler}, "babble": babble}


def _extracted(plan: dict[str, Any], *, feature: str, settings: features.FeatureSettings) -> np.ndarray | None:
    """Return the features of a copy; None if the condition does not apply, or they cannot be computed."""
    row = plan["row"]
    read = partial(audio.read, sr=settings.sr, offset=settings.offset, duration=settings.duration)
    try:
        y, sr = read(row["path"])
        others = [read(path)[0] for path in plan["babble"]]
        degraded = CONDITIONS[row["condition"]](y, sr, random_for(row, row["condition"], "copy"), others)
        return None if degraded is None else features.compute(feature, full_scale(degraded), sr, settings=settings)
    except AudioError:
        return None
