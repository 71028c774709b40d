"""TESS, the Toronto emotional speech set (Dupuis and Pichora-Fuller 2010, doi:10.5683/SP2/E8H2MF).

Two actresses, aged 64 (OAF) and 26 (YAF), say "Say the word ..." with 200 words in seven emotions: 2800 recordings.
Their names are speaker, word and emotion, joined by underscores (`OAF_back_angry`).
"""

from emotion_lib.corpora.base import Corpus, Name
from emotion_lib.emotions import STYLES

EMOTION_OF = {name: name for name in STYLES} | {"ps": "surprise", "surprised": "surprise"}
"""The last part of a file name -> emotion; TESS writes `ps` for pleasant surprise."""

MISSPELT_SPEAKERS = {"OA": "OAF"}
"""TESS ships one file, `OA_bite_neutral.wav`, whose speaker lacks a letter."""


def read_name(stem: str) -> Name | None:
    """Read the name of a recording of TESS, without its suffix.

    Parameters
    ----------
    stem : str
        For instance `"OAF_back_angry"`; the text in the middle may have underscores of its own.

    Returns
    -------
    Name or None
        None where the name is not in TESS's naming. `id` has the misspelt speaker repaired.

    Examples
    --------
    >>> name = read_name("OA_bite_neutral")
    >>> name.id, name.speaker, name.emotion, name.text, name.misspelt
    ('OAF_bite_neutral', 'OAF', 'neutral', 'bite', True)
    >>> read_name("YAF_gap_ps").emotion
    'surprise'
    >>> read_name("notes") is None
    True
    """
    speaker, _, rest = stem.partition("_")
    text, _, code = rest.rpartition("_")
    emotion = EMOTION_OF.get(code.lower())
    if not (speaker and text and emotion):
        return None
    right = MISSPELT_SPEAKERS.get(speaker, speaker)
    return Name(f"{right}_{text}_{code.lower()}", right, emotion, text, right != speaker)


TESS = Corpus(
    name="tess",
    title="TESS, the Toronto emotional speech set",
    read_name=read_name,
    cure="get TESS with `emotion-lib fetch tess`, or set EMOTION_LIB_DATA to the folder that holds `tess`",
    repair="`emotion-lib fetch tess` brings the published files.",
    place="{speaker}_{emotion}/{id}.wav",
    licence="CC BY-NC-ND 4.0, University of Toronto",
    reference="Dupuis and Pichora-Fuller 2010, doi:10.5683/SP2/E8H2MF",
)
