"""A corpus table in, arrays of features out: on all cores or a cluster, kept for the next time.

What was left out is reported. Where the arrays are larger than memory, they are written to disk as they are made.
"""

from emotion_lib.extraction.computing import extract_one
from emotion_lib.extraction.extracted import Extracted, Features, LeftOut
from emotion_lib.extraction.extracting import extract
from emotion_lib.extraction.stored import StoredFeatures, open_stored
from emotion_lib.extraction.storing import extract_to

__all__ = ["Extracted", "Features", "LeftOut", "StoredFeatures", "extract", "extract_one", "extract_to", "open_stored"]
