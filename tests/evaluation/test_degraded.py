"""A recogniser is scored under conditions, and each condition is compared with the clean recordings."""

import numpy as np
import pandas as pd
import pytest

from emotion_lib import audio, corpora
from emotion_lib.errors import CorpusError
from emotion_lib.evaluation import degraded, metrics, model_card
from emotion_lib.evaluation.conditions import CONDITIONS
from tests.cli.conftest import toy
from tests.conftest import WriteWav


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A few utterances of both voices of the demo corpus."""
    demo = corpora.load("demo")
    return demo[demo["text"].isin(sorted(set(demo["text"]))[:2])].reset_index(drop=True)


@pytest.fixture(scope="module")
def predictions(table: pd.DataFrame) -> pd.DataFrame:
    return degraded.predict_degraded(toy(), table)[0]


def made(speaker: str, condition: str = "clean", *, right: int, corpus: str = "a", **columns: object) -> pd.DataFrame:
    """Return predictions for ten happy and ten sad utterances of a speaker, of each `right` are right."""
    emotion = np.repeat(["happy", "sad"], 10)
    answer = np.where(np.arange(20) % 10 < right, emotion, np.repeat(["sad", "happy"], 10))
    rows: dict[str, object] = {
        "condition": condition,
        "corpus": corpus,
        "id": [f"{speaker}{number}" for number in range(20)],
    }
    rows |= {"speaker": speaker, "text": "word", "emotion": emotion, "answer": answer, "reason": "", "pitch": 100.0}
    rows |= {"angry": 0.0, "happy": (answer == "happy") * 0.9, "sad": (answer == "sad") * 0.9}
    return pd.DataFrame({**rows, **columns})


def only(rows: pd.DataFrame, condition: str, group: str = "all") -> pd.Series:
    (found,) = (row for _, row in rows[(rows["condition"] == condition) & (rows["group"] == group)].iterrows())
    return found


def test_clean_predictions_are_those_of_predict(table: pd.DataFrame, predictions: pd.DataFrame) -> None:
    recognizer = toy()
    clean = predictions[predictions["condition"] == "clean"]

    assert clean["id"].tolist() == table["id"].tolist()
    expected = recognizer.predict_proba(list(table["path"]))
    np.testing.assert_allclose(clean[list(recognizer.emotions)], expected)


def test_a_degraded_waveform_is_predicted_as_predict_does(table: pd.DataFrame, predictions: pd.DataFrame) -> None:
    recognizer = toy()
    row = predictions[predictions["condition"] == "gain of -20 dB"].iloc[3]
    y, sr = audio.read(table["path"][3], sr=16000)
    expected = recognizer.predict_proba(np.float32(0.1) * y, sr)
    np.testing.assert_allclose(row[list(recognizer.emotions)].astype(float), expected, atol=1e-6)


def test_other_columns_of_a_corpus_do_not_get_in_the_way(table: pd.DataFrame) -> None:
    found = degraded.predict_degraded(toy(), table[:1].assign(condition="old", pitch="high", sex="f"))[0]

    assert found["condition"].tolist() == [name for name in CONDITIONS if name in set(found["condition"])]
    assert found["pitch"].between(65, 700).all()
    assert set(found["sex"]) == {"f"}


def test_only_recordings_that_are_long_enough_are_cut(table: pd.DataFrame, predictions: pd.DataFrame) -> None:
    seconds = np.array([audio.duration(path) for path in table["path"]])
    counts = predictions["condition"].value_counts()

    assert counts.get("middle 1 s", 0) == (seconds > 1).sum()
    assert counts["telephone"] == counts["clean"] == len(table)
    assert set(counts.index) <= set(CONDITIONS)


def test_the_random_numbers_of_an_utterance_do_not_depend_on_the_order_of_the_table(
    table: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    other = degraded.predict_degraded(toy(), table[::-1])[0]
    keys = ["condition", "id"]
    pd.testing.assert_frame_equal(
        predictions.sort_values(keys, ignore_index=True), other.sort_values(keys, ignore_index=True)
    )


def test_the_babble_of_an_utterance_has_other_voices_only(table: pd.DataFrame) -> None:
    rows = degraded._records(table)
    speaker = dict(zip(table["path"], table["speaker"], strict=True))
    for row, paths in zip(rows, degraded._babblers(rows, table), strict=True):
        assert len(set(paths)) == degraded.BABBLING
        assert row["speaker"] not in {speaker[path] for path in paths}


def test_a_corpus_of_one_voice_has_no_babble(table: pd.DataFrame) -> None:
    found = degraded.predict_degraded(toy(), table[table["speaker"] == "DEA"][:2])[0]
    assert not found["condition"].str.startswith("babble").any()
    assert len(found[found["condition"] == "white noise, 0 dB"]) == 2


def test_the_difference_to_clean_is_paired() -> None:
    speakers = {f"s{number}": number % 9 + 1 for number in range(10)}
    clean = [made(speaker, right=right) for speaker, right in speakers.items()]
    worse = [made(speaker, "telephone", right=right - 1) for speaker, right in speakers.items()]
    rows = degraded.compare(pd.concat([*clean, *worse]))
    found = only(rows, "telephone")

    assert found["interval_over"] == "speakers"
    assert found[["difference", "difference_low", "difference_high"]].astype(float).tolist() == pytest.approx(
        [-0.1] * 3
    )
    assert found["high"] - found["low"] > 0.1  # the speakers differ, but each of them loses the same
    assert np.isnan(only(rows, "clean")["difference"])


def test_a_condition_for_some_utterances_is_compared_with_these_clean() -> None:
    clean = [made("a", right=10), made("b", right=5)]
    rows = degraded.compare(pd.concat([*clean, made("a", "middle 1 s", right=8)]))

    assert only(rows, "clean")["uar"] == pytest.approx(0.75)
    assert only(rows, "middle 1 s")["difference"] == pytest.approx(-0.2)


def test_the_figures_are_those_of_the_other_scores(predictions: pd.DataFrame) -> None:
    clean = predictions[predictions["condition"] == "clean"].reset_index(drop=True)
    own = model_card.among_own_emotions(clean)
    found = only(degraded.compare(predictions), "clean")
    answered = clean["answer"] != "unknown"

    assert found["uar"] == metrics.uar(own["emotion"], own["predicted"])
    assert (found["low"], found["high"]) == metrics.interval(own["emotion"], own["predicted"], groups=own["text"])
    assert found["interval_over"] == "words"
    assert found["answered"] == answered.mean()
    assert found["right"] == (clean["answer"] == clean["emotion"])[answered].mean()


def test_a_recording_without_speech_is_not_answered_and_wrong() -> None:
    rows = made("a", right=10).assign(reason="no speech", answer="unknown")
    found = only(degraded.compare(rows), "clean")

    assert found["uar"] == found["answered"] == 0
    assert np.isnan(found["right"])


def test_several_corpora_count_the_same() -> None:
    rows = degraded.compare(pd.concat([made("a", right=10), made("b", right=10), made("c", right=4, corpus="b")]))
    assert only(rows, "clean")["uar"] == pytest.approx(0.7)


def test_groups_are_women_and_men_languages_and_low_and_high_voices() -> None:
    parts = [made(f"w{number}", right=10, sex="Female", language="German", pitch=220.0) for number in range(8)] + [
        made(f"m{number}", right=6, sex="m", language="Polish", pitch=110.0) for number in range(8)
    ]
    rows = degraded.compare(pd.concat(parts))

    assert rows["group"].tolist() == [
        "all", "women", "men", "German", "Polish", "voice below 165 Hz", "voice above 165 Hz",
    ]  # fmt: skip
    women, low = only(rows, "clean", "women"), only(rows, "clean", "voice below 165 Hz")
    assert (women["uar"], women["difference"], women["difference_low"]) == pytest.approx((1, 0.4, 0.4))
    assert (low["uar"], low["difference"]) == pytest.approx((0.6, -0.4))


def test_a_group_of_another_corpus_is_not_compared() -> None:
    rows = degraded.compare(
        pd.concat([made("a", right=10, language="German"), made("b", right=4, corpus="b", language="Polish")])
    )
    assert np.isnan(only(rows, "clean", "German")["difference"])


def test_the_pitch_of_a_voice_is_that_of_its_neutral_utterances() -> None:
    high = made("a", right=10).assign(pitch=300.0)
    neutral = high[:5].assign(emotion="neutral", neutral=0.0, id=list("vwxyz"), pitch=120.0)
    rows = degraded.compare(pd.concat([high, neutral, made("b", right=10).assign(pitch=200.0)]))
    assert only(rows, "clean", "voice below 165 Hz")["n"] == 25


def test_recordings_that_cannot_be_used_are_left_out_and_named(table: pd.DataFrame, write_wav: WriteWav) -> None:
    path = write_wav("broken.wav")
    path.write_text("not audio")
    found, broken = degraded.predict_degraded(toy(), table[:2].assign(path=[str(path), table["path"][1]]))

    assert [each.id for each in broken] == [table["id"][0]]
    assert set(found["id"]) == {table["id"][1]}
    with pytest.raises(CorpusError, match="none of the 1 recordings can be used; the first: "):
        degraded.predict_degraded(toy(), table[:1].assign(path=str(path)))


def test_the_report_has_a_line_for_each_condition(table: pd.DataFrame) -> None:
    seen = model_card.list_utterances(table[:1])
    found = degraded.score_conditions(toy(trained_on=seen), table[:4], include_trained=True)
    lines = str(found).splitlines()

    assert lines[0].startswith("demo: 4 utterances of 1 speaker; UAR among the corpus' own emotions in percent")
    assert sum(line.startswith(tuple(CONDITIONS)) for line in lines) == len(found.rows)
    assert "It was trained on 1 of them: no figure holds for new recordings." in lines
    assert found.to_dict()["trained_on"] == 1
