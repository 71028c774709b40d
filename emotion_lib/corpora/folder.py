"""Any folder of recordings in TESS's naming: your own voices, at any depth, under any folder names."""

from emotion_lib.corpora.base import Corpus
from emotion_lib.corpora.tess import read_name

FOLDER = Corpus(
    name="folder",
    title="a folder of recordings",
    read_name=read_name,
    cure="name recordings as TESS does, SPEAKER_word_emotion.wav (`OAF_back_angry.wav`), "
    "or get TESS with `emotion-lib fetch tess`",
    has_index=False,
)
