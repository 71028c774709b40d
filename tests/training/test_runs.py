"""Training: repeatable to the last bit, resumable, undisturbed by who watches."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_lib import models, training
from emotion_lib.errors import ModelFileError, ParameterError
from emotion_lib.extraction import Features
from emotion_lib.features import FeatureSettings
from emotion_lib.recognizer import Utterances
from emotion_lib.recognizer.calibration import Calibration
from emotion_lib.training import Schedule, runs
from emotion_lib.training.schedules import augment, sample

EMOTIONS = ("angry", "happy", "sad")
SETTINGS = FeatureSettings(n_mels=40, n_mfcc=5)
UTTERANCE = Utterances(("a/b",), (bytes(8),))


def utterances(n: int = 24, *, n_frames: int = 12, seed: int = 0) -> Features:
    """Return frames of three emotions that differ in their level, utterances of different lengths."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(4, n_frames + 1, n).astype(np.int32)
    number = np.arange(n) % 3
    X = (rng.standard_normal((n, n_frames, 5)) + 3 * number[:, None, None]).astype(np.float32)
    X[np.arange(n_frames) >= lengths[:, None]] = 0
    table = pd.DataFrame({"id": [f"u{i}" for i in range(n)], "emotion": np.array(EMOTIONS)[number]})
    return Features(X, lengths, table, "mfcc", SETTINGS)


def averages(features: Features) -> Features:
    """Return one vector an utterance, as the original network takes."""
    X = features.X.sum(axis=1) / features.lengths[:, None]
    return Features(X, np.ones_like(features.lengths), features.table, "mean_mfcc", features.settings)


def small_frame_lstm() -> object:
    return models.frame_lstm(5, n_emotions=3, units=4, seed=1)


def fitted(**options: object) -> training.FittedNetwork:
    return training.fit(small_frame_lstm(), utterances(), **({"epochs": 3, "batch_size": 8, "seed": 1} | options))  # type: ignore[arg-type]


def same_weights(one: training.FittedNetwork, other: training.FittedNetwork) -> bool:
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def reference() -> training.FittedNetwork:
    return fitted()


def test_two_runs_give_identical_weights(reference: training.FittedNetwork) -> None:
    assert same_weights(reference, fitted())


def test_another_seed_gives_other_weights(reference: training.FittedNetwork) -> None:
    assert not same_weights(reference, fitted(seed=2))


