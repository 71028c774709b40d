"""nEMO, a corpus of emotional speech in Polish (Christop 2024, arXiv:2404.06292).

Nine actors say ninety sentences in six emotions: 4481 recordings. File names join speaker, emotion and sentence
(`SM0_surprised_64`).
"""

import re

from emotion_lib.corpora.corpus import Corpus, Name

EMOTION_OF = {
    "anger": "angry",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprised": "surprise",
}

_NAME = re.compile(rf"(?P<speaker>[A-Z]{{2}}\d)_(?P<emotion>{'|'.join(EMOTION_OF)})_(?P<text>\d+)", re.ASCII)


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of an nEMO recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"SM0_surprised_64"`.
    folder : str
        Not used.

    Returns
    -------
    Name or None
        None if nEMO does not name files like this. `text` is the number of the sentence.

    Examples
    --------
    >>> read_name("SM0_surprised_64").columns
    {'speaker': 'SM0', 'emotion': 'surprise', 'text': '64'}
    >>> read_name("OAF_back_angry") is None
    True
    """
    if not (said := _NAME.fullmatch(stem)):
        return None
    return Name(stem, said["speaker"], EMOTION_OF[said["emotion"]], said["text"])


NEMO = Corpus(
    name="nemo",
    title="nEMO, the corpus of emotional speech in Polish",
    read_name=read_name,
    cure="get nEMO with `emotion-lib fetch nemo`, or set EMOTION_LIB_DATA to the folder that holds `nemo`",
    repair="`emotion-lib fetch nemo` downloads the published files.",
    kind_of_text="sentence",
    place="samples/{id}.wav",
    licence="CC BY-NC-SA 4.0, Iwona Christop, Adam Mickiewicz University",
    reference="Christop 2024, doi:10.48550/arXiv.2404.06292",
)
