"""Checkpoints: whole and of this version, or refused by name."""

from pathlib import Path

import numpy as np
import pytest

from emotion_lib import checkpoints
from emotion_lib.errors import ModelFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "run.npz"


def test_what_was_written_is_read(path: Path) -> None:
    arrays = [np.arange(3.0), np.ones((2, 2), np.float32)]
    checkpoints.write(path, {"emotions": ["sad"]}, arrays)
    manifest, found = checkpoints.read(path)
    assert manifest["emotions"] == ["sad"]
    for one, other in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 broken", b"\x80\x04K\x01."])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"run\.npz: not a checkpoint, or a damaged one; delete it"):
        checkpoints.read(path)


@pytest.mark.parametrize("manifest", ["{}", "[1]", "no json"])
def test_a_manifest_that_is_none_is_refused(manifest: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", manifest=np.array(manifest))
    with pytest.raises(ModelFileError, match="damaged"):
        checkpoints.read(tmp_path / "run.npz")


def test_a_bare_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.ones(3))
    with pytest.raises(ModelFileError, match="damaged"):
        checkpoints.read(tmp_path / "array.npy")


def test_a_truncated_file_is_refused(path: Path) -> None:
    checkpoints.write(path, {}, [np.ones(1000)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelFileError, match="damaged"):
        checkpoints.read(path)


def test_pickled_objects_are_refused_without_advice_to_load_them(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    np.savez(path, manifest=np.array([{"format": 1}], dtype=object))
    with pytest.raises(ModelFileError, match="damaged") as refused:
        checkpoints.read(path)
    assert "allow_pickle" not in str(refused.value)


def test_another_version_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", manifest=np.array('{"format": 99}'))
    with pytest.raises(ModelFileError, match="written in format 99, this version reads 2; delete it"):
        checkpoints.read(tmp_path / "run.npz")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"none\.npz: no such file"):
        checkpoints.read(tmp_path / "none.npz")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder; give the name of a file in it"):
        checkpoints.write(tmp_path, {}, [])
    assert list(tmp_path.iterdir()) == []
