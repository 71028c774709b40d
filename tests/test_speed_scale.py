"""The tables of scale: each round by itself, and a worker that is killed in the middle."""

import os
import signal
from pathlib import Path
from unittest.mock import Mock

import pytest

from benchmarks.speed import scale


def test_ratios_are_those_of_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = iter([(2.0, 1.0, 100.0), (12.0, 3.0, 110.0), (4.0, 1.0, 120.0), (8.0, 3.0, 130.0)])
    monkeypatch.setattr(scale, "alone", lambda *_: scale.Cost(*next(costs)))
    rows = scale.scales("mfcc", (1, 3), runs=2).splitlines()[2:]
    assert rows == [
        "| `mfcc`, 1x (2800 utterances) | 3.00 s | 1.00 | 1.00 | 1 (linear) | 110 MB | 1000 MB |",
        "| `mfcc`, 3x (8400 utterances) | 3.33 s | 1.33 | 1.00 | 1 (linear) | 120 MB | 1000 MB |",
    ]


def test_a_process_of_its_own_is_another_one() -> None:
    assert scale.alone(os.getpid) != os.getpid()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_worker_is_killed_when_half_of_the_recordings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    kill = Mock()
    monkeypatch.setattr(os, "kill", kill)
    client = Mock(run=lambda _: {"tcp://a": 11, "tcp://b": 12})
    taken = scale.killing_a_worker([Path(name) for name in "abcd"], client)
    assert [next(taken), next(taken)] == [Path("a"), Path("b")]
    kill.assert_not_called()
    assert list(taken) == [Path("c"), Path("d")]
    kill.assert_called_once_with(11, signal.SIGKILL)
