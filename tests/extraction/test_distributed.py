"""Extraction on a cluster of Dask: two worker processes on loopback give the arrays that this process gives."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.errors import ParameterError
from emotion_lib.extraction import extract, extract_to, extractor
from tests.extraction.conftest import SMALL

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed; get it with `pip install 'emotion_lib[distributed]'`"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of two worker processes, which see this computer alone and show no dashboard."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def executor(client: Any) -> Executor:
    return client.get_executor()


@pytest.fixture
def demo() -> pd.DataFrame:
    return corpora.load("demo")


def test_a_cluster_gives_the_arrays_of_this_computer(demo: pd.DataFrame, executor: Executor) -> None:
    there = extract(demo, "mfcc", settings=SMALL, executor=executor, cache=False)
    here = extract(demo, "mfcc", settings=SMALL, cache=False)
    np.testing.assert_array_equal(there.X, here.X)
    np.testing.assert_array_equal(there.lengths, here.lengths)
    pd.testing.assert_frame_equal(there.table, here.table)


def test_a_recording_that_changes_is_read_again_by_the_cluster(
    demo: pd.DataFrame, executor: Executor, tmp_path: Path
) -> None:
    first, second = (Path(path).read_bytes() for path in demo["path"][:2])
    table = pd.DataFrame({"id": ["changing"], "path": [tmp_path / "changing.wav"]})
    found = []
    for content in (first, second):
        table["path"][0].write_bytes(content)
        found.append(extract(table, "mean_mfcc", settings=SMALL, executor=executor).X[0])
    expected = extract(demo[:2], "mean_mfcc", settings=SMALL).X
    np.testing.assert_array_equal(found, expected)


def test_a_cluster_writes_the_store_of_this_computer(demo: pd.DataFrame, executor: Executor, tmp_path: Path) -> None:
    here, there = (
        extract_to(tmp_path / name, iter(demo["path"]), "mfcc", settings=SMALL, executor=where)
        for name, where in (("here", None), ("there", executor))
    )
    np.testing.assert_array_equal(here.load().X, there.load().X)
    pd.testing.assert_frame_equal(here.table, there.table)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_worker_that_is_killed_midway_changes_nothing(
    demo: pd.DataFrame, client: Any, executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "BATCH", 2)
    workers = client.run(os.getpid)
    paths = list(demo["path"]) * 5

    def listed() -> Iterator[Path]:
        yield from paths[:100]
        os.kill(next(iter(workers.values())), signal.SIGKILL)
        yield from paths[100:]

    found = extract_to(tmp_path / "features.zarr", listed(), "mfcc", settings=SMALL, executor=executor)
    expected = extract(demo, "mfcc", settings=SMALL, cache=False)
    np.testing.assert_array_equal(found.load().X, np.concatenate([expected.X] * 5))
    client.wait_for_workers(2, timeout=60)
    assert set(client.run(os.getpid).values()) != set(workers.values())


def test_a_client_is_refused_with_the_name_of_its_executor(demo: pd.DataFrame, client: Any) -> None:
    with pytest.raises(ParameterError, match=r"executor=<Client: .*`client\.get_executor\(\)`"):
        extract(demo, "mean_mfcc", executor=client)
