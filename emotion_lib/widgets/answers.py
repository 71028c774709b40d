"""Answers of a recogniser as widgets show them: a sentence, bars, and a still picture."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from emotion_lib.emotions import style_of
from emotion_lib.plots import plot_spectrogram, plot_waveform
from emotion_lib.plots.style import INK, PALE
from emotion_lib.recognizer import Prediction
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, TOO_LITTLE, UNKNOWN
from emotion_lib.widgets.base import blank, png

_NOTHING = {
    SILENCE: "I don't know: the recording is silent. Is the microphone muted, or is a different one selected?",
    NO_SPEECH: "I don't know: there is no speech in the recording.",
    TOO_LITTLE: "I don't know: there is less than half a second of speech.",
}
_WARNING = "Careful: {}. Trust the answer less, even if its probability is high."


def answer(prediction: Prediction, threshold: float, recording: str) -> dict[str, Any]:
    """Return a prediction in the form that `bars.js` shows.

    Parameters
    ----------
    prediction : Prediction
        The prediction.
    threshold : float in [0, 1]
        The probability below which the recogniser answers `unknown`.
    recording : str
        What the prediction is about, in words.

    Returns
    -------
    dict
        The `recording`, the `emotion` (or "unknown"), `headline` and `sentence`, `warning` (often empty), `threshold`,
        `has_speech`, and `bars`, each with emotion, colour, marker and probability; without speech, `bars.js` draws
        them empty.
    """
    return {
        "recording": recording,
        "emotion": prediction.emotion,
        "headline": headline(prediction),
        "sentence": sentence(prediction, threshold),
        "warning": _WARNING.format(prediction.warning) if prediction.warning else "",
        "threshold": threshold,
        "has_speech": prediction.reason not in _NOTHING,
        "bars": [
            {"emotion": emotion, "probability": probability, **style_of(emotion)._asdict()}
            for emotion, probability in prediction.probabilities.items()
        ],
    }


def headline(prediction: Prediction) -> str:
    """Return the answer in at most three words."""
    if prediction.reason in _NOTHING:
        return prediction.reason
    return "I don't know" if prediction.emotion == UNKNOWN else prediction.emotion


def sentence(prediction: Prediction, threshold: float) -> str:
    """Return the answer as a sentence, with the reason if it is unknown."""
    if prediction.reason in _NOTHING:
        return _NOTHING[prediction.reason]
    best, share = prediction.most_probable[0], percent(prediction.confidence)
    if prediction.emotion == UNKNOWN:
        needed = percent(threshold)
        share = f"just under {share}" if share == needed else share
        said = f"I don't know: the most probable emotion is {best}, at {share}, and I need at least {needed} to answer."
    else:
        said = f"Predicted: {best}, {share}."
    note = prediction.note.partition(";")[0]  # the rest is for programmers
    said += f" This is {note}." if note else ""
    return said + "".join(f" About the recording: {note}." for note in prediction.notes)


def percent(share: float) -> str:
    """Return a share as a whole number of per cent."""
    return f"{share:.0%}".replace("%", " %")


def plot_answer(prediction: Prediction, threshold: float, *, ax: Axes) -> Axes:
    """Draw the probability of each emotion as a bar, and the threshold as a line."""
    emotions = list(prediction.probabilities)
    # Without speech the probabilities mean nothing, so the bars are empty.
    shares = np.array(list(prediction.probabilities.values())) * (prediction.reason not in _NOTHING)
    ax.barh(emotions, shares, color=[style_of(emotion).colour for emotion in emotions], height=0.7)
    ax.axvline(threshold, color=INK, linewidth=1.2, linestyle="--")
    for place, (emotion, share) in enumerate(zip(emotions, shares, strict=True)):
        ax.plot(-0.02, place, style_of(emotion).marker, color=style_of(emotion).colour, clip_on=False)
        ax.text(share + 0.01, place, percent(share), va="center", color=INK if share else PALE)
    ax.tick_params(axis="y", length=0, pad=18)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.08), xlabel=f"Probability; answers at {percent(threshold)} or more (dashed)")
    return ax


def still(y: np.ndarray, sr: int, prediction: Prediction, threshold: float, recording: str) -> bytes:
    """Return the PNG of a recording and its prediction: waveform, spectrogram, sentence and bars."""
    with blank((8, 6.6)) as figure:
        waveform, spectrogram, bars = figure.subplots(3, 1, height_ratios=(2, 3, 3))
        plot_waveform(y, sr, ax=waveform).set_title(recording)
        waveform.set_xlabel("")
        plot_spectrogram(y, sr, ax=spectrogram)
        spectrogram.set_xlim(0, len(y) / sr)
        plot_answer(prediction, threshold, ax=bars).set_title(sentence(prediction, threshold))
        return png(figure)
