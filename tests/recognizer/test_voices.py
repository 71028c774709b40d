"""Enrolment: voices made of numbers, whose emotions lie where no other voice has them."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_lib.errors import ParameterError
from emotion_lib.features import voice_statistics
from emotion_lib.recognizer.voices import Enrolment, Voices, adapt
from emotion_lib.training.frame_voices import learn_voices

EMOTIONS = ("angry", "happy", "sad")
N_STATISTICS = 30


class Speaker:
    """One voice, whose emotions lie at places of its own, in directions that all voices share."""

    def __init__(self, seed: int, *, apart: float = 8.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.middle = self.rng.normal(0, 3, N_STATISTICS)
        self.places = np.zeros((len(EMOTIONS), N_STATISTICS))
        self.places[:, :4] = apart * np.linalg.qr(self.rng.normal(size=(4, 4)))[0][: len(EMOTIONS)]

    def speaks(self, counts: Mapping[str, int]) -> tuple[np.ndarray, list[str]]:
        """Return the statistics of so many utterances of each emotion, and their emotions."""
        emotion = [name for name, n in counts.items() for _ in range(n)]
        places = self.places[[EMOTIONS.index(name) for name in emotion]]
        return self.middle + places + self.rng.normal(size=places.shape) * SPREAD, emotion


SPREAD = np.random.default_rng(99).uniform(0.5, 2, N_STATISTICS)


def evenly(n: int) -> dict[str, int]:
    """Return the same number of each emotion."""
    return dict.fromkeys(EMOTIONS, n)


def several(n_voices: int) -> Voices:
    """Return what is known of some voices, 20 utterances of each emotion."""
    spoken = [Speaker(seed).speaks(evenly(20)) for seed in range(n_voices)]
    speaker = [f"voice {number}" for number, (_, emotion) in enumerate(spoken) for _ in emotion]
    return learn_voices(
        np.concatenate([x for x, _ in spoken]),
        speaker,
        [name for _, emotion in spoken for name in emotion],
    )


VOICES = several(10)


def unsure(n: int) -> np.ndarray:
    """Return the probabilities of a network that knows nothing."""
    return np.full((n, len(EMOTIONS)), 1 / len(EMOTIONS))


def sure(emotion: list[str], probability: float = 0.8) -> np.ndarray:
    """Return the probabilities of a network that hears these emotions."""
    heard = np.array([[float(name == each) for name in EMOTIONS] for each in emotion])
    return (1 - probability) / 2 + heard * (probability - (1 - probability) / 2)


def share_right(used: Enrolment, x: np.ndarray, emotion: list[str], probabilities: np.ndarray) -> float:
    """Return the share of utterances whose emotion is the most probable one."""
    found = used.apply(probabilities, x).argmax(axis=1)
    return float(np.mean([EMOTIONS[number] == name for number, name in zip(found, emotion, strict=True)]))


# Statistics


def frames(n: int, seed: int = 0) -> np.ndarray:
    """Return the frames of one utterance in dB."""
    return np.random.default_rng(seed).normal(-40, 10, (1, n, 64)).astype(np.float32)


def test_neither_padding_nor_the_gain_of_a_microphone_changes_a_statistic() -> None:
    padded, lengths = np.pad(frames(50), ((0, 0), (0, 30), (0, 0))), np.array([50])
    expected = voice_statistics(frames(50), lengths)

    np.testing.assert_array_equal(voice_statistics(padded, lengths), expected)
    np.testing.assert_allclose(voice_statistics(frames(50) + 20, lengths), expected, atol=1e-3)


def test_mfcc_give_the_statistics_of_the_log_mel_that_they_were_made_of() -> None:
    import scipy.fft

    mfcc = scipy.fft.dct(frames(50), axis=2, norm="ortho")[:, :, :40]
    of_mfcc = voice_statistics(mfcc, np.array([50]), feature="mfcc")

    np.testing.assert_allclose(of_mfcc, voice_statistics(frames(50), np.array([50])), atol=1e-3)


def test_statistics_are_first_the_means_of_all_coefficients_but_the_first() -> None:
    mfcc = np.random.default_rng(0).normal(size=(1, 50, 40))

    np.testing.assert_allclose(
        voice_statistics(mfcc, np.array([50]), feature="mfcc")[0, :39], mfcc[0].mean(axis=0)[1:], rtol=1e-5
    )


@given(n=st.integers(1, 12), value=st.floats(-100, 40))
def test_any_utterance_has_finite_statistics(n: int, value: float) -> None:
    found = voice_statistics(np.full((1, n, 64), value), np.array([n]))

    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("X", "lengths", "feature", "message"),
    [
        (frames(5), [5], "mean_mfcc", r"feature='mean_mfcc': must be log_mel or mfcc"),
        (frames(5)[0], [5], "log_mel", r"X of shape \(5, 64\), 1 lengths: must have three dimensions"),
        (frames(5), [5, 5], "log_mel", "2 lengths"),
        (frames(5), [6], "log_mel", "lengths: must be from 1 to 5 frames"),
        (frames(5), [0], "log_mel", "lengths: must be from 1 to 5 frames"),
        (frames(5)[:0], [], "log_mel", "at least one utterance"),
    ],
)
def test_frames_that_cannot_be_described_are_refused(
    X: np.ndarray, lengths: list[int], feature: str, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        voice_statistics(X, np.array(lengths), feature=feature)


# What is known of the training voices


def test_a_corpus_counts_the_same_however_large_it_is() -> None:
    small, large = (Speaker(seed).speaks(evenly(20)) for seed in (1, 2))
    x, emotion = np.concatenate([small[0], large[0]]), small[1] + large[1]
    speaker, corpus = ["a"] * 60 + ["b"] * 60, ["small"] * 60 + ["large"] * 60
    once = learn_voices(x, speaker, emotion, corpus=corpus)
    # The same recordings again: the corpus has twice the utterances, and as much to say.
    twice = learn_voices(
        np.concatenate([x, large[0]]), speaker + ["b"] * 60, emotion + large[1], corpus=corpus + ["large"] * 60
    )

    np.testing.assert_allclose(
        twice.mean @ np.linalg.inv(twice.transform), once.mean @ np.linalg.inv(once.transform), atol=1e-3
    )


def test_two_speakers_of_one_name_are_two_where_their_corpora_differ() -> None:
    (x, emotion), (other_x, other_emotion) = (Speaker(seed).speaks(evenly(10)) for seed in (1, 2))
    both, names = np.concatenate([x, other_x]), emotion + other_emotion
    corpus = ["one"] * 30 + ["two"] * 30
    apart = learn_voices(both, ["a"] * 30 + ["b"] * 30, names, corpus=corpus)

    np.testing.assert_allclose(learn_voices(both, ["a"] * 60, names, corpus=corpus).between, apart.between)


@pytest.mark.parametrize(
    ("emotion", "message"),
    [
        (["sad"] * 4, "no speaker has two emotions"),
        (["sad", "happy", "angry", "fear"], "two utterances of an emotion"),
        (["sad"] * 3, r"statistics of shape \(4, 3\) for 4, 3, 4 speakers, emotions, corpora: give one of each"),
    ],
)
def test_voices_of_which_nothing_can_be_learnt_are_refused(emotion: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        learn_voices(np.eye(4, 3), ["a"] * 4, emotion)


def test_a_voice_among_the_training_voices_is_not_unlike_them_and_one_from_elsewhere_is() -> None:
    like, elsewhere = Speaker(50), Speaker(51)
    elsewhere.middle = elsewhere.middle + 30

    assert not VOICES.is_unlike(like.speaks(evenly(5))[0])
    assert VOICES.is_unlike(elsewhere.speaks(evenly(5))[0])
    assert VOICES.is_unlike(elsewhere.speaks({"sad": 1})[0])


def test_the_training_voices_are_as_unlike_themselves_as_one() -> None:
    x = np.concatenate([Speaker(seed).speaks(evenly(20))[0] for seed in range(10)])

    assert VOICES.unlikeness(x) == pytest.approx(1, abs=0.01)


def test_where_a_voice_left_out_leaves_too_little_no_voice_is_called_unlike() -> None:
    x = np.random.default_rng(0).normal(size=(11, N_STATISTICS))
    speaker, emotion = [*"aabbccddeea"], [*["angry", "happy"] * 5, "angry"]
    voices = learn_voices(x, speaker, emotion)  # only one voice has two utterances of an emotion

    assert not voices.is_unlike(x + 100)


def test_of_too_few_voices_no_voice_is_called_unlike() -> None:
    assert not several(2).is_unlike(np.full((1, N_STATISTICS), 1e4))


# Getting used to a voice


@pytest.mark.parametrize(("k", "least"), [(1, 0.85), (5, 0.97)])
def test_a_few_labelled_utterances_tell_where_the_emotions_of_a_voice_lie(k: int, least: float) -> None:
    speaker = Speaker(100)
    x, emotion = speaker.speaks(evenly(k))
    used = adapt(VOICES, x, emotion, unsure(len(x)), emotions=EMOTIONS)
    further, truth = speaker.speaks(evenly(100))

    assert share_right(used, further, truth, unsure(300)) >= least


def test_utterances_without_labels_help_one_labelled_of_each() -> None:
    speaker = Speaker(100, apart=4)
    (x, emotion), (more, _), (further, truth) = (speaker.speaks(evenly(n)) for n in (1, 60, 200))
    labelled = adapt(VOICES, x, emotion, unsure(3), emotions=EMOTIONS)
    both = adapt(
        VOICES, np.concatenate([x, more]), emotion + [None] * len(more), unsure(3 + len(more)), emotions=EMOTIONS
    )

    assert share_right(both, further, truth, unsure(600)) > share_right(labelled, further, truth, unsure(600)) + 0.02


def test_a_network_that_is_often_right_names_what_has_no_label() -> None:
    speaker = Speaker(100)
    (x, truth), rng = speaker.speaks(evenly(60)), np.random.default_rng(0)
    heard = [str(rng.choice(EMOTIONS)) if rng.random() < 0.5 else name for name in truth]
    used = adapt(VOICES, x, [None] * len(x), sure(heard), emotions=EMOTIONS)

    assert np.mean([a == b for a, b in zip(heard, truth, strict=True)]) < 0.75
    assert share_right(used, x, truth, sure(heard)) > 0.97


def test_one_label_of_each_names_what_a_network_takes_for_another() -> None:
    speaker = Speaker(100)
    x, truth = speaker.speaks(evenly(60))
    heard = sure(truth)
    heard[[name == "happy" for name in truth]] = [0.8, 0.1, 0.1]
    labels = [name if number % 60 == 0 else None for number, name in enumerate(truth)]
    named, unnamed = (adapt(VOICES, x, each, heard, emotions=EMOTIONS) for each in (labels, [None] * len(x)))

    assert share_right(named, x, truth, heard) > 0.97
    assert share_right(unnamed, x, truth, heard) < 0.75


def test_emotions_that_occur_unequally_often_stay_apart() -> None:
    speaker = Speaker(100)
    x, truth = speaker.speaks({"angry": 100, "happy": 20, "sad": 0})
    used = adapt(VOICES, x, [None] * len(x), sure(truth), emotions=EMOTIONS)

    assert share_right(used, x, truth, sure(truth)) > 0.97


def test_an_emotion_of_which_nothing_was_shown_is_still_heard_where_the_network_is_sure() -> None:
    speaker = Speaker(100)
    x, emotion = speaker.speaks({"angry": 5, "happy": 5})
    used = adapt(VOICES, x, emotion, unsure(10), emotions=EMOTIONS)
    further, truth = speaker.speaks({"sad": 50})

    assert share_right(used, further, truth, sure(truth, 0.98)) > 0.9


def test_the_order_of_utterances_does_not_matter() -> None:
    x, emotion = Speaker(100).speaks(evenly(4))
    order = np.random.default_rng(0).permutation(len(x))
    one = adapt(VOICES, x, emotion, unsure(12), emotions=EMOTIONS)
    other = adapt(VOICES, x[order], [emotion[row] for row in order], unsure(12), emotions=EMOTIONS)

    np.testing.assert_allclose(one.apply(unsure(12), x), other.apply(unsure(12), x), atol=1e-4)


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 1e4), labelled=st.booleans())
def test_whatever_is_given_probabilities_come_out(seed: int, scale: float, labelled: bool) -> None:
    rng = np.random.default_rng(seed)
    x, heard = rng.normal(0, scale, (6, N_STATISTICS)), rng.dirichlet([0.3, 0.3, 0.3], 6)
    labels = ["angry" if labelled else None] * 2 + [None] * 4
    found = adapt(VOICES, x, labels, heard, emotions=EMOTIONS).apply(heard, x)

    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()


def used() -> Enrolment:
    """Return an enrolment."""
    x, emotion = Speaker(100).speaks(evenly(2))
    return adapt(VOICES, x, emotion, unsure(6), emotions=EMOTIONS)


X = np.zeros((2, N_STATISTICS))


@pytest.mark.parametrize(
    ("x", "labels", "probabilities", "message"),
    [
        (X[:0], [], unsure(0), "must be 30 numbers for at least one utterance"),
        (X[:, :3], [None, None], unsure(2), "must be 30 numbers .* feature and settings of the training voices"),
        (X, [None], unsure(2), "1 labels for 2 utterances: give one for each"),
        (X, ["sad", "bored"], unsure(2), "label 'bored': must be one of angry, happy, sad, or None"),
        (X, ["sad", None], unsure(3), r"probabilities of shape \(3, 3\): must be \(2, 3\)"),
        (X, ["sad", None], unsure(2) * np.nan, "probabilities: must be finite numbers"),
        (X * np.nan, ["sad", None], unsure(2), "statistics: must be finite numbers"),
    ],
)
def test_what_nobody_can_get_used_to_is_refused(
    x: np.ndarray, labels: list[str | None], probabilities: np.ndarray, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        adapt(VOICES, x, labels, probabilities, emotions=EMOTIONS)


# As arrays


def test_voices_and_enrolments_come_back_from_their_arrays() -> None:
    x, heard = Speaker(100).speaks(evenly(2))[0], unsure(6)
    voices = Voices.from_arrays(VOICES.arrays())

    assert voices.unlikeness(x) == VOICES.unlikeness(x)
    np.testing.assert_array_equal(
        Enrolment.from_arrays(used().arrays(), EMOTIONS).apply(heard, x), used().apply(heard, x)
    )
    assert {array.dtype for thing in (VOICES, used()) for array in thing.arrays().values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"between": np.ones(3, np.float32)}, r"between: float32 of shape \(3,\); must be float32 of \(30,\)"),
        ({"transform": np.ones(30, np.float32)}, "transform"),
        ({"transform": np.float32(1)}, "transform"),
        ({"mean": np.full(30, np.nan, np.float32)}, "mean: must be finite"),
        ({"mean": np.zeros(30, int)}, "mean: int64"),
        ({"variance": np.zeros(30, np.float32)}, "variance: must be positive"),
        ({"usual": np.array([1, np.nan], np.float32)}, "usual: must be positive"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Voices.from_arrays(VOICES.arrays() | changed)


@pytest.mark.parametrize("shape", [(), (30,), (30, 0)], ids=str)
def test_a_transform_without_axes_is_refused(shape: tuple[int, ...]) -> None:
    transform = {"transform": np.ones(shape, np.float32)}
    with pytest.raises(ParameterError, match="transform: "):
        Voices.from_arrays(VOICES.arrays() | transform)
    with pytest.raises(ParameterError, match="transform: "):
        Enrolment.from_arrays(used().arrays() | transform, EMOTIONS)


def test_arrays_that_are_missing_or_for_other_emotions_are_refused() -> None:
    arrays = used().arrays()
    with pytest.raises(ParameterError, match=r"means: float32 of shape \(3, 30\); must be float32 of \(2, 30\)"):
        Enrolment.from_arrays(arrays, EMOTIONS[:2])
    del arrays["confusion"]
    with pytest.raises(ParameterError, match=r"array 'confusion': missing; give transform, means, variances"):
        Enrolment.from_arrays(arrays, EMOTIONS)
