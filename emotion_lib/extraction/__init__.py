"""A corpus table in, arrays of features out: on all cores or a cluster, kept for the next time.

What was left out is reported.
"""

from emotion_lib.extraction.extracted import Features, LeftOut
from emotion_lib.extraction.extracting import extract, extract_one

__all__ = ["Features", "LeftOut", "extract", "extract_one"]
