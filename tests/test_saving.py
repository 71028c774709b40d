"""Files of networks: whole, of the right kind and version, or refused by name."""

from pathlib import Path

import numpy as np
import pytest

from emotion_lib import saving
from emotion_lib.errors import ModelFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "network.npz"


def test_what_was_written_is_read(path: Path) -> None:
    arrays = [np.arange(3.0), np.ones((2, 2), np.float32)]
    saving.write(path, "network", {"emotions": ["sad"]}, arrays)
    manifest, found = saving.read(path, "network")
    assert manifest["emotions"] == ["sad"]
    for one, other in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("content", [b"", b"no network", b"PK\x03\x04 broken", b"\x80\x04K\x01."])
def test_a_file_that_is_no_network_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"network\.npz: not a network, or a damaged one; train and save it again"):
        saving.read(path, "network")


@pytest.mark.parametrize("manifest", ["{}", "[1]", '{"format": "a"}', "no json"])
def test_a_manifest_that_is_none_is_refused(manifest: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "network.npz", manifest=np.array(manifest))
    with pytest.raises(ModelFileError, match="damaged"):
        saving.read(tmp_path / "network.npz", "network")


def test_a_bare_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.ones(3))
    with pytest.raises(ModelFileError, match="damaged"):
        saving.read(tmp_path / "array.npy", "network")


def test_a_truncated_file_is_refused(path: Path) -> None:
    saving.write(path, "network", {}, [np.ones(1000)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelFileError, match="damaged"):
        saving.read(path, "network")


def test_pickled_objects_are_refused_without_advice_to_load_them(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    np.savez(path, manifest=np.array([{"format": 1}], dtype=object))
    with pytest.raises(ModelFileError, match="damaged") as refused:
        saving.read(path, "network")
    assert "allow_pickle" not in str(refused.value)


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "network.npz", manifest=np.array('{"format": 99}'))
    with pytest.raises(ModelFileError, match="written in format 99, this version reads up to 1; update emotion_lib"):
        saving.read(tmp_path / "network.npz", "network")


def test_another_kind_is_refused(path: Path) -> None:
    saving.write(path, "checkpoint", {}, [])
    with pytest.raises(ModelFileError, match="a checkpoint, not a network"):
        saving.read(path, "network")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"none\.npz: no such file"):
        saving.read(tmp_path / "none.npz", "network")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder; give the name of a file in it"):
        saving.write(tmp_path, "network", {}, [])
    assert list(tmp_path.iterdir()) == []
