"""A recogniser is scored on what it never heard, and whatever is left out is counted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.emotions import in_order
from emotion_lib.errors import CorpusError, ParameterError
from emotion_lib.evaluation import metrics, model_card
from emotion_lib.evaluation.scores import Figure, score, trained_on
from emotion_lib.recognizer import EmotionRecognizer, Utterances
from tests.cli.conftest import toy
from tests.conftest import WriteWav


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The demo corpus."""
    return corpora.load("demo")


def test_the_figures_are_those_of_the_answers(table: pd.DataFrame) -> None:
    recognizer = toy()
    found = score(recognizer, table)
    answers = recognizer.predict(list(table["path"]))
    likeliest = [answer.most_probable[0] for answer in answers]
    given = [(e, a.emotion) for e, a in zip(table["emotion"], answers, strict=True) if a.emotion != "unknown"]

    assert found.predictions["answer"].tolist() == [answer.emotion for answer in answers]
    assert found.predictions["predicted"].tolist() == likeliest
    np.testing.assert_allclose(
        found.predictions[list(recognizer.emotions)], [list(answer.probabilities.values()) for answer in answers]
    )
    assert found.uar.value == metrics.uar(table["emotion"], likeliest)
    assert found.accuracy.value == metrics.accuracy(table["emotion"], likeliest)
    assert (found.uar.low, found.uar.high) == metrics.interval(table["emotion"], likeliest, groups=table["text"])
    assert found.coverage == len(given) / len(table)
    assert found.precision == np.mean([emotion == answer for emotion, answer in given])
    assert found.unknown == {"unsure": len(table) - len(given)}


def test_words_of_ones_own_are_scored_and_counted(table: pd.DataFrame) -> None:
    known = toy()
    words = ("froh", "hellwach", *known.emotions[2:-1], "müde")
    own = EmotionRecognizer(known.head, emotions=in_order(words), feature=known.feature, settings=known.settings)
    found = score(own, table.assign(emotion=table["emotion"].replace({"angry": "froh", "sad": "wild"})))

    assert set(own.emotions) <= set(found.predictions)
    assert set(found.predictions["answer"]) <= {*own.emotions, "unknown"}
    assert found.foreign["wild"] == 24


def test_one_word_of_few_speakers_has_no_interval(table: pd.DataFrame) -> None:
    found = score(toy(), table[table["text"] == "back"])

    assert found.uar == Figure(found.uar.value)
    assert str(Figure(0.5)) == "50.0 %"
    assert str(Figure(0.5, 0.25, 0.75, "words")) == "50.0 % [25.0, 75.0] over words"


def test_what_it_was_trained_on_is_refused_by_name_or_by_content(table: pd.DataFrame) -> None:
    known = model_card.list_utterances(table[:3])
    by_name = Utterances(known.ids, (bytes(8),) * 3)
    by_content = Utterances(("a/1", "a/2", "a/3"), known.digests)
    for utterances in (by_name, by_content):
        recognizer = toy(trained_on=utterances)

        assert trained_on(recognizer, table).tolist() == [True] * 3 + [False] * 165
        with pytest.raises(
            ParameterError, match="demo: the recogniser was trained on 3 of these 168 utterances; leave"
        ):
            score(recognizer, table)
        assert score(recognizer, table[3:]).n_trained_on == 0


def test_what_it_was_trained_on_is_scored_when_one_asks_and_said(table: pd.DataFrame) -> None:
    found = score(toy(trained_on=model_card.list_utterances(table[:3])), table, include_trained=True)

    assert (len(found.predictions), found.n_trained_on) == (168, 3)
    assert "It was trained on 3 of them" in str(found)


def test_emotions_that_it_does_not_tell_apart_are_left_out_and_counted(table: pd.DataFrame) -> None:
    found = score(toy(n_emotions=5), table)

    assert set(found.predictions["emotion"]) == {"angry", "disgust", "fear", "happy", "neutral"}
    assert found.foreign == {"sad": 24, "surprise": 24}
    assert "Left out, since the recogniser does not know these emotions: 24 sad, 24 surprise." in str(found)


def test_recordings_that_cannot_be_heard_are_left_out_and_named(tess_folder: Path) -> None:
    next(tess_folder.rglob("YAF_cloud_sad.wav")).write_text("not audio")
    table = corpora.load(tess_folder)
    recognizer = toy(trained_on=model_card.list_utterances(table))
    found = score(recognizer, table, include_trained=True)

    assert len(found.predictions) == found.n_trained_on == 41
    assert [each.id for each in found.broken] == ["YAF_sad/YAF_cloud_sad.wav"]
    assert "Cannot be used (1):\n  YAF_cloud_sad.wav: not audio" in str(found)


def test_where_nothing_can_be_heard_there_is_no_score(tess_folder: Path) -> None:
    for path in tess_folder.rglob("*.wav"):
        path.write_text(path.name)

    with pytest.raises(CorpusError, match="none of the 42 recordings can be used; the first: "):
        score(toy(), corpora.load(tess_folder))


def test_in_silence_no_emotion_counts_as_heard(table: pd.DataFrame, write_wav: WriteWav) -> None:
    found = score(toy(), table.assign(path=str(write_wav(y=np.zeros(800), sr=16000))))

    assert set(found.predictions["predicted"]) == {"unknown"}
    assert found.accuracy.value == found.coverage == 0
    assert found.precision is None
    assert found.unknown == {"silence": 168}
    assert "Answers: 0 (0.0 %); unknown: 168 silence." in str(found)


def test_several_corpora_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="table: 2 corpora; score one at a time"):
        score(toy(), pd.concat([table, table.assign(corpus="other")]))


def test_a_table_without_its_emotions_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"no utterance of angry \(anger, .* table are sad"):
        score(toy(n_emotions=2), table[table["emotion"] == "sad"])


def test_the_case_of_a_label_makes_no_difference(table: pd.DataFrame) -> None:
    assert score(toy(), table.assign(emotion=table["emotion"].str.upper())).uar == score(toy(), table).uar


def test_a_report_says_that_synthetic_speech_gives_no_result(table: pd.DataFrame) -> None:
    assert str(score(toy(), table)).endswith("It is synthetic speech: nothing measured on it is a result.")


def test_only_the_emotions_of_the_corpus_are_told_apart_and_of_one_emotion_all(table: pd.DataFrame) -> None:
    two, recognizer = table[table["emotion"].isin(["angry", "sad"])], toy()
    found = score(recognizer, two)
    own = recognizer.predict_proba(list(two["path"]))[:, [recognizer.emotions.index(name) for name in ("angry", "sad")]]

    assert found.predictions["predicted"].tolist() == [("angry", "sad")[place] for place in own.argmax(axis=1)]
    assert "The most probable of the 2 emotions of the corpus: UAR" in str(found)
    one = two[two["emotion"] == "sad"]
    assert score(recognizer, one).uar.value == 0
    assert "The most probable emotion (the corpus has only one): UAR" in str(score(recognizer, one))
