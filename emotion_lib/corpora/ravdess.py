"""The speech of RAVDESS (Livingstone and Russo 2018, doi:10.1371/journal.pone.0196391).

Twenty-four actors, twelve women and twelve men, say two sentences in eight emotions, each at two intensities (neutral
at only one) and in two takes: 1440 recordings. File names are numbers joined by hyphens (`03-01-05-01-02-01-12`):
modality (03, sound alone), channel (01, speech), emotion, intensity, sentence, take and actor.
"""

import re

from emotion_lib.corpora.corpus import Corpus, Name

EMOTION_OF = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
INTENSITY_OF = {"01": "normal", "02": "strong"}
TEXT_OF = {"01": "kids", "02": "dogs"}
"""Number of the sentence -> its first word: "Kids are talking by the door", "Dogs are sitting by the door"."""

_NAME = re.compile(
    r"03-01-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<text>0[12])-(?P<take>0[12])-(?P<actor>0[1-9]|1\d|2[0-4])",
    re.ASCII,
)


def read_name(stem: str, folder: str = "") -> Name | None:
    """Read the file name of a RAVDESS speech recording.

    Parameters
    ----------
    stem : str
        File name without its suffix, for instance `"03-01-05-01-02-01-12"`.
    folder : str
        Not used.

    Returns
    -------
    Name or None
        None if RAVDESS does not name speech recordings like this. `more` has the `intensity` and the `take`.

    Examples
    --------
    >>> read_name("03-01-05-01-02-01-12").columns
    {'speaker': 'actor_12', 'emotion': 'angry', 'text': 'dogs', 'intensity': 'normal', 'take': 1}
    >>> read_name("03-02-05-01-02-01-12") is None  # a song
    True
    """
    if not (said := _NAME.fullmatch(stem)):
        return None
    more: dict[str, str | int] = {"intensity": INTENSITY_OF[said["intensity"]], "take": int(said["take"])}
    return Name(stem, f"actor_{said['actor']}", EMOTION_OF[said["emotion"]], TEXT_OF[said["text"]], more=more)


RAVDESS = Corpus(
    name="ravdess",
    title="RAVDESS, the speech of the Ryerson audio-visual database",
    read_name=read_name,
    cure="get RAVDESS with `emotion-lib fetch ravdess`, or set EMOTION_LIB_DATA to the folder that holds `ravdess`",
    repair="`emotion-lib fetch ravdess` downloads the published files.",
    kind_of_text="sentence",
    place="{speaker}/{id}.wav",
    licence="CC BY-NC-SA 4.0, Ryerson University",
    reference="Livingstone and Russo 2018, doi:10.1371/journal.pone.0196391 and doi:10.5281/zenodo.1188976",
)
