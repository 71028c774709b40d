"""Make `data/tess-excerpt` again from a copy of TESS: 28 recordings as published, and numbers measured on all 2800.

    python -m benchmarks.excerpt

The numbers are kept as whole steps of 16 bits with a scale for each column. The same versions of the library and of its
dependencies give the same file to the byte.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_lib import corpora, extraction
from emotion_lib.corpora.excerpt import EXCERPT
from emotion_lib.corpora.inventory import digest
from emotion_lib.errors import CorpusError
from emotion_lib.features import ORIGINAL

FOLDER = Path(__file__).resolve().parents[1] / "data" / EXCERPT
WORDS = ("back", "dog")
SOURCE = (
    "Measured by emotion_lib on the Toronto emotional speech set (TESS), "
    "Kate Dupuis and M. Kathleen Pichora-Fuller 2010, doi:10.5683/SP2/E8H2MF"
)
_LARGEST = 32_767


def main() -> None:
    """Copy the recordings and write the numbers."""
    table = corpora.load("tess")
    copy_recordings(table, FOLDER)
    write(measured(table), FOLDER / "measurements.npz")


def copy_recordings(table: pd.DataFrame, folder: Path) -> None:
    """Copy the recordings of two words, byte for byte; raise a `CorpusError` if one is not as published."""
    published = corpora.index("tess").set_index("id")["sha256"].to_dict()
    chosen = table[table["text"].isin(WORDS)]
    for id, path in zip(chosen["id"], map(Path, chosen["path"]), strict=True):
        if digest(path) != published[id]:
            raise CorpusError(f"{path}: not as published; get TESS with `emotion-lib fetch tess`")
        shutil.copyfile(path, folder / path.name)


def measured(table: pd.DataFrame) -> pd.DataFrame:
    """Measure each recording; return one row for each, indexed by id."""
    duration, level = extraction.extract(table, "duration_level").X.T
    voices = extraction.extract(table, "pitch")
    voiced = [frames[:n, 0][frames[:n, 0] > 0] for frames, n in zip(voices.X, voices.lengths, strict=True)]
    numbers = {
        "duration": duration,
        "level": level,
        "pitch": [np.median(each) for each in voiced],
        "pitch_spread": [12 * np.log2(np.divide(*np.percentile(each, [80, 20]))) for each in voiced],
    }
    of_time = extraction.extract(table, "mean_std_mfcc").X
    original = extraction.extract(table, "mean_mfcc", settings=ORIGINAL).X
    for name, columns in [("mean", of_time[:, :40]), ("deviation", of_time[:, 40:]), ("original", original)]:
        numbers |= {f"{name}_{i}": column for i, column in enumerate(columns.T)}
    return pd.DataFrame(numbers, index=table["id"]).astype(float)


def write(numbers: pd.DataFrame, path: Path) -> None:
    """Write the numbers as whole steps of 16 bits, with the size of a step for each column, and their source."""
    scale = numbers.abs().max().to_numpy() / _LARGEST
    steps = (numbers.to_numpy() / scale).round().astype(np.int16)
    columns, ids = (np.array(names, dtype=str) for names in (numbers.columns, numbers.index))
    np.savez_compressed(path, id=ids, columns=columns, steps=steps, scale=scale, source=np.array(SOURCE))


if __name__ == "__main__":
    main()
