"""`emotion-lib train` writes a recogniser that says how it was made, and Ctrl-C loses nothing of it."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from unittest.mock import Mock, patch

import numpy as np
import pandas as pd
import pytest
from click.testing import Result

from benchmarks import strangers
from emotion_lib import corpora, evaluation, training
from emotion_lib.errors import ModelFileError
from emotion_lib.evaluation import model_card, recognizers
from emotion_lib.evaluation.recipes import RECIPES
from emotion_lib.extraction import LeftOut
from emotion_lib.recognizer import EmotionRecognizer, Utterances
from emotion_lib.recognizer.description import describe_recognizer
from tests.cli.conftest import run, start, toy

EPOCHS = 1
SHORT = {"epochs": EPOCHS, "schedule": replace(training.AUGMENTED, per_corpus=42, n_frames=64)}
OPTIONS = ("--model", "frame_cnn_statistics", "--seed", "3", "--licence", "for tests")


@pytest.fixture(scope="module")
def short() -> Iterator[None]:
    """Trainings that are over soon."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SHORT.items():
            patch.setitem(RECIPES["frame_cnn_statistics"].constants, name, value)
        yield


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recogniser goes."""
    return tmp_path_factory.mktemp("trained") / "demo.emotion"


@pytest.fixture(scope="module")
def trained(short: None, output: Path) -> Result:
    """What a training without a stop prints."""
    return run("train", "demo", "--output", output, *OPTIONS)


def test_it_says_what_the_recogniser_says_of_itself(trained: Result, output: Path) -> None:
    recognizer = EmotionRecognizer.load(output)

    assert trained.exit_code == 0
    assert trained.stdout.startswith(describe_recognizer(recognizer))
    assert recognizer.about["command"] == (
        "emotion-lib train demo --output demo.emotion --model frame_cnn_statistics --seed 3 --licence 'for tests'"
    )
    assert recognizer.about["licence"] == "for tests"
    assert len(recognizer.trained_on) == 168


def test_it_leaves_the_output_and_nothing_else(trained: Result, output: Path) -> None:
    assert list(output.parent.iterdir()) == [output]


def test_there_is_no_bar_in_a_pipe(trained: Result) -> None:
    assert trained.stderr.startswith("Warning: the demo corpus is synthetic speech")
    assert all(line.startswith("Warning: ") for line in trained.stderr.splitlines())


def test_ctrl_c_loses_nothing(trained: Result, output: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo.emotion"
    folder = tmp_path / ".demo.emotion.training"
    before = "from emotion_lib.evaluation.recipes import RECIPES; from emotion_lib.training import Schedule; "
    before += f'RECIPES["frame_cnn_statistics"].constants.update({SHORT}); '
    process = start("train", "demo", "--output", target, *OPTIONS, before=before)
    for _ in range(6000):
        if any(folder.glob("*.npz")):
            break
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"it ended before its first epoch: {process.communicate(timeout=0.05)}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert process.returncode == 130
    assert out == b""
    _, kept = err.decode().splitlines()
    assert kept.startswith("Stopped. ")
    assert f"kept in {folder}; run the same command again" in kept
    assert list(tmp_path.iterdir()) == [folder]

    one_epoch = training.runs._Run.epoch
    with patch.object(training.runs._Run, "epoch", autospec=True, side_effect=one_epoch) as epoch:
        assert run("train", "demo", "--output", target, *OPTIONS).exit_code == 0
    assert 0 < epoch.call_count < 3 * EPOCHS
    assert list(tmp_path.iterdir()) == [target]
    resumed, never_stopped = EmotionRecognizer.load(target), EmotionRecognizer.load(output)
    X = np.random.default_rng(0).normal(size=(4, 80, 64))
    assert resumed.about == never_stopped.about
    np.testing.assert_array_equal(resumed.head.probabilities(X), never_stopped.head.probabilities(X))


def test_on_the_speech_encoder_it_trains_in_seconds_and_scores_no_corpus_to_train_on_only(
    tess_folder: Path, tmp_path: Path
) -> None:
    result = run("train", "demo", tess_folder, "--train-only", "demo", "--output", tmp_path / "x.emotion")
    recognizer = EmotionRecognizer.load(tmp_path / "x.emotion")

    assert result.exit_code == 0
    assert recognizer.feature == "encoder_statistics"
    assert recognizer.about["command"].endswith("--model discriminant --seed 0 --train-only demo")
    assert {name: each["utterances"] for name, each in recognizer.about["corpora"].items()} == {
        "demo": 168,
        "folder": 42,
    }
    assert [(each["protocol"], each["corpus"]) for each in recognizer.about["worth"]] == [
        ("leave_speaker_out", "folder")
    ]
    assert len(list(tmp_path.glob("*.emotion*"))) == 1


@pytest.fixture
def own_labels(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """The demo corpus as a corpus of one's own, with other words for two emotions, without speakers."""
    table = corpora.load("demo").assign(corpus="folder", speaker="")
    table["emotion"] = table["emotion"].replace({"happy": "froh", "sad": "müde"})
    monkeypatch.setattr(corpora, "load", lambda _: table)
    return table