KILLED_IN_THE_SECOND_EPOCH = """
import os, signal, sys
sys.path.insert(0, {folder!r})
from test_runs import fitted
from emotion_lib import training

epoch = training.runs._Run.epoch
def killed(self, number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return epoch(self, number)
training.runs._Run.epoch = killed
fitted(checkpoint={checkpoint!r})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
def test_a_run_that_was_killed_resumes_to_the_same_weights(reference: training.FittedNetwork, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.npz"
    code = KILLED_IN_THE_SECOND_EPOCH.format(folder=os.path.dirname(__file__), checkpoint=str(checkpoint))
    killed = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert checkpoint.exists()
    assert same_weights(reference, fitted(checkpoint=checkpoint))


def test_normalisation_is_fitted_on_real_frames_of_the_training_only(reference: training.FittedNetwork) -> None:
    features = utterances()
    real = features.X[np.arange(12) < features.lengths[:, None]]
    mean, variance = reference.model.get_layer(models.STANDARDISE).get_weights()
    np.testing.assert_allclose(mean, real.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, real.var(axis=0), rtol=1e-5)


def test_a_network_learns_what_is_easy() -> None:
    network = training.fit(models.frame_lstm(5, n_emotions=3, units=16), utterances(600), epochs=10, batch_size=16)
    assert (network.predict(utterances(seed=5)) == utterances(seed=5).emotion).mean() > 0.8


def test_a_fitted_network_gives_a_recogniser_that_gives_the_same_probabilities(
    reference: training.FittedNetwork,
) -> None:
    calibration = Calibration(temperature=2.0, threshold=0.5)
    recogniser = reference.recognizer(calibration=calibration, about={"seed": 1}, trained_on=UTTERANCE)
    features = utterances()
    np.testing.assert_allclose(
        recogniser.head.probabilities(features.X, features.lengths), reference.predict_proba(features), atol=1e-4
    )
    assert (recogniser.emotions, recogniser.feature, recogniser.settings) == (EMOTIONS, "mfcc", SETTINGS)
    assert (recogniser.calibration, recogniser.about) == (calibration, {"seed": 1})
    assert recogniser.trained_on == UTTERANCE


def test_features_made_otherwise_are_refused(reference: training.FittedNetwork) -> None:
    other = replace(utterances(), settings=replace(SETTINGS, n_mfcc=13))
    with pytest.raises(ParameterError, match=r"made with n_mfcc=13; the model takes .* n_mfcc=5; extract"):
        reference.predict(other)


@pytest.mark.parametrize(
    ("network", "features", "options", "sentence"),
    [
        (small_frame_lstm, utterances(), {"epochs": 0}, "epochs=0: must be a positive number"),
        (small_frame_lstm, utterances(), {"batch_size": 0}, "batch_size=0: must be a positive number"),
        (small_frame_lstm, utterances()[::3], {}, "1 emotions in 8 utterances; at least two are needed"),
        (
            small_frame_lstm,
            averages(utterances()),
            {},
            "frame_lstm: takes frames of 5 numbers; the mean_mfcc",
        ),
        (lambda: models.frame_lstm(5), utterances(), {}, r"has 7 outputs for 3 emotions \(angry, happy, sad\)"),
        (
            lambda: models.mean_mfcc_lstm(5, n_emotions=3),
            utterances(),
            {},
            "takes one vector of 5 numbers",
        ),
    ],
)
def test_what_cannot_be_trained_says_why(network, features: Features, options, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        training.fit(network(), features, **{"epochs": 1} | options)


def test_a_checkpoint_with_more_epochs_than_asked_for_is_refused(tmp_path: Path) -> None:
    fitted(epochs=2, checkpoint=tmp_path / "run.npz")
    with pytest.raises(ParameterError, match=r"epochs=1: .*run\.npz has completed 2"):
        fitted(epochs=1, checkpoint=tmp_path / "run.npz")


def test_no_utterances_give_no_predictions(reference: training.FittedNetwork) -> None:
    assert reference.predict_proba(utterances()[:0]).shape == (0, 3)
    assert reference.predict(utterances()[:0]).shape == (0,)


def test_utterances_that_cannot_be_scored_are_not_observed() -> None:
    other = utterances()
    calm = replace(other, table=other.table.assign(emotion="calm"))
    with pytest.raises(ParameterError, match=r"observe: emotion 'calm' is not among .* \(angry, happy, sad\)"):
        fitted(observe=calm)
    with pytest.raises(ParameterError, match="observe: made with feature='mean_mfcc'; the model takes"):
        fitted(observe=averages(other))


SCHEDULE = Schedule(per_corpus=12, n_frames=16, cosine_decay=True, ema_momentum=0.5)
"""What a small network is shown, so that it knows voices it never heard."""


def of_corpora(features: Features) -> Features:
    """Return the utterances with the first 18 in one corpus and the rest in another, which lacks an emotion."""
    corpus = np.where(np.arange(len(features)) < 18, "large", "small")
    kept = (corpus == "large") | (features.emotion != "sad")
    return replace(features, table=features.table.assign(corpus=corpus))[kept]


def small_frame_cnn() -> object:
    return models.frame_cnn(16, n_emotions=3, channels=(2, 2, 2, 2), seed=1)


def varied(**options: object) -> training.FittedNetwork:
    """Return a network for any voice, trained for two epochs on two corpora."""
    chosen = {"epochs": 2, "batch_size": 12, "seed": 1, "schedule": SCHEDULE}
    return training.fit(small_frame_cnn(), of_corpora(bands()), **(chosen | options))  # type: ignore[arg-type]


def bands(seed: int = 0) -> Features:
    """Return utterances of 16 bands and of up to 21 frames, which is no multiple of 8."""
    features = utterances(n_frames=21, seed=seed)
    X = np.repeat(features.X, 4, axis=2)[:, :, :16]
    return Features(X, features.lengths, features.table, "log_mel", FeatureSettings(n_mels=16, n_mfcc=16))


@pytest.fixture(scope="module")
def varied_reference() -> training.FittedNetwork:
    return varied()


def test_each_corpus_and_in_it_each_emotion_is_drawn_as_often_and_repeated_only_where_there_are_too_few() -> None:
    features = of_corpora(utterances())
    drawn = features[sample(features, Schedule(per_corpus=12), np.random.default_rng(0))].table
    assert drawn.groupby(["corpus", "emotion"]).size().to_dict() == {
        ("large", "angry"): 4,
        ("large", "happy"): 4,
        ("large", "sad"): 4,
        ("small", "angry"): 6,
        ("small", "happy"): 6,
    }
    assert drawn[drawn["corpus"] == "large"]["id"].is_unique


def test_of_each_emotion_at_least_one_is_drawn() -> None:
    features = of_corpora(utterances())
    assert len(sample(features, Schedule(per_corpus=1), np.random.default_rng(0))) == 5


def test_other_versions_have_no_more_frames_than_asked_for_and_padding_is_zero() -> None:
    features = bands()
    shown = augment(features, Schedule(n_frames=16), np.random.default_rng(0))
    assert shown.X.shape == (24, 16, 16)
    assert ((shown.lengths >= 1) & (shown.lengths <= 16)).all()
    assert (shown.X[np.arange(16) >= shown.lengths[:, None]] == 0).all()
    assert shown.emotion.tolist() == features.emotion.tolist()


def test_varied_training_gives_identical_weights_whoever_watches(varied_reference: training.FittedNetwork) -> None:
    watched = varied(observe=of_corpora(bands(9)))
    assert same_weights(varied_reference, watched)
    assert list(watched.history) == ["epoch", "loss", "accuracy", "test_loss", "test_accuracy"]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a varied training that was stopped after its first epoch."""
    checkpoint = tmp_path_factory.mktemp("stopped") / "run.npz"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(training.runs, "bar", lambda epochs, **_: StoppedBar(epochs[:1]))
        varied(checkpoint=checkpoint)
    return checkpoint


