"""`emotion-lib fetch`, `check` and `index` say what they did, and their exit codes say how it went."""

import json
import re
import shutil
import struct
import sys
from collections.abc import Mapping
from dataclasses import fields
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora, extraction, splits
from emotion_lib.cli.command import load_all
from emotion_lib.cli.corpora import SETTINGS
from emotion_lib.corpora import mirrors
from emotion_lib.corpora.corpus import INTEGERS, Corpus, read_index
from emotion_lib.corpora.download import Wanted
from emotion_lib.errors import CorpusError
from emotion_lib.features import FeatureSettings
from tests.cli.conftest import run, start


def on_the_shelf(corpus: Corpus, wanted: Mapping[str, Wanted], staging: Path, *, progress: bool | None) -> Path:
    """Bring every wanted recording, as a source does that has them already."""
    for item in wanted.values():
        place = staging / item.place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"recording")
    return staging


def source(side_effect: object) -> SimpleNamespace:
    """Return a source of 2 kB that does something, or breaks off as a network or a person does."""
    return SimpleNamespace(size="2 kB", bring=Mock(side_effect=side_effect))


def test_check_of_a_whole_folder_is_exit_code_0(tess_folder: Path) -> None:
    result = run("check", tess_folder)

    assert result.exit_code == 0
    assert "42 of 42 utterances, nothing is wrong" in result.stdout


def test_check_of_a_broken_folder_names_what_is_wrong_and_is_exit_code_1(tess_folder: Path) -> None:
    (tess_folder / "notes.wav").write_text("not audio")
    lines, as_json = run("check", tess_folder), run("check", tess_folder, "--json")
    report = json.loads(as_json.stdout)

    assert (lines.exit_code, as_json.exit_code) == (1, 1)
    assert "notes.wav" in lines.stdout
    assert (report["ok"], report["n_utterances"], report["n_expected"]) == (False, 42, 42)
    assert report["foreign"] == [{"name": "notes.wav", "what": "", "as_published": False}]


