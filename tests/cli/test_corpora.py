"""`emotion-lib fetch`, `check` and `index` say what they did, and their exit codes say how it went."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.corpora import fetching
from emotion_lib.corpora.archive import Wanted
from emotion_lib.corpora.base import INTEGERS, Corpus
from emotion_lib.errors import CorpusError
from tests.cli.conftest import run


class Shelf:
    """A source of one recording, which is there already."""

    size = "2 kB"

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Write every wanted recording."""
        for item in wanted.values():
            place = staging / "recordings" / item.place
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"recording")
        return staging / "recordings"


class Broken:
    """A source that breaks off as a network does, or as a person does."""

    size = "2 kB"

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def bring(self, corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
        """Raise."""
        raise self.error


def test_check_of_a_whole_folder_is_exit_code_0(tess_folder: Path) -> None:
    result = run("check", tess_folder)

    assert result.exit_code == 0
    assert "42 of 42 utterances, nothing is wrong" in result.stdout


def test_check_of_a_broken_folder_names_what_is_wrong_and_is_exit_code_1(tess_folder: Path) -> None:
    (tess_folder / "notes.wav").write_text("not audio")
    result = run("check", tess_folder)

    assert result.exit_code == 1
    assert "notes.wav" in result.stdout


def test_check_as_json_has_every_finding(tess_folder: Path) -> None:
    (tess_folder / "notes.wav").write_text("not audio")
    result = run("check", tess_folder, "--json")
    report = json.loads(result.stdout)

    assert result.exit_code == 1
    assert report["ok"] is False
    assert (report["n_utterances"], report["n_expected"]) == (42, 42)
    assert report["foreign"] == [{"name": "notes.wav", "what": "", "as_published": False}]


def test_check_of_no_folder_is_one_line_on_stderr(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nowhere")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_index_writes_what_make_index_returns(tess_folder: Path, tmp_path: Path) -> None:
    assert run("index", tess_folder, "--output", tmp_path / "index.csv").exit_code == 0
    written = pd.read_csv(tmp_path / "index.csv", dtype=INTEGERS)
    pd.testing.assert_frame_equal(written, corpora.make_index(tess_folder))


def test_index_writes_to_stdout_unless_told(tess_folder: Path) -> None:
    assert run("index", tess_folder).stdout.startswith("id,speaker,emotion,text,rate,samples,sha256\nOAF_bridge_angry,")


def test_index_as_json_has_the_same_rows(tess_folder: Path) -> None:
    rows = json.loads(run("index", tess_folder, "--json").stdout)
    assert pd.DataFrame(rows)["id"].tolist() == corpora.make_index(tess_folder)["id"].tolist()


def test_index_of_the_demo_corpus_is_the_committed_file() -> None:
    committed = Path(corpora.__file__).with_name("demo.csv").read_text(encoding="utf-8")

    assert run("index", corpora.find("demo")).stdout == committed


def test_fetch_names_every_source_in_its_help() -> None:
    words = set(run("fetch", "--help").output.replace(",", " ").replace(";", " ").split())

    assert {source for sources in fetching.SOURCES.values() for source in sources} <= words
    assert f"[{'|'.join(fetching.SOURCES)}]" in words


@pytest.mark.parametrize("name", sorted(fetching.SOURCES))
def test_fetch_states_licence_and_size_and_says_where_it_went(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(iter(fetching.SOURCES[name]))
    monkeypatch.setitem(fetching.SOURCES[name], first, Shelf())
    result = run("fetch", name, "--to", tmp_path / "corpus")

    assert result.exit_code == 0
    terms, whole = result.stdout.splitlines()
    assert terms == fetching.terms(name)
    assert "(2 kB); licence: " in terms
    assert whole.endswith(f"is whole in {tmp_path / 'corpus'}")
    assert len(list((tmp_path / "corpus").rglob("*.wav"))) == len(corpora.index(name))


def test_fetch_as_json_is_one_object_and_the_licence_is_told_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetching.SOURCES["emodb"], "makers", Shelf())
    result = run("fetch", "emodb", "--to", tmp_path / "emodb", "--json")
    assert json.loads(result.stdout)["folder"] == str(tmp_path / "emodb")
    assert "free for research" in result.stderr


def test_fetch_that_fails_is_one_line_on_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.SOURCES["tess"], "dataverse", Broken(CorpusError("the download stopped")))
    result = run("fetch", "tess", "--source", "dataverse", "--to", tmp_path / "tess")

    assert result.exit_code == 1
    assert result.stderr == "Error: the download stopped\n"


def test_fetch_stopped_by_hand_leaves_no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fetching.SOURCES["tess"], "kaggle", Broken(KeyboardInterrupt()))
    result = run("fetch", "tess", "--to", tmp_path / "tess")

    assert result.exit_code == 130
    assert result.stderr == "Stopped. What has come is kept, and the same command goes on from there.\n"
    assert not (tmp_path / "tess").exists()


def test_fetch_from_a_source_that_a_corpus_does_not_have_is_exit_code_2(tmp_path: Path) -> None:
    result = run("fetch", "emodb", "--source", "zenodo", "--to", tmp_path / "emodb")

    assert result.exit_code == 2
    assert "must be one of makers, kaggle for emodb" in result.stderr
