"""The classic side: what the baselines score, features as a transformer, and the conventions of scikit-learn."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.utils import estimator_checks

from emotion_lib import classic, corpora, extraction, splits
from emotion_lib.classic import FeatureExtractor
from emotion_lib.errors import AudioError, ParameterError
from emotion_lib.features import ENCODED, FEATURES, SPEECH_ENCODER, FeatureSettings
from emotion_lib.recognizer import EmotionRecognizer

SMALL = FeatureSettings(sr=8000, n_fft=256, hop_length=128, n_mels=20, n_mfcc=5)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    """The demo corpus, and a cache that is empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_LIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield corpora.load("demo")


def clouds(n: int = 30, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features and emotions of three clouds of points, far apart."""
    emotion = np.repeat(["angry", "happy", "sad"], n)
    centres = np.repeat([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]], n, axis=0)
    return centres + np.random.default_rng(seed).standard_normal((3 * n, 2)), emotion


def test_the_most_frequent_emotion_is_heard_in_everything() -> None:
    fitted = classic.baseline("most_frequent").fit(np.eye(3), ["sad", "happy", "sad"])
    assert fitted.predict(np.ones((2, 3))).tolist() == ["sad", "sad"]


@pytest.mark.parametrize("name", ["logistic_regression", "svm"])
def test_a_classifier_learns_what_is_easy(name: str) -> None:
    fitted = classic.baseline(name).fit(*clouds())
    X, emotion = clouds(seed=1)
    assert np.mean(fitted.predict(X) == emotion) > 0.97


@pytest.mark.parametrize("name", classic.BASELINES)
def test_the_unit_of_a_feature_changes_nothing(name: str) -> None:
    X, emotion = clouds()
    unit = np.array([1e-4, 1e4])
    plain, scaled = (classic.baseline(name).fit(each, emotion).predict(each) for each in (X, X * unit))
    np.testing.assert_array_equal(plain, scaled)


@pytest.mark.parametrize("name", classic.BASELINES)
def test_the_same_seed_gives_the_same_predictions(name: str) -> None:
    X, emotion = clouds()
    first, again = (classic.baseline(name, seed=3).fit(X, emotion).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_an_unknown_baseline_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError, match="baseline 'oracle': must be one of most_frequent, logistic_regr"):
        classic.baseline("oracle")


def test_rows_are_those_of_the_extraction_in_the_order_of_x(demo: pd.DataFrame) -> None:
    backwards = demo[:12][::-1]
    X = FeatureExtractor("mean_mfcc", settings=SMALL).fit_transform(backwards["path"])
    np.testing.assert_array_equal(X, extraction.extract(backwards, "mean_mfcc", settings=SMALL).X)
    assert X.dtype == np.float32


@pytest.mark.parametrize(
    "as_x",
    [
        list,
        np.array,
        lambda paths: [Path(path) for path in paths],
        lambda paths: [Path(path).read_bytes() for path in paths],
        lambda paths: [io.BytesIO(Path(path).read_bytes()) for path in paths],
        lambda paths: [paths.iloc[0], *(Path(path).read_bytes() for path in paths[1:])],
    ],
    ids=["texts", "array", "paths", "bytes", "open files", "mixed"],
)
def test_whatever_audio_reads_is_a_recording(demo: pd.DataFrame, as_x) -> None:
    paths = demo["path"][:3]
    extractor = FeatureExtractor(settings=SMALL)
    np.testing.assert_array_equal(extractor.transform(as_x(paths)), extractor.transform(paths))


@pytest.mark.parametrize("cache", [True, False])
def test_the_transformer_keeps_features_only_where_it_should(
    demo: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: bool
) -> None:
    monkeypatch.setenv("EMOTION_LIB_CACHE", str(tmp_path))
    FeatureExtractor(settings=SMALL, cache=cache).transform(demo["path"][:1])
    assert any(tmp_path.iterdir()) == cache


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_names_its_columns_or_is_refused_as_a_row_for_each_frame(feature: str) -> None:
    if feature == "egemaps":
        pytest.importorskip("opensmile")
    rate = SPEECH_ENCODER.sr if feature == ENCODED else 8000
    value = FEATURES[feature](np.sin(np.arange(8000)), rate, settings=SMALL)
    extractor = FeatureExtractor(feature, settings=SMALL)
    if value.ndim == 1:
        assert len(set(extractor.get_feature_names_out())) == len(value)
    else:
        with pytest.raises(ParameterError, match=f"feature='{feature}': .* row for each frame"):
            extractor.fit(["a.wav"])


def test_a_table_has_the_names_of_the_columns_and_the_rows_of_x(demo: pd.DataFrame) -> None:
    paths = demo["path"][3:6]
    found = FeatureExtractor(settings=SMALL).set_output(transform="pandas").fit_transform(paths)
    assert found.columns[[0, 4, 5, 9]].tolist() == ["mfcc_1_mean", "mfcc_5_mean", "mfcc_1_std", "mfcc_5_std"]
    assert found.index.tolist() == [3, 4, 5]


def test_the_states_of_the_encoder_are_extracted_as_the_recogniser_takes_them(demo: pd.DataFrame) -> None:
    paths = list(demo["path"][:2])
    np.testing.assert_array_equal(FeatureExtractor(ENCODED).transform(paths), EmotionRecognizer.load().embed(paths))


def test_the_transformer_has_the_defaults_of_the_library(demo: pd.DataFrame) -> None:
    X = FeatureExtractor().transform(demo["path"][:2])
    np.testing.assert_array_equal(X, extraction.extract(demo[:2], "mean_std_mfcc").X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"feature": "mfc"}, r"feature='mfc': is unknown; must be one of mean_mfcc, mean_std_mfcc, duration_level"),
        ({"settings": {"n_mfcc": 13}}, r"settings={'n_mfcc': 13}: must be a FeatureSettings, or None"),
    ],
)
def test_a_parameter_that_cannot_be_is_found_by_fit_and_by_transform(parameters, message: str) -> None:
    extractor = FeatureExtractor(**parameters)
    for method in (extractor.fit, extractor.transform, extractor.get_feature_names_out):
        with pytest.raises(ParameterError, match=message):
            method(["a.wav"])


@pytest.mark.parametrize(
    "X",
    ["a.wav", Path("a.wav"), b"RIFF", io.BytesIO(b"RIFF"), None, pd.DataFrame({"path": ["a.wav"]})],
    ids=["text", "path", "bytes", "open file", "nothing", "table"],
)
def test_what_is_no_sequence_of_recordings_is_refused(X) -> None:
    for method in (FeatureExtractor().fit, FeatureExtractor().transform):
        with pytest.raises(ParameterError, match=rf"X: {type(X).__name__}, expected a sequence .*table\['path'\]"):
            method(X)


def test_neither_numbers_nor_nothing_are_recordings() -> None:
    with pytest.raises(ParameterError, match=r"source=.*: must be a path, bytes or a file"):
        FeatureExtractor().transform(np.ones((2, 3)))
    with pytest.raises(ParameterError, match=r"X .*at least one recording"):
        FeatureExtractor().transform([])


def test_a_recording_that_cannot_be_used_is_named_with_its_cure(demo: pd.DataFrame) -> None:
    one_bad = [demo["path"][0], "gone.wav"]
    with pytest.raises(AudioError, match=r"1 of 2 recordings cannot be used; .*: gone\.wav: no such file; check"):
        FeatureExtractor(settings=SMALL).transform(one_bad)
    with pytest.raises(AudioError, match=r"none of the 1 recordings .*: gone\.wav: no such file; check the path"):
        FeatureExtractor(settings=SMALL).transform(["gone.wav"])
    with pytest.raises(AudioError, match=r"the recording: an empty file"):
        FeatureExtractor(settings=SMALL).transform([b""])


def test_the_classic_path_scores_as_its_parts_do_with_a_voice_held_out(demo: pd.DataFrame) -> None:
    path = classic.pipeline("svm", feature="mean_mfcc", settings=SMALL)
    scores = cross_validate(path, demo["path"], demo["emotion"], groups=demo["speaker"], cv=GroupKFold(2))["test_score"]

    features = extraction.extract(demo, "mean_mfcc", settings=SMALL)
    parts = [(features[part.train], features[part.test]) for part in splits.split(features.table, "by_speaker")]
    fitted = [classic.baseline("svm").fit(train.X, train.emotion) for train, _ in parts]
    expected = [each.score(test.X, test.emotion) for each, (_, test) in zip(fitted, parts, strict=True)]
    assert sorted(scores) == sorted(expected)


def test_a_search_varies_feature_settings_and_classifier(demo: pd.DataFrame) -> None:
    grid = {
        "extractor__feature": ["mean_mfcc", "duration_level"],
        "extractor__settings": [SMALL, FeatureSettings(sr=8000)],
        "svc__C": [0.1, 10],
    }
    search = GridSearchCV(classic.pipeline("svm"), grid, cv=GroupKFold(2), error_score="raise")
    search.fit(demo["path"], demo["emotion"], groups=demo["speaker"])
    assert len(search.cv_results_["params"]) == 8
    assert set(search.best_params_) == set(grid)
    assert set(search.predict(demo["path"][:5])) <= set(demo["emotion"])


@pytest.mark.parametrize("name", classic.BASELINES)
def test_a_clone_is_untrained_and_a_pickle_is_not(demo: pd.DataFrame, name: str) -> None:
    fitted = classic.pipeline(name, settings=SMALL, seed=3).fit(demo["path"], demo["emotion"])
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).predict(demo["path"]), fitted.predict(demo["path"])
    )
    assert repr(clone(fitted)) == repr(fitted)
    assert not hasattr(clone(fitted)[-1], "classes_")


def test_a_pipeline_ends_in_the_baseline_of_its_name() -> None:
    for name in classic.BASELINES:
        path = classic.pipeline(name, feature="mean_mfcc", settings=SMALL, seed=3)
        assert repr(path[1:]) == repr(classic.baseline(name, seed=3))
        assert (path["extractor"].feature, path["extractor"].settings) == ("mean_mfcc", SMALL)


API_CHECKS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
)
"""The checks of scikit-learn that need no X, which `check_estimator` does not run where X is no 2-D array."""


@pytest.mark.parametrize("feature", ["mean_std_mfcc", ENCODED])
@pytest.mark.parametrize("name", API_CHECKS)
def test_the_extractor_follows_the_conventions_of_scikit_learn(name: str, feature: str) -> None:
    getattr(estimator_checks, name)("FeatureExtractor", FeatureExtractor(feature))


def test_the_encoder_in_a_pipeline_keeps_its_parameters_and_treats_each_recording_alone(demo: pd.DataFrame) -> None:
    # The other checks of `check_estimator` make an X of numbers. These are the same with recordings: parameters are not
    # overwritten, fit returns the estimator and is idempotent, transform needs no fit, the order of the rows and the
    # rows beside a row make no difference, and the names of the features are as many as the columns.
    paths, emotion = demo["path"][:6], demo["emotion"][:6]
    extractor = FeatureExtractor(ENCODED, cache=False)
    before = dict(vars(extractor))
    X = extractor.transform(paths)  # before fit, which learns nothing
    assert extractor.fit(paths, emotion) is extractor
    assert vars(extractor) == before
    np.testing.assert_array_equal(extractor.fit(paths, emotion).transform(paths), X)
    np.testing.assert_array_equal(extractor.fit_transform(paths, emotion), X)
    np.testing.assert_array_equal(extractor.transform(paths[::-1])[::-1], X)
    np.testing.assert_array_equal(np.vstack([extractor.transform([path]) for path in paths]), X)
    assert X.shape == (6, len(extractor.get_feature_names_out()))


def test_the_example_of_the_documentation_scores_a_corpus_of_ones_own(demo: pd.DataFrame, tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "own_corpus.md").read_text(encoding="utf-8")
    example = next(part for part in page.split("```") if "make_pipeline" in part).removeprefix("python")
    demo[demo["text"] == "back"].to_csv(tmp_path / "mine.csv", index=False)
    names: dict[str, np.ndarray] = {}
    exec(example.replace("my corpus", str(tmp_path / "mine.csv")), names)
    assert len(names["scores"]) == 2
    assert np.isfinite(names["scores"]).all()
