"""`emotion-lib extract` writes arrays that need no pickle, whole or not at all."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from emotion_lib import corpora, extraction
from emotion_lib.cli.extract import SETTINGS
from emotion_lib.features import FeatureSettings
from tests.cli.conftest import run


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_every_setting_is_an_option() -> None:
    assert list(SETTINGS) == [field.name for field in fields(FeatureSettings)]


def test_the_arrays_are_those_of_the_library(tmp_path: Path, tess_folder: Path) -> None:
    output = tmp_path / "x.npz"
    settings = ["--sr", "16000", "--n-mfcc", "13", "--top-db", "none", "--trim-db", "40"]
    result = run("extract", tess_folder, "--feature", "mfcc", "--output", output, *settings)
    chosen = FeatureSettings(sr=16000, n_mfcc=13, top_db=None, trim_db=40)
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


def test_ctrl_c_keeps_what_is_in_a_folder_of_zarr(
    tmp_path: Path, tess_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "extract_to", stopped)
    result = run("extract", tess_folder, "--feature", "mean_mfcc", "--output", tmp_path / "x.zarr")

    assert result.exit_code == 130
    assert result.stderr.endswith("Stopped. What was extracted is kept; the same command goes on.\n")


def test_a_setting_out_of_range_is_a_line_and_writes_nothing(tmp_path: Path, tess_folder: Path) -> None:
    result = run("extract", tess_folder, "--feature", "mfcc", "--output", tmp_path / "x.npz", "--hop-length", "0")

    assert result.exit_code == 1
    assert result.stderr == "Error: hop_length=0: must be a positive number\n"
    assert not (tmp_path / "x.npz").exists()


def test_what_is_no_number_is_exit_code_2(tmp_path: Path) -> None:
    result = run("extract", "demo", "--feature", "mfcc", "--output", tmp_path / "x.npz", "--sr", "fast")

    assert result.exit_code == 2
    assert "'fast' is neither a number nor none" in result.stderr


def test_a_place_that_cannot_be_written_is_a_line(tmp_path: Path, tess_folder: Path) -> None:
    (tmp_path / "file").touch()
    result = run("extract", tess_folder, "--feature", "mean_mfcc", "--output", tmp_path / "file" / "x.npz")

    assert result.exit_code == 1
    assert result.stderr.endswith("cannot be written (File exists); choose another place\n")


def test_ctrl_c_writes_nothing(tmp_path: Path, tess_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stopped)
    (tmp_path / "out").mkdir()
    result = run("extract", tess_folder, "--feature", "mean_mfcc", "--output", tmp_path / "out" / "x.npz")

    assert result.exit_code == 130
    assert result.stderr.endswith("Stopped. Nothing was written; what was extracted is kept for the next time.\n")
    assert list((tmp_path / "out").iterdir()) == []
