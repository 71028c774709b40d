"""Other corpora are downloaded as TESS is, even recordings of which an index does not know the bytes."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora.download import Archive
from emotion_lib.corpora.mirrors import SOURCES, fetch, terms
from emotion_lib.errors import CorpusError, ParameterError
from tests.corpora.conftest import Server, recordings, zipped

KNOWN, UNKNOWN = "03-01-03-01-02-01-07", "03-01-06-02-01-01-02"
"""Recordings of which the index of these tests knows the bytes, and does not."""


@pytest.fixture
def index(ravdess_folder: Path) -> pd.DataFrame:
    """The index of a small RAVDESS, which knows the bytes of one recording alone."""
    index = corpora.make_index(ravdess_folder)
    index.loc[index["id"] != KNOWN, ["rate", "samples"]] = pd.NA
    index.loc[index["id"] != KNOWN, "sha256"] = ""
    return index


@pytest.fixture
def zenodo(server: Server, ravdess_folder: Path) -> Archive:
    """Serve the small RAVDESS as Zenodo does: one archive with a published MD5."""
    return serve(server, zipped(recordings(ravdess_folder)))


def serve(server: Server, content: bytes) -> Archive:
    """Serve an archive, and publish its MD5."""
    server.files["/files/speech.zip"] = content
    address = f"{server.address}/files/speech.zip?download=1"
    return Archive(address, md5=hashlib.md5(content, usedforsecurity=False).hexdigest(), retries=0)


def path_of(id: str) -> str:
    """Return where a recording is in RAVDESS's folders."""
    return f"Actor_{id[-2:]}/{id}.wav"


def assert_installed(target: Path, folder: Path) -> None:
    """Assert that a folder holds what another holds, each file once, and that nothing is left beside it."""
    brought, original = recordings(target), recordings(folder)
    assert {Path(name).name: content for name, content in brought.items()} == {
        Path(name).name: content for name, content in original.items()
    }
    assert len(brought) == len(original)
    assert not target.with_name(f".{target.name}.fetch").exists()


def test_emodb_comes_from_its_makers_without_what_else_is_in_the_archive(
    server: Server, emodb_folder: Path, data: Path
) -> None:
    extra = {"lablaut/03a01Fa.lablaut": b"label", "erkannt.txt": b"text", "silb/03a01Fa.silb": b"label"}
    archive = serve(server, zipped(recordings(emodb_folder) | extra))
    fetch("emodb", source=archive, index=corpora.make_index(emodb_folder))
    assert_installed(data / "emodb", emodb_folder)
    assert (data / "emodb" / "wav" / "03a01Fa.wav").is_file()
    assert {path.suffix for path in data.rglob("*") if path.is_file()} == {".wav"}


def test_ravdess_comes_as_published(zenodo: Archive, index: pd.DataFrame, ravdess_folder: Path, data: Path) -> None:
    assert fetch("ravdess", source=zenodo, index=index) == data / "ravdess"
    assert_installed(data / "ravdess", ravdess_folder)
    assert (data / "ravdess" / "actor_07" / f"{KNOWN}.wav").is_file()


def test_another_archive_than_the_published_is_thrown_away(
    zenodo: Archive, index: pd.DataFrame, ravdess_folder: Path, data: Path, server: Server
) -> None:
    published = server.files["/files/speech.zip"]
    server.files["/files/speech.zip"] = zipped(recordings(ravdess_folder) | {"more.txt": b"more"})
    with pytest.raises(CorpusError, match=r"speech\.zip: not the published archive .* deleted: fetch again"):
        fetch("ravdess", source=zenodo, index=index)
    assert not (data / "ravdess").exists()
    server.files["/files/speech.zip"] = published
    fetch("ravdess", source=zenodo, index=index)
    assert_installed(data / "ravdess", ravdess_folder)


@pytest.mark.parametrize(
    ("id", "content"),
    [(KNOWN, b"spoilt"), (UNKNOWN, b"no audio"), (UNKNOWN, b""), (UNKNOWN, bytes(4_000_000))],
    ids=["known bytes", "no audio", "nothing", "too much"],
)
def test_what_is_wrong_in_an_archive_without_md5_is_named(
    id: str, content: bytes, server: Server, index: pd.DataFrame, ravdess_folder: Path, data: Path
) -> None:
    files = recordings(ravdess_folder) | {path_of(id): content}
    archive = serve(server, zipped(files))
    with pytest.raises(CorpusError, match=f"^{id}: not as published"):
        fetch("ravdess", source=Archive(archive.address, retries=0), index=index)
    assert not (data / "ravdess").exists()


def test_a_whole_copy_is_left_alone(zenodo: Archive, index: pd.DataFrame, ravdess_folder: Path, server: Server) -> None:
    assert fetch("ravdess", ravdess_folder, source=zenodo, index=index) == ravdess_folder
    assert server.requests == []


@pytest.mark.parametrize("id", [KNOWN, UNKNOWN])
def test_a_broken_copy_is_kept_under_another_name(
    id: str, zenodo: Archive, index: pd.DataFrame, ravdess_folder: Path
) -> None:
    (ravdess_folder / path_of(id)).write_bytes(b"broken")
    fetch("ravdess", ravdess_folder, source=zenodo, index=index)
    assert (ravdess_folder.with_name("ravdess_folder.old1") / path_of(id)).read_bytes() == b"broken"
    assert (ravdess_folder / "actor_07" / f"{KNOWN}.wav").is_file()


@pytest.mark.parametrize("name", SOURCES)
def test_the_terms_say_size_licence_and_what_to_cite(name: str) -> None:
    for source in (None, *SOURCES[name]):
        assert all(word in terms(name, source) for word in (" MB", "licence: ", "cite ", "doi:10."))


def test_the_terms_of_ravdess() -> None:
    assert terms("ravdess") == (
        "RAVDESS, the speech of the Ryerson audio-visual database (about 590 MB, in an archive of 208 MB); "
        "licence: CC BY-NC-SA 4.0, Ryerson University; cite Livingstone and Russo 2018, "
        "doi:10.1371/journal.pone.0196391 and doi:10.5281/zenodo.1188976"
    )


def test_a_corpus_that_cannot_be_fetched_is_an_error() -> None:
    with pytest.raises(ParameterError, match="'demo': cannot be fetched; must be one of tess, emodb, ravdess, crema-d"):
        corpora.fetch("demo")


def test_a_corpus_without_a_plain_download_says_who_sends_it() -> None:
    with pytest.raises(
        ParameterError, match=r"'savee': cannot be fetched; .*; SAVEE has no plain download: register at"
    ):
        corpora.fetch("savee")


def test_a_source_of_another_corpus_is_an_error() -> None:
    with pytest.raises(ParameterError, match="source='dataverse': must be one of makers, kaggle for emodb"):
        fetch("emodb", source="dataverse")
