"""Progress bars: shown where somebody watches, off where the environment says so, gone when they are done."""

import io
import sys
from types import SimpleNamespace

import pytest

from emotion_lib.progress import bar


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


@pytest.fixture(autouse=True)
def nobody_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says nothing of bars, and there is no notebook."""
    monkeypatch.delenv("EMOTION_LIB_PROGRESS", raising=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)


def write_errors_to(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Make a stream the standard error; in the test itself, since pytest sets its own before each test."""
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def run_in(shell: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let IPython say that it runs in this shell."""
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def is_shown(progress: bool | None = None) -> bool:
    """Return whether a bar is shown."""
    with bar([1], description="Counting", progress=progress) as counting:
        return not counting.disable


@pytest.mark.parametrize("progress", [None, False, True])
def test_items_come_through_unchanged(progress: bool | None) -> None:
    assert list(bar(iter("abc"), description="Reading", progress=progress, total=3)) == ["a", "b", "c"]


def test_a_bar_on_a_terminal_says_what_is_done_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = write_errors_to(Terminal(), monkeypatch)
    list(bar(range(3), description="Counting"))
    _, begin, *_, last, after = terminal.getvalue().split("\r")
    assert begin.startswith("Counting:   0%")
    assert (last.strip(), after) == ("", "")


def test_nothing_is_written_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_errors_to(io.StringIO(), monkeypatch)
    list(bar(range(3), description="Counting"))
    assert file.getvalue() == ""


def test_a_bar_is_shown_in_a_live_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    run_in(SimpleNamespace(kernel=object()), monkeypatch)
    assert is_shown()


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["no shell", "a shell without a kernel"])
def test_ipython_alone_is_no_notebook(shell: object, monkeypatch: pytest.MonkeyPatch) -> None:
    run_in(shell, monkeypatch)
    assert not is_shown()


@pytest.mark.parametrize("progress", [None, False, True])
def test_the_environment_turns_every_bar_off_that_was_not_asked_for(
    progress: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LIB_PROGRESS", "0")
    write_errors_to(Terminal(), monkeypatch)
    run_in(SimpleNamespace(kernel=object()), monkeypatch)
    assert is_shown(progress) is (progress is True)


@pytest.mark.parametrize("progress", [False, True])
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_was_asked_for_holds_wherever_it_runs(
    progress: bool, stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_errors_to(stream(), monkeypatch)
    assert is_shown(progress) is progress


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "Files: 0 of 3"),
        ({"unit": "s"}, "Files: 0 s of 3 s"),
        ({"unit": "B", "unit_scale": True, "initial": 450e6, "total": 2e9}, "Files: 450MB of 2.00GB"),
    ],
)
def test_a_function_is_told_in_words_and_nothing_is_shown(
    options: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = write_errors_to(Terminal(), monkeypatch)
    words: list[str] = []

    with bar(range(3), description="Files", progress=words.append, **options):
        pass

    assert words == [told]
    assert stream.getvalue() == ""
