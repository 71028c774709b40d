"""`emotion-lib split` lists who is on which side, of a corpus by name without its recordings."""

import json
from pathlib import Path

import pandas as pd
import pytest

from emotion_lib import corpora, splits
from tests.cli.conftest import run

LISTS = Path(splits.__file__).with_name("lists")


@pytest.fixture
def no_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without recordings of TESS, EMO-DB and RAVDESS."""
    monkeypatch.setattr(corpora.loading, "places", lambda name: [tmp_path / name])


@pytest.mark.usefixtures("no_corpora")
def test_a_corpus_by_name_is_listed_without_its_recordings(tmp_path: Path) -> None:
    written = tmp_path / "list.csv"

    assert run("split", "tess", "by_word", "--output", written).exit_code == 0
    assert written.read_bytes() == (LISTS / "tess-by_word.csv").read_bytes()


def test_the_list_goes_to_stdout_unless_told() -> None:
    result = run("split", "emodb", "leave_speaker_out")

    assert result.stdout_bytes == (LISTS / "emodb-leave_speaker_out.csv").read_bytes()


def test_a_folder_is_listed_with_what_is_in_it(tess_folder: Path) -> None:
    result = run("split", tess_folder, "by_speaker")
    expected = splits.listed(corpora.load(tess_folder), "by_speaker")

    assert result.stdout == expected.to_csv(index=False)
    assert len(expected) == 2 * 42


def test_another_seed_is_another_list() -> None:
    one, other = (run("split", "demo", "by_word", *seed).stdout for seed in ([], ["--seed", "1"]))

    assert one != other
    assert other == splits.listed(corpora.index("demo"), "by_word", seed=1).to_csv(index=False)


def test_as_json_it_has_the_same_rows() -> None:
    rows = json.loads(run("split", "demo", "by_speaker_and_word", "--json").stdout)

    pd.testing.assert_frame_equal(pd.DataFrame(rows), splits.listed(corpora.index("demo"), "by_speaker_and_word"))


def test_a_protocol_that_is_none_is_exit_code_2_and_the_names_are_listed() -> None:
    result = run("split", "tess", "by_luck")

    assert result.exit_code == 2
    assert "by_speaker_and_word" in result.stderr


def test_a_corpus_with_too_few_words_is_one_line_on_stderr() -> None:
    result = run("split", "ravdess", "by_word")

    assert result.exit_code == 1
    assert result.stderr == "Error: column 'text': 2 different words; five folds need at least five\n"
