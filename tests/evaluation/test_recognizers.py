"""A recogniser from corpora: calibrated and measured on speakers left out, and honest about what it was trained on."""

import hashlib
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import emotion_lib
from benchmarks import pretrained
from emotion_lib import evaluation, extraction, models
from emotion_lib.emotions import EMOTIONS
from emotion_lib.errors import ParameterError, TrainingWarning
from emotion_lib.evaluation import model_card
from emotion_lib.evaluation.adapted import voices_of
from emotion_lib.evaluation.recipes import RECIPES, Options
from emotion_lib.evaluation.recognizers import TrainedRecognizer, train_recognizer
from emotion_lib.evaluation.reliability import calibrate, reliability
from emotion_lib.extraction import Features, LeftOut
from emotion_lib.features import FeatureSettings, voice_statistics
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.recognizer.description import describe_recognizer
from emotion_lib.training import Schedule
from emotion_lib.training.frame_voices import learn_voices
from tests.evaluation.test_reliability import never_right

CHOSEN = ("angry", "happy", "sad")
WORDS = ("bridge", "cloud", "lamp")
BROKEN = "A_lamp_sad"
SETTINGS = FeatureSettings(sr=16_000, n_fft=640, hop_length=320, n_mels=16, n_mfcc=16, top_db=None)


def made_up_features(
    table: pd.DataFrame, feature: str, *, settings: FeatureSettings, progress: bool | None = None
) -> Features:
    """Return spectra that are louder for each emotion in bands of its own; one recording is broken."""
    used = table[table["id"] != BROKEN].reset_index(drop=True)
    acted = used["emotion"].map([*EMOTIONS, "froh", "müde"].index).to_numpy() % 8
    X = np.random.default_rng(0).normal(-60, 5, (len(used), 16, 16)).astype(np.float32)
    X[np.arange(len(used)), :, 2 * acted] += 30
    left_out = tuple(LeftOut(BROKEN, Path(BROKEN), "no samples") for _ in range(len(table) - len(used)))
    if feature == "encoder_statistics":
        vectors = np.tile(X.mean(axis=1), 3072 // 16)
        return Features(vectors, np.ones(len(used), dtype=np.int32), used, feature, settings, left_out)
    return Features(X, np.full(len(used), 16, dtype=np.int32), used, feature, settings, left_out)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A corpus table of two speakers, four emotions and three words, with files that are no recordings."""
    folder = tmp_path_factory.mktemp("recordings")
    cells = product("AB", WORDS, (*CHOSEN, "calm"))
    table = pd.DataFrame(cells, columns=["speaker", "text", "emotion"]).assign(corpus="folder")
    table["id"] = table["speaker"] + "_" + table["text"] + "_" + table["emotion"]
    table["path"] = table["id"].map(lambda id_: folder / f"{id_}.wav")
    for path in table["path"]:
        path.write_bytes(path.name.encode())
    return table


@pytest.fixture(scope="module", autouse=True)
def patched() -> Iterator[pytest.MonkeyPatch]:
    """Make features up, and networks so small that they are trained in a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extraction, "extract", made_up_features)
        patched.setattr(models, "frame_cnn", partial(models.frame_cnn, channels=(2, 2, 2, 2)))
        yield patched


@pytest.fixture(scope="module")
def speakers() -> list[str]:
    """Whom the networks of `built` were trained on, in their order."""
    return []


@pytest.fixture(scope="module")
def built(table: pd.DataFrame, patched: pytest.MonkeyPatch, speakers: list[str]) -> TrainedRecognizer:
    """A recogniser that was built on the corpus, by the recipe for any voice with sixteen bands."""
    constants = {"epochs": 1, "schedule": Schedule(per_corpus=12, n_frames=16, cosine_decay=True)}
    recipe = replace(RECIPES["frame_cnn"], settings=SETTINGS, constants=constants)

    def fit(train: Features, seed: int, options: Options) -> Any:
        speakers.append("".join(sorted(set(train.table["speaker"]))))
        return recipe.fit(train, seed, options)

    patched.setitem(RECIPES, "frame_cnn", replace(recipe, train=fit, constants={}))
    return train_recognizer(table, "frame_cnn", emotions=CHOSEN, about={"licence": "none", "seed": "three"})


