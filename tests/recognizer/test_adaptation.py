"""Used to one voice: a recogniser like any other, which says what it is, and nothing that it is not."""

import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emotion_lib import corpora
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.evaluation import scores
from emotion_lib.features import FEATURES
from emotion_lib.recognizer import EmotionRecognizer, adaptation, heads
from emotion_lib.recognizer.description import describe_recognizer
from emotion_lib.recognizer.heads import Network
from tests.conftest import WriteWav
from tests.recognizer.conftest import SR, linear, of_frames


@pytest.fixture(scope="module")
def voice() -> pd.DataFrame:
    """Two recordings of each emotion by one speaker of the demo corpus."""
    demo = corpora.load("demo")
    return demo[demo["speaker"] == demo["speaker"].iloc[0]].groupby("emotion").head(2).reset_index(drop=True)


@pytest.fixture(scope="module")
def enrolled(knowing: EmotionRecognizer, voice: pd.DataFrame) -> EmotionRecognizer:
    """A recogniser that is used to this voice."""
    return knowing.enrol(list(voice["path"]), list(voice["emotion"]))


def test_the_emotions_of_a_voice_that_it_is_used_to_are_heard(
    knowing: EmotionRecognizer, enrolled: EmotionRecognizer, voice: pd.DataFrame
) -> None:
    demo = corpora.load("demo")
    others = demo[(demo["speaker"] == voice["speaker"].iloc[0]) & ~demo["id"].isin(voice["id"])]
    right = [
        np.mean([answer.most_probable[0] for answer in each.predict(list(others["path"]))] == others["emotion"])
        for each in (knowing, enrolled)
    ]

    assert right[1] > right[0] + 0.2


def test_an_answer_is_the_same_as_that_of_the_enrolment_by_hand(
    knowing: EmotionRecognizer, enrolled: EmotionRecognizer, speech: np.ndarray
) -> None:
    heard = knowing._inference.infer(speech)
    assert enrolled.enrolment is not None

    np.testing.assert_array_equal(
        enrolled.predict_proba(speech, sr=SR), enrolled.enrolment.apply(heard.probabilities, heard.statistics)[0]
    )
    assert enrolled.predict_proba(speech, sr=SR).sum() == pytest.approx(1)
    assert not np.allclose(enrolled.predict_proba(speech, sr=SR), knowing.predict_proba(speech, sr=SR))


def test_the_recognizer_that_was_asked_stays_as_it_was(knowing: EmotionRecognizer, enrolled: EmotionRecognizer) -> None:
    assert knowing.enrolment is None
    assert "enrolled" not in knowing.about
    assert enrolled.voices is not None


# Like any other.


@pytest.mark.parametrize("travel", ["a file", "pickle"])
def test_it_is_the_same_from_a_file_and_from_a_pickle(
    enrolled: EmotionRecognizer, speech_path: Path, tmp_path: Path, travel: str
) -> None:
    if travel == "a file":
        back = EmotionRecognizer.load(enrolled.save(tmp_path / "me.emotion"))
    else:
        back = pickle.loads(pickle.dumps(enrolled))

    assert back.predict(speech_path) == enrolled.predict(speech_path)
    assert (back.about, back.trained_on) == (enrolled.about, enrolled.trained_on)
    assert back.voices is not None


def test_segments_streams_and_long_recordings_are_of_the_voice(
    knowing: EmotionRecognizer, enrolled: EmotionRecognizer, speech: np.ndarray, long_speech: np.ndarray
) -> None:
    def probabilities(recognizer: EmotionRecognizer) -> Iterator[list[float]]:
        for segment in (*recognizer.segments(speech, sr=SR), *recognizer.stream([speech], SR)):
            if segment.reason in {"", "unsure"}:  # the first moment of a stream has too little speech
                yield list(segment.probabilities.values())
        yield list(recognizer.predict(long_speech, sr=SR).probabilities.values())

    before, after = np.array(list(probabilities(knowing))), np.array(list(probabilities(enrolled)))
    np.testing.assert_allclose(after.sum(axis=1), 1)
    assert (np.abs(after - before).max(axis=1) > 1e-3).all()


def test_calibration_and_threshold_stay(enrolled: EmotionRecognizer, knowing: EmotionRecognizer) -> None:
    assert enrolled.calibration == knowing.calibration
    stricter = enrolled.with_threshold(0.99)
    assert stricter.calibration.threshold == 0.99
    assert stricter.enrolment is not None


