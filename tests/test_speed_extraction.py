"""The tables of extraction: other libraries are asked for the same files, and must not leave any out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.speed import extraction

CORPUS = pd.DataFrame({"id": ["a", "b"], "path": [Path("a.wav"), Path("b.wav")]})


def answering(n_files: int, asked: list[str]) -> Callable[..., object]:
    """Return what stands for `running`: answers a number of files, and notes what it is asked."""

    @contextmanager
    def running(name: str, listed: str) -> Iterator[Callable[[str], str]]:
        asked.append(f"{name} {Path(listed).read_text('utf-8').split()}")
        yield lambda line: asked.append(line) or str(n_files)  # type: ignore[func-returns-value]

    return running


def test_each_library_is_asked_for_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(extraction, "running", answering(2, asked))
    monkeypatch.setattr(extraction, "_extracted", lambda *_, **__: None)
    rows = extraction.beside_peers(CORPUS).splitlines()
    assert rows[0] == "| averages of 2 files | ms a file | times this library |"
    assert [row.split(" | ")[0] for row in rows[2:]] == [f"| {name}" for name in (extraction.OURS, *extraction.PEERS)]
    assert asked[0] == "peers ['a.wav', 'b.wav']"
    assert set(asked[1:]) == set(extraction.PEERS)


def test_a_library_that_leaves_files_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "running", answering(1, []))
    monkeypatch.setattr(extraction, "_extracted", lambda *_, **__: None)
    with pytest.raises(RuntimeError, match="kaldi-native-fbank: averages of 1 files, not of 2"):
        extraction.beside_peers(CORPUS)
