"""A corpus table in, arrays of features out: on all cores or a cluster, kept for the next time.

What was left out is reported. Where the arrays are larger than memory, they are written to disk as they are made.
"""

from emotion_lib.extraction.arrays import Extracted, Features, LeftOut
from emotion_lib.extraction.extractor import extract, extract_one
from emotion_lib.extraction.store import StoredFeatures, extract_to, open_stored

__all__ = ["Extracted", "Features", "LeftOut", "StoredFeatures", "extract", "extract_one", "extract_to", "open_stored"]
