"""RAVDESS is a corpus with a name, and one of its recordings has two."""

import shutil
import warnings
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora import corpus
from emotion_lib.corpora.inventory import digest
from emotion_lib.corpora.ravdess import EMOTION_OF, read_name
from emotion_lib.errors import CorpusWarning

TWIN, OTHER_TWIN = "03-01-03-01-02-01-07", "03-01-03-01-02-02-07"
STEREO = ["03-01-02-01-01-02-01", "03-01-02-01-02-02-05", "03-01-08-01-02-02-01"]


def load(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Load a folder; return its table, and what was warned of without the cure."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", CorpusWarning)
        table = corpora.load(folder)
    return table, [str(warning.message).partition(";")[0] for warning in warned]


@pytest.fixture
def three_actors(ravdess_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three actors, where the index has no more, and knows the bytes of the recording with two names."""
    index, ids_of = corpora.index("ravdess"), corpus._ids
    ids = frozenset(index.loc[index["speaker"].isin(["actor_01", "actor_02", "actor_07"]), "id"])
    known = digest(ravdess_folder / "Actor_07" / f"{TWIN}.wav")
    monkeypatch.setattr(corpus, "_ids", lambda name: ids if name == "ravdess" else ids_of(name))
    monkeypatch.setattr(corpus, "_digests", lambda _: {TWIN: known, OTHER_TWIN: known})
    return ravdess_folder


def test_a_name_is_emotion_intensity_sentence_take_actor() -> None:
    name = read_name("03-01-08-02-01-02-24")
    assert name is not None
    assert (name.id, name.misspelt) == ("03-01-08-02-01-02-24", False)
    assert name.columns == {
        "speaker": "actor_24",
        "emotion": "surprise",
        "text": "kids",
        "intensity": "strong",
        "take": 2,
    }


@pytest.mark.parametrize(
    "stem",
    [
        "notes",
        "01-01-05-01-02-01-12",
        "03-02-05-01-02-01-12",
        "03-01-09-01-02-01-12",
        "03-01-05-01-02-01-25",
        "03-01-05",
    ],
    ids=["no numbers", "video", "song", "no such emotion", "no such actor", "too short"],
)
def test_other_names_are_not_read(stem: str) -> None:
    assert read_name(stem) is None


def test_the_index_is_the_design() -> None:
    table = corpora.index("ravdess")
    design = {
        f"03-01-{emotion}-{intensity}-{text}-{take}-{actor:02d}"
        for emotion, intensity, text, take in product(EMOTION_OF, ("01", "02"), ("01", "02"), ("01", "02"))
        for actor in range(1, 25)
        if (emotion, intensity) != ("01", "02")
    }
    assert table["id"].tolist() == sorted(design)
    assert table.groupby("speaker").size().eq(60).all()
    assert table.groupby("speaker")["emotion"].value_counts().unique().tolist() == [8, 4]
    names = [name.columns for id in table["id"] if (name := read_name(str(id)))]
    pd.testing.assert_frame_equal(pd.DataFrame(names), table.drop(columns=["id", *corpus.OF_FILE]))


def test_the_index_knows_the_bytes_of_all_and_one_recording_has_two_names() -> None:
    table = corpora.index("ravdess").set_index("id")
    assert table["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert table.index[table["sha256"].duplicated(keep=False)].tolist() == [TWIN, OTHER_TWIN]
    assert table["samples"].notna().all()
    assert set(table["rate"]) == {48_000}


def test_the_figures_are_of_twelve_actors() -> None:
    table = corpora.index("ravdess")
    assert sorted(set(table["speaker"][table["in_figures"]])) == [f"actor_{number:02}" for number in range(1, 13)]


def test_a_whole_copy_lacks_nothing_though_one_recording_has_two_names(three_actors: Path) -> None:
    table, warned = load(three_actors)
    assert warned == ["ravdess: 1 recording identical to others and left out"]
    assert len(table) == 179
    assert OTHER_TWIN not in set(table["id"])


def test_what_its_makers_doubled_is_named_and_is_not_wrong(three_actors: Path) -> None:
    report = corpora.check(three_actors)
    assert report.ok
    assert (report.n_utterances, report.n_expected, report.missing) == (179, 180, ())
    assert list(map(str, report.doubled)) == [f"Actor_07/{OTHER_TWIN}.wav: a copy of Actor_07/{TWIN}.wav, as published"]
    assert list(map(str, report.odd)) == ["Actor_01/03-01-02-01-01-02-01.wav: channels: 2, most have 1"]
    assert "178 recordings read but not compared: the library has no SHA-256" in str(report)


def test_the_second_name_of_a_recording_is_not_missed_where_it_is_deleted(three_actors: Path) -> None:
    (three_actors / "Actor_07" / f"{OTHER_TWIN}.wav").unlink()
    assert load(three_actors)[1] == []


def test_a_copy_by_accident_is_wrong_and_its_own_recording_missing(three_actors: Path) -> None:
    actor = three_actors / "Actor_02"
    shutil.copy(actor / "03-01-01-01-01-01-02.wav", actor / "03-01-01-01-01-02-02.wav")
    report = corpora.check(three_actors)
    assert not report.ok
    assert list(map(str, report.missing)) == ["03-01-01-01-01-02-02"]
    assert "Actor_02/03-01-01-01-01-02-02.wav: a copy of Actor_02/03-01-01-01-01-01-02.wav" in map(str, report.doubled)


def test_recordings_of_other_lengths_are_different(ravdess_folder: Path) -> None:
    report = corpora.check(ravdess_folder)
    assert len(report.different) == 179
    assert (report.converted, report.n_unknown) == ((), 0)


def test_songs_beside_the_speech_are_left_out_and_named(three_actors: Path) -> None:
    actor = three_actors / "Actor_01"
    (actor / "03-01-01-01-01-01-01.wav").rename(actor / "03-02-01-01-01-01-01.wav")
    report = corpora.check(three_actors)
    assert list(map(str, report.foreign)) == ["Actor_01/03-02-01-01-01-01-01.wav"]
    assert list(map(str, report.missing)) == ["03-01-01-01-01-01-01"]


def test_intensities_and_takes_have_columns(ravdess_folder: Path) -> None:
    table, _ = load(ravdess_folder)
    assert list(table.columns) == ["id", "path", "corpus", "speaker", "emotion", "text", "intensity", "take"]
    last = ("03-01-08-02-02-02-07", "ravdess", "actor_07", "surprise", "dogs", "strong", 2)
    assert tuple(table.drop(columns="path").iloc[-1]) == last


def test_it_is_described_by_its_sentences(ravdess_folder: Path) -> None:
    assert str(corpora.describe(load(ravdess_folder)[0])) == (
        "RAVDESS, the speech of the Ryerson audio-visual database: 179 utterances of 2 sentences "
        "by 3 speakers (actor_01, actor_02 and actor_07) in 8 emotions."
    )


@pytest.mark.ravdess
def test_the_recordings_are_60_an_actor_and_one_is_there_twice(ravdess: pd.DataFrame) -> None:
    counts = ravdess.groupby("speaker").size()
    assert counts.pop("actor_07") == 59
    assert counts.eq(60).all()
    assert set(ravdess["id"]) <= set(corpora.index("ravdess")["id"])


@pytest.mark.ravdess
def test_of_the_recordings_check_names_what_is_odd_and_doubled(ravdess: pd.DataFrame) -> None:
    report = corpora.check("ravdess")
    assert report.unreadable == report.different == report.foreign == ()
    originals = [TWIN, *STEREO]  # kept as published; all others were resampled
    assert len(report.converted) == report.n_utterances - len(originals)
    assert not {Path(finding.name).stem for finding in report.converted} & set(originals)
    assert [(Path(f.name).stem, f.as_published) for f in report.doubled] == [(OTHER_TWIN, True)]
    assert [Path(f.name).stem for f in report.odd if "channels: 2, most have 1" in f.what][:3] == STEREO
    assert len(report.missing) == 1439 - report.n_utterances
