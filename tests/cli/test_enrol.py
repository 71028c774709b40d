"""`emotion-lib enrol` finds out who says what how, and writes a recogniser like any other."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from emotion_lib import corpora
from emotion_lib.recognizer import EmotionRecognizer
from tests.cli.conftest import fields, run


@pytest.fixture(scope="session")
def spoken() -> dict[str, Path]:
    """A recording of each emotion by one speaker of the demo corpus."""
    demo = corpora.load("demo")
    ours = demo[demo["speaker"] == demo["speaker"].iloc[0]].groupby("emotion").head(1)
    return {emotion: Path(path) for emotion, path in zip(ours["emotion"], ours["path"], strict=True)}


@pytest.fixture
def my_voice(spoken: dict[str, Path], tmp_path: Path) -> Path:
    """A folder with a folder for each of three emotions."""
    for emotion, folder in (("angry", "angry"), ("happy", "Happy/second try"), ("surprise", "ps")):
        (tmp_path / "my_voice" / folder).mkdir(parents=True)
        shutil.copy(spoken[emotion], tmp_path / "my_voice" / folder / "1.flac")
    return tmp_path / "my_voice"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where the recogniser goes."""
    return tmp_path / "me.emotion"


def counts(output: Path) -> dict[str, int]:
    """Return how many utterances of each emotion a recogniser heard."""
    heard: dict[str, int] = EmotionRecognizer.load(output).about["enrolled"]
    return heard


def test_folders_say_the_emotions(knowing: Path, my_voice: Path, output: Path) -> None:
    result = run("enrol", my_voice, "--recognizer", knowing, "--output", output)

    assert result.exit_code == 0
    assert result.stderr == ""
    heard = "1 angry, 1 happy, 1 surprise"
    assert result.stdout == f"{output}: used to this voice; utterances of it that were heard: {heard}\n"
    assert counts(output) == {"angry": 1, "happy": 1, "surprise": 1}


def test_what_was_written_is_a_recogniser_like_any_other(
    knowing: Path, my_voice: Path, spoken: dict[str, Path], output: Path
) -> None:
    run("enrol", my_voice, "--recognizer", knowing, "--output", output)
    result = run("predict", "--recognizer", output, *spoken.values())
    used = EmotionRecognizer.load(knowing).enrol(
        [my_voice / "angry/1.flac", my_voice / "Happy/second try/1.flac", my_voice / "ps/1.flac"],
        ["angry", "happy", "surprise"],
    )

    answers = used.predict(list(spoken.values()))
    assert [line[1:3] for line in fields(result.stdout)] == [[a.emotion, f"{a.confidence:.2f}"] for a in answers]
    assert "Used to one voice, of which it heard 3 utterances" in run("info", output).stdout
    assert json.loads(run("info", output, "--json").stdout)["about"]["enrolled"] == counts(output)


def test_json_is_one_object(knowing: Path, my_voice: Path, output: Path) -> None:
    result = run("enrol", my_voice, "--recognizer", knowing, "--output", output, "--json")

    assert json.loads(result.stdout) == {"file": str(output), "recordings": 3, "utterances": counts(output)}


def test_names_say_the_emotions_as_in_a_corpus(
    knowing: Path, spoken: dict[str, Path], tmp_path: Path, output: Path
) -> None:
    (tmp_path / "angry").mkdir()
    shutil.copy(spoken["sad"], tmp_path / "angry" / "me_hello_sad.flac")
    result = run("enrol", spoken["fear"], spoken["surprise"], "--recognizer", knowing, "--output", output)

    assert result.exit_code == 0
    assert counts(output) == {"fear": 1, "surprise": 1}
    run("enrol", tmp_path / "angry", "--recognizer", knowing, "--output", output)
    assert counts(output) == {"sad": 1}


