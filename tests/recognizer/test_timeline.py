"""A timeline: its rows, the rule that smooths them, and the files that other programs read."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from praatio import textgrid

from emotion_lib.audio import speech
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.recognizer import EmotionRecognizer, timeline
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.timeline import COLUMNS, FORMATS, _bridged, best_path, emotions_of, formatted, stretches

SR = 16_000
ROWS = [
    (0.0, 0.5, "sad", "", 0.2, 0.8),
    (0.5, 1.0, "sad", "", 0.4, 0.6),
    (1.0, 4.25, "unknown", "no speech", 0.5, 0.5),
    (4.25, 4.75, "unknown", "unsure", 0.5, 0.5),
    (4.75, 5.0, "wütend", "", 0.9, 0.1),
]


@pytest.fixture
def table() -> pd.DataFrame:
    """A timeline of two emotions, one of them a word of one's own."""
    made = pd.DataFrame(ROWS, columns=[*COLUMNS, "wütend", "sad"])
    made.attrs = {"note": "one voice", "notes": []}
    return made


@pytest.fixture(scope="module")
def long_table(recognizer: EmotionRecognizer, long_speech: np.ndarray) -> pd.DataFrame:
    """The timeline of some speech with ten seconds of silence behind it."""
    return recognizer.timeline(np.concatenate([long_speech, np.zeros(10 * SR, dtype=np.float32)]), SR)


def test_the_rows_cover_the_recording_from_its_beginning_to_its_end(
    long_table: pd.DataFrame, long_speech: np.ndarray
) -> None:
    assert long_table["start"].iloc[0] == 0
    assert long_table["end"].iloc[-1] == pytest.approx(len(long_speech) / SR + 10)
    assert (long_table["end"].to_numpy()[:-1] == long_table["start"].to_numpy()[1:]).all()
    spoken = long_table[long_table["reason"] == ""]
    assert ((spoken["end"] - spoken["start"]) == 0.5).all()
    assert len(spoken) > 20


def test_a_row_has_an_emotion_its_reason_and_probabilities_that_sum_to_one(
    recognizer: EmotionRecognizer, long_table: pd.DataFrame
) -> None:
    assert emotions_of(long_table) == list(recognizer.emotions)
    assert set(long_table["emotion"]) <= {*recognizer.emotions, "unknown"}
    np.testing.assert_allclose(long_table[list(recognizer.emotions)].sum(axis=1), 1)
    assert long_table["reason"].iloc[-1] == "silence"
    assert long_table["emotion"].iloc[-1] == "unknown"


def test_a_timeline_says_what_it_cannot_do(long_table: pd.DataFrame) -> None:
    assert "does not tell speakers apart" in long_table.attrs["note"]
    assert (long_table.attrs["notes"], long_table.attrs["warning"]) == ([], "")


def test_who_is_never_sure_says_so_in_every_row_with_speech(unsure: EmotionRecognizer, long_speech: np.ndarray) -> None:
    assert set(unsure.timeline(long_speech, SR)["reason"]) <= {"unsure", "no speech", "silence"}


def test_one_channel_of_a_call_is_followed_alone(recognizer: EmotionRecognizer, long_speech: np.ndarray) -> None:
    call = np.stack([long_speech, np.zeros_like(long_speech)], axis=1)

    assert set(recognizer.timeline(call, SR, channel="right")["reason"]) == {"silence"}
    pd.testing.assert_frame_equal(
        recognizer.timeline(call, SR, channel="left"), recognizer.timeline(long_speech, SR), check_exact=False
    )


def test_a_recording_of_one_short_utterance_has_its_answer(recognizer: EmotionRecognizer, speech: np.ndarray) -> None:
    table = recognizer.timeline(speech, SR)

    assert list(stretches(table.query("reason == ''"))["emotion"]) == [recognizer.predict(speech, SR).emotion]


