"""The copies of the notebooks that `make lab` opens."""

from pathlib import Path

import lab
import pytest

from tests.test_architecture import LIBRARY


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook in its first version, of which a copy was made."""
    path = tmp_path / "notebooks" / "01_explore.ipynb"
    path.parent.mkdir()
    path.write_text("first")
    assert lab.renew([path], tmp_path / "lab") == []
    return path


def copies(notebook: Path) -> dict[str, str]:
    """Return the content of each copy, as far as a reader sees them."""
    return {path.name: path.read_text() for path in notebook.parent.with_name("lab").glob("[!.]*")}


def renew(notebook: Path) -> list[str]:
    """Make the copies as they have to be now."""
    return lab.renew([notebook], notebook.parent.with_name("lab"))


def test_a_copy_that_nobody_changed_follows_its_notebook(notebook: Path) -> None:
    assert copies(notebook) == {"01_explore.ipynb": "first"}

    notebook.write_text("second")

    assert renew(notebook) == []
    assert copies(notebook) == {"01_explore.ipynb": "second"}


def test_a_copy_that_was_changed_stays_and_a_new_version_is_put_beside_it_with_a_sentence(notebook: Path) -> None:
    own = notebook.parent.with_name("lab") / "01_explore.ipynb"
    own.write_text("mine")
    assert renew(notebook) == []

    notebook.write_text("second")

    (sentence,) = renew(notebook)
    assert "lab/01_explore.ipynb stays as you saved it" in sentence
    assert "new version, which is lab/01_explore_2.ipynb" in sentence
    assert renew(notebook) == []  # it is said once
    assert copies(notebook) == {"01_explore.ipynb": "mine", "01_explore_2.ipynb": "second"}


def test_what_was_put_beside_a_copy_is_treated_as_the_copy_was(notebook: Path) -> None:
    folder = notebook.parent.with_name("lab")
    (folder / "01_explore.ipynb").write_text("mine")
    for version in ("second", "third"):  # the second is unchanged, so the third takes its place
        notebook.write_text(version)
        assert "01_explore_2.ipynb" in renew(notebook)[0]
    (folder / "01_explore_2.ipynb").write_text("mine too")
    notebook.write_text("fourth")

    assert "01_explore_3.ipynb" in renew(notebook)[0]
    assert list(copies(notebook).values()).count("fourth") == 1
    assert {"mine", "mine too"} <= set(copies(notebook).values())


def test_a_file_of_which_nothing_is_known_is_a_reader_s_and_a_copy_that_was_deleted_is_made_again(
    notebook: Path,
) -> None:
    folder = notebook.parent.with_name("lab")
    (folder / lab.RECORD).unlink()
    (folder / "01_explore.ipynb").write_text("mine")
    renew(notebook)
    assert copies(notebook) == {"01_explore.ipynb": "mine", "01_explore_2.ipynb": "first"}

    for path in folder.glob("*.ipynb"):
        path.unlink()

    assert renew(notebook) == []
    assert copies(notebook) == {"01_explore.ipynb": "first"}


def test_relative_paths_and_links_lead_from_a_copy_to_where_they_lead_from_its_notebook() -> None:
    assert lab.COPIES.parent == lab.NOTEBOOKS.parent == LIBRARY.parent