def test_what_it_is_worth_for_other_voices_is_no_longer_said(
    networks: Mapping[str, bytes], knowing: EmotionRecognizer, voice: pd.DataFrame
) -> None:
    about = {"model": "frame_cnn", "seed": 0, "worth": {"demo": {"value": 1.0}}, "precision": 0.75}
    made = of_frames(networks["frame_cnn"], about=about, voices=knowing.voices)
    used = made.enrol(list(voice["path"]), [*voice["emotion"][:-1], None])

    counts = dict.fromkeys(EMOTIONS, 2) | {"sad": 1, "unlabelled": 1}
    assert used.about == {"model": "frame_cnn", "seed": 0, "enrolled": counts}
    text = describe_recognizer(used)
    assert "Adapted to one voice, from 14 utterances: 2 angry, 2 disgust, " in text
    assert "1 sad, 2 surprise, 1 unlabelled\nPerformance: not measured; " in text
    assert "75 %" not in text


def test_a_second_enrolment_replaces_the_first(
    knowing: EmotionRecognizer, enrolled: EmotionRecognizer, voice: pd.DataFrame, speech_path: Path
) -> None:
    paths, emotions = list(voice["path"][:3]), list(voice["emotion"][:3])
    again, once = enrolled.enrol(paths, emotions), knowing.enrol(paths, emotions)

    assert again.predict(speech_path) == once.predict(speech_path)
    assert (again.about, again.trained_on) == (once.about, once.trained_on)


# Its utterances are no test.


def test_its_utterances_count_as_trained_on(
    knowing: EmotionRecognizer, enrolled: EmotionRecognizer, voice: pd.DataFrame
) -> None:
    demo = corpora.load("demo")
    heard = scores.trained_on(enrolled, demo) & ~scores.trained_on(knowing, demo)

    assert set(demo["id"][heard]) == set(voice["id"])
    with pytest.raises(ParameterError, match=f"the recogniser was trained on {heard.sum()} of these"):
        scores.score(enrolled, demo)


@pytest.mark.parametrize("form", [Path, Path.read_bytes, lambda path: io.BytesIO(path.read_bytes())])
def test_a_file_in_any_form_is_known_again(
    knowing: EmotionRecognizer, voice: pd.DataFrame, form: Callable[[Path], Any]
) -> None:
    path = Path(voice["path"][0])
    expected = knowing.enrol([str(path)], ["angry"])
    used = knowing.enrol([form(path)], ["angry"])

    assert used.trained_on == expected.trained_on
    assert used.predict(path) == expected.predict(path)


def test_waveforms_have_a_digest_of_their_numbers(knowing: EmotionRecognizer, speech: np.ndarray) -> None:
    used = knowing.enrol([speech, speech], sr=SR)

    ids, digests = used.trained_on.ids, used.trained_on.digests
    assert ids[-2:] == ("enrolled/1", "enrolled/2")
    assert digests[-1] == digests[-2] != bytes(8)


# Where it does not help.