def test_check_of_no_folder_is_one_line_on_stderr(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nowhere")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_index_writes_what_make_index_returns(tess_folder: Path, tmp_path: Path) -> None:
    assert run("index", tess_folder, "--output", tmp_path / "index.csv").exit_code == 0
    written = pd.read_csv(tmp_path / "index.csv", dtype=INTEGERS)
    pd.testing.assert_frame_equal(written, corpora.make_index(tess_folder))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A list as Excel writes it on a German Windows, of a few recordings of the demo corpus under other names."""
    words = {"angry": "Ärger", "happy": "Joy", "sad": "sadness"}
    lines = ["Datei-Nr;Filename;Label;Speaker"]
    for number, (speaker, word, emotion) in enumerate(product(("DEA", "DEB"), ("back", "bite"), words)):
        name = f"Übung {number}.flac"
        shutil.copy(corpora.find("demo") / speaker / f"{speaker}_{word}_{emotion}.flac", tmp_path / name)
        lines.append(f"{number};.\\{name};{words[emotion]};{speaker}")
    (tmp_path / "Hörstudie.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    return tmp_path / "Hörstudie.csv"


def test_a_list_in_a_naming_that_nothing_knows_goes_through_every_command(study: Path, tmp_path: Path) -> None:
    checked, indexed = run("check", study), run("index", study, "--json")
    extracted = run("extract", study, "--feature", "mean_mfcc", "--output", tmp_path / "X.npz")
    scored = run("evaluate", study, "--pretrained", "--json")
    trained = run("evaluate", study, "--model", "most_frequent", "--protocol", "by_speaker")

    assert [each.exit_code for each in (checked, indexed, extracted, scored, trained)] == [0] * 5
    assert checked.stdout == f"Hörstudie in {study}: 12 of 12 utterances, nothing is wrong.\n"
    assert {row["emotion"] for row in json.loads(indexed.stdout)} == {"Ärger", "happy", "sad"}
    with np.load(tmp_path / "X.npz") as arrays:
        assert set(arrays["emotion"]) == {"Ärger", "happy", "sad"}
    assert json.loads(scored.stdout)["foreign"] == {"Ärger": 4}
    assert "on Hörstudie, by_speaker" in trained.stdout


def test_lists_that_differ_in_case_share_their_labels(study: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(study.read_bytes().decode("cp1252").upper().replace("FLAC", "flac").encode("cp1252"))
    for path in tmp_path.glob("Übung*"):
        shutil.copy(path, path.with_name(path.name.upper().replace("FLAC", "flac")))
    assert set(load_all([str(study), str(other)])["emotion"]) == {"Ärger", "happy", "sad"}


def test_index_as_json_has_the_same_rows(tess_folder: Path) -> None:
    rows = json.loads(run("index", tess_folder, "--json").stdout)
    assert pd.DataFrame(rows)["id"].tolist() == corpora.make_index(tess_folder)["id"].tolist()


def test_index_of_the_demo_corpus_is_the_committed_file() -> None:
    committed = Path(corpora.__file__).with_name("demo.csv").read_text(encoding="utf-8")

    assert run("index", corpora.find("demo")).stdout == committed


def test_fetch_names_every_source_in_its_help() -> None:
    words = set(run("fetch", "--help").output.replace(",", " ").replace(";", " ").split())

    assert {source for sources in mirrors.SOURCES.values() for source in sources} <= words
    assert f"[{'|'.join(mirrors.SOURCES)}]" in words


@pytest.mark.parametrize("name", sorted(mirrors.SOURCES))
def test_fetch_states_licence_and_size_and_says_where_it_went(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(iter(mirrors.SOURCES[name]))
    monkeypatch.setitem(mirrors.SOURCES[name], first, source(on_the_shelf))
    result = run("fetch", name, "--to", tmp_path / "corpus")

    assert result.exit_code == 0
    terms, whole = result.stdout.splitlines()
    assert terms == mirrors.terms(name)
    assert "(2 kB); licence: " in terms
    assert whole.endswith(f" in {tmp_path / 'corpus'}")
    assert len(list((tmp_path / "corpus").rglob("*.wav"))) == len(read_index(name))


def test_fetch_as_json_is_one_object_and_the_licence_is_told_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mirrors.SOURCES["emodb"], "makers", source(on_the_shelf))
    result = run("fetch", "emodb", "--to", tmp_path / "emodb", "--json")
    assert json.loads(result.stdout)["folder"] == str(tmp_path / "emodb")
    assert "free for research" in result.stderr


def test_fetch_that_fails_is_one_line_on_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mirrors.SOURCES["tess"], "dataverse", source(CorpusError("the download stopped")))
    result = run("fetch", "tess", "--source", "dataverse", "--to", tmp_path / "tess")

    assert result.exit_code == 1
    assert result.stderr == "Error: the download stopped\n"


def test_fetch_stopped_by_hand_leaves_no_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mirrors.SOURCES["tess"], "kaggle", source(KeyboardInterrupt))
    result = run("fetch", "tess", "--to", tmp_path / "tess")

    assert result.exit_code == 130
    assert result.stderr.startswith("Stopped. ")
    assert "run the same command again" in result.stderr
    assert not (tmp_path / "tess").exists()


def test_fetch_from_a_source_that_a_corpus_does_not_have_is_exit_code_2(tmp_path: Path) -> None:
    result = run("fetch", "emodb", "--source", "zenodo", "--to", tmp_path / "emodb")

    assert result.exit_code == 2
    assert "must be one of makers, kaggle for emodb" in result.stderr


LISTS = Path(splits.__file__).with_name("lists")


@pytest.fixture
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without recordings of TESS, EMO-DB and RAVDESS."""
    monkeypatch.setattr(corpora.table, "places", lambda name: [tmp_path / name])


@pytest.mark.usefixtures("no_corpora")
def test_a_corpus_by_name_is_listed_without_its_recordings(tmp_path: Path) -> None:
    written = tmp_path / "list.csv"

    assert run("split", "tess", "--protocol", "by_word", "-o", written).exit_code == 0
    assert written.read_bytes() == (LISTS / "tess-by_word.csv").read_bytes()
    printed = run("split", "tess", "--protocol", "by_speaker").stdout_bytes
    assert printed == (LISTS / "tess-by_speaker.csv").read_bytes()


def test_a_folder_is_listed_with_what_is_in_it(tess_folder: Path) -> None:
    result = run("split", tess_folder, "--protocol", "by_speaker")
    expected = splits.list_folds(corpora.load(tess_folder), "by_speaker")

    assert result.stdout == expected.to_csv(index=False)
    assert len(expected) == 2 * 42


def test_another_seed_is_another_list() -> None:
    one, other = (run("split", "demo", "--protocol", "by_word", *seed).stdout for seed in ([], ["--seed", "1"]))

    assert one != other
    assert other == splits.list_folds(corpora.index("demo"), "by_word", seed=1).to_csv(index=False)


def test_as_json_it_has_the_same_rows() -> None:
    rows = json.loads(run("split", "demo", "--protocol", "by_speaker_and_word", "--json").stdout)

    pd.testing.assert_frame_equal(pd.DataFrame(rows), splits.list_folds(corpora.index("demo"), "by_speaker_and_word"))


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_every_setting_is_an_option() -> None:
    assert list(SETTINGS) == [field.name for field in fields(FeatureSettings)]


def test_the_arrays_are_those_of_the_library(tmp_path: Path, tess_folder: Path) -> None:
    output = tmp_path / "x.npz"
    settings = ["--sr", "16000", "--n-mfcc", "13", "--top-db", "none", "--trim-db", "40", "--trim-speech", "true"]
    result = run("extract", tess_folder, "--feature", "mfcc", "--output", output, *settings)
    chosen = FeatureSettings(sr=16000, n_mfcc=13, top_db=None, trim_db=40, trim_speech=True)
    features = extraction.extract(corpora.load(tess_folder), "mfcc", settings=chosen)

    assert result.exit_code == 0
    assert result.stdout == f"{output}: {features!r}\n"
    with np.load(output, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["X"], features.X)
        np.testing.assert_array_equal(file["lengths"], features.lengths)
        for name in ("id", "emotion", "speaker"):
            assert file[name].tolist() == features.table[name].tolist()
        assert FeatureSettings(**json.loads(str(file["settings"]))) == chosen
        assert str(file["feature"]) == "mfcc"


def test_what_is_left_out_is_named_and_exit_code_1(tmp_path: Path, tess_folder: Path) -> None:
    next(tess_folder.rglob("YAF_cloud_sad.wav")).write_text("not audio")
    output = tmp_path / "x.npz"
    result = run("extract", tess_folder, "--feature", "duration_level", "--output", output)

    assert result.exit_code == 1
    assert "41 of 42 recordings; left out 1: YAF_cloud_sad.wav" in result.stdout
    with np.load(output) as file:
        assert len(file["X"]) == 41


def test_json_has_the_report(tmp_path: Path, tess_folder: Path) -> None:
    output = tmp_path / "x.npz"
    report = json.loads(run("extract", tess_folder, "--feature", "mean_mfcc", "--output", output, "--json").stdout)

    assert report["shape"] == [42, 40]
    assert report["left_out"] == []
    assert report["output"] == str(output)
    assert FeatureSettings(**report["settings"]) == FeatureSettings()


def test_a_folder_of_zarr_holds_what_the_file_would(tmp_path: Path, tess_folder: Path) -> None:
    pytest.importorskip("zarr", reason="Zarr is not installed; get it with `pip install 'emotion_lib[zarr]'`")
    next(tess_folder.rglob("YAF_cloud_sad.wav")).write_text("not audio")
    output = tmp_path / "x.zarr"
    for _ in range(2):
        result = run("extract", tess_folder, "--feature", "mfcc", "--output", output, "--sr", "16000", "--json")
        assert result.exit_code == 1
    table = corpora.load(tess_folder)
    found = extraction.open_stored(output).joined(table)
    expected = extraction.extract(table, "mfcc", settings=FeatureSettings(sr=16000))

    np.testing.assert_array_equal(found.load().X, expected.X)
    assert found.table["id"].tolist() == expected.table["id"].tolist()
    report = json.loads(result.stdout)
    assert report["shape"] == list(expected.X.shape)
    assert [Path(each["path"]).name for each in report["left_out"]] == ["YAF_cloud_sad.wav"]


@pytest.mark.parametrize(
    ("stopped_in", "name", "sentence"),
    [
        ("emotion_lib.extraction.extract_to", "x.zarr", "run the same command again"),
        ("numpy.savez_compressed", "x.npz", "Stopped. Nothing was written; "),
    ],
)
def test_ctrl_c_says_what_was_kept(
    stopped_in: str, name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopped_in, Mock(side_effect=KeyboardInterrupt))
    result = run("extract", "demo", "--feature", "duration_level", "--output", tmp_path / name)

    assert result.exit_code == 130
    assert sentence in result.stderr
    assert not any(tmp_path.iterdir())


def test_what_is_no_number_is_exit_code_2(tmp_path: Path) -> None:
    result = run("extract", "demo", "--feature", "mfcc", "--output", tmp_path / "x.npz", "--sr", "fast")

    assert result.exit_code == 2
    assert "'fast' is neither a number nor none" in result.stderr


def test_a_place_that_cannot_be_written_is_a_line(tmp_path: Path, tess_folder: Path) -> None:
    (tmp_path / "file").touch()
    result = run("extract", tess_folder, "--feature", "mean_mfcc", "--output", tmp_path / "file" / "x.npz")

    assert result.exit_code == 1
    assert result.stderr.endswith("cannot be written (File exists); choose another place\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of the memory is read from /proc")
@pytest.mark.parametrize("command", ["index", "check", "extract"])
def test_a_recording_of_ten_hours_is_named_and_fills_no_memory(command: str, tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    for name, seconds in {"a": 1, "b": 36_000}.items():
        n_bytes = 2 * 16_000 * seconds
        chunk = struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
        sizes = [size.to_bytes(4, "little") for size in (n_bytes + 36, n_bytes)]
        with open(tmp_path / "happy" / f"{name}.wav", "wb") as file:
            file.write(b"RIFF" + sizes[0] + b"WAVEfmt " + chunk + b"data" + sizes[1])
            file.truncate(44 + n_bytes)  # takes no place on the disk
    options = ["--feature", "mfcc", "--output", str(tmp_path / "x.npz")] if command == "extract" else []
    told = "; import atexit; atexit.register(lambda: print(open('/proc/self/status').read(), file=sys.stderr)); "
    out, status = start(command, tmp_path, *options, before=f"import sys{told}").communicate()
    said = (out + status).decode()
    assert "b.wav: over " in said
    assert "minutes, too long to be read at once; cut it into utterances, or read a part of it with `duration`" in said
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", said)
    assert int(peak) < 1_000_000
