"""What a recogniser answered, as a view shows it: a sentence, bars, and their picture."""

from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes

from emotion_lib.emotions import STYLES
from emotion_lib.plots import plot_spectrogram, plot_waveform
from emotion_lib.plots.style import INK, PALE, SETTINGS
from emotion_lib.recognizer import Prediction
from emotion_lib.recognizer.prediction import NO_SPEECH, SILENCE, UNKNOWN
from emotion_lib.widgets.base import blank, png

_NOTHING = {
    SILENCE: "I don't know: there is only silence. Is the microphone muted, or another one chosen?",
    NO_SPEECH: "I don't know: nobody speaks.",
}
_WARNING = "Careful: {}. Trust the answer less, even a sure one."


def answer(prediction: Prediction, threshold: float) -> dict[str, Any]:
    """Return an answer in the form that `bars.js` shows.

    Parameters
    ----------
    prediction : Prediction
        The answer.
    threshold : float in [0, 1]
        The probability below which the recogniser says `unknown`.

    Returns
    -------
    dict
        The `emotion` ("unknown" where it is), `headline` and `sentence`, `warning` (mostly empty), `threshold`, and
        `bars`, each with emotion, colour, marker and probability; no bars where nobody speaks.
    """
    return {
        "emotion": prediction.emotion,
        "headline": headline(prediction),
        "sentence": sentence(prediction, threshold),
        "warning": _WARNING.format(prediction.warning) if prediction.warning else "",
        "threshold": threshold,
        "has_speech": prediction.reason not in _NOTHING,
        "bars": [
            {"emotion": emotion, "probability": probability, **STYLES[emotion]._asdict()}
            for emotion, probability in prediction.probabilities.items()
        ],
    }


def headline(prediction: Prediction) -> str:
    """Return the answer in a word or three."""
    if prediction.reason == NO_SPEECH:
        return "no speech"
    if prediction.reason == SILENCE:
        return "silence"
    return "I don't know" if prediction.emotion == UNKNOWN else prediction.emotion


def sentence(prediction: Prediction, threshold: float) -> str:
    """Return the answer as a sentence, with the reason where it is unknown."""
    if prediction.reason in _NOTHING:
        return _NOTHING[prediction.reason]
    best, share = prediction.most_probable[0], percent(prediction.confidence)
    if prediction.emotion == UNKNOWN:
        said = f"I don't know: the most probable is {best} with {share}, and I answer from {percent(threshold)} on."
    else:
        said = f"Predicted: {best}, {share}."
    return f"{said} This is {prediction.note}." if prediction.note else said


def percent(share: float) -> str:
    """Return a share as a whole number of per cent."""
    return f"{share:.0%}".replace("%", " %")


def plot_answer(prediction: Prediction, threshold: float, *, ax: Axes) -> Axes:
    """Draw the probability of each emotion as a bar, and the threshold as a line."""
    emotions = list(prediction.probabilities)
    shares = np.array(list(prediction.probabilities.values())) * (prediction.reason not in _NOTHING)
    ax.barh(emotions, shares, color=[STYLES[emotion].colour for emotion in emotions], height=0.7)
    ax.axvline(threshold, color=INK, linewidth=1.2, linestyle="--")
    for place, (emotion, share) in enumerate(zip(emotions, shares, strict=True)):
        ax.plot(-0.02, place, STYLES[emotion].marker, color=STYLES[emotion].colour, clip_on=False)
        ax.text(share + 0.01, place, percent(share), va="center", color=INK if share else PALE)
    ax.tick_params(axis="y", length=0, pad=18)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.08), xlabel=f"Probability; an answer from {percent(threshold)} on (dashed)")
    return ax


def still(y: np.ndarray, sr: int, prediction: Prediction, threshold: float) -> bytes:
    """Return the PNG of a recording and its prediction: waveform, spectrogram, bars, and the sentence."""
    with style.context(SETTINGS):
        figure = blank((8, 6.6))
        waveform, spectrogram, bars = figure.subplots(3, 1, height_ratios=(2, 3, 3))
        plot_waveform(y, sr, ax=waveform)
        waveform.set_xlabel("")
        plot_spectrogram(y, sr, ax=spectrogram)
        spectrogram.set_xlim(0, len(y) / sr)
        plot_answer(prediction, threshold, ax=bars).set_title(sentence(prediction, threshold))
        return png(figure)