def test_it_stays_as_it_was_and_says_why(
    knowing: EmotionRecognizer,
    enrolled: EmotionRecognizer,
    voice: pd.DataFrame,
    speech_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths, emotions = list(voice["path"]), list(voice["emotion"])
    monkeypatch.setattr(adaptation, "why_not_adapt", lambda *_, **__: "no")
    used = knowing.enrol(paths, emotions)

    assert used.predict(speech_path) == knowing.predict(speech_path)
    assert (used.enrolment, used.trained_on) == (None, knowing.trained_on)
    assert used.about == knowing.about | {"not_adapted": "no"}
    assert "Not adapted to a voice: no\n" in describe_recognizer(used)
    trial = knowing.enrol_and_predict(paths, emotions)
    assert (trial.recognizer.about, trial.is_test) == (used.about, True)
    monkeypatch.undo()
    assert used.enrol(paths, emotions).about == enrolled.about


# With less.


def test_without_emotions_all_utterances_are_unlabelled(knowing: EmotionRecognizer, voice: pd.DataFrame) -> None:
    for emotions in (None, [None] * len(voice)):
        assert knowing.enrol(list(voice["path"]), emotions).about["enrolled"] == {"unlabelled": 14}


def test_one_utterance_is_enough(knowing: EmotionRecognizer, speech_path: Path) -> None:
    for emotions in (["sad"], [None]):
        used = knowing.enrol([speech_path], emotions)
        assert used.predict_proba(speech_path).sum() == pytest.approx(1)


def test_columns_of_a_table_will_do(knowing: EmotionRecognizer, voice: pd.DataFrame) -> None:
    used = knowing.enrol(voice["path"], voice["emotion"])  # type: ignore[arg-type]

    assert sum(used.about["enrolled"].values()) == len(voice)


def test_windows_of_a_long_recording_are_utterances(knowing: EmotionRecognizer, long_speech: np.ndarray) -> None:
    n_windows = len(list(knowing.segments(long_speech, sr=SR)))
    used = knowing.enrol([long_speech], ["happy"], SR)

    assert used.about["enrolled"] == {"happy": n_windows}
    assert n_windows > 3
    assert len(used.trained_on) == len(knowing.trained_on) + 1


# What cannot be.


def test_recordings_that_cannot_be_used_are_named(
    knowing: EmotionRecognizer, speech_path: Path, write_wav: WriteWav, tmp_path: Path
) -> None:
    quiet = write_wav("quiet.wav", np.zeros(SR), SR)
    noise = write_wav("noise.wav", 0.1 * np.random.default_rng(0).normal(size=SR), SR)
    with pytest.raises(AudioError, match="4 of 5 recordings cannot be used; leave them out: ") as error:
        knowing.enrol([quiet, speech_path, str(noise), tmp_path / "none.wav", b""], ["sad"] * 5)

    named = (f"{quiet}: silence", f"{noise}: no speech", f"{tmp_path / 'none.wav'}: no such file", "recordings[4]: an ")
    assert [each for each in named if each not in str(error.value)] == []


def test_of_many_that_cannot_be_used_some_are_named(knowing: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match=r"7 of 7 recordings .* recordings\[4\]: silence \| and 2 more$"):
        knowing.enrol([np.zeros(SR)] * 7, sr=SR)


def test_a_long_recording_in_which_nobody_speaks_is_none(knowing: EmotionRecognizer) -> None:
    with pytest.raises(AudioError, match=r"recordings\[0\]: nobody speaks"):
        knowing.enrol([np.zeros(20 * SR)], sr=SR)


@pytest.mark.parametrize(
    ("recordings", "emotions", "sentence"),
    [
        ([], None, "recordings: .* at least one utterance"),
        ([], [], "recordings: .* at least one utterance"),
        ("a.wav", None, "recordings: must be a list; .* in a list"),
        (["a.wav"], "glad", "emotions.0.='glad': must be one of"),
        (["a.wav"], 3, "emotions=3: must be a list, with an emotion or None for each recording"),
        (["a.wav"], ["happy", "sad"], "2 emotions for 1 recordings: give one for each, or None"),
        (["a.wav"], ["calm"], r"emotions\[0\]='calm': must be one of angry, "),
        (["a.wav", "b.wav"], ["sad", np.nan], r"emotions\[1\]=nan: must be one of .* or None"),
        ([np.zeros(SR)], None, "sr=None: .* rate; give it"),
        ([5], None, "5: a number is not a recording"),
    ],
)
def test_what_is_no_voice_is_refused(knowing: EmotionRecognizer, recordings: Any, emotions: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        knowing.enrol(recordings, emotions)


def test_who_knows_no_training_voices_says_why_it_cannot(
    recognizer: EmotionRecognizer,
    vector_recognizer: Callable[[bytes], EmotionRecognizer],
    speech_path: Path,
) -> None:
    with pytest.raises(ParameterError, match=r"voices=None: .* train it again with"):
        recognizer.enrol([speech_path])
    with pytest.raises(ParameterError, match=r"feature='mean_mfcc': .* --model frame_cnn"):
        vector_recognizer(linear().SerializeToString()).enrol([speech_path])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often a session was opened, the network ran, and a feature was computed."""
    counts = {"sessions": 0, "runs": 0, "features": 0}

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            counts[name] += 1
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(heads, "_onnx_session", counting("sessions", heads._onnx_session))
    monkeypatch.setattr(Network, "probabilities", counting("runs", Network.probabilities))
    monkeypatch.setitem(FEATURES, "log_mel", counting("features", FEATURES["log_mel"]))
    return counts


def test_each_recording_is_predicted_by_a_recogniser_that_is_adapted_to_the_others(
    knowing: EmotionRecognizer, voice: pd.DataFrame, counted: dict[str, int]
) -> None:
    paths, emotions = list(voice["path"]), list(voice["emotion"])
    trial = knowing.enrol_and_predict(paths, emotions)

    assert trial.is_test
    assert counted == {"sessions": 0, "runs": len(paths), "features": len(paths)}
    for number in (0, 3):
        others = knowing.enrol([*paths[:number], *paths[number + 1 :]], [*emotions[:number], *emotions[number + 1 :]])
        assert trial.predictions[number] == others.predict(paths[number])
    assert trial.recognizer.predict(paths[0]) == knowing.enrol(paths, emotions).predict(paths[0])


def test_where_an_emotion_has_one_recording_its_prediction_is_no_test(
    knowing: EmotionRecognizer, voice: pd.DataFrame
) -> None:
    first = voice.groupby("emotion").head(1)
    trial = knowing.enrol_and_predict(list(first["path"]), list(first["emotion"]))

    assert not trial.is_test
    assert trial.predictions == trial.recognizer.predict(list(first["path"]))


def test_another_threshold_costs_no_run_of_the_network(knowing: EmotionRecognizer, counted: dict[str, int]) -> None:
    assert knowing.with_threshold(0.9).calibration.threshold == 0.9
    assert counted == {"sessions": 0, "runs": 0, "features": 0}
