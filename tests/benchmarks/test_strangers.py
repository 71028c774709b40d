"""Files that do harm are refused, with limits several times as large as those of the benchmark."""

import pytest

from benchmarks import strangers


@pytest.fixture(scope="module")
def usual() -> float:
    """The memory of a process that loads the pretrained recogniser, in MB."""
    peak: float = strangers.apart(strangers.usual_peak)
    return peak


def test_every_recogniser_file_that_does_harm_is_refused_in_little_time_and_memory(usual: float) -> None:
    found, harm = strangers.measured(*strangers.KINDS, usual=usual, times=5)

    assert len(found) > 400
    assert harm == []
