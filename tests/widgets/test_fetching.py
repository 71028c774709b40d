"""The sentence that says whether TESS is here, and the button that gets it from a server on loopback."""

from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora, widgets
from emotion_lib.corpora import mirrors
from emotion_lib.corpora.download import Archive
from emotion_lib.errors import ParameterError
from emotion_lib.widgets.base import Widget
from tests.corpora.conftest import Server, recordings, zipped
from tests.widgets.conftest import ask

FIRST = "28 of TESS's 2800 recordings come with this notebook, and numbers measured on all of them."


def finished(widget: Widget) -> None:
    """Press the button, and wait until the download has ended."""
    ask(widget, "press")
    if download := widget._download:
        download.join()


def test_a_machine_without_tess_has_the_excerpt_and_the_sentence_is_there_on_a_static_page(data: Path) -> None:
    widget = widgets.fetch("tess")
    bundle = widget._repr_mimebundle_()

    assert (widget.says, widget.button) == (FIRST, "Get TESS")
    assert bundle is not None
    assert (bundle[0]["text/plain"], bundle[1]["image/png"]["alt"]) == (FIRST, FIRST)


def test_a_complete_copy_needs_no_button_and_a_part_of_one_does(data: Path, emodb_folder: Path) -> None:
    (data / "emodb").symlink_to(emodb_folder)
    assert widgets.fetch("emodb").button == "Get EMO-DB"

    for id in corpora.index("emodb")["id"]:
        (emodb_folder / f"{id}.wav").touch()
    whole = widgets.fetch("emodb")
    assert (whole.says, whole.button) == ("All 535 recordings of EMO-DB are on this machine.", "")


def test_the_first_press_shows_the_licence_and_the_second_downloads(
    data: Path, emodb_folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/archive"] = zipped(recordings(emodb_folder))
    monkeypatch.setitem(mirrors.SOURCES, "emodb", {"makers": Archive(f"{server.address}/archive", "a MB", retries=0)})
    index = corpora.make_index(emodb_folder)
    monkeypatch.setattr(mirrors, "read_index", lambda name: index)
    widget = widgets.fetch("emodb")
    told: list[str] = []
    widget.observe(lambda change: told.append(change["new"]), "progress")

    ask(widget, "press")
    assert "licence: free for research" in widget.says
    assert (widget.button, server.requests) == ("Download EMO-DB", [])

    finished(widget)
    assert widget.says == f"EMO-DB is in {data / 'emodb'}. Run this notebook again from the top to use it."
    assert widget.button == ""
    pd.testing.assert_frame_equal(corpora.make_index(data / "emodb"), index)
    assert told[0].startswith("EMO-DB: 0.00B of ")
    assert told[-1] == ""


def test_a_download_that_fails_is_a_sentence_and_can_be_tried_again(
    data: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mirrors.SOURCES, "tess", {"kaggle": Archive(f"{server.address}/none", "a MB", retries=0)})
    widget = widgets.fetch("tess")

    ask(widget, "press")
    for _ in range(2):
        finished(widget)
        assert widget.says.startswith("the download stopped (404 Client Error")
        assert widget.button == "Try again"
    assert len(server.requests) == 2


def test_a_corpus_that_cannot_be_fetched_is_an_error() -> None:
    with pytest.raises(ParameterError, match="'savee': cannot be fetched"):
        widgets.fetch("savee")