def test_each_speaker_is_left_out_once_and_the_network_that_is_kept_heard_all(
    built: TrainedRecognizer, speakers: list[str]
) -> None:
    assert speakers == ["B", "A", "AB"]
    assert built.held_out.predictions.groupby("fold")["speaker"].agg(set).to_dict() == {"1": {"A"}, "2": {"B"}}
    assert built.held_out.predictions["id"].is_unique


def test_the_recogniser_takes_what_the_recipe_says_and_tells_the_chosen_emotions_apart(
    built: TrainedRecognizer,
) -> None:
    recognizer = built.recognizer
    assert (recognizer.emotions, recognizer.feature, recognizer.settings) == (CHOSEN, "log_mel", SETTINGS)
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000)
    assert recognizer.predict_proba(noise, sr=16_000).sum() == pytest.approx(1)


def test_it_says_of_itself_what_its_like_were_worth_for_speakers_left_out(built: TrainedRecognizer) -> None:
    figures = evaluation.result_rows(built.held_out).set_index("metric").loc["uar"]
    sure = reliability(built.held_out.predictions).iloc[0]
    (worth,) = built.recognizer.about["worth"]
    assert (worth["protocol"], worth["corpus"]) == ("leave_speaker_out", "folder")
    for name in ("value", "low", "high"):
        assert worth[name] == pytest.approx(figures[name], abs=1e-4)
    for name in ("coverage", "expected_calibration_error"):
        assert worth[name] == pytest.approx(sure[name], abs=1e-4)
    assert worth["interval_over"] == "words"


def test_it_says_how_it_was_made_and_whatever_else_it_is_told_to(built: TrainedRecognizer) -> None:
    about = built.recognizer.about
    assert (about["model"], about["precision"]) == ("frame_cnn", 0.75)
    assert about["corpora"] == {"folder": {"utterances": 17, "speakers": 2}}
    assert set(about["made_with"]) == {"emotion_lib", "keras", "tensorflow", "numpy"}
    assert (about["licence"], about["seed"]) == ("none", "three")


def test_the_utterances_it_was_trained_on_are_listed_and_no_other(
    built: TrainedRecognizer, table: pd.DataFrame
) -> None:
    used = table[table["emotion"].isin(CHOSEN) & (table["id"] != BROKEN)]
    assert built.recognizer.trained_on.ids == tuple("folder/" + used["id"])
    assert built.recognizer.trained_on.digests == tuple(
        hashlib.sha256(path.name.encode()).digest()[:8] for path in used["path"]
    )


def test_it_knows_the_voices_that_it_was_trained_on(built: TrainedRecognizer, table: pd.DataFrame) -> None:
    used = table[table["emotion"].isin(CHOSEN)].reset_index(drop=True)
    features = made_up_features(used, "log_mel", settings=SETTINGS)
    statistics = voice_statistics(features.X, features.lengths)
    learnt = learn_voices(
        statistics, features.table["speaker"], features.table["emotion"], corpus=features.table["corpus"]
    ).arrays()

    assert built.recognizer.voices is not None
    for name, array in built.recognizer.voices.arrays().items():
        np.testing.assert_array_equal(array, learnt[name])


def test_where_an_utterance_is_one_vector_nothing_is_known_of_voices(table: pd.DataFrame) -> None:
    vectors = Features(np.zeros((len(table), 40), np.float32), np.ones(len(table), int), table, "mean_mfcc", SETTINGS)

    assert voices_of(vectors) is None


def test_its_calibration_is_that_of_the_predictions_of_speakers_left_out(built: TrainedRecognizer) -> None:
    assert built.recognizer.calibration == calibrate(built.held_out.predictions)


