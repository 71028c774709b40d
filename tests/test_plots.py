"""Figures: what stands on their axes, that they agree with the data, and what they show of nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba
from matplotlib.text import Text

from emotion_lib import features, plots
from emotion_lib.emotions import EMOTIONS, STYLES
from emotion_lib.errors import ParameterError
from emotion_lib.evaluation import metrics
from emotion_lib.recognizer.explanation import Explanation

SR = 8000
TONE = np.sin(2 * np.pi * 1000 * np.arange(SR) / SR).astype(np.float32)
NOTHING = np.zeros(0, dtype=np.float32)
CONDITIONS = pd.DataFrame(
    {
        "condition": ["clean", "telephone", "room echo", "clean"],
        "group": ["all", "all", "all", "women"],
        "difference": [np.nan, -0.2, -0.05, 0.1],
        "difference_low": [np.nan, -0.25, np.nan, 0.0],
        "difference_high": [np.nan, -0.15, np.nan, 0.2],
    }
)
TIMELINE = pd.DataFrame(
    [
        (0.0, 0.5, "sad", "", 0.2, 0.8),
        (0.5, 1.0, "unknown", "unsure", 0.5, 0.5),
        (1.0, 3.0, "unknown", "silence", 0.5, 0.5),
        (3.0, 4.0, "happy", "", 0.9, 0.1),
    ],
    columns=["start", "end", "emotion", "reason", "happy", "sad"],
)
EXPLANATION = Explanation("sad", 0.8, np.array([0.0, 0.2]), np.array([0.2, 0.4]), np.array([0.3, -0.1]))


def confusions(counts: list[list[int]], *labels: str) -> pd.DataFrame:
    """Return a confusion matrix as the library makes it."""
    return pd.DataFrame(counts, index=list(labels), columns=list(labels), dtype=int)


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    plt.close("all")
    with plt.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def texts(ax: Axes) -> list[str]:
    """Return what is written on the axes."""
    return [text.get_text() for text in ax.texts]


DRAWINGS: dict[str, Callable[..., Axes]] = {
    "waveform": lambda **on: plots.plot_waveform(TONE, SR, emotion="sad", **on),
    "spectrogram": lambda **on: plots.plot_spectrogram(TONE, SR, **on),
    "log mel": lambda **on: plots.plot_log_mel(features.log_mel(TONE, SR), SR, **on),
    "mfcc": lambda **on: plots.plot_mfcc(features.mfcc(TONE, SR), SR, **on),
    "confusion matrix": lambda **on: plots.plot_confusion_matrix(confusions([[3, 1], [0, 4]], "happy", "sad"), **on),
    "conditions": lambda **on: plots.plot_conditions(CONDITIONS, **on),
    "explanation": lambda **on: plots.plot_explanation(EXPLANATION, **on),
}

EMPTY: dict[str, Callable[[], Axes]] = {
    "waveform": lambda: plots.plot_waveform(NOTHING, SR),
    "spectrogram": lambda: plots.plot_spectrogram(NOTHING, SR),
    "log mel": lambda: plots.plot_log_mel(np.zeros((0, 128)), SR),
    "mfcc": lambda: plots.plot_mfcc(np.zeros((0, 40)), SR),
    "confusion matrix": lambda: plots.plot_confusion_matrix(confusions([])),
    "confusion matrix of zeros": lambda: plots.plot_confusion_matrix(confusions([[0]], "sad")),
    "conditions": lambda: plots.plot_conditions(CONDITIONS[:0]),
    "timeline": lambda: plots.plot_timeline(TIMELINE[:0], NOTHING, SR).axes[0],
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_plot_draws_on_the_axes_that_it_is_given_and_sets_no_title(name: str) -> None:
    ax = plt.figure().add_subplot()

    assert DRAWINGS[name](ax=ax) is ax
    assert len(plt.get_fignums()) == 1
    assert ax.get_title(loc="left") == ax.get_title() == ""


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_plot_makes_a_figure_as_wide_as_the_page_with_legible_text_and_prints_nothing(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    figure = DRAWINGS[name]().get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()

    assert figure.get_size_inches()[0] == 8
    assert min(float(text.get_fontsize()) for text in figure.findobj(Text) if isinstance(text, Text)) >= 10
    assert to_hex(figure.get_facecolor(), keep_alpha=True) == "#ffffffff"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", EMPTY)
def test_where_there_is_nothing_to_draw_stands_a_sentence(name: str) -> None:
    (sentence,) = texts(EMPTY[name]())

    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("waveform", "Time (s)", "Amplitude"),
        ("spectrogram", "Time (s)", "Frequency (Hz)"),
        ("log mel", "Time (s)", "Frequency (Hz, mel scale)"),
        ("mfcc", "Time (s)", "MFCC"),
        ("conditions", "Change in UAR from clean recordings (points)", ""),
    ],
)
def test_axes_have_their_units(name: str, x: str, y: str) -> None:
    ax = DRAWINGS[name]()

    assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)


def test_a_waveform_has_the_colour_of_its_emotion_and_loses_no_peak() -> None:
    y = np.zeros(300_000, dtype=np.float32)
    y[123_456] = 0.7

    (drawn,) = plots.plot_waveform(y, 96_000, emotion="fear").collections

    assert drawn.get_paths()[0].get_extents().y1 == pytest.approx(0.7)
    assert np.allclose(drawn.get_facecolor(), to_rgba(STYLES["fear"].colour))


def test_words_of_ones_own_stand_after_the_known_ones() -> None:
    matrix = metrics.confusion_matrix(["müde", "froh", "sad"], ["müde", "müde", "sad"])
    labels = plots.plot_confusion_matrix(matrix).get_yticklabels()
    assert [text.get_text() for text in labels] == ["sad", "froh", "müde"]


def levels(y: np.ndarray, **options: Any) -> np.ndarray:
    """Return the decibels of a spectrogram, from low to high frequencies."""
    return np.asarray(plots.plot_spectrogram(y, SR, **options).images[0].get_array())


def test_the_spectrogram_of_a_tone_is_loudest_at_its_frequency() -> None:
    image = plots.plot_spectrogram(TONE, SR).images[0]
    _, _, bottom, top = image.get_extent()

    frequencies = levels(TONE).mean(axis=1)
    assert bottom + (frequencies.argmax() + 0.5) * (top - bottom) / len(frequencies) == pytest.approx(1000)
    assert image.get_clim() == (-80, 0)


@pytest.mark.parametrize(
    ("y", "options", "loudest"),
    [(TONE, {}, 0), (0.1 * TONE, {"reference": TONE}, -20), (np.zeros(SR, dtype=np.float32), {}, -80)],
    ids=["of itself", "of another", "silence"],
)
def test_a_spectrogram_is_as_quiet_as_its_reference_makes_it(
    y: np.ndarray, options: dict[str, np.ndarray], loudest: float
) -> None:
    assert levels(y, **options).max() == pytest.approx(loudest, abs=1e-3)


def test_the_mel_axis_says_where_a_band_lies() -> None:
    log_mel = features.log_mel(TONE, SR)

    ax = plots.plot_log_mel(log_mel, SR)

    position = dict(zip([label.get_text() for label in ax.get_yticklabels()], ax.get_yticks(), strict=True))["1000"]
    assert position == pytest.approx(log_mel.mean(axis=0).argmax(), abs=1)


def test_coefficients_are_centred_on_zero_and_the_level_does_not_pale_them() -> None:
    mfcc = np.array([[-400.0, 30.0, -50.0], [-380.0, 20.0, 10.0]])

    assert plots.plot_mfcc(mfcc, SR).images[0].get_clim() == (-50, 50)
    assert plots.plot_mfcc(mfcc, SR, limit=70).images[0].get_clim() == (-70, 70)


def test_a_frame_stands_at_its_time() -> None:
    settings = features.FeatureSettings(hop_length=800)

    left, right, _, _ = plots.plot_mfcc(np.zeros((11, 40)), SR, settings=settings).images[0].get_extent()

    assert (left, right) == pytest.approx((-0.05, 1.05))


def test_a_row_of_confusions_ends_in_its_recall() -> None:
    ax = plots.plot_confusion_matrix(confusions([[1, 3, 0], [0, 0, 0], [0, 0, 5]], "fear", "happy", "sad"))

    assert texts(ax)[-4:] == ["25 %", "-", "100 %", "recall"]
    shares = ax.images[0].get_array()
    assert shares is not None
    assert shares[0].tolist() == [0.25, 0.75, 0]


def test_what_was_not_answered_is_a_column_between_the_emotions_and_the_recall() -> None:
    ax = plots.plot_confusion_matrix(confusions([[1, 0], [0, 2]], "fear", "sad").assign(unknown=[3, 0]))

    assert [label.get_text() for label in ax.get_xticklabels()] == ["fear", "sad", "unknown"]
    assert texts(ax) == ["1", "0", "3", "0", "2", "0", "25 %", "100 %", "recall"]
    assert ax.texts[-1].get_position()[0] > 2


def test_conditions_are_drawn_in_the_order_of_the_table_without_the_groups() -> None:
    ax = plots.plot_conditions(CONDITIONS)

    assert [label.get_text() for label in ax.get_yticklabels()] == ["telephone", "room echo"]
    assert np.asarray(ax.lines[-1].get_xdata()).tolist() == pytest.approx([-20, -5])


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.plot_waveform(np.zeros((2, 9)), SR), r"y has the shape \(2, 9\): must be one-dimensional"),
        (lambda: plots.plot_waveform(TONE, 0), "sr=0: must be a positive number"),
        (lambda: plots.plot_waveform(TONE, SR, emotion="unknown"), "label 'unknown': is the recogniser's"),
        (lambda: plots.plot_mfcc(TONE, SR), r"mfcc has the shape \(8000,\): must be \(n_frames, n_mfcc\)"),
        (lambda: plots.plot_log_mel(TONE, SR), r"must be \(n_frames, n_mels\)"),
        (lambda: plots.plot_confusion_matrix(pd.DataFrame([[1]], ["fear"], ["sad"])), "the same emotions"),
        (lambda: plots.plot_conditions(CONDITIONS.drop(columns="group")), "rows has no column 'group': must have"),
    ],
)
def test_what_cannot_be_drawn_is_a_parameter_error(draw: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        draw()


@pytest.mark.parametrize("name", ["A$B", "$x^2$", "cost $5 or $6", "$\\bad{"])
def test_a_dollar_in_a_name_is_a_dollar(name: str) -> None:
    ax = plots.plot_confusion_matrix(confusions([[1]], name))

    ax.figure.canvas.draw()
    named = [text for text in ax.findobj(Text) if "$" in text.get_text()]
    assert named
    assert not any(text.get_parse_math() for text in named)


def test_a_timeline_has_bands_with_names_gaps_where_nobody_speaks_and_hatches_where_nothing_is_sure() -> None:
    upper, middle, lower = plots.plot_timeline(TIMELINE, np.tile(TONE, 4), SR).axes

    assert upper.get_ylim()[1] > 1
    assert texts(middle) == ["happy"]  # the other bands are too narrow for their names
    assert [line.get_marker() for line in middle.lines] == [STYLES["sad"].marker]
    assert [each.get_hatch() for each in middle.collections].count("////") == 1
    happy, sad = lower.lines[:2]
    assert [line.get_label() for line in (happy, sad)] == ["happy", "sad"]
    assert np.isnan(np.asarray(sad.get_ydata(), dtype=float)[2:6]).all()
    assert lower.get_xlabel() == "Time (s)"


def test_a_part_of_a_timeline_is_drawn_and_another_is_refused() -> None:
    part = plots.plot_timeline(TIMELINE, np.tile(TONE, 4), SR, start=3.0, end=3.5)

    assert part.axes[2].get_xlim() == (3.0, 3.5)
    with pytest.raises(ParameterError, match="must be a part of the recording, which has 4"):
        plots.plot_timeline(TIMELINE, np.tile(TONE, 4), SR, start=3.0, end=9.0)


def test_an_hour_is_decimated_to_a_small_picture_that_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(7, 0.3), 7200)
    starts = np.arange(7200) / 2
    answer = {"start": starts, "end": starts + 0.5, "emotion": np.array(EMOTIONS)[shares.argmax(axis=1)], "reason": ""}
    table = pd.DataFrame(answer).join(pd.DataFrame(shares, columns=list(EMOTIONS)))
    figure = plots.plot_timeline(table, rng.uniform(-1, 1, 3600 * 1000).astype(np.float32), 1000)
    figure.savefig(tmp_path / "hour.png")

    assert (tmp_path / "hour.png").stat().st_size < 300_000
    assert figure.axes[2].get_xlabel() == "Time (min); each point is the mean of 9.0 s"
    assert len(np.asarray(figure.axes[2].lines[0].get_xdata())) <= 402


def test_a_figure_is_shown_once_and_with_its_alternative_text() -> None:
    InteractiveShell.instance()  # without one, display() prints
    try:
        plots.plot_waveform(TONE, SR)
        with capture_output() as captured:
            plots.show("A tone of constant loudness.")
    finally:
        InteractiveShell.clear_instance()

    assert [output.metadata for output in captured.outputs] == [{"image/png": {"alt": "A tone of constant loudness."}}]
    assert plt.get_fignums() == []
