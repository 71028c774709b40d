"""Extract features from the recordings of a corpus table, on all cores or on a cluster, and cache them.

Recordings that cannot be used are left out and reported. `extract` returns arrays in memory; `extract_to` writes a
store on disk for corpora that are larger than memory.
"""

from emotion_lib.extraction.arrays import Extracted, Features, LeftOut
from emotion_lib.extraction.extractor import extract, extract_one
from emotion_lib.extraction.store import StoredFeatures, extract_to, open_stored

__all__ = ["Extracted", "Features", "LeftOut", "StoredFeatures", "extract", "extract_one", "extract_to", "open_stored"]
