"""EMO-DB is a corpus with a name: found, recognised, loaded, checked and described as TESS is."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import audio, corpora
from emotion_lib.corpora.emodb import read_name
from emotion_lib.errors import CorpusError, CorpusWarning

COUNTS = {"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "neutral": 79, "sad": 62}
SPEAKERS = {"03": 49, "08": 58, "09": 43, "10": 38, "11": 55, "12": 35, "13": 61, "14": 69, "15": 56, "16": 71}
PADDED = ["14a07Aa", "14a07Fd", "14a07Na", "14a07Wc"]


def load(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Load a folder; return its table, and what was warned of without the cure."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", CorpusWarning)
        table = corpora.load(folder)
    return table, [str(warning.message).partition(";")[0] for warning in warned]


def test_a_name_is_speaker_sentence_emotion_take() -> None:
    name = read_name("16b10Wb")
    assert name is not None
    assert (name.id, name.misspelt) == ("16b10Wb", False)
    assert name.columns == {"speaker": "16", "emotion": "angry", "text": "b10", "take": "b"}


@pytest.mark.parametrize(
    ("letter", "emotion"),
    [
        ("W", "angry"),
        ("L", "boredom"),
        ("E", "disgust"),
        ("A", "fear"),
        ("F", "happy"),
        ("T", "sad"),
        ("N", "neutral"),
    ],
)
def test_the_letter_is_the_german_emotion(letter: str, emotion: str) -> None:
    name = read_name(f"03a01{letter}a")
    assert name is not None
    assert name.emotion == emotion


@pytest.mark.parametrize(
    "stem", ["notes", "OAF_back_angry", "03a01Fa_copy", "3a01Fa", "03c01Fa", "03a01Xa", "03a01F", ""]
)
def test_other_names_are_not_read(stem: str) -> None:
    assert read_name(stem) is None


def test_the_index_is_what_was_published() -> None:
    table = corpora.index("emodb")
    assert list(table.columns) == ["id", "speaker", "emotion", "text", "take", "rate", "samples", "sha256"]
    assert table["id"].is_monotonic_increasing
    assert table["emotion"].value_counts().to_dict() == COUNTS
    assert table["speaker"].value_counts().to_dict() == SPEAKERS
    assert table["text"].nunique() == 10
    assert set(table["rate"]) == {16_000}
    assert table["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert table["sha256"].is_unique


def test_a_folder_of_it_is_recognised_by_its_names(emodb_folder: Path) -> None:
    table, warned = load(emodb_folder.rename(emodb_folder.with_name("some download")))
    assert set(table["corpus"]) == {"emodb"}
    assert len(table) == 49 + 69
    assert warned == ["emodb: 417 recordings missing of 535"]


def test_speakers_are_texts_and_takes_have_a_column(emodb_folder: Path) -> None:
    table, _ = load(emodb_folder)
    assert list(table.columns) == ["id", "path", "corpus", "speaker", "emotion", "text", "take"]
    assert tuple(table.drop(columns="path").iloc[0]) == ("03a01Fa", "emodb", "03", "happy", "a01", "a")
    assert table["id"].is_monotonic_increasing


def test_check_names_what_is_missing_different_and_before_the_samples(emodb_folder: Path) -> None:
    report = corpora.check(emodb_folder)
    assert (report.n_utterances, report.n_expected, len(report.missing)) == (118, 535, 535 - 118)
    assert str(report.missing[0]) == "08a01Ab"
    assert len(report.different) == 118
    assert [str(finding) for finding in report.odd] == [
        f"wav/{id}.wav: samples begin at byte 4096, most at 44" for id in PADDED
    ]
    assert str(report).endswith("`emotion-lib fetch emodb` downloads the published files.")


def test_what_stands_before_the_samples_is_not_read_as_sound(emodb_folder: Path) -> None:
    path = emodb_folder / "wav" / f"{PADDED[0]}.wav"
    y, sr = audio.read(path)
    assert (len(y), sr) == (320, 16_000)
    np.testing.assert_array_equal(y, sf.read(path, dtype="float32")[0])


def test_it_is_described_by_its_sentences(emodb_folder: Path) -> None:
    assert str(corpora.describe(load(emodb_folder)[0])) == (
        "EMO-DB, the Berlin database of emotional speech: 118 utterances of 10 sentences by 2 speakers (03 and 14) "
        "in 7 emotions (angry, disgust, fear, happy, neutral, sad and boredom)."
    )


def test_where_it_is_nowhere_the_error_says_how_to_get_it(data: Path) -> None:
    with pytest.raises(CorpusError, match=r"emodb: no recordings in .*; get EMO-DB with `emotion-lib fetch emodb`"):
        corpora.load("emodb")


@pytest.mark.emodb
def test_the_recordings_are_the_index(emodb: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(corpora.make_index(corpora.find("emodb")), corpora.index("emodb"))
    assert emodb["id"].tolist() == corpora.index("emodb")["id"].tolist()
    assert emodb["speaker"].value_counts().to_dict() == SPEAKERS


@pytest.mark.emodb
def test_the_recordings_are_as_published(emodb: pd.DataFrame) -> None:
    report = corpora.check("emodb")
    assert report.ok
    assert (report.n_utterances, report.n_expected, report.n_unknown) == (535, 535, 0)
    assert [Path(finding.name).stem for finding in report.odd] == PADDED


@pytest.mark.emodb
def test_every_recording_is_at_full_scale(emodb: pd.DataFrame) -> None:
    peaks = [abs(audio.read(path)[0]).max() for path in emodb["path"]]
    assert min(peaks) > 0.99
