"""README shows the table of results as it was measured, and nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_shows_the_table_of_results() -> None:
    assert (ROOT / "benchmarks" / "accuracy.md").read_text(encoding="utf-8") in README


def test_readme_is_no_longer_than_a_reader_has_patience() -> None:
    assert len(README.splitlines()) <= 150


def test_every_link_of_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