# Several corpora


@pytest.fixture(scope="module")
def several(table: pd.DataFrame) -> pd.DataFrame:
    """Three corpora with the same speakers, words and emotions."""
    return pd.concat([table.assign(corpus=name) for name in ("one", "two", "three")], ignore_index=True)


@pytest.fixture(scope="module")
def encoded(several: pd.DataFrame) -> TrainedRecognizer:
    """A recogniser with the speech encoder, trained on three corpora and scored on two."""
    return train_recognizer(several, emotions=CHOSEN, train_only=["three"])


def test_with_several_corpora_it_is_calibrated_on_those_left_out(encoded: TrainedRecognizer) -> None:
    assert encoded.other_corpora is not None
    assert encoded.recognizer.calibration == calibrate(encoded.other_corpora.predictions)
    folds = encoded.other_corpora.predictions.groupby("fold")["corpus"].unique()
    assert {fold: list(names) for fold, names in folds.items()} == {"one": ["one"], "two": ["two"]}


def test_a_corpus_to_train_on_only_is_in_the_training_and_in_no_score(encoded: TrainedRecognizer) -> None:
    about = encoded.recognizer.about
    assert list(about["corpora"]) == ["one", "three", "two"]
    assert len(encoded.recognizer.trained_on) == 3 * 17
    assert [(each["protocol"], each["corpus"]) for each in about["worth"]] == [
        ("leave_corpus_out", "one"),
        ("leave_corpus_out", "two"),
        ("leave_speaker_out", "one"),
        ("leave_speaker_out", "two"),
    ]


def test_left_out_speakers_are_scored_with_the_calibration_of_the_recogniser(encoded: TrainedRecognizer) -> None:
    expected = model_card.scores(encoded.held_out, calibration=encoded.recognizer.calibration)
    assert encoded.recognizer.about["worth"][2:] == expected


def test_a_corpus_that_alone_has_an_emotion_is_not_left_out(several: pd.DataFrame) -> None:
    built = train_recognizer(several.query("emotion != 'sad' or corpus == 'three'"), emotions=CHOSEN)
    assert built.other_corpora is not None
    assert set(built.other_corpora.predictions["corpus"]) == {"one", "two"}
    assert built.other_corpora.predictions[list(CHOSEN)].notna().all(axis=None)


def test_where_no_two_corpora_can_be_left_out_it_is_calibrated_on_speakers(several: pd.DataFrame) -> None:
    two = several.query("corpus == 'one' or corpus == 'two' and emotion != 'sad'")
    for rows in (two, several.query("corpus == 'one'")):
        built = train_recognizer(rows, emotions=CHOSEN)
        assert built.other_corpora is None
        assert built.recognizer.calibration == calibrate(built.held_out.predictions)


def test_a_corpus_to_train_on_only_must_be_there(several: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=r"train_only='four': must be one of one\+three\+two"):
        train_recognizer(several, emotions=CHOSEN, train_only=["four"])


def test_among_the_emotions_of_a_corpus_the_most_probable_is_predicted() -> None:
    predictions = pd.DataFrame(
        {
            "corpus": ["a", "b", "a"],
            "emotion": ["angry", "happy", "sad"],
            "angry": [0.3, 0.5, 0.1],
            "happy": [0.6, 0.3, 0.7],
            "sad": [0.1, 0.2, 0.2],
        }
    )
    # Corpus b has a single emotion, with which every answer would be right, so it gets the most probable of all.
    assert model_card.among_own_emotions(predictions)["predicted"].tolist() == ["angry", "angry", "sad"]


def test_scores_are_among_the_emotions_of_the_corpus_with_one_calibration(built: TrainedRecognizer) -> None:
    without_sad = built.held_out.predictions.query("emotion != 'sad'").assign(predicted="sad")
    held_out = replace(built.held_out, predictions=without_sad)
    (found,) = model_card.scores(held_out, calibration=Calibration(threshold=0.0))
    own = without_sad[["angry", "happy"]].idxmax(axis=1)
    recalls = [(own == emotion)[without_sad["emotion"] == emotion].mean() for emotion in ("angry", "happy")]
    assert found["value"] == pytest.approx(np.mean(recalls), abs=1e-4)
    assert found["coverage"] == 1


