"""`emotion-lib predict` answers in lines, names what it cannot hear, and ends well when it is cut off."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_lib.cli import recordings
from emotion_lib.recognizer import EmotionRecognizer, Prediction
from tests.cli.conftest import fields, run, start

MANY = 3000
"""Recordings whose answers do not fit into a pipe that nobody reads."""


def test_each_recording_is_a_line_that_says_what_the_library_says(recognizer: Path, speech: list[Path]) -> None:
    result = run("predict", *speech, "--recognizer", recognizer)
    answers = EmotionRecognizer.load(recognizer).predict(speech)

    assert result.exit_code == 0
    assert result.stderr == ""
    assert list(fields(result.stdout)) == [
        [str(path), answer.emotion, f"{answer.confidence:.2f}", answer.reason]
        for path, answer in zip(speech, answers, strict=True)
    ]
    assert {answer.reason for answer in answers} == {"", "unsure"}


def test_json_is_an_object_a_line_with_all_that_the_library_says(recognizer: Path, speech: list[Path]) -> None:
    result = run("predict", *speech, "--json", "--recognizer", recognizer)
    answers = EmotionRecognizer.load(recognizer).predict(speech)

    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"path": str(path), **answer.to_dict()} for path, answer in zip(speech, answers, strict=True)
    ]


def test_segments_are_lines_with_start_and_end(recognizer: Path, speech: list[Path]) -> None:
    result = run("predict", "--segments", speech[0], speech[1], "--recognizer", recognizer)
    loaded = EmotionRecognizer.load(recognizer)
    heard = [(path, segment) for path in speech[:2] for segment in loaded.segments(path)]

    assert heard
    assert list(fields(result.stdout)) == [
        [str(path), f"{s.start:.2f}", f"{s.end:.2f}", s.emotion, f"{s.confidence:.2f}", s.reason] for path, s in heard
    ]


def test_segments_are_json_too(recognizer: Path, speech: list[Path]) -> None:
    result = run("predict", "--segments", speech[0], "--json", "--recognizer", recognizer)
    segments = EmotionRecognizer.load(recognizer).segments(speech[0])

    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"path": str(speech[0]), **segment.to_dict()} for segment in segments
    ]


def test_silence_is_unknown_and_a_good_answer(recognizer: Path, silence: Path) -> None:
    result = run("predict", silence, "--recognizer", recognizer)

    assert result.exit_code == 0
    assert result.stdout == f"{silence}\tunknown\t0.14\tsilence\n"


def test_bad_recordings_are_named_at_the_end_and_the_good_are_answered(
    recognizer: Path, silence: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.wav").write_text("not audio")
    for options in ([], ["--segments"]):
        result = run(
            "predict", tmp_path / "broken.wav", silence, tmp_path / "none.wav", "--recognizer", recognizer, *options
        )

        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) == (0 if options else 1)
        first, second, third = result.stderr.splitlines()
        assert first == "2 could not be heard:"
        assert second.startswith(f"{tmp_path / 'broken.wav'}: not audio")
        assert third == f"{tmp_path / 'none.wav'}: no such file; check the path"


def test_a_folder_is_all_its_recordings_in_order(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    wanted = ["b.WAV", "sub/a.flac", "sub/deep/c.wav"]
    for name in [*wanted, ".hidden.wav", ".git/d.wav", "__MACOSX/e.wav", "notes.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(silence, tmp_path / name)
    result = run("predict", tmp_path, "--recognizer", recognizer)

    assert result.exit_code == 0
    assert [line[0] for line in fields(result.stdout)] == [str(tmp_path / name) for name in wanted]


def test_an_empty_folder_is_a_sentence(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    result = run("predict", tmp_path, silence, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert f"{tmp_path}: no recordings in it or below (.aif, .aiff, .flac, .mp3, .ogg, .wav)" in result.stderr


def test_a_folder_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def closed(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", closed)

    assert recordings.find([str(tmp_path)]) == ([], [f"{tmp_path}: cannot be read (Permission denied)"])


def test_standard_input_is_a_recording(recognizer: Path, speech: list[Path]) -> None:
    process = start("predict", "-", "--json", "--recognizer", recognizer, stdin=subprocess.PIPE)
    out, err = process.communicate(speech[0].read_bytes())
    answer = EmotionRecognizer.load(recognizer).predict(speech[0])

    assert (process.returncode, err) == (0, b"")
    assert json.loads(out) == {"path": "-", **answer.to_dict()}


def test_standard_input_without_a_recording_is_called_by_its_name(recognizer: Path) -> None:
    result = run("predict", "-", "--recognizer", recognizer, stdin=b"")

    assert result.exit_code == 1
    assert "standard input: an empty file" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="names that no Windows can have")
def test_no_name_breaks_a_line(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    names = [b"a\tb.wav", b"c\nd.wav", b"\xff.wav", "ü.wav".encode(), b"bad\n.wav"]
    for name in names[:4]:
        shutil.copy(os.fsencode(silence), os.fsencode(tmp_path) + b"/" + name)
    (tmp_path / "bad\n.wav").touch()
    for encoding, json_names in (("utf-8", 3), ("ascii", 4)):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        process = start("predict", tmp_path, "--recognizer", recognizer, env=environment)
        out, err = (stream.decode(encoding) for stream in process.communicate())

        shown = [line[0] for line in fields(out)]
        read = [json.loads(name) if name.startswith('"') else name for name in shown]
        assert {os.fsencode(name) for name in read} == {os.fsencode(tmp_path) + b"/" + name for name in names[:4]}
        assert sum(name.startswith('"') for name in shown) == json_names
        assert len(err.splitlines()) == 2
        assert process.returncode == 1


def test_no_recogniser_is_a_line(tmp_path: Path, silence: Path) -> None:
    result = run("predict", silence, "--recognizer", tmp_path / "none.emotion")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / 'none.emotion'}: no such file")
    assert len(result.stderr.splitlines()) == 1


def test_a_closed_pipe_ends_quietly(recognizer: Path, silence: Path) -> None:
    process = start("predict", *[silence] * MANY, "--recognizer", recognizer)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_ctrl_c_leaves_whole_lines(recognizer: Path, silence: Path) -> None:
    process = start("predict", *[silence] * MANY, "--recognizer", recognizer)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert process.returncode == 130
    assert err == b"Stopped. The answers that were printed are whole.\n"
    assert set(out.splitlines(keepends=True)) <= {first}


def test_a_bar_is_shown_over_several_where_the_answers_are_not(
    recognizer: Path, silence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []

    def bar(items: list[Prediction], *, description: str, total: int) -> list[Prediction]:
        shown.append(total)
        return items

    monkeypatch.setattr("emotion_lib.progress.bar", bar)
    for n_recordings in (1, 2):
        run("predict", *[silence] * n_recordings, "--recognizer", recognizer)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    from emotion_lib.cli.predict import _watched

    _watched([], 3)
    assert shown == [2]


def test_a_terminal_shows_a_bar_where_the_answers_go_into_a_pipe(recognizer: Path, silence: Path) -> None:
    termios = pytest.importorskip("termios")
    terminal, end = os.openpty()
    termios.tcsetwinsize(end, (24, 80))
    command = [sys.executable, "-c", "from emotion_lib.cli import main; main()"]
    arguments = ["predict", str(silence), str(silence), "--recognizer", str(recognizer)]
    environment = {name: value for name, value in os.environ.items() if name != "EMOTION_LIB_PROGRESS"}
    done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=end, env=environment, check=True)
    os.write(end, b"the end")
    shown = os.read(terminal, 10_000)
    os.close(end)
    os.close(terminal)

    assert b"Listening" in shown
    assert done.stdout == f"{silence}\tunknown\t0.14\tsilence\n".encode() * 2
