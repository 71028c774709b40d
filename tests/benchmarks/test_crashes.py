"""Nothing was lost when commands were killed, the disk was full, or stores were damaged."""

import pandas as pd

from benchmarks import crashes


def test_nothing_was_lost_in_the_committed_table() -> None:
    table = pd.read_csv(crashes.TABLE)
    assert list(table["kind"]) == list(crashes.KINDS)
    assert (table["tries"] >= 20).all()
    assert (table["harmed"] == 0).all()
