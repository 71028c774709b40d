"""How TESS names its recordings: speaker, word and emotion, joined by underscores (`OAF_back_angry`)."""

from typing import NamedTuple

from emotion_lib.emotions import STYLES

EMOTION_OF = {name: name for name in STYLES} | {"ps": "surprise", "surprised": "surprise"}
"""The last part of a file name -> emotion; TESS writes `ps` for pleasant surprise."""

MISSPELT_SPEAKERS = {"OA": "OAF"}
"""TESS ships one file, `OA_bite_neutral.wav`, whose speaker lacks a letter."""


class Name(NamedTuple):
    """What the name of a recording says."""

    id: str
    speaker: str
    emotion: str
    text: str
    misspelt: bool


def read_name(stem: str) -> Name | None:
    """Read the name of a recording, without its suffix.

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
    >>> read_name("OA_bite_neutral")
    Name(id='OAF_bite_neutral', speaker='OAF', emotion='neutral', text='bite', misspelt=True)
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