def test_what_is_no_recording_is_refused(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(ParameterError, match="a waveform needs its sampling rate"):
        recognizer.timeline(np.zeros(SR))
    with pytest.raises(AudioError, match="no such file"):
        recognizer.timeline("gone.wav")


def worth(scores: np.ndarray, path: tuple[int, ...], change: float) -> float:
    """Return the sum of the scores on a path, less what its changes cost."""
    return float(sum(scores[number, each] for number, each in enumerate(path))) - change * sum(
        one != other for one, other in pairwise(path)
    )


@given(
    scores=st.lists(st.lists(st.floats(-5, 0), min_size=3, max_size=3), min_size=1, max_size=6),
    change=st.floats(0, 4),
)
def test_the_path_is_the_best_of_all(scores: list[list[float]], change: float) -> None:
    array = np.array(scores)
    best = max(worth(array, path, change) for path in product(range(3), repeat=len(array)))

    assert worth(array, tuple(best_path(array, change).tolist()), change) == pytest.approx(best)


def test_nothing_has_an_empty_path() -> None:
    assert best_path(np.zeros((0, 3)), 1.0).shape == (0,)


def test_a_pause_of_a_second_belongs_to_the_speech_around_it_and_a_longer_one_to_nobody() -> None:
    scores = np.array([[1.0], [0.0], [0.0], [2.0], [0.0], [0.0], [0.0], [3.0]])
    filled, spoken = _bridged(scores, scores[:, 0] > 0)

    assert filled[:, 0].tolist() == [1, 1, 2, 2, 0, 0, 0, 3]
    assert spoken.tolist() == [True] * 4 + [False] * 3 + [True]


def test_stretches_join_rows_of_one_answer_and_weigh_them_by_their_length(table: pd.DataFrame) -> None:
    joined = stretches(table)

    assert joined[["start", "end", "emotion", "reason"]].to_numpy().tolist() == [
        [0.0, 1.0, "sad", ""],
        [1.0, 4.25, "unknown", "no speech"],
        [4.25, 4.75, "unknown", "unsure"],
        [4.75, 5.0, "wütend", ""],
    ]
    assert joined["sad"].iloc[0] == pytest.approx(0.7)
    assert joined.attrs == table.attrs


def test_csv_has_all_rows_and_columns(table: pd.DataFrame) -> None:
    head, *rows = csv.reader(io.StringIO(formatted(table, "csv")))

    assert head == list(table.columns)
    assert rows[0] == ["0.0000", "0.5000", "sad", "", "0.2000", "0.8000"]
    assert len(rows) == len(table)


def test_json_has_all_rows_and_the_notes(table: pd.DataFrame) -> None:
    written = json.loads(formatted(table, "json"))

    assert written["note"] == "one voice"
    assert len(written["timeline"]) == len(table)
    assert written["timeline"][4] == {
        "start": 4.75, "end": 5.0, "emotion": "wütend", "reason": "", "probabilities": {"wütend": 0.9, "sad": 0.1}
    }  # fmt: skip


def test_labels_of_audacity_are_three_columns_with_tabs_and_no_pauses(table: pd.DataFrame) -> None:
    assert formatted(table, "audacity") == (
        "0.000000\t1.000000\tsad\n4.250000\t4.750000\tunknown\n4.750000\t5.000000\twütend\n"
    )


@pytest.mark.parametrize("which", ["by hand", "of speech"])
def test_praat_reads_one_tier_without_gaps(
    table: pd.DataFrame, long_table: pd.DataFrame, which: str, tmp_path: Path
) -> None:
    table = table if which == "by hand" else long_table
    path = tmp_path / "a.TextGrid"
    path.write_text(formatted(table, "textgrid"), encoding="utf-8")

    read = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="error")

    assert read.tierNames == ("emotion",)
    intervals = read.getTier("emotion").entries
    assert (read.minTimestamp, read.maxTimestamp) == (0, pytest.approx(table["end"].iloc[-1]))
    assert intervals[0].start == 0
    assert intervals[-1].end == pytest.approx(table["end"].iloc[-1], abs=1e-6)
    assert all(one.end == other.start for one, other in pairwise(intervals))
    joined = stretches(table)
    silent = joined["reason"].isin(["silence", "no speech"])
    assert [each.label for each in intervals] == joined["emotion"].mask(silent, "").tolist()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_timeline_of_nothing_is_a_file_too(kind: str, table: pd.DataFrame) -> None:
    assert isinstance(formatted(table[:0], kind), str)


def test_other_tables_and_formats_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="table: must be a timeline, with the columns start, end, emotion, reason"):
        stretches(table[["end", "start"]])
    with pytest.raises(ParameterError, match="format 'xlsx': must be one of csv, json, audacity, textgrid"):
        formatted(table, "xlsx")


def test_a_voice_unlike_those_of_the_training_is_a_warning(
    knowing: EmotionRecognizer, long_speech: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(knowing.voices), "is_unlike", lambda *_: True)

    assert knowing.timeline(long_speech, SR).attrs["warning"].startswith("this voice is unlike")


def test_how_a_recording_is_cut_into_blocks_changes_nothing(
    recognizer: EmotionRecognizer, long_speech: np.ndarray
) -> None:
    def pieces() -> Iterator[np.ndarray]:
        yield from (long_speech[first : first + 777] for first in range(0, len(long_speech), 777))

    one, other = (timeline.follow(recognizer._inference, each) for each in (iter([long_speech]), pieces()))
    pd.testing.assert_frame_equal(one, other)


def test_ten_minutes_take_no_more_memory_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech._Detector, "predict", lambda *_: np.full(1, 0.9, dtype=np.float32))
    loud = np.full(10 * SR, 0.1, dtype=np.float32)
    answer = np.array([0.9, 0.1]), False
    inference: Any = SimpleNamespace(
        sr=SR, emotions=("happy", "sad"), calibration=Calibration(), infer=np.mean, adapted=lambda _: answer
    )

    def peak(minutes: int) -> int:
        tracemalloc.start()
        table = timeline.follow(inference, (loud.copy() for _ in range(6 * minutes)))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(table) == 120 * minutes
        return found

    assert peak(10) - peak(1) < 2 * 2**20  # the sound of nine minutes would be 34 MB
