"""The demo corpus: synthetic speech in `data/demo` of the repository, so that everything runs without TESS."""

from emotion_lib.corpora.base import Corpus
from emotion_lib.corpora.tess import read_name

DEMO = Corpus(
    name="demo",
    title="the demo corpus",
    read_name=read_name,
    cure="the demo corpus lies in `data/demo` of the repository and is not part of the installed package: "
    "run in a clone of the repository, or set EMOTION_LIB_DATA to the `data` folder of one",
    repair="`git checkout data/demo` brings the published files back.",
    note="It is synthetic speech: nothing measured on it is a result. "
    "`emotion-lib fetch tess` brings TESS, which the notebooks are about.",
)
