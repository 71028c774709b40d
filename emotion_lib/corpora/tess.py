"""TESS, and two corpora that name their files as TESS does: the demo corpus and any folder of your own."""

from emotion_lib.corpora.corpus import Corpus, Name
from emotion_lib.emotions import STYLES

EMOTION_OF = {name: name for name in STYLES} | {"ps": "surprise", "surprised": "surprise"}
"""Last part of the file name -> emotion; TESS writes `ps` for pleasant surprise."""

MISSPELT_SPEAKERS = {"OA": "OAF"}
"""Misspelt speaker -> speaker; TESS was published with one such file, `OA_bite_neutral.wav`."""


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of a TESS recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"OAF_back_angry"`; the text in the middle may contain underscores.
    folder : str
        Not used.

    Returns
    -------
    Name or None
        None if TESS does not name files like this. `id` has the speaker spelt correctly.

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
    repair="`emotion-lib fetch tess` downloads the published files.",
    place="{speaker}_{emotion}/{id}.wav",
    licence="CC BY-NC-ND 4.0, University of Toronto",
    reference="Dupuis and Pichora-Fuller 2010, doi:10.5683/SP2/E8H2MF",
)

DEMO = Corpus(
    name="demo",
    title="the demo corpus",
    read_name=read_name,
    cure="the demo corpus is in `data/demo` of the repository and is not part of the installed package: "
    "run in a clone of the repository, or set EMOTION_LIB_DATA to the `data` folder of a clone",
    repair="`git checkout data/demo` restores the published files.",
    note="It is synthetic speech: nothing measured on it is a result. "
    "`emotion-lib fetch tess` brings TESS, which the notebooks are about.",
)

FOLDER = Corpus(
    name="folder",
    title="a folder of recordings",
    read_name=read_name,
    cure="name recordings as TESS does, SPEAKER_word_emotion.wav (`OAF_back_angry.wav`), put them in folders "
    "EMOTION or SPEAKER/EMOTION, list them in a CSV file (path, emotion, speaker), "
    "or get TESS with `emotion-lib fetch tess`",
    has_index=False,
)
