"""A file is whole or not there, whatever comes between."""

from contextlib import suppress
from pathlib import Path

import pytest

from emotion_lib.errors import ModelFileError
from emotion_lib.writing import written_whole


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    place = tmp_path / "deeper" / "x"
    with suppress(KeyboardInterrupt), written_whole(place, error=ModelFileError) as file:
        file.write(b"half")
        raise KeyboardInterrupt

    assert list(place.parent.iterdir()) == []
    with written_whole(place, error=ModelFileError) as file:
        file.write(b"whole")
    assert place.read_bytes() == b"whole"
    assert list(place.parent.iterdir()) == [place]


def test_a_place_below_a_file_is_an_error_of_the_type_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with (
        pytest.raises(ModelFileError, match=r"cannot be written .*; choose another place"),
        written_whole(tmp_path / "x" / "y", error=ModelFileError),
    ):
        pass