def test_a_figure_that_there_is_not_is_null_in_json(built: TrainedRecognizer, table: pd.DataFrame) -> None:
    single_word = never_right().assign(corpus="folder", text="lamp", predicted="sad", seed=0)
    held_out = replace(built.held_out, predictions=single_word)
    story = model_card.describe(table[table["emotion"].isin(CHOSEN)], held_out, None, built.recognizer.calibration)
    (worth,) = json.loads(json.dumps(story, allow_nan=False))["worth"]
    assert [worth[name] for name in ("low", "high", "interval_over", "precision")] == [None] * 4
    told = EmotionRecognizer(built.recognizer.head, emotions=CHOSEN, feature="log_mel", settings=SETTINGS, about=story)
    (shown,) = pretrained.card(told).to_dict("records")
    assert list(shown.values())[:3] == [f"{100 * worth['value']:.1f}", "0.0", "-"]


@pytest.mark.parametrize(
    ("rows", "model", "sentence"),
    [
        ("speaker == speaker", "svm", "model='svm': must be one of mean_mfcc_lstm, mean_mfcc_lstm_normalised, frame"),
        ("emotion != 'sad'", "frame_cnn", "emotion 'sad': no utterance in folder; leave it out"),
        ("speaker == 'A'", "frame_cnn", "emotion 'angry': 3 recordings; at least 5 are needed to learn it"),
    ],
)
@pytest.mark.filterwarnings("ignore::emotion_lib.errors.TrainingWarning")
def test_what_no_recogniser_can_be_made_of_says_why(rows: str, model: str, sentence: str, table: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match=sentence):
        train_recognizer(table.query(rows), model, emotions=CHOSEN)


def test_a_label_of_one_speaker_cannot_be_scored_on_another() -> None:
    of_one = mine(speakers=["A"] * 12 + ["B"] * 6, labels=["froh", "müde"] * 6 + ["froh"] * 6)
    with pytest.raises(
        ParameterError, match="emotion 'müde': all its speakers are left out together, in fold 1; leave"
    ):
        train_recognizer(of_one, emotions=("froh", "müde"))