def test_a_recording_or_a_folder_by_itself_has_the_emotion_of_its_folder(
    knowing: Path, my_voice: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (my_voice / "angry" / "1.flac", my_voice / "angry"):
        assert run("enrol", path, "--recognizer", knowing, "--output", output).exit_code == 0
        assert counts(output) == {"angry": 1}
    monkeypatch.chdir(my_voice / "angry")
    for name in (".", "1.flac"):
        assert run("enrol", name, "--recognizer", knowing, "--output", output).exit_code == 0
        assert counts(output) == {"angry": 1}


def test_folders_above_the_one_that_was_given_say_nothing(
    knowing: Path, spoken: dict[str, Path], tmp_path: Path, output: Path
) -> None:
    me = tmp_path / "sad" / "me"
    me.mkdir(parents=True)
    shutil.copy(spoken["happy"], me / "1.flac")
    result = run("enrol", me, "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {me / '1.flac'}: its emotion is nowhere said; put it in a folder with the name of an emotion, "
        "or take it as it is with --unlabelled\n"
    )
    assert not output.exists()
    assert run("enrol", me, "--recognizer", knowing, "--output", output, "--unlabelled").exit_code == 0
    assert counts(output) == {"unlabelled": 1}


def test_a_list_says_the_emotions(knowing: Path, my_voice: Path, spoken: dict[str, Path], output: Path) -> None:
    listed = my_voice / "list.csv"
    lines = ["emotion,file,remark", "Sad,angry/1.flac,tired", f",{spoken['fear']},", "surprised,ps/1.flac,"]
    listed.write_text("\n".join(lines), "utf-8-sig")

    assert run("enrol", listed, "--recognizer", knowing, "--output", output).exit_code == 1
    assert run("enrol", listed, "--recognizer", knowing, "--output", output, "--unlabelled").exit_code == 0
    assert counts(output) == {"sad": 1, "surprise": 1, "unlabelled": 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"path,emotion\na.wav,sad\n", "no column 'file': its first line must name file and emotion"),
        (b"", "no column 'file'"),
        (b"file,emotion\n", "recordings: none; give at least one utterance of the voice"),
        (b"file,emotion\na.wav,glad\n", "a.wav: glad is no emotion that this recogniser tells apart (angry, disgust, "),
        (b"file,emotion\n\xff\xfe.wav,sad\n", "no CSV file in UTF-8"),
        (b"file,emotion\nnone.wav,sad\n", "none.wav: no such file; check the path"),
    ],
)
def test_a_list_that_is_none_is_a_line(
    knowing: Path, tmp_path: Path, output: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    result = run("enrol", tmp_path / "list.csv", "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not output.exists()


def test_a_list_that_is_not_there_is_a_line(knowing: Path, tmp_path: Path, output: Path) -> None:
    result = run("enrol", tmp_path / "none.csv", "--recognizer", knowing, "--output", output)

    assert (result.exit_code, result.stderr) == (1, f"Error: {tmp_path / 'none.csv'}: No such file or directory\n")


def test_two_voices_are_refused(knowing: Path, output: Path) -> None:
    paths = corpora.load("demo").groupby("speaker")["path"].first()
    result = run("enrol", *paths, "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert "recordings of 2 speakers (DEA, DEB); give those of one" in result.stderr


def test_an_emotion_that_is_not_told_apart_is_refused(
    knowing: Path, spoken: dict[str, Path], tmp_path: Path, output: Path
) -> None:
    (tmp_path / "calm").mkdir()
    shutil.copy(spoken["neutral"], tmp_path / "calm" / "1.flac")
    result = run("enrol", tmp_path / "calm", "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert f"{tmp_path / 'calm' / '1.flac'}: calm is no emotion that this recogniser tells apart" in result.stderr


def test_recordings_that_cannot_be_used_are_named_and_nothing_is_written(
    knowing: Path, my_voice: Path, output: Path
) -> None:
    sf.write(my_voice / "angry" / "quiet.wav", np.zeros(8000), 16000)
    result = run("enrol", my_voice, "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: 1 of 4 recordings cannot be used, leave them out: {my_voice / 'angry' / 'quiet.wav'}: silence\n"
    )
    assert not output.exists()


def test_an_empty_folder_is_a_line(knowing: Path, tmp_path: Path, output: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("enrol", tmp_path / "empty", "--recognizer", knowing, "--output", output)

    assert result.exit_code == 1
    assert f"{tmp_path / 'empty'}: no recordings in it or below" in result.stderr


def test_who_knows_no_voices_says_so(recognizer: Path, my_voice: Path, output: Path) -> None:
    result = run("enrol", my_voice, "--recognizer", recognizer, "--output", output)

    assert result.exit_code == 1
    assert "cannot get used to a voice; train one that hears frames" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_predict_warns_in_lines_and_json(knowing: Path, spoken: dict[str, Path], tmp_path: Path) -> None:
    y, sr = sf.read(spoken["angry"])
    thin = np.diff(y, n=4)
    sf.write(tmp_path / "thin.wav", 0.5 * thin / np.abs(thin).max(), sr)
    warning = "this voice is unlike those it was trained on"

    (line,) = fields(run("predict", tmp_path / "thin.wav", "--recognizer", knowing).stdout)
    assert line[3].endswith(warning)
    said = json.loads(run("predict", tmp_path / "thin.wav", "--recognizer", knowing, "--json").stdout)
    assert said["warning"] == warning
