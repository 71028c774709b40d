"""SAVEE, the Surrey audio-visual expressed emotion database.

S. Haq and P. J. B. Jackson, Multimodal emotion recognition, 2010, doi:10.4018/978-1-61520-919-4.ch017.

Four Englishmen say 120 sentences each in seven emotions: 480 recordings. File names are the emotion and a number in the
folder of the speaker (`DC/a01`), or all three joined (`DC_a01`). There is no index, because its makers send the corpus
only to people who register, but the names follow from its design.
"""

import re

from emotion_lib.corpora.corpus import Corpus, Name

EMOTION_OF = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}
SPEAKERS = ("DC", "JE", "JK", "KL")
_SENTENCES = dict.fromkeys(EMOTION_OF, 15) | {"n": 30}

_NAME = re.compile(rf"(?P<speaker>{'|'.join(SPEAKERS)})_(?P<emotion>sa|su|[adfhn])(?P<number>\d\d)", re.ASCII)


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of a SAVEE recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"DC_a01"`, or `"a01"` in the folder of the speaker.
    folder : str
        Name of the folder that the file is in, for instance `"DC"`.

    Returns
    -------
    Name or None
        None if SAVEE does not name files like this. `text` is the code of emotion and sentence.

    Examples
    --------
    >>> read_name("DC_su07").columns
    {'speaker': 'DC', 'emotion': 'surprise', 'text': 'su07'}
    >>> read_name("su07", "DC").id
    'DC_su07'
    >>> read_name("su07") is None
    True
    """
    for name in (stem, f"{folder}_{stem}"):
        if said := _NAME.fullmatch(name):
            return Name(name, said["speaker"], EMOTION_OF[said["emotion"]], said["emotion"] + said["number"])
    return None


SAVEE = Corpus(
    name="savee",
    title="SAVEE, the Surrey audio-visual expressed emotion database",
    read_name=read_name,
    cure="SAVEE has no plain download: register at http://kahlan.eps.surrey.ac.uk/savee, unpack what its makers send, "
    "and set EMOTION_LIB_DATA to the folder that holds `savee`",
    repair="Its makers send the published files to those who register at http://kahlan.eps.surrey.ac.uk/savee.",
    kind_of_text="sentence",
    licence="free for research, University of Surrey",
    reference="Haq and Jackson 2010, doi:10.4018/978-1-61520-919-4.ch017",
    has_index=False,
    design=frozenset(
        f"{speaker}_{emotion}{number:02}"
        for speaker in SPEAKERS
        for emotion, sentences in _SENTENCES.items()
        for number in range(1, sentences + 1)
    ),
)