# Labels of one's own


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """24 files that are no recordings."""
    paths = [tmp_path / f"{number}.wav" for number in range(24)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


LABELS = ["froh", "müde", "sad"] * 8
SPEAKERS = ["A"] * 12 + ["B"] * 12


def mine(*, speakers: Sequence[str], labels: Sequence[str]) -> pd.DataFrame:
    """Return a corpus table of utterances that have no recordings."""
    ids = [f"u{number}" for number in range(len(labels))]
    return pd.DataFrame({"id": ids, "speaker": speakers, "emotion": labels, "corpus": "own", "text": "", "path": ids})


def test_a_recogniser_of_ones_own_labels_is_scored_on_speakers_left_out(files: list[Path], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = emotion_lib.train(files, LABELS, SPEAKERS, about={"licence": "mine"})
    read = EmotionRecognizer.load(made.save(tmp_path / "my.emotion"))

    assert read.emotions == ("sad", "froh", "müde")
    assert read.about["corpora"] == {"own": {"utterances": 24, "speakers": 2}}
    assert [(each["protocol"], each["corpus"]) for each in read.about["worth"]] == [("leave_speaker_out", "own")]
    assert (read.about["licence"], "base" in read.about) == ("mine", False)
    assert read.trained_on.ids[0] == "own/0.wav"
    assert tuple(read.predict(np.zeros(16000), sr=16000).probabilities) == read.emotions


@pytest.mark.parametrize(
    ("speakers", "why", "n_known"),
    [
        (None, "the speakers of 24 of 24 recordings are not known", 0),
        ([None, "B", *SPEAKERS[2:]], "the speakers of 1 of 24 recordings are not known", 2),
        (["A"] * 24, r"all recordings are of one speaker \(A\)", 1),
    ],
)
def test_where_no_speaker_can_be_left_out_utterances_are_and_a_warning_says_so(
    speakers: list[str | None] | None, why: str, n_known: int, files: list[Path]
) -> None:
    with pytest.warns(TrainingWarning, match=f"{why}, so the scores, temperature and threshold"):
        made = emotion_lib.train(files, LABELS, speakers)
    (worth,) = made.about["worth"]

    assert (worth["protocol"], worth["low"]) == ("by_utterance", None)
    assert made.about["corpora"]["own"]["speakers"] == n_known
    assert (made.voices is None) == (n_known < 2)
    described = describe_recognizer(made)
    assert "Performance on recordings, not voices, left out of the training" in described
    assert "95 % interval" not in described


def test_several_corpora_without_speakers_are_scored_by_leaving_each_out(several: pd.DataFrame) -> None:
    with pytest.warns(TrainingWarning, match="the speakers of 54 of 54 recordings are not known"):
        built = train_recognizer(several.assign(speaker=""), emotions=CHOSEN)
    assert built.other_corpora is not None
    assert {each["protocol"] for each in built.recognizer.about["worth"]} == {"leave_corpus_out", "by_utterance"}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["froh"] * 24, "only one label, froh; at least two are needed"),
        (["froh"] * 22 + ["müde"] * 2, "emotion 'müde': 2 recordings; at least 5 are needed to learn it"),
        (["froh"] * 23 + ["unknown"], "label 'unknown': is the recogniser's"),
        (["froh"] * 23 + ["<b>"], "label '<b>': must be plain words"),
        (["froh"] * 23, "24 recordings, 23 labels and 24 speakers: give one of each"),
    ],
)
def test_labels_that_cannot_be_learnt_are_a_sentence(labels: list[str], message: str, files: list[Path]) -> None:
    with pytest.raises(ParameterError, match=message):
        emotion_lib.train(files, labels, SPEAKERS)


def test_recordings_are_files_and_each_is_given_once(files: list[Path]) -> None:
    files[1].write_bytes(files[0].read_bytes())
    with pytest.raises(ParameterError, match=r"1\.wav: occurs twice, or has a copy of another name"):
        emotion_lib.train(files, LABELS, SPEAKERS)
    with pytest.raises(ParameterError, match="recordings: the list is empty"):
        emotion_lib.train([], [])
    with pytest.raises(ParameterError, match="recordings: must be a list; give at least five"):
        emotion_lib.train(files[0], ["sad"])  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="sr=None: a waveform needs its sampling rate"):
        emotion_lib.train([np.ones(9)], ["sad"])


def test_recordings_may_be_what_predict_takes(files: list[Path]) -> None:
    waves = [np.random.default_rng(number).normal(size=800) / 10 for number in range(24)]
    made = emotion_lib.train(waves, LABELS, SPEAKERS, sr=8000)
    assert made.trained_on.ids[:2] == ("own/recording-1.wav", "own/recording-2.wav")
    mixed = [path.read_bytes() if number % 2 else path for number, path in enumerate(files)]
    ids = emotion_lib.train(mixed, LABELS, SPEAKERS).trained_on.ids
    assert {"own/0.wav", "own/recording-2.wav"} < set(ids)


def test_it_needs_only_what_the_base_installation_has() -> None:
    blocked = "sys.modules |= dict.fromkeys(('sklearn', 'tensorflow', 'keras', 'librosa', 'matplotlib', 'onnx'))"
    code = f"""
import sys, warnings
{blocked}
import emotion_lib
demo = emotion_lib.corpora.load("demo")
print(emotion_lib.train(demo["path"], demo["emotion"], demo["speaker"], base="default").emotions)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("('angry'"), done.stderr
