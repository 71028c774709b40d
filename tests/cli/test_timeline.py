"""`emotion-lib timeline` prints what the library says, in every format, and names what it cannot follow."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from emotion_lib import audio
from emotion_lib.recognizer import EmotionRecognizer
from emotion_lib.recognizer.timeline import FORMATS, formatted, stretches
from tests.cli.conftest import fields, run


@pytest.fixture(scope="module")
def call(speech: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two channels: somebody speaks on the left one, with two seconds of silence at the end."""
    y = np.concatenate([audio.read(path, sr=16_000)[0] for path in speech])
    path = tmp_path_factory.mktemp("call") / "call.wav"
    sf.write(path, np.stack([np.pad(y, (0, 32_000)), np.zeros(len(y) + 32_000)], axis=1), 16_000)
    return path


def test_each_stretch_is_a_line(recognizer: Path, call: Path) -> None:
    result = run("timeline", call, "--recognizer", recognizer)
    table = stretches(EmotionRecognizer.load(recognizer).timeline(call))

    assert (result.exit_code, result.stderr) == (0, "")
    assert [line[:3] + line[4:] for line in fields(result.stdout)] == [
        [f"{row.start:.2f}", f"{row.end:.2f}", row.emotion, row.reason] for row in table.itertuples()
    ]


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "json"])
def test_a_format_is_what_the_library_writes(recognizer: Path, call: Path, kind: str, tmp_path: Path) -> None:
    result = run("timeline", call, "--format", kind, "--recognizer", recognizer, "--output", tmp_path / "out.txt")

    assert (result.exit_code, result.stdout) == (0, "")
    expected = formatted(EmotionRecognizer.load(recognizer).timeline(call), kind)
    assert (tmp_path / "out.txt").read_bytes() == expected.encode()
    assert run("timeline", call, "--format", kind, "--recognizer", recognizer).stdout == expected


def test_json_is_one_object_with_the_notes(recognizer: Path, call: Path) -> None:
    said = json.loads(run("timeline", call, "--json", "--recognizer", recognizer).stdout)

    assert (said["path"], said["recognizer"], said["notes"]) == (str(call), None, [])
    assert "speakers" in said["note"]
    assert said["timeline"][0]["start"] == 0
    assert said["timeline"][-1]["reason"] == "silence"


def test_one_channel_can_be_followed_alone(recognizer: Path, call: Path) -> None:
    (line,) = fields(run("timeline", call, "--channel", "right", "--recognizer", recognizer).stdout)

    assert line[2::2] == ["unknown", "silence"]


def test_standard_input_is_a_recording(recognizer: Path, call: Path) -> None:
    piped = run("timeline", "-", "--recognizer", recognizer, stdin=call.read_bytes())

    assert piped.stdout == run("timeline", call, "--recognizer", recognizer).stdout


def test_what_cannot_be_followed_is_a_sentence(recognizer: Path, call: Path, tmp_path: Path) -> None:
    gone = run("timeline", tmp_path / "gone.wav", "--recognizer", recognizer)
    folder = run("timeline", call.parent, "--recognizer", recognizer)
    both = run("timeline", call, "--json", "--format", "csv")

    assert (gone.exit_code, folder.exit_code, both.exit_code) == (1, 1, 2)
    assert "no such file" in gone.stderr
    assert "name one recording" in folder.stderr
    assert "--json and --format name two formats" in both.stderr


def test_remarks_on_the_recording_are_on_standard_error(recognizer: Path, call: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(call.read_bytes()[:-20])

    result = run("timeline", cut, "--recognizer", recognizer)

    assert result.exit_code == 0
    assert result.stderr.startswith("Note: ")
