"""What holds for every corpus with a name: the way from a folder of its files to table, check, index and card."""

import io
import re
import warnings
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import corpora
from emotion_lib.corpora.corpus import OF_FILE, Corpus
from emotion_lib.corpora.mirrors import SOURCES
from emotion_lib.corpora.table import CORPORA
from emotion_lib.emotions import STYLES
from emotion_lib.errors import CorpusError, CorpusWarning
from tests.corpora.conftest import noise

ROOT = Path(__file__).resolve().parents[2]
CARDS = (ROOT / "data" / "README.md").read_text("utf-8")
COLUMNS = ["id", "path", "corpus", "speaker", "emotion", "text"]
INDEXED = [corpus for corpus in CORPORA.values() if corpus.has_index]

every_corpus = pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
every_index = pytest.mark.parametrize("corpus", INDEXED, ids=[corpus.name for corpus in INDEXED])


@pytest.fixture(autouse=True)
def _without_warnings_of_what_is_missing() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        yield


def some_of(corpus: Corpus, folder: Path) -> list[str]:
    """Write ten recordings of noise in the places of a corpus, in a folder of another name; return their ids."""
    ids = sorted(corpus.ids)[:: len(corpus.ids) // 10][:10]
    for seed, id in enumerate(ids):
        path = folder / "some download" / f"{id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(16_000, seed=seed))
    return ids


@every_corpus
def test_a_folder_is_recognised_by_its_names_and_is_a_table(corpus: Corpus, tmp_path: Path) -> None:
    ids = some_of(corpus, tmp_path)
    table = corpora.load(tmp_path)
    assert set(table["corpus"]) == {corpus.name}
    assert list(table)[:6] == COLUMNS
    assert table["id"].tolist() == ids
    assert not table.isna().any().any()
    assert all(isinstance(speaker, str) for speaker in table["speaker"])
    assert set(table["emotion"]) <= STYLES.keys()


@every_corpus
def test_a_name_in_a_table_is_read_as_itself(corpus: Corpus) -> None:
    for id in corpus.ids:
        name = corpus.read_name(id, "")
        assert name is not None
        assert (name.id, name.misspelt) == (id, False)


@every_corpus
def test_names_of_other_corpora_are_not_read(corpus: Corpus) -> None:
    for other in CORPORA.values():
        if other.name not in {corpus.name, "tess", "demo"}:  # these two use the same names
            assert not any(corpus.read_name(id, "folder") for id in sorted(other.ids)[:10])


@every_corpus
def test_check_counts_what_is_there_and_names_what_is_missing(corpus: Corpus, tmp_path: Path) -> None:
    ids = some_of(corpus, tmp_path)
    report = corpora.check(tmp_path)
    assert (report.corpus, report.n_utterances, report.n_expected) == (corpus.name, 10, len(corpus.ids))
    assert not {finding.name for finding in report.missing} & set(ids)
    assert len(report.missing) >= len(corpus.ids) - 11  # one recording of RAVDESS has two names
    assert len(report.different) + len(report.converted) + report.n_unknown == 10
    assert not report.ok


@every_corpus
def test_it_is_described_by_its_title(corpus: Corpus, tmp_path: Path) -> None:
    some_of(corpus, tmp_path)
    assert str(corpora.describe(corpora.load(tmp_path))).lower().startswith(f"{corpus.title}: 10 utterances".lower())


@every_corpus
def test_where_it_is_nowhere_the_error_says_how_to_get_it(corpus: Corpus, data: Path) -> None:
    with pytest.raises(CorpusError, match=rf"{corpus.name}: no recordings in .*; {re.escape(corpus.cure)}"):
        corpora.find(corpus.name)
    assert ("emotion-lib fetch" in corpus.cure) == (corpus.name in SOURCES)


@every_corpus
def test_it_has_a_card_with_its_licence_and_its_reference(corpus: Corpus) -> None:
    titles = [line.lower() for line in CARDS.splitlines() if line.startswith("## ")]
    assert f"## {corpus.title}".lower() in titles
    if corpus.name != "demo":
        assert corpus.licence
        assert all(doi in CARDS for doi in re.findall(r"doi:[\w./-]+\w", corpus.reference))


@every_index
def test_the_index_has_each_utterance_with_its_sha256(corpus: Corpus) -> None:
    index = corpora.index(corpus.name)
    assert list(index)[:4] == ["id", "speaker", "emotion", "text"]
    assert list(index)[-3:] == ["rate", "samples", "sha256"]
    assert index["id"].is_monotonic_increasing
    assert index["id"].is_unique
    assert index["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert index["rate"].notna().all()


@every_index
def test_the_index_agrees_with_the_names(corpus: Corpus) -> None:
    index = corpora.index(corpus.name)
    read = pd.DataFrame([name.columns for id in index["id"] if (name := corpus.read_name(str(id), ""))])
    pd.testing.assert_frame_equal(read, index[list(read)])
    assert set(index) - set(read) <= {"id", "sex", "voice_vote", *OF_FILE}  # nothing else about the speakers


@every_index
def test_the_index_is_small(corpus: Corpus) -> None:
    assert len((resources.files("emotion_lib.corpora") / f"{corpus.name}.csv").read_bytes()) < 1_000_000


@every_index
def test_the_digests_of_a_table_are_those_of_the_originals(corpus: Corpus, tmp_path: Path) -> None:
    ids = some_of(corpus, tmp_path)
    table = corpora.load(tmp_path, keep_duplicates=True)
    published = corpora.index(corpus.name).set_index("id")["sha256"]
    assert [each.hex() for each in corpora.published_digests(table)] == published[ids].tolist()


def test_the_digests_of_files_that_nobody_published_are_their_own(tmp_path: Path) -> None:
    some_of(CORPORA["savee"], tmp_path)
    index = corpora.make_index(tmp_path)
    assert [each.hex() for each in corpora.published_digests(corpora.load(tmp_path))] == index["sha256"].tolist()


@every_index
def test_copies_that_are_converted_have_a_state_of_their_own(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = dict.fromkeys(some_of(corpus, tmp_path), 0.02)
    monkeypatch.setattr("emotion_lib.corpora.corpus._seconds", lambda _: seconds)
    report = corpora.check(tmp_path)
    assert (len(report.converted), report.different) == (10, ())
    assert "Converted copies, same name and length, other bytes: 10." in str(report)


def test_a_resampled_copy_is_converted_and_a_cut_one_is_different(demo_copy: Path) -> None:
    paths = sorted(demo_copy.rglob("*.flac"))
    for path in paths:
        y, _ = sf.read(path)
        resampled = np.interp(np.arange(len(y) // 2) * 2, np.arange(len(y)), y)
        sf.write(path, resampled[: -100 if path == paths[0] else None], 8000)
    report = corpora.check(demo_copy)
    assert [Path(finding.name).stem for finding in report.different] == [paths[0].stem]
    assert len(report.converted) == len(paths) - 1
    assert not report.ok


def test_a_copy_that_is_converted_whole_is_fine(demo_copy: Path) -> None:
    for path in demo_copy.rglob("*.flac"):
        y, rate = sf.read(path)
        sf.write(packed := io.BytesIO(), y, rate, format="WAV", subtype="PCM_16")
        path.write_bytes(packed.getvalue())
    report = corpora.check(demo_copy)
    assert report.ok
    assert "utterances, usable, but converted." in str(report)
