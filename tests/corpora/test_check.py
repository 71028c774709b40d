"""A broken copy of a corpus is told by name what is wrong with it."""

import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from emotion_lib import corpora
from emotion_lib.corpora.check import CheckReport, Finding
from emotion_lib.errors import CorpusWarning


def names(findings: tuple[Finding, ...]) -> list[str]:
    """Return which recordings were found."""
    return [finding.name for finding in findings]


def truncate(path: Path) -> None:
    """Cut a recording in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_whole_folder_is_fine_and_its_oddities_are_named(tess_folder: Path) -> None:
    report = corpora.check(tess_folder)
    assert report.ok
    assert (report.n_utterances, report.n_expected) == (42, 42)
    assert sorted(map(str, report.odd)) == [
        "OAF_Fear/OAF_cloud_fear.wav: 96000 Hz, most have 24414 Hz",
        "OAF_neutral/OA_bridge_neutral.wav: a misspelt name, read as OAF_bridge_neutral",
        "YAF_angry/YAF_lamp_angry.wav: AIFF behind the name .wav",
    ]


def test_the_demo_corpus_is_as_it_was_made() -> None:
    report = corpora.check("demo")
    assert report.ok
    assert report.odd == ()


def test_a_folder_is_compared_with_its_own_design(tess_folder: Path) -> None:
    (tess_folder / "YAF_sad" / "YAF_lamp_sad.wav").unlink()
    report = corpora.check(tess_folder)
    assert names(report.missing) == ["YAF lamp sad"]
    assert not report.ok


def test_a_folder_without_a_design_lacks_nothing(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    for n, emotion in enumerate(("angry", "sad", "fear")):
        write_wav(f"ME_word{n}_{emotion}.wav", np.full(100, 0.1 * n + 0.1))
    report = corpora.check(tmp_path)
    assert report.missing == ()
    assert report.n_expected == 3


def test_silence_is_odd(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    write_wav("ME_word_sad.wav", np.zeros(100))
    assert [finding.what for finding in corpora.check(tmp_path).odd] == ["silent"]


def test_what_is_not_a_recording_is_named(tess_folder: Path) -> None:
    (tess_folder / "notes.txt").write_text("a stray text file")
    (tess_folder / "notes.wav").write_text("a stray text file named .wav")
    report = corpora.check(tess_folder)
    assert names(report.foreign) == ["notes.wav"]
    assert names(report.others) == ["notes.txt"]
    assert "  notes.wav" in str(report).splitlines()


def test_one_wrong_byte_is_named(demo_copy: Path) -> None:
    path = min(demo_copy.rglob("*.flac"))
    path.write_bytes(path.read_bytes() + b"x")
    report = corpora.check(demo_copy)
    assert [str(finding) for finding in report.different] == [
        f"{path.relative_to(demo_copy).as_posix()}: not the published bytes (SHA-256 differs)"
    ]


def test_a_second_content_for_one_id_is_named(demo_copy: Path) -> None:
    first, second = sorted(demo_copy.rglob("*.flac"))[:2]
    (demo_copy / "a" / "b").mkdir(parents=True)
    shutil.copy(second, demo_copy / "a" / "b" / first.name)
    second.unlink()
    report = corpora.check(demo_copy)
    kept = first.relative_to(demo_copy).as_posix()
    assert [str(finding) for finding in report.different] == [
        f"a/b/{first.name}: another recording of {first.stem}, left out; {kept} is used"
    ]
    assert names(report.missing) == [second.stem]


def break_sixteen(folder: Path) -> list[str]:
    """Truncate 10 recordings, delete 5 and write text into one more; return the names of the sixteen."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".wav", ".flac"})[::10][:16]
    for path in paths[:10]:
        truncate(path)
    for path in paths[10:15]:
        path.unlink()
    paths[15].write_text("a text file named as a recording")
    return [path.stem for path in paths]


