"""EMO-DB, the Berlin database of emotional speech (Burkhardt et al. 2005, doi:10.21437/Interspeech.2005-446).

Ten German actors, five women and five men, say ten sentences in seven emotions. The corpus keeps the 535 recordings
whose emotion listeners recognised and found natural. File names join speaker, sentence, emotion and take (`03a01Fa`).
"""

import re

from emotion_lib.corpora.corpus import Corpus, Name

EMOTION_OF = {
    "W": "angry",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
"""Letter in the file name -> emotion; the letters abbreviate Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral."""

# ASCII, because \d would otherwise match the digits of other scripts too.
_NAME = re.compile(rf"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[{''.join(EMOTION_OF)}])(?P<take>[a-z])", re.ASCII)


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of an EMO-DB recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"03a01Fa"`.
    folder : str
        Not used.

    Returns
    -------
    Name or None
        None if EMO-DB does not name files like this. `text` is the code of the sentence; `more` has the `take`.

    Examples
    --------
    >>> read_name("03a01Fa").columns
    {'speaker': '03', 'emotion': 'happy', 'text': 'a01', 'take': 'a'}
    >>> read_name("OAF_back_angry") is None
    True
    """
    if not (said := _NAME.fullmatch(stem)):
        return None
    return Name(stem, said["speaker"], EMOTION_OF[said["emotion"]], said["text"], more={"take": said["take"]})


EMODB = Corpus(
    name="emodb",
    title="EMO-DB, the Berlin database of emotional speech",
    read_name=read_name,
    cure="get EMO-DB with `emotion-lib fetch emodb`, or set EMOTION_LIB_DATA to the folder that holds `emodb`",
    repair="`emotion-lib fetch emodb` downloads the published files.",
    kind_of_text="sentence",
    place="wav/{id}.wav",
    licence="free for research, Technical University of Berlin",
    reference="Burkhardt et al. 2005, doi:10.21437/Interspeech.2005-446",
)
