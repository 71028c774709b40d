"""`emotion-lib predict` answers in lines, names what it cannot hear, and ends well when it is cut off."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile as sf
from click.testing import Result

import emotion_lib
from emotion_lib import audio, corpora
from emotion_lib.cli import recordings
from emotion_lib.recognizer import EmotionRecognizer
from tests.cli.conftest import fields, run, start, toy

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


@pytest.mark.parametrize("options", [[], ["--segments"]])
def test_json_is_an_object_a_line_with_all_that_the_library_says(
    options: list[str], recognizer: Path, speech: list[Path]
) -> None:
    loaded = EmotionRecognizer.load(recognizer)
    heard = [(path, each) for path in speech for each in (loaded.segments(path) if options else [loaded.predict(path)])]
    result = run("predict", *speech, *options, "--json", "--recognizer", recognizer)

    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"path": str(path), **each.to_dict(), "recognizer": None} for path, each in heard
    ]


@pytest.mark.parametrize(
    ("about", "version"),
    [
        ({"version": "3", "made_with": {"emotion_lib": "0.2.0"}}, "3"),
        ({"made_with": {"emotion_lib": "0.2.0"}}, "emotion_lib 0.2.0"),
        ({"made_with": "by hand"}, None),
    ],
)
def test_every_json_answer_has_the_version_of_the_recogniser(
    about: dict[str, Any], version: str | None, silence: Path, tmp_path: Path
) -> None:
    file = toy(about=about).save(tmp_path / "toy.emotion")
    result = run("predict", silence, silence, "--json", "--recognizer", file)

    assert [json.loads(line)["recognizer"] for line in result.stdout.splitlines()] == [version] * 2


def test_segments_are_lines_with_start_and_end(recognizer: Path, speech: list[Path]) -> None:
    result = run("predict", "--segments", speech[0], speech[1], "--recognizer", recognizer)
    loaded = EmotionRecognizer.load(recognizer)
    heard = [(path, segment) for path in speech[:2] for segment in loaded.segments(path)]

    assert heard
    assert list(fields(result.stdout)) == [
        [str(path), f"{s.start:.2f}", f"{s.end:.2f}", s.emotion, f"{s.confidence:.2f}", s.reason] for path, s in heard
    ]


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
        assert first == "2 cannot be used:"
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
    assert f"{tmp_path}: no recordings in it or below (.3ga, .3gp, .aac, .aif, " in result.stderr


def test_a_folder_that_cannot_be_read_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def closed(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", closed)

    assert recordings.find_recordings([str(tmp_path)]) == ([], [f"{tmp_path}: cannot be read (Permission denied)"])


def test_standard_input_is_a_recording(recognizer: Path, speech: list[Path]) -> None:
    process = start("predict", "-", "--json", "--recognizer", recognizer, stdin=subprocess.PIPE)
    out, err = process.communicate(speech[0].read_bytes())
    answer = EmotionRecognizer.load(recognizer).predict(speech[0])

    assert (process.returncode, err) == (0, b"")
    assert json.loads(out) == {"path": "-", **answer.to_dict(), "recognizer": None}


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
    assert err.startswith(b"Stopped. ")
    assert len(err.splitlines()) == 1
    assert set(out.splitlines(keepends=True)) <= {first}


def test_a_bar_is_shown_over_several_where_the_answers_are_not(
    recognizer: Path, silence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = Mock(side_effect=lambda items, **_: items)
    monkeypatch.setattr("emotion_lib.progress.bar", bar)
    for n_recordings in (1, 2):
        run("predict", *[silence] * n_recordings, "--recognizer", recognizer)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    recordings._watched([], 3)
    assert [call.kwargs["total"] for call in bar.call_args_list] == [2]


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

    assert b"Predicting" in shown
    assert done.stdout == f"{silence}\tunknown\t0.14\tsilence\n".encode() * 2


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


Enrol = Callable[..., Result]


@pytest.fixture
def enrol(output: Path) -> Enrol:
    """Run `emotion-lib enrol` on recordings, with the pretrained recogniser."""
    return lambda *words: run("enrol", *words, "--output", output)


def counts(output: Path) -> dict[str, int]:
    """Return how many utterances of each emotion a recogniser heard."""
    heard: dict[str, int] = EmotionRecognizer.load(output).about["enrolled"]
    return heard


def test_folders_say_the_emotions(enrol: Enrol, my_voice: Path, output: Path) -> None:
    result = enrol(my_voice)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{output}: adapted to this voice with 1 angry, 1 happy, 1 surprise\n"
    assert counts(output) == {"angry": 1, "happy": 1, "surprise": 1}


def test_what_was_written_is_a_recogniser_like_any_other(
    enrol: Enrol, my_voice: Path, spoken: dict[str, Path], output: Path
) -> None:
    enrol(my_voice)
    result = run("predict", "--recognizer", output, *spoken.values())
    paths = [my_voice / name / "1.flac" for name in ("angry", "Happy/second try", "ps")]
    used = EmotionRecognizer.load().enrol(paths, ["angry", "happy", "surprise"])

    answers = used.predict(list(spoken.values()))
    assert [line[1:3] for line in fields(result.stdout)] == [[a.emotion, f"{a.confidence:.2f}"] for a in answers]
    assert "Adapted to one voice, from 3 utterances" in run("info", output).stdout
    assert json.loads(run("info", output, "--json").stdout)["about"]["enrolled"] == counts(output)


def test_json_is_one_object(enrol: Enrol, my_voice: Path, output: Path) -> None:
    said = json.loads(enrol(my_voice, "--json").stdout)

    assert said == {"file": str(output), "recordings": 3, "utterances": counts(output)}


def test_where_adapting_does_not_help_the_recogniser_stays_and_a_line_says_why(
    enrol: Enrol, spoken: dict[str, Path], output: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for number, sound in enumerate((rng.normal(size=16_000), np.sin(np.arange(16_000) / 20))):
        y, sr = audio.read(spoken["sad"])
        sf.write(tmp_path / f"{number}.wav", 0.3 * y / np.abs(y).max() + 0.05 * np.resize(sound, len(y)), sr)
    result = enrol(*sorted(tmp_path.glob("?.wav")), spoken["happy"], "--unlabelled")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(
        f"{output}: not adapted: the recogniser stays as it was, since the recordings differ"
    )
    assert "Not adapted to a voice: " in run("info", output).stdout


def test_names_say_the_emotions_as_in_a_corpus(
    enrol: Enrol, spoken: dict[str, Path], tmp_path: Path, output: Path
) -> None:
    (tmp_path / "angry").mkdir()
    shutil.copy(spoken["sad"], tmp_path / "angry" / "me_hello_sad.flac")
    for paths, expected in (
        ([spoken["fear"], spoken["surprise"]], {"fear": 1, "surprise": 1}),
        ([tmp_path / "angry"], {"sad": 1}),
    ):
        assert enrol(*paths).exit_code == 0
        assert counts(output) == expected


@pytest.mark.parametrize("name", ["angry/1.flac", "angry", ".", "1.flac"])
def test_a_recording_or_a_folder_by_itself_has_the_emotion_of_its_folder(
    name: str, enrol: Enrol, my_voice: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(my_voice if name.startswith("angry") else my_voice / "angry")

    assert enrol(name).exit_code == 0
    assert counts(output) == {"angry": 1}


def test_folders_above_the_one_that_was_given_say_nothing(
    enrol: Enrol, spoken: dict[str, Path], tmp_path: Path, output: Path
) -> None:
    me = tmp_path / "sad" / "me"
    me.mkdir(parents=True)
    shutil.copy(spoken["happy"], me / "1.flac")
    result = enrol(me)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {me / '1.flac'}: ")
    assert "--unlabelled" in result.stderr
    assert not output.exists()
    assert enrol(me, "--unlabelled").exit_code == 0
    assert counts(output) == {"unlabelled": 1}


def test_a_list_says_the_emotions(enrol: Enrol, my_voice: Path, spoken: dict[str, Path], output: Path) -> None:
    listed = my_voice / "list.csv"
    lines = ["emotion,file,remark", "Sad,angry/1.flac,tired", f",{spoken['fear']},", "surprised,ps/1.flac,"]
    listed.write_text("\n".join(lines), "utf-8-sig")

    assert enrol(listed).exit_code == 1
    assert enrol(listed, "--unlabelled").exit_code == 0
    assert counts(output) == {"sad": 1, "surprise": 1, "unlabelled": 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,emotion\na.wav,sad\n", "no column 'path': its first line must name path and emotion"),
        (b"", "no column 'path'"),
        (b"file,emotion\n", "recordings: the list is empty; give at least one utterance of the voice"),
        (b"file,emotion\na.wav,glad\n", "a.wav: glad is not an emotion of this recogniser (angry "),
        (b"file,emotion\na\0.wav,sad\n", "not a text file in UTF-8 or cp1252; save the table as CSV in UTF-8"),
        (b"file,emotion\nnone.wav,sad\n", "none.wav: no such file; check the path"),
    ],
)
def test_a_list_that_is_none_is_a_line(
    enrol: Enrol, tmp_path: Path, output: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    result = enrol(tmp_path / "list.csv")

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not output.exists()


def test_one_emotion_may_be_given_for_all(enrol: Enrol, spoken: dict[str, Path], output: Path) -> None:
    result = enrol(*spoken.values(), "--emotion", "neutral")

    assert result.stdout == f"{output}: adapted to this voice with {len(spoken)} neutral\n"
    assert counts(output) == {"neutral": len(spoken)}


def test_folders_may_have_the_labels_of_a_recogniser_of_ones_own(tmp_path: Path, output: Path) -> None:
    demo, mine = corpora.load("demo"), tmp_path / "mine.emotion"
    named = demo["emotion"].replace({"happy": "Fröhlich"})
    emotion_lib.train(list(demo["path"]), list(named), list(demo["speaker"])).save(mine)
    for name, path in demo.assign(emotion=named).query("speaker == 'DEA'").groupby("emotion")["path"].first().items():
        (tmp_path / "voice" / str(name).lower()).mkdir(parents=True)
        shutil.copy(path, tmp_path / "voice" / str(name).lower() / "1.flac")
    run("enrol", tmp_path / "voice", "--recognizer", mine, "--output", output)
    assert counts(output) == dict.fromkeys(EmotionRecognizer.load(mine).emotions, 1)


def test_two_voices_are_refused(enrol: Enrol) -> None:
    result = enrol(*corpora.load("demo").groupby("speaker")["path"].first())

    assert result.exit_code == 1
    assert "recordings of 2 speakers (DEA, DEB)" in result.stderr


def test_recordings_that_cannot_be_used_are_named_and_nothing_is_written(
    enrol: Enrol, my_voice: Path, silence: Path, output: Path
) -> None:
    quiet = shutil.copy(silence, my_voice / "angry" / "quiet.wav")
    result = enrol(my_voice)

    assert result.exit_code == 1
    assert f"1 of 4 recordings cannot be used; leave them out: {quiet}: silence\n" in result.stderr
    assert not output.exists()


def test_predict_warns_in_lines_and_json(spoken: dict[str, Path], tmp_path: Path) -> None:
    y, sr = sf.read(spoken["angry"])
    sf.write(tmp_path / "slow.wav", y, round(0.6 * sr))
    lines, objects = (run("predict", tmp_path / "slow.wav", *options).stdout for options in ([], ["--json"]))

    warning = json.loads(objects)["warning"]
    assert warning == "this voice is unlike those it was trained on"
    assert lines.endswith(f"{warning}\n")


def table_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table of predictions."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def calls(speech: list[Path], tmp_path: Path) -> Path:
    """A folder with three recordings, one of which is none."""
    (tmp_path / "calls" / "deep").mkdir(parents=True)
    shutil.copy(speech[0], tmp_path / "calls" / "a.flac")
    (tmp_path / "calls" / "b.wav").write_bytes(b"text")
    shutil.copy(speech[1], tmp_path / "calls" / "deep" / "c.flac")
    return tmp_path / "calls"


def test_a_table_has_a_row_for_each_recording_and_each_failure(recognizer: Path, calls: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    result = run("predict", calls, "--csv", table, "--recognizer", recognizer)
    rows = table_of(table)
    loaded = EmotionRecognizer.load(recognizer)

    assert result.exit_code == 1
    assert result.stdout == "3 recordings, 3 of them new, 1 with an error\n"
    assert [row["path"] for row in rows] == [str(calls / name) for name in ("a.flac", "b.wav", "deep/c.flac")]
    assert rows[1]["error"] == "not audio that can be read (text); give the path of a recording"
    for row in (rows[0], rows[2]):
        answer = loaded.predict(row["path"])
        assert (row["emotion"], row["confidence"], row["error"]) == (answer.emotion, f"{answer.confidence:.4f}", "")
        assert [row[f"p_{e}"] for e in loaded.emotions] == [f"{p:.4f}" for p in answer.probabilities.values()]


@pytest.mark.parametrize("n_kept", [0, 1, 2, 3])
@pytest.mark.parametrize("torn", ["", "half a ro"])
def test_a_table_goes_on_after_an_interruption(
    n_kept: int, torn: str, recognizer: Path, calls: Path, tmp_path: Path
) -> None:
    table = tmp_path / "out.csv"
    run("predict", calls, "--csv", table, "--recognizer", recognizer)
    whole = table.read_text("utf-8")
    table.write_text("".join(whole.splitlines(keepends=True)[: 1 + n_kept]) + torn, "utf-8")
    result = run("predict", calls, "--csv", table, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert result.stdout == f"3 recordings, {3 - n_kept} of them new, 1 with an error\n"
    assert table.read_text("utf-8") == whole


def test_a_table_without_a_failure_is_a_success(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    assert run("predict", silence, "--csv", tmp_path / "out.csv", "--recognizer", recognizer).exit_code == 0


@pytest.mark.parametrize(
    ("content", "why"), [(b"a,b\n1,2\n", "not a table that"), (b"\xff\xfe\n", "cannot be read and")]
)
def test_a_table_of_something_else_is_left_alone(
    content: bytes, why: str, recognizer: Path, silence: Path, tmp_path: Path
) -> None:
    table = tmp_path / "out.csv"
    table.write_bytes(content)
    result = run("predict", silence, "--csv", table, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert why in result.stderr
    assert table.read_bytes() == content


def test_a_table_has_no_segments(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    assert run("predict", silence, "--csv", tmp_path / "out.csv", "--segments").exit_code == 2


def test_notes_on_a_recording_are_remarks(recognizer: Path, speech: list[Path], tmp_path: Path) -> None:
    y, sr = sf.read(speech[0])
    sf.write(tmp_path / "cut.wav", y, sr)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:-3])
    note = "3 bytes of samples fewer than its header claims"
    lines, objects = (run("predict", tmp_path / "cut.wav", *options).stdout for options in ([], ["--json"]))

    assert lines.endswith(f"{note}\n")
    assert json.loads(objects)["notes"] == [note]


@pytest.mark.parametrize("channel", ["left", "right", "1", "2"])
@pytest.mark.parametrize("options", [[], ["--segments"]])
def test_a_channel_is_predicted_alone(
    channel: str, options: list[str], recognizer: Path, speech: list[Path], tmp_path: Path
) -> None:
    (left, sr), (right, _) = (sf.read(path, dtype="int16") for path in speech[:2])
    length = min(len(left), len(right))
    sf.write(tmp_path / "call.wav", np.stack([left[:length], right[:length]], axis=1), sr)
    sf.write(tmp_path / "alone.wav", (left if channel in ("left", "1") else right)[:length], sr)
    both, alone = (
        run("predict", tmp_path / name, *options, "--recognizer", recognizer, *more).stdout
        for name, more in (("call.wav", ["--channel", channel]), ("alone.wav", []))
    )

    assert both.replace("call.wav", "alone.wav") == alone


def test_a_channel_that_is_none_is_a_usage_error_and_one_that_is_missing_a_sentence(silence: Path) -> None:
    assert run("predict", silence, "--channel", "middle").exit_code == 2
    result = run("predict", silence, "--channel", "right")
    assert result.exit_code == 1
    assert "channel 2 of 1 channel; choose another, or leave the choice out" in result.stderr


def test_a_closed_standard_input_is_a_sentence(recognizer: Path) -> None:
    command = [sys.executable, "-c", "from emotion_lib.cli import main; main()", "predict", "-"]
    closed = subprocess.run(
        ["/bin/sh", "-c", '"$@" <&-', "sh", *command, "--recognizer", str(recognizer)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert closed.returncode == 1
    assert "standard input: closed; pipe a recording in" in closed.stderr
    assert "Traceback" not in closed.stderr


def test_a_pipe_is_never_taken_into_memory_as_a_whole(
    recognizer: Path, silence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = silence.read_bytes() + bytes(3_000_000)
    asked: list[int] = []

    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", Mock(buffer=Pipe(content)))
    (found,), _ = recordings.find_recordings(["-"])

    assert EmotionRecognizer.load(recognizer).predict(found.source).reason == "silence"
    assert set(asked) == {0, 2**20}


def test_a_recording_that_breaks_off_does_not_end_the_batch(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    shutil.copy(silence, tmp_path / "a.wav")
    (tmp_path / "b.wav").symlink_to("/proc/self/mem")
    shutil.copy(silence, tmp_path / "c.wav")
    result = run("predict", tmp_path, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert [line[0] for line in fields(result.stdout)] == [str(tmp_path / name) for name in ("a.wav", "c.wav")]
    assert f"{tmp_path / 'b.wav'}: cannot be read to its end" in result.stderr


def test_linked_folders_are_followed_but_not_for_ever(recognizer: Path, silence: Path, tmp_path: Path) -> None:
    for folder in ("given/sub", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(silence, tmp_path / folder / "a.wav")
    (tmp_path / "given" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "given" / "again").symlink_to(tmp_path / "given")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "given" / "sub")
    (tmp_path / "given" / "itself").symlink_to(tmp_path / "given" / "itself")
    result = run("predict", tmp_path / "given", "--recognizer", recognizer)

    assert result.exit_code == 0
    assert [line[0] for line in fields(result.stdout)] == [
        str(tmp_path / "given" / name) for name in ("sub/a.wav", "linked/a.wav")
    ]


SUFFIXES = (
    *(".wave", ".opus", ".oga", ".au", ".snd", ".caf", ".aifc", ".w64", ".rf64", ".mp2"),
    *(".m4a", ".webm", ".amr", ".3gp", ".aac", ".wma"),
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_recording_is_looked_for(suffix: str, recognizer: Path, silence: Path, tmp_path: Path) -> None:
    shutil.copy(silence, tmp_path / f"a{suffix}")
    assert run("predict", tmp_path, "--recognizer", recognizer).exit_code == 0


def test_what_cannot_be_decoded_here_is_named(
    recognizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(40))
    result = run("predict", tmp_path, "--recognizer", recognizer)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[1] == (
        f"{tmp_path / 'a.m4a'}: not audio that can be read without an extra (M4A or MP4); run "
        f"`pip install 'emotion_lib[formats]'`, or convert it with `ffmpeg -i {tmp_path / 'a.m4a'} converted.wav`"
    )


def test_a_tilde_is_the_home_folder(
    recognizer: Path, silence: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(silence, tmp_path / "a.wav")
    shutil.copy(recognizer, tmp_path / "me.emotion")
    for path in ("~", "~/a.wav"):
        assert run("predict", path, "--recognizer", "~/me.emotion", "--csv=~/table.csv").exit_code == 0
    assert (tmp_path / "table.csv").is_file()
    assert EmotionRecognizer.load("~/me.emotion").predict("~/a.wav").reason == "silence"


@pytest.mark.parametrize("channel", ["left", "2"])
def test_a_voice_is_enrolled_from_its_channel(
    channel: str, enrol: Enrol, spoken: dict[str, Path], output: Path, tmp_path: Path
) -> None:
    (left, sr), (right, _) = (sf.read(spoken[emotion], dtype="int16") for emotion in ("angry", "happy"))
    length = min(len(left), len(right))
    sf.write(tmp_path / "call.wav", np.stack([left[:length], right[:length]], axis=1), sr)
    sf.write(tmp_path / "alone.wav", (left if channel == "left" else right)[:length], sr)
    answers = []
    for name, options in (("call.wav", ["--channel", channel]), ("alone.wav", [])):
        assert enrol(tmp_path / name, "--emotion", "neutral", *options).exit_code == 0
        answers.append(EmotionRecognizer.load(output).predict(spoken["sad"]))
    assert answers[0] == answers[1]


def test_a_tilde_in_a_list_is_the_home_folder(
    enrol: Enrol, spoken: dict[str, Path], output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    shutil.copy(spoken["sad"], tmp_path / "home" / "a.wav")
    (tmp_path / "list.csv").write_text("path,emotion\n~/a.wav,sad\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert enrol(tmp_path / "list.csv").exit_code == 0
    assert counts(output) == {"sad": 1}