def test_labels_and_base_of_ones_own_are_in_the_file_and_warnings_are_a_line(
    own_labels: pd.DataFrame, tmp_path: Path
) -> None:
    result = run("train", "mine", "-o", tmp_path / "my.emotion", "--base", "default")
    recognizer = EmotionRecognizer.load(tmp_path / "my.emotion")
    base = recognizer.about["base"]

    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: the speakers of 168 of 168 recordings are not known, so the scores, ")
    assert len(result.stderr.splitlines()) == 1
    assert recognizer.emotions == ("angry", "disgust", "fear", "neutral", "surprise", "froh", "müde")
    assert recognizer.about["command"].endswith("--output my.emotion --model discriminant --seed 0 --base default")
    assert ("licence" in recognizer.about) == (base["weight"] > 0)
    assert base["shared"] == ["angry", "disgust", "fear", "neutral", "surprise"]
    assert "Trained on: folder (168 utterances, unknown speakers)" in result.stdout
    answer = run("predict", own_labels["path"][0], "--recognizer", tmp_path / "my.emotion", "--json")
    assert set(json.loads(answer.stdout)["probabilities"]) == set(recognizer.emotions)


def test_a_corpus_to_train_on_only_must_be_one_of_the_corpora(tmp_path: Path) -> None:
    result = run("train", "demo", "--train-only", "tess", "--output", tmp_path / "x.emotion")

    assert result.exit_code == 1
    assert "train_only='tess': must be one of demo" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def trainer(recognizer: Path, monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Let no network be trained: leave a checkpoint, and return the recogniser."""
    loaded = EmotionRecognizer.load(recognizer)
    loaded.trained_on = model_card.list_utterances(corpora.load("demo"))

    def train(*_: object, checkpoints: Path, **__: object) -> recognizers.TrainedRecognizer:
        (checkpoints / "all-0.npz").touch()
        heard = evaluation.Evaluation("", "", "", pd.DataFrame(), pd.DataFrame(), 0.0, mock.left_out)
        return recognizers.TrainedRecognizer(loaded, heard)

    mock = Mock(side_effect=train, left_out=())
    monkeypatch.setattr(recognizers, "train_recognizer", mock)
    return mock


def test_emotions_are_those_that_are_there_unless_told(trainer: Mock, tess_folder: Path, tmp_path: Path) -> None:
    for path in tess_folder.rglob("*_sad.wav"):
        path.unlink()
    run("train", tess_folder, "--output", tmp_path / "x.emotion", "--model", "frame_lstm", "--seed", "7")

    table, model = trainer.call_args.args
    assert trainer.call_args.kwargs["emotions"] == ("angry", "disgust", "fear", "happy", "neutral", "surprise")
    assert (model, trainer.call_args.kwargs["seed"]) == ("frame_lstm", 7)
    assert len(table) == 36


def test_corpora_to_train_on_only_are_handed_on(trainer: Mock, tmp_path: Path) -> None:
    run("train", "demo", "--train-only", "demo", "--train-only", "tess", "--output", tmp_path / "x.emotion")

    assert trainer.call_args.kwargs["train_only"] == ("demo", "tess")


def test_others_than_the_emotions_asked_for_are_counted(trainer: Mock, tmp_path: Path) -> None:
    result = run("train", "demo", "--output", tmp_path / "x.emotion", "--emotions", "Sad, ANGER")

    assert trainer.call_args.kwargs["emotions"] == ("angry", "sad")
    assert "Left out: 24 disgust, 24 fear, 24 happy, 24 neutral, 24 surprise" in result.stderr.replace("\n", " ")


def test_an_emotion_that_is_none_is_exit_code_2(tmp_path: Path) -> None:
    result = run("train", "demo", "--output", tmp_path / "x.emotion", "--emotions", "sad,unknown")

    assert result.exit_code == 2
    assert "'unknown': is the recogniser's" in result.stderr


def test_corpora_are_one_table(trainer: Mock, tess_folder: Path, tmp_path: Path) -> None:
    run("train", "demo", tess_folder, "--output", tmp_path / "x.emotion")

    assert trainer.call_args.args[0]["corpus"].value_counts().to_dict() == {"demo": 168, "folder": 42}


def test_recordings_that_were_left_out_are_named_and_are_exit_code_1(trainer: Mock, tmp_path: Path) -> None:
    trainer.left_out = (LeftOut("a", Path("a.wav"), "a.wav: an empty file (0 bytes); delete it"),)
    result = run("train", "demo", "--output", tmp_path / "x.emotion")

    assert result.exit_code == 1
    assert "could not be used: 1\na.wav: an empty file (0 bytes); delete it\n" in result.stderr
    assert (tmp_path / "x.emotion").exists()


def test_json_is_what_info_says(trainer: Mock, tmp_path: Path) -> None:
    result = run("train", "demo", "--output", tmp_path / "x.emotion", "--json")

    assert json.loads(result.stdout) == json.loads(run("info", tmp_path / "x.emotion", "--json").stdout)


def test_a_folder_for_checkpoints_is_kept(trainer: Mock, tmp_path: Path) -> None:
    assert run("train", "demo", "--output", tmp_path / "x.emotion", "--checkpoints", tmp_path / "kept").exit_code == 0
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["all-0.npz"]


def test_a_checkpoint_of_another_run_names_the_folder_to_delete(trainer: Mock, tmp_path: Path) -> None:
    folder = tmp_path / ".x.emotion.training"
    trainer.side_effect = ModelFileError(f"{folder / 'all-0.npz'}: kept by another run")
    result = run("train", "demo", "--output", tmp_path / "x.emotion")

    assert result.exit_code == 1
    assert result.stderr.endswith(f"kept by another run; to start again, delete {folder}\n")


def test_ctrl_c_before_the_first_epoch_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizers, "train_recognizer", Mock(side_effect=KeyboardInterrupt))
    result = run("train", "demo", "--output", tmp_path / "x.emotion")

    assert result.exit_code == 130
    assert "Stopped. Nothing was trained yet" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_is_found_out_before_the_work(trainer: Mock, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = run("train", "demo", "--output", tmp_path)
    below_a_file = run("train", "demo", "--output", tmp_path / "file" / "x.emotion")

    assert (folder.exit_code, below_a_file.exit_code) == (1, 1)
    assert f"{tmp_path}: a folder" in folder.stderr
    assert "cannot be written (" in below_a_file.stderr
    trainer.assert_not_called()


def test_it_is_the_description_with_size_and_format(recognizer: Path) -> None:
    result = run("info", recognizer)

    assert result.exit_code == 0
    assert result.stdout.startswith(describe_recognizer(EmotionRecognizer.load(recognizer)))
    assert result.stdout.endswith(f"File: {recognizer.stat().st_size / 1000:.0f} kB, format 2\n")


def test_json_has_all_of_it(tmp_path: Path) -> None:
    made = toy(about={"licence": "none"}, trained_on=Utterances(("a/b",), (bytes(8),)))
    path = made.save(tmp_path / "x.emotion")
    said = json.loads(run("info", path, "--json").stdout)

    assert said == {
        "emotions": list(made.emotions),
        "feature": "mean_mfcc",
        "settings": asdict(made.settings),
        "calibration": asdict(made.calibration),
        "about": {"licence": "none"},
        "training_utterances": 1,
        "can_enrol": False,
        "size": path.stat().st_size,
        "format": 2,
    }


USES = [["info"], ["predict", "x.wav", "--recognizer"], ["evaluate", "demo", "--recognizer"]]


@pytest.mark.parametrize("command", USES)
def test_a_recogniser_that_would_do_harm_is_a_line(tmp_path: Path, command: list[str]) -> None:
    bomb = tmp_path / "\x1b[2J.emotion"
    bomb.write_bytes(dict(strangers.growing())["Expand"])
    result = run(*command, bomb)

    assert result.exit_code == 1
    assert r"\x1b[2J.emotion: not a recogniser file, or damaged (its network needs more" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_what_is_no_recogniser_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    for path, what in ((tmp_path / "x", "not a recogniser"), (tmp_path / "y", "no such file"), (tmp_path, "a folder")):
        result = run("info", path)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: {path}: {what}")
        assert len(result.stderr.splitlines()) == 1


def test_export_writes_what_the_library_writes_and_tells_the_file_its_size_and_licence(tmp_path: Path) -> None:
    result = run("export", tmp_path / "speech.onnx")

    recognizer = EmotionRecognizer.load()
    expected = recognizer.export(tmp_path / "expected.onnx").read_bytes()
    told = f"{tmp_path / 'speech.onnx'}: {len(expected) / 10**6:.1f} MB. Licence: {recognizer.about['licence']}\n"
    assert (result.exit_code, result.output) == (0, told)
    assert (tmp_path / "speech.onnx").read_bytes() == expected


def test_export_says_which_recognisers_it_can_write(recognizer: Path, tmp_path: Path) -> None:
    result = run("export", tmp_path / "toy.onnx", "--recognizer", recognizer)

    assert result.exit_code != 0
    assert "only one with the speech encoder can be exported" in result.output
    assert not (tmp_path / "toy.onnx").exists()
