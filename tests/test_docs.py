"""The documentation that `make docs` made has a page for every room, and an entry for every public name."""

import zlib
from pathlib import Path

import pytest

from tests.test_architecture import LIBRARY, PRESENT_ROOMS, public_functions, public_names

ROOT = Path(__file__).resolve().parents[1]
INVENTORY = ROOT / "build" / "docs" / "objects.inv"
ROOMS = [room for room in PRESENT_ROOMS if room != "cli"]
"""The command has a page of another kind, made from what `--help` prints."""


@pytest.fixture(scope="module")
def documented() -> set[str]:
    """The names that the documentation has an entry for; `make test` makes it before the tests run."""
    sources = [*LIBRARY.rglob("*.py"), *(ROOT / "docs").rglob("*.*")]
    if not INVENTORY.exists() or INVENTORY.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        pytest.skip("the documentation is not made, or older than what it is about: `make docs`")
    *_, packed = INVENTORY.read_bytes().split(b"\n", 4)  # after four lines that say what it is
    return {line.split()[0] for line in zlib.decompress(packed).decode("utf-8").splitlines()}


def test_every_room_has_a_page() -> None:
    pages = {room: (ROOT / "docs" / "api" / f"{room}.rst").read_text("utf-8") for room in ROOMS}

    assert [room for room, page in pages.items() if f".. automodule:: emotion_lib.{room}\n" not in page] == []


def test_every_public_name_has_an_entry(documented: set[str]) -> None:
    names = {
        f"emotion_lib.{room}.{name}"
        for room in ROOMS
        for name in {**public_names(room), **dict(public_functions(room))}
    }

    assert names - documented == set()