def assert_table_and_report_name_all(folder: Path, sixteen: list[str], *, n: int) -> None:
    """Assert that a broken copy gives a table without duplicates and a report that names what is broken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        table = corpora.load(folder)
    report = corpora.check(folder)
    assert table["id"].is_unique
    assert len(table) == report.n_utterances == n
    assert not report.ok
    assert [name for name in sixteen if name not in str(report)] == []


def test_a_broken_copy_is_named_sixteen_times(demo_copy: Path) -> None:
    n = len(corpora.load(demo_copy))
    sixteen = break_sixteen(demo_copy)
    shutil.copytree(demo_copy, demo_copy / "nested")
    assert_table_and_report_name_all(demo_copy, sixteen, n=n - 5)


def test_a_broken_copy_is_mended_by_a_whole_one_inside_it(demo_copy: Path, tmp_path: Path) -> None:
    n = len(corpora.load(demo_copy))
    shutil.copytree(demo_copy, tmp_path / "whole")
    sixteen = break_sixteen(demo_copy)
    shutil.move(tmp_path / "whole", demo_copy / "nested")
    assert_table_and_report_name_all(demo_copy, sixteen, n=n)
    assert len(corpora.check(demo_copy).unreadable) == 11


@pytest.mark.tess
def test_tess_is_as_published(tess: pd.DataFrame) -> None:
    report = corpora.check("tess")
    assert report.missing == report.unreadable == report.different == ()
    assert report.n_utterances == report.n_expected == 2800
    assert sorted(Path(name).stem for name in names(report.odd)) == [
        "OAF_food_fear",
        "OA_bite_neutral",
        "YAF_germ_angry",
        "YAF_neat_fear",
    ]


@pytest.mark.tess
def test_a_broken_copy_of_tess_is_named_sixteen_times(tess: pd.DataFrame, tmp_path: Path) -> None:
    for path in map(Path, tess["path"]):
        (tmp_path / "TESS data" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "TESS data" / path.parent.name)
    sixteen = break_sixteen(tmp_path)
    shutil.copytree(tmp_path / "TESS data", tmp_path / "TESS data" / "TESS data")
    assert_table_and_report_name_all(tmp_path, sixteen, n=2795)


def test_a_report_prints_as_sentences() -> None:
    report = CheckReport("tess", "/data", 1, 3, missing=(Finding("A"), Finding("B")), repair="Fetch it again.")
    assert (
        str(report) == "tess in /data: 1 of 3 utterances, something is wrong.\nMissing (2):\n  A\n  B\nFetch it again."
    )
    assert report._repr_html_() == (
        "<p>tess in /data: 1 of 3 utterances, something is wrong.</p>"
        "<p>Missing (2):</p><ul><li>A</li><li>B</li></ul><p>Fetch it again.</p>"
    )


def test_a_name_is_no_html() -> None:
    report = CheckReport("folder", "<b>", 0, 0, foreign=(Finding("<script>.wav"),))
    assert "<script>" not in report._repr_html_()


def test_many_names_are_shortened_in_print_only() -> None:
    report = CheckReport("folder", "x", 0, 0, doubled=tuple(Finding(str(n)) for n in range(50)))
    assert str(report).endswith("and 30 more")
    assert len(report.doubled) == 50


def test_the_same_recordings_in_two_containers_count_once(tess_folder: Path) -> None:
    for path in [*tess_folder.rglob("*.wav")]:
        y, sr = sf.read(path)
        sf.write(path.with_suffix(".flac"), y, sr)
    report = corpora.check(tess_folder)
    assert "42 of 42 utterances" in str(report)
    assert len(report.doubled) == 42
    with pytest.warns(CorpusWarning, match="42 recordings identical to others and left out"):
        assert len(corpora.load(tess_folder)) == 42


def test_the_same_name_with_another_sound_is_another_recording(tess_folder: Path) -> None:
    path = min(tess_folder.rglob("YAF*.wav"))
    y, sr = sf.read(path)
    sf.write(path.with_suffix(".flac"), y / 2, sr)
    assert len(corpora.load(tess_folder)) == 43


def test_the_same_sound_under_two_names_is_odd(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    y, sr = sf.read(write_wav("ME_cloud_angry.wav"), dtype="int16")
    sf.write(tmp_path / "ME_lamp_sad.flac", y, sr)
    (finding,) = corpora.check(tmp_path).odd
    assert str(finding) == "ME_lamp_sad.flac: the same sound as ME_cloud_angry.wav"


def test_a_name_of_a_file_gives_the_terminal_no_command(tmp_path: Path) -> None:
    (tmp_path / "angry").mkdir()
    (tmp_path / "angry" / "a\x1b[2J\nb.wav").write_bytes(b"RIFF")
    report = corpora.check(tmp_path)

    assert r"a\x1b[2J\nb.wav" in str(report)
    assert "\x1b" not in str(report) + report._repr_html_()


def test_odd_files_do_not_end_a_check(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    path = write_wav("ME_cloud_angry.wav")
    content = path.read_bytes()
    chunk = content[36:]
    (tmp_path / "ME_two_sad.wav").write_bytes(content[:36] + chunk + chunk)
    (tmp_path / "ME_twice_sad.wav").write_bytes(content[:12] + content[12:36] * 2 + chunk)
    (tmp_path / "ME_cut_sad.wav").write_bytes(content[:-1])
    (tmp_path / "ME_loop_sad.wav").symlink_to("ME_loop_sad.wav")
    (tmp_path / "loop").symlink_to(tmp_path)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/ME_\xff\xfe_sad.wav")).write_bytes(content)
    text = str(corpora.check(tmp_path))
    text.encode()
    assert "ME_cut_sad.wav: 1 byte of samples fewer than its header claims" in text
    corpora.load(tmp_path)["id"].str.encode("utf-8")


def test_what_cannot_be_decoded_here_is_named(
    write_wav: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    write_wav("ME_cloud_angry.wav")
    (tmp_path / "ME_cloud_sad.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(40))
    report = corpora.check(tmp_path)
    assert names(report.unreadable) == ["ME_cloud_sad.m4a"]
    assert "pip install 'emotion_lib[formats]'" in str(report)


def test_a_dollar_in_a_name_begins_no_formula(write_wav: Callable[..., Path], tmp_path: Path) -> None:
    write_wav("M$E_wo$rd_sad.wav", np.zeros(100))
    assert corpora.check(tmp_path)._repr_html_().startswith('<div class="tex2jax_ignore mathjax_ignore"><p>')
