"""Follow two recordings of TESS frame by frame, for notebook 03: what a network would say if they ended there.

    python -m benchmarks.by_frame

The LSTM over time is trained on a random split, without the words of the excerpt (data/tess-excerpt). The
probabilities go into a small CSV beside the excerpt: no sound, and no feature of it. It needs TESS, and takes one to
two minutes on two processor cores.
"""

import numpy as np
import pandas as pd

from benchmarks.excerpt import FOLDER, WORDS
from emotion_lib import corpora, extraction, models, splits, training
from emotion_lib.extraction import Features
from emotion_lib.features import DEFAULT

UTTERANCES = ("OAF_back_angry", "YAF_back_fear")
"""The two recordings, one of each voice."""


def main() -> None:
    """Train the network and write its probabilities."""
    frames = extraction.extract(corpora.load("tess"), "mfcc")
    is_new = frames.table["text"].isin(WORDS).to_numpy()
    part = splits.split(frames.table, "random", seed=0)[0]
    train = frames[part.train[~is_new[part.train]]]
    network = training.fit(models.frame_lstm(seed=0), train, epochs=15, seed=0)
    chosen = frames[frames.table["id"].isin(UTTERANCES)]
    tables = [by_frame(network, chosen[[number]]) for number in range(len(chosen))]
    pd.concat(tables).to_csv(FOLDER / "by_frame.csv", index=False, float_format="%.3f", lineterminator="\n")


def by_frame(network: training.FittedNetwork, utterance: Features) -> pd.DataFrame:
    """Return the probabilities after each frame of an utterance.

    Parameters
    ----------
    network : FittedNetwork
        A fitted `models.frame_lstm`.
    utterance : Features
        The frames of one utterance.

    Returns
    -------
    DataFrame
        One row per frame: `id`, `time` in seconds, and the probability of each emotion.
    """
    sr, n_frames = DEFAULT.sr, int(utterance.lengths[0])
    assert sr is not None  # by default, all recordings are resampled to one rate
    frames = np.repeat(utterance.X[:, :n_frames], n_frames, axis=0)
    # Row t weighs the first t + 1 frames alike and the others not at all, as if the recording ended there.
    weights = np.tril(np.ones((n_frames, n_frames), dtype=np.float32))
    weights /= weights.sum(axis=1, keepdims=True)
    probabilities = network.model.predict([frames, weights], verbose=0)
    table = pd.DataFrame(probabilities, columns=list(network.emotions))
    table.insert(0, "time", (np.arange(n_frames) * DEFAULT.hop_length / sr).round(3))
    table.insert(0, "id", utterance.table["id"].iloc[0])
    return table


if __name__ == "__main__":
    main()
