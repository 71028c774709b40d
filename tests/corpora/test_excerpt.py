"""What the repository has of TESS and CREMA-D: recordings, numbers and vectors."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks import embeddings, excerpt
from emotion_lib import EmotionRecognizer, classic, corpora, extraction, splits
from emotion_lib.audio.sources import has_audio_suffix
from emotion_lib.corpora import inventory
from emotion_lib.corpora.download import Archive
from emotion_lib.errors import CorpusError, ParameterError
from tests.corpora.conftest import Server, recordings, zipped

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "tess-excerpt"
CURE = r"tess: no recordings in .*; get TESS with `emotion-lib fetch tess`"


def git(folder: Path, *arguments: str) -> list[str]:
    """Run git in a folder, and return the lines that it prints."""
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


@pytest.fixture
def clone(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the repository with the excerpt, on a machine without a corpus."""
    root = tmp_path / "clone"
    shutil.copytree(FOLDER, root / "data" / "tess-excerpt")
    shutil.copy(ROOT / ".gitignore", root)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "excerpt")
    monkeypatch.delenv("EMOTION_LIB_DATA")
    monkeypatch.setattr(inventory, "_checkout", lambda: root)
    return root


def test_the_excerpt_is_28_recordings_of_tess_byte_for_byte_as_published() -> None:
    table = corpora.load("tess-excerpt")

    assert list(table.columns) == ["id", "path", "corpus", "speaker", "emotion", "text"]
    assert table.groupby(["speaker", "emotion", "text"]).size().eq(1).all()
    assert (len(table), set(table["text"]), set(table["corpus"])) == (28, {"back", "dog"}, {"tess"})
    bytes_here = [hashlib.sha256(Path(path).read_bytes()).digest() for path in table["path"]]
    assert tuple(bytes_here) == corpora.published_digests(table)


def test_the_folder_says_whose_recordings_they_are_and_under_which_licence() -> None:
    notice = (FOLDER / "README.md").read_text("utf-8")

    for part in ("Dupuis", "Pichora-Fuller", "10.5683/SP2/E8H2MF", "CC BY-NC-ND 4.0", "**unchanged**"):
        assert part in notice


def test_the_numbers_have_a_row_for_each_recording_of_tess_and_name_their_source() -> None:
    numbers = corpora.measurements()

    known = corpora.index("tess")
    pd.testing.assert_frame_equal(numbers[["id", "speaker", "emotion", "text"]], known.iloc[:, :4])
    np.testing.assert_allclose(numbers["duration"], known["samples"] / known["rate"], atol=1e-3)
    assert numbers.shape == (2800, 5 + 4 + 3 * 40)
    assert (FOLDER / "measurements.npz").stat().st_size < 1_500_000
    with np.load(FOLDER / "measurements.npz") as file:
        assert "10.5683/SP2/E8H2MF" in str(file["source"])


@pytest.mark.tess
def test_the_committed_numbers_are_those_of_the_recordings_to_half_a_step(tess: pd.DataFrame) -> None:
    some = tess[tess["text"].isin(excerpt.WORDS)]
    fresh = excerpt.measured(some)

    kept = corpora.measurements().set_index("id").loc[fresh.index, fresh.columns]
    with np.load(FOLDER / "measurements.npz") as file:
        leeway = 0.5 * file["scale"] + 2e-4  # what a feature differs by between machines
    assert ((kept - fresh).abs() <= leeway).all(axis=None)


def test_logistic_regression_on_the_numbers_tells_the_story_of_the_series() -> None:
    numbers = corpora.measurements()
    X, emotion = numbers.filter(regex="^original_").to_numpy(), numbers["emotion"]
    older, younger = (np.flatnonzero(numbers["speaker"] == speaker) for speaker in ("OAF", "YAF"))
    random = train_test_split(range(len(X)), test_size=0.2, random_state=0, stratify=emotion)

    def score(train: np.ndarray, test: np.ndarray) -> float:
        fitted = classic.baseline("logistic_regression").fit(X[train], emotion[train])
        return float(balanced_accuracy_score(emotion[test], fitted.predict(X[test])))

    assert score(*random) == pytest.approx(0.98, abs=0.01)
    assert score(older, younger) == pytest.approx(0.45, abs=0.01)


def test_the_vectors_are_of_two_actors_kept_for_demonstrations_and_of_38_others() -> None:
    clips = corpora.embeddings()

    columns = ["id", "corpus", "speaker", "emotion", "text", "sex", *(f"e_{i}" for i in range(3072))]
    columns += corpora.measurements().filter(regex="^(mean|deviation)_").columns.tolist()
    assert (list(clips.columns), len(clips)) == (columns, 500)
    assert clips["id"].is_monotonic_increasing
    kept = clips["speaker"].isin(embeddings.DEMONSTRATIONS)
    assert clips[kept].groupby(["speaker", "emotion"])["text"].nunique().tolist() == 12 * [10]
    others = clips[~kept]
    assert not splits.is_set_aside(others).any()
    assert others.groupby("sex")["speaker"].nunique().to_dict() == {"female": 19, "male": 19}
    assert others["emotion"].value_counts().isin([63, 64]).all()