class StoppedBar(list[int]):
    """Stands for a progress bar whose run ends early."""

    def set_postfix_str(self, text: str) -> None:
        """Show nothing."""


def test_varied_training_that_stopped_resumes_to_the_same_weights(
    varied_reference: training.FittedNetwork, stopped: Path, tmp_path: Path
) -> None:
    resumed = varied(checkpoint=shutil.copy(stopped, tmp_path / "run.npz"))
    assert same_weights(varied_reference, resumed)
    pd.testing.assert_frame_equal(varied_reference.history, resumed.history)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"epochs": 4},
        {"schedule": replace(SCHEDULE, cosine_decay=False)},
        {"schedule": replace(SCHEDULE, n_frames=9)},
        {"schedule": replace(SCHEDULE, ema_momentum=0.9)},
    ],
)
def test_a_checkpoint_of_another_schedule_or_of_other_steps_is_refused(other: dict[str, object], stopped: Path) -> None:
    with pytest.raises(ModelFileError, match="belongs to another run"):
        varied(checkpoint=stopped, **other)


def test_what_is_kept_is_the_average_of_the_weights_after_each_epoch() -> None:
    schedule = Schedule(per_corpus=12, n_frames=16, ema_momentum=0.75)
    first, second, both = (
        varied(epochs=epochs, schedule=replace(schedule, ema_momentum=ema_momentum)).model.get_weights()
        for epochs, ema_momentum in ((1, 0.0), (2, 0.0), (2, 0.75))
    )
    for one, other, averaged in zip(first, second, both, strict=True):
        np.testing.assert_allclose(averaged, 0.75 * one + 0.25 * other, rtol=1e-5, atol=1e-6)


def test_a_resumed_training_counts_the_time_that_was_spent_before(stopped: Path, tmp_path: Path) -> None:
    checkpoint = Path(shutil.copy(stopped, tmp_path / "run.npz"))
    before = runs.read_checkpoint(checkpoint)[0]["seconds"]
    assert varied(checkpoint=checkpoint).seconds > before > 0
    spent = runs.read_checkpoint(checkpoint)[0]["seconds"]
    assert varied(checkpoint=checkpoint).seconds == spent


