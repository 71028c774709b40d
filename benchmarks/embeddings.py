"""Make `data/samples/embeddings.npz` again from a copy of CREMA-D: embeddings and MFCCs of 500 utterances.

    python -m benchmarks.embeddings

The same recordings and the same versions of the library and of its dependencies give the same file to the byte.
"""

from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import EmotionRecognizer, corpora, extraction, splits
from emotion_lib.corpora.excerpt import SAMPLES

FOLDER = Path(__file__).resolve().parents[1] / "data" / SAMPLES
DEMONSTRATIONS = ("1008", "1027")
"""Actors on whom the recogniser was not trained."""
SOURCE = (
    "Computed by emotion_lib from CREMA-D, Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244; a derivative database "
    "under the Open Database License 1.0, its contents under the Database Contents License 1.0"
)
_PER_EMOTION = 10
_OTHERS_OF_A_SEX = 19
_PER_OTHER = 10


def main() -> None:
    """Draw the utterances, compute their vectors and MFCCs, and write them."""
    chosen = drawn(corpora.load("crema-d"))
    vectors = EmotionRecognizer.load().embed(list(chosen["path"]))
    write(chosen["id"], vectors, extraction.extract(chosen, "mean_std_mfcc").X, FOLDER / "embeddings.npz")


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Draw 60 utterances of each actor kept for demonstrations, and 10 of each of 38 others, half of them women.

    They are drawn from the utterances on which the project's figures were measured, the same ones from a whole copy of
    CREMA-D as from a part. No sentence is drawn twice for one actor and emotion, and the six samples are always in.
    """
    index = corpora.index("crema-d")
    shuffled = table[table["id"].isin(index["id"][index["in_figures"]])].sample(frac=1, random_state=0)
    recorded = {path.stem for path in FOLDER.glob("*.flac")}
    shuffled = shuffled.sort_values("id", key=lambda ids: ~ids.isin(recorded), kind="stable")
    shuffled = shuffled.drop_duplicates(["speaker", "emotion", "text"])
    known = shuffled[shuffled["speaker"].isin(DEMONSTRATIONS)].groupby(["speaker", "emotion"]).head(_PER_EMOTION)
    others = shuffled[~splits.is_set_aside(shuffled)]
    speakers = others.drop_duplicates("speaker").groupby("sex")["speaker"].head(_OTHERS_OF_A_SEX)
    emotions = cycle(sorted(set(table["emotion"])))
    parts = [known]
    for speaker in sorted(speakers):  # each goes on in the cycle where the one before has stopped
        wanted = Counter(islice(emotions, _PER_OTHER))
        of_speaker = others[others["speaker"] == speaker].groupby("emotion")
        parts += [group.head(wanted[emotion]) for emotion, group in of_speaker]
    return pd.concat(parts).sort_values("id")


def write(ids: pd.Series, vectors: np.ndarray, mfcc: np.ndarray, path: Path) -> None:
    """Write the vectors and MFCCs in half precision, with the ids and their source."""
    vectors, mfcc = vectors.astype(np.float16), mfcc.astype(np.float16)
    np.savez_compressed(path, id=ids.to_numpy(dtype=str), vectors=vectors, mfcc=mfcc, source=np.array(SOURCE))


if __name__ == "__main__":
    main()