def test_the_same_utterances_are_drawn_from_the_whole_corpus_as_from_a_part() -> None:
    index = corpora.index("crema-d").assign(corpus="crema-d")

    whole, part = embeddings.drawn(index), embeddings.drawn(index[index["in_figures"]])
    assert whole["id"].tolist() == part["id"].tolist() == corpora.embeddings()["id"].tolist()


def test_the_numbers_are_what_the_library_computes_of_the_samples_and_are_small() -> None:
    paths = sorted((ROOT / "data" / "samples").glob("*.flac"))
    kept = corpora.embeddings().set_index("id").loc[[path.stem for path in paths]]
    vectors, mfcc = (kept.filter(regex=names).to_numpy() for names in ("^e_", "^(mean|deviation)_"))

    assert vectors.dtype == mfcc.dtype == np.float32
    np.testing.assert_allclose(vectors, EmotionRecognizer.load().embed(paths), rtol=1e-3, atol=1e-3)
    fresh = [extraction.extract_one(path, "mean_std_mfcc") for path in paths]
    np.testing.assert_allclose(mfcc, fresh, rtol=1e-3, atol=1e-3)
    assert (ROOT / "data" / "samples" / "embeddings.npz").stat().st_size < 3_000_000


def test_the_notice_beside_the_vectors_names_the_makers_and_the_licences() -> None:
    notice = (ROOT / "data" / "samples" / "README.md").read_text("utf-8")

    for part in ("Cao, H.", "10.1109/TAFFC.2014.2336244", "derivative database", "licenses/odbl", "licenses/dbcl"):
        assert part in notice


def test_a_discriminant_trained_on_the_other_actors_predicts_the_two_better_from_embeddings_than_from_mfccs() -> None:
    clips = corpora.embeddings()
    kept = clips["speaker"].isin(embeddings.DEMONSTRATIONS).to_numpy()
    scores = []
    for names in ("^e_", "^(mean|deviation)_"):
        X = StandardScaler().fit_transform(clips.filter(regex=names))
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.6).fit(X[~kept], clips["emotion"][~kept])
        scores.append(balanced_accuracy_score(clips["emotion"][kept], model.predict(X[kept])))

    assert scores == pytest.approx([0.57, 0.41], abs=0.03)


def test_outside_a_clone_the_error_says_where_the_vectors_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_checkout", lambda: None)

    with pytest.raises(CorpusError, match=r"samples/embeddings\.npz: .*not part of the installed.*fetch crema-d"):
        corpora.embeddings()


def test_outside_a_clone_the_error_says_where_the_excerpt_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "_checkout", lambda: None)

    for read in (corpora.measurements, lambda: corpora.load("tess-excerpt")):
        with pytest.raises(CorpusError, match=r"not part of the installed package.*fetch tess"):
            read()


def test_find_says_which_function_knows_the_excerpt() -> None:
    with pytest.raises(ParameterError, match=r"must be one of tess, .*; only `corpora\.load` knows the excerpt"):
        corpora.find("tess-excerpt")


def test_with_the_excerpt_alone_tess_is_missing_as_before(clone: Path) -> None:
    assert len(corpora.load("tess-excerpt")) == 28
    assert not corpora.is_here("tess")
    for search in (corpora.find, corpora.load, corpora.check):
        with pytest.raises(CorpusError, match=CURE):
            search("tess")


def test_a_full_copy_in_the_folder_of_the_user_is_found_and_hidden_on_demand(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "user" / "tess"
    folder.mkdir(parents=True)
    ids = corpora.index("tess")["id"]
    for id in ids[1:]:
        (folder / f"{id}.wav").touch()
    assert corpora.find("tess") == folder
    assert not corpora.is_here("tess")

    (folder / f"{ids[0]}.wav").touch()
    assert corpora.is_here("tess")

    monkeypatch.setenv("EMOTION_LIB_HIDDEN", "emodb,tess")
    assert not corpora.is_here("tess")
    with pytest.raises(CorpusError, match="tess: hidden by EMOTION_LIB_HIDDEN; unset it, or get TESS with"):
        corpora.load("tess")


def test_git_keeps_the_excerpt_and_ignores_what_is_fetched(clone: Path, tess_folder: Path, server: Server) -> None:
    server.files["/tess"] = zipped(recordings(tess_folder))

    fetched = corpora.fetch(
        "tess", source=Archive(f"{server.address}/tess", retries=0), index=corpora.make_index(tess_folder)
    )

    assert fetched == corpora.find("tess") == clone / "data" / "tess"
    assert git(clone, "status", "--porcelain") == []
    assert sum(name.endswith(".wav") for name in git(clone, "ls-files")) == 28


def test_the_repository_has_no_other_recording_of_tess() -> None:
    files = [name for name in git(ROOT, "ls-files") if has_audio_suffix(name)]

    assert len([name for name in files if name.startswith("data/tess-excerpt/")]) == 28
    assert {name.split("/")[1] for name in files} == {"demo", "samples", "tess-excerpt"}
