"""CREMA-D, the crowd-sourced emotional multimodal actors dataset (Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244).

Ninety-one actors say twelve English sentences in six emotions, one of the sentences at three intensities. File names
join actor, sentence, emotion and intensity (`1001_DFA_ANG_XX`). The index also has the sex of the actor and the emotion
that most listeners to the sound alone named.
"""

import re

from emotion_lib.corpora.corpus import Corpus, Name

EMOTION_OF = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
INTENSITY_OF = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}

_SAME = "the same bytes as {}, which has another emotion"
_TWINS = (
    ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
    ("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
    ("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
)
LEFT_OUT = {
    **{one: _SAME.format(other) for one, other in _TWINS},
    **{other: _SAME.format(one) for one, other in _TWINS},
    "1076_MTI_SAD_XX": "silent",
}
"""Published recordings that are in no table, with the reason."""

_NAME = re.compile(
    rf"(?P<speaker>1\d{{3}})_(?P<text>[A-Z]{{3}})_(?P<emotion>{'|'.join(EMOTION_OF)})_(?P<intensity>LO|MD|HI|XX?)",
    re.ASCII,
)


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of a CREMA-D recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"1001_DFA_ANG_XX"`.
    folder : str
        Not used.

    Returns
    -------
    Name or None
        None if CREMA-D does not name files like this. `text` is the code of the sentence; `more` has the `intensity`.

    Examples
    --------
    >>> read_name("1001_IEO_FEA_LO").columns
    {'speaker': '1001', 'emotion': 'fear', 'text': 'IEO', 'intensity': 'low'}
    >>> name = read_name("1040_ITH_SAD_X")  # one X is missing in the published name
    >>> name.id, name.misspelt
    ('1040_ITH_SAD_XX', True)
    """
    if not (said := _NAME.fullmatch(stem)):
        return None
    intensity = "XX" if said["intensity"] == "X" else said["intensity"]
    id = f"{said['speaker']}_{said['text']}_{said['emotion']}_{intensity}"
    more = {"intensity": INTENSITY_OF[intensity]}
    return Name(id, said["speaker"], EMOTION_OF[said["emotion"]], said["text"], id != stem, more)


CREMA_D = Corpus(
    name="crema-d",
    title="CREMA-D, the crowd-sourced emotional multimodal actors dataset",
    read_name=read_name,
    cure="get CREMA-D with `emotion-lib fetch crema-d`, or set EMOTION_LIB_DATA to the folder that holds `crema-d`",
    repair="`emotion-lib fetch crema-d` downloads the published files.",
    kind_of_text="sentence",
    place="AudioWAV/{id}.wav",
    licence="Open Database License 1.0, its contents under the Database Contents License 1.0",
    reference="Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244",
    left_out=LEFT_OUT,
)
