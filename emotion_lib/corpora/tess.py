"""TESS, the Toronto emotional speech set (Dupuis and Pichora-Fuller 2010, doi:10.5683/SP2/E8H2MF).

Two actresses, aged 64 (OAF) and 26 (YAF), say "Say the word ..." with 200 words in seven emotions: 2800 recordings.
"""

from emotion_lib.corpora.base import Corpus

TESS = Corpus(
    name="tess",
    title="TESS, the Toronto emotional speech set",
    cure="get TESS with `emotion-lib fetch tess`, or set EMOTION_LIB_DATA to the folder that holds `tess`",
    repair="`emotion-lib fetch tess` brings the published files.",
)

LICENCE = "CC BY-NC-ND 4.0, University of Toronto, Dupuis and Pichora-Fuller 2010"
DOI = "doi:10.5683/SP2/E8H2MF"
KAGGLE_DATASET = "ejlok1/toronto-emotional-speech-set-tess"
SIZES = {"kaggle": "281 MB, in an archive of about 450 MB that holds it twice", "dataverse": "281 MB in 2800 files"}
"""What is downloaded from each source."""