def test_voices_are_varied_only_where_the_rate_is_known() -> None:
    features = of_corpora(bands())
    any_rate = replace(features, settings=replace(features.settings, sr=None))
    with pytest.raises(ParameterError, match=r"schedule: n_frames needs log_mel at a fixed .*; the features"):
        training.fit(small_frame_cnn(), any_rate, schedule=SCHEDULE)
    with pytest.raises(ParameterError, match="the features given are mfcc at sr=22050; extract log_mel with"):
        training.fit(small_frame_cnn(), replace(features, feature="mfcc"), schedule=SCHEDULE)


def test_corpora_are_drawn_from_only_where_they_are_known() -> None:
    with pytest.raises(ParameterError, match="schedule: per_corpus needs the corpus of each utterance"):
        training.fit(small_frame_cnn(), bands(), schedule=SCHEDULE)


def test_together_networks_answer_with_the_geometric_mean(varied_reference: training.FittedNetwork) -> None:
    features = bands()
    members = [varied_reference, varied(seed=2)]
    each = [member.predict_proba(features) for member in members]
    product = np.sqrt(each[0] * each[1])
    joined = training.ensemble(members)
    np.testing.assert_allclose(joined.predict_proba(features), product / product.sum(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(
        joined.recognizer().head.probabilities(features.X, features.lengths),
        joined.predict_proba(features),
        atol=1e-4,
    )
    assert joined.seconds == sum(member.seconds for member in members)
    assert joined.history["loss"].tolist() == pytest.approx(
        np.mean([member.history["loss"] for member in members], axis=0).tolist()
    )


def test_only_networks_of_one_kind_answer_together(
    reference: training.FittedNetwork, varied_reference: training.FittedNetwork
) -> None:
    with pytest.raises(ParameterError, match=r"networks: 2 .*same emotions"):
        training.ensemble([reference, varied_reference])
    with pytest.raises(ParameterError, match=r"networks: 0 .*same emotions"):
        training.ensemble([])


@pytest.mark.parametrize("wrong", ["per_corpus", "n_frames"])
def test_a_schedule_that_shows_nothing_is_a_parameter_error(wrong: str) -> None:
    with pytest.raises(ParameterError, match=f"{wrong}=0: must be a positive number"):
        Schedule(**{wrong: 0})  # type: ignore[arg-type]


@pytest.mark.parametrize("ema_momentum", [-0.1, 1.0])
def test_an_average_that_never_moves_is_a_parameter_error(ema_momentum: float) -> None:
    with pytest.raises(ParameterError, match=f"ema_momentum={ema_momentum}: must be at least 0 and below 1"):
        Schedule(ema_momentum=ema_momentum)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "run.npz"


def test_what_was_written_is_read(path: Path) -> None:
    arrays = [np.arange(3.0), np.ones((2, 2), np.float32)]
    runs.write_checkpoint(path, {"emotions": ["sad"]}, arrays)
    manifest, found = runs.read_checkpoint(path)
    assert manifest["emotions"] == ["sad"]
    for one, other in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 broken"),
        lambda path: path.write_bytes(b"\x80\x04K\x01."),
        lambda path: path.write_bytes(path.read_bytes()[:-200]),
        lambda path: np.save(path.open("wb"), np.ones(3)),
        lambda path: np.savez(path, manifest=np.array("{}")),
        lambda path: np.savez(path, manifest=np.array("[1]")),
        lambda path: np.savez(path, manifest=np.array("no json")),
        lambda path: np.savez(path, manifest=np.array([{"format": 1}], dtype=object)),
    ],
    ids=["empty", "no zip", "pickle", "cut", "array", "object", "list", "no JSON", "pickle inside"],
)
def test_a_file_that_is_no_checkpoint_is_refused_without_advice_to_unpickle_it(path: Path, write) -> None:
    runs.write_checkpoint(path, {}, [np.ones(1000)])
    write(path)
    with pytest.raises(ModelFileError, match=r"run\.npz: not a checkpoint, or a damaged one; delete it") as refused:
        runs.read_checkpoint(path)
    assert "allow_pickle" not in str(refused.value)


def test_another_version_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", manifest=np.array('{"format": 99}'))
    with pytest.raises(ModelFileError, match="has format 99; this version reads format 2; delete it"):
        runs.read_checkpoint(tmp_path / "run.npz")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"none\.npz: no such file"):
        runs.read_checkpoint(tmp_path / "none.npz")


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder; give the name of a file in it"):
        runs.write_checkpoint(tmp_path, {}, [])
    assert list(tmp_path.iterdir()) == []
